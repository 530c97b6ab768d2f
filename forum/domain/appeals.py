"""Appeals: against which decision, by whom, until when, and which state may become which."""

import enum
from calendar import monthrange
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId, partial_index
from forum.domain.moderation import RESTRICTIONS, Action, is_sentence
from forum.domain.personal_data import refuse_personal_data
from forum.errors import Invalid

APPEAL_MONTHS = 6
"""How long after a decision an appeal can be made."""
APPEAL_DAYS = 10
"""Working days in which an answer is promised."""
MAX_APPEAL = 4000
MAX_ANSWER = 2000


class Side(enum.StrEnum):
    """Whose appeal it is."""

    AUTHOR = "author"
    FLAGGER = "flagger"


class AppealState(enum.StrEnum):
    """Where an appeal is."""

    FILED = "filed"
    TAKEN = "taken"
    """Somebody looks at it, and they alone decide it."""
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Step(enum.StrEnum):
    """What happens to an appeal."""

    TAKE = "take"
    GIVE_BACK = "give_back"
    UPHOLD = "uphold"
    REJECT = "reject"
    WITHDRAW = "withdraw"


STEPS: dict[tuple[AppealState, Step], AppealState] = {
    (AppealState.FILED, Step.TAKE): AppealState.TAKEN,
    (AppealState.TAKEN, Step.GIVE_BACK): AppealState.FILED,
    (AppealState.TAKEN, Step.UPHOLD): AppealState.UPHELD,
    (AppealState.TAKEN, Step.REJECT): AppealState.REJECTED,
    (AppealState.FILED, Step.WITHDRAW): AppealState.WITHDRAWN,
    (AppealState.TAKEN, Step.WITHDRAW): AppealState.WITHDRAWN,
}

OPEN = frozenset({AppealState.FILED, AppealState.TAKEN})

APPEALABLE: dict[Side, frozenset[Action]] = {
    Side.AUTHOR: RESTRICTIONS | {Action.WARN, Action.ASK_CHANGE, Action.SPLIT, Action.MERGE},
    Side.FLAGGER: frozenset({Action.KEEP}),
}
"""What each side can appeal against: what was done to one, or that nothing was done."""


def next_state(state: AppealState, step: Step) -> AppealState:
    """Give the state a step leads to; Invalid where it does not apply."""
    try:
        return STEPS[state, step]
    except KeyError:
        raise Invalid(
            "This appeal is %(state)s, so that cannot be done with it.", state=state.value
        ) from None


def appealable_until(decided_at: datetime) -> datetime:
    """Give the moment six months after a decision; the month's last day where there is no such day."""
    months = decided_at.month - 1 + APPEAL_MONTHS
    year, month = decided_at.year + months // 12, months % 12 + 1
    return decided_at.replace(year=year, month=month, day=min(decided_at.day, monthrange(year, month)[1]))


def checked_appeal(reason: str) -> str:
    """Give why somebody appeals; Invalid if it is less than a sentence, or too long."""
    reason = reason.strip()
    if not is_sentence(reason):
        raise Invalid("Say in at least one sentence why the decision is wrong.", field="reason")
    if len(reason) > MAX_APPEAL:
        raise Invalid("Keep the reason under %(limit)s characters.", field="reason", limit=MAX_APPEAL)
    return reason


def checked_answer(answer: str) -> str:
    """Give the reason of whoever decides an appeal; Invalid if it is no sentence or holds personal data."""
    answer = answer.strip()
    if not is_sentence(answer):
        raise Invalid("Give the reason in at least one sentence: both sides will read it.", field="answer")
    if len(answer) > MAX_ANSWER:
        raise Invalid("Keep the reason under %(limit)s characters.", field="answer", limit=MAX_ANSWER)
    refuse_personal_data(answer, "answer")
    return answer


class Appeal(PublicId, Base):
    """An appeal against one decision."""

    __tablename__ = "appeal"
    __table_args__ = (
        # A decision is appealed against once by each side; a withdrawn appeal does not count.
        partial_index(
            "uq_appeal_side",
            "decision_id",
            "side",
            unique=True,
            where="state != 'withdrawn'",
        ),
    )

    decision_id: Mapped[int] = mapped_column(sa.ForeignKey("moderation_decision.id"))
    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    """None where the platform decided about an account."""
    side: Mapped[Side]
    appellant_key: Mapped[str] = mapped_column(sa.String(80))
    """The writer key of who appeals, sealed under the Chatham House Rule."""
    reason: Mapped[str]
    state: Mapped[AppealState] = mapped_column(default=AppealState.FILED)
    filed_at: Mapped[datetime]
    """Under the Chatham House Rule the day alone."""
    due_at: Mapped[datetime]
    taken_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    taken_at: Mapped[datetime | None]
    answer: Mapped[str] = mapped_column(default="")
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    decided_at: Mapped[datetime | None]
    lock_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": lock_version}  # noqa: RUF012
