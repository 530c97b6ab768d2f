"""Administration of organisations through the pages."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.organisations import FormerName, Mandate, MemberBody, Organisation
from forum.extensions import passwords
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import errors_in, look_again, submit

PASSWORD = "gravel tulip orbit canteen"

ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def client(client_of: ClientOf, build: Builder) -> FlaskClient:
    """A person who manages people and bodies."""
    return client_of(
        build.account(
            platform_role=PlatformRole.SECRETARIAT,
            email="sec@a.example",
            password_hash=passwords().hash(PASSWORD),
        )
    )


@pytest.fixture
def body(build: Builder) -> Organisation:
    return build.organisation("Sample Body", slug="sample-body", match_key="sample body")


NEW = {"name": "New Body", "type": "ngo", "country": "BE", "size": "small"}


def test_a_body_is_recorded(client: FlaskClient, session: Session) -> None:
    """And leads to its page."""
    answer = submit(client, "/administration/organisations/new", NEW | {"register_id": "0001-01"})
    assert (answer.status_code, answer.location) == (303, "/administration/organisations/new-body/")
    look_again(session)
    made = session.scalars(sa.select(Organisation)).one()
    assert (made.name, made.country, made.size, made.register_id) == ("New Body", "BE", "small", "0001-01")


def test_a_body_of_the_same_name_is_asked_about(
    client: FlaskClient, session: Session, body: Organisation
) -> None:
    """It may be the same one: only a tick records a second."""
    same = NEW | {"name": "SAMPLE body Ltd"}
    answer = submit(client, "/administration/organisations/new", same)
    assert answer.status_code == 422
    assert "/administration/organisations/sample-body/" in answer.text
    answer = submit(client, "/administration/organisations/new", same | {"is_another": "y"})
    assert answer.status_code == 303
    assert "Probably recorded twice" in client.get("/administration/organisations/").text
    assert "Recorded under the same name" in client.get("/administration/organisations/sample-body/").text


@pytest.mark.parametrize("changed", [{"name": ""}, {"type": "club"}, {"country": "XX"}, {"size": "huge"}])
def test_bad_fields_are_said(client: FlaskClient, session: Session, changed: dict[str, str]) -> None:
    """422 and nothing recorded."""
    answer = submit(client, "/administration/organisations/new", NEW | changed)
    assert answer.status_code == 422
    assert errors_in(answer)
    look_again(session)
    assert session.scalar(sa.select(sa.func.count(Organisation.id))) == 0


def test_what_is_recorded_is_changed(client: FlaskClient, session: Session, body: Organisation) -> None:
    """The old name becomes a former one; address and id stay."""
    path = "/administration/organisations/sample-body/"
    data = {"edit-name": "Renamed Body", "edit-type": "ngo", "edit-country": "", "edit-size": ""}
    assert submit(client, path, data | {"edit-slug": "x", "edit-merged_into_id": "1"}).status_code == 303
    look_again(session)
    assert (body.name, body.slug, body.type, body.merged_into_id) == (
        "Renamed Body",
        "sample-body",
        "ngo",
        None,
    )
    assert session.scalars(sa.select(FormerName.name)).all() == ["Sample Body"]
    assert submit(client, path, data | {"edit-name": ""}).status_code == 422


def test_mandates_are_added_and_ended(
    client: FlaskClient, session: Session, build: Builder, body: Organisation, clock: StoppedClock
) -> None:
    """Dated, several a person; ending acts at once."""
    ada = build.account(email="ada@a.example")
    path = "/administration/organisations/sample-body/mandates"
    data = {"mandate-email": "Ada@a.example", "mandate-starts_on": "2026-03-01", "mandate-may_publish": "y"}
    assert submit(client, path, data | {"mandate-email": "nobody@a.example"}).status_code == 422
    assert submit(client, path, data | {"mandate-starts_on": "tomorrow"}).status_code == 422
    assert submit(client, path, data | {"mandate-ends_on": "2026-02-01"}).status_code == 422
    assert submit(client, path, data).status_code == 303
    look_again(session)
    assert build.actor(ada).organisation_ids == {body.id}
    assert submit(client, f"{path}/{ada.public_id}/end").status_code == 303
    look_again(session)
    assert build.actor(ada).organisation_ids == frozenset()
    assert submit(client, f"{path}/{ada.public_id}/end").status_code == 404
    assert session.scalars(sa.select(Mandate)).one().ends_on == clock().date().replace(day=1)


def test_member_bodies(client: FlaskClient, session: Session, build: Builder, body: Organisation) -> None:
    """By name, not in a circle, and out again."""
    build.organisation("Member Body", slug="member-body", match_key="member body")
    path = "/administration/organisations/sample-body/members"
    assert submit(client, path, {"member-member": "member body"}).status_code == 303
    assert submit(client, path, {"member-member": "sample-body"}).status_code == 422
    assert "Member Body" in client.get("/organisations/sample-body/").text
    assert submit(client, f"{path}/member-body/remove").status_code == 303
    look_again(session)
    assert session.scalars(sa.select(MemberBody)).all() == []


def test_merging(
    client: FlaskClient, client_of: ClientOf, session: Session, build: Builder, body: Organisation
) -> None:
    """The other record is part of this one then, and its address leads here."""
    build.organisation("SAMPLE BODY", slug="other", match_key="sample body")
    path = "/administration/organisations/sample-body/merge"
    data = {"merge-other": "other"}
    assert submit(client, path, data | {"merge-other": "unheard of"}).status_code == 422
    assert submit(client, path, data | {"merge-other": "sample-body"}).status_code == 422
    assert submit(client_of(build.account()), path, data).status_code == 403
    assert submit(client, path, data).status_code == 303
    answer = client_of(None).get("/organisations/other/")
    assert (answer.status_code, answer.location) == (301, "/organisations/sample-body/")
