"""What is said of stances and of where a passage stands, on the page of positions and in its file."""

from datetime import datetime

from flask_babel import gettext, lazy_gettext, ngettext

from forum.domain.topics import Stance
from forum.services.positions import Statement, Totals
from forum.services.search_hits import Found

_STANCES = {
    Stance.SUPPORTS: lazy_gettext("supports"),
    Stance.CONDITIONS: lazy_gettext("supports with conditions"),
    Stance.OPPOSES: lazy_gettext("opposes"),
    Stance.NEUTRAL: lazy_gettext("neutral"),
    Stance.UNCLEAR: lazy_gettext("unclear"),
}


def stance_name(stance: Stance) -> str:
    """Give a stance in words."""
    return str(_STANCES[stance])


def change_words(before: datetime, after: datetime) -> str:
    """Give between which months a stance changed: "changed, 3.2021 → 5.2023"."""
    return gettext("changed, %(before)s → %(after)s", before=_month(before), after=_month(after))


def _month(at: datetime) -> str:
    return f"{at.month}.{at.year}"


def place_words(found: Found, place: str = "") -> str:
    """Give where a passage stands: version and paragraph, page of a file."""
    parts = []
    if found.version:
        parts.append(gettext("version %(number)s", number=found.version))
    paragraph = place.removeprefix("p") if found.kind == "paper" and place else found.paragraph
    if paragraph:
        parts.append(gettext("paragraph %(number)s", number=paragraph))
    page = place if found.kind == "attachment" and place else found.page
    if page:
        parts.append(gettext("page %(number)s", number=page))
    return ", ".join(parts)


def why_shown(one: Statement) -> str:
    """Say why a passage that nobody has coded stands here: the first, the latest, the best."""
    words = [
        gettext("first") if one.is_first else "",
        gettext("latest") if one.is_latest else "",
        gettext("best match") if one.is_best else "",
    ]
    return ", ".join(filter(None, words))


def totals_lines(totals: Totals) -> list[str]:
    """Give the totals as sentences: organisations by stance, then people and texts without a name."""
    lines = []
    for stance in Stance:
        number, again = totals.organisations.get(stance, 0), totals.covered.get(stance, 0)
        if not number and not again:
            continue
        line = f"{stance_name(stance)}: " + ngettext("%(num)d organisation", "%(num)d organisations", number)
        if again:
            line += " " + ngettext(
                "(%(num)d more is a member of one that is counted)",
                "(%(num)d more are members of one that is counted)",
                again,
            )
        lines.append(line)
    if totals.uncoded:
        lines.append(
            ngettext(
                "not coded yet: %(num)d organisation", "not coded yet: %(num)d organisations", totals.uncoded
            )
        )
    for name, coded, number in (
        (gettext("by people in their own capacity"), totals.own_capacity, totals.own_capacity_found),
        (gettext("by authors shown without a name"), totals.unnamed, totals.unnamed_found),
    ):
        if number:
            line = f"{name}: " + ngettext("%(num)d text", "%(num)d texts", number)
            parts = [f"{stance_name(stance)} {coded[stance]}" for stance in Stance if coded.get(stance)]
            lines.append(f"{line} ({', '.join(parts)})" if parts else line)
    return lines
