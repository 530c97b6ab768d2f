"""Moderators set what is held, and see what it would have held."""

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.holding_rules import HoldingRules
from forum.domain.labels import Ceiling, Status
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Actor
from forum.services.holding_settings import change_holding, rehearse
from tests.builders import Builder
from tests.conftest import StoppedClock

WORDS = HoldingRules(words=("lottery",))


@pytest.fixture
def moderated(build: Builder) -> tuple[Group, Actor]:
    group = build.group(Ceiling.MEMBERS, slug="sample", holding_rule=HoldingRule.NONE)
    return group, build.actor(build.member(group, role=GroupRole.MODERATOR))


def test_a_moderator_sets_them_and_it_is_on_record(
    session: Session, clock: StoppedClock, moderated: tuple[Group, Actor]
) -> None:
    """The record names the rules that changed, never the words; to save the same again records nothing."""
    group, actor = moderated
    for _ in range(2):
        change_holding(
            session, actor, "sample", rules=WORDS, holding_rule=HoldingRule.NEWCOMER,
            based_on=group.lock_version, now=clock(),
        )  # fmt: skip
    session.commit()
    assert group.holding_rules == {"words": ["lottery"]}
    assert group.holding_rule is HoldingRule.NEWCOMER
    assert "holding_rule" in group.edited_fields
    (entry,) = session.scalars(sa.select(AuditEntry).where(AuditEntry.action == AuditAction.HOLDING_CHANGED))
    assert entry.read_facts() == {"rules": ["words", "holding_rule"]}
    assert "lottery" not in entry.facts


@pytest.mark.parametrize(
    ("role", "error"),
    [
        (GroupRole.CHAIR, NotAllowed),
        (GroupRole.SECRETARIAT, NotAllowed),
        (GroupRole.MEMBER, NotAllowed),
        (None, NotFound),
    ],
)
def test_only_moderators(
    session: Session, build: Builder, clock: StoppedClock, moderated: tuple[Group, Actor],
    role: GroupRole | None, error: type[Exception],
) -> None:  # fmt: skip
    """Other roles may not, whether to set or to ask; to somebody outside the group is absent."""
    group, _ = moderated
    actor = build.actor(build.member(group, role=role) if role else build.account())
    with pytest.raises(error):
        rehearse(session, actor, "sample", rules=WORDS, now=clock())
    with pytest.raises(error):
        change_holding(
            session, actor, "sample", rules=WORDS, holding_rule=HoldingRule.NONE,
            based_on=group.lock_version, now=clock(),
        )  # fmt: skip


def test_two_moderators_do_not_overwrite_each_other(
    session: Session, clock: StoppedClock, moderated: tuple[Group, Actor]
) -> None:
    """Whoever saves an older state is told."""
    group, actor = moderated
    with pytest.raises(Conflict):
        change_holding(
            session, actor, "sample", rules=WORDS, holding_rule=HoldingRule.NONE,
            based_on=group.lock_version - 1, now=clock(),
        )  # fmt: skip


def test_settings_are_checked(session: Session, clock: StoppedClock, moderated: tuple[Group, Actor]) -> None:
    """What makes no sense is refused, by both."""
    group, actor = moderated
    rules = HoldingRules(reference_domains=("none",))
    with pytest.raises(Invalid):
        rehearse(session, actor, "sample", rules=rules, now=clock())
    with pytest.raises(Invalid):
        change_holding(
            session, actor, "sample", rules=rules, holding_rule=HoldingRule.NONE,
            based_on=group.lock_version, now=clock(),
        )  # fmt: skip


def test_what_would_have_been_held(
    session: Session, build: Builder, clock: StoppedClock, moderated: tuple[Group, Actor]
) -> None:
    """Published texts of the last 30 days that the moderator reads; nothing else counts."""
    group, actor = moderated
    author, named = build.member(group), build.member(group)
    old = build.thread(group, author, title="Old", text="The lottery of old.")
    clock.advance(days=31)
    thread = build.thread(group, author, title="The lottery", text="About it.")
    build.post(thread, author, text="No such word.")
    build.post(thread, author, text="A lottery, held.", status=Status.PENDING)
    build.post(thread, author, text="A lottery, removed.", status=Status.HIDDEN)
    build.thread(group, author, text="A lottery for few.", named_list=build.named_list(group, [named]))
    build.paper(group, author, title="On the lottery")
    other = build.group(Ceiling.MEMBERS)
    build.thread(other, build.member(other), text="A lottery elsewhere.")
    found = rehearse(session, actor, "sample", rules=WORDS, now=clock())
    assert found.held == {"words": 2}
    assert {one.title for one in found.newest} == {"The lottery", "On the lottery"}
    assert found.looked_at == 3
    assert not found.is_cut
    assert old.title not in {one.title for one in found.newest}


def test_what_would_have_been_too_fast_or_too_similar(
    session: Session, build: Builder, clock: StoppedClock, moderated: tuple[Group, Actor]
) -> None:
    """Each is compared with what was there when it was sent."""
    group, actor = moderated
    author, other = build.member(group), build.member(group)
    text = "A procedure of three steps is described here, with a time for each and an office that answers."
    thread = build.thread(group, other)
    for number in range(3):
        build.post(thread, author, text=f"Number {number}.")
        clock.advance(minutes=1)
    build.post(thread, other, text=text)
    clock.advance(hours=2)
    build.post(thread, author, text=text.replace("three", "four"))
    rules = HoldingRules(per_hour=2, similar=True)
    assert rehearse(session, actor, "sample", rules=rules, now=clock()).held == {
        "too_fast": 1,
        "too_similar": 1,
    }
