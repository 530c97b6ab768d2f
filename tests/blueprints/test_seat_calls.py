"""Apply for a seat: the call, the application, the selection with its letter, the seat that comes of it."""

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessRequest, Account
from forum.domain.groups import Group, GroupRole, Membership, Seat, SeatKind
from forum.domain.labels import Ceiling
from forum.domain.seat_calls import SeatCall
from tests.blueprints.papers_pages import ClientOf
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import deliver, errors_in, look_again, submit

FIELDS = {
    "title": "Two seats for organisations",
    "body": "We look for **organisations** that run helplines.",
    "criteria": "Experience\nIndependence",
    "seat_kinds": ["organisation", "personal"],
    "needs_register_id": "y",
    "closes_at": "2026-03-20T18:00",
    "time_zone": "Europe/Brussels",
}
APPLICATION = {
    "kind": "organisation",
    "organisation": "Example Helpline",
    "country": "",
    "register_id": "021720248767-58",
    "motivation": "Ten years of experience.",
}


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.MEMBERS, is_listed=True)


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.CHAIR)


@pytest.fixture
def call(group: Group, chair: Account, client_of: ClientOf, session: Session) -> str:
    """The path of an open call."""
    client = client_of(chair)
    made = submit(client, f"/groups/{group.slug}/calls/new", FIELDS)
    assert made.status_code == 303, errors_in(made)
    look_again(session)
    path = f"/groups/{group.slug}/calls/{session.scalars(sa.select(SeatCall.public_id)).one()}/"
    session.rollback()
    assert client_of(None).get(path).status_code == 404
    assert submit(client, f"{path}step", {"step": "open"}).status_code == 303
    return path


def only(session: Session) -> AccessRequest:
    look_again(session)
    return session.scalars(sa.select(AccessRequest)).one()


def test_from_the_call_to_the_seat(
    app: Flask,
    build: Builder,
    group: Group,
    chair: Account,
    call: str,
    client_of: ClientOf,
    session: Session,
    clock: StoppedClock,
) -> None:
    """Read by whoever sees the group listed; applied, looked at, selected with reasons, told, seated."""
    body = build.organisation("Example Helpline")
    eve = build.account("Eve Example")
    build.mandate(eve, body)
    client, applicant = client_of(chair), client_of(eve)
    page = client_of(None).get(call).text
    for words in ("<strong>organisations</strong>", "Independence", "C: Organisation", "No seat yet"):
        assert words in page
    assert submit(applicant, f"{call}apply", APPLICATION).status_code == 303
    assert "has not been decided yet" in applicant.get(call).text
    assert "Eve Example" not in client_of(build.account()).get(call).text
    key = only(session).public_id
    address = f"{call}applications/{key}"
    empty = submit(client, address, {f"{key}-reason": "", "answer": "select"})
    assert "Write why" in errors_in(empty)
    look = submit(client, address, {f"{key}-reason": "The widest reach.", "answer": "preview"})
    assert look.status_code == 200
    assert "You have a seat. The reason: The widest reach." in " ".join(look.text.split())
    assert "You were not selected. The reason: The widest reach." in " ".join(look.text.split())
    assert only(session).decided_at is None
    assert (
        submit(client, address, {f"{key}-reason": "The widest reach.", "answer": "select"}).status_code == 303
    )
    look_again(session)
    seat = session.scalars(sa.select(Seat)).one()
    assert (seat.kind, seat.organisation_id) == (SeatKind.ORGANISATION, body.id)
    held = session.scalars(sa.select(Membership).where(Membership.seat_id == seat.id)).one()
    assert held.account_id == eve.id
    mails = [mail.as_string() for mail in deliver(app, clock)]
    assert any("You have a seat." in mail and "The widest reach." in mail for mail in mails)


def test_who_is_declined_reads_the_reasons(
    app: Flask,
    build: Builder,
    chair: Account,
    call: str,
    client_of: ClientOf,
    session: Session,
    clock: StoppedClock,
) -> None:
    """By mail and on the page; no seat comes of it."""
    eve = build.account()
    client, applicant = client_of(chair), client_of(eve)
    submit(applicant, f"{call}apply", APPLICATION)
    key = only(session).public_id
    address = f"{call}applications/{key}"
    assert (
        submit(client, address, {f"{key}-reason": "Others fit better.", "answer": "decline"}).status_code
        == 303
    )
    assert "You were not selected: Others fit better." in " ".join(applicant.get(call).text.split())
    look_again(session)
    assert session.scalars(sa.select(Seat)).all() == []
    assert any("You were not selected." in mail.as_string() for mail in deliver(app, clock))


def test_nobody_selects_their_own_organisation(
    build: Builder, group: Group, call: str, client_of: ClientOf, session: Session
) -> None:
    """A secretariat that speaks for the same body sees the application and cannot decide on it."""
    body = build.organisation("Example Helpline")
    colleague = build.member(group, role=GroupRole.SECRETARIAT)
    build.mandate(colleague, body)
    eve = build.account()
    build.mandate(eve, body)
    theirs, applicant = client_of(colleague), client_of(eve)
    submit(applicant, f"{call}apply", APPLICATION)
    assert "somebody else decides" in theirs.get(call).text
    key = only(session).public_id
    answer = submit(theirs, f"{call}applications/{key}", {f"{key}-reason": "Ours.", "answer": "select"})
    assert answer.status_code == 403
    assert only(session).decided_at is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"register_id": ""}, "Transparency Register", id="an organisation without its entry"),
        pytest.param({"organisation": ""}, "which organisation", id="no organisation"),
        pytest.param({"kind": "member_state"}, "Choose one of the list.", id="a kind the call is not for"),
        pytest.param({"motivation": " "}, "criterion by criterion", id="no motivation"),
    ],
)
def test_what_is_missing_is_said(
    build: Builder, call: str, client_of: ClientOf, fields: dict[str, str], words: str
) -> None:
    answer = submit(client_of(build.account()), f"{call}apply", APPLICATION | fields)
    assert answer.status_code == 422
    assert words in errors_in(answer)


def test_too_late_is_too_late(build: Builder, call: str, client_of: ClientOf, clock: StoppedClock) -> None:
    clock.advance(days=30)
    answer = submit(client_of(build.account()), f"{call}apply", APPLICATION)
    assert "no applications any more" in errors_in(answer)


def test_an_unlisted_group_calls_nobody(build: Builder, client_of: ClientOf) -> None:
    group = build.group(Ceiling.MEMBERS, is_listed=False)
    assert client_of(build.account()).get(f"/groups/{group.slug}/calls/").status_code == 404
