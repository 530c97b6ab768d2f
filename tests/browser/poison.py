"""The corpus in every field of a world: plain text as it is, HTML as the site would have made it.

Which fields there are is read from the tables, as the canaries do; so a new one is poisoned without a line
here.
"""

import itertools
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.base import Base
from forum.domain.text import one_line
from forum.domain.uploads import FileKind, safe_name
from forum.errors import Invalid
from forum.richtext import render
from tests.attacks import canaries
from tests.xss_generated import CORPUS

PORTION = 8
"""How many attempts stand in one field of one row."""
NAMES = {
    "account": ("name", "latin_name", "about"),
    "organisation": ("name", "latin_name", "description", "scope", "governance_level"),
    "former_name": ("name",),
    "mandate": ("title",),
}
"""What people and bodies say of themselves."""
NO_WORDS = {
    ("article_status", "state"), ("article_status", "confidence"), ("external_identity", "issuer"),
    ("search_export", "arguments"), ("search_export", "base_url"), ("search_export", "sort"),
    ("flag", "notifier_email"), ("access_request", "seat_kind"), ("seat_call", "seat_kinds"),
    ("search_export", "documents"), ("ballot", "tally"), ("statement_of_reasons", "fields"),
}  # fmt: skip
"""Codes and addresses of our own, which no form takes as text."""


def portions(size: int = PORTION) -> list[tuple[str, ...]]:
    """Cut the corpus so that each portion has attempts of every kind."""
    count = -(-len(CORPUS) // size)
    return [CORPUS[start::count] for start in range(count)]


def poisoned_fields() -> Iterator[tuple[sa.Table, list[sa.Column[Any]]]]:
    """Give every table with the columns that people fill."""
    for table in Base.metadata.sorted_tables:
        columns = [c for c in canaries.text_columns(table) if (table.name, c.name) not in NO_WORDS]
        columns += [table.c[name] for name in NAMES.get(table.name, ())]
        if columns:
            yield table, columns


def poison(session: Session) -> set[str]:
    """Put a portion into every field of every row; gives the attempts that were put somewhere."""
    turns = itertools.cycle([(portion, rendered(portion)) for portion in portions()])
    used: set[str] = set()
    for table, columns in poisoned_fields():
        for row in session.execute(sa.select(table)).mappings().all():
            values = {}
            for column in columns:
                portion, as_html = next(turns)
                values[column.name] = poisoned(column, row[column.name], portion, as_html)
                used.update(portion)
            same = sa.and_(*(c == row[c.name] for c in table.primary_key.columns))
            session.execute(sa.update(table).where(same).values(values))
    session.commit()
    return used


def poisoned(column: sa.Column[Any], value: Any, portion: tuple[str, ...], as_html: str) -> Any:
    """Give what stands in a field after the attempts were typed into it."""
    words = one_line(" ".join(portion))
    if isinstance(column.type, sa.JSON):
        return in_json(value, words, as_html)
    if value is None and column.nullable:
        return None if column.name.endswith("_html") else words
    if column.name == "html" or column.name.endswith("_html"):
        return f"{value}\n{as_html}" if value else as_html
    if column.name == "filename":
        return safe_name(f"{words}.pdf", FileKind.PDF)
    return f"{value or ''} {words}".strip()


def in_json(value: Any, words: str, as_html: str) -> Any:
    """Put the attempts into a stored value: where it keeps HTML, as the site would have made it."""
    if isinstance(value, dict):
        return {
            key: f"{part}\n{as_html}" if key.endswith("html") and part else in_json(part, words, as_html)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [in_json(part, words, as_html) for part in value]
    return canaries.in_json(value, words)


def rendered(portion: tuple[str, ...]) -> str:
    """Give the attempts as the site makes HTML of them, each as a text of its own."""
    parts = []
    for attempt in portion:
        try:
            parts.append(render(attempt, profile="post").html)
        except Invalid:  # too much of something: it is refused with a sentence
            continue
    return "\n".join(parts)
