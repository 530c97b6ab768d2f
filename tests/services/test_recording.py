"""What is put on record, noun by noun: the kinds of entry, by whom, of what, with which facts."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.cli import cli
from forum.domain.accounts import AccessRequest, Account, PlatformRole
from forum.domain.audit import AuditEntry
from forum.domain.ballots import Choice
from forum.domain.groups import Group, GroupRole, Membership, Seat, SeatKind
from forum.domain.labels import Ceiling
from forum.domain.meetings import RemarkAnswer
from forum.domain.organisations import Mandate, Organisation, StakeholderType
from forum.domain.papers import Paper
from forum.policy import Actor
from forum.richtext import render
from forum.services.access_requests import ask_for_account, ask_for_seat, close_request, grant_seat
from forum.services.access_tokens import Scope, create_token, revoke_token
from forum.services.attendance import record_attendance
from forum.services.audit import verify
from forum.services.ballots import withdraw_ballot
from forum.services.coauthors import add_coauthor, remove_coauthor
from forum.services.consultations import (
    ConsultationText,
    announce_consultation,
    close_consultation,
    create_consultation,
    edit_consultation,
    open_consultation,
    publish_answers,
)
from forum.services.declarations import ask_missing, file_declaration, remark_on
from forum.services.mandates import add_mandate, end_mandate, keep_end
from forum.services.meetings import (
    MeetingText,
    cancel_meeting,
    change_meeting,
    convene_meeting,
    drop_meeting,
    prepare_meeting,
)
from forum.services.organisations import (
    OrganisationFields,
    add_former_name,
    add_member_body,
    create_organisation,
    edit_organisation,
    remove_member_body,
)
from forum.services.seat_calls import close_call
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.test_minutes_remarks import House as MinutedHouse
from tests.services.test_seat_selection import House as CallingHouse
from tests.services.test_votes import House as VotingHouse


@pytest.fixture
def administrator(build: Builder) -> Actor:
    return build.actor(build.account("administrator", platform_role=PlatformRole.ADMINISTRATOR))


@pytest.fixture
def chaired(build: Builder) -> tuple[Group, Actor]:
    group = build.group()
    return group, build.actor(build.member(group, role=GroupRole.CHAIR))


def entries(session: Session) -> Iterator[tuple[str, str | None, str | None, dict[str, Any]]]:
    """Everything recorded: action, actor, subject and facts; the chain is in order."""
    assert verify(session).fault is None
    for row in session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number)):
        yield row.action, row.actor, row.subject, row.read_facts()


def actions(session: Session) -> list[str]:
    return [entry[0] for entry in entries(session)]


def test_mandates(session: Session, build: Builder, clock: StoppedClock, administrator: Actor) -> None:
    """Granted, ended by somebody, or run out by themselves; with the body and the dates."""
    body, ada, bob = build.organisation(), build.account(), build.account()
    today = clock().date()
    add_mandate(session, administrator, body, ada, starts_on=today, now=clock())
    short = add_mandate(
        session, administrator, body, bob, starts_on=today, ends_on=today, now=clock(), may_publish=False
    )
    end_mandate(session, administrator, body.slug, ada.public_id, now=clock())
    clock.advance(days=2)
    keep_end(session, short.id, now=clock())
    found = list(entries(session))
    who = administrator.public_id
    assert [entry[:3] for entry in found] == [
        ("mandate.granted", who, ada.public_id),
        ("mandate.granted", who, bob.public_id),
        ("mandate.ended", who, ada.public_id),
        ("mandate.ran_out", None, bob.public_id),
    ]
    assert found[3][3] == {
        "body": body.public_id,
        "may_publish": False,
        "starts_on": "2026-03-02",
        "ends_on": "2026-03-02",
    }


def test_access_tokens(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Made and revoked, by scopes; never the token."""
    ada = build.account()
    actor = build.actor(ada)
    row, text = create_token(
        session,
        ada,
        name="Reports",
        scopes=[Scope.READ],
        now=clock(),
        expires_at=clock() + timedelta(days=30),
        by=actor,
    )
    revoke_token(session, ada.id, row.public_id, now=clock(), by=actor)
    facts = {"token": row.public_id, "scopes": ["read"], "expires": "2026-04-01"}
    assert list(entries(session)) == [
        ("token.made", ada.public_id, ada.public_id, facts),
        ("token.revoked", ada.public_id, ada.public_id, facts),
    ]
    assert text not in str(list(entries(session)))


def test_requests(
    session: Session,
    build: Builder,
    clock: StoppedClock,
    administrator: Actor,
    chaired: tuple[Group, Actor],
) -> None:
    """Granted or refused, by whom; never the address or the reason."""
    (group, chair), ada = chaired, build.account()
    ask_for_account(
        session, email="new@body.example", name="N", organisation_name="", message="", now=clock()
    )
    ask_for_seat(session, build.actor(ada), group, organisation_name="", message="x", now=clock())
    session.flush()
    for_account, for_seat = session.scalars(sa.select(AccessRequest).order_by(AccessRequest.id))
    close_request(
        session, administrator, for_account, is_granted=False, now=clock(), reason="Another forum's matter."
    )
    grant_seat(
        session, chair, group, for_seat, GroupRole.OBSERVER, seat=None, is_alternate=False, now=clock()
    )
    found = list(entries(session))
    assert [entry[0] for entry in found] == ["request.refused", "member.added", "request.granted"]
    assert found[0][3] == {"kind": "account", "account": None}
    assert found[2][3] == {"kind": "seat", "account": ada.public_id}


def test_organisations(session: Session, clock: StoppedClock, administrator: Actor) -> None:
    """What was changed by name, never to what; an edit that changes nothing is none."""
    fields = OrganisationFields("A Body", StakeholderType.NGO)
    body = create_organisation(session, fields, now=clock(), by=administrator)
    other = create_organisation(
        session, OrganisationFields("Other", StakeholderType.NGO), now=clock(), by=administrator
    )
    for _ in range(2):
        edit_organisation(
            session,
            administrator,
            body.slug,
            OrganisationFields("A Body", StakeholderType.COMPANY, country="BE"),
            now=clock(),
        )
    add_former_name(session, administrator, body.slug, "Earlier", now=clock())
    add_member_body(session, administrator, body.slug, other.slug, now=clock())
    add_member_body(session, administrator, body.slug, other.slug, now=clock())
    remove_member_body(session, administrator, body.slug, other.slug, now=clock())
    remove_member_body(session, administrator, body.slug, other.slug, now=clock())
    who = administrator.public_id
    assert list(entries(session)) == [
        ("organisation.added", who, body.public_id, {}),
        ("organisation.added", who, other.public_id, {}),
        ("organisation.changed", who, body.public_id, {"changed": ["type", "country"]}),
        ("organisation.changed", who, body.public_id, {"changed": ["former_names"]}),
        ("organisation.member_body_added", who, body.public_id, {"body": other.public_id}),
        ("organisation.member_body_removed", who, body.public_id, {"body": other.public_id}),
    ]


def test_coauthors(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Who reads a paper's drafts from now on, and who no more."""
    group = build.group()
    ada, bob = build.member(group), build.member(group)
    paper = session.get_one(Paper, build.paper(group, ada).paper_id)
    actor = build.actor(ada)
    add_coauthor(session, paper, bob.public_id, now=clock(), by=actor)
    remove_coauthor(session, paper, bob.public_id, now=clock(), by=actor)
    assert list(entries(session)) == [
        ("paper.coauthor_added", ada.public_id, paper.public_id, {"account": bob.public_id}),
        ("paper.coauthor_removed", ada.public_id, paper.public_id, {"account": bob.public_id}),
    ]


def test_consultations(session: Session, clock: StoppedClock, chaired: tuple[Group, Actor]) -> None:
    """Every step, with the state it led to."""
    group, chair = chaired
    place = (session, chair, group.slug)
    text = ConsultationText(title="What counts?", rendered=render("Say what counts.", profile="post"))
    made = create_consultation(*place, text, now=clock())
    edit_consultation(*place, made.public_id, text, now=clock())
    announce_consultation(*place, made.public_id, now=clock())
    open_consultation(*place, made.public_id, now=clock())
    close_consultation(*place, made.public_id, now=clock())
    publish_answers(*place, made.public_id, now=clock())
    assert [(entry[0], entry[3]["state"]) for entry in entries(session)] == [
        ("consultation.made", "draft"),
        ("consultation.changed", "draft"),
        ("consultation.announced", "draft"),
        ("consultation.opened", "open"),
        ("consultation.closed", "closed"),
        ("consultation.answers_published", "closed"),
    ]


def test_meetings_and_their_minutes(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Each step with its number in calendars; who was there as a number of seats; no word of the minutes."""
    house = MinutedHouse(session, build)
    chair, member, meeting = build.actor(house.chair), build.actor(house.member), house.meeting
    place, now = (session, chair, house.slug, meeting.public_id), clock()
    text = MeetingText("Spring", render("", profile="post"), now, now + timedelta(hours=2), "UTC", "A\nB")
    change_meeting(*place, text, now=now)
    seats = {house.seat.public_id: "alternate"}
    record_attendance(*place, seats=seats, observers=frozenset(), now=now)
    house.answer(house.propose(), RemarkAnswer.PARTLY, "It was said otherwise.")
    clock.advance(days=11)
    house.adopt()
    coming = prepare_meeting(
        session,
        chair,
        house.slug,
        replace(text, starts_at=clock() + timedelta(days=1), ends_at=clock() + timedelta(days=2)),
        now=clock(),
    )
    given_up = prepare_meeting(session, chair, house.slug, text, now=clock())
    drop_meeting(session, chair, house.slug, given_up.public_id)
    convene_meeting(session, chair, house.slug, coming.public_id, now=clock())
    cancel_meeting(session, chair, house.slug, coming.public_id, reason="Too few can come.", now=clock())
    found = list(entries(session))
    who, by = chair.public_id, member.public_id
    assert [entry[:3] for entry in found] == [
        ("meeting.convened", who, meeting.public_id),
        ("minutes.circulated", who, meeting.public_id),
        ("meeting.changed", who, meeting.public_id),
        ("meeting.attendance_recorded", who, meeting.public_id),
        ("minutes.remarked", by, meeting.public_id),
        ("minutes.remark_answered", who, meeting.public_id),
        ("minutes.adopted", who, meeting.public_id),
        ("meeting.convened", who, coming.public_id),
        ("meeting.cancelled", who, coming.public_id),
    ]
    facts = [entry[3] for entry in found]
    assert facts[2] == {"starts_at": now.isoformat(timespec="seconds"), "tlp": "CLEAR", "sequence": 1}
    assert (facts[3], facts[4], facts[5]) == ({"seats": 1}, {}, {"answer": "partly"})


def test_decisions(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Opened with the seats that vote, closed by the clock with the figures; a vote says no choice."""
    house = VotingHouse(session, build, build.group(Ceiling.PUBLIC), seats=2)
    ballot, given_up = house.open(), house.open()
    withdraw_ballot(session, build.actor(house.chair), house.group.slug, given_up.public_id, now=clock())
    house.vote(ballot, 0, Choice.AGREE)
    house.vote(ballot, 1, Choice.AGAINST, reason="It leaves out small services.")
    house.close(ballot, clock)
    found = list(entries(session))
    who = house.chair.public_id
    assert [(action, actor, subject) for action, actor, subject, _ in found] == [
        ("ballot.opened", who, ballot.public_id),
        ("ballot.opened", who, given_up.public_id),
        ("ballot.withdrawn", who, given_up.public_id),
        ("ballot.vote_given", house.people[0].public_id, ballot.public_id),
        ("ballot.vote_given", house.people[1].public_id, ballot.public_id),
        ("ballot.closed", None, ballot.public_id),
    ]
    assert found[0][3] == {"procedure": "written", "seats": 2}
    assert found[5][3] == {
        "procedure": "written",
        "outcome": "not_adopted",
        "entitled": 2,
        "agree": 1,
        "against": 1,
    }
    assert "against" not in str([facts for _, _, _, facts in found[:5]])


def test_declarations(
    session: Session, build: Builder, clock: StoppedClock, chaired: tuple[Group, Actor]
) -> None:
    """Filed, remarked on and asked for, by versions; never which interests."""
    group, chair = chaired
    member = build.actor(build.member(group))
    words = render("I hold shares.", profile="post")
    row = file_declaration(session, member, group.slug, has_interests=True, rendered=words, now=clock())
    remark_on(session, chair, group.slug, row.public_id, "Sold in March.", now=clock())
    ask_missing(session, chair, group.slug, now=clock())
    assert list(entries(session)) == [
        ("declaration.filed", member.public_id, row.public_id, {"version": 1}),
        ("declaration.remarked", chair.public_id, row.public_id, {"version": 1}),
        ("consultation.reminded", chair.public_id, group.public_id, {"people": 1}),
    ]


def test_calls_for_seats(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Where two decide, the word of the first is a proposal; never the reasons."""
    house = CallingHouse(session, build, selectors=2)
    request = house.applied()
    for person in (house.first, house.second):
        house.decide(person, request, granted=False)
    place = (session, build.actor(house.first), house.group.slug, house.call.public_id)
    close_call(*place, now=clock())
    first, second = house.first.public_id, house.second.public_id
    applicant = session.get_one(Account, request.account_id).public_id
    facts = {"kind": "seat", "account": applicant}
    kinds = {"kinds": [kind.value for kind in SeatKind]}
    assert list(entries(session)) == [
        ("seat_call.opened", first, house.call.public_id, kinds),
        ("seat.proposed", first, request.public_id, {"granted": False}),
        ("request.refused", second, request.public_id, facts),
        ("seat_call.closed", first, house.call.public_id, kinds),
    ]


def test_imports_and_exports(app: Flask, session: Session, tmp_path: Path) -> None:
    """How many records came into which group and what was made for them; which group was given out."""
    file = tmp_path / "records.jsonl"
    base = {"kind": "post", "date": "2025-03-19", "text": "Words."}
    records = [
        base | {"id": "a", "group": "One", "author": "Ada", "organisation": "Body"},
        base | {"id": "b", "group": "One", "author": "Ada"},
        base | {"id": "c", "group": "Two"},
    ]
    file.write_text("\n".join(json.dumps(record) for record in records))
    runner = app.test_cli_runner()
    for _ in range(2):
        assert runner.invoke(cli, ["import", str(file)]).exit_code == 0
    done = runner.invoke(cli, ["export", "--group", "one", "--format", "csv"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert [(action, facts) for action, _, _, facts in entries(session)] == [
        ("group.added", {"ceiling": "members", "is_listed": True}),
        ("group.added", {"ceiling": "members", "is_listed": True}),
        ("records.imported", {"records": 2, "organisations": 1, "accounts": 1}),
        ("records.imported", {"records": 1}),
        ("records.exported", {"format": "csv"}),
    ]


def test_the_demonstration_is_on_record(app: Flask, session: Session) -> None:
    """Every person, body, mandate, seat and role in it, as if they had come one by one."""
    assert app.test_cli_runner().invoke(cli, ["demo", "--no-serve"]).exit_code == 0
    recorded = actions(session)
    for model, action in (
        (Account, "account.added"),
        (Organisation, "organisation.added"),
        (Mandate, "mandate.granted"),
        (Seat, "seat.added"),
        (Membership, "member.added"),
        (Group, "group.added"),
    ):
        assert recorded.count(action) == session.scalar(sa.select(sa.func.count()).select_from(model)) > 0
