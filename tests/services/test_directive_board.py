"""The board: proposing, the contact's remark, publication in time, history, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

import config
from forum.domain.accounts import Account
from forum.domain.audit import AuditEntry
from forum.domain.directive import ArticleStatus, load_board
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Actor
from forum.services.directive_board import (
    StatusFields,
    get_proposal,
    list_history,
    list_proposals,
    load_cells,
    name_contact,
    propose_status,
    publish_status,
    remark_on,
    withdraw_proposal,
)
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.registering import strategy
from tests.support import deliver, look_again

BOARD = load_board(config.CONFIG_DIR / "directive.toml")
SLUG = BOARD.group


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.COMMUNITY, slug=SLUG)


@pytest.fixture
def chair(build: Builder, group: Group) -> Actor:
    return build.actor(build.member(group, role=GroupRole.CHAIR))


@pytest.fixture
def contact(build: Builder, session: Session, group: Group, chair: Actor, clock: StoppedClock) -> Account:
    person = build.member(group)
    name_contact(session, chair, strategy().directive, SLUG, "MT", person.public_id, now=clock())
    session.commit()
    return person


def proposed(
    session: Session, actor: Actor, now: Any, country: str = "MT", article: str = "15", **fields: Any
) -> ArticleStatus:
    given = {"state": "in-part", "confidence": "medium", "as_of": now.date(), "source": "A made-up report"}
    row = propose_status(
        session,
        actor,
        BOARD,
        strategy().directive,
        SLUG,
        country,
        article,
        StatusFields(**(given | fields)),
        now=now,
    )
    session.commit()
    return row


def test_a_proposed_status_goes_to_the_contact_first(
    build: Builder, session: Session, group: Group, chair: Actor, contact: Account, clock: StoppedClock
) -> None:
    """Beside the group's chair and secretariat nobody else reads it, nor does the board show it."""
    row = proposed(session, chair, clock())
    assert row.due_at.date() == clock().date() + timedelta(days=14)  # ten working days
    readers = {"contact": build.actor(contact), "chair": chair}
    for actor in readers.values():
        assert list_proposals(session, actor, group) == [row]
    others = [build.member(group), build.member(group, role=GroupRole.MODERATOR), build.account()]
    for person in others:
        actor = build.actor(person)
        assert list_proposals(session, actor, group) == []
        with pytest.raises(NotFound):
            get_proposal(session, actor, SLUG, row.public_id)
    assert load_cells(session, chair, group) == {}


def test_it_is_published_with_the_remark(
    app: Flask, build: Builder, session: Session, group: Group, chair: Actor, contact: Account,
    clock: StoppedClock,
) -> None:  # fmt: skip
    """By itself, when the days are over; contact and proposer are told at each step."""
    row = proposed(session, chair, clock())
    remark_on(
        session, build.actor(contact), SLUG, row.public_id, "The law is before parliament.", now=clock()
    )
    session.commit()
    assert len(deliver(app, clock)) == 2
    clock.advance(days=15)
    deliver(app, clock)
    look_again(session)
    cells = load_cells(session, build.actor(build.account()), group)
    assert cells["MT", "15"].remark == "The law is before parliament."
    assert cells["MT", "15"].status is Status.PUBLISHED
    assert len(deliver(app, clock)) == 4


def test_without_a_remark_it_is_published_all_the_same(
    app: Flask, session: Session, group: Group, chair: Actor, contact: Account, clock: StoppedClock
) -> None:
    """Not a second before the days are over."""
    row = proposed(session, chair, clock())
    clock.time = row.due_at - timedelta(seconds=1)
    deliver(app, clock)
    look_again(session)
    assert load_cells(session, chair, group) == {}
    clock.advance(seconds=1)
    deliver(app, clock)
    look_again(session)
    assert load_cells(session, chair, group)["MT", "15"].remark == ""


def test_a_withdrawn_one_is_never_published(
    app: Flask, build: Builder, session: Session, group: Group, chair: Actor, contact: Account,
    clock: StoppedClock,
) -> None:  # fmt: skip
    """Neither by the clock nor by hand; its contact reads it no more."""
    row = proposed(session, chair, clock())
    withdraw_proposal(session, chair, SLUG, row.public_id, now=clock())
    session.commit()
    clock.advance(days=30)
    deliver(app, clock)
    look_again(session)
    assert load_cells(session, chair, group) == {}
    with pytest.raises(NotAllowed):
        publish_status(session, chair, SLUG, row.public_id, now=clock())
    with pytest.raises(NotFound):
        get_proposal(session, build.actor(contact), SLUG, row.public_id)


def test_it_is_published_sooner_once_the_state_has_spoken(
    build: Builder, session: Session, group: Group, chair: Actor, contact: Account, clock: StoppedClock
) -> None:
    """Not before."""
    row = proposed(session, chair, clock())
    with pytest.raises(Invalid, match="The State has until the end of its days"):
        publish_status(session, chair, SLUG, row.public_id, now=clock())
    remark_on(session, build.actor(contact), SLUG, row.public_id, "So it is.", now=clock())
    publish_status(session, chair, SLUG, row.public_id, now=clock())
    session.commit()
    assert load_cells(session, chair, group)["MT", "15"] is row
    with pytest.raises(NotAllowed, match="time for a remark"):
        remark_on(session, build.actor(contact), SLUG, row.public_id, "Late.", now=clock())


def test_only_the_contact_remarks(
    build: Builder, session: Session, group: Group, chair: Actor, contact: Account, clock: StoppedClock
) -> None:
    """Not who proposed it."""
    row = proposed(session, chair, clock())
    with pytest.raises(NotAllowed):
        remark_on(session, chair, SLUG, row.public_id, "So it is.", now=clock())
    with pytest.raises(Invalid, match="Write your remark"):
        remark_on(session, build.actor(contact), SLUG, row.public_id, "  ", now=clock())


def test_a_new_contact_takes_over_what_waits(
    build: Builder, session: Session, group: Group, chair: Actor, contact: Account, clock: StoppedClock
) -> None:
    """The one before reads it no more."""
    row = proposed(session, chair, clock())
    successor = build.member(group)
    name_contact(session, chair, strategy().directive, SLUG, "MT", successor.public_id, now=clock())
    session.commit()
    assert list_proposals(session, build.actor(successor), group) == [row]
    assert list_proposals(session, build.actor(contact), group) == []


@pytest.mark.parametrize(
    ("country", "article", "field", "sentence"),
    [
        ("DK", "15", "country", r"DK is not bound by Directive 2011/93/EU \(recital 52\)"),
        ("XX", "15", "country", "The board has no State XX"),
        ("MT", "99", "article", "The board has no article 99"),
        ("GR", "15", "country", "Name a contact of GR first"),
    ],
)
def test_a_cell_that_there_is_not_is_refused(
    session: Session, group: Group, chair: Actor, contact: Account, clock: StoppedClock,
    country: str, article: str, field: str, sentence: str,
) -> None:  # fmt: skip
    """A State that is not bound, one that is none, an unknown article, a State without a contact."""
    with pytest.raises(Invalid, match=sentence) as refused:
        proposed(session, chair, clock(), country, article)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"state": "demonstration"}, "state"),
        ({"state": "wonderful"}, "state"),
        ({"confidence": "total"}, "confidence"),
        ({"as_of": None}, "as_of"),
        ({"source": " "}, "source"),
        ({"note": "x" * 5_000}, "note"),
    ],
)
def test_a_status_needs_its_facts(
    session: Session, group: Group, chair: Actor, contact: Account, clock: StoppedClock,
    fields: dict[str, Any], field: str,
) -> None:  # fmt: skip
    """A word of the list, a day, a source."""
    with pytest.raises(Invalid) as refused:
        proposed(session, chair, clock(), **fields)
    assert refused.value.field == field


def test_a_contact_is_one_member_of_the_group(
    build: Builder, session: Session, group: Group, chair: Actor, clock: StoppedClock
) -> None:
    """Nobody from outside, and none of a State that is not bound."""
    outsider, member = build.account(), build.member(group)
    directive = strategy().directive
    with pytest.raises(Invalid, match="Choose a member of this group"):
        name_contact(session, chair, directive, SLUG, "MT", outsider.public_id, now=clock())
    with pytest.raises(Invalid, match="DK is not bound"):
        name_contact(session, chair, directive, SLUG, "DK", member.public_id, now=clock())
    with pytest.raises(NotAllowed):
        name_contact(session, build.actor(member), directive, SLUG, "MT", member.public_id, now=clock())


def test_only_one_status_of_a_cell_waits(
    session: Session, group: Group, chair: Actor, contact: Account, clock: StoppedClock
) -> None:
    """The second is refused until the first is settled."""
    proposed(session, chair, clock())
    with pytest.raises(Invalid, match="waits for its day already"):
        proposed(session, chair, clock())


def test_the_board_can_be_seen_as_it_stood(
    app: Flask, session: Session, group: Group, chair: Actor, contact: Account, clock: StoppedClock
) -> None:
    """What was published later is not on it; the history has both."""
    proposed(session, chair, clock())
    clock.advance(days=15)
    deliver(app, clock)
    then = clock()
    clock.advance(days=30)
    proposed(session, chair, clock(), state="in-law")
    clock.advance(days=15)
    deliver(app, clock)
    look_again(session)
    assert load_cells(session, chair, group)["MT", "15"].state == "in-law"
    assert load_cells(session, chair, group, until=then)["MT", "15"].state == "in-part"
    history = list_history(session, chair, group, "MT", "15")
    assert [row.state for row in history] == ["in-law", "in-part"]


def test_each_step_is_on_record(
    app: Flask, build: Builder, session: Session, group: Group, chair: Actor, contact: Account,
    clock: StoppedClock,
) -> None:  # fmt: skip
    """Who, which State and article, and that the clock published it."""
    row = proposed(session, chair, clock())
    remark_on(session, build.actor(contact), SLUG, row.public_id, "So it is.", now=clock())
    session.commit()
    clock.advance(days=15)
    deliver(app, clock)
    look_again(session)
    found = session.scalars(sa.select(AuditEntry).order_by(AuditEntry.number)).all()
    assert [(one.action, one.actor) for one in found] == [
        ("board.contact_named", chair.public_id),
        ("board.proposed", chair.public_id),
        ("board.remarked", contact.public_id),
        ("board.published", None),
    ]
    assert found[-1].read_facts() == {
        "country": "MT", "article": "15", "state": "in-part", "has_remark": True
    }  # fmt: skip
