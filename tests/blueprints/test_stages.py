"""The pages of a procedure: for everybody its stages, for chair and secretariat the next step."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole, StageReminder
from forum.domain.labels import Ceiling
from forum.domain.stages import StageState, state_of
from forum.extensions import db
from forum.services.home import load_desk
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.staging import catalogue, chair_of, go_on, procedure, seated
from tests.support import body_of, count_statements, deliver, errors_in, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return chair_of(build, group)


def test_everybody_who_reads_the_group_reads_its_stages(
    build: Builder, group: Group, chair: Account, client_of: ClientOf
) -> None:
    """Those ended, the one that is open with what it opens, and those to come; no number of who submitted."""
    catalogue(build, group)
    procedure(build, group)
    seated(build, group)
    go_on(build, group, chair)
    go_on(build, group, chair)
    page = client_of(None).get(f"/groups/{group.slug}/stages/").text
    assert "List the solutions" in page
    assert f"/groups/{group.slug}/assessments/solutions/" in page
    assert 'aria-current="step"' in page
    assert "missing" not in page
    assert f"/groups/{group.slug}/stages/" in client_of(None).get(f"/groups/{group.slug}/").text


def test_a_closed_group_shows_no_stage_outside(build: Builder, client_of: ClientOf) -> None:
    """The same answer as for a group that there is not."""
    closed = build.group(Ceiling.MEMBERS)
    procedure(build, closed)
    for path in ("", "manage", "list/plan", "list/reminders"):
        assert client_of(build.account()).get(f"/groups/{closed.slug}/stages/{path}").status_code == 404


def test_the_chair_plans_reminds_and_goes_on(
    app: Flask, build: Builder, group: Group, chair: Account, client_of: ClientOf, clock: StoppedClock
) -> None:
    """Deadline; which seats are missing; each mail before it goes; the step, confirmed."""
    catalogue(build, group)
    stages = procedure(build, group)
    person, _ = seated(build, group, "Example Messenger")
    build.seat(group, build.organisation("Empty Chair Union"))
    client = client_of(chair)
    path = f"/groups/{group.slug}/stages/"
    go_on(build, group, chair)
    planned = {"closes_at": "2026-09-01T17:00", "time_zone": "Europe/Brussels"}
    for year in ("0001", "9999"):
        slip = {"closes_at": f"{year}-12-31T23:59", "time_zone": "UTC"}
        assert "Write a year from 1900 to 2199." in errors_in(submit(client, f"{path}assess/plan", slip))
    assert submit(client, f"{path}assess/plan", planned).status_code == 303
    assert submit(client, f"{path}manage", {"expected": "list", "begun": "yes"}).status_code == 303
    page = client.get(f"{path}manage").text
    assert "Example Messenger" in page
    assert "Empty Chair Union" in page
    assert "Empty: nobody can act for it" in page
    assert person.name not in page
    page = client.get(f"{path}assess/reminders").text
    assert "1 person would be reminded" in page
    assert "waits for your seat" in page
    assert submit(client, f"{path}assess/reminders").status_code == 303
    mails = [mail for mail in deliver(app, clock) if "waits for your seat" in str(mail["Subject"])]
    assert [str(mail["To"]) for mail in mails] == [f"{person.name} <{person.email}>"]
    assert "1 September 2026, 17:00" in body_of(mails[0])
    refused = submit(client, f"{path}manage", {"expected": "assess", "begun": "yes"})
    assert (refused.status_code, "Confirm" in errors_in(refused)) == (422, True)
    gone = submit(client, f"{path}manage", {"expected": "assess", "begun": "yes", "confirm": "y"})
    assert gone.status_code == 303
    look_again(build.session)
    assert state_of(stages[1]) is StageState.ENDED
    assert build.session.scalars(sa.select(StageReminder.people)).all() == [1]


def test_a_reminder_that_comes_too_late_is_not_mailed(
    app: Flask, build: Builder, group: Group, chair: Account, client_of: ClientOf, clock: StoppedClock
) -> None:
    """The stage ended between the press and the worker."""
    catalogue(build, group)
    procedure(build, group)
    seated(build, group)
    go_on(build, group, chair)
    go_on(build, group, chair)
    submit(client_of(chair), f"/groups/{group.slug}/stages/assess/reminders")
    look_again(build.session)
    go_on(build, group, chair)
    assert not [mail for mail in deliver(app, clock) if "waits for your seat" in str(mail["Subject"])]


@pytest.mark.parametrize("fault", ["2020-01-01T10:00", "soon"])
def test_a_deadline_that_is_none_stays_on_the_page(
    build: Builder, group: Group, chair: Account, client_of: ClientOf, fault: str
) -> None:
    """Passed, or no time at all."""
    procedure(build, group)
    answer = submit(
        client_of(chair),
        f"/groups/{group.slug}/stages/assess/plan",
        {"closes_at": fault, "time_zone": "Europe/Brussels"},
    )
    assert answer.status_code == 422


def test_home_shows_the_chair_what_blocks_and_the_seat_what_it_owes(
    build: Builder, group: Group, chair: Account, client_of: ClientOf
) -> None:
    """The blocker, how many seats are missing and empty, the next deadline; nobody else is shown it."""
    catalogue(build, group)
    procedure(build, group)
    person, _ = seated(build, group, "Example Messenger")
    build.seat(group, build.organisation())
    go_on(build, group, chair)
    go_on(build, group, chair)
    (line,) = load_desk(build.session, build.actor(chair), now=build.clock()).procedures
    assert (line.title, line.asked, line.missing, line.empty, line.is_late) == ("Assessment", 2, 2, 1, False)
    page = client_of(chair).get("/").text
    assert "Blocked: 2 seats are missing" in page
    assert "Assessments that your seat owes" not in page
    page = client_of(person).get("/").text
    assert "Assessments that your seat owes" in page
    assert "Example Messenger" in page
    assert "Blocked" not in page


def test_a_late_stage_says_so_on_the_chairs_home(
    build: Builder, group: Group, chair: Account, clock: StoppedClock
) -> None:
    """The deadline ends nothing; it waits for the chair."""
    catalogue(build, group)
    procedure(build, group)
    seated(build, group)
    go_on(build, group, chair)
    go_on(build, group, chair)
    clock.advance(days=8)
    (line,) = load_desk(build.session, build.actor(chair), now=build.clock()).procedures
    assert line.is_late


def test_home_costs_the_same_for_many_procedures(build: Builder, chair: Account, group: Group) -> None:
    """Whatever the number of groups that one runs."""

    def add(other: Group) -> None:
        catalogue(build, other)
        procedure(build, other)
        seated(build, other)
        if other is not group:
            build.member(other, chair, GroupRole.CHAIR)
        go_on(build, other, chair)
        go_on(build, other, chair)

    def count() -> int:
        actor = build.actor(chair)
        build.session.expire_all()
        with count_statements(db.engine) as seen:
            assert load_desk(build.session, actor, now=build.clock()).procedures
        return len(seen)

    add(group)
    few = count()
    for _ in range(4):
        add(build.group())
    assert count() == few
