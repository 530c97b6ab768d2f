"""Ratings: reading what a form sends of one cell, and what many seats' ratings of a cell come to."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from forum.domain.averages import median
from forum.domain.catalogues import Cell
from forum.domain.text import normalise
from forum.errors import Invalid

NO_VIEW = "none"
"""What a seat says that has no view on a cell: an abstention, which counts as given."""
CONFIDENCES = ("low", "medium", "high")
MAX_REASON = 5_000
MAX_EVIDENCE = 2_000
DISSENT_STEPS = 2
"""A rating so many steps from the median is a dissent."""


def read_entry(raw: Mapping[str, str], steps: int) -> dict[str, str]:
    """Read one cell as it was typed, for the draft: unknown choices are dropped, nothing is demanded."""
    rating = raw.get("rating", "")
    ratings = {NO_VIEW, *(str(number) for number in range(1, steps + 1))}
    confidence = raw.get("confidence", "")
    entry = {
        "rating": rating if rating in ratings else "",
        "confidence": confidence if confidence in CONFIDENCES else "",
        "reason": normalise(raw.get("reason", "")).strip()[: 4 * MAX_REASON],
        "evidence": normalise(raw.get("evidence", "")).strip()[: 4 * MAX_EVIDENCE],
    }
    return entry if any(entry.values()) else {}


def find_fault(cell: Cell, entry: Mapping[str, str], *, must_rate: bool) -> Invalid | None:
    """Give what keeps a cell from being submitted, or None; `must_rate` where no cell may be left out."""
    title = f"{cell.solution['title']} · {cell.criterion['title']}"
    rating, reason = entry.get("rating", ""), entry.get("reason", "")
    if not rating:
        if must_rate or reason or entry.get("evidence"):
            return Invalid("%(cell)s: choose a rating, or say that you have no view.", cell=title)
        return None
    if rating != NO_VIEW and not reason:
        return Invalid("%(cell)s: give the reason for the rating.", cell=title)
    if rating != NO_VIEW and must_rate and not entry.get("confidence"):
        return Invalid("%(cell)s: say how confident you are.", cell=title)
    for name, limit in (("reason", MAX_REASON), ("evidence", MAX_EVIDENCE)):
        if len(entry.get(name, "")) > limit:
            return Invalid("%(cell)s: up to %(limit)d characters are taken.", cell=title, limit=limit)
    return None


def rating_of(value: Mapping[str, Any] | None) -> int | None:
    """Give the rating of a stored cell; None for no view, or where there is no such cell."""
    rating = (value or {}).get("rating")
    return rating if isinstance(rating, int) else None


class Spread(enum.StrEnum):
    """How far ratings lie apart, from the lowest to the highest."""

    NONE = "none"
    """Nobody rated it."""
    ONE = "one"
    """One seat rated it: there is nothing to compare."""
    CLOSE = "close"
    """At most one step."""
    DIFFERENT = "different"
    """Two steps."""
    APART = "apart"
    """Three and more."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What the ratings of one cell come to."""

    count: int
    abstained: int
    median: float | None = None
    lowest: int | None = None
    highest: int | None = None
    spread: Spread = Spread.NONE
    dissent: int = 0
    """Ratings at least two steps from the median."""
    changed: int = 0
    """Ratings that are another than in the round before."""


def summarise(ratings: Sequence[int | None], *, changed: int = 0) -> Summary:
    """Give count, median, range and dissent of a cell's ratings; None is a seat without a view."""
    given = sorted(rating for rating in ratings if rating is not None)
    abstained = len(ratings) - len(given)
    if not given:
        return Summary(0, abstained, changed=changed)
    middle = float(median(given))
    width = given[-1] - given[0]
    if len(given) == 1:
        spread = Spread.ONE
    else:
        spread = Spread.CLOSE if width <= 1 else Spread.DIFFERENT if width == 2 else Spread.APART
    dissent = sum(abs(rating - middle) >= DISSENT_STEPS for rating in given)
    return Summary(len(given), abstained, middle, given[0], given[-1], spread, dissent, changed)
