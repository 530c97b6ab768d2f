"""Stances: set by a person in a passage, on record, and gone with the text."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.papers import PaperVersion
from forum.domain.topics import PassageStance, Stance, Topic
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Actor
from forum.services.labels import relabel
from forum.services.passage_texts import load_texts, quote
from forum.services.stances import list_stances, remove_stance, set_stance
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.topic_making import make_topic

TEXT = "About harbours.\n\nWe support lanterns."


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.ORGANISATIONS)


@pytest.fixture
def actor(build: Builder, group: Group) -> Actor:
    return build.actor(build.member(group, role=GroupRole.SECRETARIAT))


@pytest.fixture
def topic(session: Session, actor: Actor, group: Group, clock: StoppedClock) -> Topic:
    return make_topic(session, actor, group, "lantern", now=clock())


@pytest.fixture
def version(session: Session, build: Builder, group: Group) -> PaperVersion:
    version = build.paper(group, text=TEXT)
    version.paragraphs = [[1, "p1", "paragraph", 0, 15, "x"], [2, "p2", "paragraph", 17, 37, "y"]]
    session.commit()
    return version


def code(
    session: Session, actor: Actor, topic: Topic, version: PaperVersion, stance: Stance, clock: StoppedClock
) -> PassageStance:
    made = set_stance(
        session,
        actor,
        topic.public_id,
        f"version:{version.public_id}",
        start=17,
        end=37,
        stance=stance,
        note=" a  remark ",
        now=clock(),
    )
    session.commit()
    return made


def test_a_passage_is_kept_by_its_place_and_hash(
    session: Session, actor: Actor, topic: Topic, version: PaperVersion, clock: StoppedClock
) -> None:
    """Never by its words: they are read where they stand."""
    row = code(session, actor, topic, version, Stance.SUPPORTS, clock)
    assert (row.subject_id, row.place, row.start, row.end) == (version.id, "p2", 17, 37)
    assert (row.coded_by_id, row.coded_at, row.note) == (actor.account_id, clock(), "a remark")
    columns = [str(getattr(row, column.key)) for column in sa.inspect(PassageStance).column_attrs]
    assert not any("lanterns" in value for value in columns)
    (line,) = list_stances(session, actor, topic.id)
    text = load_texts(session, actor, [line.document])[line.document]
    passage = line.find_passage(text)
    assert passage is not None
    assert (passage.words, passage.place, passage.digest) == ("We support lanterns.", "p2", line.digest)
    assert (line.by, line.stance) == (actor.name, Stance.SUPPORTS)


def test_it_goes_on_record_with_what_it_was_before(
    session: Session, actor: Actor, topic: Topic, version: PaperVersion, clock: StoppedClock
) -> None:
    code(session, actor, topic, version, Stance.SUPPORTS, clock)
    row = code(session, actor, topic, version, Stance.OPPOSES, clock)
    assert session.scalar(sa.select(sa.func.count()).select_from(PassageStance)) == 1
    remove_stance(session, actor, topic.public_id, f"version:{version.public_id}", row.public_id, now=clock())
    session.commit()
    entries = session.scalars(
        sa.select(AuditEntry).where(AuditEntry.subject == topic.public_id).order_by(AuditEntry.number)
    ).all()
    told = [(entry.action, entry.read_facts().get("before")) for entry in entries]
    assert told == [
        (AuditAction.TOPIC_MADE, None),
        (AuditAction.STANCE_SET, None),
        (AuditAction.STANCE_SET, "supports"),
        (AuditAction.STANCE_REMOVED, "opposes"),
    ]
    assert entries[1].read_facts()["passage"] == f"version:{version.public_id}"


def test_only_those_whose_topic_it_is_set_it(
    session: Session, build: Builder, group: Group, actor: Actor, topic: Topic, version: PaperVersion,
    clock: StoppedClock,
) -> None:  # fmt: skip
    member = build.actor(build.member(group))
    with pytest.raises(NotFound):
        code(session, member, topic, version, Stance.SUPPORTS, clock)


def test_what_one_may_not_read_cannot_be_coded(
    session: Session, build: Builder, actor: Actor, topic: Topic, clock: StoppedClock
) -> None:
    """A text of another closed group is not there."""
    other = build.paper(build.group(), text=TEXT)
    with pytest.raises(NotFound):
        code(session, actor, topic, other, Stance.SUPPORTS, clock)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (5, 3), (17, 38), (-1, 4)])
def test_a_place_outside_of_the_text_is_refused(
    session: Session,
    actor: Actor,
    topic: Topic,
    version: PaperVersion,
    clock: StoppedClock,
    start: int,
    end: int,
) -> None:
    with pytest.raises(Invalid):
        set_stance(
            session, actor, topic.public_id, f"version:{version.public_id}",
            start=start, end=end, stance=Stance.NEUTRAL, note="", now=clock(),
        )  # fmt: skip


@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.HIDDEN])
def test_a_stance_goes_with_its_text(
    session: Session, actor: Actor, group: Group, topic: Topic, version: PaperVersion, clock: StoppedClock,
    status: Status,
) -> None:  # fmt: skip
    """Withdrawn or removed from view: it is neither shown nor counted."""
    code(session, actor, topic, version, Stance.SUPPORTS, clock)
    version.status = status
    relabel(session, group, version, now=clock())
    session.commit()
    assert list_stances(session, actor, topic.id) == []


def test_a_suspended_secretary_sets_none(
    session: Session, build: Builder, group: Group, topic: Topic, version: PaperVersion, clock: StoppedClock
) -> None:
    until = clock().replace(year=2027)
    account = build.member(group, build.account(suspended_until=until), role=GroupRole.SECRETARIAT)
    with pytest.raises((NotFound, NotAllowed)):
        code(session, build.actor(account), topic, version, Stance.SUPPORTS, clock)


def test_a_long_passage_is_quoted_in_part() -> None:
    assert quote("a  b\nc") == "a b c"
    assert quote("word " * 300).endswith(" …")
    assert len(quote("word " * 300)) < 610
