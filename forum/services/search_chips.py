"""Chips: everything that narrows or widens a search, each with the filters that are left without it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from forum.domain.topics import term_key
from forum.search.query import Filters
from forum.services.search_filters import Names, drop_day
from forum.services.widening import ChosenTopic


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that narrows the search (or widens it: a topic and its terms), and the filters without it."""

    field: str
    value: str
    name: str | None
    is_negated: bool
    rest: Filters

    @property
    def widens(self) -> bool:
        """Whether more is found with it than without."""
        return self.field == "term" or (self.field == "topic" and not self.is_negated)


def list_chips(filters: Filters, names: Names, topics: Mapping[str, Sequence[ChosenTopic]]) -> Iterable[Chip]:
    """Give a chip for everything that was chosen, and for each term that a topic adds."""
    for choice in filters.choices:
        for value in choice.values:
            rest = filters.drop(choice.field, value, negated=choice.negated)
            yield Chip(choice.field, value, names.of(choice.field, value), choice.negated, rest)
    for name, day in (("after", filters.after), ("before", filters.before)):
        if day is not None:
            yield Chip(name, day.isoformat(), None, False, drop_day(filters, name))
    if filters.versions != "all":
        yield Chip("versions", filters.versions, None, False, replace(filters, versions="all"))
    for slug in filters.topics:
        yield from _topic_chips(filters, slug, topics.get(slug, ()))
    for slug in filters.other_topics:
        rest = replace(filters, other_topics=_but(filters.other_topics, slug))
        yield Chip("topic", slug, _name(slug, topics), True, rest)


def _topic_chips(filters: Filters, slug: str, meant: Sequence[ChosenTopic]) -> Iterable[Chip]:
    """A topic, and the terms it adds: taking one away leaves it aside, and can be taken back."""
    terms: dict[str, str] = {}
    for topic in meant:
        if topic.text:
            terms[term_key(topic.text)] = topic.text
        terms |= {term.key: term.text for term in topic.terms}
    rest = replace(
        filters,
        topics=_but(filters.topics, slug),
        without=tuple(key for key in filters.without if key not in terms),
    )
    yield Chip("topic", slug, meant[0].name if meant else None, False, rest)
    for key, text in terms.items():
        if key in filters.without:
            yield Chip("without", key, text, False, replace(filters, without=_but(filters.without, key)))
        else:
            yield Chip("term", key, text, False, filters.widen(without=[key]))


def _name(slug: str, topics: Mapping[str, Sequence[ChosenTopic]]) -> str | None:
    meant = topics.get(slug)
    return meant[0].name if meant else None


def _but(values: tuple[str, ...], value: str) -> tuple[str, ...]:
    return tuple(one for one in values if one != value)
