"""What the index is told of meetings and decisions: words of a group as a group, by no author."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.ballots import Ballot
from forum.domain.meetings import AgendaPoint, Meeting, MinutesState

_BREAK = "\n\n"


def _columns(model: Any) -> tuple[Any, ...]:
    return (
        model.id,
        model.public_id,
        model.group_id,
        model.status,
        model.audience,
        model.tlp,
        model.named_list_id,
        model.created_at,
    )


def meetings(ids: Sequence[int]) -> Any:
    """Give the statement of the meetings with these keys."""
    return (
        sa.select(
            *_columns(Meeting),
            Meeting.title,
            Meeting.text,
            Meeting.language,
            Meeting.starts_at,
            Meeting.cancelled_at,
        )
        .where(Meeting.id.in_(ids))
        .order_by(Meeting.id)
    )


def minutes_of(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Give, by meeting, the points of the agenda, with the minutes where they were adopted."""
    texts: dict[int, list[str]] = defaultdict(list)
    is_adopted = Meeting.minutes_state == MinutesState.ADOPTED
    for meeting_id, title, minutes, adopted in session.execute(
        sa.select(AgendaPoint.meeting_id, AgendaPoint.title, AgendaPoint.minutes_text, is_adopted)
        .join(Meeting, Meeting.id == AgendaPoint.meeting_id)
        .where(AgendaPoint.meeting_id.in_(ids))
        .order_by(AgendaPoint.meeting_id, AgendaPoint.position)
    ):
        texts[meeting_id] += [title, minutes] if adopted and minutes else [title]
    return {meeting_id: _BREAK.join(parts) for meeting_id, parts in texts.items()}


def ballots(ids: Sequence[int]) -> Any:
    """Give the statement of the decisions with these keys."""
    return (
        sa.select(
            *_columns(Ballot),
            Ballot.title,
            Ballot.text,
            Ballot.language,
            Ballot.outcome_text,
            Ballot.opened_at,
            Ballot.closed_at,
        )
        .where(Ballot.id.in_(ids))
        .order_by(Ballot.id)
    )


def ballot_text(row: Any) -> str:
    """Give what a decision asks, and what came of it."""
    return _BREAK.join(part for part in (row.text, row.outcome_text) if part)
