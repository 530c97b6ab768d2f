"""Moderation: decisions with reasons, flags, and which status may become which."""

import enum
import re
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import SubjectKind
from forum.domain.base import Base, PublicId, checked
from forum.domain.labels import Status
from forum.errors import Invalid

MODERATED = (SubjectKind.POST, SubjectKind.VERSION)
"""What is held, flagged and decided on; a discussion through its opening post."""


class Action(enum.StrEnum):
    """What a moderator decides."""

    APPROVE = "approve"
    REJECT = "reject"
    HIDE = "hide"
    RESTORE = "restore"
    KEEP = "keep"
    """Reviewed after a flag, and left as it is."""
    UNDO = "undo"
    """Take back one's own decision of a moment ago; no transition, it restores what was."""


TRANSITIONS: dict[tuple[Status, Action], Status] = {
    (Status.PENDING, Action.APPROVE): Status.PUBLISHED,
    (Status.PENDING, Action.REJECT): Status.REJECTED,
    (Status.PUBLISHED, Action.HIDE): Status.HIDDEN,
    (Status.PUBLISHED, Action.KEEP): Status.PUBLISHED,
    (Status.HIDDEN, Action.RESTORE): Status.PUBLISHED,
    (Status.REJECTED, Action.RESTORE): Status.PUBLISHED,
}


RESTRICTIONS = frozenset({Action.REJECT, Action.HIDE})
"""What takes a text from its readers: needs a rule and a reason of the moderator's own."""

DEFAULT_REASONS = {
    Action.APPROVE: "A moderator has read it and published it.",
    Action.RESTORE: "A moderator has looked at it again and restored it.",
    Action.KEEP: "A moderator has looked at it and left it as it is.",
    Action.UNDO: "The moderator took the decision back.",
}
"""Message ids for decisions that need no reason of their own."""

UNDO_SPAN = timedelta(seconds=60)
"""How long a decision can be taken back by whoever made it, and so long its letter waits."""

MAX_REASON = 4000
MAX_EXPLANATION = 2000


def allowed_actions(status: Status, *, is_flagged: bool) -> list[Action]:
    """Give what can be decided about a contribution in this status; nothing is kept that nobody flagged."""
    return [
        action
        for (before, action) in TRANSITIONS
        if before is status and (action is not Action.KEEP or is_flagged)
    ]


def checked_reason(action: Action, reason: str) -> str:
    """Give the reason that is written down; Invalid if a restriction has less than a sentence."""
    reason = reason.strip()
    if len(reason) > MAX_REASON:
        raise Invalid("Keep the reason under %(limit)s characters.", field="reason", limit=MAX_REASON)
    if action not in RESTRICTIONS:
        return reason or DEFAULT_REASONS[action]
    if not is_sentence(reason):
        raise Invalid(
            "Give the reason in at least one sentence: the author and the public log will read it.",
            field="reason",
        )
    return reason


def is_sentence(text: str) -> bool:
    """Whether a text has at least three words and twenty characters, as a reason must."""
    return len(text.strip()) >= 20 and len(re.findall(r"\w+", text)) >= 3


def checked_rule(action: Action, rule: str, keys: list[str]) -> str | None:
    """Give the rule a decision rests on; Invalid if it is not the group's, or a restriction names none."""
    if rule and rule not in keys:
        raise Invalid("Choose one of this group's rules.", field="rule")
    if not rule and keys and action in RESTRICTIONS:
        raise Invalid("Choose the rule that this decision rests on.", field="rule")
    return rule or None


def checked_explanation(reason: "FlagReason", explanation: str) -> str:
    """Give a flag's explanation; Invalid where the reason alone does not say enough."""
    explanation = explanation.strip()
    if len(explanation) > MAX_EXPLANATION:
        raise Invalid(
            "Keep the explanation under %(limit)s characters.", field="explanation", limit=MAX_EXPLANATION
        )
    if reason in {FlagReason.ILLEGAL, FlagReason.OTHER} and not is_sentence(explanation):
        raise Invalid("Say in a sentence what is wrong, without repeating it.", field="explanation")
    return explanation


def next_status(status: Status, action: Action) -> Status:
    """Give the status a decision leads to; Invalid where the decision does not apply."""
    try:
        return TRANSITIONS[status, action]
    except KeyError:
        raise Invalid(
            "This contribution is %(status)s, so it cannot be decided that way.", status=status.value
        ) from None


class ModerationDecision(PublicId, Base):
    """One decision on one contribution, with the reason that stands."""

    __tablename__ = "moderation_decision"
    __table_args__ = (sa.Index("ix_moderation_decision_subject", "subject_kind", "subject_id"),)

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    subject_kind: Mapped[SubjectKind]
    subject_id: Mapped[int]
    action: Mapped[Action]
    status_before: Mapped[Status] = mapped_column(checked(Status, "status_before"))
    status_after: Mapped[Status] = mapped_column(checked(Status, "status_after"))
    rule: Mapped[str | None] = mapped_column(sa.String(64))
    """The key of the group's rule that the decision rests on."""
    reason: Mapped[str]
    decided_by_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    decided_at: Mapped[datetime]
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderation_decision.id"))


class FlagReason(enum.StrEnum):
    """Why a reader flags; `illegal` stands apart."""

    OFF_TOPIC = "off_topic"
    UNCIVIL = "uncivil"
    CONFIDENTIAL = "confidential"
    PERSONAL_DATA = "personal_data"
    SPAM = "spam"
    ILLEGAL = "illegal"
    OTHER = "other"


class Why(enum.StrEnum):
    """Why something is in the queue."""

    HELD = "held"
    FLAGGED = "flagged"
    ILLEGAL = "illegal"
    """Flagged as illegal: stands first."""


class Flag(PublicId, Base):
    """A reader asks a moderator to look; closed by a decision."""

    __tablename__ = "flag"
    __table_args__ = (
        sa.Index("ix_flag_subject", "subject_kind", "subject_id"),
        sa.Index(
            "uq_flag_open",
            "subject_kind",
            "subject_id",
            "reporter_id",
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    subject_kind: Mapped[SubjectKind]
    subject_id: Mapped[int]
    reporter_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    reason: Mapped[FlagReason]
    explanation: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    decision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderation_decision.id"))
