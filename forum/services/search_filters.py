"""Filters of a search: as an address carries them, and with their values resolved to what the index holds.

Values are resolved through what anybody may know: the readable and listed groups, and the public directory
of organisations. Authors are not resolved at all: `author:` compares words with what the index holds of an
author, and the index holds only what its audience may be shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.importing import find_stakeholder_type, parse_country
from forum.domain.labels import Tlp
from forum.domain.organisations import FormerName, Organisation, StakeholderType, match_key
from forum.domain.topics import MAX_TERM, term_key
from forum.errors import Invalid
from forum.search.grammar import parse
from forum.search.query import FIELDS, VERSIONS, Filter, Filters
from forum.services.indexing import DOCUMENT_KINDS

_MOST_BODIES = 10
"""How many organisations a part of a name may stand for."""
_MOST_VALUES = 40
"""How many values an address may choose; more is no choice that a person made."""

_KINDS = {kind: kind for kind in DOCUMENT_KINDS} | {
    "posts": "post",
    "discussion": "post",
    "discussions": "post",
    "comment": "post",
    "papers": "paper",
    "version": "paper",
    "attachments": "attachment",
    "consultations": "consultation",
    "meetings": "meeting",
    "minutes": "meeting",
    "decisions": "decision",
    "answers": "answer",
    "entries": "entry",
    "register": "entry",
    "registers": "entry",
}
_TYPE_WORDS: dict[str, tuple[StakeholderType, ...]] = {
    "citizen": (StakeholderType.EU_CITIZEN, StakeholderType.NON_EU_CITIZEN),
    "academia": (StakeholderType.ACADEMIC,),
    "association": (StakeholderType.BUSINESS_ASSOCIATION,),
    "industry": (StakeholderType.COMPANY, StakeholderType.BUSINESS_ASSOCIATION),
    "union": (StakeholderType.TRADE_UNION,),
}


@dataclass(frozen=True, slots=True)
class Names:
    """The names that values have, for chips: slug -> name."""

    groups: Mapping[str, str]
    organisations: Mapping[str, str]

    def of(self, field: str, value: str) -> str | None:
        """Give the name of a group or organisation; None where the value is its own name."""
        match field:
            case "group":
                return self.groups.get(value)
            case "organisation":
                return self.organisations.get(value)
        return None


def read_filters(values: Mapping[str, Sequence[str]]) -> Filters:
    """Give the filters that an address carries; nonsense is passed over.

    The fields of search.query.FIELDS, each any number of times, a leading minus for "not"; `after` and
    `before` with a year, month or day; `versions`; `topic`, and `without` for terms of one left aside.
    """
    filters = Filters()
    for field in FIELDS:
        for value in list(values.get(field, ()))[:_MOST_VALUES]:
            plain = " ".join(value.removeprefix("-").split())[:100]
            if plain:
                filters = filters.choose(field, plain, negated=value.startswith("-"))
    for name in ("after", "before"):
        for value in list(values.get(name, ()))[:1]:
            if value.strip().replace("-", "").isdigit():
                filters = filters.merge(parse(f"{name}:{value.strip()}").filters)
    for value in list(values.get("topic", ()))[:_MOST_VALUES]:
        if plain := " ".join(value.removeprefix("-").split())[:100]:
            filters = filters.widen(plain, negated=value.startswith("-"))
    left = (term_key(value)[:MAX_TERM] for value in list(values.get("without", ()))[:_MOST_VALUES])
    filters = filters.widen(without=filter(None, left))
    versions = [value for value in values.get("versions", ()) if value in VERSIONS]
    return replace(filters, versions=versions[0]) if versions else filters


def write_arguments(filters: Filters) -> list[tuple[str, str]]:
    """Give the filters as (name, value) of an address: what read_filters() reads."""
    arguments = [
        (choice.field, f"-{value}" if choice.negated else value)
        for choice in filters.choices
        for value in choice.values
    ]
    for name, day in (("after", filters.after), ("before", filters.before)):
        if day is not None:
            arguments.append((name, day.isoformat()))
    if filters.versions != "all":
        arguments.append(("versions", filters.versions))
    arguments += [("topic", value) for value in filters.topics]
    arguments += [("topic", f"-{value}") for value in filters.other_topics]
    arguments += [("without", value) for value in filters.without]
    return arguments


def drop_day(filters: Filters, name: str) -> Filters:
    """Give the filters without `after` or `before`."""
    nothing: date | None = None
    return replace(filters, after=nothing) if name == "after" else replace(filters, before=nothing)


def resolve_filters(session: Session, filters: Filters, groups: Iterable[Any]) -> tuple[Filters, Names]:
    """Give the filters in the values of the index, and the names that go with them.

    `groups` are those that the asker may know of. What stands for nothing stays, and finds nothing. One
    statement where organisations are chosen, none otherwise.
    """
    listed = list(groups)
    wanted = [v for choice in filters.choices if choice.field == "organisation" for v in choice.values]
    bodies = _find_bodies(session, wanted) if wanted else {}
    choices = []
    for choice in filters.choices:
        values: dict[str, None] = {}
        for value in choice.values:
            values |= dict.fromkeys(_resolve(choice.field, value, listed, bodies))
        choices.append(Filter(choice.field, tuple(values), choice.negated))
    names = Names(
        {group.slug: group.short_title for group in listed},
        {slug: name for found in bodies.values() for slug, name in found},
    )
    return replace(filters, choices=tuple(choices)), names


def _resolve(
    field: str, value: str, groups: Sequence[Any], bodies: Mapping[str, Sequence[tuple[str, str]]]
) -> Sequence[str]:
    match field:
        case "group":
            found = _find_groups(value, groups)
        case "organisation":
            found = [slug for slug, _ in bodies.get(value, ())]
        case "kind":
            found = [_KINDS[value.casefold()]] if value.casefold() in _KINDS else []
        case "organisation_type":
            found = [kind.value for kind in _find_types(value)]
        case "country":
            found = _find_country(value)
        case "label":
            found = _find_label(value)
        case "language":
            found = [value.casefold()]
        case _:
            found = [value]
    return found or [value]


def _find_groups(value: str, groups: Sequence[Any]) -> list[str]:
    """By address, else by a whole title."""
    by_address = [group.slug for group in groups if group.slug == value.casefold()]
    key = match_key(value)
    return by_address or [g.slug for g in groups if key in (match_key(g.short_title), match_key(g.title))]


def _find_types(value: str) -> Sequence[StakeholderType]:
    found = find_stakeholder_type(value)
    return (found,) if found else _TYPE_WORDS.get(value.casefold(), ())


def _find_country(value: str) -> list[str]:
    try:
        country = parse_country(value)
    except Invalid:
        return []
    return [country] if country else []


def _find_label(value: str) -> list[str]:
    text = value.upper().removeprefix("TLP:").replace("_", "+").replace(" ", "+")
    return [text] if text in set(Tlp) else []


def _find_bodies(session: Session, values: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Give (slug, name) of the organisations that each value names: by address, name or former name; failing
    that, those with the value in their name. A merged one stands for what it became. One statement.
    """
    keys = {value: match_key(value) for value in values}
    kept = aliased(Organisation)
    conditions: list[sa.ColumnElement[bool]] = [
        sa.func.lower(Organisation.slug).in_([value.casefold() for value in values])
    ]
    conditions += [Organisation.match_key.contains(key, autoescape=True) for key in keys.values() if key]
    conditions += [sa.func.lower(Organisation.latin_name).in_([value.casefold() for value in values])]
    conditions += [FormerName.match_key.in_([key for key in keys.values() if key])]
    rows = session.execute(
        sa.select(
            Organisation.slug,
            Organisation.match_key,
            Organisation.latin_name,
            FormerName.match_key.label("former_key"),
            sa.func.coalesce(kept.slug, Organisation.slug).label("kept_slug"),
            sa.func.coalesce(kept.name, Organisation.name).label("kept_name"),
        )
        .outerjoin(kept, kept.id == Organisation.merged_into_id)
        .outerjoin(FormerName, FormerName.organisation_id == Organisation.id)
        .where(sa.or_(*conditions))
        .order_by(Organisation.match_key, Organisation.id)
        .limit(200)
    ).all()
    found: dict[str, list[tuple[str, str]]] = {}
    for value, key in keys.items():
        folded = value.casefold()
        exact = [
            row
            for row in rows
            if folded in (row.slug.casefold(), (row.latin_name or "").casefold())
            or (key and key in (row.match_key, row.former_key))
        ]
        matching = exact or [row for row in rows if key and key in row.match_key]
        bodies = dict.fromkeys((row.kept_slug, row.kept_name) for row in matching)
        found[value] = list(bodies)[:_MOST_BODIES]
    return found
