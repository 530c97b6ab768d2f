"""What is held for a moderator, by charter."""

import pytest
from sqlalchemy.orm import Session

from forum.domain.groups import GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Status
from forum.services.holding import HELD_BECAUSE, find_hold
from forum.services.signing import account_keys
from tests.builders import SEALING, Builder


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


def test_every_rule_has_its_sentence() -> None:
    """A key that is stored can be explained."""
    assert set(HELD_BECAUSE) == {"everything", "newcomer"}
