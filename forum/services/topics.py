"""Topics: listing, making, changing and deleting them, each for those whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.audit import AuditAction
from forum.domain.groups import Group, GroupRole
from forum.domain.slugs import free_slug
from forum.domain.topics import PassageStance, Term, Topic, checked_name
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, can
from forum.policy.subjects import TopicRights
from forum.search.grammar import parse
from forum.search.grammar_writing import write_query
from forum.search.query import EVERYTHING, Filters
from forum.services.audit import record
from forum.services.search import SORTS, check_text
from forum.services.search_filters import read_filters, write_arguments
from forum.services.widening import ChosenTopic, readable_topics


@dataclass(frozen=True, slots=True)
class TopicFields:
    """What is kept of a topic, as a form gives it."""

    name: str
    about: str = ""
    text: str = ""
    terms: Sequence[Term] = ()
    filters: Filters = field(default_factory=Filters)
    sort: str = SORTS[0]
    """In which order a search with it is listed; one of search.SORTS."""


@dataclass(frozen=True, slots=True)
class TopicSubject:
    """A topic with the group whose secretariat it belongs to; None: the platform's."""

    topic: Topic
    group: Group | None

    @property
    def rights(self) -> TopicRights:
        """Give what the policy asks."""
        return TopicRights(self.group)

    @property
    def chosen(self) -> ChosenTopic:
        """Give it as a search has it."""
        topic = self.topic
        return ChosenTopic(topic.public_id, topic.slug, topic.name, topic.text, topic.read_terms())

    @property
    def filters(self) -> Filters:
        """Give the filters that were saved with its query."""
        values: dict[str, list[str]] = {}
        for name, value in self.topic.arguments:
            values.setdefault(name, []).append(value)
        return read_filters(values)

    @property
    def sort(self) -> str:
        """Give the order in which a search with it is listed."""
        return next((value for name, value in self.topic.arguments if name == "sort"), SORTS[0])


def list_topics(session: Session, actor: Actor, *, limit: int = 200) -> list[TopicSubject]:
    """Give the topics that the actor may search with, by name. One statement."""
    rows = session.execute(
        sa.select(Topic, Group)
        .outerjoin(Group, Group.id == Topic.group_id)
        .where(readable_topics(actor))
        .order_by(sa.func.lower(Topic.name), Topic.id)
        .limit(limit)
    )
    return [TopicSubject(topic, group) for topic, group in rows]


def list_position_topics(session: Session, actor: Actor) -> list[TopicSubject]:
    """Give the topics whose positions the actor may open, by name. One statement."""
    return [one for one in list_topics(session, actor) if can(actor, Action.SEE_POSITIONS, one.rights)]


def get_topic(
    session: Session, actor: Actor, public_id: str, action: Action = Action.SEE_POSITIONS
) -> TopicSubject:
    """Give a topic by its id: NotFound where one may not see its positions, NotAllowed for a further step."""
    row = session.execute(
        sa.select(Topic, Group)
        .outerjoin(Group, Group.id == Topic.group_id)
        .where(Topic.public_id == public_id, readable_topics(actor))
    ).first()
    if row is None or not can(actor, Action.SEE_POSITIONS, TopicRights(row[1])):
        raise NotFound
    if not can(actor, action, TopicRights(row[1])):
        raise NotAllowed("You may read this, but your role does not allow this step.")
    return TopicSubject(*row)


def list_owners(session: Session, actor: Actor) -> list[Group]:
    """Give the groups for whose secretariat the actor may make topics, by title. One statement."""
    mine = sorted(actor.groups_with(GroupRole.SECRETARIAT))
    found = session.scalars(sa.select(Group).where(Group.id.in_(mine)).order_by(Group.title)) if mine else ()
    return [group for group in found if can(actor, Action.WORK_ON_TOPIC, TopicRights(group))]


def create_topic(
    session: Session, actor: Actor, fields: TopicFields, *, group_slug: str | None, now: datetime
) -> TopicSubject:
    """Make a topic of a group's secretariat, or of the platform's where no group is named."""
    group = None
    if group_slug is not None:
        group = session.scalars(sa.select(Group).where(Group.slug == group_slug)).first()
        if group is None or not can(actor, Action.READ, group):
            raise Invalid("Choose one of the groups.", field="owner")
    if not can(actor, Action.WORK_ON_TOPIC, TopicRights(group)):
        raise NotAllowed("A topic is made by the secretariat that it belongs to.")
    topic = Topic(
        group_id=group.id if group else None, created_by_id=actor.account_id, created_at=now, edited_at=now
    )
    _write(session, topic, fields)
    session.add(topic)
    session.flush()
    subject = TopicSubject(topic, group)
    record_topic(session, actor, AuditAction.TOPIC_MADE, subject, now)
    return subject


def edit_topic(
    session: Session, actor: Actor, public_id: str, fields: TopicFields, *, based_on: int, now: datetime
) -> TopicSubject:
    """Change a topic; Conflict where somebody else changed it since the form was opened."""
    subject = get_topic(session, actor, public_id, Action.WORK_ON_TOPIC)
    if subject.topic.lock_version != based_on:
        raise Conflict("Somebody else has changed this topic meanwhile: look at it again.")
    _write(session, subject.topic, fields)
    subject.topic.edited_at = now
    session.flush()
    record_topic(session, actor, AuditAction.TOPIC_CHANGED, subject, now)
    return subject


def _write(session: Session, topic: Topic, fields: TopicFields) -> None:
    check_text(fields.text)
    typed = parse(fields.text)
    words = write_query(typed.query)
    if typed.query == EVERYTHING and not fields.terms:
        raise Invalid("Write at least one term, or the words of a search.", field="terms")
    name = checked_name(fields.name)
    if topic.name != name:
        # Of topics that this owner cannot see nothing is told, not even that a name is taken.
        same = sa.select(Topic.slug).where(
            Topic.group_id.is_(None) if topic.group_id is None else Topic.group_id == topic.group_id
        )
        with session.no_autoflush:
            topic.slug = free_slug(name, set(session.scalars(same)), fallback="topic")
    topic.name, topic.about, topic.text = name, fields.about.strip()[:2_000], words
    topic.terms = [[term.language, term.text] for term in fields.terms]
    filters = typed.filters.merge(fields.filters)
    kept = Filters(filters.choices, filters.after, filters.before, filters.versions)
    topic.arguments = [list(pair) for pair in write_arguments(kept)]
    if fields.sort in SORTS[1:]:
        topic.arguments.append(["sort", fields.sort])


def delete_topic(session: Session, actor: Actor, public_id: str, *, now: datetime) -> None:
    """Delete a topic with the stances that were set on it; the record keeps that there was one."""
    subject = get_topic(session, actor, public_id, Action.WORK_ON_TOPIC)
    session.execute(sa.delete(PassageStance).where(PassageStance.topic_id == subject.topic.id))
    record_topic(session, actor, AuditAction.TOPIC_DELETED, subject, now)
    session.delete(subject.topic)
    session.flush()


def record_topic(
    session: Session, by: Actor, action: AuditAction, subject: TopicSubject, now: datetime, **facts: str
) -> None:
    """Append what happened to a topic, or to a stance on it."""
    record(
        session,
        by,
        action,
        now=now,
        subject_kind="topic",
        subject=subject.topic.public_id,
        group=subject.group,
        **facts,
    )
