"""The pages on which questions are prepared."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.consultations import Consultation, ConsultationState
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.questionnaires import Question, Section
from tests.blueprints.papers_pages import ClientOf
from tests.builders import Builder
from tests.services.consulting import consultation
from tests.support import errors_in, look_again, submit


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.CHAIR)


@pytest.fixture
def row(build: Builder, group: Group) -> Consultation:
    return consultation(build, group, state=ConsultationState.DRAFT, status=Status.DRAFT)


def path_of(group: Group, row: Consultation) -> str:
    return f"/groups/{group.slug}/consultations/{row.public_id}/questions/"


def fields(section: Section, **more: Any) -> dict[str, Any]:
    base = {"section": section.public_id, "prompt": "Which?", "kind": "text", "low": "1", "high": "5"}
    return base | {"limit": "4000"} | more


def test_journey_from_section_to_order(
    group: Group, chair: Account, row: Consultation, client_of: ClientOf, session: Session
) -> None:
    """Two sections, a question of each kind, moved, changed, taken out."""
    client, path = client_of(chair), path_of(group, row)
    assert client.get(f"{path}new").location == path
    for title in ("What", "How"):
        assert submit(client, path, {"title": title, "intro": ""}).status_code == 303
    what, how = session.scalars(sa.select(Section).order_by(Section.position)).all()
    for more in (
        {"kind": "text", "is_required": "y"},
        {"kind": "one", "options": "Yes\nNo"},
        {"kind": "several", "options": "Yes\nNo"},
        {"kind": "scale", "high_words": "always"},
        {"kind": "matrix", "options": "Yes\nNo", "rows": "Cost"},
    ):
        answer = submit(client, f"{path}new", fields(what, **more))
        assert answer.status_code == 303, errors_in(answer)
    page = client.get(path).text
    assert "A table: one choice a row" in page
    submit(client, f"{path}step", {"step": "question:up:q2"})
    submit(client, f"{path}step", {"step": "question:remove:q5"})
    submit(client, f"{path}step", {"step": f"section:up:{how.public_id}"})
    submit(client, f"{path}q3", fields(how, kind="several", options="Yes\nNo\nNobody knows"))
    submit(client, f"{path}sections/{how.public_id}", {"title": "How often", "intro": "Say."})
    look_again(session)
    found = session.execute(sa.select(Question.key, Question.section_id).order_by(Question.position)).all()
    assert found == [("q2", what.id), ("q1", what.id), ("q3", how.id), ("q4", what.id)]
    assert [part.title for part in session.scalars(sa.select(Section).order_by(Section.position))] == [
        "How often",
        "What",
    ]
    assert "Nobody knows" in client.get(f"{path}q3").text
    assert submit(client, f"{path}step", {"step": f"section:remove:{what.public_id}"}).status_code == 422


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"prompt": ""}, "Question"),
        ({"kind": "one", "options": "Only one"}, "Choices"),
        ({"kind": "matrix", "options": "Yes\nNo", "rows": ""}, "Rows"),
        ({"kind": "scale", "low": "5", "high": "1"}, "scale ends"),
        ({"kind": "text", "limit": "99999999"}, "Longest"),
        ({"kind": "essay"}, "How it is answered"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_question_says_what_is_wrong(
    group: Group,
    chair: Account,
    row: Consultation,
    client_of: ClientOf,
    session: Session,
    more: Any,
    words: str,
) -> None:
    """At its field; nothing is stored."""
    client, path = client_of(chair), path_of(group, row)
    submit(client, path, {"title": "What", "intro": ""})
    section = session.scalars(sa.select(Section)).one()
    answer = submit(client, f"{path}new", fields(section, **more))
    assert answer.status_code == 422
    assert words in errors_in(answer)
    look_again(session)
    assert session.scalar(sa.select(Question.id)) is None


def test_questions_are_fixed_once_it_is_open(
    build: Builder, group: Group, chair: Account, client_of: ClientOf
) -> None:
    """The page still shows them; no address changes them."""
    row = consultation(build, group)
    client, path = client_of(chair), path_of(group, row)
    assert "fixed" in client.get(path).text
    assert submit(client, path, {"title": "Late", "intro": ""}).status_code == 403
    assert client.get(f"{path}new").status_code == 403
    assert submit(client, f"{path}step", {"step": "question:up:q1"}).status_code == 403


def test_others_prepare_nothing(build: Builder, group: Group, row: Consultation, client_of: ClientOf) -> None:
    """A member does not know of it, and of an announced one may change nothing."""
    client = client_of(build.member(group))
    assert client.get(path_of(group, row)).status_code == 404
    assert client.get(path_of(group, consultation(build, group))).status_code == 403
