"""The table of acts: complete, the same in the docs, and held by the policy."""

import itertools
from datetime import UTC, datetime
from pathlib import Path

import pytest

from forum.domain.groups import GroupRole, Stage
from forum.domain.stages import (
    TRANSITIONS,
    Act,
    Party,
    StageState,
    Transition,
    check_act,
    check_expected,
    current_of,
    next_after,
    state_of,
)
from forum.errors import Conflict, Invalid
from forum.policy import Action, can
from forum.policy.subjects import AssessmentRights
from forum.services.sealing import seat_key
from tests.builders import Builder

NOW = datetime(2026, 3, 2, tzinfo=UTC)
DOCS = Path(__file__).parents[2] / "docs" / "procedures.md"


def stage(state: StageState) -> Stage:
    return Stage(
        key="s",
        started_at=None if state is StageState.WAITING else NOW,
        ended_at=NOW if state is StageState.ENDED else None,
    )


def test_every_act_in_every_state_has_a_line() -> None:
    """Once each: somebody may, or a sentence says why nobody may."""
    assert [(one.state, one.act) for one in TRANSITIONS] == list(itertools.product(StageState, Act))
    assert all(bool(one.parties) != bool(one.refusal) for one in TRANSITIONS)


@pytest.mark.parametrize("one", TRANSITIONS, ids=lambda one: f"{one.act} while {one.state}")
def test_the_table_is_kept(one: Transition) -> None:
    """An act passes in its state, or is refused with the table's own sentence."""
    if one.parties:
        check_act(stage(one.state), one.act)
        return
    with pytest.raises(Invalid) as refused:
        check_act(stage(one.state), one.act)
    assert str(refused.value) == one.refusal


@pytest.mark.parametrize("one", TRANSITIONS, ids=lambda one: f"{one.act} while {one.state}")
def test_the_docs_show_the_table(one: Transition) -> None:
    """State, act, who, and the refusal, in docs/procedures.md."""
    who = ", ".join(sorted(one.parties)) or "nobody"
    assert f"| {one.state} | {one.act.replace('_', ' ')} | {who} | {one.refusal or '–'} |" in DOCS.read_text()


ACTIONS = {
    Act.PLAN: Action.RUN_PROCEDURE,
    Act.BEGIN: Action.RUN_PROCEDURE,
    Act.END: Action.RUN_PROCEDURE,
    Act.REMIND: Action.RUN_PROCEDURE,
    Act.EDIT_CATALOGUE: Action.EDIT_CATALOGUE,
    Act.ASSESS: Action.ASSESS,
    Act.STATE: Action.ASSESS,
}


def test_the_policy_knows_the_parties(build: Builder) -> None:
    """Of every role and the holder of a seat, exactly those may that the table names."""
    group = build.group()
    seat = build.seat(group, build.organisation())
    people = {role.value: build.member(group, role=role) for role in GroupRole}
    people[Party.SEAT.value] = build.member(group, seat=seat)
    for act, action in ACTIONS.items():
        thing = AssessmentRights(group, seat_key(seat.id)) if action is Action.ASSESS else group
        named = {party.value for one in TRANSITIONS if one.act is act for party in one.parties}
        allowed = {name for name, person in people.items() if can(build.actor(person), action, thing)}
        assert allowed == named, act


def test_the_next_stage_is_the_current_one_until_it_has_begun() -> None:
    """Then the first that has not ended, and after the last none."""
    stages = [stage(StageState.ENDED), stage(StageState.WAITING), stage(StageState.WAITING)]
    assert current_of(stages) is stages[1]
    assert next_after(stages, stages[1]) is stages[1]
    stages[1].started_at = NOW
    assert next_after(stages, stages[1]) is stages[2]
    assert next_after(stages[:2], stages[1]) is None
    assert next_after(stages, None) is None
    assert [state_of(one) for one in stages] == [StageState.ENDED, StageState.CURRENT, StageState.WAITING]


@pytest.mark.parametrize("case", [("other", True), ("s", False)], ids=["another stage", "not begun then"])
def test_a_step_from_an_old_page_is_a_conflict(case: tuple[str, bool]) -> None:
    """Whoever was shown something else decides again."""
    with pytest.raises(Conflict):
        check_expected(stage(StageState.CURRENT), case[0], is_begun=case[1])
    with pytest.raises(Conflict):
        check_expected(None, "s", is_begun=True)
