"""Topics in a search: which are meant, and the words that their terms add to what was typed.

Terms widen: who looks for "scanning" with the topic finds what holds that word or any of the terms. What the
asker may not read of topics is as unknown as what does not exist: it adds nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.groups import Group
from forum.domain.organisations import match_key
from forum.domain.topics import Term, Topic, term_key
from forum.policy import Action, Actor, can
from forum.policy.labels import COMMUNITY
from forum.policy.subjects import TopicRights
from forum.search.grammar import parse
from forum.search.query import EVERYTHING, Filters, Near, Not, Or, Phrase, Prefix, Query, Word
from forum.search.query import Group as QueryGroup

BESIDE = 3
"""Words between those of a term that has a star or quotation marks in it, at most."""


@dataclass(frozen=True, slots=True)
class ChosenTopic:
    """A topic that a search names, with what it looks for."""

    public_id: str
    slug: str
    name: str
    text: str
    terms: tuple[Term, ...]
    is_worked_on: bool = False
    """Whether the asker may say what the stance of a passage is."""

    def alternatives(self, without: Iterable[str] = ()) -> list[Query]:
        """Give its query and its terms, each of which is enough, but for those that are left aside."""
        left = set(without)
        found = [parse_term(term.text) for term in self.terms if term.key not in left]
        if self.text and term_key(self.text) not in left:
            found.insert(0, parse(self.text).query)
        return [query for query in dict.fromkeys(found) if query != EVERYTHING]


def readable_topics(actor: Actor) -> sa.ColumnElement[bool]:
    """Give the condition under which an actor may search with a topic; Group is joined, outer."""
    if not actor.is_signed_in or COMMUNITY not in actor.clearances:
        return sa.false()
    return sa.or_(Topic.group_id.is_(None), Group.audience.in_(sorted(actor.clearances)))


def parse_term(text: str) -> Query:
    """Give what a term looks for: several plain words are a phrase, signs of the grammar are kept."""
    query = parse(text).query
    if isinstance(query, QueryGroup) and query.nodes and all(isinstance(node, Word) for node in query.nodes):
        return Phrase(tuple(node.text for node in query.nodes if isinstance(node, Word)))
    if isinstance(query, QueryGroup) and query.nodes:
        operands = [node for node in query.nodes if isinstance(node, Word | Prefix | Phrase)]
        if len(operands) == len(query.nodes):
            # Words of a group are wanted, not required: of "end-to-end encrypt*" each alone would do.
            return join_all([Near(one, next_, BESIDE) for one, next_ in pairwise(operands)])
    return query


def resolve_topics(
    session: Session, actor: Actor, filters: Filters
) -> tuple[Filters, dict[str, list[ChosenTopic]]]:
    """Give the filters with the topics by what stands for them in addresses, and the topics by that.

    They are meant by that, by their id or by their name. One statement where topics are named, else none.
    """
    wanted = [*filters.topics, *filters.other_topics]
    if not wanted:
        return filters, {}
    rows = session.execute(
        sa.select(Topic, Group)
        .outerjoin(Group, Group.id == Topic.group_id)
        .where(readable_topics(actor))
        .order_by(Topic.id)
    )
    found: dict[str, list[ChosenTopic]] = {}
    slugs: dict[str, str] = {}
    for row, group in rows:
        names = {row.public_id, row.slug, match_key(row.name), row.name.casefold()}
        for value in wanted:
            if value.casefold() in names or match_key(value) in names:
                slugs[value] = row.slug
                works = can(actor, Action.WORK_ON_TOPIC, TopicRights(group))
                chosen = ChosenTopic(row.public_id, row.slug, row.name, row.text, row.read_terms(), works)
                if chosen not in found.setdefault(row.slug, []):
                    found[row.slug].append(chosen)
    resolved = replace(
        filters,
        topics=tuple(dict.fromkeys(slugs.get(value, value) for value in filters.topics)),
        other_topics=tuple(dict.fromkeys(slugs.get(value, value) for value in filters.other_topics)),
    )
    return resolved, found


def widen(query: Query, filters: Filters, topics: dict[str, list[ChosenTopic]]) -> Query | None:
    """Give what was typed or any of the topics' terms; None where that is nothing at all.

    What was typed to be left out is left out of what the terms find as well.
    """
    wide = _alternatives(filters.topics, topics, filters.without)
    left_out = _alternatives(filters.other_topics, topics, filters.without)
    nodes = query.nodes if isinstance(query, QueryGroup) else (query,)
    excluded = [node for node in nodes if isinstance(node, Not)]
    typed = join_all([node for node in nodes if not isinstance(node, Not)])
    if typed != EVERYTHING:
        wide.insert(0, typed)
    if filters.topics and not wide:
        return None
    excluded += [Not(node) for node in left_out if not isinstance(node, Not)]
    return join_all([*(() if not wide else (join_any(wide),)), *excluded])


def _alternatives(
    slugs: Iterable[str], topics: dict[str, list[ChosenTopic]], without: Sequence[str]
) -> list[Query]:
    meant = (topic for slug in slugs for topic in topics.get(slug, ()))
    return [query for topic in meant for query in topic.alternatives(without)]


def join_any(queries: Sequence[Query]) -> Query:
    """Give one query that any of these answers."""
    nodes: list[Query] = []
    for query in queries:
        nodes.extend(query.nodes if isinstance(query, Or) else (query,))
    single = list(dict.fromkeys(nodes))
    return single[0] if len(single) == 1 else Or(tuple(single))  # type: ignore[arg-type]


def join_all(queries: Sequence[Query]) -> Query:
    """Give one query of several that stand side by side."""
    nodes = list(_open(queries))
    return nodes[0] if len(nodes) == 1 else QueryGroup(tuple(nodes))


def _open(queries: Iterable[Query]) -> Iterator[Query]:
    for query in queries:
        if isinstance(query, QueryGroup):
            yield from query.nodes
        else:
            yield query
