"""What belongs to a comment beside its discussion: its places, the wording it suggests, its answer."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, checked, partial_index
from forum.domain.moderation import is_sentence
from forum.domain.text import normalise
from forum.domain.threads import AnchorState
from forum.errors import Invalid

MAX_REASON = 5_000
MAX_REPLACEMENT = 10_000
"""In characters."""


class Placement(Base):
    """Where a comment stands in a version other than the one it was written on; its label is the comment's.

    An orphan has neither place nor paragraph. Where a comment has no row for a version, the worker has not
    come to it yet.
    """

    __tablename__ = "placement"

    thread_id: Mapped[int] = mapped_column(sa.ForeignKey("thread.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("paper_version.id"), primary_key=True, index=True)
    state: Mapped[AnchorState]
    """What became of the passage since the version that the comment was written on."""
    step: Mapped[AnchorState] = mapped_column(checked(AnchorState, "placement_step"))
    """What became of it since the version before this one."""
    start: Mapped[int | None]
    end: Mapped[int | None]
    """Characters of the version's plain text."""
    paragraph: Mapped[str | None] = mapped_column(sa.String(16))
    is_by_hand: Mapped[bool] = mapped_column(default=False)


class Suggestion(Base):
    """The wording that a comment suggests in place of its passage."""

    __tablename__ = "suggestion"

    thread_id: Mapped[int] = mapped_column(sa.ForeignKey("thread.id"), primary_key=True)
    replacement: Mapped[str]
    """Markdown, as it would go into the source; empty where the passage should go."""
    words: Mapped[str]
    """The plain words of it, for the eye and the comparison."""


class Disposition(enum.StrEnum):
    """How a comment was answered."""

    ACCEPTED = "accepted"
    PARTLY = "partly"
    REJECTED = "rejected"
    NOTED = "noted"


class CommentAnswer(Base):
    """The answer to a comment, with its reason; one that was given anew keeps the one before."""

    __tablename__ = "comment_answer"
    __table_args__ = (
        partial_index(
            "uq_comment_answer_thread",
            "thread_id",
            unique=True,
            where="replaced_at IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    thread_id: Mapped[int] = mapped_column(sa.ForeignKey("thread.id"), index=True)
    disposition: Mapped[Disposition]
    reason: Mapped[str]
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    """Null under the Chatham House Rule: an owner who answers has written the paper."""
    answered_at: Mapped[datetime]
    landed_in_id: Mapped[int | None] = mapped_column(sa.ForeignKey("paper_version.id"), index=True)
    """The version, a draft at first, whose text has the suggested wording; null where none has it."""
    replaced_at: Mapped[datetime | None]


def checked_reason(reason: str) -> str:
    """Give the reason of an answer; Invalid where it is no sentence, or too long."""
    reason = normalise(reason).strip()
    if len(reason) > MAX_REASON:
        raise Invalid(
            "Up to %(limit)d characters are accepted here. Shorten it.", field="reason", limit=MAX_REASON
        )
    if not is_sentence(reason):
        raise Invalid("Give the reason in a sentence: its author reads it.", field="reason")
    return reason


def since_written(before: AnchorState, step: AnchorState) -> AnchorState:
    """Give what became of a passage in the end, by what it was before and what the last step did."""
    if step is AnchorState.KEPT:
        return before
    return step
