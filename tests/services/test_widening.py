"""Topics in a search: their terms widen it, and what one may not know of adds nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from forum.cli.worker import engine_of
from forum.domain.accounts import Account, PlatformRole
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.policy import ANONYMOUS, Actor
from forum.search.grammar import parse
from forum.search.query import EVERYTHING, Filters, Near, Not, Or, Phrase, Prefix, Word
from forum.search.query import Group as QueryGroup
from forum.services.search import SearchPage, search
from forum.services.search_filters import read_filters, write_arguments
from forum.services.widening import join_any, parse_term, widen
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.topic_making import make_topic
from tests.support import count_statements, deliver

Find = Callable[..., SearchPage]


@pytest.fixture
def find(app: Flask, session: Session, clock: StoppedClock) -> Find:
    def run(text: str, actor: Actor = ANONYMOUS, **options: Any) -> SearchPage:
        deliver(app, clock)
        session.expire_all()
        return search(session, actor, engine_of(app), text=text, **options)

    return run


@pytest.fixture
def group(build: Builder) -> Group:
    """Three discussions about one thing in three words, and one about another."""
    group = build.group(Ceiling.PUBLIC)
    build.thread(group, title="One", text="We spoke of lanterns here.")
    build.thread(group, title="Two", text="Wir sprachen von Laternenpflicht.", language="de")
    build.thread(group, title="Three", text="On the client-side lamp duty.")
    build.thread(group, title="Four", text="Something about harbours and lanterns.")
    return group


@pytest.fixture
def secretary(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.SECRETARIAT)


@pytest.fixture
def topic_of(session: Session, build: Builder, secretary: Account, clock: StoppedClock) -> Any:
    def make(group: Group | None, *terms: str, **options: Any) -> Any:
        return make_topic(session, build.actor(secretary), group, *terms, now=clock(), **options)

    return make


def titles(page: SearchPage) -> set[str]:
    return {hit.title for hit in page.hits}


@pytest.mark.parametrize(
    ("term", "query"),
    [
        pytest.param("lamp", Word("lamp"), id="a word is a word, in all its forms"),
        pytest.param("lamp duty", Phrase(("lamp", "duty")), id="several words are looked for as they stand"),
        pytest.param("lamp*", Prefix("lamp"), id="a star takes any ending"),
        pytest.param("lamp dut*", Near(Word("lamp"), Prefix("dut"), 3), id="with a star they stand together"),
        pytest.param("lamp OR duty", Or((Word("lamp"), Word("duty"))), id="signs keep their meaning"),
        pytest.param("", EVERYTHING, id="nothing is nothing"),
    ],
)
def test_a_term(term: str, query: Any) -> None:
    assert parse_term(term) == query


def test_alternatives_are_joined_each_once() -> None:
    a, b = Word("a"), Word("b")
    assert join_any([a]) == a
    assert join_any([a, b, a]) == Or((a, b))
    assert join_any([Or((a, b)), b]) == Or((a, b))


def test_nothing_typed_and_no_topic_stays_everything() -> None:
    assert widen(EVERYTHING, Filters(), {}) == EVERYTHING
    typed = parse("a b -c").query
    assert widen(typed, Filters(), {}) == typed


def test_terms_widen_what_was_typed(
    build: Builder, find: Find, secretary: Account, group: Group, topic_of: Any
) -> None:
    """The word, or any of the topic's terms in any language; alone, any of the terms."""
    topic = topic_of(group, "de: Laternenpflicht", "lamp duty")
    actor = build.actor(secretary)
    assert titles(find("harbours", actor)) == {"Four"}
    assert titles(find("harbours topic:scanning", actor)) == {"Two", "Three", "Four"}
    assert titles(find("", actor, filters=read_filters({"topic": ["scanning"]}))) == {"Two", "Three"}
    assert titles(find(f"topic:{topic.public_id}", actor)) == {"Two", "Three"}
    assert titles(find('topic:"Scanning"', actor)) == {"Two", "Three"}


def test_what_was_excluded_stays_out(
    build: Builder, find: Find, secretary: Account, group: Group, topic_of: Any
) -> None:
    topic_of(group, "lantern*")
    actor = build.actor(secretary)
    assert titles(find("topic:scanning", actor)) == {"One", "Four"}
    assert titles(find("-harbours topic:scanning", actor)) == {"One"}
    assert titles(find("spoke -topic:scanning", actor)) == set()
    assert "Three" in titles(find("client -topic:scanning", actor))


def test_a_term_is_a_chip_that_can_be_taken_away_and_back(
    build: Builder, find: Find, secretary: Account, group: Group, topic_of: Any
) -> None:
    topic_of(group, "de: Laternenpflicht", "lamp duty")
    actor = build.actor(secretary)
    page = find("topic:scanning", actor)
    assert [(chip.field, chip.name, chip.widens) for chip in page.chips] == [
        ("topic", "Scanning", True),
        ("term", "Laternenpflicht", True),
        ("term", "lamp duty", True),
    ]
    fewer = find("", actor, filters=page.chips[2].rest)
    assert titles(fewer) == {"Two"}
    assert fewer.understood == 'topic:scanning without:"lamp duty"'
    assert [chip.field for chip in fewer.chips] == ["topic", "term", "without"]
    assert titles(find("", actor, filters=fewer.chips[2].rest)) == {"Two", "Three"}
    assert fewer.chips[0].rest == Filters()


def test_all_terms_left_aside_find_nothing(
    build: Builder, find: Find, secretary: Account, group: Group, topic_of: Any
) -> None:
    """Rather than everything."""
    topic_of(group, "lantern*")
    page = find("topic:scanning without:lantern*", build.actor(secretary))
    assert (page.total, page.hits) == (0, ())


def test_a_topic_that_one_may_not_know_is_as_one_that_is_not_there(
    session: Session, build: Builder, find: Find, clock: StoppedClock
) -> None:
    """Of a closed group's topic an outsider and a visitor learn nothing, whatever they call it by."""
    closed = build.group(Ceiling.MEMBERS)
    open_group = build.group(Ceiling.PUBLIC)
    build.thread(open_group, text="A lantern.")
    inside = build.member(closed, role=GroupRole.SECRETARIAT)
    topic = make_topic(session, build.actor(inside), closed, "lantern", name="Hidden", now=clock())
    outsider = build.actor(build.account())
    for actor in (ANONYMOUS, outsider):
        for text in ("topic:hidden", f"topic:{topic.public_id}"):
            known, unknown = find(text, actor), find("topic:nosuchtopic", actor)
            assert (
                (known.total, known.hits, known.topics)
                == (unknown.total, unknown.hits, unknown.topics)
                == (0, (), ())
            )
            assert [chip.name for chip in known.chips] == [None]
    assert find("topic:hidden", build.actor(inside)).total == 1


def test_a_topic_of_the_platform_is_for_all_participants(
    session: Session, build: Builder, find: Find, group: Group, clock: StoppedClock
) -> None:
    """Not for visitors, who find what they typed and nothing more."""
    maker = build.actor(build.account(platform_role=PlatformRole.SECRETARIAT))
    make_topic(session, maker, None, "lamp duty", now=clock())
    assert titles(find("topic:scanning", build.actor(build.account()))) == {"Three"}
    assert find("topic:scanning").total == 0
    assert titles(find("harbours topic:scanning")) == {"Four"}


def test_a_misspelt_word_is_put_right_without_the_terms(
    build: Builder, find: Find, secretary: Account, group: Group, topic_of: Any
) -> None:
    topic_of(group, "lamp duty")
    page = find("harbuors topic:scanning", build.actor(secretary))
    assert page.suggestion == "harbours"


def test_an_address_carries_topics_and_what_is_left_aside() -> None:
    filters = read_filters({"topic": ["a", "-b"], "without": ['"Lamp  Duty"']})
    assert (filters.topics, filters.other_topics, filters.without) == (("a",), ("b",), ("lamp duty",))
    values: dict[str, list[str]] = {}
    for name, value in write_arguments(filters):
        values.setdefault(name, []).append(value)
    assert read_filters(values) == filters
    assert parse('topic:a -topic:b without:"lamp duty"').filters == filters


def test_a_topic_costs_one_statement(
    session: Session, build: Builder, find: Find, secretary: Account, group: Group, topic_of: Any
) -> None:
    topic_of(group, "lamp duty")
    actor = build.actor(secretary)
    find("harbours", actor)
    with count_statements(session.get_bind().engine) as plain:  # type: ignore[union-attr]
        find("harbours", actor)
    with count_statements(session.get_bind().engine) as widened:  # type: ignore[union-attr]
        find("harbours topic:scanning", actor)
    assert len(widened) == len(plain) + 1


def test_an_excluded_topic_is_an_exclusion() -> None:
    assert widen(Word("a"), Filters(other_topics=("x",)), {}) == Word("a")
    group = widen(parse("a -b").query, Filters(), {})
    assert group == QueryGroup((Word("a"), Not(Word("b"))))
