"""Declarations of interest: filed by each member, shown as the charter says, asked for where missing."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.audit import AuditAction
from forum.domain.declarations import MAX_DECLARATION, Declaration, DeclarationState, due_again, state_of
from forum.domain.groups import Group, GroupRole, MembersVisible
from forum.domain.notices import Notice, NoticeKind
from forum.domain.practice import DeclarationsVisible, Practice, read_practice
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, can
from forum.richtext import Rendered
from forum.services.audit import record
from forum.services.groups import get_group
from forum.services.letters import write_letter
from forum.services.outbox import enqueue_notice
from forum.services.recipients import wants_mail
from forum.services.reminders import MAX_LETTERS, Recipient
from forum.services.seat_names import Holder, SeatNames, load_seat_names

DECLARING = frozenset({GroupRole.CHAIR, GroupRole.RAPPORTEUR, GroupRole.MEMBER})
"""The roles whose holders declare their interests."""


@dataclass(frozen=True, slots=True)
class DeclarationLine:
    """How one member stands, with their newest declaration."""

    holder: Holder
    declaration: Declaration | None
    state: DeclarationState
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Declarations:
    """The declarations of a group as one reader may see them."""

    lines: list[DeclarationLine]
    own: DeclarationLine | None
    """The reader's own standing, where they are to declare."""
    may_see_all: bool
    practice: Practice


def may_see(actor: Actor, group: Group, names: SeatNames, practice: Practice) -> bool:
    """Whether a reader sees the declarations of others, as the charter says; outside only where it names."""
    if can(actor, Action.MANAGE_MEETINGS, group):
        return True
    match practice.declarations_visible:
        case DeclarationsVisible.MANAGERS:
            return False
        case DeclarationsVisible.MEMBERS:
            return names.is_inside
        case DeclarationsVisible.LISTED:
            return names.is_inside or names.level is MembersVisible.NAMES


def load_declarations(session: Session, actor: Actor, slug: str, *, now: datetime) -> Declarations:
    """Give who has declared what, as far as this reader may see it; in a fixed number of statements."""
    group = get_group(session, actor, slug, Action.SEE_LISTING)
    practice, names = read_practice(group.practice), load_seat_names(session, actor, group)
    newest = _newest(session, group)
    lines = [_line(holder, newest.get(holder.account_id), practice, now) for holder in _declaring(names)]
    sees = may_see(actor, group, names, practice)
    if not sees and not can(actor, Action.DECLARE, group):
        raise NotFound
    shown = [line for line in lines if line.holder.is_named] if sees else []
    if not names.is_inside:
        shown = [line for line in shown if line.declaration is not None]
    own = next((line for line in lines if line.holder.account_id == actor.account_id), None)
    return Declarations(shown, own, sees, practice)


def _declaring(names: SeatNames) -> list[Holder]:
    everybody = [one for seat in names.seats.values() for one in seat.holders] + names.unseated
    found = {one.account_id: one for one in everybody if one.role in DECLARING}
    return sorted(found.values(), key=lambda one: one.name.casefold())


def _line(
    holder: Holder, declaration: Declaration | None, practice: Practice, now: datetime
) -> DeclarationLine:
    filed_at = declaration.filed_at if declaration else None
    due = due_again(filed_at, practice) if filed_at else None
    return DeclarationLine(holder, declaration, state_of(filed_at, practice, now), due)


def _newest(session: Session, group: Group) -> dict[int, Declaration]:
    rows = session.scalars(
        sa.select(Declaration).where(Declaration.group_id == group.id).order_by(Declaration.number)
    )
    return {row.account_id: row for row in rows}


def list_versions(
    session: Session, actor: Actor, slug: str, person: str, *, now: datetime
) -> list[Declaration]:
    """Give all versions of a member's declaration, the newest first; NotFound for whoever may not see it."""
    found = load_declarations(session, actor, slug, now=now)
    lines = [*found.lines, *([found.own] if found.own else [])]
    line = next((one for one in lines if one.holder.public_id == person), None)
    if line is None:
        raise NotFound
    group = get_group(session, actor, slug, Action.SEE_LISTING)
    return list(
        session.scalars(
            sa.select(Declaration)
            .where(Declaration.group_id == group.id, Declaration.account_id == line.holder.account_id)
            .order_by(Declaration.number.desc())
        )
    )


def file_declaration(
    session: Session, actor: Actor, slug: str, *, has_interests: bool, rendered: Rendered, now: datetime
) -> Declaration:
    """File one's declaration, or the next version of it; those before are kept."""
    group = get_group(session, actor, slug, Action.DECLARE)
    if not actor.roles_in(group.id) & DECLARING:
        raise NotAllowed("Members declare their interests; your role in this group does not.")
    if has_interests and not rendered.text.strip():
        raise Invalid("Write which interests you have.", field="body")
    if len(rendered.source) > MAX_DECLARATION:
        raise Invalid("Write at most %(limit)d characters.", field="body", limit=MAX_DECLARATION)
    assert actor.account_id is not None
    last = session.scalar(
        sa.select(sa.func.max(Declaration.number)).where(
            Declaration.group_id == group.id, Declaration.account_id == actor.account_id
        )
    )
    declaration = Declaration(
        group_id=group.id,
        account_id=actor.account_id,
        number=(last or 0) + 1,
        has_interests=has_interests,
        source=rendered.source,
        html=rendered.html,
        filed_at=now,
    )
    session.add(declaration)
    session.flush()
    _put_on_record(session, actor, group, declaration, AuditAction.DECLARATION_FILED, now)
    return declaration


def remark_on(
    session: Session, actor: Actor, slug: str, public_id: str, remark: str, *, now: datetime
) -> None:
    """Note the secretariat's remark on a declaration; its member and those who see it read it."""
    group = get_group(session, actor, slug, Action.MANAGE_MEETINGS)
    declaration = session.scalars(
        sa.select(Declaration).where(Declaration.public_id == public_id, Declaration.group_id == group.id)
    ).first()
    if declaration is None:
        raise NotFound
    if declaration.account_id == actor.account_id:
        raise NotAllowed("Nobody remarks on their own declaration: somebody else does.")
    declaration.remark, declaration.remarked_at = remark.strip(), now
    _put_on_record(session, actor, group, declaration, AuditAction.DECLARATION_REMARKED, now)


def _put_on_record(
    session: Session, actor: Actor, group: Group, row: Declaration, action: AuditAction, now: datetime
) -> None:
    record(
        session,
        actor,
        action,
        now=now,
        subject_kind="declaration",
        subject=row.public_id,
        group=group,
        version=row.number,
    )


def list_missing(
    session: Session, actor: Actor, slug: str, *, now: datetime, sealing_secret: bytes
) -> list[Recipient]:
    """Give who would be asked for a declaration now, each with their mail; for chair and secretariat."""
    group = get_group(session, actor, slug, Action.MANAGE_MEETINGS)
    found = load_declarations(session, actor, slug, now=now)
    recipients: list[Recipient] = []
    for line in found.lines:
        if line.state is DeclarationState.VALID:
            continue
        account = session.get_one(Account, line.holder.account_id)
        gets_mail = wants_mail(session, account.id, NoticeKind.DECLARATION_ASKED)
        letter = None
        if gets_mail and len(recipients) < MAX_LETTERS:
            notice = Notice(
                public_id="preview",
                account_id=account.id,
                kind=NoticeKind.DECLARATION_ASKED,
                group_id=group.id,
            )
            letter = write_letter(session, notice, now=now, sealing_secret=sealing_secret)
        recipients.append(Recipient(account.id, account.name, gets_mail, letter))
    return recipients


def ask_missing(session: Session, actor: Actor, slug: str, *, now: datetime) -> int:
    """Ask everybody whose declaration is missing or due again; gives how many people that were."""
    group = get_group(session, actor, slug, Action.MANAGE_MEETINGS)
    found = load_declarations(session, actor, slug, now=now)
    people = [line.holder.account_id for line in found.lines if line.state is not DeclarationState.VALID]
    for account_id in people:
        enqueue_notice(
            session,
            NoticeKind.DECLARATION_ASKED,
            now=now,
            account_id=account_id,
            group_id=group.id,
            occasion=f"declaration:{int(now.timestamp())}",
        )
    record(
        session,
        actor,
        AuditAction.REMINDED,
        now=now,
        subject_kind="group",
        subject=group.public_id,
        group=group,
        people=len(people),
    )
    return len(people)
