"""Hostile queries at the page and at the service, on both engines: answered, told, and kept small."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.labels import Ceiling
from forum.errors import Invalid
from forum.extensions import db, search_engine
from forum.policy import ANONYMOUS
from forum.search.grammar import MAX_NEARS, MAX_OPERANDS, MAX_PREFIXES, parse
from forum.search.query import Prefix, iterate_nears, iterate_operands
from forum.services.search import MAX_TEXT, search
from tests.builders import Builder
from tests.search.hostile import QUERIES
from tests.support import count_statements, deliver, errors_in


@pytest.fixture
def lanterns(app: Flask, build: Builder, clock: Callable[[], datetime]) -> None:
    """A public discussion about lanterns, and a closed one, indexed."""
    build.thread(build.group(Ceiling.PUBLIC), title="Lanterns", text="The lantern of the harbour is lit.")
    build.thread(build.group(is_listed=False), title="Behind the wall", text="A lantern is hidden.")
    deliver(app, clock)


@pytest.mark.usefixtures("lanterns")
def test_the_page_answers_whatever_is_asked(app: Flask, client: FlaskClient) -> None:
    """200 with what was understood, or 422 with the sentence; no more statements than for plain words."""
    with app.app_context():
        engine = db.engine
    with count_statements(engine) as plain:
        client.get("/search?q=lantern")
    for label, text in QUERIES.items():
        for asked in (text, text[:MAX_TEXT]):
            with count_statements(engine) as seen:
                answer = client.get(f"/search?q={quote(asked.encode('utf-8', 'surrogatepass'))}")
            if len(" ".join(asked.split())) > MAX_TEXT:
                assert answer.status_code == 422, label
                assert f"{MAX_TEXT} characters" in errors_in(answer), label
            else:
                assert answer.status_code == 200, label
            assert len(seen) <= len(plain), label
            assert "Behind the wall" not in answer.text, label


@pytest.mark.usefixtures("lanterns")
def test_what_is_looked_for_is_bounded_and_told(client: FlaskClient) -> None:
    """Behind the last prefix stands a plain word, and "Understood as" shows it so."""
    answer = client.get(f"/search?q={quote('lan* ' * 12)}")
    understood = BeautifulSoup(answer.text, "html.parser").select_one(".understood code")
    assert understood is not None
    assert understood.get_text() == " ".join([*["lan*"] * MAX_PREFIXES, *["lan"] * (12 - MAX_PREFIXES)])


@pytest.mark.usefixtures("lanterns")
def test_the_service_bounds_what_it_hands_to_the_engine(app: Flask, session: Session) -> None:
    """Too long a text is refused before anything is read; of the rest a bounded tree is asked."""
    for label, text in QUERIES.items():
        if len(text) > MAX_TEXT:
            with pytest.raises(Invalid):
                search(session, ANONYMOUS, search_engine(app), text=text)
        query = parse(text).query
        operands = list(iterate_operands(query, excluded=True))
        assert len(operands) <= 2 * MAX_OPERANDS, label
        assert len(list(iterate_nears(query))) <= MAX_NEARS, label
        assert sum(isinstance(operand, Prefix) for operand in operands) <= MAX_PREFIXES, label
        page = search(session, ANONYMOUS, search_engine(app), text=text[:MAX_TEXT])
        assert page.total <= 1, label
        assert not any("wall" in hit.title for hit in page.hits), label
