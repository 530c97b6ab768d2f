"""Discussions: threads, posts in a reply tree, their history, and where each person has read to."""

import enum
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import Attributed
from forum.domain.base import Base, PublicId
from forum.domain.labels import Labelled

POSTS_PER_PAGE = 20
MAX_INDENT = 3
"""Deeper replies stay at this indent and say what they answer."""
MAX_DEPTH = 40
"""Replies to replies to replies: beyond this nobody can follow, and the path would grow without bound."""
WITHDRAWN_TITLE = "[withdrawn]"
"""What stands in place of the title of a withdrawn discussion; pages say it in their language."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class ThreadKind(enum.StrEnum):
    """A comment is a discussion about a passage; a question is one that awaits an answer of the unit."""

    DISCUSSION = "discussion"
    COMMENT = "comment"
    QUESTION = "question"


class AnchorState(enum.StrEnum):
    """What became of a passage in the newest version."""

    KEPT = "kept"
    MOVED = "moved"
    ORPHANED = "orphaned"


class Thread(PublicId, Labelled, Base):
    """A discussion. Its label follows its opening post."""

    __tablename__ = "thread"
    __table_args__ = (
        sa.Index("ix_thread_group_activity", "group_id", "is_pinned", "last_published_at", "id"),
        sa.Index("ix_thread_paper", "paper_id", "anchor_paragraph"),
    )

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"))
    kind: Mapped[ThreadKind] = mapped_column(default=ThreadKind.DISCUSSION)
    title: Mapped[str]
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    initiative: Mapped[int | None] = mapped_column(index=True)
    consultation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("consultation.id"))
    stage_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stage.id"))
    paper_id: Mapped[int | None] = mapped_column(sa.ForeignKey("paper.id"))
    version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("paper_version.id"))
    """The version the passage was chosen in; the anchor columns follow the W3C text selectors."""
    anchor_paragraph: Mapped[str | None] = mapped_column(sa.String(16))
    anchor_exact: Mapped[str | None]
    anchor_prefix: Mapped[str | None]
    anchor_suffix: Mapped[str | None]
    anchor_start: Mapped[int | None]
    anchor_end: Mapped[int | None]
    is_pinned: Mapped[bool] = mapped_column(default=False)
    locked_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("thread.id"))
    """Where its posts went; its address leads there."""
    outcome_source: Mapped[str | None]
    outcome_html: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    post_count: Mapped[int] = mapped_column(default=0)
    """All posts ever, the source of post numbers; never shown, since it counts held posts."""
    published_count: Mapped[int] = mapped_column(default=0)
    last_published_at: Mapped[datetime]
    created_at: Mapped[datetime]


class Post(PublicId, Labelled, Attributed, Base):
    """One contribution to a discussion; the first of a thread opens it."""

    __tablename__ = "post"
    __table_args__ = (
        sa.UniqueConstraint("thread_id", "order_key"),
        # Holds all that counting takes, so that a page of a long discussion reads no other row.
        sa.Index(
            "ix_post_thread_reading",
            *("thread_id", "order_key", "audience", "status", "own", "stakeholder_type", "public_id"),
        ),
        sa.Index("ix_post_thread_published", "thread_id", "published_at"),
        sa.Index("ix_post_group_status", "group_id", "status"),
        sa.Index("ix_post_group_created", "group_id", "created_at"),
    )

    thread_id: Mapped[int] = mapped_column(sa.ForeignKey("thread.id"))
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"))
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("post.id"), index=True)
    number: Mapped[int]
    """Order of arrival in the thread, from 1; the opening post is 1."""
    order_key: Mapped[str] = mapped_column(sa.Text().with_variant(sa.Text(collation="C"), "postgresql"))
    """Materialised path: sorting by it gives the reply tree in reading order."""
    depth: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    # The long columns come last in the row, so that reading the short ones touches no overflow page.
    html: Mapped[str] = mapped_column(sort_order=10)
    source: Mapped[str] = mapped_column(sort_order=11)
    text: Mapped[str] = mapped_column(sort_order=12)
    render_version: Mapped[int]
    held_because: Mapped[str | None]
    """The rule that held it, as a key; null when nothing did."""
    is_answer: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    edited_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    lock_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": lock_version}  # noqa: RUF012


class PostRevision(Base):
    """What a post said to its readers before an edit or a withdrawal."""

    __tablename__ = "post_revision"
    __table_args__ = (sa.UniqueConstraint("post_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id"))
    number: Mapped[int]
    title: Mapped[str | None]
    """The discussion's title at that time, on the opening post."""
    source: Mapped[str]
    html: Mapped[str]
    replaced_at: Mapped[datetime]


class StaffNote(PublicId, Base):
    """A note of a discussion's moderators or secretariat among themselves: in no search, export or call."""

    __tablename__ = "staff_note"

    thread_id: Mapped[int] = mapped_column(sa.ForeignKey("thread.id"), index=True)
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"))
    """Whose staff it is for: a discussion that moves does not take it to others."""
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    text: Mapped[str]
    created_at: Mapped[datetime]


class ReadMarker(Base):
    """Until when a person has read a thread; visible to that person only."""

    __tablename__ = "read_marker"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), primary_key=True)
    thread_id: Mapped[int] = mapped_column(sa.ForeignKey("thread.id"), primary_key=True, index=True)
    read_at: Mapped[datetime]


class ThreadAlias(Base):
    """The stable alias of a writer in one Chatham House discussion."""

    __tablename__ = "thread_alias"
    __table_args__ = (sa.UniqueConstraint("thread_id", "alias"),)

    thread_id: Mapped[int] = mapped_column(sa.ForeignKey("thread.id"), primary_key=True)
    writer_key: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    alias: Mapped[str] = mapped_column(sa.String(64))


def order_key(parent_key: str | None, number: int) -> str:
    """Give the path of the number-th post under its parent's path: four base-36 digits a level."""
    if not 0 < number < 36**4:
        raise ValueError(f"post number {number} is out of range")
    digits, rest = "", number
    for _ in range(4):
        rest, digit = divmod(rest, 36)
        digits = _DIGITS[digit] + digits
    return digits if parent_key is None else f"{parent_key}.{digits}"


OPENING_KEY = order_key(None, 1)
"""The order key of every opening post; with the discussion's id it finds the post by an index."""
