"""Reading papers: the list of a group, and one paper in the newest version that this reader may read.

What can be read is a version, never the paper: a reader of an older version meets no number, date,
comment or count of a newer one that they may not read. Drafts are for their authors alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.attribution import Attribution, ShownAs
from forum.domain.groups import Group
from forum.domain.labels import Status, Tlp
from forum.domain.organisations import StakeholderType
from forum.domain.papers import Paper, PaperVersion, Purpose
from forum.domain.signatures import Signature
from forum.errors import NotFound
from forum.policy import Actor, visible_to
from forum.policy.sql import writes_drafts_of
from forum.services.attribution import Byline, author_columns, join_author, present
from forum.services.paging import checked_place

PER_PAGE = 30
NOT_TEXT = frozenset({Status.DRAFT, Status.WITHDRAWN})
"""The statuses in which a version is no text to read: not sent yet, or only its stub is left."""
CURRENT = frozenset({Status.RECEIVED, Status.PENDING, Status.PUBLISHED})
"""The statuses in which a version can stand for its paper."""


@dataclass(frozen=True, slots=True)
class PaperLine:
    """A paper as a list shows it to one reader: the newest version that they may read."""

    public_id: str
    group_slug: str
    title: str
    number: int
    purpose: Purpose
    language: str
    status: Status
    tlp: Tlp
    byline: Byline
    at: datetime
    """When it was published, or sent where it is not published."""
    is_day_only: bool
    word_count: int
    signatories: int = 0
    """How many bodies signed this version beside the one that coordinated it."""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft that the reader writes on."""

    public_id: str
    paper_id: str
    title: str
    edited_at: datetime
    is_first: bool


@dataclass(frozen=True, slots=True)
class PaperList:
    """One page of a list of papers."""

    lines: list[PaperLine]
    page: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in the history of a paper, without its text."""

    id: int
    public_id: str
    number: int
    title: str
    status: Status
    tlp: Tlp
    named_list_id: int | None
    audience: str
    change_summary: str
    content_hash: str
    word_count: int
    held_because: str | None
    at: datetime
    withdrawn_at: datetime | None

    @property
    def is_text(self) -> bool:
        """Whether there is a text to read and compare."""
        return self.status not in NOT_TEXT


@dataclass(frozen=True, slots=True)
class PaperHead:
    """A paper with every version of it that one reader may read, oldest first."""

    paper: Paper
    group: Group
    byline: Byline
    versions: list[VersionLine]
    draft: DraftLine | None

    @property
    def newest(self) -> VersionLine | None:
        """The newest text that stands, else the newest one; None where only a draft can be read."""
        standing = [version for version in self.versions if version.status in CURRENT]
        texts = [version for version in self.versions if version.is_text]
        found = standing or texts or self.versions
        return found[-1] if found else None

    @property
    def is_day_only(self) -> bool:
        """Under the Chatham House Rule no time of day is shown."""
        return self.group.attribution is Attribution.CHATHAM_HOUSE or self.paper.alias is not None

    def get_version(self, number: int) -> VersionLine:
        """Give a version by its number; NotFound where this reader may not read it."""
        for version in self.versions:
            if version.number == number:
                return version
        raise NotFound


@dataclass(frozen=True, slots=True)
class VersionText:
    """What a version's page shows beside its line."""

    html: str
    abstract: str
    paragraphs: list[Any]
    abstract_language: str | None = None
    abstract_translated: str = ""
    translates: int | None = None


_VERSION = (
    PaperVersion.id,
    PaperVersion.public_id,
    PaperVersion.number,
    PaperVersion.based_on,
    PaperVersion.title,
    PaperVersion.status,
    PaperVersion.tlp,
    PaperVersion.named_list_id,
    PaperVersion.audience,
    PaperVersion.change_summary,
    PaperVersion.content_hash,
    PaperVersion.word_count,
    PaperVersion.held_because,
    PaperVersion.edited_at,
    PaperVersion.published_at,
    PaperVersion.withdrawn_at,
)


def get_paper(session: Session, actor: Actor, slug: str, public_id: str) -> PaperHead:
    """Give a paper by its address; NotFound unless some version of it may be read. Two statements."""
    statement = sa.select(Paper, Group, *author_columns()).join(Group, Group.id == Paper.group_id)
    row = session.execute(
        join_author(statement, Paper).where(Paper.public_id == public_id, Group.slug == slug)
    ).first()
    if row is None:
        raise NotFound
    versions, draft = _list_versions(session, actor, row.Paper)
    if not versions and draft is None:
        raise NotFound
    return PaperHead(row.Paper, row.Group, present(actor, row.Group, row.Paper, row), versions, draft)


def _list_versions(
    session: Session, actor: Actor, paper: Paper
) -> tuple[list[VersionLine], DraftLine | None]:
    rows = session.execute(
        sa.select(*_VERSION)
        .where(PaperVersion.paper_id == paper.id, visible_to(actor, PaperVersion))
        .order_by(PaperVersion.number)
    ).all()
    draft = next((row for row in rows if row.status is Status.DRAFT), None)
    lines = [_version_line(row) for row in rows if row.status is not Status.DRAFT]
    if draft is None:
        return lines, None
    return lines, DraftLine(
        draft.public_id, paper.public_id, draft.title, draft.edited_at, draft.based_on is None
    )


def _version_line(row: Any) -> VersionLine:
    return VersionLine(
        id=row.id,
        public_id=row.public_id,
        number=row.number,
        title=row.title,
        status=row.status,
        tlp=row.tlp,
        named_list_id=row.named_list_id,
        audience=row.audience,
        change_summary=row.change_summary,
        content_hash=row.content_hash,
        word_count=row.word_count,
        held_because=row.held_because,
        at=row.published_at or row.edited_at,
        withdrawn_at=row.withdrawn_at,
    )


def get_text(session: Session, actor: Actor, version: VersionLine) -> VersionText:
    """Give the text of a version that the reader may read; NotFound where only its stub is left."""
    row = session.execute(
        sa.select(
            PaperVersion.html,
            PaperVersion.abstract,
            PaperVersion.paragraphs,
            PaperVersion.abstract_language,
            PaperVersion.abstract_translated,
            PaperVersion.translates,
        ).where(
            PaperVersion.id == version.id,
            PaperVersion.status.not_in(sorted(NOT_TEXT)),
            visible_to(actor, PaperVersion),
        )
    ).first()
    if row is None:
        raise NotFound
    return VersionText(*row)


def get_source(session: Session, actor: Actor, version: VersionLine) -> str:
    """Give the Markdown of a version that the reader may read."""
    source = session.scalar(
        sa.select(PaperVersion.source).where(PaperVersion.id == version.id, visible_to(actor, PaperVersion))
    )
    if source is None:
        raise NotFound
    return source


def find_address(session: Session, actor: Actor, public_id: str) -> str:
    """Give the slug of a paper's group, for its short address; NotFound unless a version may be read."""
    slug = session.scalar(
        sa.select(Group.slug)
        .join(Paper, Paper.group_id == Group.id)
        .join(PaperVersion, PaperVersion.paper_id == Paper.id)
        .where(Paper.public_id == public_id, visible_to(actor, PaperVersion))
        .limit(1)
    )
    if slug is None:
        raise NotFound
    return slug


def list_papers(
    session: Session,
    actor: Actor,
    *,
    group: Group | None = None,
    consultation_id: int | None = None,
    organisation_id: int | None = None,
    purpose: Purpose | None = None,
    stakeholder_type: StakeholderType | None = None,
    page: int = 1,
    per_page: int = PER_PAGE,
    after: str | None = None,
) -> PaperList:
    """Give the papers of a group, consultation or organisation, newest first. One statement.

    `after`, the public id of the paper that the page before ended with, is the other way to page; it
    costs a second statement, and is Invalid where it is none of the actor's. Each is shown in the newest
    version that the actor may read. Under the Chatham House Rule, and where only the type is shown,
    nothing is found by organisation.
    """
    conditions = _conditions(group, consultation_id, organisation_id, purpose, stakeholder_type)
    statement = (
        sa.select(*_VERSION, Paper, Group)
        .add_columns(*author_columns(), _signatories)
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .join(Group, Group.id == Paper.group_id)
        .where(*_is_newest(actor), *conditions)
        .order_by(_sent_at.desc(), PaperVersion.id.desc())
        .limit(per_page + 1)
        .offset((page - 1) * per_page)
    )
    statement = join_author(statement, Paper)
    if after is not None:
        place = (
            sa.select(_sent_at, PaperVersion.id)
            .join(Paper, Paper.id == PaperVersion.paper_id)
            .join(Group, Group.id == Paper.group_id)
            .where(Paper.public_id == after, *_is_newest(actor), *conditions)
        )
        at, last_id = checked_place(session.execute(place).first())
        is_before = sa.and_(_sent_at == at, PaperVersion.id < last_id)
        statement = statement.where(sa.or_(_sent_at < at, is_before))
    rows = session.execute(statement).all()
    return PaperList([_paper_line(actor, row) for row in rows[:per_page]], page, len(rows) > per_page)


_signatories = (
    sa.select(sa.func.count())
    .where(Signature.version_id == PaperVersion.id)
    .correlate(PaperVersion)
    .scalar_subquery()
    .label("signatories")
)
_sent_at: sa.ColumnElement[datetime] = sa.func.coalesce(PaperVersion.published_at, PaperVersion.edited_at)


def _is_newest(actor: Actor) -> list[sa.ColumnElement[bool]]:
    """Give the conditions that a version stands for its paper before this reader."""
    newest = aliased(PaperVersion)
    is_newer = sa.and_(
        newest.paper_id == PaperVersion.paper_id,
        newest.number > PaperVersion.number,
        newest.status.in_(sorted(CURRENT)),
        visible_to(actor, newest),
    )
    return [
        PaperVersion.status.in_(sorted(CURRENT)),
        visible_to(actor, PaperVersion),
        ~sa.select(sa.literal(1)).select_from(newest).where(is_newer).exists(),
    ]


def _conditions(
    group: Group | None,
    consultation_id: int | None,
    organisation_id: int | None,
    purpose: Purpose | None,
    stakeholder_type: StakeholderType | None,
) -> list[sa.ColumnElement[bool]]:
    # A translation is read from its paper's page: it is no further paper.
    conditions: list[sa.ColumnElement[bool]] = [Paper.translation_kind.is_(None)]
    if group is not None:
        conditions.append(PaperVersion.group_id == group.id)
    if consultation_id is not None:
        conditions.append(Paper.consultation_id == consultation_id)
    if organisation_id is not None:
        signed = sa.select(Signature.version_id).where(Signature.organisation_id == organisation_id)
        is_theirs = Paper.organisation_id == organisation_id
        conditions.append(sa.or_(is_theirs, PaperVersion.id.in_(signed)))
        conditions.append(Paper.shown_as != ShownAs.STAKEHOLDER_TYPE)
    if purpose is not None:
        conditions.append(Paper.purpose == purpose)
    if stakeholder_type is not None:
        conditions.append(Paper.stakeholder_type == stakeholder_type)
    if stakeholder_type is not None or organisation_id is not None:
        conditions.append(Paper.alias.is_(None))
        conditions.append(Group.attribution != Attribution.CHATHAM_HOUSE)
    return conditions


def _paper_line(actor: Actor, row: Any) -> PaperLine:
    return PaperLine(
        public_id=row.Paper.public_id,
        group_slug=row.Group.slug,
        title=row.title,
        number=row.number,
        purpose=row.Paper.purpose,
        language=row.Paper.language,
        status=row.status,
        tlp=row.tlp,
        byline=present(actor, row.Group, row.Paper, row),
        at=row.published_at or row.edited_at,
        is_day_only=row.Group.attribution is Attribution.CHATHAM_HOUSE or row.Paper.alias is not None,
        word_count=row.word_count,
        signatories=row.signatories,
    )


def list_drafts(session: Session, actor: Actor, *, group: Group | None = None) -> Sequence[DraftLine]:
    """Give the drafts that the actor writes on, the last saved first."""
    if not actor.is_signed_in:
        return []
    statement = (
        sa.select(
            PaperVersion.public_id,
            Paper.public_id,
            PaperVersion.title,
            PaperVersion.edited_at,
            PaperVersion.based_on.is_(None),
        )
        .join(Paper, Paper.id == PaperVersion.paper_id)
        .where(
            PaperVersion.status == Status.DRAFT,
            visible_to(actor, PaperVersion),
            writes_drafts_of(actor, PaperVersion),
        )
        .order_by(PaperVersion.edited_at.desc(), PaperVersion.id.desc())
    )
    if group is not None:
        statement = statement.where(PaperVersion.group_id == group.id)
    return [DraftLine(*row) for row in session.execute(statement)]
