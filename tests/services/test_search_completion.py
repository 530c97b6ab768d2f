"""Completion in the search box: names and words that the asker may know of, and no others."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from forum.cli.worker import engine_of
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.policy import ANONYMOUS, Actor
from forum.services.search_completion import MOST, complete_text
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.topic_making import make_topic
from tests.support import deliver


@pytest.fixture
def inside(app: Flask, session: Session, build: Builder, clock: StoppedClock) -> Actor:
    """Somebody of a closed group with a word, a topic and a name of its own."""
    public = build.group(Ceiling.PUBLIC, slug="harbours", title="Harbour masters", short_title="Harbours")
    closed = build.group(
        Ceiling.MEMBERS, slug="harvest", title="Harvest", short_title="Harvest", is_listed=False
    )
    build.organisation("Harmony Example", slug="harmony-example", match_key="harmony example")
    build.thread(public, text="The lantern.")
    build.thread(closed, text="The lanyard.")
    actor = build.actor(build.member(closed, role=GroupRole.SECRETARIAT))
    make_topic(session, actor, closed, "lantern", name="Lamps at night", now=clock())
    deliver(app, clock)
    return actor


@pytest.mark.parametrize(
    ("text", "visitor", "member"),
    [
        pytest.param("group:har", ["group:harbours"], ["group:harbours", "group:harvest"], id="groups"),
        pytest.param("x -group:mast", ["x -group:harbours"], ["x -group:harbours"], id="a word of a title"),
        pytest.param("topic:lamp", [], ["topic:lamps-at-night"], id="topics"),
        pytest.param("organisation:harm", ["organisation:harmony-example"], None, id="organisations"),
        pytest.param("kind:pa", ["kind:paper"], None, id="values that are fixed"),
        pytest.param("organ", ["organisation:"], None, id="names of filters"),
        pytest.param(
            "a lan",
            ["a lang:", "a lantern"],
            ["a lang:", "a lantern", "a lanyard"],
            id="words of what one reads",
        ),
        pytest.param("harm", ["organisation:harmony-example"], None, id="organisations by their name"),
        pytest.param("l", [], None, id="nothing for one letter"),
        pytest.param("", [], None, id="nothing for nothing"),
    ],
)
def test_completions(
    app: Flask, session: Session, inside: Actor, text: str, visitor: list[str], member: list[str] | None
) -> None:
    engine = engine_of(app)
    assert complete_text(session, ANONYMOUS, engine, text) == visitor
    assert sorted(complete_text(session, inside, engine, text)) == sorted(
        visitor if member is None else member
    )


@pytest.mark.parametrize(
    "text", ["(" * 3_000, "a:" * 500, '"' * 99, "\x00:\x00", "group:" + "x" * 900, "*** ab"]
)
def test_hostile_text_is_no_error(app: Flask, session: Session, inside: Actor, text: str) -> None:
    assert len(complete_text(session, inside, engine_of(app), text)) <= MOST
