"""The words for stages of a procedure: what they open, what blocks them, what going on does."""

from flask_babel import gettext, lazy_gettext, ngettext

from forum.domain.charters import StageKind
from forum.domain.groups import Stage
from forum.domain.stages import Blocker
from forum.services.stage_advance import GRANTS, Consequence, Effect

_KINDS = {
    StageKind.CONSULTATION: lazy_gettext("Consultation"),
    StageKind.ASSESSMENT: lazy_gettext("Assessment"),
    StageKind.DISCUSSION: lazy_gettext("Discussion"),
    StageKind.MEETING: lazy_gettext("Meeting"),
}
_BLOCKERS = {
    Blocker.NOTHING_TO_ASSESS: lazy_gettext(
        "The next stage assesses, and there is nothing to assess yet: write solutions and criteria first."
    ),
    Blocker.NO_DEADLINE: lazy_gettext("The next stage has no deadline: seats would not know until when."),
    Blocker.DEADLINE_PASSED: lazy_gettext("The next stage's deadline has passed already: set a later one."),
    Blocker.NOTHING_PREPARED: lazy_gettext(
        "The next stage opens a consultation, and none is prepared and linked to it."
    ),
    Blocker.SEATS_EMPTY: lazy_gettext(
        "For some of the missing seats nobody can act: fill them, or they stay unheard."
    ),
    Blocker.BEFORE_DEADLINE: lazy_gettext("The deadline that seats were given has not passed yet."),
}


def stage_kind(stage: Stage) -> str:
    """Give what a stage opens, in a word."""
    return str(_KINDS[StageKind(stage.kind)])


def blocker(value: Blocker, missing: int) -> str:
    """Give what stands in the way, in a sentence."""
    if value is Blocker.SEATS_MISSING:
        return ngettext("%(num)d seat is missing.", "%(num)d seats are missing.", missing)
    return str(_BLOCKERS[value])


def is_grant(one: Consequence) -> bool:
    """Whether a consequence lets people do or read something, rather than end it."""
    return one.effect in GRANTS


def consequence(one: Consequence) -> str:
    """Give what going on does, in a sentence."""
    match one.effect:
        case Effect.ASSESSMENTS_READ:
            return ngettext(
                "Everybody who reads this group can read %(num)d assessment that only its seat could.",
                "Everybody who reads this group can read %(num)d assessments that only their seats could.",
                one.count,
            )
        case Effect.NO_MORE_ASSESSMENTS if one.count:
            return ngettext(
                "No assessment is taken any more, and none can be changed: %(num)d seat stays without one.",
                "No assessment is taken any more, and none can be changed: %(num)d seats stay without one.",
                one.count,
            )
        case Effect.NO_MORE_ASSESSMENTS:
            return gettext("No assessment can be changed any more.")
        case Effect.CONSULTATION_CLOSES:
            return gettext("“%(title)s” closes: no answers are taken any more.", title=one.title)
        case Effect.CONSULTATION_OPENS:
            return gettext("“%(title)s” opens: those it asks can answer.", title=one.title)
        case Effect.SEATS_ASSESS:
            return gettext("Each seat can give its assessment in “%(title)s”.", title=one.title)
        case Effect.CATALOGUE_FIXED:
            return gettext("Solutions, criteria and scale can no longer be changed.")
        case Effect.DISCUSSION_OPENS:
            return gettext("The discussion “%(title)s” opens, in your name.", title=one.title)
        case Effect.MEETING:
            return gettext("“%(title)s” begins: call its meeting.", title=one.title)
        case Effect.PROCEDURE_ENDS:
            return gettext("The procedure ends: none of its stages opens again.")
        case Effect.MEMBERS_TOLD:
            return ngettext(
                "%(num)d person of this group is told, by notice and mail.",
                "%(num)d people of this group are told, by notice and mail.",
                one.count,
            )
