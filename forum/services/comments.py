"""The comments on a paper for its pages: a line each, with where it stands in the version that is shown."""

import functools
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.comments import CommentAnswer, Disposition, Placement, Suggestion
from forum.domain.labels import Status
from forum.domain.papers import PaperVersion
from forum.domain.threads import AnchorState, Thread
from forum.policy import Actor
from forum.policy.sql import reader_parameters, visible_to_reader, written_by_reader
from forum.services.papers import PaperHead, VersionLine

QUOTED = 300
"""Characters of a passage that a list shows."""


class CommentLine(NamedTuple):
    """A discussion about a paper or a passage of it, as the page of one version shows it."""

    public_id: str
    title: str
    status: Status
    version_id: int | None
    """The version it was written on."""
    paragraph: str | None
    """The anchor of its passage's paragraph in that version; None for the text as a whole."""
    posts: int
    """Published posts, the opening one with them."""
    exact: str | None
    """How its passage begins; None where it is about the whole, or the words were withdrawn."""
    is_suggestion: bool
    disposition: Disposition | None
    state: AnchorState | None
    """What became of the passage until this version; None where the worker has not come to it."""
    at: str | None
    """The anchor of the paragraph in which it stands here."""
    start: int | None
    """Where its passage begins in the plain text of this version; None where that is not known."""
    end: int | None
    is_mine: bool
    """Whether the reader, or a body they speak for, wrote it."""
    reason: str | None = None
    """Of its answer; like what follows only where answers are asked for."""
    landed_in_id: int | None = None
    """The version, perhaps still a draft, that has the wording it suggested."""
    step: AnchorState | None = None
    """What became of its passage since the version before the one shown."""


def list_comments(
    session: Session, actor: Actor, head: PaperHead, shown: VersionLine, *, with_answers: bool = False
) -> list[CommentLine]:
    """Give the comments that the actor may read on versions that they may read. One statement.

    What was written on a version that this reader may not read is no part of the list or its counts.
    """
    quotable = {version.id for version in head.versions if version.is_text}
    parameters = reader_parameters(actor) | {
        "paper_id": head.paper.id,
        "shown_id": shown.id,
        "version_ids": sorted(version.id for version in head.versions),
    }
    rows = session.execute(
        _statement(is_signed_in=bool(actor.writer_keys), with_answers=with_answers), parameters
    )
    return [_line(row, shown.id, quotable) for row in rows]


@functools.cache
def _statement(*, is_signed_in: bool, with_answers: bool) -> sa.Select[*tuple[Any, ...]]:
    is_mine: Any = written_by_reader(Thread) if is_signed_in else sa.literal(0)
    answers = (CommentAnswer.reason, CommentAnswer.landed_in_id, Placement.step)
    return (
        sa.select(
            Thread.public_id,
            Thread.title,
            Thread.status,
            Thread.version_id,
            Thread.anchor_paragraph,
            Thread.anchor_start,
            Thread.anchor_end,
            sa.case((Thread.status == Status.PUBLISHED, Thread.published_count), else_=0).label("posts"),
            sa.func.substr(Thread.anchor_exact, 1, QUOTED).label("exact"),
            Suggestion.thread_id.is_not(None).label("is_suggestion"),
            CommentAnswer.disposition,
            Placement.state,
            Placement.paragraph,
            Placement.start,
            Placement.end,
            is_mine.label("is_mine"),
            *(answers if with_answers else ()),
        )
        .select_from(Thread)
        .outerjoin(
            Placement,
            sa.and_(Placement.thread_id == Thread.id, Placement.version_id == sa.bindparam("shown_id")),
        )
        .outerjoin(Suggestion, Suggestion.thread_id == Thread.id)
        .outerjoin(
            CommentAnswer,
            sa.and_(CommentAnswer.thread_id == Thread.id, CommentAnswer.replaced_at.is_(None)),
        )
        .where(
            Thread.paper_id == sa.bindparam("paper_id"),
            Thread.status != Status.WITHDRAWN,
            visible_to_reader(Thread, is_signed_in=is_signed_in),
            sa.or_(
                Thread.version_id.is_(None),
                Thread.version_id.in_(sa.bindparam("version_ids", expanding=True)),
            ),
        )
        .order_by(Thread.created_at, Thread.id)
    )


_NO_ANSWER = (None, None, None)


def _line(row: Any, shown_id: int, quotable: Collection[int]) -> CommentLine:
    # By position: the page of a long paper has hundreds of these rows.
    public_id, title, status, version_id, own, first, last, posts, exact, suggests, disposition = row[:11]
    if version_id == shown_id:
        place = (AnchorState.KEPT, own, first, last)
    else:
        place = row[11:15]
    if version_id not in quotable:
        exact = None
    return CommentLine._make(
        (
            public_id,
            title,
            status,
            version_id,
            own,
            posts,
            exact,
            suggests,
            disposition,
            *place,
            *row[15:],
            *_NO_ANSWER[len(row) - 16 :],
        )
    )


def load_paragraphs(session: Session, version_ids: Collection[int]) -> dict[int, Sequence[Any]]:
    """Give the paragraphs of versions that the caller has found readable, by version."""
    if not version_ids:
        return {}
    rows = session.execute(
        sa.select(PaperVersion.id, PaperVersion.paragraphs).where(PaperVersion.id.in_(sorted(version_ids)))
    )
    return {row.id: row.paragraphs for row in rows}
