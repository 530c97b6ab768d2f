"""Reminders by themselves before the closing, and who is missing."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from forum.domain.answers import Reminder
from forum.domain.attribution import Attribution
from forum.domain.consultations import AnswersVisible, Asked
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.notices import MailPreference, NoticeKind
from forum.errors import Invalid, NotAllowed
from forum.richtext import render
from forum.services import consultations
from forum.services.answer_drafts import Written
from forum.services.consultations import ConsultationText
from forum.services.reminders import list_recipients, send_reminders
from forum.services.subjects import subject_of
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.services.answering import asking, colleague, questionnaire, save, send
from tests.support import deliver, look_again


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


def test_they_go_by_themselves_on_their_days(
    app: Flask, build: Builder, group: Group, clock: StoppedClock
) -> None:
    """Seven days and one day before the closing, once each; not for a date that was changed."""
    chair = build.member(group, role=GroupRole.CHAIR)
    actor = build.actor(chair)
    person = build.member(group)

    def text(days: int) -> ConsultationText:
        return ConsultationText(
            title="What counts?",
            rendered=render("Say what.", profile="post"),
            answers_visible=AnswersVisible.AFTER_CLOSING,
            closes_at=clock() + timedelta(days=days),
            reminder_days=(1, 7),
        )

    row = consultations.create_consultation(build.session, actor, group.slug, text(10), now=clock())
    questionnaire(build, row)
    consultations.open_consultation(build.session, actor, group.slug, row.public_id, now=clock())
    build.session.commit()
    assert deliver(app, clock) == []
    clock.advance(days=3)
    assert len(deliver(app, clock)) == 1
    look_again(build.session)
    consultations.edit_consultation(build.session, actor, group.slug, row.public_id, text(20), now=clock())
    build.session.commit()
    clock.advance(days=6)
    assert len(deliver(app, clock)) == 1
    clock.advance(days=7)
    assert len(deliver(app, clock)) == 2
    look_again(build.session)
    send(build, person, group, build.session.merge(row))
    receipts = len(deliver(app, clock))
    clock.advance(days=6)
    assert len(deliver(app, clock)) == receipts
    look_again(build.session)
    assert build.session.scalars(sa.select(Reminder.people).order_by(Reminder.id)).all() == [1, 1, 0]


def test_who_stopped_such_mail_gets_the_notice_alone(build: Builder, group: Group) -> None:
    """And the preview says so."""
    person = build.member(group)
    build.session.add(MailPreference(account_id=person.id, kind=NoticeKind.REMINDED, is_wanted=False))
    build.session.commit()
    row = asking(build, group)
    (one,) = list_recipients(
        build.session, subject_of(build.session, row), now=build.clock(), sealing_secret=SEALING
    )
    assert (one.name, one.gets_mail, one.letter) == (person.name, False, None)


def test_under_the_chatham_house_rule_everybody_is_reminded(build: Builder) -> None:
    """Whoever got no mail would have answered."""
    group = build.group(Ceiling.MEMBERS, attribution=Attribution.CHATHAM_HOUSE)
    answered, missing = build.member(group), build.member(group)
    row = asking(build, group)
    send(build, answered, group, row)
    found = list_recipients(
        build.session, subject_of(build.session, row), now=build.clock(), sealing_secret=SEALING
    )
    assert {one.account_id for one in found} == {answered.id, missing.id}


def test_where_everybody_may_answer_those_who_began_are_reminded(build: Builder, group: Group) -> None:
    """Nobody who has nothing to do with it."""
    build.account()
    body = build.organisation()
    begun = build.account()
    build.mandate(begun, body)
    row = asking(build, group, asked=Asked.PUBLIC)
    save(build, begun, group, row, {"q1": Written("x", 0)})
    found = list_recipients(
        build.session, subject_of(build.session, row), now=build.clock(), sealing_secret=SEALING
    )
    assert {one.account_id for one in found} == {begun.id}


def test_only_chair_and_secretariat_remind_and_only_while_it_is_open(build: Builder, group: Group) -> None:
    """A member may not; a closed one cannot."""
    row = asking(build, group)
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    member = build.actor(colleague(build, group, build.organisation()))
    arguments = {"now": build.clock(), "sealing_secret": SEALING}
    with pytest.raises(NotAllowed):
        send_reminders(build.session, member, group.slug, row.public_id, **arguments)  # type: ignore[arg-type]
    consultations.close_consultation(build.session, chair, group.slug, row.public_id, now=build.clock())
    with pytest.raises(Invalid):
        send_reminders(build.session, chair, group.slug, row.public_id, **arguments)  # type: ignore[arg-type]
