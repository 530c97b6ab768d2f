"""What three of the ten may read after all, worked out anew rather than asked of the policy."""

from typing import Any

import sqlalchemy as sa

from forum.domain.base import Base
from forum.domain.papers import Paper, PaperVersion
from forum.domain.signatures import Signatory, SignatoryAnswer
from forum.domain.threads import Post
from tests.attacks import canaries
from tests.attacks.world import World

OWN_RECORD = ("/me/contributions", "/me/record", "/me/data")
"""Where somebody who has left a group finds a copy of their own texts, and nowhere else."""

_WITH_THEIR_TEXT = {
    "question", "questionnaire_section", "attachment_page", "stage", "suggestion", "comment_answer",
    "post_revision", "consultation_document", "catalogue",
}  # fmt: skip
"""What is read by whoever reads the text that it belongs to."""


def entitled(world: World, persona: str, path: str, rows: dict[str, set[Any]]) -> set[str]:
    """Give the canaries that this one may be told at this address."""
    session = world.session
    if persona == "ex-member" and path.startswith(OWN_RECORD):
        leaver = world.outside["ex-member"]
        assert leaver is not None
        posts = session.scalars(sa.select(Post.id).where(Post.author_id == leaver.id)).all()
        return _words({"post": set(posts)})
    if persona == "invited signatory":
        papers = session.scalars(
            sa.select(Paper.id).join(Signatory, Signatory.paper_id == Paper.id).where(Signatory.rounds > 0)
        ).all()
        versions = session.scalars(sa.select(PaperVersion.id).where(PaperVersion.paper_id.in_(papers)))
        found: dict[str, set[Any]] = {"paper_version": set(versions), "paper": set(papers)}
        if path.startswith("/me/data"):  # what they answered themselves, in the one file of their own
            found["signatory_answer"] = set(session.scalars(sa.select(SignatoryAnswer.id)))
        return _words(found)
    if persona == "colleague without seat":
        return _words(_read_by_colleagues(world, rows))
    return set()


def _read_by_colleagues(world: World, rows: dict[str, set[Any]]) -> dict[str, set[Any]]:
    group = world.groups[2]
    wide = f"group:{group.id}:organisations"
    found: dict[str, set[Any]] = {"working_group": {group.id}}
    for table in Base.metadata.sorted_tables:
        key = canaries.key_of(table)
        if "audience" in table.columns and table.name != "working_group":
            query = sa.select(key).where(table.c.audience == wide)
        elif table.name in _WITH_THEIR_TEXT:
            query = sa.select(key).where(
                sa.or_(
                    sa.false(),
                    *(
                        column.in_(found.get(canaries.target_of(column), set()))
                        for column in table.columns
                        if column.foreign_keys
                    ),
                )
            )
        else:
            continue
        found[table.name] = set(world.session.scalars(query))
    return found


def _words(rows: dict[str, set[Any]]) -> set[str]:
    return {
        canaries.word(name, column.name, row)
        for name, ids in rows.items()
        for column in canaries.text_columns(Base.metadata.tables[name])
        for row in ids
    }
