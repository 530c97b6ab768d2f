"""What is held for a moderator, by charter."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.blueprints.moderation_words import held_because
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Status
from forum.policy import Actor
from forum.services.holding import HELD_BECAUSE, RULES, Written, find_hold
from forum.services.signing import account_keys
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.support import count_statements


def held(session: Session, build: Builder, group: object, account: object) -> str | None:
    actor = build.actor(account)  # type: ignore[arg-type]
    hold = find_hold(session, actor, group, account_keys=account_keys(actor, SEALING))  # type: ignore[arg-type]
    return hold.rule if hold else None


@pytest.mark.parametrize(
    ("rule", "role", "expected"),
    [
        (HoldingRule.NONE, GroupRole.MEMBER, None),
        (HoldingRule.NEWCOMER, GroupRole.MEMBER, "newcomer"),
        (HoldingRule.EVERYTHING, GroupRole.MEMBER, "everything"),
        (HoldingRule.NEWCOMER, GroupRole.MODERATOR, None),
        (HoldingRule.EVERYTHING, GroupRole.MODERATOR, None),
        (HoldingRule.NEWCOMER, GroupRole.CHAIR, None),
        (HoldingRule.NEWCOMER, GroupRole.SECRETARIAT, None),
        (HoldingRule.EVERYTHING, GroupRole.CHAIR, "everything"),
    ],
)
def test_first_contributions(
    session: Session, build: Builder, rule: HoldingRule, role: GroupRole, expected: str | None
) -> None:
    """The charter's rule holds everyone but moderators; office-holders are never newcomers."""
    group = build.group(Ceiling.PUBLIC, holding_rule=rule)
    assert held(session, build, group, build.member(group, role=role)) == expected


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("kind", ["post", "version"])
def test_only_what_is_published_ends_being_a_newcomer(
    session: Session, build: Builder, status: Status, kind: str
) -> None:
    """A held, rejected, hidden or withdrawn contribution leaves its author a newcomer."""
    if kind == "post" and status in {Status.DRAFT, Status.RECEIVED}:
        return
    group = build.group(Ceiling.PUBLIC, holding_rule=HoldingRule.NEWCOMER)
    author = build.member(group)
    if kind == "post":
        build.thread(group, author, status=status)
    elif status is Status.RECEIVED:
        return
    else:
        build.paper(group, author, status=status)
    expected = None if status is Status.PUBLISHED else "newcomer"
    assert held(session, build, group, author) == expected


def test_a_newcomer_in_one_group_may_be_known_in_another(session: Session, build: Builder) -> None:
    """What was published elsewhere, or by a colleague, does not count."""
    group = build.group(Ceiling.PUBLIC, holding_rule=HoldingRule.NEWCOMER)
    other = build.group(Ceiling.PUBLIC)
    body = build.organisation()
    colleague, author = build.member(group), build.member(group)
    for person in (colleague, author):
        build.mandate(person, body)
    build.thread(group, colleague, organisation=body)
    build.thread(other, build.member(other, author))
    assert held(session, build, group, author) == "newcomer"


def test_every_rule_has_its_sentence(app: Flask) -> None:
    """A key that is stored can be explained."""
    keys = {rule.__name__.removeprefix("_") for rule in RULES}
    assert set(HELD_BECAUSE) == keys
    with app.test_request_context():
        assert len({held_because(key) for key in keys}) == len(keys)


def test_each_rule_holds_what_it_looks_for(session: Session, build: Builder) -> None:
    """The first rule in order names itself; what no rule finds is published."""
    group = build.group(Ceiling.PUBLIC, holding_rule=HoldingRule.NONE)
    actor = build.actor(build.member(group))
    group.holding_rules = {
        "outside_links": True,
        "reference_domains": ["europa.eu"],
        "hash_lists": True,
        "contacts": True,
        "words": ["lottery"],
    }
    hashes = " ".join(f"{number:032x}" for number in range(160, 165))
    for text, rule in [
        ("Plain words.", None),
        ("See https://europa.eu/x", None),
        ("See https://outside.example/x", "links"),
        (hashes, "hashes"),
        ("Write to someone@body.example", "contacts"),
        ("The lottery", "words"),
        ("The lottery, someone@body.example", "contacts"),
    ]:
        assert rule_of(session, actor, group, text) == rule, text


def engine_of(session: Session) -> sa.Engine:
    bind = session.get_bind()
    assert isinstance(bind, sa.Engine)
    return bind


def rule_of(
    session: Session, actor: Actor, group: Group, text: str, now: datetime | None = None
) -> str | None:
    written = Written(text)
    keys = account_keys(actor, SEALING)
    hold = find_hold(session, actor, group, account_keys=keys, written=written, now=now)
    return hold.rule if hold else None


def test_too_fast(session: Session, build: Builder, clock: StoppedClock) -> None:
    """From the number on, within the hour, one's own alone, held ones too."""
    group = build.group(Ceiling.PUBLIC, holding_rule=HoldingRule.NONE, holding_rules={"per_hour": 2})
    author, other = build.member(group), build.member(group)
    thread = build.thread(group, other)
    actor = build.actor(author)
    build.post(thread, other)
    build.post(thread, author)
    assert rule_of(session, actor, group, "More.", clock()) is None
    build.post(thread, author, status=Status.PENDING)
    assert rule_of(session, actor, group, "More.", clock()) == "too_fast"
    assert rule_of(session, actor, group, "More.") is None, "an edit is no new contribution"
    clock.advance(minutes=61)
    assert rule_of(session, actor, group, "More.", clock()) is None


LONG = "A procedure of three steps is described here, with a time for each and an office that answers."


def test_too_similar_compares_only_what_the_writer_reads(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """A near-duplicate of a text one cannot read is not told: the answer would give that text away."""
    group = build.group(Ceiling.PUBLIC, holding_rule=HoldingRule.NONE, holding_rules={"similar": True})
    author, other = build.member(group), build.member(group)
    actor = build.actor(author)
    thread = build.thread(group, other)
    hidden = build.post(thread, other, status=Status.HIDDEN, text=LONG)
    assert rule_of(session, actor, group, LONG.replace("three", "four"), clock()) is None
    build.post(thread, other, text=LONG)
    assert rule_of(session, actor, group, LONG.replace("three", "four"), clock()) == "too_similar"
    clock.advance(days=8)
    assert rule_of(session, actor, group, LONG, clock()) is None
    assert hidden.status is Status.HIDDEN


def test_the_rules_cost_at_most_one_statement_more(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """With every rule on, one statement is asked beside that of the newcomers; with none, nothing."""
    plain = build.group(Ceiling.PUBLIC, holding_rule=HoldingRule.NONE)
    group = build.group(
        Ceiling.PUBLIC,
        holding_rule=HoldingRule.NEWCOMER,
        holding_rules={
            "similar": True,
            "per_hour": 5,
            "words": ["a b"],
            "contacts": True,
            "hash_lists": True,
        },
    )
    author = build.member(group)
    build.member(plain, author)
    build.thread(group, author)
    actor = build.actor(author)
    session.flush()
    with count_statements(engine_of(session)) as asked:
        rule_of(session, actor, plain, "Words.", clock())
    assert len(asked) == 0
    with count_statements(engine_of(session)) as asked:
        rule_of(session, actor, group, LONG, clock())
    assert len(asked) == 2
