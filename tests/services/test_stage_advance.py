"""Going on to the next stage: blockers, consequences, and the one transaction."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.consultations import AnswersVisible, Consultation, ConsultationState
from forum.domain.groups import Group, GroupRole, Stage
from forum.domain.labels import Status
from forum.domain.notices import Notice, NoticeKind
from forum.domain.stages import Blocker
from forum.domain.threads import Thread
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.services.stage_advance import Effect, advance_stage, load_outlook
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.services.consulting import consultation
from tests.services.staging import catalogue, chair_of, go_on, procedure, seated
from tests.support import deliver, look_again, submit


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group()


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return chair_of(build, group)


def keys(session: Session, group: Group) -> list[str]:
    """What has happened to the stages, in a letter each."""
    rows = session.scalars(sa.select(Stage).where(Stage.group_id == group.id).order_by(Stage.position))
    return ["E" if one.ended_at else "C" if one.started_at else "W" for one in rows]


def test_a_procedure_from_its_first_stage_to_its_end(
    app: Flask, build: Builder, group: Group, chair: Account, clock: StoppedClock
) -> None:
    """One stage at a time, each step on record, told to everybody but who took it."""
    catalogue(build, group)
    procedure(build, group)
    member, _ = seated(build, group)
    steps = []
    for _ in range(6):
        go_on(build, group, chair)
        steps.append("".join(keys(build.session, group)))
    assert steps == ["CWWWW", "ECWWW", "EECWW", "EEECW", "EEEEC", "EEEEE"]
    deliver(app, clock)
    look_again(build.session)
    told = build.session.scalars(sa.select(Notice).where(Notice.kind == NoticeKind.STAGE_OPENED)).all()
    assert {one.account_id for one in told} == {member.id}
    assert len(told) == 5
    advanced = sa.select(AuditEntry).where(AuditEntry.action == AuditAction.STAGE_ADVANCED)
    facts = [one.read_facts() for one in build.session.scalars(advanced.order_by(AuditEntry.number))]
    assert (facts[1]["ended"], facts[1]["begun"]) == ("list", "assess")
    with pytest.raises(Conflict):
        go_on(build, group, chair)


def test_a_stage_of_discussion_opens_one_for_each_solution_assessed_before(
    build: Builder, group: Group, chair: Account
) -> None:
    """And before any assessment one of its own."""
    catalogue(build, group)
    procedure(build, group)
    seated(build, group)
    for _ in range(3):
        go_on(build, group, chair)
    titles = build.session.scalars(sa.select(Thread.title).order_by(Thread.id)).all()
    assert titles == ["List the solutions", "Differences: On the device", "Differences: Secure enclave"]


def test_its_consultations_open_and_close_with_it(build: Builder, group: Group, chair: Account) -> None:
    """The one prepared opens, with the stage's deadline; the one of the stage that ends closes."""
    stages = procedure(build, group, (("ask", "Ask", "consultation"), ("end", "End", "meeting")))
    stages[0].closes_at = build.clock() + timedelta(days=3)
    row = consultation(
        build,
        group,
        chair,
        stage_id=stages[0].id,
        state=ConsultationState.DRAFT,
        status=Status.DRAFT,
        answers_visible=AnswersVisible.AFTER_CLOSING,
    )
    go_on(build, group, chair)
    assert (row.state, row.closes_at) == (ConsultationState.OPEN, stages[0].closes_at)
    go_on(build, group, chair)
    assert row.state is ConsultationState.CLOSED


def test_what_can_be_passed_over_has_to_be_confirmed(build: Builder, group: Group, chair: Account) -> None:
    """Seats that are missing, one of them empty, before the deadline."""
    catalogue(build, group)
    procedure(build, group)
    seated(build, group)
    build.seat(group, build.organisation("Nobody There"))
    go_on(build, group, chair)
    go_on(build, group, chair)
    outlook = load_outlook(build.session, build.actor(chair), group, now=build.clock())
    assert outlook.blockers == (Blocker.SEATS_MISSING, Blocker.SEATS_EMPTY, Blocker.BEFORE_DEADLINE)
    assert [seat.name for seat in outlook.standing.empty] == ["Nobody There"]
    assert (outlook.standing.asked, outlook.standing.missing_count) == (2, 2)
    with pytest.raises(Invalid) as refused:
        go_on(build, group, chair, is_confirmed=False)
    assert refused.value.field == "confirm"
    build.session.rollback()
    assert keys(build.session, group) == list("ECWWW")


@pytest.mark.parametrize("fault", ["nothing to assess", "its deadline has passed"])
def test_what_cannot_be_passed_over_stops_it(
    build: Builder, group: Group, chair: Account, fault: str
) -> None:
    """Whatever is confirmed."""
    stages = procedure(build, group)
    if fault != "nothing to assess":
        catalogue(build, group)
        stages[1].closes_at = build.clock() - timedelta(days=1)
        build.session.commit()
    go_on(build, group, chair)
    with pytest.raises(Invalid):
        go_on(build, group, chair)
    build.session.rollback()
    assert keys(build.session, group) == list("CWWWW")


def test_the_chair_is_told_exactly_what_it_does(build: Builder, group: Group, chair: Account) -> None:
    """Before the step, in the order in which it happens."""
    catalogue(build, group)
    procedure(build, group)
    seated(build, group)
    go_on(build, group, chair)
    outlook = load_outlook(build.session, build.actor(chair), group, now=build.clock())
    assert [one.effect for one in outlook.consequences] == [
        Effect.SEATS_ASSESS,
        Effect.CATALOGUE_FIXED,
        Effect.MEMBERS_TOLD,
    ]
    go_on(build, group, chair)
    outlook = load_outlook(build.session, build.actor(chair), group, now=build.clock())
    assert [(one.effect, one.count) for one in outlook.consequences] == [
        (Effect.ASSESSMENTS_READ, 0),
        (Effect.NO_MORE_ASSESSMENTS, 1),
        (Effect.DISCUSSION_OPENS, 0),
        (Effect.DISCUSSION_OPENS, 0),
        (Effect.MEMBERS_TOLD, 1),
    ]


@pytest.mark.parametrize("role", [GroupRole.MEMBER, GroupRole.MODERATOR, GroupRole.RAPPORTEUR, None])
def test_nobody_else_takes_the_step(build: Builder, group: Group, role: GroupRole | None) -> None:
    """Another role is refused; who is not in a closed group finds nothing."""
    procedure(build, group)
    person = build.member(group, role=role) if role else build.account()
    with pytest.raises(NotAllowed if role else NotFound):
        advance_stage(
            build.session,
            build.actor(person),
            group.slug,
            expected_key="list",
            expects_begun=False,
            is_confirmed=True,
            rendered={},
            now=build.clock(),
            sealing_secret=SEALING,
        )


def test_two_who_take_the_step_at_once_take_it_once(
    build: Builder, group: Group, chair: Account, client_of: Callable[[Account | None], FlaskClient]
) -> None:
    """Eight presses from the same page: one goes on, the others are told that somebody did."""
    procedure(build, group, (("a", "A", "meeting"), ("b", "B", "meeting"), ("c", "C", "meeting")))
    go_on(build, group, chair)
    clients = [client_of(chair) for _ in range(8)]
    build.session.rollback()

    def press(client: FlaskClient) -> int:
        data = {"expected": "a", "begun": "yes"}
        return submit(client, f"/groups/{group.slug}/stages/manage", data).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(press, clients))
    assert answers == [303] + [409] * 7
    look_again(build.session)
    assert keys(build.session, group) == list("ECW")
    assert len(build.session.scalars(sa.select(Consultation)).all()) == 0
