"""Consultations over the API."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.answers import Answer, AnswerReceipt, content_hash
from forum.domain.consultations import AnswersVisible, ConsultationState
from forum.domain.groups import Group
from forum.domain.labels import Ceiling
from forum.services.consultations import keep_dates
from tests.blueprints.api.conftest import Api
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.answering import asking, colleague, send
from tests.services.consulting import consultation

ANSWERS = [
    {"question": "q1", "text": "Count complete reports."},
    {"question": "q2", "option": "o1"},
    {"question": "q3", "options": ["o2", "o1"]},
    {"question": "q4", "number": 4},
    {"question": "q5", "rows": [{"row": "r1", "option": "o3"}]},
]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


def test_lists_and_one_with_its_questions(api: Api, build: Builder, group: Group) -> None:
    """Open before closed, by pages; the questions as answers name them; absent to who may not read."""
    closed = consultation(build, group, state=ConsultationState.CLOSED, closed_at=build.clock())
    row = asking(build, group, closes_at=build.clock() + timedelta(days=1))
    first = api.get(f"/groups/{group.slug}/consultations?limit=1", None).json
    assert [one["id"] for one in first["items"]] == [row.public_id]
    second = api.get(f"/groups/{group.slug}/consultations?cursor={first['next']}", None).json
    assert ([one["id"] for one in second["items"]], second["next"]) == ([closed.public_id], None)
    one = api.get(f"/consultations/{row.public_id}", None).json
    assert one["takes_answers"] is True
    assert [question["kind"] for question in one["questions"]] == [
        "text",
        "one",
        "several",
        "scale",
        "matrix",
    ]
    assert one["questions"][4]["rows"][0] == {"key": "r1", "words": "Cost"}
    secret = asking(build, build.group(Ceiling.MEMBERS))
    assert api.get(f"/consultations/{secret.public_id}", build.account()).status_code == 404
    assert api.get(f"/consultations/{secret.public_id}/answers", build.account()).status_code == 404


def test_an_answer_is_sent_for_a_body_and_read_back(
    api: Api, build: Builder, group: Group, session: Session
) -> None:
    """201 with the hash of what is kept; nobody else lists it before the closing; the same key sends one."""
    body = build.organisation()
    person = colleague(build, group, body)
    row = asking(build, group)
    path = f"/consultations/{row.public_id}/answers"
    sent = {"answers": ANSWERS, "organisation": body.slug, "shown_as": "organisation"}
    made = api.post(path, person, sent, headers={"Idempotency-Key": "k"})
    assert made.status_code == 201
    assert (made.json["status"], made.json["author"]["organisation"]) == ("received", body.name)
    assert made.json["answers"][2] == {"question": "q3", "options": ["o1", "o2"]}
    canonical = session.scalars(sa.select(AnswerReceipt.canonical)).one()
    assert made.json["hash"] == content_hash(canonical)
    assert api.post(path, person, sent, headers={"Idempotency-Key": "k"}).json == made.json
    assert api.get(path, build.member(group)).json["items"] == []
    assert api.get(path, person).json["items"] == [made.json]


def test_an_answer_in_time_is_in_though_the_closing_came_first(
    api: Api, build: Builder, group: Group, session: Session, clock: StoppedClock
) -> None:
    """201 as the clock strikes, 422 a second later."""
    row = asking(build, group, closes_at=clock())
    keep_dates(session, row.id, now=clock() + timedelta(seconds=2))
    session.commit()
    path = f"/consultations/{row.public_id}/answers"
    made = api.post(path, build.member(group), {"answers": ANSWERS})
    assert (made.status_code, made.json["status"], made.json["is_late"]) == (201, "published", False)
    clock.advance(seconds=1)
    late = api.post(path, build.member(group), {"answers": ANSWERS})
    assert (late.status_code, session.scalar(sa.select(sa.func.count()).select_from(Answer))) == (422, 1)


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ("all of it", "answers"),
        ([{"text": "no question"}], "answers.0.question"),
        ([{"question": "q9", "text": "x"}], "answers"),
        ([{"question": "q1", "option": "o1"}], "q1"),
        ([{"question": "q1", "text": "x"}, {"question": "q1", "text": "y"}], "answers"),
        ([{"question": "q1", "text": "x"}], "q2"),
        ([{"question": "q4", "number": 99}], "answers.0.number"),
    ],
    ids=str,
)
def test_a_wrong_answer_is_refused_at_its_place(
    api: Api, build: Builder, group: Group, session: Session, answers: object, field: str
) -> None:
    """422 that names it; nothing is stored."""
    row = asking(build, group)
    answer = api.post(f"/consultations/{row.public_id}/answers", build.member(group), {"answers": answers})
    assert answer.status_code == 422
    assert field in answer.json["errors"]
    assert session.scalar(sa.select(Answer.id)) is None


def test_answers_are_listed_by_pages(api: Api, build: Builder, group: Group) -> None:
    """In the order in which they came first; a cursor of another consultation leads nowhere."""
    row = asking(build, group, answers_visible=AnswersVisible.AT_ONCE)
    other = asking(build, group, answers_visible=AnswersVisible.AT_ONCE)
    ids = [send(build, build.member(group), group, row).answer.public_id for _ in range(3)]
    path = f"/consultations/{row.public_id}/answers"
    first = api.get(f"{path}?limit=2", None).json
    assert ([one["id"] for one in first["items"]], first["next"]) == (ids[:2], ids[1])
    assert [one["id"] for one in api.get(f"{path}?cursor={ids[1]}", None).json["items"]] == ids[2:]
    stray = send(build, build.member(group), group, other).answer.public_id
    assert api.get(f"{path}?cursor={stray}", None).status_code == 422
