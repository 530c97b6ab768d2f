"""Profiles: what a reader may know of a person, and what a body has published that they may read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.attribution import Attribution, ShownAs
from forum.domain.groups import Group, Membership, MembersVisible, Seat
from forum.domain.labels import Status
from forum.domain.organisations import Organisation
from forum.domain.papers import Paper, PaperOwner, PaperVersion
from forum.domain.threads import Post, Thread
from forum.errors import NotFound
from forum.policy import Actor, visible_to
from forum.policy.labels import COMMUNITY
from forum.services.mandates import MandateLine, list_mandates
from forum.services.signatures import signed_by

SHOWN = 20
"""Papers and discussions on a profile; search finds the rest."""

_NAMES_THE_BODY = (ShownAs.NAME, ShownAs.ORGANISATION)


@dataclass(frozen=True, slots=True)
class Profile:
    """A person as this reader may know them."""

    account: Account
    mandates: Sequence[MandateLine]
    groups: Sequence[Group]
    """The groups in which both are."""
    takes_part: bool


def get_profile(session: Session, actor: Actor, public_id: str, *, now: datetime) -> Profile:
    """Give a profile: to signed-in people, and to others where the person wants it; else NotFound."""
    account = session.scalars(sa.select(Account).where(Account.public_id == public_id)).first()
    if account is None or account.status is AccountStatus.FORMER:
        raise NotFound
    if not (account.name_is_public or COMMUNITY in actor.clearances):
        raise NotFound
    takes_part = account.status is AccountStatus.ACTIVE
    today = now.date()
    mandates = [line for line in list_mandates(session, account=account) if line.is_current(today)]
    return Profile(
        account=account,
        mandates=mandates if takes_part else [],
        groups=_groups_in_common(session, actor, account) if takes_part else [],
        takes_part=takes_part,
    )


def _groups_in_common(session: Session, actor: Actor, account: Account) -> Sequence[Group]:
    theirs = sa.select(Membership.group_id).where(
        Membership.account_id == account.id, Membership.ended_at.is_(None)
    )
    mine = sorted(actor.group_roles)
    return session.scalars(
        sa.select(Group).where(Group.id.in_(mine), Group.id.in_(theirs)).order_by(Group.title)
    ).all()


@dataclass(frozen=True, slots=True)
class PaperLine:
    """A paper by the title of its newest version that the reader may read."""

    public_id: str
    title: str
    number: int | None
    published_at: datetime | None
    group_slug: str
    group_title: str


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """A discussion in which the body is named."""

    public_id: str
    title: str
    last_at: datetime | None
    group_slug: str
    group_title: str


def list_papers_of(session: Session, actor: Actor, organisation: Organisation) -> list[PaperLine]:
    """Give the newest papers of a body that the reader may read, where its name is shown."""
    newest = (
        sa.select(PaperVersion.paper_id, sa.func.max(PaperVersion.number).label("number"))
        .where(PaperVersion.status == Status.PUBLISHED, visible_to(actor, PaperVersion))
        .group_by(PaperVersion.paper_id)
        .subquery()
    )
    owned = sa.select(PaperOwner.paper_id).where(PaperOwner.organisation_id == organisation.id)
    rows = session.execute(
        sa.select(
            Paper.public_id,
            PaperVersion.title,
            PaperVersion.number,
            PaperVersion.published_at,
            Group.slug,
            Group.short_title,
        )
        .join(newest, newest.c.paper_id == Paper.id)
        .join(
            PaperVersion,
            sa.and_(PaperVersion.paper_id == Paper.id, PaperVersion.number == newest.c.number),
        )
        .join(Group, Group.id == Paper.group_id)
        .where(
            sa.or_(
                Paper.organisation_id == organisation.id,
                Paper.id.in_(owned),
                PaperVersion.id.in_(signed_by(organisation.id)),
            ),
            Paper.translation_kind.is_(None),
            *_shows_body(Paper),
        )
        .order_by(PaperVersion.published_at.desc(), Paper.id.desc())
        .limit(SHOWN)
    )
    return [PaperLine(*row) for row in rows]


def list_threads_of(session: Session, actor: Actor, organisation: Organisation) -> list[ThreadLine]:
    """Give the discussions in which the reader may read something that is shown as the body's."""
    last = sa.func.max(Post.published_at).label("last_at")
    rows = session.execute(
        sa.select(Thread.public_id, Thread.title, last, Group.slug, Group.short_title)
        .join(Post, Post.thread_id == Thread.id)
        .join(Group, Group.id == Thread.group_id)
        .where(
            Post.organisation_id == organisation.id,
            Post.status == Status.PUBLISHED,
            Thread.status == Status.PUBLISHED,
            visible_to(actor, Thread),
            visible_to(actor, Post),
            *_shows_body(Post),
        )
        .group_by(Thread.id, Group.id)
        .order_by(last.desc(), Thread.id.desc())
        .limit(SHOWN)
    )
    return [ThreadLine(*row) for row in rows]


def _shows_body(attributed: Any) -> tuple[sa.ColumnElement[bool], ...]:
    """Where readers are shown the body: neither its type alone, nor an alias."""
    return (
        attributed.shown_as.in_(_NAMES_THE_BODY),
        attributed.alias.is_(None),
        Group.attribution != Attribution.CHATHAM_HOUSE,
    )


def list_seats_of(session: Session, actor: Actor, organisation: Organisation) -> Sequence[Group]:
    """Give the groups in which the reader may know that a body has a seat."""
    inside = Group.id.in_(sorted(actor.group_roles))
    listed = sa.and_(Group.is_listed, Group.members_visible != MembersVisible.NUMBERS)
    with_seat = sa.select(Seat.group_id).where(
        Seat.organisation_id == organisation.id, Seat.ended_at.is_(None)
    )
    return session.scalars(
        sa.select(Group).where(Group.id.in_(with_seat), sa.or_(inside, listed)).order_by(Group.title)
    ).all()


def list_colleagues(session: Session, organisation: Organisation, *, today: date) -> list[MandateLine]:
    """Give who speaks for a body today; for its own people and those who manage people."""
    return [line for line in list_mandates(session, organisation=organisation) if line.is_current(today)]
