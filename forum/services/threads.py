"""Opening discussions and listing them."""

import functools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.attribution import ShownAs, SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import Status, Tlp
from forum.domain.languages import LANGUAGES
from forum.domain.register_entries import ThreadTopic
from forum.domain.text import checked_title
from forum.domain.threads import OPENING_KEY, Post, Thread, ThreadKind
from forum.errors import Invalid
from forum.policy import Actor, labels
from forum.policy.labels import narrowest_tlp
from forum.policy.sql import reader_parameters, visible_to_reader
from forum.policy.subjects import Subject
from forum.richtext import Rendered
from forum.services.attribution import ATTRIBUTED, Byline, author_columns, join_author, present
from forum.services.chatham import is_sealed
from forum.services.placements import enqueue_anchoring
from forum.services.posts import add_post, require_writing
from forum.services.reading import read_at_of
from forum.services.signing import sign
from forum.services.subjects import record_authorship, subject_of

PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Anchor:
    """A passage that a comment is about, with the label of the version it was chosen in."""

    paper_id: int
    version_id: int
    tlp: Tlp
    named_list_id: int | None
    paragraph: str | None = None
    exact: str | None = None
    prefix: str | None = None
    suffix: str | None = None
    start: int | None = None
    end: int | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """The anchor columns of a discussion."""
        return {
            "paper_id": self.paper_id,
            "version_id": self.version_id,
            "anchor_paragraph": self.paragraph,
            "anchor_exact": self.exact,
            "anchor_prefix": self.prefix,
            "anchor_suffix": self.suffix,
            "anchor_start": self.start,
            "anchor_end": self.end,
        }


@dataclass(frozen=True, slots=True)
class Topic:
    """What a discussion is about beside a passage: an entry of a register, or a State and an article."""

    entry_id: int | None = None
    country: str | None = None
    article: str | None = None


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """A discussion as a list shows it to one reader."""

    public_id: str
    title: str
    kind: ThreadKind
    status: Status
    tlp: Tlp
    byline: Byline
    replies: int
    created_at: datetime
    last_at: datetime
    is_day_only: bool
    """Under the Chatham House Rule no time of day is shown."""
    is_pinned: bool
    is_locked: bool
    is_answered: bool
    has_unread: bool
    is_new: bool
    """The reader has never opened it."""


@dataclass(frozen=True, slots=True)
class ThreadListPage:
    """One page of a list, and where the next begins (None at its end)."""

    lines: list[ThreadLine]
    next_after: str | None


def tlp_choices(group: Group) -> list[Tlp]:
    """Give the labels that say the truth under the group's ceiling, widest first."""
    return list(labels.tlp_choices(group.ceiling))


def default_tlp(group: Group) -> Tlp:
    """Give the group's default label, or the widest that its ceiling allows."""
    return group.default_tlp if group.default_tlp in tlp_choices(group) else narrowest_tlp(group.ceiling)


def open_thread(
    session: Session,
    actor: Actor,
    group: Group,
    *,
    title: str,
    rendered: Rendered,
    sealing_secret: bytes,
    now: datetime,
    kind: ThreadKind = ThreadKind.DISCUSSION,
    language: str | None = None,
    tlp: Tlp | None = None,
    shown_as: ShownAs | None = None,
    speaking_for: int | None = None,
    initiative: int | None = None,
    consultation_id: int | None = None,
    stage_id: int | None = None,
    anchor: Anchor | None = None,
    topic: Topic | None = None,
) -> Subject:
    """Open a discussion with its first post; held where the charter says so (status pending).

    A comment has the label of the version it is about: its passage goes no further than the paper. Under
    the Chatham House Rule the language is the group's, whatever was chosen.
    """
    require_writing(actor, group)
    thread = Thread(
        group_id=group.id,
        kind=kind,
        title=checked_title(title),
        language=_language(group, language),
        initiative=initiative if initiative is not None else group.initiative or None,
        consultation_id=consultation_id,
        stage_id=stage_id,
        tlp=anchor.tlp if anchor else _checked_tlp(group, tlp),
        named_list_id=anchor.named_list_id if anchor else None,
        status=Status.PUBLISHED,
        audience="",  # nobody's, until relabel() below
        own="",
        post_count=0,
        published_count=0,
        last_published_at=now,
        created_at=now,
        **(anchor.columns if anchor else {}),
    )
    session.add(thread)
    session.flush()
    if topic is not None:
        session.add(
            ThreadTopic(
                thread_id=thread.id, entry_id=topic.entry_id, country=topic.country, article=topic.article
            )
        )
    signature = sign(
        session,
        actor,
        group,
        thread_id=thread.id,
        shown_as=shown_as,
        speaking_for=speaking_for,
        sealing_secret=sealing_secret,
    )
    record_authorship(session, SubjectKind.THREAD, thread.id, signature.keys)
    add_post(
        session,
        actor,
        group,
        thread,
        signature=signature,
        rendered=rendered,
        sealing_secret=sealing_secret,
        now=now,
    )
    if anchor is not None and anchor.start is not None:
        enqueue_anchoring(session, anchor.paper_id, now=now)  # there may be newer versions
    return subject_of(session, thread)


def get_opening(session: Session, thread: Thread) -> Post:
    """Give the opening post of a discussion."""
    return session.scalars(
        sa.select(Post).where(Post.thread_id == thread.id, Post.order_key == OPENING_KEY)
    ).one()


def _checked_tlp(group: Group, tlp: Tlp | None) -> Tlp:
    if tlp is None:
        return default_tlp(group)
    if tlp not in tlp_choices(group):
        raise Invalid("That label is wider than what this group may be read by.", field="tlp")
    return tlp


def _language(group: Group, language: str | None) -> str:
    if language is not None and language not in LANGUAGES:
        raise Invalid("Choose one of the languages of the list.", field="language")
    if is_sealed(group) or not language:
        return group.languages[0] if group.languages else "en"
    return language


def list_threads(
    session: Session,
    actor: Actor,
    group: Group,
    *,
    kind: ThreadKind | None = None,
    paper_id: int | None = None,
    after: str | None = None,
    per_page: int = PER_PAGE,
) -> ThreadListPage:
    """Give the discussions of a group that the actor may read: pinned first, then by last activity.

    `after` is the public id that the page before ended with. One statement.
    """
    parameters = reader_parameters(actor) | {"group_id": group.id}
    if actor.is_signed_in:
        parameters["account_id"] = actor.account_id
    narrowed = {"kind": kind, "paper_id": paper_id, "after": after or None}
    parameters |= {name: value for name, value in narrowed.items() if value is not None}
    statement = _list_statement(
        is_signed_in=actor.is_signed_in,
        narrowed_by=frozenset(name for name, value in narrowed.items() if value is not None),
        per_page=per_page,
    )
    rows = session.execute(statement, parameters).all()
    lines = [_line(actor, group, row) for row in rows[:per_page]]
    return ThreadListPage(lines, lines[-1].public_id if len(rows) > per_page else None)


_LINE_COLUMNS = (
    Thread.public_id,
    Thread.title,
    Thread.kind,
    Thread.status,
    Thread.tlp,
    Thread.published_count,
    Thread.created_at,
    Thread.last_published_at,
    Thread.is_pinned,
    Thread.locked_at,
    Thread.answered_at,
)


@functools.cache
def _list_statement(
    *, is_signed_in: bool, narrowed_by: frozenset[str], per_page: int
) -> sa.Select[*tuple[Any, ...]]:
    """The statement of the list, built once for each of its shapes: to build it is the dearest part."""
    opening = aliased(Post)
    readable = visible_to_reader(Thread, is_signed_in=is_signed_in)
    read_at: Any = read_at_of(sa.bindparam("account_id")) if is_signed_in else sa.null()
    statement = (
        sa.select(
            *_LINE_COLUMNS,
            *(getattr(opening, name) for name in ATTRIBUTED),
            *author_columns(),
            read_at.label("read_at"),
        )
        .select_from(Thread)
        .join(opening, sa.and_(opening.thread_id == Thread.id, opening.order_key == OPENING_KEY))
        .where(Thread.group_id == sa.bindparam("group_id"), readable)
        .order_by(Thread.is_pinned.desc(), Thread.last_published_at.desc(), Thread.id.desc())
        .limit(per_page + 1)
    )
    for name in narrowed_by & {"kind", "paper_id"}:
        statement = statement.where(getattr(Thread, name) == sa.bindparam(name))
    if "after" in narrowed_by:
        last = aliased(Thread)
        place = sa.select(last.is_pinned, last.last_published_at, last.id).where(
            last.public_id == sa.bindparam("after"),
            last.group_id == sa.bindparam("group_id"),
            visible_to_reader(last, is_signed_in=is_signed_in),
        )
        statement = statement.where(
            sa.tuple_(Thread.is_pinned, Thread.last_published_at, Thread.id) < place.scalar_subquery()
        )
    return join_author(statement, opening)


def _line(actor: Actor, group: Group, row: Any) -> ThreadLine:
    # Below a discussion that is held or removed nothing is read, so nothing is counted either.
    is_open = row.status in {Status.PUBLISHED, Status.WITHDRAWN}
    return ThreadLine(
        public_id=row.public_id,
        title=row.title,
        kind=row.kind,
        status=row.status,
        tlp=row.tlp,
        byline=present(actor, group, row, row),
        replies=row.published_count - (row.status is Status.PUBLISHED) if is_open else 0,
        created_at=row.created_at,
        last_at=row.last_published_at if is_open else row.created_at,
        is_day_only=is_sealed(group) or row.alias is not None,
        is_pinned=row.is_pinned,
        is_locked=row.locked_at is not None,
        is_answered=row.answered_at is not None,
        has_unread=row.read_at is not None and row.last_published_at > row.read_at,
        is_new=actor.is_signed_in and row.read_at is None,
    )
