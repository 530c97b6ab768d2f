"""Taking answers: in time by arrival, one a body, received, held or published, with a receipt."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer, AnswerReceipt, LateEntry, Publication, content_hash
from forum.domain.attribution import Attribution, Authorship, ShownAs, SubjectKind
from forum.domain.consultations import AnswersVisible, AnswerUnit, Asked, SubmitBy
from forum.domain.groups import Group, GroupRole, HoldingRule, SeatKind
from forum.domain.labels import Ceiling, Status
from forum.domain.organisations import StakeholderType
from forum.errors import Invalid, NotAllowed
from forum.policy import visible_to
from forum.services import consultations
from forum.services.answers import get_answer, withdraw_answer
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.answering import VALUES, asking, colleague, send


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


def test_an_answer_is_received_and_read_by_secretariat_and_writers_alone(
    build: Builder, group: Group, session: Session
) -> None:
    """Not by chair, moderator or fellow members, nor by administrators, before it is visible."""
    body = build.organisation()
    writer = colleague(build, group, body)
    shares = build.account()
    build.mandate(shares, body)
    secretariat = build.member(group, role=GroupRole.SECRETARIAT)
    row = asking(build, group)
    answer = send(build, writer, group, row).answer
    assert (answer.status, answer.audience) == (Status.RECEIVED, f"consultation:{row.id}:secretariat")
    others = [None, build.account()]
    others += [build.member(group, role=role) for role in GroupRole if role is not GroupRole.SECRETARIAT]
    for person, reads in [
        (writer, True),
        (shares, True),
        (secretariat, True),
        *((one, False) for one in others),
    ]:
        found = session.scalars(sa.select(Answer).where(visible_to(build.actor(person), Answer))).all()
        assert bool(found) is reads, person and person.name


def test_closing_publishes_in_one_transaction_and_moderation_makes_nothing_late(
    build: Builder, clock: StoppedClock, session: Session
) -> None:
    """What the charter holds waits for a moderator with the time at which it was received."""
    group = build.group(Ceiling.PUBLIC, holding_rule=HoldingRule.NEWCOMER)
    chair = build.member(group, role=GroupRole.CHAIR)
    known, new = build.member(group), build.member(group)
    build.post(build.thread(group, known), known)
    row = asking(build, group)
    sent_at = clock()
    first, second = send(build, known, group, row).answer, send(build, new, group, row).answer
    clock.advance(days=1)
    consultations.close_consultation(session, build.actor(chair), group.slug, row.public_id, now=clock())
    session.commit()
    assert (first.status, first.audience, first.published_at) == (Status.PUBLISHED, "public", clock())
    assert (second.status, second.received_at, second.late_reason) == (Status.PENDING, sent_at, "")


def test_an_answer_that_arrived_as_the_clock_struck_is_in_though_the_closing_came_first(
    build: Builder, group: Group, clock: StoppedClock, session: Session
) -> None:
    """And is published at once, for the closing has published the others; a moment later it is refused."""
    row = asking(build, group, closes_at=clock())
    strikes = clock()
    early, late = build.member(group), build.member(group)
    clock.advance(seconds=3)
    consultations.keep_dates(session, row.id, now=clock())
    session.commit()
    answer = send(build, early, group, row, received_at=strikes).answer
    assert (answer.status, answer.received_at, answer.late_reason) == (Status.PUBLISHED, strikes, "")
    clock.advance(microseconds=1)
    with pytest.raises(Invalid) as caught:
        send(build, late, group, row, received_at=strikes.replace(microsecond=1))
    assert "closed" in caught.value.message


def test_one_answer_a_body_whoever_of_it_sends(build: Builder, group: Group, session: Session) -> None:
    """A colleague's sending is the next version of the same answer; both are its writers."""
    body = build.organisation()
    first, second = colleague(build, group, body), colleague(build, group, body)
    row = asking(build, group)
    one = send(build, first, group, row).answer
    two = send(build, second, group, row, VALUES | {"q3": ["o2"]}).answer
    assert (one.id, two.number) == (two.id, 2)
    receipts = session.scalars(sa.select(AnswerReceipt).order_by(AnswerReceipt.number)).all()
    assert [receipt.number for receipt in receipts] == [1, 2]
    assert all(receipt.content_hash == content_hash(receipt.canonical) for receipt in receipts)
    assert two.content_hash == receipts[1].content_hash != receipts[0].content_hash
    keys = set(
        session.scalars(sa.select(Authorship.writer_key).where(Authorship.subject_kind == SubjectKind.ANSWER))
    )
    assert keys == {f"organisation:{body.id}", f"account:{first.id}", f"account:{second.id}"}


def test_sent_again_unchanged_it_is_the_same(build: Builder, group: Group, session: Session) -> None:
    """A second press makes no second version, and keeps the time of the first."""
    person = build.member(group)
    row = asking(build, group)
    first = send(build, person, group, row).receipt
    build.clock.advance(hours=1)  # type: ignore[attr-defined]
    assert send(build, person, group, row).receipt.id == first.id
    assert session.scalar(sa.select(sa.func.count()).select_from(AnswerReceipt)) == 1


def test_each_person_answers_where_people_are_asked(build: Builder, group: Group) -> None:
    """Two colleagues give two answers, shown with their body."""
    body = build.organisation()
    row = asking(build, group, answer_unit=AnswerUnit.PERSON)
    answers = [send(build, colleague(build, group, body), group, row).answer for _ in range(2)]
    assert answers[0].id != answers[1].id
    assert {answer.organisation_id for answer in answers} == {body.id}


@pytest.mark.parametrize(
    ("by", "may_publish", "is_alternate", "may_send"),
    [
        (SubmitBy.MANDATE, False, True, True),
        (SubmitBy.PUBLISHER, True, True, True),
        (SubmitBy.PUBLISHER, False, False, False),
        (SubmitBy.REPRESENTATIVE, True, False, True),
        (SubmitBy.REPRESENTATIVE, True, True, False),
    ],
)
def test_who_of_a_body_sends(
    build: Builder, group: Group, by: SubmitBy, may_publish: bool, is_alternate: bool, may_send: bool
) -> None:
    """As the consultation sets it; the others write on the draft."""
    body, person = build.organisation(), build.account()
    build.mandate(person, body, may_publish=may_publish)
    build.member(group, person, seat=build.seat(group, body), is_alternate=is_alternate)
    row = asking(build, group, submit_by=by)
    if may_send:
        assert send(build, person, group, row).answer.organisation_id == body.id
    else:
        with pytest.raises(NotAllowed):
            send(build, person, group, row)


def test_who_is_not_asked_cannot_answer(build: Builder, group: Group) -> None:
    """Observers, outsiders, officers without a seat, suspended people; and in no name but one's own."""
    body = build.organisation()
    stranger = build.account()
    build.mandate(stranger, body)
    row = asking(build, group)
    people = [stranger, build.account()]
    people += [build.member(group, role=role) for role in (GroupRole.OBSERVER, GroupRole.CHAIR)]
    suspended = build.member(group)
    suspended.suspended_until = build.clock().replace(year=2030)
    build.session.commit()
    for person in [*people, suspended]:
        with pytest.raises(NotAllowed):
            send(build, person, group, row)
    with pytest.raises(NotAllowed):
        send(build, build.member(group), group, row, respondent=body.slug)


def test_all_participants_answer_where_they_are_asked(build: Builder, group: Group) -> None:
    """Without a seat, for a body or themselves."""
    body, person = build.organisation(), build.account()
    build.mandate(person, body)
    row = asking(build, group, asked=Asked.PARTICIPANTS)
    assert send(build, person, group, row).answer.organisation_id == body.id
    assert send(build, person, group, row, respondent="-").answer.organisation_id is None


def test_representative_and_alternate_of_a_member_state_give_one_answer(build: Builder, group: Group) -> None:
    """The answer is the seat's; who leaves the seat no longer answers for it."""
    seat = build.seat(group, kind=SeatKind.MEMBER_STATE, country="BE", title="Kingdom of Example")
    people = [build.member(group, seat=seat, is_alternate=number > 0) for number in range(2)]
    row = asking(build, group)
    first = send(build, people[0], group, row).answer
    second = send(build, people[1], group, row, VALUES | {"q2": "o2"}).answer
    assert first.id == second.id
    assert (second.country, second.stakeholder_type) == ("BE", StakeholderType.PUBLIC_AUTHORITY)


@pytest.mark.parametrize(
    ("values", "field"),
    [({}, None), ({"q1": "x"}, "q2"), ({"q1": "x", "q2": "o9"}, "q2"), (VALUES | {"q9": "x"}, None)],
    ids=["nothing", "one missing", "no such choice", "no such question"],
)
def test_incomplete_answers_are_refused_at_the_question(
    build: Builder, group: Group, session: Session, values: dict[str, str], field: str | None
) -> None:
    """And nothing is stored."""
    row = asking(build, group)
    person = build.member(group)
    with pytest.raises(Invalid) as caught:
        send(build, person, group, row, values)
    assert caught.value.field == field
    session.rollback()
    assert session.scalar(sa.select(Answer.id)) is None


def test_confidential_answers_stay_received(build: Builder, group: Group, session: Session) -> None:
    """Closing and publishing leave them to the secretariat."""
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    row = asking(build, group)
    answer = send(build, build.member(group), group, row, publication=Publication.CONFIDENTIAL).answer
    consultations.close_consultation(session, chair, group.slug, row.public_id, now=build.clock())
    consultations.publish_answers(session, chair, group.slug, row.public_id, now=build.clock())
    assert answer.status is Status.RECEIVED


def test_it_can_be_withdrawn_until_it_is_published(build: Builder, group: Group, session: Session) -> None:
    """Then text and receipts are blank, nobody else ever sees a stub, and it can be sent again."""
    person = build.member(group)
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    row = asking(build, group)
    answer = send(build, person, group, row).answer
    withdraw_answer(
        session, build.actor(person), group.slug, row.public_id, answer.public_id, now=build.clock()
    )
    session.commit()
    assert (answer.values, answer.text, answer.audience) == ({}, "", f"consultation:{row.id}:secretariat")
    assert session.scalars(sa.select(AnswerReceipt.canonical)).all() == [""]
    again = send(build, person, group, row).answer
    assert (again.id, again.number, again.status) == (answer.id, 2, Status.RECEIVED)
    consultations.close_consultation(session, chair, group.slug, row.public_id, now=build.clock())
    session.commit()
    with pytest.raises(NotAllowed):
        withdraw_answer(
            session, build.actor(person), group.slug, row.public_id, answer.public_id, now=build.clock()
        )


def test_first_person_testimony_can_be_withdrawn_at_any_time(
    build: Builder, group: Group, session: Session
) -> None:
    """Of a body of victims and survivors, though it is published."""
    body = build.organisation(represents_survivors=True)
    person = colleague(build, group, body)
    row = asking(build, group, answers_visible=AnswersVisible.AT_ONCE)
    answer = send(build, person, group, row).answer
    assert answer.status is Status.PUBLISHED
    withdraw_answer(
        session, build.actor(person), group.slug, row.public_id, answer.public_id, now=build.clock()
    )
    assert (answer.status, answer.audience) == (Status.WITHDRAWN, "public")


def test_what_a_moderator_took_away_comes_back_through_a_moderator(build: Builder, group: Group) -> None:
    """Sending it again does not undo the decision."""
    person = build.member(group)
    row = asking(build, group, answers_visible=AnswersVisible.AT_ONCE)
    answer = send(build, person, group, row).answer
    answer.status = Status.HIDDEN
    build.session.commit()
    assert send(build, person, group, row, VALUES | {"q2": "o2"}).answer.status is Status.PENDING


def test_the_chatham_house_rule_leaves_no_author(build: Builder, session: Session) -> None:
    """No account, body, country or time of day in any row; a seal, an alias by type and the day."""
    group = build.group(Ceiling.MEMBERS, attribution=Attribution.CHATHAM_HOUSE)
    body = build.organisation()
    person = colleague(build, group, body)
    row = asking(build, group)
    answer = send(build, person, group, row).answer
    assert (answer.author_id, answer.organisation_id, answer.country) == (None, None, None)
    assert answer.alias == "Participant"
    assert (answer.received_at.hour, answer.created_at.hour) == (0, 0)
    assert answer.writer_key.startswith("sealed:")
    assert session.scalars(sa.select(AnswerReceipt.submitted_by_id)).all() == [None]
    page = get_answer(session, build.actor(person), group.slug, row.public_id, answer.public_id)
    assert (page.byline.alias, page.byline.organisation) == ("Participant", None)


def test_only_ways_of_being_shown_that_the_group_offers(build: Builder) -> None:
    """Anything else is refused at its field."""
    group = build.group(Ceiling.PUBLIC, shown_as_choices=["organisation"])
    row = asking(build, group)
    with pytest.raises(Invalid) as caught:
        send(build, build.member(group), group, row, shown_as=ShownAs.NAME)
    assert caught.value.field == "shown_as"


def test_the_chair_lets_one_body_come_late(build: Builder, group: Group, clock: StoppedClock) -> None:
    """By entry, until its time; the reason stays with the answer."""
    row = asking(build, group, closes_at=clock())
    person, other = build.member(group), build.member(group)
    clock.advance(days=1)
    consultations.keep_dates(build.session, row.id, now=clock())
    build.session.add(
        LateEntry(
            consultation_id=row.id,
            writer_key=f"account:{person.id}",
            is_admitted=True,
            until=clock.time.replace(hour=23),
            reason="The post was late.",
        )
    )
    build.session.commit()
    answer = send(build, person, group, row).answer
    assert (answer.late_reason, answer.status) == ("The post was late.", Status.PUBLISHED)
    with pytest.raises(Invalid):
        send(build, other, group, row)
    clock.advance(days=1)
    with pytest.raises(Invalid):
        send(build, person, group, row, VALUES | {"q2": "o2"})
