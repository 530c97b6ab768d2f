"""Invitations: they expire, work once, and only for the address and the purpose they were made for.

The link's token is an HMAC of purpose and public id, so that the outbox needs to hold no secret: the mail
handler calls invitation_token() with the application's secret key. The row holds the token's hash alone.
"""

import base64
import enum
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus, Invitation, InvitationPurpose, PlatformRole
from forum.domain.audit import AuditAction
from forum.domain.base import new_public_id
from forum.domain.groups import Group, GroupRole, Seat
from forum.domain.organisations import Organisation
from forum.domain.outbox import Topic
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, can, require
from forum.services.accounts import checked_name, create_account, find_account, set_password
from forum.services.actors import load_actor
from forum.services.audit import record
from forum.services.login_sessions import hash_token
from forum.services.mandates import grant_mandate
from forum.services.memberships import add_membership
from forum.services.outbox import enqueue
from forum.services.recording import record_account


class Step(enum.StrEnum):
    """What the person who opened the link has to do."""

    JOIN = "join"
    """Set name and password: there is no account yet."""
    PASSWORD = "password"  # noqa: S105
    """Set a new password."""
    CONFIRM = "confirm"
    """Agree: they are signed in as the one who was invited."""
    SIGN_IN = "sign_in"
    """Sign in first: the address has an account."""
    LEAVE = "leave"
    """Sign out first: somebody else is signed in."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A live invitation with what it is about."""

    invitation: Invitation
    account: Account | None
    """The account of the address, where there is one."""
    inviter: Account | None
    group: Group | None
    seat: Seat | None
    organisation: Organisation | None

    def step_for(self, actor: Actor) -> Step:
        """What this person has to do to accept."""
        known = self.account is not None and self.account.status is AccountStatus.ACTIVE
        is_theirs = self.account is not None and actor.account_id == self.account.id
        if actor.is_signed_in and not is_theirs:
            return Step.LEAVE
        if self.invitation.purpose is InvitationPurpose.PASSWORD:
            return Step.PASSWORD
        if not known:
            return Step.JOIN
        return Step.CONFIRM if is_theirs else Step.SIGN_IN


def invitation_token(secret: bytes, invitation: Invitation) -> str:
    """Give the token of an invitation's link; bound to its purpose, so that it opens no other door."""
    text = f"invitation:{invitation.purpose.value}:{invitation.public_id}"
    digest = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def invite(
    session: Session,
    inviter: Actor | None,
    *,
    email: str,
    secret: bytes,
    now: datetime,
    days: int,
    purpose: InvitationPurpose = InvitationPurpose.ACCOUNT,
    name: str = "",
    account: Account | None = None,
    platform_role: PlatformRole = PlatformRole.MEMBER,
    organisation: Organisation | None = None,
    group: Group | None = None,
    role: GroupRole | None = None,
    seat: Seat | None = None,
    is_alternate: bool = False,
    with_mail: bool = True,
) -> Invitation:
    """Make an invitation and have it mailed; `inviter` is None for the operator's commands.

    `email` is parsed already. Raises NotAllowed where the inviter may not give what it carries.
    """
    if seat is not None and (group is None or seat.group_id != group.id or seat.ended_at is not None):
        raise Invalid("This group has no such seat.", field="seat")
    if (group is None) != (role is None):
        raise Invalid("Choose a role in the group.", field="role")
    invitation = Invitation(
        public_id=new_public_id(),
        purpose=purpose,
        token_hash="",
        email=email,
        name=" ".join(name.split()),
        account_id=account.id if account else None,
        platform_role=platform_role,
        organisation_id=organisation.id if organisation else None,
        group_id=group.id if group else None,
        role=role.value if role else None,
        seat_id=seat.id if seat else None,
        is_alternate=is_alternate and seat is not None,
        invited_by_id=inviter.account_id if inviter else None,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    if inviter is not None:
        _require_right(session, inviter, invitation)
    invitation.token_hash = hash_token(invitation_token(secret, invitation))
    session.add(invitation)
    session.flush()
    if with_mail:
        payload = {"mail": "invitation", "invitation_id": invitation.id}
        enqueue(session, Topic.MAIL, payload, now=now)
    _put_on_record(session, inviter, AuditAction.INVITED, invitation, now)
    return invitation


def _put_on_record(
    session: Session,
    by: Actor | None,
    action: AuditAction,
    invitation: Invitation,
    now: datetime,
    account: Account | None = None,
) -> None:
    group = session.get_one(Group, invitation.group_id) if invitation.group_id is not None else None
    record(
        session,
        by,
        action,
        now=now,
        subject_kind="invitation",
        subject=invitation.public_id,
        group=group,
        purpose=invitation.purpose.value,
        role=invitation.role,
        platform_role=invitation.platform_role.value,
        account=account.public_id if account else None,
    )


def _require_right(session: Session, inviter: Actor, invitation: Invitation) -> None:
    """Raise unless the inviter may give everything that the invitation carries."""
    if invitation.group_id is not None:
        require(inviter, Action.INVITE, session.get_one(Group, invitation.group_id))
    else:
        require(inviter, Action.MANAGE_PEOPLE)
    if invitation.organisation_id is not None:
        require(inviter, Action.MANAGE_PEOPLE)
    if invitation.platform_role is not PlatformRole.MEMBER:
        require(inviter, Action.ADMINISTER)
    if invitation.purpose is InvitationPurpose.PASSWORD:
        target = session.get(Account, invitation.account_id)
        if target is not None and target.platform_role is not PlatformRole.MEMBER:
            require(inviter, Action.ADMINISTER)


def get_offer(session: Session, token: str, *, secret: bytes, now: datetime, to_use: bool = False) -> Offer:
    """Give the live invitation of a token, consuming nothing; `to_use` locks it against a second use.

    NotFound for a token that is none; Conflict once it is used, withdrawn, expired, or its inviter may no
    longer give what it carries.
    """
    statement = sa.select(Invitation).where(Invitation.token_hash == hash_token(token))
    invitation = session.scalars(statement.with_for_update() if to_use else statement).first()
    if invitation is None or not hmac.compare_digest(
        token.encode(), invitation_token(secret, invitation).encode()
    ):
        raise NotFound
    offer = _offer(session, invitation)
    is_spent = invitation.accepted_at is not None or invitation.revoked_at is not None
    if is_spent or invitation.expires_at <= now or not _still_holds(session, offer, now):
        raise Conflict("This invitation can no longer be used. Ask whoever sent it for a new one.")
    return offer


def _offer(session: Session, invitation: Invitation) -> Offer:
    if invitation.account_id is not None:
        account = session.get(Account, invitation.account_id)
    else:
        account = find_account(session, invitation.email)
    return Offer(
        invitation=invitation,
        account=account,
        inviter=session.get(Account, invitation.invited_by_id) if invitation.invited_by_id else None,
        group=session.get(Group, invitation.group_id) if invitation.group_id else None,
        seat=session.get(Seat, invitation.seat_id) if invitation.seat_id else None,
        organisation=session.get(Organisation, invitation.organisation_id)
        if invitation.organisation_id
        else None,
    )


def _still_holds(session: Session, offer: Offer, now: datetime) -> bool:
    """Whether everything the invitation carries can still be given, by whoever gave it."""
    invitation, account = offer.invitation, offer.account
    if account is not None:
        usable = {AccountStatus.ACTIVE, AccountStatus.PLACEHOLDER}
        if account.status not in usable or account.email not in {None, invitation.email}:
            return False
    if offer.seat is not None and offer.seat.ended_at is not None:
        return False
    if invitation.invited_by_id is None:
        return True
    inviter = load_actor(session, invitation.invited_by_id, now=now, sealing_secret=b"")
    try:
        _require_right(session, inviter, invitation)
    except (NotAllowed, NotFound):
        return False
    return True


def accept_invitation(
    session: Session,
    actor: Actor,
    token: str,
    *,
    secret: bytes,
    now: datetime,
    name: str = "",
    password_hash: str | None = None,
    needs_password: bool = True,
) -> Account:
    """Use an invitation up: give account, password, role, seat and mandate in one go; gives the account.

    `needs_password`: False for whom the OpenID provider has proved to have the address.
    """
    offer = get_offer(session, token, secret=secret, now=now, to_use=True)
    step = offer.step_for(actor)
    if step in {Step.LEAVE, Step.SIGN_IN}:
        raise NotAllowed("This invitation is for another address than the one you are signed in with.")
    if step in {Step.JOIN, Step.PASSWORD} and password_hash is None and needs_password:
        raise Invalid("Choose a password.", field="password")
    offer.invitation.accepted_at = now
    account = _account_of(session, actor, offer, step, name, password_hash, now)
    account.status = AccountStatus.ACTIVE
    offer.invitation.account_id = account.id
    _grant(session, offer, account, now, actor)
    _put_on_record(session, actor, AuditAction.INVITATION_ACCEPTED, offer.invitation, now, account)
    return account


def _account_of(
    session: Session,
    by: Actor,
    offer: Offer,
    step: Step,
    name: str,
    password_hash: str | None,
    now: datetime,
) -> Account:
    account = offer.account
    if account is None:
        return create_account(
            session, email=offer.invitation.email, name=name, now=now, password_hash=password_hash, by=by
        )
    if step is Step.JOIN:
        account.name = checked_name(name)
        account.email = offer.invitation.email
        account.status = AccountStatus.ACTIVE
    if step is not Step.CONFIRM and password_hash is not None:
        set_password(session, account, password_hash, now=now, by=by)
    return account


def _grant(session: Session, offer: Offer, account: Account, now: datetime, by: Actor) -> None:
    invitation = offer.invitation
    if invitation.platform_role is not PlatformRole.MEMBER:
        account.platform_role = invitation.platform_role
        record_account(session, by, AuditAction.ROLE_CHANGED, account, now)
    if offer.organisation is not None:
        try:
            grant_mandate(session, offer.organisation, account, now=now, by=by)
        except Invalid:
            pass  # they hold one already, which is what was wanted
    if offer.group is not None and invitation.role is not None:
        role = GroupRole(invitation.role)
        add_membership(
            session,
            offer.group,
            account,
            role,
            now=now,
            seat=offer.seat,
            is_alternate=invitation.is_alternate,
            by=by,
        )


def find_first_administrators(session: Session, *, now: datetime) -> Invitation | None:
    """Give the operator's open invitation of an administrator."""
    return session.scalars(
        sa.select(Invitation).where(
            Invitation.invited_by_id.is_(None),
            Invitation.platform_role == PlatformRole.ADMINISTRATOR,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
            Invitation.expires_at > now,
        )
    ).first()


def list_open_invitations(
    session: Session, actor: Actor, *, now: datetime, group: Group | None = None
) -> Sequence[Invitation]:
    """Give the invitations that can still be used: a group's, or all for those who manage people."""
    if group is not None:
        require(actor, Action.INVITE, group)
    else:
        require(actor, Action.MANAGE_PEOPLE)
    statement = sa.select(Invitation).where(
        Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None), Invitation.expires_at > now
    )
    # People managers see no closed group's invitations: platform roles give no clearance.
    statement = statement.where(Invitation.group_id == (group.id if group is not None else None))
    return session.scalars(statement.order_by(Invitation.created_at.desc(), Invitation.id.desc())).all()


def revoke_invitation(session: Session, actor: Actor, public_id: str, *, now: datetime) -> Invitation:
    """Withdraw an invitation that was not used; for those who could have made it."""
    invitation = session.scalars(
        sa.select(Invitation).where(
            Invitation.public_id == public_id,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
    ).first()
    if invitation is None:
        raise NotFound
    if invitation.group_id is not None:
        group = session.get_one(Group, invitation.group_id)
        if not can(actor, Action.INVITE, group):
            raise NotFound
    else:
        require(actor, Action.MANAGE_PEOPLE)
    invitation.revoked_at = now
    _put_on_record(session, actor, AuditAction.INVITATION_REVOKED, invitation, now)
    return invitation
