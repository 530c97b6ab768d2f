"""Apply for a seat: a group's open procedure, the applications, and the selection with its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.audit import AuditAction
from forum.domain.groups import Group, SeatKind
from forum.domain.seat_calls import MAX_CRITERIA, CallState, SeatCall
from forum.domain.text import checked_title, one_line
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, can, require
from forum.richtext import Rendered
from forum.services.access_requests import (
    ask_for_seat,
)
from forum.services.audit import record
from forum.services.groups import get_group
from forum.services.memberships import OF_BODIES

MAX_REGISTER_ID = 32


@dataclass(frozen=True, slots=True)
class CallText:
    """What the form of a call holds."""

    title: str
    rendered: Rendered
    criteria: str
    """One sentence a line."""
    seat_kinds: tuple[SeatKind, ...]
    needs_register_id: bool
    closes_at: datetime | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class Application:
    """What somebody writes who applies."""

    kind: SeatKind
    organisation_name: str = ""
    """For a common interest: which one."""
    country: str | None = None
    register_id: str = ""
    motivation: str = ""


def list_calls(session: Session, actor: Actor, group: Group) -> Sequence[SeatCall]:
    """Give the calls of a group, the newest first; those being prepared only to chair and secretariat."""
    statement = sa.select(SeatCall).where(SeatCall.group_id == group.id)
    if not can(actor, Action.MANAGE_MEETINGS, group):
        statement = statement.where(SeatCall.state != CallState.DRAFT)
    return session.scalars(statement.order_by(SeatCall.id.desc()).limit(20)).all()


def get_call(
    session: Session, actor: Actor, slug: str, public_id: str, action: Action = Action.SEE_LISTING
) -> tuple[Group, SeatCall]:
    """Give a call of this group for an action; NotFound for one that is still prepared, but to its makers."""
    group = get_group(session, actor, slug, Action.SEE_LISTING)
    call = session.scalars(
        sa.select(SeatCall).where(SeatCall.public_id == public_id, SeatCall.group_id == group.id)
    ).first()
    if call is None:
        raise NotFound
    if call.state is CallState.DRAFT and not can(actor, Action.MANAGE_MEETINGS, group):
        raise NotFound
    if action is not Action.SEE_LISTING:
        require(actor, action, group)
    return group, call


def prepare_call(session: Session, actor: Actor, slug: str, text: CallText, *, now: datetime) -> SeatCall:
    """Prepare a call; others learn of it when it is opened."""
    group = get_group(session, actor, slug, Action.MANAGE_MEETINGS)
    call = SeatCall(group_id=group.id, created_by_id=actor.account_id, created_at=now)
    _write(call, text)
    session.add(call)
    session.flush()
    return call


def change_call(session: Session, actor: Actor, slug: str, public_id: str, text: CallText) -> SeatCall:
    """Change a call that was not opened yet: whoever applies goes by what stood there."""
    _, call = get_call(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    if call.state is not CallState.DRAFT:
        raise NotAllowed("It was opened: whoever applies goes by what stands there.")
    _write(call, text)
    return call


def _write(call: SeatCall, text: CallText) -> None:
    call.title = checked_title(text.title)
    if not text.rendered.text.strip():
        raise Invalid("Say which seats can be applied for, and why.", field="body")
    criteria = [one_line(line) for line in text.criteria.splitlines() if line.strip()]
    if not 0 < len(criteria) <= MAX_CRITERIA:
        raise Invalid("Write from one to %(most)d criteria, one a line.", field="criteria", most=MAX_CRITERIA)
    if not text.seat_kinds:
        raise Invalid("Choose at least one.", field="seat_kinds")
    call.source, call.html = text.rendered.source, text.rendered.html
    call.criteria, call.seat_kinds = criteria, [kind.value for kind in text.seat_kinds]
    call.needs_register_id = text.needs_register_id
    call.closes_at, call.time_zone = text.closes_at, text.time_zone


def open_call(session: Session, actor: Actor, slug: str, public_id: str, *, now: datetime) -> None:
    """Take applications from now on: whoever sees the group listed reads the call."""
    group, call = get_call(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    if call.state is not CallState.DRAFT:
        raise Invalid("It was opened already.")
    if call.closes_at is None or call.closes_at <= now:
        raise Invalid("Set a closing time that is yet to come.", field="closes_at")
    call.state = CallState.OPEN
    _put_on_record(session, actor, group, call, AuditAction.SEAT_CALL_OPENED, now)


def close_call(session: Session, actor: Actor, slug: str, public_id: str, *, now: datetime) -> None:
    """Take no more applications; those that are in can still be decided."""
    group, call = get_call(session, actor, slug, public_id, Action.MANAGE_MEETINGS)
    if call.state is not CallState.OPEN:
        raise Invalid("It is not open.")
    call.state, call.closed_at = CallState.CLOSED, now
    _put_on_record(session, actor, group, call, AuditAction.SEAT_CALL_CLOSED, now)


def _put_on_record(
    session: Session, actor: Actor, group: Group, call: SeatCall, action: AuditAction, now: datetime
) -> None:
    record(
        session,
        actor,
        action,
        now=now,
        subject_kind="seat_call",
        subject=call.public_id,
        group=group,
        kinds=list(call.seat_kinds),
    )


def takes_applications(call: SeatCall, received_at: datetime) -> bool:
    """Whether an application that arrived at a moment is in time."""
    return call.state is CallState.OPEN and (call.closes_at is None or received_at <= call.closes_at)


def apply_for_seat(
    session: Session,
    actor: Actor,
    slug: str,
    public_id: str,
    application: Application,
    *,
    received_at: datetime,
    now: datetime,
) -> None:
    """Apply under an open call; Invalid says what is missing, or that it came too late."""
    group, call = get_call(session, actor, slug, public_id)
    if not takes_applications(call, received_at):
        raise Invalid("This call takes no applications any more.")
    if application.kind.value not in call.seat_kinds:
        raise Invalid("This call is for other kinds of seats.", field="kind")
    _check(call, application)
    request = ask_for_seat(
        session,
        actor,
        group,
        organisation_name=one_line(application.organisation_name),
        message=application.motivation.strip(),
        now=now,
    )
    request.call_id, request.seat_kind = call.id, application.kind.value
    request.country = application.country if application.kind is SeatKind.MEMBER_STATE else None
    request.register_id = application.register_id.strip()


def _check(call: SeatCall, application: Application) -> None:
    kind = application.kind
    if kind in OF_BODIES and not application.organisation_name.strip():
        raise Invalid("Write which organisation would sit there.", field="organisation")
    if kind is SeatKind.COMMON_INTEREST and not application.organisation_name.strip():
        raise Invalid("Write which common interest you would stand for.", field="organisation")
    if kind is SeatKind.MEMBER_STATE and not application.country:
        raise Invalid("Choose the Member State.", field="country")
    if len(application.register_id) > MAX_REGISTER_ID:
        raise Invalid("That is longer than an entry of the register.", field="register_id")
    if kind is SeatKind.ORGANISATION and call.needs_register_id and not application.register_id.strip():
        raise Invalid("Write the organisation's entry in the Transparency Register.", field="register_id")
    if not application.motivation.strip():
        raise Invalid("Write what you would contribute, criterion by criterion.", field="motivation")
