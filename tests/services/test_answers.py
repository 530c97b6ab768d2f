"""Answers that were sent: found by search, moderated, listed under My contributions, and the synopsis."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.consultations import AnswersVisible
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import Action
from forum.errors import Invalid, NotFound
from forum.extensions import search_engine
from forum.policy import Actor
from forum.richtext import render
from forum.services.answers import get_answer
from forum.services.appeal_views import show_appeal
from forum.services.appeals import file_appeal, take_appeal, uphold_appeal
from forum.services.consultations import close_consultation
from forum.services.contributions import list_contributions
from forum.services.moderation import decide
from forum.services.moderation_cases import get_case
from forum.services.search import search
from forum.services.synopses import write_synopsis
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.services.answering import VALUES, asking, colleague, send
from tests.support import deliver


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


def found(app: Flask, session: Session, actor: Actor, words: str) -> list[str]:
    engine = search_engine(app)
    return [hit.public_id for hit in search(session, actor, engine, text=f"{words} kind:answer").hits]


def test_a_received_answer_is_found_by_its_secretariat_alone_and_a_published_one_by_all(
    app: Flask, build: Builder, group: Group, session: Session, clock: StoppedClock
) -> None:
    """By its words and in its consultation; nobody else learns by searching that it is there."""
    row = asking(build, group)
    person = build.member(group)
    secretariat = build.member(group, role=GroupRole.SECRETARIAT)
    chair = build.member(group, role=GroupRole.CHAIR)
    answer = send(build, person, group, row, VALUES | {"q1": "Marsupials are counted."}).answer
    deliver(app, clock)
    assert found(app, session, build.actor(secretariat), "marsupials") == [answer.public_id]
    for other in (None, chair, build.member(group)):
        assert found(app, session, build.actor(other), "marsupials") == []
    close_consultation(session, build.actor(chair), group.slug, row.public_id, now=clock())
    session.commit()
    deliver(app, clock)
    assert found(app, session, build.actor(None), "marsupials") == [answer.public_id]


def test_a_moderator_decides_about_what_the_charter_holds(build: Builder, session: Session) -> None:
    """The case shows questions and answers; published, it keeps when it was received."""
    group = build.group(Ceiling.PUBLIC, holding_rule=HoldingRule.EVERYTHING, rules=[])
    row = asking(build, group, answers_visible=AnswersVisible.AT_ONCE)
    answer = send(build, build.member(group), group, row, VALUES | {"q1": "<b>Bold</b> words."}).answer
    assert answer.status is Status.PENDING
    received = answer.received_at
    moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
    case = get_case(session, moderator, SubjectKind.ANSWER, answer.public_id, now=build.clock())
    assert "&lt;b&gt;Bold&lt;/b&gt; words." in case.html
    decide(
        session,
        moderator,
        kind=SubjectKind.ANSWER,
        public_id=answer.public_id,
        action=Action.APPROVE,
        now=build.clock(),
    )
    assert (answer.status, answer.audience, answer.received_at) == (Status.PUBLISHED, "public", received)


def test_my_contributions_have_my_answers_and_those_of_my_body(build: Builder, group: Group) -> None:
    """With their words, as received; a colleague's without a copy."""
    body = build.organisation()
    writer, other = colleague(build, group, body), colleague(build, group, body)
    row = asking(build, group)
    send(build, writer, group, row)
    (mine,) = list_contributions(
        build.session, build.actor(writer), sealing_secret=SEALING, now=build.clock()
    ).contributions
    assert (mine.kind, mine.status, mine.is_mine) == (SubjectKind.ANSWER, Status.RECEIVED, True)
    assert mine.html is not None
    assert "Count complete reports." in mine.html
    (theirs,) = list_contributions(
        build.session, build.actor(other), sealing_secret=SEALING, now=build.clock()
    ).contributions
    assert (theirs.is_mine, theirs.html) == (False, None)


def test_an_answer_has_one_address(build: Builder, group: Group, session: Session) -> None:
    """Under another consultation or group it is absent."""
    row, other = asking(build, group), asking(build, group)
    person = build.member(group)
    answer = send(build, person, group, row).answer
    actor = build.actor(person)
    assert get_answer(session, actor, group.slug, row.public_id, answer.public_id).answer is answer
    for slug, asked in ((group.slug, other.public_id), (build.group().slug, row.public_id)):
        with pytest.raises(NotFound):
            get_answer(session, actor, slug, asked, answer.public_id)


def test_the_synopsis_comes_after_the_closing(build: Builder, group: Group, session: Session) -> None:
    """And is found with the consultation."""
    row = asking(build, group)
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    texts = {"synopsis": render("All **agree**.", profile="post"), "outcome": render("Done.", profile="post")}
    with pytest.raises(Invalid):
        write_synopsis(session, chair, group.slug, row.public_id, **texts, now=build.clock())
    close_consultation(session, chair, group.slug, row.public_id, now=build.clock())
    write_synopsis(session, chair, group.slug, row.public_id, **texts, now=build.clock())
    assert (row.synopsis_text, row.outcome_text) == ("All agree.", "Done.")


def test_an_answer_that_was_removed_can_be_appealed_for(
    build: Builder, session: Session, clock: StoppedClock
) -> None:
    """Another moderator reads it, as plain text; upheld it is in view again, received when it was."""
    group = build.group(Ceiling.PUBLIC, rules=[{"key": "civil", "text": "Argue with the point."}])
    row = asking(build, group, answers_visible=AnswersVisible.AT_ONCE)
    author = build.member(group)
    answer = send(build, author, group, row, VALUES | {"q1": "<i>Contested</i> words."}).answer
    received = answer.received_at
    first, second = (build.member(group, role=GroupRole.MODERATOR) for _ in range(2))
    decision = decide(
        session,
        build.actor(first),
        kind=SubjectKind.ANSWER,
        public_id=answer.public_id,
        action=Action.HIDE,
        rule="civil",
        reason="It argues with a person and not with the point.",
        now=clock(),
    )
    session.commit()
    assert answer.status is Status.HIDDEN
    clock.advance(minutes=2)
    sealing = {"sealing_secret": SEALING, "now": clock()}
    appeal = file_appeal(
        session,
        build.actor(author),
        decision.public_id,
        reason="It argues with the point alone.",
        **sealing,  # type: ignore[arg-type]
    )
    session.commit()
    judge = build.actor(second)
    take_appeal(session, judge, appeal.public_id, **sealing)  # type: ignore[arg-type]
    session.commit()
    text = show_appeal(session, judge, appeal.public_id, **sealing).text  # type: ignore[arg-type]
    assert text is not None
    assert "&lt;i&gt;Contested&lt;/i&gt; words." in text.html
    uphold_appeal(
        session,
        judge,
        appeal.public_id,
        answer="The author is right.",
        **sealing,  # type: ignore[arg-type]
    )
    assert (answer.status, answer.received_at) == (Status.PUBLISHED, received)
