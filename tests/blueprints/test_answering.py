"""Answering a consultation on its pages: sections, autosave, two colleagues, preview, submit, receipt."""

import json
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from forum.domain.accounts import Account
from forum.domain.answers import Answer, AnswerDraft, LateEntry
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.organisations import Organisation
from forum.services.consultations import keep_dates
from tests.blueprints.papers_pages import ClientOf
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.answering import asking, colleague, send
from tests.support import errors_in, look_again, submit


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def body(build: Builder) -> Organisation:
    return build.organisation("Example Messenger")


@pytest.fixture
def writer(build: Builder, group: Group, body: Organisation) -> Account:
    return colleague(build, group, body)


def marks_in(page: TestResponse) -> dict[str, str]:
    """The versions of the questions that a page carries."""
    soup = BeautifulSoup(page.text, "html.parser")
    return {str(field["name"]): str(field["value"]) for field in soup.select("input[name^=v-q]")}


def preview_fields(client: FlaskClient, path: str, query: str = "") -> dict[str, str]:
    """What the preview's form sends."""
    soup = BeautifulSoup(client.get(f"{path}preview{query}").text, "html.parser")
    fields = soup.select("form[method=post] input[type=hidden]")
    return {str(one["name"]): str(one.get("value", "")) for one in fields if one["name"] != "csrf_token"}


def test_journey_from_first_question_to_receipt(
    build: Builder, group: Group, writer: Account, client_of: ClientOf, session: Session
) -> None:
    """Answer page by page, see it as published, send it, get the receipt; the list shows it after closing."""
    row = asking(build, group, closes_at=build.clock() + timedelta(days=3))
    base = f"/groups/{group.slug}/consultations/{row.public_id}/"
    client, path = client_of(writer), f"{base}answer/"
    assert "0 of 5 answered" in client.get(base).text
    marks = marks_in(client.get(f"{path}1"))
    first = submit(client, f"{path}1", {"a-q1": "Count them.", "a-q2": "o3", "step": "next"} | marks)
    assert first.location == f"{path}2"
    marks = marks_in(client.get(f"{path}2"))
    second = {"a-q3": ["o1", "o2"], "a-q4": "4", "a-q5-r1": "o1", "a-q5-r2": "", "step": "next"}
    assert submit(client, f"{path}2", second | marks).location == f"{path}preview"
    assert "5 of 5 answered" in client.get(path).text
    fields = preview_fields(client, path, "?shown_as=organisation")
    assert json.loads(fields["answers"])["q5"] == {"r1": "o1"}
    assert fields["shown_as"] == "organisation"
    sent = submit(client, f"{path}preview", fields)
    assert sent.status_code == 303
    receipt = client.get(sent.location).text
    answer = session.scalars(sa.select(Answer)).one()
    assert answer.content_hash in receipt
    assert (
        client.get(f"{base}answers/{answer.public_id}/canonical.json").text
        in BeautifulSoup(receipt, "html.parser").text
    )
    assert submit(client, f"{path}preview", fields).location == sent.location
    visitor = client_of(None)
    assert visitor.get(f"{base}answers/{answer.public_id}/").status_code == 404
    assert "None that you may read" in visitor.get(f"{base}answers/").text
    build.clock.advance(days=4)  # type: ignore[attr-defined]
    look_again(session)
    keep_dates(session, row.id, now=build.clock())
    session.commit()
    page = visitor.get(f"{base}answers/{answer.public_id}/").text
    for words in ("Count them.", "Only in part", "Example Messenger", "Question 5?", answer.content_hash):
        assert words in page
    assert writer.name not in page
    figures = visitor.get(f"{base}answers/figures").text
    assert "Mean: 4" in figures
    assert visitor.get(f"{base}answers/{answer.public_id}/receipts/1").status_code in {302, 303}
    assert (
        client_of(build.member(group)).get(f"{base}answers/{answer.public_id}/receipts/1").status_code == 404
    )


def test_two_colleagues_on_one_question_see_both_texts(
    build: Builder, group: Group, body: Organisation, writer: Account, client_of: ClientOf, session: Session
) -> None:
    """The second save is shown what the first wrote, keeps its own, and decides."""
    other = colleague(build, group, body)
    row = asking(build, group)
    path = f"/groups/{group.slug}/consultations/{row.public_id}/answer/1"
    ada, bo = client_of(writer), client_of(other)
    marks = marks_in(ada.get(path))
    submit(ada, path, {"a-q1": "Ada's words.", "a-q2": "", "step": "save"} | marks)
    clash = submit(bo, path, {"a-q1": "Bo's words.", "a-q2": "o1", "step": "save"} | marks)
    assert clash.status_code == 409
    assert "Ada&#39;s words." in clash.text
    assert "Bo&#39;s words." in clash.text
    assert writer.name in errors_in(clash) + clash.text
    draft = session.scalars(sa.select(AnswerDraft)).one()
    assert draft.values == {"q1": "Ada's words.", "q2": "o1"}
    decided = submit(bo, path, {"a-q1": "Both.", "a-q2": "o1", "step": "save"} | marks_in(clash))
    assert decided.status_code == 303
    look_again(session)
    assert session.scalars(sa.select(AnswerDraft)).one().values["q1"] == "Both."


def test_the_script_saves_and_is_told_the_new_versions(
    build: Builder, group: Group, writer: Account, client_of: ClientOf
) -> None:
    """JSON with the time, the versions of what is stored as typed, and what somebody else changed."""
    row = asking(build, group)
    path = f"/groups/{group.slug}/consultations/{row.public_id}/answer/1"
    client = client_of(writer)
    marks = marks_in(client.get(path))
    told = submit(client, path, {"a-q1": "One.", "a-q2": "", "step": "autosave"} | marks).json
    assert told["conflicts"] == []
    assert told["versions"]["q1"].startswith("1.")
    again = submit(client, path, {"a-q1": "Two.", "a-q2": "", "step": "autosave"} | marks).json
    assert again["conflicts"] == ["q1"]
    assert "q1" not in again["versions"]
    marks["v-q1"] = told["versions"]["q1"]
    wrong = submit(client, path, {"a-q1": "x" * 5000, "step": "autosave"} | marks)
    assert (wrong.status_code, list(wrong.json["errors"])) == (422, ["q1"])


def test_what_was_previewed_is_what_is_sent(
    build: Builder, group: Group, body: Organisation, writer: Account, client_of: ClientOf, session: Session
) -> None:
    """A colleague's later words wait in the draft, and the page says that they were not sent."""
    row = asking(build, group)
    path = f"/groups/{group.slug}/consultations/{row.public_id}/answer/"
    client, other = client_of(writer), client_of(colleague(build, group, body))
    submit(client, f"{path}1", {"a-q1": "Seen.", "a-q2": "o1"} | marks_in(client.get(f"{path}1")))
    fields = preview_fields(client, path)
    submit(other, f"{path}1", {"a-q1": "Unseen.", "a-q2": "o1"} | marks_in(other.get(f"{path}1")))
    assert submit(client, f"{path}preview", fields).status_code == 303
    assert session.scalars(sa.select(Answer)).one().values["q1"] == "Seen."
    assert "changes that were not sent" in client.get(path).text


def test_an_answer_sent_as_the_clock_strikes_is_in_time(
    build: Builder, group: Group, writer: Account, client_of: ClientOf, session: Session, clock: StoppedClock
) -> None:
    """It arrived with the last moment; the closing ran first; a moment later nothing is taken or lost."""
    row = asking(build, group, closes_at=clock())
    path = f"/groups/{group.slug}/consultations/{row.public_id}/answer/"
    client = client_of(writer)
    submit(client, f"{path}1", {"a-q1": "In time.", "a-q2": "o1"} | marks_in(client.get(f"{path}1")))
    fields = preview_fields(client, path)
    keep_dates(session, row.id, now=clock() + timedelta(seconds=1))
    session.commit()
    assert submit(client, f"{path}preview", fields).status_code == 303
    look_again(session)
    answer = session.scalars(sa.select(Answer)).one()
    assert (answer.status, answer.received_at) == (Status.PUBLISHED, clock())
    clock.advance(seconds=1)
    late = submit(
        client, f"{path}preview", {**fields, "submission": "another", "answers": '{"q1": "x", "q2": "o2"}'}
    )
    assert late.status_code == 422
    assert "has closed" in errors_in(late)
    look_again(session)
    assert session.scalars(sa.select(AnswerDraft)).one().values["q1"] == "In time."


@pytest.mark.parametrize(
    "sent", ["", "[]", "{", "null", '{"q1": ["x"], "q2": "o1"}', '{"q9": "x"}', "[" * 100_000]
)
def test_what_no_form_sends_is_refused_in_words(
    build: Builder, group: Group, writer: Account, client_of: ClientOf, session: Session, sent: str
) -> None:
    """Never an error page, and nothing is stored."""
    row = asking(build, group)
    path = f"/groups/{group.slug}/consultations/{row.public_id}/answer/preview"
    answer = submit(client_of(writer), path, {"answers": sent})
    assert answer.status_code == 422
    assert errors_in(answer)
    assert session.scalar(sa.select(Answer.id)) is None


def test_who_is_not_asked_finds_no_form(build: Builder, group: Group, client_of: ClientOf) -> None:
    """Neither outsiders nor observers; a consultation without questions has none for anybody."""
    row = asking(build, group)
    path = f"/groups/{group.slug}/consultations/{row.public_id}/answer/"
    for person in (build.account(), build.member(group, role=GroupRole.OBSERVER)):
        for address in (path, f"{path}1", f"{path}preview"):
            assert client_of(person).get(address).status_code == 403
        assert submit(client_of(person), f"{path}1", {"a-q1": "x"}).status_code == 403
    assert client_of(None).get(path).location.startswith("/accounts/sign-in")


def test_asking_to_come_late_and_the_chairs_decision(
    build: Builder, group: Group, writer: Account, client_of: ClientOf, session: Session, clock: StoppedClock
) -> None:
    """Asked with a sentence, admitted with a reason, sent, and shown as late with it."""
    chair = build.member(group, role=GroupRole.CHAIR)
    row = asking(build, group, closes_at=clock())
    clock.advance(days=1)
    keep_dates(session, row.id, now=clock())
    session.commit()
    base = f"/groups/{group.slug}/consultations/{row.public_id}/"
    client, office = client_of(writer), client_of(chair)
    assert submit(client, f"{base}answer/late", {"message": "Oops"}).status_code == 422
    asked = submit(client, f"{base}answer/late", {"message": "Our office was flooded last week."})
    assert asked.status_code == 303
    entry = session.scalars(sa.select(LateEntry)).one()
    page = office.get(f"{base}respondents/").text
    assert "flooded" in page
    decision = {
        "entry": entry.public_id,
        "step": "admit",
        "days": "2",
        "reason": "They told us before the closing.",
    }
    member = client_of(build.member(group))
    assert submit(member, f"{base}respondents/late", decision).status_code == 403
    secretariat = client_of(build.member(group, role=GroupRole.SECRETARIAT))
    assert submit(secretariat, f"{base}respondents/late", decision).status_code == 403
    assert submit(office, f"{base}respondents/late", decision | {"reason": "ok"}).status_code == 422
    assert submit(office, f"{base}respondents/late", decision).status_code == 303
    fields = {"answers": '{"q1": "Late words.", "q2": "o1"}', "shown_as": "name"}
    assert submit(client, f"{base}answer/preview", fields).status_code == 303
    answer = session.scalars(sa.select(Answer)).one()
    page = client_of(None).get(f"{base}answers/{answer.public_id}/").text
    assert "They told us before the closing." in page


def test_pages_cost_the_same_however_many_answers(
    build: Builder, group: Group, writer: Account, client_of: ClientOf
) -> None:
    """No statement a row."""
    from forum.domain.consultations import AnswersVisible
    from forum.extensions import db
    from tests.support import count_statements

    row = asking(build, group, answers_visible=AnswersVisible.AT_ONCE)
    base = f"/groups/{group.slug}/consultations/{row.public_id}/"
    client = client_of(writer)

    def costs() -> list[int]:
        found = []
        for path in (base, f"{base}answers/", f"{base}answers/figures", f"{base}answers/export.csv"):
            client.get(path)
            with count_statements(db.engine) as seen:
                assert client.get(path).status_code == 200
            found.append(len(seen))
        return found

    send(build, writer, group, row)
    before = costs()
    for _ in range(4):
        send(build, build.member(group), group, row)
    assert costs() == before
    assert max(before) <= 20


def test_exports_neutralise_formulas_and_hold_what_is_readable(
    build: Builder, group: Group, client_of: ClientOf, writer: Account
) -> None:
    """A text that begins like a formula is text; a visitor's file has no received answer."""
    from forum.domain.consultations import AnswersVisible

    row = asking(build, group, answers_visible=AnswersVisible.AT_ONCE)
    send(build, writer, group, row, {"q1": '=HYPERLINK("x")', "q2": "o1", "q5": {"r1": "o2"}})
    base = f"/groups/{group.slug}/consultations/{row.public_id}/answers/export"
    visitor = client_of(None)
    text = visitor.get(f"{base}.csv").get_data(as_text=True)
    assert "'=HYPERLINK" in text
    assert "q5 Question 5? [Cost]" in text
    record = json.loads(visitor.get(f"{base}.jsonl").text)
    assert record["answers"]["q1"].startswith("=")
    assert record["organisation"] == "Example Messenger"
    assert visitor.get(f"{base}.xlsx").data[:2] == b"PK"
    assert visitor.get(f"{base}.exe").status_code == 404
    waiting = asking(build, group)
    send(build, writer, group, waiting)
    path = f"/groups/{group.slug}/consultations/{waiting.public_id}/answers/export.jsonl"
    assert visitor.get(path).text == ""
    assert re.search('"q1"', client_of(writer).get(path).text)


@pytest.mark.parametrize(
    ("header", "has_proxy", "believed"),
    [
        ("t=1772441990.250", True, True),
        ("t=1772441990", True, True),
        ("t=1772441990.250", False, False),
        ("t=1772442030", True, False),
        ("t=1772440000", True, False),
        ("yesterday", True, False),
        ("", True, False),
    ],
    ids=["ten seconds ago", "whole seconds", "no proxy", "yet to come", "too long ago", "no time", "none"],
)
def test_a_request_arrived_when_our_proxy_says_so(header: str, has_proxy: bool, believed: bool) -> None:
    """Only behind a proxy of ours, and only for a wait that can have been."""
    from datetime import UTC, datetime

    from forum.blueprints.support import arrival_of

    here = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    found = arrival_of({"HTTP_X_REQUEST_START": header}, here, has_proxy=has_proxy)
    assert (found != here) is believed
    assert found <= here
