"""The topics of the demonstration: a few terms in several languages, so that positions are not empty."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.groups import Group
from forum.domain.slugs import free_slug
from forum.domain.topics import Topic
from forum.services.demonstration import Places

_TOPICS = (
    (
        None,
        "Encryption",
        "What is said of detection and of reporting where only the endpoints can read.",
        (("en", "end-to-end encrypt*"), ("en", "encrypt*"), ("de", "Verschlüsselung"), ("fr", "chiffrement")),
    ),
    (
        "prevention-network",
        "Evaluation of programmes",
        "How it is known what a programme for prevention achieves.",
        (("en", "evaluat*"), ("de", "Evaluation"), ("fr", "évaluation")),
    ),
)


def load_topics(session: Session, places: Places) -> None:
    """Add the topics, the platform's and a group's."""
    groups = {group.slug: group.id for group in session.scalars(sa.select(Group))}
    for owner, name, about, terms in _TOPICS:
        if owner is not None and owner not in groups:
            continue
        session.add(
            Topic(
                group_id=groups[owner] if owner else None,
                name=name,
                slug=free_slug(name, ()),
                about=about,
                terms=[list(term) for term in terms],
                created_at=places.now,
                edited_at=places.now,
            )
        )
    session.flush()
