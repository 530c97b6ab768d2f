"""The pages of the Directive's board."""

import io
from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from tests.builders import Builder
from tests.services.test_directive_board import SLUG
from tests.support import count_statements, errors_in, submit

ClientOf = Callable[[Account], FlaskClient]
PATH = f"/groups/{SLUG}/board/"
FORM = {
    "state": "in-part",
    "confidence": "low",
    "as_of": "2026-02-01",
    "source": "A made-up report",
    "note": "",
}


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC, slug=SLUG)


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.CHAIR)


def test_the_board_has_every_state_and_article(client: FlaskClient, group: Group) -> None:
    """26 that are bound, and Denmark as not bound; an article that nobody checked has no title."""
    page = BeautifulSoup(client.get(PATH).text, "html.parser")
    rows = page.select(".board tbody tr")
    assert len(rows) == 27
    (unbound,) = [row for row in rows if "Not bound" in row.get_text()]
    assert "Denmark" in unbound.get_text()
    assert {len(row.select("td")) for row in rows if row is not unbound} == {24}
    assert "Preventive programmes" not in str(page)
    assert "Letters of formal notice went to" in page.get_text()


def test_denmark_is_refused_with_a_sentence(client: FlaskClient, client_of: ClientOf, chair: Account) -> None:
    """On its page, where its articles and questions lead, and to whoever proposes a status for it."""
    for path in ("DK/", "DK/15/", "DK/ask"):
        page = client_of(chair).get(f"{PATH}{path}", follow_redirects=True).text
        assert "Denmark is not bound by Directive 2011/93/EU" in page
    assert "Denmark is not bound by Directive 2011/93/EU" in client.get(f"{PATH}DK/").text
    member = client_of(chair)
    assert member.get(f"{PATH}DK/15/propose").status_code == 422
    answer = submit(member, f"{PATH}DK/15/propose", FORM)
    assert answer.status_code == 422
    assert "Denmark is not bound by Directive 2011/93/EU (recital 52)" in errors_in(answer)


@pytest.mark.parametrize(
    "path", ["XX/", "XX/15/", "MT/99/", "statuses/aaaaaaaaaaaaa", "XX/ask", "MT/ask?article=99"]
)
def test_what_there_is_not_is_not_found(client_of: ClientOf, chair: Account, path: str) -> None:
    """A State, an article, a status."""
    assert client_of(chair).get(f"{PATH}{path}").status_code == 404


def test_other_groups_have_no_board(
    client_of: ClientOf, build: Builder, group: Group, chair: Account
) -> None:
    """Neither the page nor the link."""
    other = build.group(Ceiling.PUBLIC, slug="other")
    assert other is not None
    assert client_of(chair).get("/groups/other/board/").status_code == 404
    assert "/board/" not in client_of(chair).get("/groups/other/").text
    assert "/board/" in client_of(chair).get(f"/groups/{SLUG}/").text


def test_from_a_proposal_to_the_board(
    client: FlaskClient, client_of: ClientOf, build: Builder, session: Session, group: Group, chair: Account
) -> None:
    """Contact, proposal, remark, publication, workbook."""
    person = build.member(group)
    keeper, speaker = client_of(chair), client_of(person)
    assert submit(keeper, f"{PATH}MT/15/propose", FORM).status_code == 422
    assert (
        submit(keeper, f"{PATH}contacts", {"country": "MT", "contact": person.public_id}).status_code == 303
    )
    sent = submit(keeper, f"{PATH}MT/15/propose", FORM)
    assert sent.status_code == 303
    assert client.get(sent.location).status_code == 404
    assert "Publish it now" not in keeper.get(sent.location).text
    assert "Waiting for the State" in speaker.get(PATH).text
    assert submit(speaker, sent.location, {"step": "remark", "remark": ""}).status_code == 422
    assert submit(speaker, sent.location, {"step": "remark", "remark": "=So it is."}).status_code == 303
    assert submit(speaker, sent.location, {"step": "publish"}).status_code == 403
    assert "Write your remark." in errors_in(submit(keeper, sent.location, {"step": "enact"}))
    assert submit(keeper, sent.location, {"step": "publish"}).status_code == 303
    assert "=So it is." in client.get(f"{PATH}MT/15/").text
    assert "In national law in part" in client.get(f"{PATH}MT/").text
    assert "Pt" in client.get(PATH).text
    assert (
        "Pt"
        not in BeautifulSoup(client.get(f"{PATH}?on=2020-01-01").text, "html.parser").select(".board")[0].text
    )
    book = load_workbook(io.BytesIO(client.get(f"{PATH}board.xlsx").data)).active
    assert book is not None
    rows = [row for row in book.iter_rows(values_only=True) if row[0] == "Malta"]
    assert rows[0][1:3] == ("15", "In national law in part")
    assert rows[0][7] == "'=So it is."


def test_a_question_to_a_state_is_a_discussion(
    client: FlaskClient, client_of: ClientOf, group: Group, chair: Account
) -> None:
    """Listed on the State's page, open until somebody answers."""
    sent = submit(
        client_of(chair),
        f"{PATH}MT/ask?article=15",
        {
            "title": "Article 15: since when?",
            "body": "Since when?",
            "tlp": "CLEAR",
            "language": "en",
            "shown_as": "name",
        },
    )
    assert sent.status_code == 303
    page = client.get(f"{PATH}MT/").text
    assert "Article 15: since when?" in page
    assert "Open question" in page


def test_a_gap_is_raised_from_a_cell(client_of: ClientOf, group: Group, chair: Account) -> None:
    """With act, article and State filled in."""
    client = client_of(chair)
    page = BeautifulSoup(client.get(f"{PATH}MT/15/").text, "html.parser")
    link = next(one["href"] for one in page.select("main a") if one.get_text() == "Raise a gap")
    form = BeautifulSoup(client.get(str(link)).text, "html.parser")
    assert [form.select_one(f"#{name}")["value"] for name in ("act", "article")] == [  # type: ignore[index]
        "Directive 2011/93/EU",
        "15",
    ]
    chosen = form.select_one("#country option[selected]")
    assert chosen is not None
    assert chosen["value"] == "MT"


def test_the_board_asks_the_same_however_full_it_is(
    client: FlaskClient, build: Builder, session: Session, group: Group, chair: Account
) -> None:
    """No statement a cell."""
    client.get(PATH)
    with count_statements(session.get_bind()) as seen:  # type: ignore[arg-type]
        client.get(PATH)
    assert len(seen) <= 3
