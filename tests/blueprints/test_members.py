"""The members of a group through the pages."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessRequest, Account, Invitation, PlatformRole
from forum.domain.groups import Group, GroupRole, Membership, MembersVisible, Seat
from forum.extensions import db
from tests.builders import Builder
from tests.journeys.walking import telling
from tests.support import count_statements, errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(slug="sample", members_visible=MembersVisible.NAMES)


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return build.member(group, build.account("Cora Chair"), GroupRole.CHAIR)


@pytest.fixture
def ada(build: Builder, group: Group) -> Account:
    """A member on the seat of a body."""
    seat = build.seat(group, build.organisation("Sample Body"))
    return build.member(group, build.account("Ada Sample", handle="ada"), seat=seat)


def roles(session: Session, account: Account) -> set[GroupRole]:
    look_again(session)
    rows = session.scalars(
        sa.select(Membership.role).where(Membership.account_id == account.id, Membership.ended_at.is_(None))
    )
    return set(rows)


@pytest.mark.parametrize(
    ("level", "signed_in", "name", "body"),
    [
        (MembersVisible.NAMES, True, True, True),
        (MembersVisible.NAMES, False, False, True),
        (MembersVisible.BODIES, True, False, True),
        (MembersVisible.NUMBERS, True, False, False),
        (MembersVisible.NUMBERS, False, False, False),
    ],
)
def test_people_outside_see_what_the_charter_says(
    client_of: ClientOf,
    session: Session,
    build: Builder,
    group: Group,
    chair: Account,
    ada: Account,
    level: MembersVisible,
    signed_in: bool,
    name: bool,
    body: bool,
) -> None:
    """Names, bodies or numbers; a visitor sees a name only where its bearer chose that. Members see all."""
    group.members_visible = level
    session.commit()
    page = client_of(build.account() if signed_in else None).get("/groups/sample/members/").text
    assert ("Ada Sample" in page) is name
    assert (ada.public_id in page) is name
    assert ("Sample Body" in page) is body
    assert "2 people" in page
    assert "Ada Sample" in client_of(chair).get("/groups/sample/members/").text


def test_a_public_name_is_shown_to_visitors(
    client: FlaskClient, session: Session, group: Group, ada: Account
) -> None:
    """By the person's own choice."""
    ada.name_is_public = True
    session.commit()
    assert "Ada Sample" in client.get("/groups/sample/members/").text


def test_an_unlisted_group_has_no_members_page(
    client_of: ClientOf, session: Session, build: Builder, group: Group, ada: Account
) -> None:
    """For people outside it is not there, in every address."""
    group.is_listed = False
    session.commit()
    outsider = client_of(build.account(platform_role=PlatformRole.ADMINISTRATOR))
    absent = outsider.get("/groups/absent/members/")
    for path in ("members/", "request-seat", "settings/"):
        answer = outsider.get(f"/groups/sample/{path}")
        assert answer.status_code == 404
        assert telling(answer) == telling(absent)
    for path in ("add", "invite", "seats", "end", "seats/aaaaaaaaaaaaa/end", "requests/aaaaaaaaaaaaa"):
        assert submit(outsider, f"/groups/sample/members/{path}").status_code == 404
    assert client_of(ada).get("/groups/sample/members/").status_code == 200


def test_only_who_manages_changes_anything(
    client_of: ClientOf, session: Session, build: Builder, group: Group, chair: Account, ada: Account
) -> None:
    """Neither members nor moderators, nor a chair of another group, nor administrators."""
    other = build.group(slug="other")
    stranger = build.member(other, role=GroupRole.CHAIR)
    seat = session.scalars(sa.select(Seat)).one()
    people = (
        ada,
        build.member(group, role=GroupRole.MODERATOR),
        stranger,
        build.account(platform_role=PlatformRole.ADMINISTRATOR),
    )
    posts: tuple[tuple[str, dict[str, str]], ...] = (
        ("add", {"add-handle": "ada", "add-role": "chair"}),
        ("invite", {"invite-email": "x@y.example", "invite-role": "chair"}),
        ("seats", {"seat-kind": "personal"}),
        (f"seats/{seat.public_id}/end", {}),
        ("end", {"person": ada.public_id, "role": "member"}),
    )
    for account in people:
        client = client_of(account)
        page = client.get("/groups/sample/members/").text
        assert "/members/end" not in page
        for path, data in posts:
            assert submit(client, f"/groups/sample/members/{path}", data).status_code in {403, 404}
    # The same through a group that the stranger does manage: ids of the first group are not its.
    client = client_of(stranger)
    for path, data in posts[3:]:
        assert submit(client, f"/groups/other/members/{path}", data).status_code == 404
    swapped = {"add-handle": "ada", "add-role": "member", "add-seat": seat.public_id}
    assert submit(client, "/groups/other/members/add", swapped).status_code == 422
    assert roles(session, ada) == {GroupRole.MEMBER}
    assert session.scalar(sa.select(sa.func.count(Invitation.id))) == 0


def test_a_chair_gives_and_ends_roles(
    client_of: ClientOf, session: Session, build: Builder, group: Group, chair: Account, ada: Account
) -> None:
    """By how the person is mentioned; ending acts with the person's next click."""
    client, theirs = client_of(chair), client_of(ada)
    added = {"add-handle": "@ada", "add-role": "rapporteur", "add-seat": ""}
    assert submit(client, "/groups/sample/members/add", added).status_code == 303
    assert roles(session, ada) == {GroupRole.MEMBER, GroupRole.RAPPORTEUR}
    assert submit(client, "/groups/sample/members/add", added).status_code == 422
    thread = build.thread(group)
    assert build.actor(ada).clearances >= {thread.audience}
    for role in ("member", "rapporteur"):
        data = {"person": ada.public_id, "role": role}
        assert submit(client, "/groups/sample/members/end", data).status_code == 303
    assert roles(session, ada) == set()
    assert thread.audience not in build.actor(ada).clearances
    assert "Terms and rules" not in theirs.get("/groups/sample/members/").text
    assert theirs.get("/accounts/settings").status_code == 200, "the session itself goes on"


def test_the_last_chair_stays(client_of: ClientOf, session: Session, group: Group, chair: Account) -> None:
    """A sentence, and nothing changed."""
    answer = submit(
        client_of(chair), "/groups/sample/members/end", {"person": chair.public_id, "role": "chair"}
    )
    assert answer.status_code == 422
    assert "last person who may manage" in answer.text
    assert roles(session, chair) == {GroupRole.CHAIR}


def test_a_chair_invites_by_mail(
    client_of: ClientOf, session: Session, build: Builder, group: Group, chair: Account
) -> None:
    """The page lists what is open and takes it back; no link is shown to whoever invites."""
    client = client_of(chair)
    seat = build.seat(group, build.organisation())
    data = {
        "invite-email": "Nova@members.example",
        "invite-role": "member",
        "invite-seat": seat.public_id,
        "invite-is_alternate": "y",
        "invite-platform_role": "administrator",
    }
    assert submit(client, "/groups/sample/members/invite", data).status_code == 303
    look_again(session)
    invitation = session.scalars(sa.select(Invitation)).one()
    assert (invitation.email, invitation.role, invitation.seat_id) == (
        "nova@members.example",
        "member",
        seat.id,
    )
    assert (invitation.is_alternate, invitation.platform_role) == (True, PlatformRole.MEMBER)
    page = client.get("/groups/sample/members/").text
    assert "nova@members.example" in page
    assert "/accounts/invitations/" not in page
    other = build.group(slug="other")
    stranger = client_of(build.member(other, role=GroupRole.CHAIR))
    path = f"members/invitations/{invitation.public_id}/withdraw"
    assert submit(stranger, f"/groups/other/{path}").status_code == 404
    assert submit(client, f"/groups/sample/{path}").status_code == 303
    look_again(session)
    assert invitation.revoked_at is not None


def test_seats_are_added_and_ended(
    client_of: ClientOf, session: Session, build: Builder, group: Group, chair: Account, ada: Account
) -> None:
    """Of bodies by name; ending one ends the roles on it."""
    client = client_of(chair)
    build.organisation("Second Body", match_key="second body")
    for data, status in (
        ({"seat-kind": "organisation", "seat-organisation": "second body"}, 303),
        ({"seat-kind": "organisation", "seat-organisation": "unheard of"}, 422),
        ({"seat-kind": "member_state", "seat-country": "BE"}, 303),
        ({"seat-kind": "member_state"}, 422),
        ({"seat-kind": "throne"}, 422),
    ):
        answer = submit(client, "/groups/sample/members/seats", {"seat-country": ""} | data)
        assert answer.status_code == status
        assert bool(errors_in(answer)) is (status == 422)
    page = client.get("/groups/sample/members/").text
    assert "Second Body" in page
    assert "Belgium" in page
    look_again(session)
    first = session.scalars(sa.select(Seat).order_by(Seat.id)).first()
    assert first is not None
    assert submit(client, f"/groups/sample/members/seats/{first.public_id}/end").status_code == 303
    assert roles(session, ada) == set()


def test_a_seat_is_asked_for_and_decided(
    client_of: ClientOf, session: Session, build: Builder, group: Group, chair: Account
) -> None:
    """The person reads why not; asks again, and is in."""
    eve = build.account("Eve Asking")
    theirs, client = client_of(eve), client_of(chair)
    ask = {"organisation": "Body of Eve", "message": "I know about prevention."}
    assert submit(theirs, "/groups/sample/request-seat", ask | {"message": ""}).status_code == 422
    assert submit(theirs, "/groups/sample/request-seat", ask).status_code == 303
    assert submit(theirs, "/groups/sample/request-seat", ask).status_code == 422
    assert "has not decided yet" in theirs.get("/groups/sample/members/").text
    assert "Body of Eve" in client.get("/groups/sample/members/").text
    for answer, reason, status in (("refuse", "", 422), ("refuse", "The seats are full.", 303)):
        look_again(session)
        key = session.scalars(sa.select(AccessRequest.public_id)).one()
        data = {f"{key}-answer": answer, f"{key}-reason": reason, f"{key}-role": "member", f"{key}-seat": ""}
        sent = submit(client, f"/groups/sample/members/requests/{key}", data)
        assert sent.status_code == status
    assert "The seats are full." in theirs.get("/groups/sample/members/").text
    assert submit(theirs, "/groups/sample/request-seat", ask).status_code == 303
    look_again(session)
    key = session.scalars(sa.select(AccessRequest.public_id).where(AccessRequest.decided_at.is_(None))).one()
    data = {f"{key}-answer": "grant", f"{key}-role": "observer", f"{key}-seat": ""}
    assert submit(client, f"/groups/sample/members/requests/{key}", data).status_code == 303
    assert roles(session, eve) == {GroupRole.OBSERVER}


def test_many_members_ask_no_more_of_the_database(
    client_of: ClientOf, build: Builder, group: Group, chair: Account
) -> None:
    """No statement a row, with and without the buttons."""
    for viewer in (chair, build.member(group)):
        client = client_of(viewer)
        counts = []
        for _ in range(2):
            for _ in range(4):
                build.member(group, seat=build.seat(group, build.organisation()))
            with count_statements(db.engine) as statements:
                client.get("/groups/sample/members/")
            counts.append(len(statements))
        assert counts[0] == counts[1]
