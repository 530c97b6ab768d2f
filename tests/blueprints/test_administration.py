"""Administration of accounts and requests through the pages."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import (
    AccessRequest,
    Account,
    AccountStatus,
    Invitation,
    InvitationPurpose,
    PlatformRole,
    RequestKind,
)
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.extensions import passwords
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import errors_in, look_again, submit

PASSWORD = "gravel tulip orbit canteen"

ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def boss(build: Builder) -> Account:
    return build.account(
        "Boss",
        platform_role=PlatformRole.ADMINISTRATOR,
        email="boss@a.example",
        password_hash=passwords().hash(PASSWORD),
    )


@pytest.fixture
def secretary(build: Builder) -> Account:
    return build.account(
        "Sec",
        platform_role=PlatformRole.SECRETARIAT,
        email="sec@a.example",
        password_hash=passwords().hash(PASSWORD),
    )


@pytest.fixture
def ada(build: Builder) -> Account:
    return build.account("Ada Sample", email="ada@members.example", password_hash="x")


PAGES = ("", "people/", "people/invite", "requests", "organisations/", "organisations/new")


def test_administration_is_for_people_managers(
    client_of: ClientOf, build: Builder, boss: Account, secretary: Account
) -> None:
    """A chair, a moderator and a visitor are not let in."""
    group = build.group(Ceiling.PUBLIC)
    for account, status in (
        (boss, 200),
        (secretary, 200),
        (build.member(group, role=GroupRole.CHAIR), 403),
        (build.member(group, role=GroupRole.MODERATOR), 403),
        (None, 302),
    ):
        client = client_of(account)
        for page in PAGES:
            assert client.get(f"/administration/{page}").status_code == status, page


def test_the_system_is_shown_to_administrators_alone(
    client_of: ClientOf, boss: Account, secretary: Account
) -> None:
    """Database, outbox and disk; the figures are for both."""
    assert "Outbox" in client_of(boss).get("/administration/").text
    page = client_of(secretary).get("/administration/").text
    assert "Outbox" not in page
    assert "people who can sign in" in page


def test_disabling_asks_who_it_is_and_acts_at_once(
    client_of: ClientOf, session: Session, secretary: Account, ada: Account, clock: StoppedClock
) -> None:
    """A while after the sign-in a proof is asked for; then every session of the person ends."""
    client = client_of(secretary)
    path = f"/administration/people/{ada.public_id}/disable"
    clock.advance(minutes=11)
    theirs = client_of(ada)
    answer = submit(client, path)
    assert answer.status_code == 403
    assert "Is it you?" in answer.text
    assert theirs.get("/accounts/settings").status_code == 200
    assert submit(client, "/accounts/prove", {"password": PASSWORD}).status_code == 303
    assert submit(client, path).status_code == 303
    assert theirs.get("/accounts/settings").status_code == 302
    look_again(session)
    assert ada.status is AccountStatus.DISABLED
    assert submit(client, f"/administration/people/{ada.public_id}/enable").status_code == 303
    look_again(session)
    assert ada.status is AccountStatus.ACTIVE
    assert theirs.get("/accounts/settings").status_code == 302


def test_roles_are_the_administrators_to_give(
    client_of: ClientOf, session: Session, boss: Account, secretary: Account, ada: Account
) -> None:
    """A secretariat gives none, and switches no administrator off."""
    path = f"/administration/people/{ada.public_id}/role"
    data = {"role-platform_role": "secretariat"}
    assert submit(client_of(secretary), path, data).status_code == 403
    client = client_of(boss)
    assert submit(client, path, data | {"role-platform_role": "emperor"}).status_code == 422
    look_again(session)
    assert ada.platform_role is PlatformRole.MEMBER
    assert submit(client, path, data).status_code == 303
    look_again(session)
    assert ada.platform_role is PlatformRole.SECRETARIAT
    off = f"/administration/people/{boss.public_id}/disable"
    assert submit(client_of(secretary), off).status_code == 403


def test_inviting_with_a_mandate_or_a_role(
    client_of: ClientOf, session: Session, build: Builder, boss: Account, secretary: Account
) -> None:
    """A secretariat gives mandates, an administrator roles too; a name that is none is said."""
    body = build.organisation("Sample Body", match_key="sample body")
    data = {"email": "nova@a.example", "organisation": "Sample Body", "platform_role": "member"}
    client = client_of(secretary)
    assert submit(client, "/administration/people/invite", data).status_code == 303
    for changed in ({"organisation": "Unheard Of"}, {"email": "nova"}, {"platform_role": "administrator"}):
        answer = submit(client, "/administration/people/invite", data | changed)
        assert answer.status_code == 422
        assert errors_in(answer)
    data["platform_role"] = "secretariat"
    assert submit(client_of(boss), "/administration/people/invite", data).status_code == 303
    look_again(session)
    made = session.scalars(sa.select(Invitation).order_by(Invitation.id)).all()
    assert [(row.organisation_id, row.platform_role) for row in made] == [
        (body.id, PlatformRole.MEMBER),
        (body.id, PlatformRole.SECRETARIAT),
    ]
    page = client.get("/administration/people/invite").text
    assert "nova@a.example" in page
    assert "/accounts/invitations/" not in page
    path = f"/administration/invitations/{made[0].public_id}/withdraw"
    assert submit(client, path).status_code == 303
    look_again(session)
    assert made[0].revoked_at is not None


def test_a_link_for_a_new_password_is_mailed_not_shown(
    client_of: ClientOf, session: Session, build: Builder, boss: Account, secretary: Account, ada: Account
) -> None:
    """And a secretariat cannot have one sent to an administrator, nor anybody to a disabled account."""
    client = client_of(secretary)
    answer = submit(client, f"/administration/people/{ada.public_id}/link")
    assert answer.status_code == 303
    assert "/accounts/invitations/" not in client.get(answer.location).text
    look_again(session)
    invitation = session.scalars(sa.select(Invitation)).one()
    assert (invitation.purpose, invitation.account_id) == (InvitationPurpose.PASSWORD, ada.id)
    assert submit(client, f"/administration/people/{boss.public_id}/link").status_code == 403
    off = build.account(status=AccountStatus.DISABLED)
    assert submit(client, f"/administration/people/{off.public_id}/link").status_code == 422


def test_requests_are_decided(
    client_of: ClientOf, session: Session, build: Builder, secretary: Account, clock: StoppedClock
) -> None:
    """Granted by an invitation, refused with a reason; a group's seats are not decided here."""
    rows = [
        AccessRequest(
            kind=kind,
            email=f"{name}@a.example",
            name=name,
            message="Please.",
            created_at=clock(),
            group_id=build.group().id if kind is RequestKind.SEAT else None,
        )
        for name, kind in (
            ("first", RequestKind.ACCOUNT),
            ("second", RequestKind.ACCOUNT),
            ("third", RequestKind.SEAT),
        )
    ]
    session.add_all(rows)
    session.commit()
    first, second, third = (row.public_id for row in rows)
    client = client_of(secretary)
    page = client.get("/administration/requests").text
    assert "first@a.example" in page
    assert "third@a.example" not in page
    path = "/administration/requests/"
    assert submit(client, path + first, {f"{first}-answer": "grant"}).status_code == 303
    assert submit(client, path + second, {f"{second}-answer": "refuse"}).status_code == 422
    refusal = {f"{second}-answer": "refuse", f"{second}-reason": "Not about this strategy."}
    assert submit(client, path + second, refusal).status_code == 303
    assert submit(client, path + third, {f"{third}-answer": "grant"}).status_code == 404
    look_again(session)
    assert [row.email for row in session.scalars(sa.select(Invitation))] == ["first@a.example"]
    assert [row.is_granted for row in rows] == [True, False, None]


def test_people_are_found_in_pages(client_of: ClientOf, build: Builder, secretary: Account) -> None:
    """By a part of name or address; markup in a name is text."""
    build.account("<b>Bold</b> Name", email="bold@a.example")
    client = client_of(secretary)
    page = client.get("/administration/people/?q=bold%40a").text
    assert "&lt;b&gt;Bold&lt;/b&gt; Name" in page
    assert "Nobody like this" in client.get("/administration/people/?q=unheard").text
    assert client.get("/administration/people/aaaaaaaaaaaaa/").status_code == 404
