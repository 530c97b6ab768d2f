"""Positions: who said what about a topic, over what its reader may read, and nothing told of the rest."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from forum.cli.worker import engine_of
from forum.domain.attribution import Attribution, ShownAs
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.organisations import MemberBody, Organisation
from forum.domain.papers import PaperVersion
from forum.domain.signatures import Signature
from forum.domain.threads import Post, Thread
from forum.domain.topics import Stance, Topic
from forum.policy import Actor
from forum.services.labels import relabel
from forum.services.positions import Positions, Row, load_positions
from forum.services.stances import set_stance
from forum.services.topics import get_topic
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.topic_making import make_topic
from tests.support import count_statements, deliver

Load = Callable[..., Positions]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.ORGANISATIONS)


@pytest.fixture
def actor(build: Builder, group: Group) -> Actor:
    return build.actor(build.member(group, build.account("Sam Example"), role=GroupRole.SECRETARIAT))


@pytest.fixture
def topic(session: Session, actor: Actor, group: Group, clock: StoppedClock) -> Topic:
    return make_topic(session, actor, group, "lantern", "de: Laternenpflicht", now=clock())


@pytest.fixture
def load(app: Flask, session: Session, topic: Topic, actor: Actor, clock: StoppedClock) -> Load:
    def run(reader: Actor = actor, **options: Any) -> Positions:
        deliver(app, clock)
        session.expire_all()
        subject = get_topic(session, reader, topic.public_id)
        return load_positions(session, reader, engine_of(app), subject, **options)

    return run


@pytest.fixture
def code(session: Session, topic: Topic, actor: Actor, clock: StoppedClock) -> Callable[..., None]:
    def run(post: Post | Thread, stance: Stance) -> None:
        if isinstance(post, Thread):
            post = session.query(Post).filter_by(thread_id=post.id, number=1).one()
        set_stance(
            session, actor, topic.public_id, f"post:{post.public_id}",
            start=0, end=len(post.text), stance=stance, note="", now=clock(),
        )  # fmt: skip
        session.commit()

    return run


def said(build: Builder, group: Group, body: Organisation | None, text: str, **columns: Any) -> Thread:
    return build.thread(group, build.account(), text=text, organisation=body, **columns)


def quotes(row: Row) -> list[str]:
    return [one.quotation or "".join(text for text, _ in one.found.passage) for one in row.statements]


def test_it_works_before_anybody_has_coded(
    build: Builder, group: Group, load: Load, clock: StoppedClock
) -> None:
    """A row an organisation with its first, latest and best passage, in the order of dates."""
    body = build.organisation("Example Messenger")
    said(build, group, body, "First of all a lantern, among many other things that were said.")
    clock.advance(days=30)
    said(build, group, body, "In between, a word about a lantern and much else beside it, at length.")
    clock.advance(days=30)
    said(build, group, body, "Lanterns, lanterns, lanterns.", title="Lanterns")
    clock.advance(days=30)
    said(build, group, body, "Last, one lantern within a long sentence about other matters altogether.")
    found = load()
    (row,) = found.rows
    assert (row.name, row.stance, row.found, row.has_changed) == ("Example Messenger", None, 4, False)
    marks = [(one.is_first, one.is_latest, one.is_best) for one in row.statements]
    assert marks == [(True, False, False), (False, False, True), (False, True, False)]
    assert quotes(row)[1] == "Lanterns, lanterns, lanterns."
    assert (found.total, found.bodies, found.totals.uncoded, found.is_cut) == (4, 1, 1, False)


def test_a_change_of_mind_is_told_beside_both_quotations(
    build: Builder, group: Group, load: Load, code: Callable[..., None], clock: StoppedClock
) -> None:
    """Between neighbours; one that nobody could tell the stance of stands between without saying anything."""
    body = build.organisation()
    first = clock()
    code(said(build, group, body, "We want every lantern."), Stance.SUPPORTS)
    clock.advance(days=400)
    code(said(build, group, body, "Lanterns are lanterns."), Stance.UNCLEAR)
    clock.advance(days=400)
    code(said(build, group, body, "No lantern any more."), Stance.OPPOSES)
    clock.advance(days=1)
    code(said(build, group, body, "Still no lantern."), Stance.OPPOSES)
    (row,) = load().rows
    assert quotes(row) == [
        "We want every lantern.",
        "Lanterns are lanterns.",
        "No lantern any more.",
        "Still no lantern.",
    ]
    assert [one.changed_from for one in row.statements] == [None, None, first, None]
    assert row.statements[2].stance_before is Stance.SUPPORTS
    assert (row.stance, row.has_changed) == (Stance.OPPOSES, True)


def test_a_paper_is_quoted_and_cited_by_version_and_paragraph(
    session: Session,
    build: Builder,
    group: Group,
    load: Load,
    topic: Topic,
    actor: Actor,
    clock: StoppedClock,
) -> None:
    version = build.paper(group, text="About harbours.\n\nA lantern.", organisation=build.organisation())
    version.paragraphs = [[1, "p1", "paragraph", 0, 15, "x"], [2, "p2", "paragraph", 17, 27, "y"]]
    session.commit()
    set_stance(
        session, actor, topic.public_id, f"version:{version.public_id}",
        start=17, end=27, stance=Stance.CONDITIONS, note="", now=clock(),
    )  # fmt: skip
    session.commit()
    (row,) = load().rows
    (one,) = row.statements
    assert (one.quotation, one.is_edited) == ("A lantern.", False)
    assert one.cite.endswith("/v/1#p2")


def test_an_edit_after_coding_is_seen(
    session: Session, build: Builder, group: Group, load: Load, code: Callable[..., None]
) -> None:
    thread = said(build, group, build.organisation(), "A lantern for all.")
    code(thread, Stance.SUPPORTS)
    session.query(Post).filter_by(thread_id=thread.id).one().text = "No lantern at all."
    session.commit()
    (row,) = load().rows
    assert row.statements[0].is_edited


def test_people_in_their_own_capacity_are_in_totals_only(
    build: Builder, group: Group, load: Load, code: Callable[..., None]
) -> None:
    """And so are those who are shown by type alone."""
    alone = build.thread(group, build.account("Nobody Special"), text="My own lantern.")
    code(alone, Stance.OPPOSES)
    typed = said(build, group, build.organisation("Hidden Body"), "A lantern.")
    post = build.session.query(Post).filter_by(thread_id=typed.id).one()
    post.shown_as = ShownAs.STAKEHOLDER_TYPE
    build.session.commit()
    found = load()
    assert found.rows == ()
    assert (found.totals.own_capacity, found.totals.own_capacity_found) == ({Stance.OPPOSES: 1}, 1)
    assert found.totals.unnamed_found == 1
    assert "Nobody Special" not in repr(found)
    assert "Hidden Body" not in repr(found.totals)


def test_under_the_chatham_house_rule_there_are_totals_only(
    session: Session, build: Builder, load: Load, actor: Actor
) -> None:
    sealed = build.group(Ceiling.COMMUNITY, attribution=Attribution.CHATHAM_HOUSE)
    body = build.organisation("Sealed Body")
    thread = build.thread(sealed, text="A lantern in the dark.")
    post = session.query(Post).filter_by(thread_id=thread.id).one()
    post.alias, post.organisation_id = "Company A", body.id
    session.commit()
    found = load()
    assert found.rows == ()
    assert found.totals.unnamed_found == 1


def test_an_umbrella_and_its_member_are_counted_once(
    session: Session, build: Builder, group: Group, load: Load, code: Callable[..., None]
) -> None:
    """Where both say the same; who disagrees with its umbrella counts for itself."""
    umbrella, member, rebel = (build.organisation(name) for name in ("A Union", "B Member", "C Rebel"))
    session.add(MemberBody(umbrella_id=umbrella.id, member_id=member.id))
    session.add(MemberBody(umbrella_id=umbrella.id, member_id=rebel.id))
    session.commit()
    code(said(build, group, umbrella, "Lanterns, yes."), Stance.SUPPORTS)
    code(said(build, group, member, "Lantern, yes."), Stance.SUPPORTS)
    code(said(build, group, rebel, "Lantern, no."), Stance.OPPOSES)
    found = load()
    assert found.totals.organisations == {Stance.SUPPORTS: 1, Stance.OPPOSES: 1}
    assert found.totals.covered == {Stance.SUPPORTS: 1}
    assert [row.umbrellas for row in found.rows] == [(), ("A Union",), ("A Union",)]


def test_a_joint_position_stands_with_all_who_signed_it(
    session: Session, build: Builder, group: Group, load: Load, clock: StoppedClock
) -> None:
    """One text in several rows, which say whose text it is."""
    owner, other = build.organisation("Owner Body"), build.organisation("Signing Body")
    version: PaperVersion = build.paper(group, text="Our lantern.", organisation=owner)
    signer = build.account()
    session.add(
        Signature(
            version_id=version.id, organisation_id=other.id, signed_at=clock(), answered_by_id=signer.id
        )
    )
    session.commit()
    found = load()
    assert [(row.name, row.statements[0].signed_with) for row in found.rows] == [
        ("Owner Body", ""),
        ("Signing Body", "Owner Body"),
    ]
    assert found.total == 1


def test_a_seat_without_a_statement_is_said_to_have_none(build: Builder, group: Group, load: Load) -> None:
    """Never "no position": nothing was found, that is all."""
    silent, spoke = build.organisation("Silent Body"), build.organisation("Speaking Body")
    build.seat(group, silent)
    build.seat(group, spoke)
    said(build, group, spoke, "A lantern.")
    found = load()
    assert [body.name for body in found.silent] == ["Silent Body"]
    assert [row.name for row in found.rows] == ["Speaking Body"]


def test_the_twins(
    session: Session, build: Builder, group: Group, load: Load, clock: StoppedClock, topic: Topic
) -> None:
    """What a closed group says and what was coded of it changes nothing for who does not read it."""
    said(build, group, build.organisation("Open Body"), "A lantern.")
    before = repr(load())
    closed = build.group(Ceiling.MEMBERS)
    both = build.actor(
        build.member(closed, build.member(group, role=GroupRole.SECRETARIAT), role=GroupRole.SECRETARIAT)
    )
    thread = said(build, closed, build.organisation("Closed Body"), "A secret lantern.")
    post = session.query(Post).filter_by(thread_id=thread.id).one()
    set_stance(
        session, both, topic.public_id, f"post:{post.public_id}",
        start=0, end=10, stance=Stance.OPPOSES, note="", now=clock(),
    )  # fmt: skip
    session.commit()
    assert [row.name for row in load(both).rows] == ["Closed Body", "Open Body"]
    assert repr(load()) == before


def test_what_is_removed_from_view_is_gone_at_once(
    session: Session, build: Builder, group: Group, load: Load, code: Callable[..., None], clock: StoppedClock
) -> None:
    """Also before the index knows."""
    thread = said(build, group, build.organisation(), "A lantern.")
    code(thread, Stance.SUPPORTS)
    assert load().totals.organisations == {Stance.SUPPORTS: 1}
    post = session.query(Post).filter_by(thread_id=thread.id).one()
    post.status = Status.HIDDEN
    relabel(session, group, post, now=clock())
    session.commit()
    found = load()
    assert (found.rows, found.totals.organisations, found.total) == ((), {}, 0)


def test_organisations_are_turned_by_pages(build: Builder, group: Group, load: Load) -> None:
    for number in range(3):
        said(build, group, build.organisation(f"Body {number}"), "A lantern.")
    found = load(per_page=2, page=9)
    assert (found.number, found.pages, [row.name for row in found.rows]) == (2, 2, ["Body 2"])


def test_statements_do_not_grow_with_rows(
    session: Session, build: Builder, group: Group, load: Load, code: Callable[..., None]
) -> None:
    code(said(build, group, build.organisation(), "A lantern."), Stance.SUPPORTS)
    load()
    with count_statements(session.get_bind().engine) as few:  # type: ignore[union-attr]
        load()
    for number in range(6):
        thread = said(build, group, build.organisation(), f"Lantern {number}.")
        if number % 2:
            code(thread, Stance.OPPOSES)
    load()
    with count_statements(session.get_bind().engine) as many:  # type: ignore[union-attr]
        load()
    assert len(many) == len(few)
