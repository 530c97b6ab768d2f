"""The query grammar of the search box. Every text is a query: what is no syntax is searched as words.

    client scanning             words: more of them ranks higher, none is required
    "client-side scanning"      these words in this order; required
    -cookies  -"age limit"      left out; NOT before a word does the same
    a OR b                      at least one of them; binds closer than a space
    (a b) OR c                  parentheses group
    a NEAR b  a NEAR/5 b        within 10 (or 5) words of each other; `near` works too; ten in a query
    encrypt*                    any ending, after three letters or more; five in a query
    group:x,y -kind:post        filters, several values, each can be excluded; quotes around spaces:
                                author: organisation: group: kind: lang: type: country: label: year:
    after:2020 before:2021-06   from the first day of, and up to but without the first day of
    versions:current            all, current or superseded versions of papers
    topic:scanning              the terms of a topic as well, in all their languages; -topic: none of them
    without:"a term"            leaves one of these terms aside

Parsing is one pass of a scanner and one pass over its tokens without recursion, so it takes linear time.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field, replace
from datetime import date

from forum.search.grammar_writing import NAMES as FIELD_NAMES
from forum.search.grammar_writing import NEAR, write_filters, write_query
from forum.search.query import (
    EVERYTHING,
    NEAR_DISTANCE,
    VERSIONS,
    Filters,
    Group,
    Near,
    Not,
    Or,
    Phrase,
    Prefix,
    Query,
    Word,
    iterate_operands,
)

MAX_OPERANDS = 64
MAX_NEARS = 10
MAX_PREFIXES = 5
"""In a query: each reads what is known of every word that begins so. Further ones are plain words."""
MAX_DEPTH = 6
MAX_WORD = 100
MIN_PREFIX = 3
MAX_DISTANCE = 50

NAMES = (*FIELD_NAMES, "after", "before", "versions", "topic", "without")
"""What may stand before a colon."""
_SHAPES = {
    "language": re.compile(r"[a-z]{2,3}"),
    "country": re.compile(r"[a-z]{2,3}"),
    "year": re.compile(r"\d{4}"),
}
_VALUE = r"""(?:"[^"]*"|[^\s"(),]+)"""
_SCANNER = re.compile(
    rf"""
      (?P<open>-?\()
    | (?P<close>\))
    | (?P<phrase>-?"[^"]*")
    | (?P<filter>-?(?:{"|".join(NAMES)}):{_VALUE}(?:,{_VALUE})*)
    | (?P<word>[^\s"()]+)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_VALUES = re.compile(_VALUE)
_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»＂″", '"') | dict.fromkeys("−‐‑", "-"))
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_LETTERS = re.compile(r"[^\W_]")
_PREFIX = re.compile(rf"[^\W\d_][^\W_]{{{MIN_PREFIX - 1},}}\*")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")

_Operand = Word | Prefix | Phrase


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query and its filters; `text` is how the grammar would write them, for "understood as"."""

    query: Query
    filters: Filters

    @property
    def text(self) -> str:
        """The canonical spelling; parsing it gives the same value again."""
        return " ".join(filter(None, (write_query(self.query), write_filters(self.filters))))


@dataclass(slots=True)
class _Token:
    kind: str  # operand, open, close, or, near
    text: str = ""
    operand: _Operand | None = None
    negated: bool = False
    distance: int = 0


@dataclass(slots=True)
class _Frame:
    """One open parenthesis: what stands in it so far."""

    negated: bool = False
    joins: bool = False  # whether an OR stood before the parenthesis
    nodes: list[Query] = field(default_factory=list)
    or_pending: bool = False

    def add(self, node: Query) -> None:
        """Append a node, joined to the one before when an OR stood between; exclusions are never joined."""
        joins, self.or_pending = self.or_pending, False
        if joins and self.nodes and not isinstance(node, Not) and not isinstance(self.nodes[-1], Not):
            self.nodes[-1] = _join(self.nodes[-1], node)
        else:
            self.nodes.append(node)


def parse(source: str) -> Parsed:
    """Read what somebody typed; never fails, and takes time linear in the length."""
    source = _CONTROL.sub(lambda m: "" if m[0] in "\u00ad\u200b\u200c\u200d" else " ", source)
    tokens, filters = _scan(source.translate(_QUOTES))
    return Parsed(_build_bounded(_cut(_match_parentheses(tokens))), filters)


def _scan(source: str) -> tuple[list[_Token], Filters]:
    tokens: list[_Token] = []
    filters = Filters()
    negate_next = False
    for match in _SCANNER.finditer(source):
        kind, text = match.lastgroup or "", match[0]
        if kind == "word" and text == "NOT":
            negate_next = True
            continue
        if kind == "filter":
            if (narrowed := _read_filter(text, filters, negate_next)) is not None:
                filters, negate_next = narrowed, False
                continue
            found = [_word(part) for part in text.replace('"', " ").split()]
        elif kind == "phrase":
            found = [_phrase(text)]
        elif kind == "word":
            found = [_word(text)]
        else:
            found = [_Token(kind, negated=text.startswith("-"))]
        for token in filter(None, found):
            if token.kind in ("operand", "open"):
                token.negated |= negate_next
                negate_next = False
            tokens.append(token)
    return tokens, filters


def _word(text: str) -> _Token | None:
    if text == "OR":
        return _Token("or", text)
    if text == "AND":
        return None
    if near := NEAR.fullmatch(text):
        return _Token("near", text, distance=min(int(near[1] or NEAR_DISTANCE) or 1, MAX_DISTANCE))
    negated = text.startswith("-")
    text = text.removeprefix("-")[:MAX_WORD]
    if _PREFIX.fullmatch(text):
        return _Token("operand", operand=Prefix(text[:-1]), negated=negated)
    if not _LETTERS.search(text):
        return None
    if ":" not in text:  # `--lang:de*` must not turn into a filter by losing its ornaments
        text = text.strip("*-")
    return _Token("operand", operand=Word(_as_word(text)), negated=negated)


def _phrase(text: str) -> _Token | None:
    cut = (word.strip("-")[:MAX_WORD].strip("-") for word in text.strip('-"').split())
    words = tuple(word for word in cut if _LETTERS.search(word))[:MAX_OPERANDS]
    return _Token("operand", operand=Phrase(words), negated=text.startswith("-")) if words else None


def _read_filter(text: str, filters: Filters, negate: bool) -> Filters | None:
    """The filters with this one in; None when its value makes no sense and it is to be searched as words."""
    name, _, rest = text.lstrip("-").partition(":")
    name = name.lower()
    negated = text.startswith("-") or negate
    values = tuple(filter(None, (" ".join(v.strip('"').split()).lower() for v in _VALUES.findall(rest))))
    if not values:
        return None
    if name in ("after", "before"):
        day = _read_date(values[0])
        if day is None or len(values) > 1:
            return None
        return filters.merge(Filters(after=day) if (name == "after") != negated else Filters(before=day))
    if name == "versions":
        if values[0] not in VERSIONS or len(values) > 1 or negated:
            return None
        return replace(filters, versions=values[0])
    if name == "topic":
        return filters.widen(*values, negated=negated)
    if name == "without":
        return None if negated else filters.widen(without=values)
    shape = _SHAPES.get(FIELD_NAMES[name])
    if shape and not all(shape.fullmatch(v) for v in values):
        return None
    return filters.choose(FIELD_NAMES[name], *values, negated=negated)


def _read_date(text: str) -> date | None:
    """The first day of a year, a month or a day; None if there is no such day."""
    if not (match := _DATE.fullmatch(text)):
        return None
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    if not year or not 1 <= month <= 12 or not 1 <= day <= monthrange(year, month)[1]:
        return None
    return date(year, month, day)


def _match_parentheses(tokens: list[_Token]) -> list[_Token]:
    """Without the parentheses that have no partner or nest too deep, and operators without two operands."""
    kept: dict[int, int] = {}
    opened: list[int] = []
    for number, token in enumerate(tokens):
        if token.kind == "open":
            opened.append(number)
        elif token.kind == "close" and opened:
            start = opened.pop()
            if len(opened) < MAX_DEPTH:
                kept[start] = number
    closing = set(kept.values())
    matched = [
        t for n, t in enumerate(tokens) if t.kind not in ("open", "close") or n in kept or n in closing
    ]
    for number, token in enumerate(matched):
        if token.kind in ("or", "near") and not _stands_between(matched, number):
            token.kind, token.operand = "operand", Word(token.text.lower())
    return matched


def _cut(tokens: list[_Token]) -> list[_Token]:
    """The first operands, as many as are ever looked at, and no operator left hanging behind them."""
    operands = [number for number, token in enumerate(tokens) if token.kind == "operand"]
    if len(operands) <= MAX_OPERANDS:
        return tokens
    return _match_parentheses(tokens[: operands[MAX_OPERANDS - 1] + 1])


def _build_bounded(tokens: list[_Token]) -> Query:
    """The tree with at most MAX_PREFIXES, and words in place of the last ones; a near may hold one twice."""
    query = _build(tokens)
    prefixes = [token for token in tokens if isinstance(token.operand, Prefix)]
    while sum(isinstance(o, Prefix) for o in iterate_operands(query, excluded=True)) > MAX_PREFIXES:
        last = prefixes.pop()
        assert isinstance(last.operand, Prefix)
        last.operand = Word(_as_word(last.operand.text))
        query = _build(tokens)
    return query


def _as_word(text: str) -> str:
    """A text that is no operator."""
    return text.lower() if text in ("OR", "AND", "NOT") or NEAR.fullmatch(text) else text


def _stands_between(tokens: list[_Token], number: int) -> bool:
    if not 0 < number < len(tokens) - 1:
        return False
    before, after = tokens[number - 1], tokens[number + 1]
    if tokens[number].kind == "near":
        return all(t.kind == "operand" and not t.negated for t in (before, after))
    return before.kind in ("operand", "close") and after.kind in ("operand", "open")


def _build(tokens: list[_Token]) -> Query:
    frames = [_Frame()]
    last: _Operand | None = None
    near = nears = 0
    for token in tokens:
        if token.kind == "open":
            frames.append(_Frame(negated=token.negated, joins=frames[-1].or_pending))
            frames[-2].or_pending = False
        elif token.kind == "close":
            closed = frames.pop()
            node = _group(closed.nodes)
            if node == EVERYTHING:
                continue
            frames[-1].or_pending = closed.joins
            _add_group(frames[-1], node, closed.negated)
        elif token.kind == "or":
            frames[-1].or_pending = True
        elif token.kind == "near":
            nears += 1
            near = token.distance if nears <= MAX_NEARS else 0
        else:
            assert token.operand is not None
            if near and last is not None:
                _add_near(frames[-1], last, token.operand, near)
            else:
                frames[-1].add(Not(token.operand) if token.negated else token.operand)
            near, last = 0, token.operand
    return _group(frames[0].nodes)


def _add_near(frame: _Frame, left: _Operand, right: _Operand, distance: int) -> None:
    """Make the last operand of the frame and this one a Near; `a near b near c` is two of them."""
    node = Near(left, right, distance)
    last = frame.nodes[-1]
    if isinstance(last, Or) and last.nodes[-1] == left:
        frame.nodes[-1] = Or((*last.nodes[:-1], node))
    elif last == left:
        frame.nodes[-1] = node
    else:
        frame.nodes.append(node)


def _add_group(frame: _Frame, node: Query, negated: bool) -> None:
    if negated:
        # Exclusions within an exclusion are dropped: "leave out what leaves out" says nothing certain.
        inner = _group([n for n in node.nodes if not isinstance(n, Not)]) if isinstance(node, Group) else node
        if not isinstance(inner, Not) and inner != EVERYTHING:
            frame.add(Not(inner))
    elif isinstance(node, Group) and not frame.or_pending:
        frame.nodes.append(node)
    else:
        frame.add(node)


def _join(left: Query, right: Query) -> Query:
    nodes: list[Query] = []
    for node in (left, right):
        nodes.extend(node.nodes if isinstance(node, Or) else (node,))
    return Or(tuple(nodes))  # type: ignore[arg-type]


def _group(nodes: list[Query]) -> Query:
    """One node for several: nested groups opened, a group of one thing is that thing."""
    flat: list[Query] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, Group) else (node,))
    return flat[0] if len(flat) == 1 else Group(tuple(flat))
