"""Coming in through the pages."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessRequest, Account, Invitation, InvitationPurpose
from forum.domain.groups import Group, GroupRole
from forum.extensions import db, passwords
from forum.services.invitations import invitation_token, invite
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import count_statements, errors_in, look_again, submit

PASSWORD = "gravel tulip orbit canteen"
EMAIL = "new@members.example"

ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(title="Sample group")


@pytest.fixture
def invitation(session: Session, build: Builder, clock: StoppedClock, group: Group) -> Invitation:
    chair = build.member(group, build.account("Cora Chair"), GroupRole.CHAIR)
    invitation = invite(
        session,
        build.actor(chair),
        email=EMAIL,
        purpose=InvitationPurpose.GROUP,
        group=group,
        role=GroupRole.MEMBER,
        secret=b"testing",
        now=clock(),
        days=14,
    )
    session.commit()
    return invitation


def path_of(invitation: Invitation) -> str:
    return f"/accounts/invitations/{invitation_token(b'testing', invitation)}"


JOIN = {"name": "Nova New", "password": PASSWORD, "repeated": PASSWORD}


def test_the_page_says_who_invites_to_what(
    client: FlaskClient, session: Session, invitation: Invitation
) -> None:
    """Opening it, also by HEAD as mail scanners do, uses nothing up and writes nothing."""
    path = path_of(invitation)
    with count_statements(db.engine) as statements:
        page = client.get(path)
        assert client.head(path).status_code == page.status_code == 200
    for words in ("Cora Chair", "Sample group", "Member", EMAIL):
        assert words in page.text
    assert not [line for line in statements if not line.lstrip().upper().startswith("SELECT")]
    look_again(session)
    assert invitation.accepted_at is None


def test_accepting_signs_in(
    client: FlaskClient, session: Session, build: Builder, invitation: Invitation
) -> None:
    """Name and password set: the person is in the group, signed in, and can sign in again."""
    answer = submit(client, path_of(invitation), JOIN)
    assert (answer.status_code, answer.location) == (
        303,
        f"/groups/{build.session.get_one(Group, invitation.group_id).slug}/",
    )
    assert "Nova New" in client.get("/accounts/second-factor/").text
    look_again(session)
    account = session.scalars(sa.select(Account).where(Account.email == EMAIL)).one()
    assert passwords().verify(account.password_hash, PASSWORD)
    assert build.actor(account).roles_in(invitation.group_id or 0) == {GroupRole.MEMBER}
    assert client.application.test_client().get(path_of(invitation)).status_code == 410


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "Write your name."),
        ({"password": "short", "repeated": "short"}, "at least 15"),
        ({"password": "password password", "repeated": "password password"}, "easy to guess"),
        ({"password": "new.members.example", "repeated": "new.members.example"}, "easy to guess"),
        ({"repeated": "gravel tulip orbit kitchen"}, "not the same"),
    ],
)
def test_what_will_not_do_is_said_at_its_field(
    client: FlaskClient, session: Session, invitation: Invitation, typed: dict[str, str], words: str
) -> None:
    """The invitation stays good, and the name stays typed."""
    answer = submit(client, path_of(invitation), JOIN | typed)
    assert answer.status_code == 422
    assert words in errors_in(answer)
    assert "name" in typed or "Nova New" in answer.text
    look_again(session)
    assert invitation.accepted_at is None


def test_somebody_else_cannot_take_it(
    client_of: ClientOf, session: Session, build: Builder, invitation: Invitation
) -> None:
    """Signed in with another address: the page says so, and a post is refused."""
    other = build.account("Oscar Other")
    client = client_of(other)
    assert "Oscar Other" in client.get(path_of(invitation)).text
    assert submit(client, path_of(invitation), JOIN).status_code == 403
    look_again(session)
    assert invitation.accepted_at is None
    assert build.actor(other).group_roles == {}


def test_an_account_that_is_there_signs_in_first(
    client_of: ClientOf, build: Builder, invitation: Invitation
) -> None:
    """The link leads to signing in and back; then one press does."""
    owner = build.account("Olga Owner", email=EMAIL, password_hash=passwords().hash(PASSWORD))
    visitor = client_of(None)
    assert "/accounts/sign-in?next=/accounts/invitations/" in visitor.get(path_of(invitation)).text
    assert submit(visitor, path_of(invitation), JOIN).status_code == 403
    client = client_of(owner)
    with client.session_transaction() as cookie:
        before = cookie["_user_id"]
    assert submit(client, path_of(invitation)).status_code == 303
    assert build.actor(owner).roles_in(invitation.group_id or 0) == {GroupRole.MEMBER}
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != before, "the session id changes with the rights"


def test_mass_assignment_changes_nothing(
    client: FlaskClient, session: Session, invitation: Invitation
) -> None:
    """Fields that the form has not are not taken."""
    extra = {"platform_role": "administrator", "role": "chair", "email": "evil@a.example", "group_id": "1"}
    submit(client, path_of(invitation), JOIN | extra)
    look_again(session)
    account = session.scalars(sa.select(Account).where(Account.name == "Nova New")).one()
    assert (account.email, account.platform_role) == (EMAIL, "member")


@pytest.mark.parametrize("token", ["x", "0" * 43, "%00", "a" * 4000])
def test_a_made_up_token_is_not_there(client: FlaskClient, token: str) -> None:
    """404, like any address that is none."""
    assert client.get(f"/accounts/invitations/{token}").status_code == 404


def ask(client: FlaskClient, **fields: str):  # type: ignore[no-untyped-def]
    typed = {"email": EMAIL, "name": "Nova", "organisation": "Body", "message": "Please."} | fields
    return submit(client, "/accounts/request", typed)


def test_asking_for_an_account_tells_nothing(client_of: ClientOf, session: Session, build: Builder) -> None:
    """The answer is the same for an address with an account, in words and statements."""
    build.account(email="known@members.example")
    seen = []
    for email in ("known@members.example", EMAIL):
        client = client_of(None)
        client.get("/accounts/request")
        with count_statements(db.engine) as statements:
            answer = ask(client, email=email)
        page = client.get(answer.location).text
        seen.append((answer.status_code, answer.location, len(statements), "Your request is in" in page))
    assert seen[0] == seen[1]
    assert seen[0][3]
    look_again(session)
    assert session.scalar(sa.select(sa.func.count(AccessRequest.id))) == 2


def test_a_second_press_asks_once(client: FlaskClient, session: Session) -> None:
    """The one-use key of the form."""
    for _ in range(2):
        assert ask(client, submission="k" * 32).status_code == 303
    look_again(session)
    assert session.scalar(sa.select(sa.func.count(AccessRequest.id))) == 1


@pytest.mark.parametrize(
    "fields",
    [{"email": "no address"}, {"name": ""}, {"message": ""}, {"email": "a@b.example\r\nBcc: x@y.example"}],
)
def test_a_bad_request_is_said_and_kept(
    client: FlaskClient, session: Session, fields: dict[str, str]
) -> None:
    """422, with what was typed still there."""
    answer = ask(client, **fields)
    assert answer.status_code == 422
    assert errors_in(answer)
    assert 'value="Body"' in answer.text
    look_again(session)
    assert session.scalar(sa.select(sa.func.count(AccessRequest.id))) == 0
