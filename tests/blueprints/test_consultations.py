"""The pages of consultations."""

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.consultations import AnswersVisible, Consultation, ConsultationState
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.extensions import db
from forum.services.paper_choices import PaperChoices
from tests.blueprints.papers_pages import ClientOf
from tests.builders import Builder
from tests.services.consulting import consultation
from tests.services.paper_writing import PaperWriter
from tests.support import count_statements, errors_in, look_again, submit

FIELDS = {
    "title": "What should be measured?",
    "body": "Say **what**.",
    "what_happens": "A summary in May.",
    "answers_visible": "after_closing",
    "opens_at": "2026-03-02T09:00",
    "closes_at": "2026-03-20T18:00",
    "time_zone": "Europe/Athens",
    "label": "CLEAR",
}


@pytest.fixture
def papers(session: Session, build: Builder) -> PaperWriter:
    return PaperWriter(session, build)


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def chair(build: Builder, group: Group) -> Account:
    return build.member(group, role=GroupRole.CHAIR)


def only(session: Session) -> Consultation:
    look_again(session)
    return session.scalars(sa.select(Consultation)).one()


def test_journey_from_preparing_to_closing(
    build: Builder, papers: PaperWriter, group: Group, chair: Account, client_of: ClientOf, session: Session
) -> None:
    """Prepare, open, receive an answer that nobody reads yet, close, read it."""
    client, visitor = client_of(chair), client_of(None)
    base = f"/groups/{group.slug}/consultations"
    made = submit(client, f"{base}/new", FIELDS)
    row = only(session)
    path = f"{base}/{row.public_id}/"
    assert made.location == path
    assert row.closes_at is not None
    assert row.closes_at.isoformat() == "2026-03-20T16:00:00+00:00"
    assert "18:00" in client.get(f"{path}edit").text
    assert visitor.get(path).status_code == 404
    assert submit(client, f"{path}step", {"step": "open"}).status_code == 303
    page = visitor.get(path).text
    for words in (
        group.title,
        "Say <strong>what</strong>",
        "A summary in May.",
        "20 Mar 2026",
        "Europe/Athens",
    ):
        assert words in page
    look_again(session)
    author = build.member(group)
    link = f"/groups/{group.slug}/papers/new?consultation={row.public_id}"
    assert link in client_of(author).get(path).text
    assert link not in page
    papers.publish(author, group, title="Our answer", choices=PaperChoices(consultation=row.public_id))
    assert "Our answer" not in visitor.get(path).text
    assert "Our answer" in client_of(author).get(path).text
    assert submit(client, f"{path}step", {"step": "close"}).status_code == 303
    page = visitor.get(path).text
    assert "Our answer" in page
    assert "Closed" in page
    assert link not in client_of(author).get(path).text


def test_lists_show_what_each_reader_may_read(
    build: Builder, group: Group, chair: Account, client_of: ClientOf
) -> None:
    """Open, coming and closed ones; a closed group's only to its members."""
    secret = build.group(Ceiling.MEMBERS)
    member = build.member(secret)
    consultation(build, secret, title="Secret question")
    consultation(build, group, title="Open question")
    consultation(build, group, title="Coming question", state=ConsultationState.DRAFT)
    consultation(
        build, group, title="Closed question", state=ConsultationState.CLOSED, closed_at=build.clock()
    )
    consultation(build, group, title="Prepared question", state=ConsultationState.DRAFT, status=Status.DRAFT)
    consultation(build, group, title="Removed question", status=Status.HIDDEN)
    page = client_of(None).get("/consultations/").text
    places = [page.index(word) for word in ("Open question", "Coming question", "Closed question")]
    assert places == sorted(places)
    for word in ("Secret", "Prepared", "Removed"):
        assert f"{word} question" not in page
    assert "Secret question" in client_of(member).get("/consultations/").text
    assert "Prepared question" in client_of(chair).get(f"/groups/{group.slug}/consultations/").text
    assert client_of(None).get(f"/groups/{secret.slug}/consultations/").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "Title"),
        ({"title": "x" * 301}, "Title"),
        ({"body": ""}, "What is asked"),
        ({"closes_at": "tomorrow"}, "Closes"),
        ({"closes_at": "2026-03-01T10:00"}, "Closes"),
        ({"time_zone": "Mars/Olympus"}, "Time zone"),
        ({"label": "PURPLE"}, "Readable by"),
        ({"answers_visible": "never"}, "When the answers are read"),
        ({"asked": "everybody"}, "Who is asked"),
        ({"asked": "named", "organisations": ""}, "Organisations asked by name"),
        ({"asked": "named", "organisations": "nobody-there"}, "Organisations asked by name"),
        ({"label": "RED", "asked": "public"}, "Who is asked"),
        ({"reminder_days": "soon"}, "Reminders"),
        ({"reminder_days": "90"}, "Reminders"),
        ({"documents": "/groups/x/papers/aaaaaaaaaaaaa/"}, "Documents"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_bad_input_says_what_is_wrong_and_keeps_what_was_typed(
    group: Group, chair: Account, client_of: ClientOf, session: Session, wrong: dict[str, str], field: str
) -> None:
    """The complaint names the field; nothing is stored."""
    answer = submit(client_of(chair), f"/groups/{group.slug}/consultations/new", FIELDS | wrong)
    assert answer.status_code == 422
    assert field in errors_in(answer)
    assert "A summary in May." in answer.text
    assert session.scalar(sa.select(sa.func.count()).select_from(Consultation)) == 0


def test_members_find_no_way_to_manage(
    build: Builder, group: Group, client_of: ClientOf, session: Session
) -> None:
    """No buttons, and the addresses behind them refuse."""
    row = consultation(build, group)
    client = client_of(build.member(group))
    path = f"/groups/{group.slug}/consultations/{row.public_id}/"
    assert "step" not in client.get(path).text
    for step in ("close", "open", "announce", "publish", "nonsense"):
        assert submit(client, f"{path}step", {"step": step}).status_code in {403, 422}
    for address in (f"/groups/{group.slug}/consultations/new", f"{path}edit"):
        assert client.get(address).status_code == 403
        assert submit(client, address, FIELDS).status_code == 403
    assert only(session).state is ConsultationState.OPEN


def test_another_groups_address_leads_nowhere(
    build: Builder, group: Group, chair: Account, client_of: ClientOf, session: Session
) -> None:
    """Group ids swapped: absent, even for a chair of both."""
    other = build.group(Ceiling.PUBLIC)
    build.member(other, chair, role=GroupRole.CHAIR)
    row = consultation(build, group)
    path = f"/groups/{other.slug}/consultations/{row.public_id}/"
    client = client_of(chair)
    assert client.get(path).status_code == 404
    assert client.get(f"{path}edit").status_code == 404
    assert submit(client, f"{path}edit", FIELDS).status_code == 404
    assert submit(client, f"{path}step", {"step": "close"}).status_code == 404
    assert only(session).state is ConsultationState.OPEN


def test_pages_are_read_in_a_constant_number_of_statements(
    build: Builder, papers: PaperWriter, group: Group, client_of: ClientOf
) -> None:
    """More consultations and more answers add none."""
    member = build.member(group)
    row = consultation(build, group, answers_visible=AnswersVisible.AT_ONCE)
    pages = (
        "/consultations/",
        f"/groups/{group.slug}/consultations/",
        f"/groups/{group.slug}/consultations/{row.public_id}/",
    )
    client = client_of(member)
    before = [_statements(client, path) for path in pages]
    for _ in range(5):
        consultation(build, group)
        papers.publish(member, group, choices=PaperChoices(consultation=row.public_id))
    assert [_statements(client, path) for path in pages] == before
    assert max(before) <= 10


def _statements(client: FlaskClient, path: str) -> int:
    client.get(path)
    with count_statements(db.engine) as seen:
        assert client.get(path).status_code == 200
    return len(seen)
