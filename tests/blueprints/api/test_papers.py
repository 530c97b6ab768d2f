"""Papers over the API."""

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution
from forum.domain.consultations import AnswersVisible
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.organisations import StakeholderType
from forum.domain.papers import Paper, PaperOwner, PaperVersion
from forum.extensions import db
from tests.blueprints.api.conftest import Api
from tests.builders import Builder
from tests.services.consulting import consultation
from tests.support import count_statements

NEW = {"title": "On deadlines", "body": "# Aim\n\nA deadline **begins** with a report."}
NEXT = {"body": "# Aim\n\nA deadline ends with an answer.", "based_on": 1, "summary": "Ends, not begins."}


def test_a_member_sends_a_paper_for_a_body(api: Api, build: Builder, session: Session) -> None:
    """201 with the paper and its first version; everybody of the group reads it, the body owns it."""
    group = build.group()
    body = build.organisation("Example Helpline", type=StakeholderType.NGO)
    author = build.member(group, build.account("Mara Example"))
    build.mandate(author, body)
    sent = NEW | {"organisation": body.slug, "abstract": "Short.", "language": "fr"}
    made = api.post(f"/groups/{group.slug}/papers", author, sent)
    assert made.status_code == 201
    assert made.headers["Location"] == f"/api/v1/papers/{made.json['id']}"
    version = made.json["version"]
    assert (version["number"], version["status"], version["body"]) == (1, "published", NEW["body"])
    assert "<strong>begins</strong>" in version["html"]
    assert (version["abstract"], made.json["language"]) == ("Short.", "fr")
    reader = build.member(group)
    read = api.get(f"/papers/{made.json['id']}", reader).json
    assert read == made.json
    assert (read["author"]["name"], read["author"]["organisation"]) == ("Mara Example", "Example Helpline")
    assert api.get(f"/papers/{read['id']}/versions/1", reader).json == version
    assert session.query(PaperOwner).count() == 1
    (line,) = api.get(f"/groups/{group.slug}/papers", reader).json["items"]
    assert (line["id"], line["title"], line["version"], line["words"]) == (read["id"], "On deadlines", 1, 7)


def test_the_next_version_says_what_changed(api: Api, build: Builder) -> None:
    """What is not sent stays; the version before stays at its address; the same key sends one."""
    group = build.group()
    author, reader = build.member(group), build.member(group)
    paper = api.post(f"/groups/{group.slug}/papers", author, NEW | {"abstract": "Short."}).json["id"]
    path = f"/papers/{paper}/versions"
    made = api.post(path, author, NEXT, headers={"Idempotency-Key": "k"})
    assert made.status_code == 201
    assert made.headers["Location"] == f"/api/v1{path}/2"
    assert (made.json["number"], made.json["title"]) == (2, "On deadlines")
    assert (made.json["abstract"], made.json["summary"]) == ("Short.", "Ends, not begins.")
    again = api.post(path, author, NEXT, headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.json) == (201, made.json)
    assert [one["number"] for one in api.get(path, reader).json["items"]] == [1, 2]
    assert api.get(f"{path}/1", reader).json["body"] == NEW["body"]
    assert api.get(f"/papers/{paper}", reader).json["version"] == made.json
    first = api.get(f"{path}?limit=1", reader).json
    assert [one["number"] for one in first["items"]] == [1]
    second = api.get(f"{path}?limit=1&cursor={first['next']}", reader).json
    assert ([one["number"] for one in second["items"]], second["next"]) == ([2], None)


@pytest.mark.parametrize("based_on", [1, 3, 99])
def test_a_version_of_an_older_text_is_a_conflict(
    api: Api, build: Builder, session: Session, based_on: int
) -> None:
    """Only the newest can be gone on from: 409, and nothing is changed, no draft left behind."""
    group = build.group()
    author = build.member(group)
    paper = api.post(f"/groups/{group.slug}/papers", author, NEW).json["id"]
    assert api.post(f"/papers/{paper}/versions", author, NEXT).status_code == 201
    answer = api.post(f"/papers/{paper}/versions", author, NEXT | {"based_on": based_on})
    assert answer.status_code == 409
    assert session.query(PaperVersion).count() == 2


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"body": "x"}, "title"),
        ({"title": "x"}, "body"),
        ({"title": "x", "body": "  "}, "body"),
        ({"title": "x" * 301, "body": "x"}, "title"),
        ({"title": "x", "body": "x", "purpose": "joint_position"}, "purpose"),
        ({"title": "x", "body": "x", "purpose": "group_draft"}, "purpose"),
        ({"title": "x", "body": "x", "language": "xx"}, "language"),
        ({"title": "x", "body": "x", "organisation": "nobodys"}, "organisation"),
        ({"title": "x", "body": "x", "label": "CLEAR"}, "label"),
        ({"title": "x", "body": "x", "consultation": "aaaaaaaaaaaaa"}, "consultation"),
        ({"title": "x", "body": "x", "abstract": "x" * 10_000}, "abstract"),
        ({"title": "x", "body": "x", "version": 1}, "version"),
        ({"title": "x", "body": "x", "named_list_id": 1}, "named_list_id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_wrong_paper_is_named_at_its_field(
    api: Api, build: Builder, session: Session, sent: dict[str, object], field: str
) -> None:
    """422, and nothing is stored, not even a draft."""
    group = build.group()
    answer = api.post(f"/groups/{group.slug}/papers", build.member(group), sent)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    assert session.query(Paper).count() == session.query(PaperVersion).count() == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"summary": " "}, "summary"),
        ({"summary": "x" * 10_000}, "summary"),
        ({"body": ""}, "body"),
        ({"based_on": "1"}, "based_on"),
        ({"based_on": 0}, "based_on"),
        ({"based_on": 2**70}, "based_on"),
        ({"label": "CLEAR"}, "label"),
        ({"purpose": "group_draft"}, "purpose"),
    ],
)
def test_a_wrong_version_is_named_at_its_field(
    api: Api, build: Builder, session: Session, change: dict[str, object], field: str
) -> None:
    """422, and nothing is stored."""
    group = build.group()
    author = build.member(group)
    paper = api.post(f"/groups/{group.slug}/papers", author, NEW).json["id"]
    answer = api.post(f"/papers/{paper}/versions", author, NEXT | change)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert session.query(PaperVersion).count() == 1


def test_a_paper_may_be_a_megabyte_and_no_more(api: Api, build: Builder) -> None:
    """Sizes are those of the page: 1 MB of text, 4 MB of request."""
    group = build.group()
    author = build.member(group)
    path = f"/groups/{group.slug}/papers"
    long = ("word " * 40 + "\n\n") * 2_000
    assert api.post(path, author, NEW | {"body": long}).status_code == 201
    assert api.post(path, author, NEW | {"body": "x" * 1_000_001}).status_code == 422
    assert api.post(path, author, NEW | {"body": "x" * 4_200_000}).status_code == 413


def test_who_may_send_and_who_may_go_on(api: Api, build: Builder) -> None:
    """Observers and strangers of an open group get 403, of a closed one 404; versions are the authors'."""
    group, open_group = build.group(is_listed=False), build.group(Ceiling.PUBLIC)
    author = build.member(open_group)
    paper = api.post(f"/groups/{open_group.slug}/papers", author, NEW).json["id"]
    stranger = build.account()
    assert api.post(f"/groups/{group.slug}/papers", stranger, NEW).status_code == 404
    for who in (stranger, build.member(open_group, role=GroupRole.OBSERVER)):
        assert api.post(f"/groups/{open_group.slug}/papers", who, NEW).status_code == 403
        assert api.post(f"/papers/{paper}/versions", who, NEXT).status_code == 403
    assert api.post(f"/papers/{paper}/versions", build.member(open_group), NEXT).status_code == 403
    assert api.post(f"/papers/{paper}/versions", None, NEXT).status_code == 401


def test_a_mandate_without_publishing_sends_nothing(api: Api, build: Builder, session: Session) -> None:
    """403, and no draft is left behind."""
    group = build.group()
    body = build.organisation()
    author = build.member(group)
    build.mandate(author, body, may_publish=False)
    answer = api.post(f"/groups/{group.slug}/papers", author, NEW | {"organisation": body.slug})
    assert answer.status_code == 403
    assert session.query(Paper).count() == 0


def test_closed_papers_are_absent_by_every_call(api: Api, build: Builder) -> None:
    """To outsiders and visitors each call answers as for a paper that never was, to the byte."""
    group = build.group(is_listed=False)
    paper = api.post(f"/groups/{group.slug}/papers", build.member(group), NEW).json["id"]
    outsider = build.member(build.group())
    for method, path, body in (
        ("GET", "", None),
        ("GET", "/versions", None),
        ("GET", "/versions/1", None),
        ("GET", "/comments", None),
        ("POST", "/versions", NEXT),
        ("POST", "/comments", {"version": 1, "body": "x"}),
    ):
        for who in (outsider, None):
            answers = [
                api.call(method, f"/papers/{one}{path}", who, body) for one in (paper, "aaaaaaaaaaaaa")
            ]
            assert answers[0].status_code == (404 if who or method == "GET" else 401)
            assert answers[0].data == answers[1].data


def test_what_is_pending_is_its_authors_and_the_moderators(api: Api, build: Builder) -> None:
    """Held, it stands in nobody else's list and at no address of theirs."""
    group = build.group(holding_rule=HoldingRule.EVERYTHING)
    author, reader = build.member(group), build.member(group)
    made = api.post(f"/groups/{group.slug}/papers", author, NEW).json
    assert (made["version"]["status"], made["version"]["held_because"]) == ("pending", "everything")
    assert api.get(f"/papers/{made['id']}", reader).status_code == 404
    assert api.get(f"/groups/{group.slug}/papers", reader).json["items"] == []
    assert len(api.get(f"/groups/{group.slug}/papers", author).json["items"]) == 1
    assert api.get(f"/papers/{made['id']}", build.member(group, role=GroupRole.MODERATOR)).status_code == 200


def test_a_narrower_version_leaves_no_trace_outside(api: Api, build: Builder) -> None:
    """A visitor of a public paper meets no number, date or title of a later RED version."""
    group = build.group(Ceiling.PUBLIC)
    author = build.member(group)
    paper = api.post(f"/groups/{group.slug}/papers", author, NEW).json["id"]
    before = [api.get(path).data for path in _pages(group, paper)]
    closed = NEXT | {"label": Tlp.RED, "title": "A closed title"}
    assert api.post(f"/papers/{paper}/versions", author, closed).status_code == 201
    assert [api.get(path).data for path in _pages(group, paper)] == before
    assert api.get(f"/papers/{paper}/versions/2").data == api.get(f"/papers/{paper}/versions/9").data
    assert api.get(f"/papers/{paper}", author).json["title"] == "A closed title"
    assert api.get(f"/papers/{paper}/versions?cursor=2").status_code == 422


def _pages(group: Group, paper: str) -> list[str]:
    ends = ("", "/versions", "/versions/1", "/comments")
    return [f"/groups/{group.slug}/papers", *(f"/papers/{paper}{end}" for end in ends)]


@pytest.mark.parametrize("number", ["0", "-1", "01", "x", "1.0", "9999999999999999999999", "١"])
def test_a_number_that_is_none_is_nothing(api: Api, build: Builder, number: str) -> None:
    """404 as for a version that is not there."""
    group = build.group(Ceiling.PUBLIC)
    paper = api.post(f"/groups/{group.slug}/papers", build.member(group), NEW).json["id"]
    assert api.get(f"/papers/{paper}/versions/{number}").status_code == 404


def test_drafts_are_for_their_authors(api: Api, build: Builder) -> None:
    """A paper that is only a draft has no version yet; to others it is not there."""
    group = build.group()
    author = build.member(group)
    draft = build.paper(group, author, title="Not sent", status=Status.DRAFT)
    paper = build.session.get_one(Paper, draft.paper_id).public_id
    mine = api.get(f"/papers/{paper}", author).json
    assert (mine["version"], mine["has_draft"], mine["title"]) == (None, True, "Not sent")
    assert api.get(f"/papers/{paper}", build.member(group)).status_code == 404
    assert api.get(f"/groups/{group.slug}/papers", author).json["items"] == []


def test_a_withdrawn_version_leaves_a_stub(api: Api, build: Builder, session: Session) -> None:
    """Its address answers with hash and status, and no text."""
    group = build.group()
    author = build.member(group)
    made = api.post(f"/groups/{group.slug}/papers", author, NEW).json
    from forum.services.versions import withdraw_version

    withdraw_version(session, build.actor(author), group.slug, made["id"], 1, now=build.clock())
    session.commit()
    stub = api.get(f"/papers/{made['id']}/versions/1", build.member(group)).json
    assert (stub["status"], stub["body"], stub["html"]) == ("withdrawn", "", "")
    assert stub["hash"] == made["version"]["hash"]


def test_an_answer_to_a_consultation_is_received(api: Api, build: Builder) -> None:
    """Where answers are read after closing, it is its author's and the secretariat's alone."""
    group = build.group()
    asked = consultation(build, group, answers_visible=AnswersVisible.AFTER_CLOSING)
    author = build.member(group)
    sent = NEW | {"consultation": asked.public_id}
    made = api.post(f"/groups/{group.slug}/papers", author, sent)
    assert (made.status_code, made.json["version"]["status"]) == (201, "received")
    for role, status in ((GroupRole.MEMBER, 404), (GroupRole.MODERATOR, 404), (GroupRole.SECRETARIAT, 200)):
        assert api.get(f"/papers/{made.json['id']}", build.member(group, role=role)).status_code == status


def test_the_chatham_house_rule_holds_for_papers(api: Api, build: Builder) -> None:
    """No name, body, country or time of day of a paper or its comments."""
    group = build.group(attribution=Attribution.CHATHAM_HOUSE)
    body = build.organisation("Telltale Messenger", country="MT")
    author = build.member(group, build.account("Tella Example"))
    build.mandate(author, body)
    signed = {"organisation": body.slug}
    made = api.post(f"/groups/{group.slug}/papers", author, NEW | signed)
    assert made.status_code == 201
    paper = made.json["id"]
    comment = {"version": 1, "body": "Why?", "paragraph": "p1", **signed}
    assert api.post(f"/papers/{paper}/comments", author, comment).status_code == 201
    reader = build.member(group)
    for path in _pages(group, paper):
        text = api.get(path, reader).text.lower()
        for telltale in ("tella", "telltale", body.slug, author.public_id, author.handle, '"mt"', "t09:00"):
            assert telltale not in text, path
    assert api.get(f"/papers/{paper}", reader).json["author"]["alias"] == "Participant"
    assert api.get(f"/papers/{paper}", reader).json["version"]["at"] == "2026-03-02"


def test_papers_page_by_cursor(api: Api, build: Builder) -> None:
    """Newest first; every paper once; a cursor that is none of the list is refused, whatever it is."""
    group, closed = build.group(Ceiling.PUBLIC), build.group()
    for n in range(5):
        build.paper(group, title=f"Paper {n}")
    first = api.get(f"/groups/{group.slug}/papers?limit=2").json
    second = api.get(f"/groups/{group.slug}/papers?limit=2&cursor={first['next']}").json
    third = api.get(f"/groups/{group.slug}/papers?limit=2&cursor={second['next']}").json
    titles = [one["title"] for page in (first, second, third) for one in page["items"]]
    assert titles == [f"Paper {n}" for n in (4, 3, 2, 1, 0)]
    assert third["next"] is None
    hidden = build.session.get_one(Paper, build.paper(closed).paper_id).public_id
    answers = {api.get(f"/groups/{group.slug}/papers?cursor={one}").data for one in (hidden, "aaaaaaaaaaaaa")}
    assert len(answers) == 1
    assert api.get(f"/groups/{group.slug}/papers?purpose=group_draft").json["items"] == []


def test_papers_cost_the_same_however_many(api: Api, build: Builder, app: Flask) -> None:
    """The number of statements depends on neither papers, versions nor comments."""
    group = build.group()
    author = build.member(group)
    paper = api.post(f"/groups/{group.slug}/papers", author, NEW).json["id"]
    api.post(f"/papers/{paper}/comments", author, {"version": 1, "body": "x"})
    with app.app_context():
        engine = db.engine

    def cost() -> list[int]:
        counts = []
        for path in _pages(group, paper):
            api.get(path, author)
            with count_statements(engine) as seen:
                api.get(path, author)
            counts.append(len(seen))
        return counts

    before = cost()
    for number in range(1, 4):
        assert api.post(f"/papers/{paper}/versions", author, NEXT | {"based_on": number}).status_code == 201
        api.post(f"/papers/{paper}/comments", build.member(group), {"version": number, "body": "x"})
        build.paper(group, build.member(group), organisation=build.organisation())
    assert cost() == before
    assert max(before) <= 9
