"""Moderation: decisions with reasons, flags, and which status may become which."""

import enum
import re
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import SubjectKind
from forum.domain.base import Base, PublicId, checked, partial_index
from forum.domain.labels import Status
from forum.domain.personal_data import refuse_personal_data
from forum.errors import Invalid

MODERATED = (
    SubjectKind.POST,
    SubjectKind.VERSION,
    SubjectKind.ANSWER,
    SubjectKind.ASSESSMENT,
    SubjectKind.ENTRY,
)
"""What is held, flagged and decided on; a discussion through its opening post."""


class Action(enum.StrEnum):
    """What a moderator decides."""

    APPROVE = "approve"
    REJECT = "reject"
    HIDE = "hide"
    RESTORE = "restore"
    KEEP = "keep"
    """Reviewed after a flag, and left as it is."""
    ASK_CHANGE = "ask_change"
    """The author is asked to change it; it stays as it is meanwhile."""
    LABEL = "label"
    """Readable by fewer people: a narrower TLP label."""
    LOCK = "lock"
    """The discussion can be read, and nothing more is added."""
    UNLOCK = "unlock"
    MOVE = "move"
    """The discussion goes to another group, whose readers all read it before."""
    SPLIT = "split"
    """A reply and what answers it become a discussion of their own."""
    MERGE = "merge"
    """The discussion becomes part of another one."""
    WARN = "warn"
    SUSPEND = "suspend"
    """The author writes nothing in the group, or a person nothing anywhere, until a date."""
    LIFT = "lift"
    """A suspension ends before its time."""
    OVERTURN = "overturn"
    """An appeal was upheld: what the decision did is undone, everywhere."""
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


RESTRICTIONS = frozenset({Action.REJECT, Action.HIDE, Action.LABEL, Action.LOCK, Action.MOVE, Action.SUSPEND})
"""What restricts a text or a person: needs a rule and a reason, and carries a statement of reasons."""

REASONED = RESTRICTIONS | {Action.ASK_CHANGE, Action.WARN, Action.SPLIT, Action.MERGE}
"""What a moderator gives a reason of their own for."""

NOT_CHOSEN = frozenset({Action.UNDO, Action.OVERTURN})
"""What is no decision of its own: it reverses one."""

FURTHER: dict[Action, frozenset[Status]] = {
    Action.ASK_CHANGE: frozenset({Status.PENDING, Status.PUBLISHED}),
    Action.LABEL: frozenset({Status.PENDING, Status.PUBLISHED}),
    Action.LOCK: frozenset({Status.PUBLISHED}),
    Action.UNLOCK: frozenset({Status.PUBLISHED}),
    Action.MOVE: frozenset({Status.PUBLISHED}),
    Action.SPLIT: frozenset({Status.PUBLISHED}),
    Action.MERGE: frozenset({Status.PUBLISHED}),
    Action.WARN: frozenset({Status.PENDING, Status.PUBLISHED, Status.HIDDEN, Status.REJECTED}),
    Action.SUSPEND: frozenset({Status.PENDING, Status.PUBLISHED, Status.HIDDEN, Status.REJECTED}),
}
"""Decisions that leave the status as it is, with the statuses in which they can be made."""

MAX_SUSPENSION = timedelta(days=366)

DEFAULT_REASONS = {
    Action.APPROVE: "A moderator has read it and published it.",
    Action.RESTORE: "A moderator has looked at it again and restored it.",
    Action.KEEP: "A moderator has looked at it and left it as it is.",
    Action.UNDO: "The moderator took the decision back.",
    Action.UNLOCK: "The discussion is open again.",
    Action.LIFT: "The suspension has ended before its time.",
    Action.OVERTURN: "An appeal was upheld.",
}
"""Message ids for decisions that need no reason of their own."""

UNDO_SPAN = timedelta(seconds=60)
"""How long a decision can be taken back by whoever made it, and so long its letter waits."""

MAX_REASON = 2000
"""As much as the schema of statements takes."""
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
    if not reason and action not in REASONED:
        return DEFAULT_REASONS[action]
    if action in REASONED and not is_sentence(reason):
        raise Invalid(
            "Give the reason in at least one sentence: the author and the public log will read it.",
            field="reason",
        )
    refuse_personal_data(reason)
    return reason


def checked_until(until: date | None, today: date) -> date:
    """Give the last day of a suspension; Invalid where none is named, or it is past or too far off."""
    if until is None:
        raise Invalid("Say until which day the suspension lasts.", field="until")
    if not today <= until <= today + MAX_SUSPENSION:
        raise Invalid("A suspension ends today at the earliest, and within a year.", field="until")
    return until


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
    if reason in {FlagReason.SUSPECTED, FlagReason.VICTIM}:
        return ""  # what may not be shown is not described either
    explanation = explanation.strip()
    if len(explanation) > MAX_EXPLANATION:
        raise Invalid(
            "Keep the explanation under %(limit)s characters.", field="explanation", limit=MAX_EXPLANATION
        )
    if reason in {FlagReason.ILLEGAL, FlagReason.OTHER} and not is_sentence(explanation):
        raise Invalid("Say in a sentence what is wrong, without repeating it.", field="explanation")
    return explanation


def further_actions(status: Status, *, is_post: bool, is_opening: bool, is_locked: bool) -> list[Action]:
    """Give what can be decided beyond the status: of a discussion through its opening post."""
    opening = {Action.LOCK, Action.UNLOCK, Action.MOVE, Action.MERGE}
    found = []
    for action, statuses in FURTHER.items():
        if status not in statuses or (action in opening and not is_opening):
            continue
        if action is Action.SPLIT and (not is_post or is_opening):
            continue
        if action is Action.LABEL and is_post and not is_opening:
            continue
        if (action is Action.LOCK and is_locked) or (action is Action.UNLOCK and not is_locked):
            continue
        found.append(action)
    return found


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

    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    """None where the platform decided about an account."""
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
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """What it takes to undo the decision: the label or the place of before, by ids and keys."""
    reverses_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderation_decision.id"))


class FlagReason(enum.StrEnum):
    """Why a reader flags; `illegal` stands apart."""

    OFF_TOPIC = "off_topic"
    UNCIVIL = "uncivil"
    CONFIDENTIAL = "confidential"
    PERSONAL_DATA = "personal_data"
    SPAM = "spam"
    SUSPECTED = "suspected"
    """May be abuse material: locked at once, unread."""
    VICTIM = "victim"
    """May identify a victim: locked at once, unread."""
    ILLEGAL = "illegal"
    OTHER = "other"


class Why(enum.StrEnum):
    """Why something is in the queue."""

    HELD = "held"
    FLAGGED = "flagged"
    ILLEGAL = "illegal"
    """Flagged as illegal: stands first."""
    APPEALED = "appealed"
    """Somebody appealed against a decision on it, and one may decide that."""


class Disclosure(PublicId, Base):
    """A flagged text that no moderator of its group reads, shown to one of them for this flag."""

    __tablename__ = "disclosure"

    flag_id: Mapped[int] = mapped_column(sa.ForeignKey("flag.id"), unique=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    disclosed_at: Mapped[datetime]


class Flag(PublicId, Base):
    """A reader asks a moderator to look; closed by a decision."""

    __tablename__ = "flag"
    __table_args__ = (
        sa.Index("ix_flag_subject", "subject_kind", "subject_id"),
        partial_index(
            "uq_flag_open",
            "subject_kind",
            "subject_id",
            "reporter_id",
            unique=True,
            where="closed_at IS NULL",
        ),
    )

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    subject_kind: Mapped[SubjectKind]
    subject_id: Mapped[int]
    reporter_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    reason: Mapped[FlagReason]
    explanation: Mapped[str] = mapped_column(default="")
    paragraph: Mapped[str | None] = mapped_column(sa.String(16))
    """The anchor of the paragraph that is meant, in a paper."""
    location: Mapped[str | None]
    """Of a notice that something is illegal: the exact address; who says so where the law asks for it."""
    notifier_name: Mapped[str | None]
    notifier_email: Mapped[str | None] = mapped_column(sa.String(254))
    concerns_children: Mapped[bool] = mapped_column(default=False)
    is_in_good_faith: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    decision_id: Mapped[int | None] = mapped_column(sa.ForeignKey("moderation_decision.id"))
