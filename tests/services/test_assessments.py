"""Assessments: one a seat and round, blind until the stage ends, for whoever holds the seat then."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.assessments import Assessment, AssessmentDraft, StageSeat, Unit
from forum.domain.attribution import Attribution, Authorship
from forum.domain.catalogues import sheets_of
from forum.domain.groups import Group, GroupRole, Membership
from forum.domain.labels import Ceiling, Status, Tlp
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import visible_to
from forum.services.assessment_values import fingerprint
from forum.services.assessments import get_desk, save_page
from forum.services.catalogues import get_assessed
from forum.services.matrices import list_countries, list_history, load_matrix
from forum.services.sealing import seat_key
from forum.services.stage_seats import get_standing
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.journeys.walking import telling
from tests.services.staging import (
    assessed,
    catalogue,
    chair_of,
    fill,
    go_on,
    hand_in,
    procedure,
    seated,
)
from tests.support import deliver, look_again, submit

OWN: dict[str, Any] = {"seat_id": None, "country": "", "sealing_secret": SEALING}
ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group()


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return chair_of(build, group)


@pytest.fixture
def open_round(build: Builder, group: Group, chair: Account) -> None:
    """The first round is open."""
    catalogue(build, group)
    procedure(build, group)
    go_on(build, group, chair)
    go_on(build, group, chair)


@pytest.mark.usefixtures("open_round")
def test_nobody_but_the_seat_reads_it_until_the_stage_ends(
    build: Builder, group: Group, chair: Account, session: Session
) -> None:
    """Of every role; then everybody who reads the group, and nobody else."""
    person, seat = seated(build, group)
    alternate = build.member(group, seat=seat, is_alternate=True)
    other, _ = seated(build, group)
    colleague = build.account("colleague without a seat")
    build.mandate(colleague, build.session.get_one(type(build.organisation()), seat.organisation_id))
    people = {role: build.member(group, role=role) for role in GroupRole} | {
        "chair": chair,
        "other": other,
        "administrator": build.account(platform_role=PlatformRole.ADMINISTRATOR),
        "platform": build.account(platform_role=PlatformRole.SECRETARIAT),
        "colleague": colleague,
        "visitor": None,
    }
    sent = assessed(build, person, group)

    def readers() -> set[object]:
        return {
            name
            for name, one in ({"person": person, "alternate": alternate} | people).items()
            if session.scalars(sa.select(Assessment.id).where(visible_to(build.actor(one), Assessment))).all()
        }

    assert sent.status is Status.RECEIVED
    assert readers() == {"person", "alternate"}
    go_on(build, group, chair)
    assert readers() == {"person", "alternate", "chair", "other", *GroupRole}


@pytest.mark.usefixtures("open_round")
def test_a_seat_replaces_its_own_until_then(build: Builder, group: Group, session: Session) -> None:
    """It stays one assessment, and the draft is gone once it is submitted."""
    person, seat = seated(build, group)
    first = assessed(build, person, group, "2")
    again = assessed(build, person, group, "5")
    assert first.id == again.id
    assert again.values["on-device/privacy"]["rating"] == 5
    assert session.scalars(sa.select(AssessmentDraft.id)).all() == []
    assert session.scalars(sa.select(StageSeat.seat_id)).all() == [seat.id]


@pytest.mark.usefixtures("open_round")
def test_an_assessment_after_the_deadline_is_not_taken(
    build: Builder, group: Group, clock: StoppedClock
) -> None:
    """By when it arrived; the draft stays."""
    person, _ = seated(build, group)
    fill(build, person, group)
    clock.advance(days=8)
    with pytest.raises(Invalid, match="deadline"):
        hand_in(build, person, group)


@pytest.mark.usefixtures("open_round")
def test_an_assessment_after_its_stage_ended_is_refused(build: Builder, group: Group, chair: Account) -> None:
    """With the table's sentence, though the deadline is yet to come: others' can be read by now."""
    person, _ = seated(build, group)
    fill(build, person, group)
    go_on(build, group, chair)
    with pytest.raises(Invalid, match="yours comes late"):
        hand_in(build, person, group)


@pytest.mark.usefixtures("open_round")
def test_of_twenty_at_once_exactly_one_counts(
    build: Builder, group: Group, client_of: ClientOf, session: Session
) -> None:
    """The others are told that somebody of the seat was faster."""
    person, _ = seated(build, group)
    fill(build, person, group)
    desk = get_desk(
        session,
        build.actor(person),
        group.slug,
        "solutions",
        seat_id=None,
        country="",
        sealing_secret=SEALING,
    )
    data = {"seen": fingerprint(desk.entries), "based_on": "0", "label": group.default_tlp.value}
    clients = [client_of(person) for _ in range(20)]
    session.rollback()

    def press(client: FlaskClient) -> int:
        path = f"/groups/{group.slug}/assessments/solutions/mine/preview"
        return submit(client, path, data).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(press, clients))
    assert answers == [303] + [409] * 19
    look_again(session)
    assert len(session.scalars(sa.select(Assessment.id)).all()) == 1


@pytest.mark.usefixtures("open_round")
def test_who_takes_over_the_seat_goes_on(
    build: Builder, group: Group, chair: Account, clock: StoppedClock
) -> None:
    """The representative leaves in mid-stage: the alternate finds the draft, and so does a successor.

    In between the chair sees an empty seat, and whoever left finds nothing.
    """
    person, seat = seated(build, group, "Example Messenger")
    stage = get_assessed(build.session, build.actor(person), group.slug, "solutions").rounds[0].stage
    fill(build, person, group)
    membership = build.session.scalars(sa.select(Membership).where(Membership.seat_id == seat.id)).one()
    membership.ended_at = clock()
    build.session.commit()
    standing = get_standing(build.session, group, stage, now=clock())
    assert [one.name for one in standing.empty] == ["Example Messenger"]
    with pytest.raises(NotFound):
        hand_in(build, person, group)
    successor = build.member(group, seat=seat)
    assert get_standing(build.session, group, stage, now=clock()).empty == ()
    assert hand_in(build, successor, group).values["enclave/security"]["rating"] == 3
    assert get_standing(build.session, group, stage, now=clock()).missing == ()


@pytest.mark.usefixtures("open_round")
@pytest.mark.parametrize("where", ["forum", "group"])
def test_a_suspended_person_assesses_nothing(
    build: Builder, group: Group, clock: StoppedClock, where: str
) -> None:
    """From the forum or from this group; the chair sees that nobody can act for the seat."""
    person, seat = seated(build, group)
    later = clock() + timedelta(days=3)
    if where == "forum":
        person.suspended_until = later
    else:
        held = build.session.scalars(sa.select(Membership).where(Membership.seat_id == seat.id)).one()
        held.suspended_until = later
    build.session.commit()
    with pytest.raises((NotAllowed, NotFound)):
        fill(build, person, group)
    stage = get_assessed(build.session, build.actor(build.member(group)), group.slug, "solutions").rounds[0]
    assert get_standing(build.session, group, stage.stage, now=clock()).empty


@pytest.mark.usefixtures("open_round")
@pytest.mark.parametrize("role", [GroupRole.OBSERVER, GroupRole.MODERATOR, GroupRole.CHAIR])
def test_whoever_holds_no_seat_assesses_nothing(build: Builder, group: Group, role: GroupRole) -> None:
    """A role in the group is none; an observer on a seat attends."""
    body = build.organisation()
    person = build.member(group, role=role, seat=build.seat(group, body) if role == "observer" else None)
    with pytest.raises(NotAllowed):
        fill(build, person, group)


@pytest.mark.usefixtures("open_round")
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"rating": ""}, "choose a rating"),
        ({"reason": ""}, "give the reason"),
        ({"confidence": ""}, "how confident"),
        ({"reason": "x" * 5_001}, "up to 5000"),
    ],
    ids=["no rating", "no reason", "no confidence", "a reason too long"],
)
def test_what_is_missing_is_said(
    build: Builder, group: Group, change: dict[str, str], complaint: str
) -> None:
    """Of the cell in which it is, and nothing is submitted."""
    person, _ = seated(build, group)
    fill(build, person, group)
    draft = build.session.scalars(sa.select(AssessmentDraft)).one()
    draft.entries = draft.entries | {"enclave/privacy": draft.entries["enclave/privacy"] | change}
    build.session.commit()
    with pytest.raises(Invalid, match="Secure enclave · Privacy") as refused:
        hand_in(build, person, group)
    assert complaint in str(refused.value)


@pytest.mark.usefixtures("open_round")
def test_two_of_one_seat_do_not_overwrite_each_other(build: Builder, group: Group) -> None:
    """Who saves second is given what the first saved, and nothing is lost."""
    person, seat = seated(build, group)
    alternate = build.member(group, seat=seat, is_alternate=True)
    cells = get_assessed(build.session, build.actor(person), group.slug, "solutions")
    sheet = sheets_of(cells.catalogue)[0]
    fill(build, person, group, "2")
    saved = save_page(
        build.session,
        build.actor(alternate),
        group.slug,
        "solutions",
        sheet.cells,
        {sheet.cells[0].key: {"rating": "5"}},
        seen=fingerprint({cell.key: {} for cell in sheet.cells}),
        received_at=build.clock(),
        now=build.clock(),
        **OWN,
    )
    assert saved.theirs is not None
    assert saved.theirs[sheet.cells[0].key]["rating"] == "2"
    with pytest.raises(Conflict, match="changed it since you looked"):
        hand_in(build, alternate, group, seen=fingerprint({}))


def test_a_second_round_keeps_the_first_and_shows_what_changed(
    build: Builder, group: Group, chair: Account, open_round: None
) -> None:
    """It begins from what the seat gave; the matrix counts what is another now."""
    person, _ = seated(build, group)
    other, _ = seated(build, group)
    assessed(build, person, group, "1")
    assessed(build, other, group, "5")
    go_on(build, group, chair)
    go_on(build, group, chair)
    hand_in(build, other, group)
    assessed(build, person, group, "4")
    go_on(build, group, chair)
    actor = build.actor(chair)
    found = get_assessed(build.session, actor, group.slug, "solutions")
    first, second = (load_matrix(build.session, actor, found, number) for number in (1, 2))
    assert [one.summaries["enclave/privacy"].median for one in (first, second)] == [3.0, 4.5]
    assert (first.summaries["enclave/privacy"].dissent, second.summaries["enclave/privacy"].dissent) == (2, 0)
    assert second.summaries["enclave/privacy"].changed == 1
    assert sorted(str(line.change("enclave/privacy")) for line in second.lines) == ["(1, 4)", "None"]
    with pytest.raises(NotFound):
        load_matrix(build.session, actor, found, 3)


def test_under_the_chatham_house_rule_nothing_ties_a_row_to_a_seat(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """No seat, body, person, type or time; an alias once it can be read, the same in the second round."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE)
    chair = chair_of(build, group)
    catalogue(build, group)
    procedure(build, group)
    people = [seated(build, group) for _ in range(3)]
    go_on(build, group, chair)
    go_on(build, group, chair)
    rows = []
    for person, _ in people:
        clock.advance(hours=1)
        rows.append(assessed(build, person, group))
    for row in rows:
        assert {row.seat_id, row.organisation_id, row.author_id, row.stakeholder_type, row.alias} == {None}
    assert len({row.received_at for row in rows}) == 1
    keys = {key for key in session.scalars(sa.select(Authorship.writer_key)) if "seat" in key}
    assert not keys & {seat_key(seat.id) for _, seat in people}
    go_on(build, group, chair)
    aliases = {row.writer_key: row.alias for row in rows}
    assert sorted(str(alias) for alias in aliases.values()) == ["Company A", "Company B", "Company C"]
    go_on(build, group, chair)
    second = hand_in(build, people[0][0], group)
    go_on(build, group, chair)
    assert second.alias == aliases[second.writer_key]
    found = get_assessed(session, build.actor(chair), group.slug, "solutions")
    lines = load_matrix(session, build.actor(chair), found, 2).lines
    # The chair saw that two seats were missing: nothing says which aliases are theirs.
    assert {line.byline.alias for line in lines} == set(aliases.values())
    assert not any(line.is_carried for line in lines)


def test_countries_are_read_at_once_and_keep_their_history(
    build: Builder, clock: StoppedClock, session: Session
) -> None:
    """The newest of each seat in the table, all in the history, each as far as its label goes."""
    group = build.group(Ceiling.PUBLIC)
    catalogue(
        build,
        group,
        key="model",
        unit=Unit.COUNTRY,
        criteria=[{"key": "phase", "title": "Phase", "question": ""}],
        scale=["phase 1", "phase 2", "phase 3", "phase 4"],
    )
    person, _ = seated(build, group)
    other, _ = seated(build, group)
    where = {"country": "KE", "key": "model"}
    fill(build, person, group, "1", country="KE")
    hand_in(build, person, group, **where)
    clock.advance(days=30)
    fill(build, person, group, "2", country="KE")
    hand_in(build, person, group, **where)
    fill(build, other, group, "4", country="KE")
    hand_in(build, other, group, tlp=Tlp.RED, **where)
    for reader, newest, all_of_them in ((build.actor(None), 1, 2), (build.actor(person), 2, 3)):
        found = get_assessed(session, reader, group.slug, "model")
        (row,) = list_countries(session, reader, found)
        assert (row.country, len(row.lines)) == ("KE", newest)
        assert len(list_history(session, reader, found, "KE")) == all_of_them
    history = list_history(session, build.actor(None), found, "KE")
    assert [line.change("enclave/phase") for line in history] == [(1, 2), None]


@pytest.mark.usefixtures("open_round")
def test_no_page_call_search_or_notice_tells_of_a_blind_one(
    app: Flask, build: Builder, group: Group, chair: Account, client_of: ClientOf, clock: StoppedClock
) -> None:
    """What an expert, the chair, a moderator and the secretariat are shown is the same before and after.

    But for the chair's own page, which says how many seats have submitted, and which have not.
    """
    person, _ = seated(build, group, "Quarry Guild")
    expert, _ = seated(build, group)
    staff = [build.member(group, role=role) for role in (GroupRole.MODERATOR, GroupRole.SECRETARIAT)]
    base = f"/groups/{group.slug}/"
    paths = [
        base,
        f"{base}stages/",
        f"{base}assessments/",
        f"{base}assessments/solutions/",
        f"{base}assessments/solutions/rounds/1/",
        f"{base}assessments/solutions/rounds/1/report.docx",
        f"{base}assessments/solutions/rounds/1/enclave/privacy/",
        f"{base}members/",
        "/search?q=knows",
        "/notifications/",
        "/moderation/log",
        "/feeds/moderation.atom",
        "/me/record",
        "/organisations/body-1/",
    ]
    fill(build, person, group)

    def seen() -> dict[tuple[int, str], tuple[int, str]]:
        answers = {}
        for place, account in enumerate([expert, chair, *staff]):
            client = client_of(account)
            for path in paths:
                answers[place, path] = telling(client.get(path))
        return answers

    before = seen()
    look_again(build.session)
    sent = hand_in(build, person, group)
    deliver(app, clock)
    after = seen()
    assert after == before
    assert sent.text not in str(after.values())
    assert client_of(chair).get(f"{base}stages/manage").text.count("Quarry Guild") == 0
