"""Mandates: who speaks for which organisation, from when until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus
from forum.domain.audit import AuditAction
from forum.domain.groups import Membership, Seat
from forum.domain.organisations import Mandate, Organisation
from forum.domain.outbox import Topic
from forum.domain.papers import PaperAuthor
from forum.errors import Invalid, NotFound
from forum.policy import Action, Actor, require
from forum.services.memberships import end_memberships
from forum.services.outbox import enqueue
from forum.services.recording import record_mandate


@dataclass(frozen=True, slots=True)
class MandateLine:
    """A mandate with the person who holds it and the body it is for."""

    mandate: Mandate
    account: Account
    organisation: Organisation

    def is_current(self, today: date) -> bool:
        """Whether it can be used today."""
        return self.mandate.starts_on <= today and (
            self.mandate.ends_on is None or self.mandate.ends_on >= today
        )

    def is_over(self, today: date) -> bool:
        """Whether its last day has passed."""
        return self.mandate.ends_on is not None and self.mandate.ends_on < today


def list_mandates(
    session: Session, *, organisation: Organisation | None = None, account: Account | None = None
) -> Sequence[MandateLine]:
    """Give the mandates of a body or of a person, present and past, the latest first."""
    statement = (
        sa.select(Mandate, Account, Organisation)
        .join(Account, Account.id == Mandate.account_id)
        .join(Organisation, Organisation.id == Mandate.organisation_id)
        .order_by(Mandate.ends_on.is_not(None), Mandate.starts_on.desc(), Account.name)
    )
    if organisation is not None:
        statement = statement.where(Mandate.organisation_id == organisation.id)
    if account is not None:
        statement = statement.where(Mandate.account_id == account.id)
    return [MandateLine(*row) for row in session.execute(statement)]


def add_mandate(
    session: Session,
    actor: Actor,
    organisation: Organisation,
    account: Account,
    *,
    title: str = "",
    may_publish: bool | None = None,
    now: datetime,
    starts_on: date,
    ends_on: date | None = None,
) -> Mandate:
    """Give a person the right to speak for a body; Invalid where it overlaps one they hold."""
    require(actor, Action.MANAGE_PEOPLE)
    return grant_mandate(
        session,
        organisation,
        account,
        title=title,
        may_publish=may_publish,
        now=now,
        starts_on=starts_on,
        ends_on=ends_on,
        by=actor,
    )


def grant_mandate(
    session: Session,
    organisation: Organisation,
    account: Account,
    *,
    now: datetime,
    starts_on: date | None = None,
    ends_on: date | None = None,
    title: str = "",
    may_publish: bool | None = None,
    by: Actor | None = None,
) -> Mandate:
    """Write the mandate, from today unless told otherwise; whoever calls it has asked the policy.

    Where the body names who publishes for it, a new mandate does not include that unless told so.
    """
    starts_on = starts_on or now.date()
    if organisation.merged_into_id is not None:
        raise Invalid("This organisation was merged into another one.", field="organisation")
    if account.status not in {AccountStatus.ACTIVE, AccountStatus.PLACEHOLDER}:
        raise Invalid("This account is not in use.", field="email")
    if ends_on is not None and ends_on < starts_on:
        raise Invalid("The last day is before the first.", field="ends_on")
    overlap = sa.select(Mandate.id).where(
        Mandate.account_id == account.id,
        Mandate.organisation_id == organisation.id,
        sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on >= starts_on),
    )
    if ends_on is not None:
        overlap = overlap.where(Mandate.starts_on <= ends_on)
    if session.scalar(overlap) is not None:
        raise Invalid("This person holds a mandate of this organisation for that time.", field="starts_on")
    mandate = Mandate(
        account_id=account.id,
        organisation_id=organisation.id,
        title=" ".join(title.split()),
        may_publish=not organisation.publishes_by_name if may_publish is None else may_publish,
        starts_on=starts_on,
        ends_on=ends_on,
    )
    session.add(mandate)
    session.flush()
    if ends_on is not None:
        day_after = datetime.combine(ends_on + timedelta(days=1), time(), UTC)
        enqueue(session, Topic.DEADLINE, {"mandate_id": mandate.id}, now=now, at=day_after)
    record_mandate(session, by, AuditAction.MANDATE_GRANTED, mandate, now)
    return mandate


def keep_end(session: Session, mandate_id: int, *, now: datetime) -> None:
    """End what hangs on a mandate whose last day has passed: the worker asks the day after."""
    mandate = session.get(Mandate, mandate_id)
    today = now.date()
    if mandate is None or mandate.ends_on is None or mandate.ends_on >= today:
        return
    another = sa.select(Mandate.id).where(
        Mandate.account_id == mandate.account_id,
        Mandate.organisation_id == mandate.organisation_id,
        Mandate.starts_on <= today,
        sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on >= today),
    )
    if session.scalar(another.limit(1)) is None:
        account = session.get_one(Account, mandate.account_id)
        record_mandate(session, None, AuditAction.MANDATE_RAN_OUT, mandate, now)
        _end_what_hung_on_it(session, account, mandate.organisation_id, now)


def end_mandate(
    session: Session, actor: Actor, slug: str, account_public_id: str, *, now: datetime
) -> tuple[Account, int]:
    """End a person's mandate at once; give the person and how many seats of the body they lost with it.

    Its last day becomes yesterday, since the last day counts. With it end the roles they held on the
    body's seats and their part in drafts written for the body.
    """
    require(actor, Action.MANAGE_PEOPLE)
    yesterday = now.date() - timedelta(days=1)
    rows = session.execute(
        sa.select(Mandate, Account)
        .join(Account, Account.id == Mandate.account_id)
        .join(Organisation, Organisation.id == Mandate.organisation_id)
        .where(
            Organisation.slug == slug,
            Account.public_id == account_public_id,
            sa.or_(Mandate.ends_on.is_(None), Mandate.ends_on > yesterday),
        )
    ).all()
    if not rows:
        raise NotFound
    account = rows[0].Account
    organisation_id = rows[0].Mandate.organisation_id
    for mandate, _account in rows:
        mandate.ends_on = yesterday
        record_mandate(session, actor, AuditAction.MANDATE_ENDED, mandate, now)
    return account, _end_what_hung_on_it(session, account, organisation_id, now, by=actor)


def _end_what_hung_on_it(
    session: Session, account: Account, organisation_id: int, now: datetime, by: Actor | None = None
) -> int:
    held = session.scalars(
        sa.select(Membership)
        .join(Seat, Seat.id == Membership.seat_id)
        .where(
            Membership.account_id == account.id,
            Membership.ended_at.is_(None),
            Seat.organisation_id == organisation_id,
        )
    ).all()
    end_memberships(session, held, now=now, by=by)
    session.execute(
        sa.update(PaperAuthor)
        .where(
            PaperAuthor.account_id == account.id,
            PaperAuthor.organisation_id == organisation_id,
            PaperAuthor.ended_at.is_(None),
        )
        .values(ended_at=now)
    )
    return len(held)
