"""Reading a discussion: its head, one page of its posts, where to jump, and how far a person has read.

Everything is counted over what this reader may read. The statements select columns, and their number
does not depend on how much there is to read.
"""

import dataclasses
import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.attribution import ShownAs
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.organisations import StakeholderType
from forum.domain.papers import Paper, PaperVersion
from forum.domain.threads import POSTS_PER_PAGE, Post, ReadMarker, Thread
from forum.errors import NotFound
from forum.policy import Actor
from forum.policy.sql import reader_parameters, visible_to_reader, written_by_reader
from forum.services.attribution import ATTRIBUTED, Byline, author_columns, join_author, present
from forum.services.chatham import is_sealed
from forum.services.holding import contributed_before


@dataclass(frozen=True, slots=True)
class Quoted:
    """The passage that a comment is about, for a reader who may read its version."""

    paper: str
    version: int
    title: str
    paragraph: str | None
    exact: str | None


class PostLine(NamedTuple):
    """A post as its discussion shows it to one reader."""

    id: int
    public_id: str
    number: int
    depth: int
    status: Status
    html: str
    language: str
    byline: Byline
    shown_as: ShownAs
    held_because: str | None
    is_answer: bool
    is_mine: bool
    at: datetime
    """When it was published, or sent where it is not published."""
    edited_at: datetime | None
    parent_number: int | None
    """None where it replies to the discussion, or to what this reader may not read."""
    parent_id: str | None
    has_parent: bool
    is_unread: bool


@dataclass(frozen=True, slots=True)
class ThreadHead:
    """A discussion without its posts, as one reader may see it."""

    thread: Any
    """The columns of the discussion."""
    group: Group
    quoted: Quoted | None
    read_at: datetime | None
    has_contributed: bool
    """Whether the reader has published in the group before, as the newcomer rule asks."""
    start_key: str | None
    """Where the page asked for begins; None: at the beginning."""

    @property
    def is_day_only(self) -> bool:
        """Under the Chatham House Rule no time of day is shown."""
        return is_sealed(self.group)


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How many readable posts a stakeholder type has."""

    type: StakeholderType
    count: int


@dataclass(frozen=True, slots=True)
class PostPage:
    """One page of a discussion in reading order."""

    posts: list[PostLine]
    total: int
    first: int
    """Place of the first post of this page among all readable ones, from 1."""
    next_from: str | None
    previous_from: str | None
    """Public id of the first post of the page before; None if that is the first page."""
    has_previous: bool
    types: list[TypeCount] = field(default_factory=list)

    @property
    def last(self) -> int:
        """Place of the last post of this page."""
        return self.first + len(self.posts) - 1


_HEAD = (
    Thread.id,
    Thread.public_id,
    Thread.kind,
    Thread.title,
    Thread.language,
    Thread.initiative,
    Thread.paper_id,
    Thread.is_pinned,
    Thread.locked_at,
    Thread.outcome_html,
    Thread.anchor_paragraph,
    Thread.anchor_exact,
    Thread.answered_at,
    Thread.last_published_at,
    Thread.status,
    Thread.tlp,
    Thread.audience,
    Thread.own,
    Thread.named_list_id,
)


def get_head(
    session: Session,
    actor: Actor,
    slug: str | None,
    public_id: str,
    *,
    start: str | None = None,
    account_keys: tuple[str, ...] = (),
) -> ThreadHead:
    """Give a discussion by its address; NotFound if absent or unreadable. One statement.

    Without a `slug` it may be in any group. `start` is the public id of the post that the page wanted
    begins with, `account_keys` the person's own writer keys, which tell whether the newcomer rule would
    hold a reply.
    """
    parameters = reader_parameters(actor) | {"public_id": public_id}
    if slug is not None:
        parameters["slug"] = slug
    if actor.is_signed_in:
        parameters |= {"account_id": actor.account_id, "account_keys": list(account_keys)}
    if start:
        parameters["start"] = start
    statement = _head_statement(
        is_signed_in=actor.is_signed_in, has_start=bool(start), in_group=slug is not None
    )
    row = session.execute(statement, parameters).first()
    if row is None:
        raise NotFound
    return ThreadHead(
        thread=row,
        group=row.Group,
        quoted=_quoted(row),
        read_at=row.read_at,
        has_contributed=bool(row.has_contributed),
        start_key=row.start_key,
    )


# The statements of this page are built once for each shape: to build one costs more than to execute it.
@functools.cache
def _head_statement(*, is_signed_in: bool, has_start: bool, in_group: bool) -> sa.Select[*tuple[Any, ...]]:
    first = aliased(Post)
    start_key: Any = sa.null()
    if has_start:
        start_key = (
            sa.select(first.order_key)
            .where(
                first.public_id == sa.bindparam("start"),
                first.thread_id == Thread.id,
                visible_to_reader(first, is_signed_in=is_signed_in),
            )
            .scalar_subquery()
        )
    read_at: Any = sa.null()
    known: Any = sa.false()
    if is_signed_in:
        read_at = read_at_of(sa.bindparam("account_id"))
        known = contributed_before(Thread.group_id, sa.bindparam("account_keys", expanding=True))
    statement = (
        sa.select(
            *_HEAD,
            Group,
            Paper.public_id.label("paper_public_id"),
            PaperVersion.number.label("version_number"),
            PaperVersion.title.label("version_title"),
            read_at.label("read_at"),
            known.label("has_contributed"),
            start_key.label("start_key"),
        )
        .select_from(Thread)
        .join(Group, Group.id == Thread.group_id)
        .outerjoin(
            PaperVersion,
            sa.and_(
                PaperVersion.id == Thread.version_id,
                PaperVersion.status != Status.WITHDRAWN,
                visible_to_reader(PaperVersion, is_signed_in=is_signed_in),
            ),
        )
        .outerjoin(Paper, Paper.id == PaperVersion.paper_id)
        .where(
            Thread.public_id == sa.bindparam("public_id"),
            visible_to_reader(Thread, is_signed_in=is_signed_in),
        )
    )
    return statement.where(Group.slug == sa.bindparam("slug")) if in_group else statement


def _quoted(row: Any) -> Quoted | None:
    if row.paper_public_id is None or row.version_number is None:
        return None
    return Quoted(
        row.paper_public_id, row.version_number, row.version_title, row.anchor_paragraph, row.anchor_exact
    )


def read_at_of(account_id: Any) -> sa.ScalarSelect[Any]:
    """Give the column that tells until when a person has read a Thread of the same statement."""
    return (
        sa.select(ReadMarker.read_at)
        .where(ReadMarker.thread_id == Thread.id, ReadMarker.account_id == account_id)
        .scalar_subquery()
    )


@dataclass(frozen=True, slots=True)
class _Shape:
    """What decides how the statements of a page are built."""

    is_signed_in: bool
    has_start: bool
    only_mine: bool
    one_type: bool = False
    has_previous: bool = False

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Give which posts are on the pages."""
        conditions = [
            Post.thread_id == sa.bindparam("thread_id"),
            visible_to_reader(Post, is_signed_in=self.is_signed_in),
        ]
        if self.only_mine:
            conditions.append(written_by_reader(Post) if self.is_signed_in else sa.false())
        if self.one_type:
            conditions.append(Post.stakeholder_type == sa.bindparam("stakeholder_type"))
        return conditions


def get_page(
    session: Session,
    actor: Actor,
    head: ThreadHead,
    *,
    stakeholder_type: StakeholderType | None = None,
    only_mine: bool = False,
) -> PostPage:
    """Give the page of a discussion that begins where its head was asked for. Two statements.

    With a stakeholder type, or `only_mine`, other posts are left out; under the Chatham House Rule there
    is no choice by type.
    """
    shape = _Shape(actor.is_signed_in, head.start_key is not None, only_mine)
    parameters = reader_parameters(actor) | {"thread_id": head.thread.id}
    if shape.has_start:
        parameters["start_key"] = head.start_key
    counts: Sequence[Any] = session.execute(_count_statement(shape), parameters).all()
    types = [TypeCount(row.type, row.total) for row in counts if row.type is not None]
    if stakeholder_type is not None and not head.is_day_only:
        shape = dataclasses.replace(shape, one_type=True)
        parameters["stakeholder_type"] = stakeholder_type
        counts = [row for row in counts if row.type is stakeholder_type]
    before = sum(row.before for row in counts)
    shape = dataclasses.replace(shape, has_previous=shape.has_start and before > POSTS_PER_PAGE)
    rows = session.execute(_page_statement(shape, POSTS_PER_PAGE), parameters).all()
    more = rows[POSTS_PER_PAGE:]
    return PostPage(
        posts=[_line(actor, head, row) for row in rows[:POSTS_PER_PAGE]],
        total=sum(row.total for row in counts),
        first=before + 1,
        next_from=more[0].public_id if more else None,
        previous_from=rows[0].previous_from if rows else None,
        has_previous=before > 0,
        types=[] if head.is_day_only else types,
    )


@functools.cache
def _count_statement(shape: _Shape) -> sa.Select[*tuple[Any, ...]]:
    before: Any = sa.literal(0)
    if shape.has_start:
        before = sa.func.sum(sa.case((Post.order_key < sa.bindparam("start_key"), 1), else_=0))
    return (
        sa.select(Post.stakeholder_type.label("type"), sa.func.count().label("total"), before.label("before"))
        .where(*shape.conditions())
        .group_by(Post.stakeholder_type)
        .order_by(sa.func.count().desc())
    )


_POST = (
    Post.id,
    Post.public_id,
    Post.number,
    Post.depth,
    Post.status,
    Post.html,
    Post.language,
    Post.held_because,
    Post.is_answer,
    Post.parent_id,
    Post.created_at,
    Post.published_at,
    Post.edited_at,
    *(getattr(Post, name) for name in ATTRIBUTED),
)


@functools.cache
def _page_statement(shape: _Shape, per_page: int) -> sa.Select[*tuple[Any, ...]]:
    parent = aliased(Post)
    is_mine: Any = written_by_reader(Post) if shape.is_signed_in else sa.false()
    statement = (
        sa.select(
            *_POST,
            *author_columns(),
            parent.number.label("parent_number"),
            parent.public_id.label("parent_public_id"),
            is_mine.label("is_mine"),
            _previous(shape, per_page).label("previous_from"),
        )
        .select_from(Post)
        .outerjoin(
            parent,
            sa.and_(parent.id == Post.parent_id, visible_to_reader(parent, is_signed_in=shape.is_signed_in)),
        )
        .where(*shape.conditions())
        .order_by(Post.order_key)
        .limit(per_page + 1)
    )
    if shape.has_start:
        statement = statement.where(Post.order_key >= sa.bindparam("start_key"))
    return join_author(statement, Post)


def _previous(shape: _Shape, per_page: int) -> Any:
    """The first post of the page before, found backwards from where this one begins."""
    if not shape.has_previous:
        return sa.null()
    earlier = (
        sa.select(Post.public_id)
        .where(*shape.conditions(), Post.order_key < sa.bindparam("start_key"))
        .order_by(Post.order_key.desc())
        .limit(1)
        .offset(per_page - 1)
    )
    return earlier.correlate(None).scalar_subquery()


def _line(actor: Actor, head: ThreadHead, row: Any) -> PostLine:
    is_mine = bool(row.is_mine)
    is_unread = (
        actor.is_signed_in
        and not is_mine
        and row.published_at is not None
        and (head.read_at is None or row.published_at > head.read_at)
    )
    return PostLine(
        id=row.id,
        public_id=row.public_id,
        number=row.number,
        depth=row.depth,
        status=row.status,
        html=row.html,
        language=row.language,
        byline=present(actor, head.group, row, row),
        shown_as=row.shown_as,
        held_because=row.held_because,
        is_answer=row.is_answer,
        is_mine=is_mine,
        at=row.published_at or row.created_at,
        edited_at=row.edited_at,
        parent_number=row.parent_number,
        parent_id=row.parent_public_id,
        has_parent=row.parent_id is not None,
        is_unread=is_unread,
    )
