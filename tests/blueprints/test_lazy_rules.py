"""Addresses whose builders are made when the first link to them is."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Map, Rule

from forum.blueprints.lazy_rules import LazyRule

CASES = [
    pytest.param("/", {}, id="no part"),
    pytest.param("/groups/<slug>/", {"slug": "a b/ü"}, id="a text is quoted"),
    pytest.param("/papers/<paper_id>/v/<int:number>", {"paper_id": "x", "number": 7}, id="a number"),
    pytest.param("/files/<path:name>", {"name": "a/b c"}, id="a path"),
    pytest.param("/search", {"q": "two words", "page": 2}, id="what is no part is a query"),
    pytest.param("/groups/<slug>/", {"slug": "a", "_x": ["1", "2"]}, id="several of one name"),
]


@pytest.mark.parametrize(("path", "values"), CASES)
def test_it_builds_what_werkzeugs_own_builds(path: str, values: dict[str, Any]) -> None:
    """The first time and afterwards."""
    lazy, own = (Map([kind(path, endpoint="it")]).bind("forum.example") for kind in (LazyRule, Rule))
    for _ in range(2):
        assert lazy.build("it", values) == own.build("it", values)


def test_every_route_of_ours_is_one(app: Flask) -> None:
    """All but those of files, which are added before."""
    rules = [rule for rule in app.url_map.iter_rules() if not rule.endpoint.endswith("static")]
    assert {type(rule) for rule in rules} == {LazyRule}
