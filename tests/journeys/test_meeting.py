"""A meeting from its agenda to published minutes, and the decision, declaration and new seat around it."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessRequest, Account
from forum.domain.ballots import Ballot
from forum.domain.groups import Group, GroupRole, Seat
from forum.domain.labels import Ceiling
from forum.domain.meetings import AgendaPoint, Meeting, MinutesRemark
from forum.domain.organisations import StakeholderType
from forum.domain.seat_calls import SeatCall
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.journeys.walking import telling, walk
from tests.support import deliver, errors_in, look_again, submit

BASE = "/groups/lamp-experts/"
DISSENT = "The opinion leaves out **oil lamps**, which most homes still have."
MINUTES = ("The agenda was adopted.", "The members asked for one more round in writing.")
ClientOf = Callable[[Account | None], FlaskClient]


@dataclass
class House:
    """A public group that names bodies outside, with four seats, and those who look in."""

    app: Flask
    session: Session
    clock: StoppedClock
    client_of: ClientOf
    build: Builder
    group: Group
    chair: Account
    seats: list[Seat]
    people: list[Account]

    def pages(self, person: Account | None) -> FlaskClient:
        """A browser of somebody, signed in now."""
        self.session.rollback()
        return self.client_of(person)

    def newest(self, model: type, column: str = "public_id") -> str:
        """The address of what was made last."""
        look_again(self.session)
        found = self.session.scalars(sa.select(getattr(model, column)).order_by(sa.desc("id"))).first()
        self.session.rollback()
        return str(found)

    def later(self, **span: float) -> list[str]:
        """Let time pass and the worker work; gives the subjects of the mail so far."""
        self.session.rollback()
        self.clock.advance(**span)
        return [str(mail["Subject"]) for mail in deliver(self.app, self.clock)]


@pytest.fixture
def house(app: Flask, session: Session, clock: StoppedClock, build: Builder, client_of: ClientOf) -> House:
    group = build.group(
        Ceiling.PUBLIC,
        slug="lamp-experts",
        short_title="Lamp experts",
        members_visible="bodies",
        practice={"invitation_days": 14, "document_days": 7, "declarations_visible": "members"},
    )
    chair = build.member(group, build.account("Carla Chair"), GroupRole.CHAIR)
    seats, people = [], []
    for number in range(1, 5):
        seats.append(build.seat(group, build.organisation(f"Example Lamp Body {number}")))
        people.append(build.member(group, build.account(f"Member Number{number}"), seat=seats[-1]))
    return House(app, session, clock, client_of, build, group, chair, seats, people)


def done(answer: object) -> None:
    """A form was taken."""
    assert answer.status_code == 303, errors_in(answer)  # type: ignore[attr-defined,arg-type]


def meeting(house: House) -> str:
    """Prepared with its agenda and a document, convened, held, minuted, circulated; gives its path."""
    paper = house.build.paper(house.group, house.chair, title="Opinion on lamps")
    address = house.session.scalar(sa.text("SELECT public_id FROM paper"))
    assert paper.number == 1
    chair = house.pages(house.chair)
    form = {
        "title": "Spring meeting",
        "starts_at": "2026-04-01T10:00",
        "ends_at": "2026-04-01T12:00",
        "time_zone": "Europe/Brussels",
        "place": "Room 3",
        "language": "en",
        "agenda": "Welcome\nThe opinion on lamps",
        "body": "",
        "documents": f"/papers/{address}/v/1 2",
        "stage": "",
        "label": "CLEAR",
    }
    done(submit(chair, f"{BASE}meetings/new", form))
    path = f"{BASE}meetings/{house.newest(Meeting)}/"
    assert house.pages(None).get(path).status_code == 404, "nobody else knows of it yet"
    assert "Member Number1" in chair.get(f"{path}convene").text
    done(submit(chair, f"{path}convene"))
    assert any("Spring meeting" in subject for subject in house.later(minutes=5))
    outside = house.pages(None).get(path).text
    assert "Opinion on lamps" in outside
    assert "Member Number1" not in outside

    house.later(days=31)
    chair = house.pages(house.chair)
    states = ("present", "alternate", "excused", "present")
    seats = {f"seat-{seat.public_id}": state for seat, state in zip(house.seats, states, strict=True)}
    done(submit(chair, f"{path}attendance", seats))
    points = house.session.scalars(sa.select(AgendaPoint.public_id).order_by(AgendaPoint.position)).all()
    typed = {f"point-{point}": text for point, text in zip(points, MINUTES, strict=True)}
    house.session.rollback()
    typed["remarks_until"] = "2026-04-15T18:00"
    done(submit(chair, f"{path}minutes", {**typed, "step": "circulate"}))
    assert MINUTES[1] in house.pages(house.people[0]).get(path).text
    assert MINUTES[1] not in house.pages(None).get(path).text
    corrected(house, path, points[1])
    return path


def corrected(house: House, path: str, point: str) -> None:
    """A member proposes a correction while there is time, and the chair answers it with reasons."""
    member, chair = house.pages(house.people[2]), house.pages(house.chair)
    assert "Propose a correction" in member.get(path).text
    proposal = {"point": point, "body": "The members asked for **two** rounds."}
    assert "Write a sentence" in errors_in(submit(member, f"{path}remarks", proposal | {"body": ""}))
    done(submit(member, f"{path}remarks", proposal))
    assert "1 proposed correction waits for your answer" in chair.get(path).text
    assert "some time yet" in submit(chair, f"{path}adopt").text
    key = house.newest(MinutesRemark)
    answer = {f"{key}-answer": "not_taken_up", f"{key}-body": ""}
    refused = submit(chair, f"{path}remarks/{key}", answer)
    assert "Write why" in errors_in(refused)
    done(submit(chair, f"{path}remarks/{key}", answer | {f"{key}-body": "One round was agreed."}))


def written_procedure(house: House) -> str:
    """Consensus is sought and fails on one reasoned dissent; a majority of seats carries it."""
    chair = house.pages(house.chair)
    address = house.session.scalar(sa.text("SELECT public_id FROM paper"))
    form = {
        "title": "Adopt the opinion on lamps?",
        "body": "Shall the opinion be adopted?",
        "version": f"/papers/{address}/v/1",
        "procedure": "written",
        "meeting": "",
        "closes_at": "2026-04-20T18:00",
        "time_zone": "Europe/Brussels",
        "language": "en",
        "stage": "",
        "label": "CLEAR",
    }
    house.session.rollback()
    done(submit(chair, f"{BASE}decisions/new", form))
    path = f"{BASE}decisions/{house.newest(Ballot)}/"
    assert "Example Lamp Body 4" in chair.get(f"{path}open").text
    done(submit(chair, f"{path}open"))
    for number, choice in enumerate(("agree", "no_objection", "agree", "against")):
        client = house.pages(house.people[number])
        vote = {"seat": house.seats[number].public_id, "choice": choice, "reason": "", "is_annexed": "y"}
        if choice == "against":
            assert "Write why" in errors_in(submit(client, f"{path}vote", vote))
            vote["reason"] = DISSENT
        done(submit(client, f"{path}vote", vote))
        if number == 1:
            early = submit(chair, f"{path}step", {"step": "close"})
            assert "until the closing time" in errors_in(early)
    subjects = house.later(days=20)
    assert any("Adopt the opinion on lamps?" in subject for subject in subjects)
    return path


def declared(house: House) -> None:
    """The first member declares an interest, and the chair sees who is missing."""
    mine = house.pages(house.people[0])
    done(submit(mine, f"{BASE}declarations/file", {"has_interests": "yes", "body": "I make **lamps**."}))
    asked = house.pages(house.chair).get(f"{BASE}declarations/ask").text
    assert "Member Number2" in asked
    assert "Member Number1" not in asked
    person = f"{BASE}declarations/{house.people[0].public_id}"
    assert "<strong>lamps</strong>" in house.pages(house.people[1]).get(person).text
    assert house.pages(None).get(person).status_code == 404


def selected(house: House) -> None:
    """A call, an application, and a selection with reasons that the applicant reads."""
    chair = house.pages(house.chair)
    form = {
        "title": "A seat for those who repair lamps",
        "body": "We look for an organisation.",
        "criteria": "Experience",
        "seat_kinds": ["organisation"],
        "needs_register_id": "y",
        "closes_at": "2026-05-20T18:00",
        "time_zone": "Europe/Brussels",
    }
    done(submit(chair, f"{BASE}calls/new", form))
    call = f"{BASE}calls/{house.newest(SeatCall)}/"
    done(submit(chair, f"{call}step", {"step": "open"}))
    body = house.build.organisation("Example Lamp Menders", type=StakeholderType.NGO)
    eve = house.build.account("Eve Example")
    house.build.mandate(eve, body)
    applicant = house.pages(eve)
    application = {
        "kind": "organisation",
        "organisation": "Example Lamp Menders",
        "country": "",
        "register_id": "021720248767-58",
        "motivation": "We have repaired lamps for ten years.",
    }
    done(submit(applicant, f"{call}apply", application))
    key = house.newest(AccessRequest)
    reason = {f"{key}-reason": "Nobody else repairs lamps.", "answer": "select"}
    done(submit(chair, f"{call}applications/{key}", reason))
    assert "Nobody else repairs lamps." in house.pages(eve).get(call).text
    assert "Example Lamp Menders" in house.pages(None).get(f"{BASE}members/").text


def test_a_meeting_from_its_agenda_to_published_minutes(house: House) -> None:
    """By the pages alone; at the end a visitor reads what was agreed, the dissent, and no person's name."""
    path = meeting(house)
    decision = written_procedure(house)
    declared(house)
    selected(house)
    done(submit(house.pages(house.chair), f"{path}adopt"))
    assert any("Spring meeting" in subject for subject in house.later(minutes=5))

    visitor = house.pages(None)
    seen = visitor.get(path).text
    for words in (*MINUTES, "Example Lamp Body 2", "<strong>two</strong> rounds", "One round was agreed."):
        assert words in seen
    result = visitor.get(decision).text
    for words in ("Adopted by a majority of seats", "<strong>oil lamps</strong>", "Example Lamp Body 4"):
        assert words in result
    found = walk(visitor, [path, decision, f"{BASE}members/", f"{BASE}calls/", f"{BASE}declarations/"])
    told = [address for address, page in found.items() if re.search(r"Member Number\d", telling(page)[1])]
    assert told == [], "outside bodies alone are named"
    inside = house.pages(house.people[2]).get(decision).text
    assert inside.count("Example Lamp Body 4") == 2, "in the table of votes and over its dissent"
