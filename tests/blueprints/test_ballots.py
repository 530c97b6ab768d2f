"""The pages of decisions: from preparing to the annexed dissent and the outcome on the group's home."""

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.ballots import Ballot, Choice, Vote
from forum.domain.groups import Group, GroupRole, Seat
from forum.domain.labels import Ceiling, Tlp
from tests.blueprints.papers_pages import ClientOf
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import deliver, errors_in, look_again, submit

FIELDS = {
    "title": "Adopt the opinion?",
    "body": "Shall it be **adopted** as it stands?",
    "version": "",
    "procedure": "written",
    "meeting": "",
    "closes_at": "2026-03-20T18:00",
    "time_zone": "Europe/Brussels",
    "language": "en",
    "stage": "",
    "label": "CLEAR",
}


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.CHAIR)


@pytest.fixture
def seats(build: Builder, group: Group) -> list[tuple[Seat, Account]]:
    made = []
    for name in ("Example Messenger", "Example Hotline", "Example Ministry"):
        seat = build.seat(group, build.organisation(name))
        made.append((seat, build.member(group, build.account(f"Delegate of {name}"), seat=seat)))
    return made


def only(session: Session) -> Ballot:
    look_again(session)
    return session.scalars(sa.select(Ballot)).one()


def test_from_preparing_to_the_outcome_on_the_home_of_the_group(
    app: Flask,
    build: Builder,
    group: Group,
    chair: Account,
    seats: list[tuple[Seat, Account]],
    client_of: ClientOf,
    session: Session,
    clock: StoppedClock,
) -> None:
    """Prepared, opened with a look at who votes, voted, changed, closed by the worker, stated, annexed."""
    build.paper(group, chair, title="Opinion on measures", tlp=Tlp.CLEAR)
    paper = session.scalar(sa.text("SELECT public_id FROM paper"))
    session.rollback()
    client, visitor = client_of(chair), client_of(None)
    voters = [client_of(person) for _, person in seats]
    base = f"/groups/{group.slug}/decisions"
    made = submit(client, f"{base}/new", FIELDS | {"version": f"/papers/{paper}/v/1"})
    assert made.status_code == 303, errors_in(made)
    path = f"{base}/{only(session).public_id}/"
    assert visitor.get(path).status_code == 404
    preview = client.get(f"{path}open").text
    assert "Example Hotline" in preview
    assert "Delegate of Example Hotline" in preview
    assert submit(client, f"{path}open").status_code == 303
    mails = deliver(app, clock)
    assert {str(mail["To"]).split(" <")[0].strip('"') for mail in mails} >= {p.name for _, p in seats}
    assert any("It closes on" in mail.as_string() for mail in mails)
    assert "Decisions that wait for your seat" in voters[0].get("/").text

    vote = {"seat": seats[0][0].public_id, "choice": "agree", "reason": ""}
    assert submit(voters[0], f"{path}vote", vote).status_code == 303
    refused = submit(voters[1], f"{path}vote", vote | {"seat": seats[1][0].public_id, "choice": "against"})
    assert refused.status_code == 422
    assert "Write why" in errors_in(refused)
    dissent = {"choice": "against", "reason": "It leaves out *small* services.", "is_annexed": "y"}
    assert submit(voters[1], f"{path}vote", dissent | {"seat": seats[1][0].public_id}).status_code == 303
    assert submit(voters[2], f"{path}vote", vote | {"seat": seats[2][0].public_id}).status_code == 303
    assert "What was said before" not in voters[2].get(path).text
    assert submit(voters[2], f"{path}vote", vote | {"seat": seats[2][0].public_id, "choice": "abstain"})
    assert "What was said before" in voters[2].get(path).text
    assert submit(voters[2], f"{path}vote", vote | {"seat": seats[2][0].public_id}).status_code == 303
    assert submit(voters[0], f"{path}vote", vote | {"seat": seats[1][0].public_id}).status_code == 422
    assert "small" not in visitor.get(path).text
    assert "what is asked stays as it is" in client.get(f"{path}edit").text
    early = submit(client, f"{path}edit", FIELDS)
    assert early.status_code == 403

    clock.advance(days=20)
    deliver(app, clock)
    page = visitor.get(path).text
    for words in ("Adopted by a majority of seats", "Annex", "<em>small</em>", "Opinion on measures"):
        assert words in page
    session.rollback()
    client = client_of(chair)
    assert submit(client, f"{path}outcome", {"body": "Adopted, with one dissent."}).status_code == 303
    assert "Adopted, with one dissent." in visitor.get(path).text
    home = visitor.get(f"/groups/{group.slug}/").text
    assert "Latest agreed text" in home
    assert path in home
    late = submit(client_of(seats[0][1]), f"{path}vote", vote)
    assert "takes no votes any more" in errors_in(late)
    deliver(app, clock)
    assert path in visitor.get("/search?q=dissent&kind=decision").text


def test_a_decision_at_a_meeting_is_written_down_by_the_chair(
    group: Group,
    chair: Account,
    seats: list[tuple[Seat, Account]],
    client_of: ClientOf,
    session: Session,
) -> None:
    """What each seat says is recorded; another seat's member cannot do that."""
    from tests.blueprints.test_meetings import FIELDS as MEETING

    client = client_of(chair)
    member = client_of(seats[0][1])
    submit(client, f"/groups/{group.slug}/meetings/new", MEETING)
    look_again(session)
    meeting = session.scalar(sa.text("SELECT public_id FROM meeting"))
    session.rollback()
    base = f"/groups/{group.slug}/decisions"
    form = client.get(f"{base}/new?meeting={meeting}").text
    assert str(meeting) in form
    fields = FIELDS | {"procedure": "meeting", "closes_at": ""}
    assert "Choose the meeting" in errors_in(submit(client, f"{base}/new", fields))
    assert submit(client, f"{base}/new", fields | {"meeting": str(meeting)}).status_code == 303
    path = f"{base}/{only(session).public_id}/"
    submit(client, f"{path}open")
    sent = {"seat": seats[1][0].public_id, "choice": "abstain", "reason": "No mandate."}
    assert submit(member, f"{path}record", sent).status_code == 403
    assert submit(client, f"{path}record", sent).status_code == 303
    look_again(session)
    assert session.scalars(sa.select(Vote)).one().choice is Choice.ABSTAIN
    assert submit(client, f"{path}step", {"step": "close"}).status_code == 303
    assert "quorum not reached" in client.get(path).text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        pytest.param({"closes_at": ""}, "until when", id="a written procedure without a closing time"),
        pytest.param({"version": "/papers/aaaaaaaaaaaaa"}, "no published paper", id="no such text"),
        pytest.param({"title": ""}, "This is needed", id="no title"),
    ],
)
def test_what_is_wrong_is_said(
    group: Group, chair: Account, client_of: ClientOf, fields: dict[str, str], words: str
) -> None:
    answer = submit(client_of(chair), f"/groups/{group.slug}/decisions/new", FIELDS | fields)
    assert answer.status_code == 422
    assert words in errors_in(answer)


def test_a_closed_group_decides_as_if_it_did_not(
    build: Builder, client_of: ClientOf, session: Session
) -> None:
    """Absent to everybody outside, by every address; nobody outside can vote."""
    group = build.group(Ceiling.MEMBERS)
    chair = build.member(group, role=GroupRole.CHAIR)
    seat = build.seat(group, build.organisation())
    build.member(group, seat=seat)
    client, outsider = client_of(chair), client_of(build.account())
    submit(client, f"/groups/{group.slug}/decisions/new", FIELDS | {"label": "RED"})
    path = f"/groups/{group.slug}/decisions/{only(session).public_id}/"
    submit(client, f"{path}open")
    assert outsider.get(path).status_code == 404
    vote = {"seat": seat.public_id, "choice": "agree", "reason": ""}
    for address, data in ((f"{path}vote", vote), (f"{path}step", {"step": "close"}), (f"{path}open", {})):
        assert submit(outsider, address, data).status_code == 404


def test_withdrawn_stays_without_an_outcome(
    group: Group,
    chair: Account,
    seats: list[tuple[Seat, Account]],
    client_of: ClientOf,
    session: Session,
) -> None:
    client = client_of(chair)
    submit(client, f"/groups/{group.slug}/decisions/new", FIELDS)
    path = f"/groups/{group.slug}/decisions/{only(session).public_id}/"
    submit(client, f"{path}open")
    assert submit(client, f"{path}step", {"step": "withdraw"}).status_code == 303
    assert "Withdrawn" in client.get(path).text
    assert only(session).outcome is None


def test_a_papers_own_page_has_the_decisions_on_it(
    build: Builder, group: Group, chair: Account, client_of: ClientOf, session: Session
) -> None:
    """On the page of the version that is decided on, for those who may read the decision."""
    build.member(group, seat=build.seat(group, build.organisation()))
    paper = build.paper(group, chair, title="Opinion on measures")
    address = session.scalar(sa.text("SELECT public_id FROM paper"))
    page = f"/groups/{group.slug}/papers/{address}/"
    assert paper.number == 1
    client = client_of(chair)
    version = f"/papers/{address}/v/1"
    assert (
        submit(client, f"/groups/{group.slug}/decisions/new", FIELDS | {"version": version}).status_code
        == 303
    )
    assert "Decisions on this version" not in client.get(page).text, "it is being prepared"
    look_again(session)
    path = f"/groups/{group.slug}/decisions/{session.scalars(sa.select(Ballot.public_id)).one()}/"
    session.rollback()
    submit(client, f"{path}open")
    shown = client_of(None).get(page).text
    assert "Decisions on this version" in shown
    assert path in shown
