"""Organisations whose name answers a query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.organisations import Organisation, StakeholderType, match_key
from forum.search.analysis import surfaces
from forum.search.query import Query, iterate_operands
from forum.search.stopwords import is_stop_word

MAX_BODIES = 5


@dataclass(frozen=True, slots=True)
class Body:
    """An organisation whose name answers the query."""

    slug: str
    name: str
    type: StakeholderType
    country: str | None


def find_bodies(session: Session, query: Query, limit: int = MAX_BODIES) -> tuple[Body, ...]:
    """Give the organisations whose name holds words of the query, those that hold most first. One statement.

    The directory of organisations is public.
    """
    words = [
        key
        for operand in iterate_operands(query)
        for word in (operand.words if hasattr(operand, "words") else (operand.text,))
        for surface in surfaces(word)
        if len(surface) > 2 and not is_stop_word(surface, frozenset({"en"})) and (key := match_key(surface))
    ][:8]
    if not words:
        return ()
    rows = session.execute(
        sa.select(
            Organisation.slug,
            Organisation.name,
            Organisation.type,
            Organisation.country,
            Organisation.match_key,
            Organisation.latin_name,
        )
        .where(
            Organisation.merged_into_id.is_(None),
            sa.or_(
                *(Organisation.match_key.contains(word, autoescape=True) for word in words),
                *(sa.func.lower(Organisation.latin_name).contains(word, autoescape=True) for word in words),
            ),
        )
        .order_by(sa.func.length(Organisation.match_key), Organisation.id)
        .limit(300)
    ).all()
    scored = [(sum(marks), row) for row in rows if (marks := _mark_words(row, words)) and _is_named(marks)]
    ranked = sorted(scored, key=lambda pair: -pair[0])
    return tuple(Body(row.slug, row.name, row.type, row.country) for _, row in ranked[:limit])


def _mark_words(row: Any, words: Sequence[str]) -> list[int]:
    """Give for each word whether it is a word of the name (2), a part of one (1), or not there (0)."""
    names = f"{row.match_key} {match_key(row.latin_name or '')}"
    whole = set(names.split())
    return [2 if word in whole else int(len(word) > 3 and word in names) for word in words]


def _is_named(marks: Sequence[int]) -> bool:
    """Whether it is the name that was typed: half of a query's words are in it."""
    return sum(1 for mark in marks if mark) * 2 >= len(marks)
