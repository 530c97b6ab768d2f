"""What every view needs: numbers that an address carries."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from forum.domain.accounts import Account
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.domain.papers import Paper
from tests.builders import Builder

ClientOf = Callable[[Account | None], FlaskClient]

NUMBERS = [
    pytest.param("9" * 20, id="more than a database holds"),
    pytest.param("9" * 5_000, id="more than Python reads"),
    pytest.param("-1", id="below nothing"),
    pytest.param("0", id="zero"),
    pytest.param("²", id="a digit that is no number"),
    pytest.param("x", id="a letter"),
    pytest.param("", id="nothing"),
]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_in_an_address_is_never_an_error(build: Builder, client_of: ClientOf, number: str) -> None:
    """A wrong one is passed over in a query, and leads nowhere in a path."""
    group = build.group(Ceiling.PUBLIC)
    person = build.member(group, role=GroupRole.MODERATOR)
    version = build.paper(group, person)
    public_id = build.session.get_one(Paper, version.paper_id).public_id
    paper = f"/groups/{group.slug}/papers/{public_id}"
    client = client_of(person)
    for address in (
        "/moderation/?page={}",
        "/me/contributions?page={}",
        "/me/record?before={}",
        "/search?q=x&page={}",
        f"/groups/{group.slug}/papers/?page={{}}",
        f"{paper}/comments/new?version={{}}",
        f"{paper}/compare?from={{}}&to={{}}",
    ):
        assert client.get(address.replace("{}", number)).status_code in {200, 302, 404, 422}, address
    for address in (f"{paper}/versions/{{}}", "/strategy/{}", "/attachments/x/pages/{}"):
        if number:
            assert client.get(address.replace("{}", number)).status_code == 404, address
