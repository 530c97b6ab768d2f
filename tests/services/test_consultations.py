"""Consultations: who reads them when, and what closing does."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.consultations import AnswersVisible, Consultation, ConsultationState
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.papers import PaperVersion
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import visible_to
from forum.richtext import render
from forum.services import consultations as services
from forum.services.consultations import ConsultationText
from forum.services.paper_choices import PaperChoices
from forum.services.papers import list_papers
from tests.builders import Builder
from tests.services.consulting import consultation
from tests.services.paper_writing import PaperWriter


def text(**columns: object) -> ConsultationText:
    columns = {"title": "What counts?", "rendered": render("Say what counts.", profile="post")} | columns
    return ConsultationText(**columns)  # type: ignore[arg-type]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


def test_what_is_prepared_is_read_by_chair_and_secretariat_alone(
    build: Builder, group: Group, session: Session
) -> None:
    """By address and in lists; once announced its audience reads it as coming."""
    chair = build.member(group, role=GroupRole.CHAIR)
    secretariat = build.member(group, role=GroupRole.SECRETARIAT)
    now = build.clock()
    row = services.create_consultation(session, build.actor(chair), group.slug, text(), now=now)
    session.commit()
    others = [None, build.account(), *(build.member(group, role=role) for role in GroupRole)]
    others = [person for person in others if person not in (chair, secretariat)]
    managers = {GroupRole.CHAIR, GroupRole.SECRETARIAT}
    for person in others:
        actor = build.actor(person)
        reads = bool(actor.roles_in(group.id) & managers)
        found = session.scalars(sa.select(Consultation).where(visible_to(actor, Consultation))).all()
        assert bool(found) == reads
        if not reads:
            with pytest.raises(NotFound):
                services.get_consultation(session, actor, group.slug, row.public_id)
    listed = services.list_consultations(session, build.actor(secretariat), group=group)
    assert [line.title for line in listed.prepared] == ["What counts?"]
    services.announce_consultation(session, build.actor(secretariat), group.slug, row.public_id, now=now)
    session.commit()
    listed = services.list_consultations(session, build.actor(None))
    assert [line.title for line in listed.coming] == ["What counts?"]
    assert (listed.open, listed.closed, listed.prepared) == ([], [], [])


@pytest.mark.parametrize("role", sorted(set(GroupRole) - {GroupRole.CHAIR, GroupRole.SECRETARIAT}))
def test_others_manage_nothing(build: Builder, group: Group, session: Session, role: GroupRole) -> None:
    """Members, moderators, rapporteurs and observers neither prepare, change, open nor close."""
    actor = build.actor(build.member(group, role=role))
    row = consultation(build, group)
    now = build.clock()
    for step in (
        lambda: services.create_consultation(session, actor, group.slug, text(), now=now),
        lambda: services.edit_consultation(session, actor, group.slug, row.public_id, text(), now=now),
        lambda: services.open_consultation(session, actor, group.slug, row.public_id, now=now),
        lambda: services.close_consultation(session, actor, group.slug, row.public_id, now=now),
        lambda: services.publish_answers(session, actor, group.slug, row.public_id, now=now),
    ):
        with pytest.raises(NotAllowed):
            step()


def test_a_chair_of_another_group_manages_nothing_here(
    build: Builder, group: Group, session: Session
) -> None:
    """Neither under this group's address nor under their own."""
    other = build.group(Ceiling.PUBLIC)
    actor = build.actor(build.member(other, role=GroupRole.CHAIR))
    row = consultation(build, group)
    with pytest.raises(NotAllowed):
        services.close_consultation(session, actor, group.slug, row.public_id, now=build.clock())
    with pytest.raises(NotFound):
        services.close_consultation(session, actor, other.slug, row.public_id, now=build.clock())


def test_closing_publishes_what_waited_for_it(
    build: Builder, group: Group, papers: PaperWriter, session: Session
) -> None:
    """One transaction: closed, answers published with their labels; nothing was shown before."""
    chair = build.member(group, role=GroupRole.CHAIR)
    author = build.member(group)
    asked = consultation(build, group, answers_visible=AnswersVisible.AFTER_CLOSING)
    chosen = PaperChoices(consultation=asked.public_id)
    clear = papers.publish(author, group, "Open answer.", choices=chosen, tlp=Tlp.CLEAR)
    closed = papers.publish(author, group, "Closed answer.", choices=chosen, tlp=Tlp.RED)
    visitor = build.actor(None)
    assert list_papers(session, visitor, consultation_id=asked.id).lines == []
    services.close_consultation(session, build.actor(chair), group.slug, asked.public_id, now=build.clock())
    session.commit()
    assert (asked.state, asked.closed_at) == (ConsultationState.CLOSED, build.clock())
    assert (clear.status, clear.audience) == (Status.PUBLISHED, "public")
    assert (closed.status, closed.audience) == (Status.PUBLISHED, f"group:{group.id}")
    assert len(list_papers(session, visitor, consultation_id=asked.id).lines) == 1
    assert len(list_papers(session, build.actor(author), consultation_id=asked.id).lines) == 2


def test_answers_that_wait_for_publication_stay_received(
    build: Builder, group: Group, papers: PaperWriter, session: Session
) -> None:
    """Closing does not publish them; the group does, and then a later version is published at once."""
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    author = build.member(group)
    asked = consultation(build, group, answers_visible=AnswersVisible.ON_PUBLICATION)
    version = papers.publish(author, group, choices=PaperChoices(consultation=asked.public_id))
    with pytest.raises(Invalid):
        services.publish_answers(session, chair, group.slug, asked.public_id, now=build.clock())
    services.close_consultation(session, chair, group.slug, asked.public_id, now=build.clock())
    session.commit()
    assert version.status is Status.RECEIVED
    assert services.publish_answers(session, chair, group.slug, asked.public_id, now=build.clock()) == 1
    session.commit()
    assert version.status is Status.PUBLISHED
    assert papers.publish_next(author, version, "Another.").status is Status.PUBLISHED


def test_what_the_charter_holds_goes_to_a_moderator_at_closing(
    build: Builder, papers: PaperWriter, session: Session
) -> None:
    """It was received in time; it is published when a moderator has read it."""
    group = build.group(Ceiling.PUBLIC, holding_rule=HoldingRule.EVERYTHING)
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    asked = consultation(build, group, answers_visible=AnswersVisible.AFTER_CLOSING)
    author = build.member(group)
    version = papers.publish(author, group, choices=PaperChoices(consultation=asked.public_id))
    assert version.status is Status.RECEIVED
    services.close_consultation(session, chair, group.slug, asked.public_id, now=build.clock())
    assert version.status is Status.PENDING


def test_a_closed_consultation_takes_no_answers(
    build: Builder, group: Group, papers: PaperWriter, session: Session
) -> None:
    """Neither a new paper nor a draft begun before; it cannot be changed or opened again."""
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    author = build.member(group)
    asked = consultation(build, group)
    now = build.clock()
    draft = papers.start(author, group, choices=PaperChoices(consultation=asked.public_id))
    services.close_consultation(session, chair, group.slug, asked.public_id, now=now)
    session.commit()
    with pytest.raises(Invalid):
        papers.send(author, draft)
    session.rollback()
    with pytest.raises(Invalid) as caught:
        papers.start(author, group, choices=PaperChoices(consultation=asked.public_id))
    assert caught.value.field == "consultation"
    session.rollback()
    for step in (services.open_consultation, services.close_consultation):
        with pytest.raises(Invalid):
            step(session, chair, group.slug, asked.public_id, now=now)
    with pytest.raises(NotAllowed):
        services.edit_consultation(session, chair, group.slug, asked.public_id, text(), now=now)
    assert session.scalar(sa.select(PaperVersion.status)) is Status.DRAFT


def test_another_groups_consultation_cannot_be_answered_here(
    build: Builder, group: Group, papers: PaperWriter
) -> None:
    """Its id in this group's form is refused, though the author reads it."""
    other = build.group(Ceiling.PUBLIC)
    asked = consultation(build, other)
    with pytest.raises(Invalid) as caught:
        papers.start(build.member(group), group, choices=PaperChoices(consultation=asked.public_id))
    assert caught.value.field == "consultation"


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"title": ""}, "title"),
        ({"rendered": render("", profile="post")}, "body"),
        ({"tlp": Tlp.CLEAR}, "label"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"opens_at": 2, "closes_at": 1}, "closes_at"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_input_is_refused_at_its_field(
    build: Builder, session: Session, columns: dict[str, object], field: str
) -> None:
    """No title, no question, a wider label, no such zone, closing before opening."""
    group = build.group(Ceiling.MEMBERS)
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    now = build.clock()
    columns = {
        name: now + timedelta(days=value) if isinstance(value, int) else value
        for name, value in columns.items()
    }
    with pytest.raises(Invalid) as caught:
        services.create_consultation(session, chair, group.slug, text(**columns), now=now)
    assert caught.value.field == field


def test_a_promise_about_answers_stays_while_it_is_open(
    build: Builder, group: Group, session: Session
) -> None:
    """Text and dates may change, when answers are read may not."""
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    asked = consultation(build, group, answers_visible=AnswersVisible.AFTER_CLOSING)
    promised = {"answers_visible": AnswersVisible.AFTER_CLOSING}
    later = build.clock() + timedelta(days=7)
    services.edit_consultation(
        session, chair, group.slug, asked.public_id, text(closes_at=later, **promised), now=build.clock()
    )
    assert asked.closes_at == later
    with pytest.raises(Invalid) as caught:
        services.edit_consultation(session, chair, group.slug, asked.public_id, text(), now=build.clock())
    assert caught.value.field == "answers_visible"


def test_one_whose_time_has_passed_is_not_opened(build: Builder, group: Group, session: Session) -> None:
    """A later closing time comes first."""
    chair = build.actor(build.member(group, role=GroupRole.CHAIR))
    asked = consultation(build, group, state=ConsultationState.DRAFT, closes_at=build.clock())
    with pytest.raises(Invalid) as caught:
        services.open_consultation(session, chair, group.slug, asked.public_id, now=build.clock())
    assert caught.value.field == "closes_at"
