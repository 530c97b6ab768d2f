"""Invitations: once, in time, for one address and purpose, while their author may give what they carry."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, AccountStatus, Invitation, InvitationPurpose, PlatformRole
from forum.domain.groups import Group, GroupRole, Membership
from forum.domain.outbox import OutboxEntry, Topic
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import ANONYMOUS
from forum.services.access_tokens import Scope, create_token, find_token
from forum.services.invitations import (
    Step,
    accept_invitation,
    get_offer,
    invitation_token,
    invite,
    list_open_invitations,
    revoke_invitation,
)
from forum.services.login_sessions import find_session, start_session
from forum.services.memberships import remove_person
from tests.builders import Builder
from tests.conftest import StoppedClock

SECRET = b"testing"
EMAIL = "new@members.example"
HASH = "$argon2id$stored"


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group()


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.CHAIR)


@pytest.fixture
def to_group(
    session: Session, build: Builder, clock: StoppedClock, group: Group, chair: Account
) -> Invitation:
    """A chair invites somebody new to be a member."""
    invitation = invite(
        session,
        build.actor(chair),
        email=EMAIL,
        purpose=InvitationPurpose.GROUP,
        group=group,
        role=GroupRole.MEMBER,
        secret=SECRET,
        now=clock(),
        days=14,
    )
    session.commit()
    return invitation


@pytest.fixture
def accept(session: Session, build: Builder, clock: StoppedClock) -> Callable[..., Account]:
    """Accept as somebody (a visitor unless told otherwise)."""

    def run(invitation: Invitation, by: Account | None = None, **fields: str) -> Account:
        token = invitation_token(SECRET, invitation)
        typed = {"name": "Nova New", "password_hash": HASH} | fields
        actor = build.actor(by) if by else ANONYMOUS
        account = accept_invitation(session, actor, token, secret=SECRET, now=clock(), **typed)
        session.commit()
        return account

    return run


def roles(session: Session, account: Account) -> list[GroupRole]:
    return list(
        session.scalars(
            sa.select(Membership.role).where(
                Membership.account_id == account.id, Membership.ended_at.is_(None)
            )
        )
    )


def test_accepting_gives_everything_it_carries(
    session: Session, build: Builder, clock: StoppedClock, group: Group, accept: Callable[..., Account]
) -> None:
    """Account, platform role, mandate, role and seat come in one go."""
    body = build.organisation()
    seat = build.seat(group, body)
    invitation = invite(
        session,
        None,
        email=EMAIL,
        purpose=InvitationPurpose.GROUP,
        platform_role=PlatformRole.SECRETARIAT,
        organisation=body,
        group=group,
        role=GroupRole.MEMBER,
        seat=seat,
        is_alternate=True,
        secret=SECRET,
        now=clock(),
        days=14,
    )
    account = accept(invitation)
    actor = build.actor(account)
    assert (account.email, account.name, account.handle) == (EMAIL, "Nova New", "nova-new")
    assert actor.platform_role is PlatformRole.SECRETARIAT
    assert actor.organisation_ids == {body.id}
    assert actor.roles_in(group.id) == {GroupRole.MEMBER}
    row = session.scalars(sa.select(Membership).where(Membership.account_id == account.id)).one()
    assert (row.seat_id, row.is_alternate) == (seat.id, True)


def test_the_outbox_holds_no_secret(session: Session, to_group: Invitation) -> None:
    """The entry for the mail names the invitation; the token is worked out from it."""
    entry = session.scalars(sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.MAIL)).one()
    assert entry.payload == {"mail": "invitation", "invitation_id": to_group.id}
    token = invitation_token(SECRET, to_group)
    assert token not in (to_group.token_hash, to_group.public_id)
    assert len(token) >= 43


def test_it_works_once(to_group: Invitation, accept: Callable[..., Account]) -> None:
    """The second use is refused."""
    accept(to_group)
    with pytest.raises(Conflict):
        accept(to_group)


def test_it_works_until_it_expires(
    to_group: Invitation, clock: StoppedClock, accept: Callable[..., Account]
) -> None:
    """After its days it is over."""
    clock.advance(days=14)
    with pytest.raises(Conflict):
        accept(to_group)


def test_withdrawn_it_does_not_work(
    session: Session,
    build: Builder,
    clock: StoppedClock,
    chair: Account,
    to_group: Invitation,
    accept: Callable[..., Account],
) -> None:
    """Who invited may think better of it; a stranger may not."""
    with pytest.raises(NotFound):
        revoke_invitation(session, build.actor(build.account()), to_group.public_id, now=clock())
    revoke_invitation(session, build.actor(chair), to_group.public_id, now=clock())
    with pytest.raises(Conflict):
        accept(to_group)


@pytest.mark.parametrize("how", ["removed", "disabled", "suspended"])
def test_it_falls_with_the_right_of_its_author(
    session: Session,
    clock: StoppedClock,
    group: Group,
    chair: Account,
    to_group: Invitation,
    accept: Callable[..., Account],
    how: str,
) -> None:
    """A chair who is chair no more has invited nobody."""
    if how == "removed":
        remove_person(session, group, chair, now=clock())
    elif how == "disabled":
        chair.status = AccountStatus.DISABLED
    else:
        chair.suspended_until = clock.time.replace(year=2030)
    session.commit()
    with pytest.raises(Conflict):
        accept(to_group)


def test_another_address_cannot_use_it(
    build: Builder, to_group: Invitation, accept: Callable[..., Account]
) -> None:
    """Somebody else who is signed in gets nothing from it, and it stays good."""
    other = build.account()
    with pytest.raises(NotAllowed):
        accept(to_group, by=other)
    assert build.actor(other).group_roles == {}
    assert accept(to_group).email == EMAIL


def test_an_account_that_is_there_takes_it_signed_in(
    session: Session, build: Builder, to_group: Invitation, accept: Callable[..., Account]
) -> None:
    """The link alone signs nobody in and changes no password: the owner signs in first."""
    owner = build.account("Owner", email=EMAIL, password_hash="kept")
    with pytest.raises(NotAllowed):
        accept(to_group)
    assert accept(to_group, by=owner).id == owner.id
    assert (owner.name, owner.password_hash) == ("Owner", "kept")
    assert roles(session, owner) == [GroupRole.MEMBER]


def test_a_placeholder_becomes_a_person(
    session: Session, build: Builder, clock: StoppedClock, accept: Callable[..., Account]
) -> None:
    """An imported author who is invited keeps what they wrote."""
    ghost = build.account("Old Name", email=None, status=AccountStatus.PLACEHOLDER)
    invitation = invite(session, None, email=EMAIL, account=ghost, secret=SECRET, now=clock(), days=1)
    account = accept(invitation)
    assert (account.id, account.email, account.status) == (ghost.id, EMAIL, AccountStatus.ACTIVE)


def test_a_new_password_ends_every_session(
    session: Session, build: Builder, clock: StoppedClock, accept: Callable[..., Account]
) -> None:
    """Whoever knew the old one is out."""
    owner = build.account(email=EMAIL, password_hash="old")
    cookie = start_session(session, owner, now=clock(), hours=12)
    invitation = invite(
        session,
        None,
        email=EMAIL,
        account=owner,
        purpose=InvitationPurpose.PASSWORD,
        secret=SECRET,
        now=clock(),
        days=1,
    )
    assert accept(invitation).password_hash == HASH
    assert find_session(session, cookie, now=clock(), idle_minutes=30) is None


def test_a_token_is_good_for_its_purpose_alone(
    session: Session, build: Builder, clock: StoppedClock, to_group: Invitation
) -> None:
    """An access token or a session opens no invitation, an invitation no API, and none another purpose."""
    account = build.account()
    _row, access = create_token(session, account, name="test", scopes=[Scope.READ], now=clock())
    cookie = start_session(session, account, now=clock(), hours=12)
    for foreign in (access, cookie, to_group.public_id, to_group.token_hash, "", "a" * 5000):
        with pytest.raises(NotFound):
            get_offer(session, foreign, secret=SECRET, now=clock())
    token = invitation_token(SECRET, to_group)
    assert find_token(session, token, now=clock()) is None
    assert find_session(session, token, now=clock(), idle_minutes=30) is None
    to_group.purpose = InvitationPurpose.PASSWORD
    session.flush()
    with pytest.raises(NotFound):
        get_offer(session, token, secret=SECRET, now=clock())


def test_looking_consumes_nothing(session: Session, clock: StoppedClock, to_group: Invitation) -> None:
    """However often the page is opened."""
    for _ in range(3):
        offer = get_offer(session, invitation_token(SECRET, to_group), secret=SECRET, now=clock())
        assert offer.step_for(ANONYMOUS) is Step.JOIN
    assert to_group.accepted_at is None


def test_nobody_gives_more_than_they_may(
    session: Session, build: Builder, clock: StoppedClock, group: Group, chair: Account
) -> None:
    """Chairs give no mandate or platform role, a secretariat no platform role, nobody a foreign seat."""
    base = {"email": EMAIL, "secret": SECRET, "now": clock(), "days": 1}
    secretary = build.account(platform_role=PlatformRole.SECRETARIAT)
    other = build.group()
    foreign_seat = build.seat(other)
    to_group = {"group": group, "role": GroupRole.MEMBER}
    for inviter, carried, error in (
        (chair, to_group | {"organisation": build.organisation()}, NotAllowed),
        (chair, to_group | {"platform_role": PlatformRole.ADMINISTRATOR}, NotAllowed),
        (chair, {}, NotAllowed),
        (chair, {"group": other, "role": GroupRole.CHAIR}, NotFound),
        (chair, to_group | {"seat": foreign_seat}, Invalid),
        (secretary, {"platform_role": PlatformRole.SECRETARIAT}, NotAllowed),
        (secretary, to_group, NotFound),
    ):
        with pytest.raises(error):
            invite(session, build.actor(inviter), **base, **carried)  # type: ignore[arg-type]
    assert session.scalar(sa.select(sa.func.count(Invitation.id))) == 0


def test_a_closed_groups_invitations_are_its_own(
    session: Session, build: Builder, clock: StoppedClock, group: Group, chair: Account, to_group: Invitation
) -> None:
    """People managers see no group's invitations; the chair does."""
    administrator = build.actor(build.account(platform_role=PlatformRole.ADMINISTRATOR))
    assert list_open_invitations(session, administrator, now=clock()) == []
    assert list(list_open_invitations(session, build.actor(chair), now=clock(), group=group)) == [to_group]
