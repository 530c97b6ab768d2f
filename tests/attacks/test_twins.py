"""Nothing that an outsider is shown depends on what is written in groups that they may not read.

Pages, feeds, files, the API, searches with facets and suggestions, counts and order are asked for in two
worlds that differ in closed content alone, and compared byte by byte. Addresses are those of closed things,
so that this also shows that what may not be read and what is not there are answered alike.
"""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup

from forum.extensions import db
from forum.services.login_sessions import start_session
from tests.attacks.addresses import addresses
from tests.attacks.conftest import Attack
from tests.attacks.crawling import links_in
from tests.attacks.twins import Twins, first_difference, make_twin


@pytest.fixture(scope="module")
def twins(attack: Attack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    made = make_twin(attack, tmp_path_factory.mktemp("twin"))
    yield made
    with made.empty.app_context():
        db.engine.dispose()


OUTSIDE = ("visitor", "newcomer", "member of another group", "moderator elsewhere")
RUNNING = ("platform secretariat", "administrator")
EACH = 5
"""How many addresses of one route are asked for."""
OF_THE_MACHINE = ("/metrics", "/administration/system/")
"""What counts the whole index for whoever runs the system: the machine itself, and administrators."""


def paths_of(attack: Attack) -> list[str]:
    """Give addresses of every route that takes GET, with the ids of closed things."""
    found: dict[str, list[str]] = {}
    for endpoint, path in addresses(attack.app, attack.values(1)):
        if path not in OF_THE_MACHINE:
            found.setdefault(endpoint, []).append(path)
    return [path for paths in found.values() for path in paths[:: 1 + len(paths) // EACH]]


@pytest.mark.parametrize("persona", [*OUTSIDE, *RUNNING])
def test_every_route(attack: Attack, twins: Twins, persona: str) -> None:
    """Every address of the URL map, with the ids of closed things."""
    paths = paths_of(attack)
    assert len(paths) > 400
    assert twins.differences(persona, paths) == {}


@pytest.mark.parametrize("persona", [*OUTSIDE, *RUNNING])
def test_every_page_that_is_linked(twins: Twins, persona: str) -> None:
    """What links lead to from the front page, with facets and filters two deep: counts and order too."""
    seen: set[str] = set(OF_THE_MACHINE)
    waiting = {"/", "/search?q=open", "/search?q=", "/organisations/", "/feeds/moderation.atom"}
    found = {}
    while waiting and len(seen) < 100:
        path = min(waiting, key=lambda one: (one.count("="), len(one)))
        waiting.discard(path)
        seen.add(path)
        full, empty = twins.ask(persona, path)
        if full != empty:
            found[path] = first_difference(full, empty)
        if path.count("=") < 3:
            waiting |= links_in(full) - seen
    assert found == {}


QUESTIONS = (
    "zqvpostqtextq{row}",
    "zqvpaperversionq*",
    "title:zqv*",
    '"zqvthreadqtitleq{row}"',
    "deadlin",
    "*",
    "a*",
)
ORDERS = ("", "&sort=newest", "&kind=paper", "&group=unlisted", "&group=neighbour", "&shown=person")


@pytest.mark.parametrize("persona", [*OUTSIDE, *RUNNING])
def test_every_search(attack: Attack, twins: Twins, persona: str) -> None:
    """Hits, totals, facets, suggestions and completions of words that closed texts are full of."""
    row = min(attack.rows["post"])
    paths = [
        f"{door}?q={quote(question.format(row=row))}{order}"
        for door in ("/search", "/api/v1/search")
        for question in QUESTIONS
        for order in (ORDERS if door == "/search" else ("",))
    ]
    paths += [f"/search/complete?q={word}" for word in ("zqv", "dead", "inside", "example", "a")]
    assert twins.differences(persona, paths) == {}


@pytest.mark.parametrize("persona", ["visitor", "moderator elsewhere"])
def test_no_filter_is_an_oracle(attack: Attack, twins: Twins, persona: str) -> None:
    """Every field that a page filters by, with what is true of closed texts alone."""
    inside, silent = attack.world.insiders, attack.world.silent
    values = [
        "unlisted", silent.slug, inside.people["member"].public_id, "Inside", "company", "zqv", "pending",
        "2026-03-02",
    ]  # fmt: skip
    client = twins.clients[persona][0]
    paths = []
    for path in LISTS:
        form = BeautifulSoup(client.get(path).text, "html.parser").select("main form:not([method=post])")
        names = {str(field["name"]) for part in form for field in part.select("[name]")} | {"author", "page"}
        paths += [f"{path}?{name}={value}" for name in sorted(names) for value in values]
    assert len(paths) > 200
    assert twins.differences(persona, paths) == {}


LISTS = (
    "/search", "/organisations/", "/moderation/log", "/groups/", "/consultations/", "/groups/public/threads/",
    "/groups/public/papers/", "/groups/listed/threads/", "/registers/gaps/", "/library/",
    "/api/v1/groups", "/api/v1/moderation/log",
)  # fmt: skip
"""Pages that filter."""


def test_the_comparison_is_not_blind(attack: Attack, twins: Twins) -> None:
    """Somebody inside is shown the difference, on pages and in searches."""
    client = attack.app.test_client()
    session, member = attack.world.session, attack.world.insiders.people["member"]
    session.rollback()  # what it reads is older than what the visits wrote
    token = start_session(session, member, now=attack.world.build.clock(), hours=12, has_second_factor=True)
    session.commit()
    with client.session_transaction() as cookie:
        cookie.update({"_user_id": token, "_fresh": True})
    twins.clients["member"] = client, twins.clients["visitor"][1]
    assert len(twins.differences("member", ["/groups/unlisted/", "/search?q=zqv*"])) == 2
