"""Consultations open and close by themselves when their time comes."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.cli.worker import sessions_of
from forum.delivery.deadlines import Deadlines
from forum.delivery.worker import drain
from forum.domain.consultations import AnswersVisible, Consultation, ConsultationState
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.outbox import Topic
from forum.domain.papers import PaperVersion
from forum.richtext import render
from forum.services import consultations as services
from forum.services.consultations import ConsultationText
from forum.services.mandates import grant_mandate
from forum.services.paper_choices import PaperChoices
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.paper_writing import PaperWriter
from tests.support import look_again


class Office:
    """A chair who prepares consultations, and a worker that is asked to look."""

    def __init__(self, app: Flask, build: Builder, clock: StoppedClock) -> None:
        self.app, self.build, self.clock = app, build, clock
        self.group: Group = build.group(Ceiling.PUBLIC)
        self.chair = build.member(self.group, role=GroupRole.CHAIR)

    def text(self, opens: float | None, closes: float | None) -> ConsultationText:
        def after(hours: float | None) -> object:
            return self.clock() + timedelta(hours=hours) if hours is not None else None

        return ConsultationText(
            title="What counts?",
            rendered=render("Say what.", profile="post"),
            answers_visible=AnswersVisible.AFTER_CLOSING,
            opens_at=after(opens),  # type: ignore[arg-type]
            closes_at=after(closes),  # type: ignore[arg-type]
        )

    def prepare(self, opens: float | None, closes: float | None, *, announce: bool = True) -> Consultation:
        session, actor = self.build.session, self.build.actor(self.chair)
        row = services.create_consultation(
            session, actor, self.group.slug, self.text(opens, closes), now=self.clock()
        )
        if announce:
            services.announce_consultation(session, actor, self.group.slug, row.public_id, now=self.clock())
        session.commit()
        return row

    def state(self, row: Consultation) -> ConsultationState:
        drain(sessions_of(self.app), self.clock, {Topic.DEADLINE: Deadlines(self.clock)}, report=pytest.fail)
        self.build.session.rollback()
        self.build.session.expire_all()
        return self.build.session.scalars(
            sa.select(Consultation.state).where(Consultation.id == row.id)
        ).one()


@pytest.fixture
def office(app: Flask, build: Builder, clock: StoppedClock) -> Office:
    return Office(app, build, clock)


def test_it_opens_and_closes_at_its_times(
    office: Office, clock: StoppedClock, session: Session, build: Builder
) -> None:
    """Not before, and what waited for the closing is published with it."""
    row = office.prepare(opens=1, closes=3)
    assert office.state(row) is ConsultationState.DRAFT
    clock.advance(hours=1)
    assert office.state(row) is ConsultationState.OPEN
    papers = PaperWriter(session, build)
    answer = PaperChoices(consultation=row.public_id)
    version = papers.publish(build.member(office.group), office.group, choices=answer)
    assert version.status is Status.RECEIVED
    clock.advance(hours=2)
    assert office.state(row) is ConsultationState.OPEN
    papers.publish(build.member(office.group), office.group, choices=answer)
    clock.advance(seconds=1)
    assert office.state(row) is ConsultationState.CLOSED
    assert set(session.scalars(sa.select(PaperVersion.status))) == {Status.PUBLISHED}


def test_what_is_not_announced_stays_closed(office: Office, clock: StoppedClock) -> None:
    """A consultation that is still being prepared opens for nobody."""
    row = office.prepare(opens=1, closes=None, announce=False)
    clock.advance(hours=2)
    assert office.state(row) is ConsultationState.DRAFT


def test_a_later_closing_time_holds(
    office: Office, clock: StoppedClock, session: Session, build: Builder
) -> None:
    """The entry of the first date finds the second one."""
    row = office.prepare(opens=0, closes=1)
    assert office.state(row) is ConsultationState.OPEN
    actor = build.actor(office.chair)
    services.edit_consultation(
        session, actor, office.group.slug, row.public_id, office.text(None, 5), now=clock()
    )
    session.commit()
    clock.advance(hours=2)
    assert office.state(row) is ConsultationState.OPEN
    clock.advance(hours=4)
    assert office.state(row) is ConsultationState.CLOSED


@pytest.mark.parametrize("renewed", [False, True], ids=["not renewed", "renewed"])
def test_a_mandate_ends_with_its_last_day(
    app: Flask, build: Builder, clock: StoppedClock, renewed: bool
) -> None:
    """The seat held by it ends the day after; not where another mandate of the same body follows."""
    group, body, ada = build.group(), build.organisation(), build.account()
    build.member(group, ada, seat=build.seat(group, body))
    today = clock().date()
    grant_mandate(build.session, body, ada, now=clock(), ends_on=today)
    if renewed:
        grant_mandate(build.session, body, ada, now=clock(), starts_on=today + timedelta(days=1))
    build.session.commit()
    handlers = {Topic.DEADLINE: Deadlines(clock)}
    drain(sessions_of(app), clock, handlers, report=pytest.fail)
    look_again(build.session)
    assert build.actor(ada).roles_in(group.id) == {GroupRole.MEMBER}
    clock.advance(days=1)
    drain(sessions_of(app), clock, handlers, report=pytest.fail)
    look_again(build.session)
    assert bool(build.actor(ada).roles_in(group.id)) is renewed
