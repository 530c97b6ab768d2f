"""Words of meetings, decisions, declarations and applications; the values are in the domain."""

from flask_babel import gettext, lazy_gettext

from forum.blueprints import wording
from forum.domain.ballots import BallotState, Choice, Outcome, Procedure
from forum.domain.declarations import DeclarationState
from forum.domain.groups import SeatKind
from forum.domain.meetings import AttendanceState, MinutesState, RemarkAnswer
from forum.domain.practice import DeclarationsVisible
from forum.services.seat_names import SeatName

_MINUTES = {
    MinutesState.NONE: lazy_gettext("No minutes yet"),
    MinutesState.DRAFT: lazy_gettext("Draft: read by those who write minutes"),
    MinutesState.CIRCULATED: lazy_gettext("Circulated to the members, not adopted yet"),
    MinutesState.ADOPTED: lazy_gettext("Adopted"),
}
_REMARKS = {
    RemarkAnswer.TAKEN_UP: lazy_gettext("Taken up"),
    RemarkAnswer.PARTLY: lazy_gettext("Taken up in part"),
    RemarkAnswer.NOT_TAKEN_UP: lazy_gettext("Not taken up"),
}
_ATTENDANCE = {
    AttendanceState.PRESENT: lazy_gettext("Present"),
    AttendanceState.ALTERNATE: lazy_gettext("Represented by an alternate"),
    AttendanceState.EXCUSED: lazy_gettext("Excused"),
    AttendanceState.ABSENT: lazy_gettext("Absent"),
    AttendanceState.OBSERVER: lazy_gettext("Observer"),
}
_PROCEDURES = {
    Procedure.WRITTEN: lazy_gettext("Written procedure"),
    Procedure.MEETING: lazy_gettext("At a meeting"),
}
_STATES = {
    BallotState.DRAFT: lazy_gettext("Being prepared"),
    BallotState.OPEN: lazy_gettext("Open"),
    BallotState.CLOSED: lazy_gettext("Closed"),
    BallotState.WITHDRAWN: lazy_gettext("Withdrawn"),
}
_CHOICES = {
    Choice.AGREE: lazy_gettext("Agree"),
    Choice.NO_OBJECTION: lazy_gettext("No objection"),
    Choice.AGREE_IF_CHANGED: lazy_gettext("Agree if changed"),
    Choice.AGAINST: lazy_gettext("Against"),
    Choice.ABSTAIN: lazy_gettext("Abstain"),
}
_OUTCOMES = {
    Outcome.CONSENSUS: lazy_gettext("Adopted by consensus"),
    Outcome.MAJORITY: lazy_gettext("Adopted by a majority of seats"),
    Outcome.NOT_ADOPTED: lazy_gettext("Not adopted"),
    Outcome.NO_QUORUM: lazy_gettext("Not decided: quorum not reached"),
}
_VISIBLE = {
    DeclarationsVisible.MANAGERS: lazy_gettext("The chair and the secretariat"),
    DeclarationsVisible.MEMBERS: lazy_gettext("The members of the group"),
    DeclarationsVisible.LISTED: lazy_gettext("Whoever sees the group listed"),
}
_DECLARED = {
    DeclarationState.MISSING: lazy_gettext("Missing"),
    DeclarationState.VALID: lazy_gettext("Filed"),
    DeclarationState.EXPIRED: lazy_gettext("Due again"),
}


def minutes(value: MinutesState) -> str:
    """Give where minutes are."""
    return str(_MINUTES[value])


def remark_answer(value: RemarkAnswer) -> str:
    """Give what became of a proposed correction."""
    return str(_REMARKS[value])


def attendance(value: AttendanceState | None) -> str:
    """Give how a seat took part."""
    return str(_ATTENDANCE[value]) if value else gettext("Not recorded")


def procedure(value: Procedure) -> str:
    """Give how a decision is taken."""
    return str(_PROCEDURES[value])


def state(value: BallotState) -> str:
    """Give where a decision is."""
    return str(_STATES[value])


def choice(value: Choice | None) -> str:
    """Give what a seat says."""
    return str(_CHOICES[value]) if value else gettext("Nothing yet")


def outcome(value: Outcome) -> str:
    """Give what came of a decision."""
    return str(_OUTCOMES[value])


def declarations_visible(value: DeclarationsVisible) -> str:
    """Give who reads declarations."""
    return str(_VISIBLE[value])


def declared(value: DeclarationState) -> str:
    """Give how a member stands with their declaration."""
    return str(_DECLARED[value])


def seat(value: SeatName) -> str:
    """Give what a seat is called: its body, Member State, interest, or its holder's own capacity."""
    if value.body is not None:
        return value.body
    if value.kind is SeatKind.MEMBER_STATE:
        return " · ".join(part for part in (wording.country_name(value.country), value.title) if part)
    if value.kind is SeatKind.PERSONAL and not value.title and value.named:
        return value.named[0].name
    return value.title or wording.seat_kind_name(value.kind)
