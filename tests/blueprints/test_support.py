"""What every view needs: numbers that an address carries."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling
from forum.domain.moderation import Flag
from forum.domain.papers import Paper
from forum.domain.threads import Post
from tests.blueprints.forms import fields_of
from tests.builders import Builder
from tests.support import submit

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


def test_a_form_pressed_twice_makes_one_thing_and_another_text_a_second(
    build: Builder, client_of: ClientOf
) -> None:
    """The same again leads to the first; what somebody wrote after going back is not lost."""
    group = build.group(Ceiling.PUBLIC)
    person = build.member(group)
    thread = build.thread(group, person)
    path = f"/groups/{group.slug}/threads/{thread.public_id}/"
    client = client_of(person)
    form = BeautifulSoup(client.get(path).data, "html.parser").select_one("#composer")
    assert form is not None
    fields = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[name]")}
    del fields["csrf_token"]  # submit() sends its own
    for choice in form.select("select[name]"):
        option = choice.select_one("option")
        assert option is not None
        fields[str(choice["name"])] = str(option["value"])
    first = submit(client, path, fields | {"body": "The first text."})
    again = submit(client, path, fields | {"body": "The first text."})
    other = submit(client, path, fields | {"body": "The corrected text."})
    assert [answer.status_code for answer in (first, again, other)] == [303, 303, 303]
    assert first.location == again.location != other.location
    page = client.get(path).text
    assert page.count("The first text.") == 1
    assert "The corrected text." in page


@pytest.mark.parametrize("form", ["reply", "flag"])
def test_a_button_pressed_eight_times_at_once_makes_one_thing(
    session: Session, build: Builder, client_of: ClientOf, form: str
) -> None:
    """Every press leads to what the first one made, those too that were under way together."""
    group = build.group(Ceiling.PUBLIC)
    author, person = build.member(group), build.member(group)
    thread = build.thread(group, author)
    opening = session.scalars(sa.select(Post.public_id).where(Post.thread_id == thread.id)).one()
    path, form_id, typed = {
        "reply": (f"/groups/{group.slug}/threads/{thread.public_id}/", "composer", {"body": "We agree."}),
        "flag": (f"/posts/{opening}/flag", None, {"reason": "off_topic", "explanation": "Elsewhere."}),
    }[form]
    client = client_of(person)
    fields = fields_of(client.get(path), form_id) | typed
    presses = [client_of(person) for _ in range(8)]
    with client.session_transaction() as cookie:
        kept = dict(cookie)
    for press in presses:
        with press.session_transaction() as cookie:
            cookie.update(kept)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda press: press.post(path, data=fields), presses))
    assert {answer.status_code for answer in answers} == {303}, [answer.status for answer in answers]
    assert len({answer.location for answer in answers}) == 1
    made, before = (Post, 1) if form == "reply" else (Flag, 0)
    assert session.scalar(sa.select(sa.func.count()).select_from(made)) == before + 1


def test_a_press_with_other_words_under_way_with_the_first_is_refused_and_not_lost(
    session: Session, build: Builder, client_of: ClientOf
) -> None:
    """A reply with other words under the key of one that was sent becomes a reply of its own."""
    group = build.group(Ceiling.PUBLIC)
    person = build.member(group)
    thread = build.thread(group, person)
    path = f"/groups/{group.slug}/threads/{thread.public_id}/"
    client = client_of(person)
    fields = fields_of(client.get(path), "composer")
    first = client.post(path, data=fields | {"body": "One."})
    second = client.post(path, data=fields | {"body": "Two."})
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location != second.location
    assert session.scalar(sa.select(sa.func.count()).select_from(Post)) == 3
