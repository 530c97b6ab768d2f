"""Procedures and matrices over the API: what the pages show, and blind rounds to nobody."""

from forum.domain.labels import Ceiling
from tests.blueprints.api.conftest import Api
from tests.builders import Builder
from tests.services.staging import assessed, catalogue, chair_of, go_on, procedure, seated


def test_a_round_is_there_once_it_has_ended(api: Api, build: Builder) -> None:
    """Until then it answers like a round that there is not, to the chair and to the seat itself."""
    group = build.group(Ceiling.PUBLIC)
    chair = chair_of(build, group)
    catalogue(build, group)
    procedure(build, group)
    go_on(build, group, chair)
    go_on(build, group, chair)
    person, _ = seated(build, group, "Quarry Guild")
    assessed(build, person, group, "4")
    path = f"/groups/{group.slug}/assessments/solutions/rounds/1"
    blind = [api.get(path, who) for who in (None, chair, person)]
    assert {answer.status_code for answer in blind} == {404}
    assert "Quarry Guild" not in str(api.get(f"/groups/{group.slug}/stages", chair).json)
    go_on(build, group, chair)
    cells = api.get(path).json["cells"]
    cell = next(one for one in cells if (one["solution"], one["criterion"]) == ("enclave", "privacy"))
    assert (cell["median"], cell["spread"], cell["ratings"][0]["rating"]) == (4.0, "one", 4)
    assert "Quarry Guild" in cell["ratings"][0]["by"]
    assert api.get(f"/groups/{group.slug}/assessments/solutions/rounds/{'9' * 30}").status_code == 404


def test_stages_come_in_their_order(api: Api, build: Builder) -> None:
    """With their states; those of a closed group to its members alone."""
    group = build.group()
    chair = chair_of(build, group)
    catalogue(build, group)
    procedure(build, group)
    go_on(build, group, chair)
    items = api.get(f"/groups/{group.slug}/stages", chair).json["items"]
    assert [one["state"] for one in items] == ["current", *["waiting"] * 4]
    assert items[0]["opened"][0]["title"] == "List the solutions"
    assert api.get(f"/groups/{group.slug}/stages", build.account()).status_code == 404
