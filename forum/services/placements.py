"""Placing every comment on a paper in every version of it: worked out by the worker, mended by hand.

A comment is followed from the last version in which it has a place, so that what was put right by hand
stays right. What is lost in one version and comes back in a later one is found again.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.anchors import MAX_LENGTH, Anchor, Found, describe, find, follow
from forum.domain.comments import Placement, since_written
from forum.domain.labels import Status
from forum.domain.outbox import Topic
from forum.domain.papers import PaperVersion
from forum.domain.paragraphs import Paragraph
from forum.domain.threads import AnchorState, Thread
from forum.services.outbox import enqueue
from forum.services.papers import NOT_TEXT


@dataclass(frozen=True, slots=True)
class NewPlacement:
    """A place that was worked out and is not written yet."""

    thread_id: int
    version_id: int
    found: Found
    state: AnchorState
    """Since the comment was written."""
    step: AnchorState
    """Since the version before."""


@dataclass(frozen=True, slots=True)
class _Text:
    text: str
    paragraphs: Sequence[Paragraph]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a comment stands in one version; ``state`` is what became of it since it was written."""

    start: int
    end: int
    state: AnchorState


@dataclass(slots=True)
class _Comment:
    """A comment with what is known of its places, by the number of the version."""

    row: Any
    own_number: int | None
    """The number of the version it was written on; None where that text was withdrawn."""
    places: dict[int, _Place | None]
    """None where it is an orphan."""


def enqueue_anchoring(session: Session, paper_id: int, *, now: datetime) -> None:
    """Have the worker place the comments on a paper in the versions where they have no place yet."""
    enqueue(session, Topic.ANCHOR, {"paper_id": paper_id}, now=now)


def work_out(session: Session, paper_id: int) -> list[NewPlacement]:
    """Give the places that are missing, oldest version first. Reads only; takes what it takes."""
    versions = session.execute(
        sa.select(PaperVersion.id, PaperVersion.number)
        .where(
            PaperVersion.paper_id == paper_id,
            PaperVersion.number.is_not(None),
            PaperVersion.status.not_in(sorted(NOT_TEXT)),
        )
        .order_by(PaperVersion.number)
    ).all()
    numbers = {row.id: row.number for row in versions}
    comments = _load_comments(session, paper_id, numbers)
    texts = _Texts(session)
    made: list[NewPlacement] = []
    for position, version in enumerate(versions):
        missing = [one for one in comments if _is_missing(one, version.number)]
        if missing:
            before = versions[position - 1].number if position else None
            made += _place_all(missing, version, before, {row.number: row.id for row in versions}, texts)
    return made


def record_placements(session: Session, placements: Sequence[NewPlacement]) -> None:
    """Write places down, but for those that somebody wrote meanwhile."""
    threads = {one.thread_id for one in placements}
    known: set[tuple[int, int]] = set()
    for part in _in_parts(sorted(threads)):
        rows = session.execute(
            sa.select(Placement.thread_id, Placement.version_id).where(Placement.thread_id.in_(part))
        )
        known |= {(row.thread_id, row.version_id) for row in rows}
    new = [
        {
            "thread_id": one.thread_id,
            "version_id": one.version_id,
            "state": one.state,
            "step": one.step,
            "start": one.found.start if one.step is not AnchorState.ORPHANED else None,
            "end": one.found.end if one.step is not AnchorState.ORPHANED else None,
            "paragraph": one.found.paragraph or None,
            "is_by_hand": False,
        }
        for one in placements
        if (one.thread_id, one.version_id) not in known
    ]
    if new:
        session.execute(sa.insert(Placement), new)


def attach_by_hand(
    session: Session, thread: Thread, version: PaperVersion, start: int, end: int, paragraph: str | None
) -> Placement:
    """Put a comment at a place of a version; places in later versions are worked out anew from there."""
    later = sa.select(PaperVersion.id).where(
        PaperVersion.paper_id == version.paper_id, PaperVersion.number > (version.number or 0)
    )
    session.execute(
        sa.delete(Placement).where(
            Placement.thread_id == thread.id,
            Placement.version_id.in_(later),
            Placement.is_by_hand.is_(False),
        )
    )
    placement = session.get(Placement, (thread.id, version.id))
    if placement is None:
        placement = Placement(thread_id=thread.id, version_id=version.id)
        session.add(placement)
    placement.state = placement.step = AnchorState.MOVED
    placement.start, placement.end, placement.paragraph = start, end, paragraph
    placement.is_by_hand = True
    session.flush()
    return placement


class _Texts:
    """Texts of versions, each loaded once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._texts: dict[int, _Text] = {}

    def get(self, version_id: int) -> _Text:
        if version_id not in self._texts:
            text, rows = self._session.execute(
                sa.select(PaperVersion.text, PaperVersion.paragraphs).where(PaperVersion.id == version_id)
            ).one()
            self._texts[version_id] = _Text(text, [Paragraph.from_row(row) for row in rows])
        return self._texts[version_id]


def _load_comments(session: Session, paper_id: int, numbers: dict[int, int]) -> list[_Comment]:
    rows = session.execute(
        sa.select(
            Thread.id,
            Thread.version_id,
            Thread.anchor_exact,
            Thread.anchor_prefix,
            Thread.anchor_suffix,
            Thread.anchor_start,
            Thread.anchor_end,
            Thread.anchor_paragraph,
            PaperVersion.number,
        )
        .join(PaperVersion, PaperVersion.id == Thread.version_id)
        .where(
            Thread.paper_id == paper_id,
            Thread.anchor_start.is_not(None),
            Thread.status != Status.WITHDRAWN,
        )
        .order_by(Thread.id)
    ).all()
    comments = {
        row.id: _Comment(row, row.number, {}) for row in rows if row.number is not None and row.anchor_exact
    }
    for comment in comments.values():
        row = comment.row
        if row.version_id in numbers:
            comment.places[row.number] = _Place(row.anchor_start, row.anchor_end, AnchorState.KEPT)
    placements = session.scalars(
        sa.select(Placement)
        .join(Thread, Thread.id == Placement.thread_id)
        .where(Thread.paper_id == paper_id, Placement.version_id.in_(sorted(numbers)))
    )
    for placement in placements:
        if placement.thread_id in comments:
            comments[placement.thread_id].places[numbers[placement.version_id]] = (
                _Place(placement.start, placement.end, placement.state)
                if placement.start is not None and placement.end is not None
                else None
            )
    return list(comments.values())


def _is_missing(comment: _Comment, number: int) -> bool:
    return number not in comment.places and comment.own_number is not None and number > comment.own_number


def _place_all(
    comments: Sequence[_Comment], version: Any, before: int | None, ids: dict[int, int], texts: _Texts
) -> list[NewPlacement]:
    """Place comments in one version, those that are followed from the same version together."""
    new = texts.get(version.id)
    sources: dict[int | None, list[_Comment]] = defaultdict(list)
    for comment in comments:
        known = [number for number, at in comment.places.items() if at and number < version.number]
        sources[max(known, default=None)].append(comment)
    made: list[NewPlacement] = []
    for number, followed in sources.items():
        followed.sort(key=lambda comment: _start_in(comment, number))
        for comment, found in zip(followed, _follow(followed, number, ids, texts, new), strict=True):
            source = comment.places[number] if number is not None else None
            # What was lost in between has come back: that is no standing still.
            is_back = number != before and found.state is AnchorState.KEPT
            step = AnchorState.MOVED if is_back else found.state
            state = since_written(source.state if source else AnchorState.KEPT, found.state)
            made.append(NewPlacement(comment.row.id, version.id, found, state, step))
            is_lost = found.state is AnchorState.ORPHANED
            comment.places[version.number] = None if is_lost else _Place(found.start, found.end, state)
    return made


def _start_in(comment: _Comment, number: int | None) -> int:
    place = comment.places[number] if number is not None else None
    return place.start if place else -1


def _follow(
    comments: Sequence[_Comment], number: int | None, ids: dict[int, int], texts: _Texts, new: _Text
) -> list[Found]:
    if number is None:  # the text it was written on is gone: by its own words alone
        return [find(_own_anchor(comment), new.text, new.paragraphs) for comment in comments]
    old = texts.get(ids[number])
    anchors = []
    for comment in comments:
        place = comment.places[number]
        assert place is not None
        end = min(place.end, place.start + MAX_LENGTH)
        anchors.append(describe(old.text, place.start, end, old.paragraphs))
    return list(follow(anchors, old.text, old.paragraphs, new.text, new.paragraphs))


def _own_anchor(comment: _Comment) -> Anchor:
    row = comment.row
    return Anchor(
        row.anchor_exact,
        row.anchor_prefix or "",
        row.anchor_suffix or "",
        row.anchor_start,
        row.anchor_end,
        row.anchor_paragraph or "",
    )


def _in_parts(ids: Sequence[int], size: int = 500) -> list[Sequence[int]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]
