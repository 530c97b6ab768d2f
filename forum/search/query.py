"""What a search asks, as values: a tree of words, and filters. The grammar makes them, engines read them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

NEAR_DISTANCE = 10


@dataclass(frozen=True, slots=True)
class Word:
    """One word as typed; `client-side` is one Word that analysis takes apart. Wanted, never required."""

    text: str


@dataclass(frozen=True, slots=True)
class Prefix:
    """Any word that begins with `text` (three letters or more)."""

    text: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """These words, exactly, one after the other. Required where it stands in a group."""

    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """Two words or phrases at most `distance` words apart, in either order. Required."""

    left: Word | Prefix | Phrase
    right: Word | Prefix | Phrase
    distance: int = NEAR_DISTANCE


@dataclass(frozen=True, slots=True)
class Not:
    """What matches `node` is left out, whatever else it holds."""

    node: Word | Prefix | Phrase | Near | Or | Group


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of these. Required where it stands in a group: who writes OR means it."""

    nodes: tuple[Word | Prefix | Phrase | Near | Group, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Several nodes together: words rank, phrases, nears and ORs are required, exclusions exclude."""

    nodes: tuple[Word | Prefix | Phrase | Near | Not | Or | Group, ...]


Query = Word | Prefix | Phrase | Near | Not | Or | Group
EVERYTHING = Group(())

# The fields that hold values of a document; each is a filter, and the first six are facets.
FIELDS = (
    "group",
    "kind",
    "organisation_type",
    "country",
    "language",
    "year",
    "organisation",
    "author",
    "label",
)
FACETS = FIELDS[:6]
VERSIONS = ("all", "current", "superseded")


@dataclass(frozen=True, slots=True)
class Filter:
    """One field and the values that are allowed (or, negated, are not). Values are compared case-folded."""

    field: str
    values: tuple[str, ...]
    negated: bool = False

    def __post_init__(self) -> None:
        if self.field not in FIELDS:
            raise ValueError(f"no such field: {self.field}")


@dataclass(frozen=True, slots=True)
class Filters:
    """Everything that narrows a search beside its words: OR within a field, AND across fields."""

    choices: tuple[Filter, ...] = ()
    after: date | None = None
    """The first day that counts."""
    before: date | None = None
    """The first day that does not count any more."""
    versions: str = "all"
    """`all`, `current` or `superseded`: which versions of a paper."""
    topics: tuple[str, ...] = ()
    """Topics whose terms are looked for as well: they widen the words. No engine reads these three, which
    services turn into words."""
    other_topics: tuple[str, ...] = ()
    """Topics none of whose terms may stand in what is found."""
    without: tuple[str, ...] = ()
    """Terms of the topics that are left aside."""

    def __bool__(self) -> bool:
        narrows = self.choices or self.after or self.before or self.versions != "all"
        return bool(narrows or self.topics or self.other_topics)

    def chosen(self, field: str) -> tuple[str, ...]:
        """The values allowed in a field; empty when the field has no (positive) choice."""
        return tuple(v for f in self.choices if f.field == field and not f.negated for v in f.values)

    def choose(self, field: str, *values: str, negated: bool = False) -> Filters:
        """These filters with values added to a field's choice."""
        kept = [f for f in self.choices if (f.field, f.negated) != (field, negated)]
        old = [v for f in self.choices if (f.field, f.negated) == (field, negated) for v in f.values]
        merged = tuple(dict.fromkeys([*old, *values]))
        return replace(self, choices=(*kept, Filter(field, merged, negated))) if merged else self

    def drop(self, field: str, value: str, *, negated: bool = False) -> Filters:
        """These filters without one value of a field's choice (what a chip's cross does)."""
        choices = []
        for choice in self.choices:
            if (choice.field, choice.negated) != (field, negated):
                choices.append(choice)
            elif left := tuple(v for v in choice.values if v != value):
                choices.append(replace(choice, values=left))
        return replace(self, choices=tuple(choices))

    def widen(self, *topics: str, without: Iterable[str] = (), negated: bool = False) -> Filters:
        """These filters with topics, and terms of them that are left aside."""
        kept = self.other_topics if negated else self.topics
        united = tuple(dict.fromkeys([*kept, *topics]))
        left = tuple(dict.fromkeys([*self.without, *without]))
        if negated:
            return replace(self, other_topics=united, without=left)
        return replace(self, topics=united, without=left)

    def merge(self, other: Filters) -> Filters:
        """Both sets together; the narrower of two dates, the other's `versions` unless it is `all`."""
        result = self
        for choice in other.choices:
            result = result.choose(choice.field, *choice.values, negated=choice.negated)
        result = result.widen(*other.topics, without=other.without).widen(*other.other_topics, negated=True)
        afters = [d for d in (self.after, other.after) if d]
        befores = [d for d in (self.before, other.before) if d]
        return replace(
            result,
            after=max(afters, default=None),
            before=min(befores, default=None),
            versions=other.versions if other.versions != "all" else self.versions,
        )


def iterate_operands(query: Query, *, excluded: bool = False) -> Iterator[Word | Prefix | Phrase]:
    """Every word, prefix and phrase of a tree that a hit can hold; with `excluded` also those it must not."""
    match query:
        case Word() | Prefix() | Phrase():
            yield query
        case Near(left, right):
            yield left
            yield right
        case Not(node):
            if excluded:
                yield from iterate_operands(node, excluded=True)
        case Or(nodes) | Group(nodes):
            for inner in nodes:
                yield from iterate_operands(inner, excluded=excluded)


def open_groups(nodes: Iterable[Query]) -> Iterator[Query]:
    """The nodes with every group among them opened, however deep."""
    for node in nodes:
        if isinstance(node, Group):
            yield from open_groups(node.nodes)
        else:
            yield node


def iterate_nears(query: Query) -> Iterator[Near]:
    """Every near of a tree, the excluded ones too."""
    match query:
        case Near():
            yield query
        case Not(node):
            yield from iterate_nears(node)
        case Or(nodes) | Group(nodes):
            for inner in nodes:
                yield from iterate_nears(inner)
