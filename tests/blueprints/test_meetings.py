"""The pages of meetings, from preparing one to its adopted minutes."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.meetings import AgendaPoint, Meeting, MinutesState
from forum.domain.organisations import StakeholderType
from forum.extensions import db
from tests.blueprints.papers_pages import ClientOf
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import count_statements, deliver, errors_in, look_again, submit

FIELDS = {
    "title": "First meeting",
    "starts_at": "2026-06-01T10:00",
    "ends_at": "2026-06-01T12:30",
    "time_zone": "Europe/Athens",
    "place": "Room 3, or the call",
    "language": "en",
    "agenda": "Welcome\nThe draft opinion\nAny other business",
    "body": "Bring **questions**.",
    "documents": "",
    "stage": "",
    "label": "CLEAR",
}


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(
        Ceiling.PUBLIC, practice={"invitation_days": 30, "document_days": 14, "quorum_percent": 50}
    )


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.CHAIR)


def only(session: Session) -> Meeting:
    look_again(session)
    return session.scalars(sa.select(Meeting)).one()


def made(client: FlaskClient, session: Session, group: Group, **fields: str) -> str:
    """Prepare a meeting; gives its path."""
    answer = submit(client, f"/groups/{group.slug}/meetings/new", FIELDS | fields)
    assert answer.status_code == 303, errors_in(answer)
    path = f"/groups/{group.slug}/meetings/{only(session).public_id}/"
    session.rollback()
    return path


def test_from_preparing_to_adopted_minutes(
    app: Flask,
    build: Builder,
    group: Group,
    chair: Account,
    client_of: ClientOf,
    session: Session,
    clock: StoppedClock,
) -> None:
    """Prepared out of sight, convened with a look at the mail, held, minuted, circulated, adopted."""
    organisation = build.organisation("Example Messenger")
    seat = build.seat(group, organisation)
    member = build.member(group, seat=seat)
    paper = build.paper(group, member, title="Draft opinion")
    client, visitor, reader = client_of(chair), client_of(None), client_of(member)
    address = f"/papers/{session.scalar(sa.text('SELECT public_id FROM paper'))}/v/{paper.number} 2"
    path = made(client, session, group, documents=address)
    assert visitor.get(path).status_code == 404
    row = only(session)
    assert row.starts_at.isoformat() == "2026-06-01T07:00:00+00:00"
    preview = client.get(f"{path}convene").text
    assert member.name in preview
    assert "A meeting is convened: First meeting" in preview
    assert submit(client, f"{path}convene").status_code == 303
    mails = deliver(app, clock)
    assert member.email in {mail["To"].addresses[0].addr_spec for mail in mails}
    assert any("1 June 2026, 10:00 (Europe/Athens)" in mail.as_string() for mail in mails)
    page = visitor.get(path).text
    for words in ("Room 3, or the call", "<strong>questions</strong>", "Draft opinion", "The draft opinion"):
        assert words in page
    assert "BEGIN:VCALENDAR" in visitor.get(f"{path}meeting.ics").text

    assert "has not begun" in errors_in(
        submit(client, f"{path}attendance", {f"seat-{seat.public_id}": "present"})
    )
    clock.advance(days=120)
    session.rollback()
    client, reader = client_of(chair), client_of(member)
    assert submit(client, f"{path}attendance", {f"seat-{seat.public_id}": "alternate"}).status_code == 303
    assert "Represented by an alternate" in reader.get(path).text
    points = session.scalars(sa.select(AgendaPoint).order_by(AgendaPoint.position)).all()
    texts = {f"point-{point.public_id}": f"Said under {point.title}." for point in points}
    short = dict(list(texts.items())[:1])
    refused = submit(client, f"{path}minutes", {**short, "step": "circulate"})
    assert "has no minutes yet" in errors_in(refused)
    assert "Said under Welcome." in refused.text
    assert submit(client, f"{path}minutes", {**texts, "step": "circulate"}).status_code == 303
    assert "Said under Welcome." in reader.get(path).text
    assert "Said under Welcome." not in visitor.get(path).text
    assert submit(client, f"{path}adopt").status_code == 303
    assert only(session).minutes_state is MinutesState.ADOPTED
    page = visitor.get(path).text
    assert "Said under Welcome." in page
    assert f'id="point-{points[0].public_id}"' in page
    deliver(app, clock)
    found = visitor.get("/search?q=%22said+under+welcome%22").text
    assert path in found
    assert "stay as they are" in errors_in(submit(client, f"{path}minutes", {**texts, "step": "save"}))


def test_a_change_raises_the_sequence_and_a_cancelled_meeting_stays_readable(
    app: Flask, group: Group, chair: Account, client_of: ClientOf, session: Session, clock: StoppedClock
) -> None:
    """Calendars follow both; a change of a prepared meeting tells nobody."""
    client, visitor = client_of(chair), client_of(None)
    path = made(client, session, group)
    submit(client, f"{path}edit", FIELDS | {"place": "Room 4"})
    assert only(session).sequence == 0
    assert deliver(app, clock) == []
    submit(client, f"{path}convene")
    point = session.scalars(sa.select(AgendaPoint.public_id).where(AgendaPoint.position == 2)).one()
    submit(client, f"{path}edit", FIELDS | {"agenda": "The draft opinion\nWelcome\nAny other business"})
    calendar = visitor.get(f"{path}meeting.ics").text
    assert "SEQUENCE:1" in calendar
    look_again(session)
    moved = session.scalars(sa.select(AgendaPoint).where(AgendaPoint.public_id == point)).one()
    assert (moved.position, moved.title) == (1, "The draft opinion")
    assert "Write why" in errors_in(submit(client, f"{path}cancel", {"reason": " "}))
    assert submit(client, f"{path}cancel", {"reason": "The room is closed."}).status_code == 303
    assert "The room is closed." in visitor.get(path).text
    assert "STATUS:CANCELLED" in visitor.get(f"{path}meeting.ics").text
    subjects = [mail["Subject"] for mail in deliver(app, clock)]
    assert any("cancelled" in subject for subject in subjects)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"ends_at": "2026-06-01T09:00"}, "ends before it begins", id="it ends before it begins"),
        pytest.param({"agenda": " \n "}, "at least one point", id="an agenda of blanks"),
        pytest.param(
            {"documents": "/papers/aaaaaaaaaaaaa"}, "no document that you may read", id="no such paper"
        ),
        pytest.param({"starts_at": ""}, "This is needed.", id="no beginning"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    group: Group, chair: Account, client_of: ClientOf, fields: dict[str, str], words: str
) -> None:
    answer = submit(client_of(chair), f"/groups/{group.slug}/meetings/new", FIELDS | fields)
    assert answer.status_code == 422
    assert words in errors_in(answer)
    assert "Room 3, or the call" in answer.text


@pytest.mark.parametrize("visible", ["bodies", "numbers"])
def test_outsiders_are_told_no_name_by_any_page(
    build: Builder, client_of: ClientOf, session: Session, clock: StoppedClock, visible: str
) -> None:
    """Where the charter shows bodies or numbers alone, meeting, attendance and members name nobody."""
    group = build.group(Ceiling.PUBLIC, members_visible=visible)
    chair = build.member(group, build.account("Charlotte Chair"), GroupRole.CHAIR)
    body = build.organisation("Example Messenger", type=StakeholderType.COMPANY)
    seats = [build.seat(group, body), build.seat(group, title="Seat of Paula Personal")]
    people = [
        build.member(group, build.account("Mira Member"), seat=seats[0]),
        build.member(group, build.account("Paula Personal"), seat=seats[1]),
        build.member(group, build.account("Otto Observer"), GroupRole.OBSERVER),
    ]
    client = client_of(chair)
    path = made(client, session, group)
    submit(client, f"{path}convene")
    clock.advance(days=120)
    session.rollback()
    client = client_of(chair)
    states = {f"seat-{seat.public_id}": "present" for seat in seats}
    assert submit(client, f"{path}attendance", states | {"observer": people[2].public_id}).status_code == 303
    session.rollback()
    stranger = build.account("Stefan Stranger")
    for reader in (client_of(None), client_of(stranger)):
        for address in (
            path,
            f"/groups/{group.slug}/meetings/",
            f"/groups/{group.slug}/members/",
            f"{path}meeting.ics",
        ):
            page = reader.get(address).text
            for person in people:
                assert person.name not in page
        page = reader.get(path).text
        assert ("Example Messenger" in page) == (visible == "bodies")
        assert "Present: 2" in page
    assert "Paula Personal" in client_of(people[0]).get(path).text


def test_a_closed_group_answers_as_absent(build: Builder, client_of: ClientOf, session: Session) -> None:
    """Its meetings, lists and calendars as well, to everybody outside."""
    group = build.group(Ceiling.MEMBERS)
    client = client_of(build.member(group, role=GroupRole.CHAIR))
    path = made(client, session, group, label="RED")
    submit(client, f"{path}convene")
    session.rollback()
    outsider = client_of(build.account())
    for address in (
        path,
        f"{path}meeting.ics",
        f"/groups/{group.slug}/meetings/",
        f"{path}edit",
        f"{path}minutes",
    ):
        assert outsider.get(address).status_code == 404


def test_the_secret_calendar_has_all_meetings_of_my_groups_and_no_closed_title(
    build: Builder, group: Group, chair: Account, client_of: ClientOf, session: Session, client: FlaskClient
) -> None:
    """By the person's rights at the time; a RED title stays in the forum; a wrong key is no address."""
    closed = build.group(Ceiling.MEMBERS)
    build.member(closed, chair, GroupRole.CHAIR)
    mine = client_of(chair)
    path = made(mine, session, group)
    submit(mine, f"{path}convene")
    submit(mine, f"/groups/{closed.slug}/meetings/new", FIELDS | {"title": "Secret talk", "label": "RED"})
    look_again(session)
    secret = session.scalars(sa.select(Meeting).where(Meeting.title == "Secret talk")).one()
    submit(mine, f"/groups/{closed.slug}/meetings/{secret.public_id}/convene")
    assert submit(mine, f"/groups/{group.slug}/meetings/calendar").status_code == 303
    look_again(session)
    key = session.get_one(Account, chair.id).feed_key
    address = f"/feeds/meetings/{chair.public_id}.ics"
    feed = client.get(f"{address}?key={key}")
    assert feed.headers["Content-Type"].startswith("text/calendar")
    assert "First meeting" in feed.text
    assert "Secret talk" not in feed.text
    assert feed.text.count("BEGIN:VEVENT") == 2
    assert f"key={key}" in mine.get(f"/groups/{group.slug}/meetings/").text.replace("&amp;", "&")
    for wrong in ("", "x", (key or "")[:-1]):
        assert client.get(f"{address}?key={wrong}").status_code == 404


def test_listing_costs_the_same_however_many_there_are(
    build: Builder, group: Group, chair: Account, client_of: ClientOf, session: Session
) -> None:
    """No statement a row."""
    client = client_of(chair)
    made(client, session, group)
    path = f"/groups/{group.slug}/meetings/"
    client.get(path)
    with count_statements(db.engine) as few:
        client.get(path)
    for number in range(8):
        submit(client, f"{path}new", FIELDS | {"title": f"Meeting {number}"})
    with count_statements(db.engine) as many:
        client.get(path)
    assert len(many) == len(few)


def test_the_chair_alone_is_told_that_a_lead_time_is_missed(
    build: Builder, group: Group, chair: Account, client_of: ClientOf, session: Session, clock: StoppedClock
) -> None:
    """Late is said before it goes, and stops nothing."""
    client = client_of(chair)
    soon = (clock() + timedelta(days=5)).strftime("%Y-%m-%dT10:00")
    end = (clock() + timedelta(days=5)).strftime("%Y-%m-%dT12:00")
    path = made(client, session, group, starts_at=soon, ends_at=end)
    assert "This is late" in client.get(f"{path}convene").text
    assert submit(client, f"{path}convene").status_code == 303
    assert "earlier invitation" in client.get(path).text
    session.rollback()
    assert "earlier invitation" not in client_of(build.member(group)).get(path).text


def test_the_terms_are_changed_by_the_chair_and_not_by_members(
    build: Builder, group: Group, chair: Account, client_of: ClientOf, session: Session
) -> None:
    """And a number that makes no sense is refused at its field."""
    path = f"/groups/{group.slug}/meetings/terms"
    terms = {
        "invitation_days": "10",
        "document_days": "5",
        "quorum_percent": "60",
        "renewal_months": "24",
        "declarations_visible": "listed",
    }
    assert client_of(build.member(group)).get(path).status_code == 403
    client = client_of(chair)
    assert "percentage" in errors_in(submit(client, path, terms | {"quorum_percent": "0"}))
    assert submit(client, path, terms).status_code == 303
    look_again(session)
    stored = session.get_one(Group, group.id)
    assert stored.practice["quorum_percent"] == 60
    assert "practice" in stored.edited_fields


def test_what_was_never_convened_is_given_up_without_a_trace(
    group: Group, chair: Account, client_of: ClientOf, session: Session
) -> None:
    client = client_of(chair)
    path = made(client, session, group)
    assert submit(client, f"{path}drop").status_code == 303
    assert "First meeting" not in client.get(f"/groups/{group.slug}/meetings/").text
    session.rollback()
    assert client_of(None).get(path).status_code == 404
