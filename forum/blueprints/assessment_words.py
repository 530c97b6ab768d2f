"""The words for assessments: ratings, how far they lie apart, confidence, stances."""

from collections.abc import Sequence

from flask_babel import gettext, lazy_gettext, ngettext

from forum.domain.assessments import Stance
from forum.domain.ratings import Spread, Summary

_CONFIDENCES = {
    "low": lazy_gettext("low"),
    "medium": lazy_gettext("medium"),
    "high": lazy_gettext("high"),
}
_SPREADS = {
    Spread.NONE: lazy_gettext("not rated"),
    Spread.ONE: lazy_gettext("one rating"),
    Spread.CLOSE: lazy_gettext("close together"),
    Spread.DIFFERENT: lazy_gettext("different"),
    Spread.APART: lazy_gettext("far apart"),
}
_STANCES = {
    Stance.DISSENT: lazy_gettext("Dissents"),
    Stance.ABSTENTION: lazy_gettext("Abstains"),
}


def confidence(value: str) -> str:
    """Give a confidence in a word; empty where none was given."""
    return str(_CONFIDENCES[value]) if value in _CONFIDENCES else ""


def spread(value: Spread) -> str:
    """Give how far ratings lie apart."""
    return str(_SPREADS[value])


def stance(value: Stance) -> str:
    """Give what a seat does with the result."""
    return str(_STANCES[value])


def rating(value: int | None, scale: Sequence[str]) -> str:
    """Give a rating as number and word, "3 fair"; or that there is no view."""
    if value is None:
        return gettext("no view")
    return f"{value} {scale[value - 1]}" if 1 <= value <= len(scale) else str(value)


def phase(value: int | None, scale: Sequence[str]) -> str:
    """Give a phase by its word alone; or that there is no view."""
    return rating(value, scale).partition(" ")[2] if value is not None else gettext("no view")


def middle(value: float | None) -> str:
    """Give a median as it is read: whole numbers without a point."""
    return "–" if value is None else f"{value:g}"


def in_words(summary: Summary, scale: Sequence[str]) -> str:
    """Give a cell in one line, without any sign or colour that would have to be seen."""
    if summary.median is None:
        return gettext("not rated")
    word = scale[round(summary.median) - 1] if summary.median == int(summary.median) else ""
    parts = [gettext("median %(median)s", median=f"{middle(summary.median)} {word}".strip())]
    if summary.count > 1:
        parts.append(gettext("from %(low)d to %(high)d", low=summary.lowest, high=summary.highest))
    parts.append(spread(summary.spread))
    if summary.dissent:
        parts.append(ngettext("%(num)d seat dissents", "%(num)d seats dissent", summary.dissent))
    if summary.abstained:
        parts.append(ngettext("%(num)d without a view", "%(num)d without a view", summary.abstained))
    if summary.changed:
        parts.append(ngettext("%(num)d changed", "%(num)d changed", summary.changed))
    return ", ".join(parts)
