"""Queries and filters as the grammar would have them typed: what "Understood as" shows."""

from __future__ import annotations

import re
from typing import assert_never

from forum.search.query import (
    NEAR_DISTANCE,
    Filter,
    Filters,
    Group,
    Near,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Word,
)

NAMES = {
    "author": "author",
    "organisation": "organisation",
    "group": "group",
    "kind": "kind",
    "lang": "language",
    "type": "organisation_type",
    "country": "country",
    "label": "label",
    "year": "year",
}
"""What may stand before a colon, and the field that it means."""
NEAR = re.compile(r"near(?:/(\d{1,2}))?", re.IGNORECASE)
_TYPED = {field: name for name, field in NAMES.items()}
_PLAIN_VALUE = re.compile(r"[^\s\"(),]+")


def write_query(query: Query) -> str:
    """A tree as the grammar would have it typed."""
    match query:
        case Group(nodes):
            return " ".join(_write_in_group(*pair) for pair in zip((None, *nodes), nodes, strict=False))
        case Or(nodes):
            return " OR ".join(
                f"({write_query(n)})" if isinstance(n, Group) else write_query(n) for n in nodes
            )
        case Not(Group() | Or() | Near() as node):
            return f"-({write_query(node)})"
        case Not(node):
            return f"-{write_query(node)}"
        case Near(left, right, distance):
            return f"{_write_beside(left)} {_write_near(distance)} {_write_beside(right)}"
        case Phrase(words):
            return f'"{" ".join(words)}"'
        case Prefix(text):
            return f"{text}*"
        case Word(text):
            return f"({text})" if NEAR.fullmatch(text) else text
        case _:
            assert_never(query)


def _write_in_group(before: Query | None, node: Query) -> str:
    if isinstance(before, Near) and isinstance(node, Near) and before.right == node.left:
        return f"{_write_near(node.distance)} {_write_beside(node.right)}"
    return f"({write_query(node)})" if isinstance(node, Or) else write_query(node)


def _write_beside(operand: Word | Prefix | Phrase) -> str:
    """The word "near" beside the operator: parentheses would part it from what it stands beside."""
    if isinstance(operand, Word) and NEAR.fullmatch(operand.text):
        return f"{operand.text}-"
    return write_query(operand)


def _write_near(distance: int) -> str:
    return "NEAR" if distance == NEAR_DISTANCE else f"NEAR/{distance}"


def write_filters(filters: Filters) -> str:
    """Filters as the grammar would have them typed."""
    parts = [_write_choice(choice) for choice in filters.choices]
    if filters.after:
        parts.append(f"after:{filters.after.isoformat()}")
    if filters.before:
        parts.append(f"before:{filters.before.isoformat()}")
    if filters.versions != "all":
        parts.append(f"versions:{filters.versions}")
    for name, values in (
        ("topic", filters.topics),
        ("-topic", filters.other_topics),
        ("without", filters.without),
    ):
        if values:
            parts.append(f"{name}:{_write_values(values)}")
    return " ".join(parts)


def _write_choice(choice: Filter) -> str:
    return f"{'-' if choice.negated else ''}{_TYPED[choice.field]}:{_write_values(choice.values)}"


def _write_values(values: tuple[str, ...]) -> str:
    return ",".join(v if _PLAIN_VALUE.fullmatch(v) else f'"{v}"' for v in values)
