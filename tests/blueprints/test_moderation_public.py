"""The log's filters and feed, and the report's page and files: the same for everybody, nothing closed."""

import csv
import io
import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.moderation import Action
from forum.services.moderation import decide
from tests.builders import Builder

ClientOf = Callable[[Account | None], FlaskClient]
ATOM = "{http://www.w3.org/2005/Atom}"
PAGES = (
    "/moderation/transparency",
    "/moderation/transparency.csv",
    "/moderation/log",
    "/feeds/moderation.atom",
)


def remove(session: Session, build: Builder, group: Group, reason: str) -> None:
    moderator = build.member(group, role=GroupRole.MODERATOR)
    post = build.post(build.thread(group), build.member(group))
    decide(
        session,
        build.actor(moderator),
        kind=SubjectKind.POST,
        public_id=post.public_id,
        action=Action.HIDE,
        rule="civil",
        reason=reason,
        now=build.clock(),
    )
    session.commit()


@pytest.fixture
def group(session: Session, build: Builder) -> Group:
    rules = [{"key": "civil", "text": "Argue with the point."}]
    group = build.group(Ceiling.PUBLIC, rules=rules, short_title="Open group")
    remove(session, build, group, "It speaks about a person & not about the point.")
    return group


def normal(page: str) -> str:
    """A page without what differs in every answer."""
    return re.sub(r'(nonce|value)="[^"]*"', "", page)


def test_nothing_closed_moves_a_page_a_file_or_the_feed(
    session: Session, build: Builder, client: FlaskClient, group: Group
) -> None:
    """The twin: the same bytes to a visitor with and without closed decisions."""
    before = [normal(client.get(path).text) for path in PAGES]
    for ceiling in Ceiling:
        rules = group.rules
        remove(session, build, build.group(ceiling, rules=rules, is_listed=False), "A reason behind doors.")
        if ceiling is not Ceiling.PUBLIC:
            remove(session, build, build.group(ceiling, rules=rules), "A reason behind doors.")
    assert [normal(client.get(path).text) for path in PAGES] == before


def test_every_chart_has_a_table_and_a_name(client: FlaskClient, group: Group) -> None:
    """No inline style, no script; what the picture says stands in figures too."""
    soup = BeautifulSoup(client.get("/moderation/transparency").text, "html.parser")
    charts = soup.select("svg.chart")
    assert len(charts) == 3
    for chart in charts:
        assert chart["role"] == "img"
        assert soup.find(id=str(chart["aria-labelledby"]))
        table = soup.find(id=str(chart["aria-describedby"]))
        assert table is not None
        assert table.select("table")
        assert not chart.select("[style], script")
    assert "What does not apply" in soup.get_text()


def test_the_files_say_what_the_page_says(client: FlaskClient, group: Group) -> None:
    """Title by title and row by row."""
    soup = BeautifulSoup(client.get("/moderation/transparency").text, "html.parser")
    titles = [head.get_text() for head in soup.select("main section h2")]
    text = client.get("/moderation/transparency.csv").data.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    assert [title for title in titles if [title] not in lines] == []
    assert ["Restrictions on own initiative", "1"] in lines
    answer = client.get("/moderation/transparency.xlsx?first=2026-03-01&last=2026-03-31")
    assert 'filename="moderation-2026-03-01-2026-03-31.xlsx"' in answer.headers["Content-Disposition"]
    book = load_workbook(io.BytesIO(answer.data))
    assert len(book.sheetnames) == len(titles)
    assert ["Restrictions on own initiative", 1] in [
        [cell.value for cell in row] for row in book["summary"].iter_rows()
    ]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("first=2026-03-02&last=2026-03-01", "The first day is after the last."),
        ("first=2001-01-01", "A report covers three years at most."),
        ("first=yesterday", "Write a day as 2026-03-31."),
    ],
)
def test_a_period_that_is_none_says_so(client: FlaskClient, query: str, sentence: str) -> None:
    """On the page with the usual period, in place of a file."""
    page = client.get(f"/moderation/transparency?{query}")
    assert (page.status_code, sentence in page.text) == (422, True)
    assert client.get(f"/moderation/transparency.csv?{query}").status_code == 422
    assert client.get("/moderation/transparency.pdf").status_code == 404


def test_the_log_filters_and_says_when_nothing_is_left(client: FlaskClient, group: Group) -> None:
    """By group, kind and decision; a value that is none of ours filters nothing."""
    reason = "It speaks about a person"
    for query in ("", f"?group={group.slug}", "?kind=post&action=hide", "?kind=nonsense"):
        assert reason in client.get(f"/moderation/log{query}").text
    for query in ("?group=other", "?kind=version", "?action=approve"):
        page = client.get(f"/moderation/log{query}").text
        assert reason not in page
        assert "Nothing of that kind" in page


def test_the_feed_is_well_formed_and_a_visitors_for_everybody(
    session: Session, build: Builder, client_of: ClientOf, group: Group
) -> None:
    """Members of a closed group find nothing of it in the feed, and nobody is named."""
    closed = build.group(Ceiling.MEMBERS, rules=group.rules)
    remove(session, build, closed, "A reason behind doors, for members.")
    answer = client_of(build.member(closed)).get("/feeds/moderation.atom")
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(answer.text)
    (entry,) = feed.findall(f"{ATOM}entry")
    assert entry.findtext(f"{ATOM}title") == "Post · Removed from view · Open group"
    assert "person & not" in str(entry.findtext(f"{ATOM}content"))
    assert entry.findtext(f"{ATOM}updated") == "2026-03-02T00:00:00Z"
    assert client_of(None).get("/feeds/moderation.atom?kind=version").text.count("<entry>") == 0
