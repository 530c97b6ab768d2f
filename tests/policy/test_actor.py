"""Who asks, and what is left of them without a second factor."""

from forum.domain.accounts import PlatformRole
from forum.domain.groups import GroupRole
from forum.domain.organisations import StakeholderType
from forum.policy import ANONYMOUS, Actor
from forum.policy.actor import SpokenFor

CHAIR = Actor(
    account_id=7,
    platform_role=PlatformRole.SECRETARIAT,
    clearances=frozenset({"public", "community", "group:1", "named:3"}),
    writer_keys=frozenset({"account:7", "organisation:5", "seat:2"}),
    group_roles={1: frozenset({GroupRole.CHAIR}), 2: frozenset({GroupRole.MEMBER})},
    mandates=(SpokenFor(5, "body", "A body", next(iter(StakeholderType)), None, True),),
)


def test_without_a_second_factor_one_is_any_participant() -> None:
    """Own texts stay one's own; groups, roles, bodies and seats are left out until it was shown."""
    left = CHAIR.without_second_factor()
    assert left.is_signed_in
    assert left.lacks_second_factor
    assert left.platform_role is PlatformRole.MEMBER
    assert left.clearances == {"public", "community"}
    assert left.writer_keys == {"account:7"}
    assert not left.group_roles
    assert not left.organisation_ids


def test_roles_and_bodies_are_looked_up() -> None:
    """By group, and groups by role; a visitor has none."""
    assert CHAIR.roles_in(1) == {GroupRole.CHAIR}
    assert CHAIR.roles_in(9) == frozenset()
    assert CHAIR.groups_with(GroupRole.CHAIR) == {1}
    assert CHAIR.groups_with(GroupRole.CHAIR, GroupRole.MEMBER) == {1, 2}
    assert CHAIR.organisation_ids == {5}
    assert not ANONYMOUS.is_signed_in
    assert ANONYMOUS.clearances == {"public"}
