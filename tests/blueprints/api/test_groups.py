"""The directory over the API."""

import pytest

from forum.domain.labels import Ceiling
from tests.blueprints.api.conftest import Api
from tests.builders import Builder


def test_the_directory_shows_what_each_may_know_of(api: Api, build: Builder) -> None:
    """Listed groups to everybody, unlisted ones to those inside."""
    build.group(Ceiling.PUBLIC, slug="open", initiative=1)
    closed = build.group(slug="closed", initiative=2)
    hidden = build.group(slug="hidden", initiative=3, is_listed=False)
    member = build.member(closed, build.member(hidden))

    def seen(who: object) -> list[tuple[str, bool]]:
        return [(item["slug"], item["may_read"]) for item in api.get("/groups", who).json["items"]]  # type: ignore[arg-type]

    assert seen(None) == seen(build.account()) == [("open", True), ("closed", False)]
    assert seen(member) == [("open", True), ("closed", True), ("hidden", True)]


def test_the_directory_pages(api: Api, build: Builder) -> None:
    """limit and cursor lead through it."""
    for n in range(3):
        build.group(Ceiling.PUBLIC, slug=f"g{n}", initiative=n + 1)
    first = api.get("/groups?limit=2").json
    second = api.get(f"/groups?limit=2&cursor={first['next']}").json
    assert [item["slug"] for item in first["items"] + second["items"]] == ["g0", "g1", "g2"]
    assert second["next"] is None


@pytest.mark.parametrize("cursor", ["hidden", "no-group"])
def test_a_cursor_tells_nothing_of_hidden_groups(api: Api, build: Builder, cursor: str) -> None:
    """A group that one may not know of is no place to go on from."""
    build.group(slug="hidden", is_listed=False)
    answer = api.get(f"/groups?cursor={cursor}")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["cursor"])


def test_a_listed_group_shows_its_mandate_and_no_charter(api: Api, build: Builder) -> None:
    """Outside one sees name, mandate and contact; inside the charter with the rules."""
    group = build.group(
        mandate_source="To **compare**.",
        mandate_html="<p>To <strong>compare</strong>.</p>",
        contact="unit@example.org",
        rules=[{"key": "civil", "text": "Be civil."}],
    )
    outside = api.get(f"/groups/{group.slug}", build.account()).json
    assert (outside["body"], outside["contact"]) == ("To **compare**.", "unit@example.org")
    assert outside["charter"] is None
    inside = api.get(f"/groups/{group.slug}", build.member(group)).json
    assert inside["charter"]["rules"] == [{"key": "civil", "text": "Be civil."}]
    assert inside["charter"]["may_write"] is True
    assert (
        inside["charter"]["labels"] == ["RED"]
        or inside["charter"]["default_label"] in inside["charter"]["labels"]
    )


def test_an_unlisted_group_is_absent(api: Api, build: Builder) -> None:
    """To the byte."""
    group = build.group(is_listed=False)
    for who in (None, build.account()):
        answer = api.get(f"/groups/{group.slug}", who)
        assert answer.status_code == 404
        assert answer.data == api.get("/groups/no-group", who).data
