"""Topics: whose they are, who makes and changes them, and that it goes on record."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import PlatformRole
from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.domain.topics import PassageStance, Term, Topic
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import ANONYMOUS, Action
from forum.services.topics import (
    TopicFields,
    create_topic,
    delete_topic,
    edit_topic,
    get_topic,
    list_owners,
    list_position_topics,
    list_topics,
)
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.topic_making import make_topic


def test_a_groups_secretariat_makes_its_topic(session: Session, build: Builder, clock: StoppedClock) -> None:
    """With the filters that were typed kept apart from the words."""
    group = build.group()
    actor = build.actor(build.member(group, role=GroupRole.SECRETARIAT))
    fields = TopicFields(
        name=" Client-side  scanning ", text="scanning kind:paper", terms=[Term("de", "Chatkontrolle")]
    )
    subject = create_topic(session, actor, fields, group_slug=group.slug, now=clock())
    session.commit()
    topic = subject.topic
    assert (topic.name, topic.slug, topic.text) == (
        "Client-side scanning",
        "client-side-scanning",
        "scanning",
    )
    assert subject.filters.chosen("kind") == ("paper",)
    assert [one.topic.id for one in list_position_topics(session, actor)] == [topic.id]
    assert list_owners(session, actor) == [group]
    entry = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number.desc())).first()
    assert entry is not None
    assert (entry.action, entry.subject, entry.group) == (
        AuditAction.TOPIC_MADE,
        topic.public_id,
        group.public_id,
    )


@pytest.mark.parametrize("role", [GroupRole.CHAIR, GroupRole.MEMBER, GroupRole.MODERATOR, GroupRole.OBSERVER])
def test_nobody_else_of_the_group_does(
    session: Session, build: Builder, clock: StoppedClock, role: GroupRole
) -> None:
    """They may search with it."""
    group = build.group()
    secretary = build.actor(build.member(group, role=GroupRole.SECRETARIAT))
    topic = make_topic(session, secretary, group, "lamp", now=clock())
    actor = build.actor(build.member(group, role=role))
    with pytest.raises(NotAllowed):
        create_topic(session, actor, TopicFields(name="x", text="y"), group_slug=group.slug, now=clock())
    assert [one.topic.id for one in list_topics(session, actor)] == [topic.id]
    assert list_position_topics(session, actor) == []
    with pytest.raises(NotFound):
        get_topic(session, actor, topic.public_id)


def test_a_closed_groups_topic_is_nothing_to_others(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Neither to outsiders, nor to the platform's secretariat, nor to another group's."""
    group, other = build.group(), build.group()
    secretary = build.actor(build.member(group, role=GroupRole.SECRETARIAT))
    topic = make_topic(session, secretary, group, "lamp", now=clock())
    platform = build.actor(build.account(platform_role=PlatformRole.SECRETARIAT))
    neighbour = build.actor(build.member(other, role=GroupRole.SECRETARIAT))
    for actor in (ANONYMOUS, build.actor(build.account()), platform, neighbour):
        assert list_topics(session, actor) == []
        with pytest.raises(NotFound):
            get_topic(session, actor, topic.public_id)
    with pytest.raises(Invalid):
        create_topic(session, platform, TopicFields(name="x", text="y"), group_slug=group.slug, now=clock())


def test_a_topic_of_the_platform(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Its secretariat works on it, those of the groups see the positions, participants search with it."""
    platform = build.actor(build.account(platform_role=PlatformRole.SECRETARIAT))
    topic = make_topic(session, platform, None, "lamp", now=clock())
    of_group = build.actor(build.member(build.group(), role=GroupRole.SECRETARIAT))
    participant = build.actor(build.account())
    assert get_topic(session, of_group, topic.public_id).topic is topic
    with pytest.raises(NotAllowed):
        get_topic(session, of_group, topic.public_id, Action.WORK_ON_TOPIC)
    assert [one.topic.id for one in list_topics(session, participant)] == [topic.id]
    with pytest.raises(NotFound):
        get_topic(session, participant, topic.public_id)
    assert list_topics(session, ANONYMOUS) == []


def test_a_topic_of_a_public_group_is_not_for_visitors(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """It is the tool of who works here."""
    group = build.group(Ceiling.PUBLIC)
    secretary = build.actor(build.member(group, role=GroupRole.SECRETARIAT))
    make_topic(session, secretary, group, "lamp", now=clock())
    assert list_topics(session, ANONYMOUS) == []
    assert len(list_topics(session, build.actor(build.account()))) == 1


def test_names_of_other_owners_are_not_told(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Two groups may call a topic alike; within one the second gets a number."""
    one, two = build.group(), build.group()
    first = build.actor(build.member(one, role=GroupRole.SECRETARIAT))
    second = build.actor(build.member(two, role=GroupRole.SECRETARIAT))
    slugs = [
        make_topic(session, first, one, "a", name="Same", now=clock()).slug,
        make_topic(session, second, two, "a", name="Same", now=clock()).slug,
        make_topic(session, second, two, "a", name="Same", now=clock()).slug,
    ]
    assert slugs == ["same", "same", "same-2"]


def test_two_people_change_a_topic_at_once(session: Session, build: Builder, clock: StoppedClock) -> None:
    """The second is told, and nothing is lost."""
    group = build.group()
    actor = build.actor(build.member(group, role=GroupRole.SECRETARIAT))
    topic = make_topic(session, actor, group, "lamp", now=clock())
    seen = topic.lock_version
    fields = TopicFields(name="Lamps", terms=[Term("", "lamp")])
    edit_topic(session, actor, topic.public_id, fields, based_on=seen, now=clock())
    session.commit()
    with pytest.raises(Conflict):
        edit_topic(session, actor, topic.public_id, fields, based_on=seen, now=clock())
    assert topic.name == "Lamps"


def test_a_topic_that_looks_for_nothing_is_refused(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    group = build.group()
    actor = build.actor(build.member(group, role=GroupRole.SECRETARIAT))
    with pytest.raises(Invalid) as caught:
        create_topic(session, actor, TopicFields(name="x"), group_slug=group.slug, now=clock())
    assert caught.value.field == "terms"


def test_deleting_takes_the_stances_along(session: Session, build: Builder, clock: StoppedClock) -> None:
    group = build.group()
    actor = build.actor(build.member(group, role=GroupRole.SECRETARIAT))
    topic = make_topic(session, actor, group, "lamp", now=clock())
    delete_topic(session, actor, topic.public_id, now=clock())
    session.commit()
    assert session.scalar(sa.select(sa.func.count()).select_from(Topic)) == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(PassageStance)) == 0
