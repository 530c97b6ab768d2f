"""Formal decisions: a question with a text, one vote a seat, consensus first and else a majority of seats.

A moderator's decision is another thing (domain/moderation.py); on the page this one is called a decision.
"""

import enum
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId
from forum.domain.labels import Labelled

MAX_REASON = 10_000
MAX_QUESTION = 20_000


class Procedure(enum.StrEnum):
    """How a decision is taken."""

    WRITTEN = "written"
    MEETING = "meeting"


class BallotState(enum.StrEnum):
    """Prepared, open for votes, closed with an outcome, or given up."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Choice(enum.StrEnum):
    """What a seat can say."""

    AGREE = "agree"
    NO_OBJECTION = "no_objection"
    AGREE_IF_CHANGED = "agree_if_changed"
    AGAINST = "against"
    ABSTAIN = "abstain"


IN_FAVOUR = frozenset({Choice.AGREE, Choice.NO_OBJECTION})
OBJECTIONS = frozenset({Choice.AGREE_IF_CHANGED, Choice.AGAINST})
"""They stop consensus on this text, and have to give their reasons."""
ANNEXED = OBJECTIONS | {Choice.ABSTAIN}
"""Whose reasons a seat may have annexed to what was adopted."""


class Outcome(enum.StrEnum):
    """What came of it."""

    CONSENSUS = "consensus"
    MAJORITY = "majority"
    NOT_ADOPTED = "not_adopted"
    NO_QUORUM = "no_quorum"


ADOPTED = frozenset({Outcome.CONSENSUS, Outcome.MAJORITY})


class Ballot(PublicId, Labelled, Base):
    """A question that a group decides, with the version of a paper that it is about."""

    __tablename__ = "ballot"

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    stage_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stage.id"))
    meeting_id: Mapped[int | None] = mapped_column(sa.ForeignKey("meeting.id"), index=True)
    version_id: Mapped[int | None] = mapped_column(sa.ForeignKey("paper_version.id"), index=True)
    """The text that is decided on."""
    procedure: Mapped[Procedure] = mapped_column(default=Procedure.WRITTEN)
    title: Mapped[str]
    source: Mapped[str] = mapped_column(default="")
    html: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(sa.String(8), default="en")
    state: Mapped[BallotState] = mapped_column(default=BallotState.DRAFT)
    closes_at: Mapped[datetime | None]
    time_zone: Mapped[str] = mapped_column(sa.String(64), default="Europe/Brussels")
    quorum_percent: Mapped[int] = mapped_column(default=50)
    """As the charter said when it was opened."""
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[Outcome | None]
    tally: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The figures of the outcome, as they were counted: Tally.to_json()."""
    outcome_source: Mapped[str] = mapped_column(default="")
    """What the chair says came of it."""
    outcome_html: Mapped[str] = mapped_column(default="")
    outcome_text: Mapped[str] = mapped_column(default="")
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime]


class EntitledSeat(Base):
    """A seat that has a vote in a ballot: those with a member on them when it was opened."""

    __tablename__ = "entitled_seat"

    ballot_id: Mapped[int] = mapped_column(sa.ForeignKey("ballot.id"), primary_key=True)
    seat_id: Mapped[int] = mapped_column(sa.ForeignKey("seat.id"), primary_key=True, index=True)


class Vote(Base):
    """What a seat says now: one row a seat, whoever of its representative and alternates gave it."""

    __tablename__ = "vote"

    ballot_id: Mapped[int] = mapped_column(sa.ForeignKey("ballot.id"), primary_key=True)
    seat_id: Mapped[int] = mapped_column(sa.ForeignKey("seat.id"), primary_key=True, index=True)
    choice: Mapped[Choice]
    reason_source: Mapped[str] = mapped_column(default="")
    reason_html: Mapped[str] = mapped_column(default="")
    is_annexed: Mapped[bool] = mapped_column(default=False)
    changes: Mapped[int] = mapped_column(default=0)
    given_at: Mapped[datetime]
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    """Who gave it; null where the group's authors are sealed."""


class FormerVote(Base):
    """What a seat said before it changed its mind."""

    __tablename__ = "former_vote"

    ballot_id: Mapped[int] = mapped_column(sa.ForeignKey("ballot.id"), primary_key=True)
    seat_id: Mapped[int] = mapped_column(sa.ForeignKey("seat.id"), primary_key=True, index=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    choice: Mapped[Choice]
    reason_html: Mapped[str] = mapped_column(default="")
    given_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Tally:
    """The figures of a ballot, in seats."""

    entitled: int
    agree: int = 0
    no_objection: int = 0
    agree_if_changed: int = 0
    against: int = 0
    abstain: int = 0
    silent: int = 0
    """Seats that were at the meeting and said nothing against it: none in a written procedure."""

    @property
    def in_favour(self) -> int:
        """Seats for the text as it stands; whoever stays silent at a meeting is not counted for it."""
        return self.agree + self.no_objection

    @property
    def objections(self) -> int:
        """Seats that do not accept the text as it stands."""
        return self.agree_if_changed + self.against

    @property
    def taking_part(self) -> int:
        """Seats that count for the quorum: whoever abstains takes part."""
        return self.in_favour + self.objections + self.abstain + self.silent

    def to_json(self) -> dict[str, Any]:
        """Give the figures as they are stored."""
        return asdict(self)


def tally_votes(votes: Mapping[int, Choice], entitled: frozenset[int], present: frozenset[int]) -> Tally:
    """Count votes by seat; a vote of a seat that is not (or no longer) entitled counts for nothing.

    `present` are the seats at the meeting; empty in a written procedure.
    """
    counted = [choice for seat, choice in votes.items() if seat in entitled]
    figures = {choice.value: counted.count(choice) for choice in Choice}
    return Tally(entitled=len(entitled), silent=len((present & entitled) - set(votes)), **figures)


def needed_for_quorum(entitled: int, percent: int) -> int:
    """Give how many seats have to take part: the percentage rounded up, and never none."""
    return max(1, -(-entitled * percent // 100))


def needed_for_majority(entitled: int) -> int:
    """Give how many seats carry a text against objections: more than half of those entitled, not of votes."""
    return entitled // 2 + 1


def find_outcome(tally: Tally, quorum_percent: int) -> Outcome:
    """Decide: quorum, then consensus (nobody objects, somebody agrees), then a simple majority of seats.

    A tie is no majority. Abstention stops neither quorum nor consensus, and helps nobody to a majority.
    """
    if tally.taking_part < needed_for_quorum(tally.entitled, quorum_percent):
        return Outcome.NO_QUORUM
    if tally.objections == 0:
        agrees = tally.in_favour + tally.silent > 0
        return Outcome.CONSENSUS if agrees else Outcome.NOT_ADOPTED
    is_carried = tally.in_favour >= needed_for_majority(tally.entitled)
    return Outcome.MAJORITY if is_carried else Outcome.NOT_ADOPTED


def is_open_for_votes(ballot: Ballot, received_at: datetime) -> bool:
    """Whether a vote that arrived at a moment counts: the closing time is the last moment, not the worker."""
    if ballot.state is not BallotState.OPEN:
        return False
    return ballot.closes_at is None or received_at <= ballot.closes_at
