"""Stages of a procedure: which act is possible when and by whom, and what keeps a stage from ending.

The table below is the one that docs/procedures.md shows; a test holds the two together.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from forum.domain.groups import Stage
from forum.errors import Conflict, Invalid


class StageState(enum.StrEnum):
    """Where a stage is: a stage ends by its group's act, never by a comparison of times."""

    WAITING = "waiting"
    CURRENT = "current"
    ENDED = "ended"


class Act(enum.StrEnum):
    """What is done with a stage."""

    PLAN = "plan"
    """Set its deadline and say which consultation it opens."""
    EDIT_CATALOGUE = "edit_catalogue"
    """Change what is assessed, by which criteria, on which scale."""
    BEGIN = "begin"
    """Let it open: the first of a procedure, or the next, when the one before it ends."""
    REMIND = "remind"
    """Write to the seats that are missing."""
    ASSESS = "assess"
    """Give the seat's assessment."""
    END = "end"
    """Let it end and the next one open."""
    STATE = "state"
    """Annex a dissent or an abstention to the result."""


class Party(enum.StrEnum):
    """Who acts."""

    CHAIR = "chair"
    SECRETARIAT = "secretariat"
    RAPPORTEUR = "rapporteur"
    SEAT = "seat"
    """A seat's representative or alternate."""


_MANAGERS = frozenset({Party.CHAIR, Party.SECRETARIAT})
_EDITORS = _MANAGERS | {Party.RAPPORTEUR}
_SEAT = frozenset({Party.SEAT})
_NOBODY: frozenset[Party] = frozenset()


@dataclass(frozen=True, slots=True)
class Transition:
    """Who may do something with a stage in a state; nobody where `refusal` says why not."""

    state: StageState
    act: Act
    parties: frozenset[Party]
    refusal: str = ""


_W, _C, _E = StageState.WAITING, StageState.CURRENT, StageState.ENDED

TRANSITIONS: tuple[Transition, ...] = (
    Transition(_W, Act.PLAN, _MANAGERS),
    Transition(_W, Act.EDIT_CATALOGUE, _EDITORS),
    Transition(_W, Act.BEGIN, _MANAGERS),
    Transition(_W, Act.REMIND, _NOBODY, "This stage has not begun: nobody is missing in it."),
    Transition(_W, Act.ASSESS, _NOBODY, "This stage has not begun: assessments are taken once it has."),
    Transition(_W, Act.END, _NOBODY, "This stage has not begun, so it cannot end."),
    Transition(_W, Act.STATE, _NOBODY, "There is no result yet from which to dissent."),
    Transition(_C, Act.PLAN, _MANAGERS),
    Transition(
        _C, Act.EDIT_CATALOGUE, _NOBODY, "The stage is open: what is assessed, and how, stays as it is."
    ),
    Transition(_C, Act.BEGIN, _NOBODY, "This stage has begun already."),
    Transition(_C, Act.REMIND, _MANAGERS),
    Transition(_C, Act.ASSESS, _SEAT),
    Transition(_C, Act.END, _MANAGERS),
    Transition(_C, Act.STATE, _NOBODY, "Nobody has read the result yet: dissent when the stage has ended."),
    Transition(_E, Act.PLAN, _NOBODY, "This stage has ended: its dates stay as they were."),
    Transition(
        _E, Act.EDIT_CATALOGUE, _NOBODY, "Seats have assessed by these criteria: they stay as they are."
    ),
    Transition(_E, Act.BEGIN, _NOBODY, "This stage has ended. It does not open again."),
    Transition(_E, Act.REMIND, _NOBODY, "This stage has ended: a reminder would come too late."),
    Transition(
        _E, Act.ASSESS, _NOBODY, "This stage has ended, and its assessments can be read: yours comes late."
    ),
    Transition(_E, Act.END, _NOBODY, "This stage has ended already."),
    Transition(_E, Act.STATE, _SEAT),
)
"""Every act in every state."""

_BY_KEY = {(one.state, one.act): one for one in TRANSITIONS}


def state_of(stage: Stage) -> StageState:
    """Give where a stage is."""
    if stage.ended_at is not None:
        return StageState.ENDED
    return StageState.CURRENT if stage.started_at is not None else StageState.WAITING


def check_act(stage: Stage, act: Act) -> None:
    """Raise Invalid, with the table's sentence, where a stage is not in a state for an act.

    Whether the actor is one of the parties is for the policy to say.
    """
    found = _BY_KEY[state_of(stage), act]
    if not found.parties:
        raise Invalid(found.refusal)


def current_of(stages: Sequence[Stage]) -> Stage | None:
    """Give the first stage that has not ended, which need not have begun; None once all have."""
    return next((stage for stage in stages if stage.ended_at is None), None)


def next_after(stages: Sequence[Stage], current: Stage | None) -> Stage | None:
    """Give the stage that opens when the current one ends: the current itself while it has not begun."""
    if current is None:
        return None
    if current.started_at is None:
        return current
    return next((one for one in stages if one.ended_at is None and one is not current), None)


def check_expected(current: Stage | None, expected_key: str, *, is_begun: bool) -> Stage:
    """Give the current stage if it is the one that the chair's page showed; Conflict where it moved on."""
    if current is None:
        raise Conflict("The procedure has ended.")
    if current.key != expected_key or (current.started_at is not None) != is_begun:
        raise Conflict("Somebody else took this step just now. Look at what is shown, and decide again.")
    return current


class Blocker(enum.StrEnum):
    """What stands between a stage and its end; what is in HARD cannot be passed over."""

    NOTHING_TO_ASSESS = "nothing_to_assess"
    """The next stage is an assessment, and its catalogue has no solution or no criterion."""
    NO_DEADLINE = "no_deadline"
    """The next stage asks seats for something, and has no deadline."""
    DEADLINE_PASSED = "deadline_passed"
    """The next stage's deadline is over before it begins."""
    NOTHING_PREPARED = "nothing_prepared"
    """The next stage opens a consultation, and none is prepared for it."""
    SEATS_MISSING = "seats_missing"
    SEATS_EMPTY = "seats_empty"
    """Seats with nobody who could act for them."""
    BEFORE_DEADLINE = "before_deadline"
    """Seats were promised more time."""


HARD = frozenset({Blocker.NOTHING_TO_ASSESS, Blocker.DEADLINE_PASSED})
