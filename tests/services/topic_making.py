"""Making topics in tests."""

from datetime import datetime

from sqlalchemy.orm import Session

from forum.domain.groups import Group
from forum.domain.topics import Topic, read_terms
from forum.policy import Actor
from forum.services.topics import TopicFields, create_topic


def make_topic(
    session: Session,
    actor: Actor,
    group: Group | None,
    *terms: str,
    name: str = "Scanning",
    text: str = "",
    now: datetime,
) -> Topic:
    """A topic of a group's secretariat, or of the platform's."""
    fields = TopicFields(name=name, text=text, terms=read_terms("\n".join(terms)))
    made = create_topic(session, actor, fields, group_slug=group.slug if group else None, now=now)
    session.commit()
    return made.topic
