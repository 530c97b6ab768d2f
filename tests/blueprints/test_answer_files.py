"""A question that a file answers, on its pages: upload without scripts, states, preview, receipt, search."""

import hashlib
import io
import secrets
from collections.abc import Mapping
from datetime import timedelta

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from forum.domain.accounts import Account
from forum.domain.answers import Answer, AnswerDraft
from forum.domain.attachments import Attachment
from forum.domain.consultations import AnswersVisible, Consultation
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.services.consultations import keep_dates
from tests.blueprints.papers_pages import ClientOf
from tests.blueprints.test_answering import marks_in, preview_fields
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.office.samples import bomb_bytes, pdf_bytes
from tests.services.answering import asking_for_a_file, colleague, upload
from tests.services.sending_files import storage_of
from tests.support import deliver, errors_in, look_again, submit

PDF = pdf_bytes("Complete reports by month.")
SHA = hashlib.sha256(PDF).hexdigest()


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def writer(build: Builder, group: Group) -> Account:
    return colleague(build, group, build.organisation("Example Messenger"))


@pytest.fixture
def row(build: Builder, group: Group) -> Consultation:
    return asking_for_a_file(build, group, closes_at=build.clock() + timedelta(days=3))


def base_of(group: Group, row: Consultation) -> str:
    return f"/groups/{group.slug}/consultations/{row.public_id}/"


def press_upload(
    client: FlaskClient, path: str, data: bytes, name: str, fields: Mapping[str, str] | None = None
) -> TestResponse:
    """Choose a file on a section's page and press its button, as a browser without scripts does."""
    page = client.get(path)
    button = BeautifulSoup(page.text, "html.parser").select_one("button[formenctype]")
    assert button is not None
    raw = secrets.token_hex(20)
    with client.session_transaction() as cookie:
        cookie["csrf_token"] = raw
    token = URLSafeTimedSerializer(client.application.secret_key, salt="wtf-csrf-token").dumps(raw)
    values = {"csrf_token": token, **marks_in(page), **(fields or {})}
    boundary, body = encode_multipart(values | {"file-q6": FileStorage(io.BytesIO(data), name)})
    kind = f'multipart/form-data; boundary="{boundary}"'
    return client.post(str(button["formaction"]), data=body, content_type=kind)


def test_from_the_button_to_the_receipt_and_found_by_page(
    app: Flask,
    clock: StoppedClock,
    build: Builder,
    group: Group,
    writer: Account,
    row: Consultation,
    client_of: ClientOf,
    session: Session,
) -> None:
    """A stranger gets 404 for the file until the answers are visible; then search finds its page."""
    base, client = base_of(group, row), client_of(writer)
    stranger, other = client_of(build.account()), client_of(build.member(group))
    secretariat = client_of(build.member(group, role=GroupRole.SECRETARIAT))
    path = f"{base}answer/2"
    sent = press_upload(client, path, PDF, "figures.pdf", {"a-q4": "4"})
    assert (sent.status_code, sent.location) == (303, f"{path}#field-q6")
    page = client.get(path).text
    assert "being checked" in page
    assert SHA in page
    draft = session.scalars(sa.select(AnswerDraft)).one()
    assert draft.values == {"q4": 4, "q6": {"name": "figures.pdf", "sha256": SHA}}
    assert client.get(f"{base}answer/files/q6").status_code == 404
    deliver(app, clock)
    assert client.get(f"{base}answer/files/q6").data.startswith(b"%PDF-")
    assert other.get(f"{base}answer/files/q6").status_code == 404
    marks = marks_in(client.get(f"{base}answer/1"))
    submit(client, f"{base}answer/1", {"a-q1": "Count them.", "a-q2": "o1", "step": "next"} | marks)
    preview = client.get(f"{base}answer/preview").text
    assert "figures.pdf" in preview
    assert SHA in preview
    receipt = submit(client, f"{base}answer/preview", preview_fields(client, f"{base}answer/"))
    assert receipt.status_code == 303
    look_again(session)
    answer, file = session.scalars(sa.select(Answer)).one(), session.scalars(sa.select(Attachment)).one()
    address, here = f"/attachments/{file.public_id}", f"{base}answers/{answer.public_id}/"
    shown = client.get(receipt.location).text
    assert address in shown
    assert SHA in BeautifulSoup(shown, "html.parser").select_one("pre.canonical").text  # type: ignore[union-attr]
    for one in (address, f"{address}/pages/1"):
        assert [c.get(one).status_code for c in (stranger, client_of(None))] == [404, 404]
        assert [c.get(one).status_code for c in (client, secretariat)] == [200, 200]
    deliver(app, clock)
    assert address not in stranger.get("/search?q=month").text
    clock.advance(days=4)
    look_again(session)
    keep_dates(session, row.id, now=clock())
    session.commit()
    deliver(app, clock)
    visitor = client_of(None)
    assert address in visitor.get(here).text
    assert visitor.get(address).data.startswith(b"%PDF-")
    assert here in visitor.get(f"{address}/pages/1").text
    assert f"{address}/pages/1" in visitor.get("/search?q=month").text


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"MZ\x90", "figures.pdf", "not what its name says"),
        (PDF, "figures.exe", "Only PDF"),
        (b"", "figures.pdf", "empty"),
        (b"x" * (20 * 1024 * 1024 + 1), "figures.txt", "larger than 20 MB"),
    ],
    ids=["disguised", "kind", "empty", "size"],
)
def test_what_cannot_be_taken_is_told_at_the_question_and_nothing_typed_is_lost(
    app: Flask,
    group: Group,
    writer: Account,
    row: Consultation,
    client_of: ClientOf,
    session: Session,
    data: bytes,
    name: str,
    words: str,
) -> None:
    """The page comes back with the complaint; what was typed beside it is saved, no file is kept."""
    answer = press_upload(client_of(writer), f"{base_of(group, row)}answer/2", data, name, {"a-q4": "2"})
    assert answer.status_code == 422
    assert words in errors_in(answer)
    assert session.scalars(sa.select(AnswerDraft)).one().values == {"q4": 2}
    assert list(storage_of(app).list_keys()) == []


def test_only_the_route_of_a_file_takes_large_requests(
    group: Group, writer: Account, row: Consultation, client_of: ClientOf
) -> None:
    """The section's own address still refuses them."""
    client = client_of(writer)
    large = {"a-q4": "2", "file-q6": "x" * (3 * 1024 * 1024)}
    assert submit(client, f"{base_of(group, row)}answer/2", large).status_code == 413


def test_a_refused_file_says_why_and_stops_the_sending_until_it_is_taken_out(
    app: Flask,
    clock: StoppedClock,
    build: Builder,
    group: Group,
    writer: Account,
    row: Consultation,
    client_of: ClientOf,
    session: Session,
) -> None:
    """At the question and in the preview."""
    base, client = base_of(group, row), client_of(writer)
    path = f"{base}answer/2"
    marks = marks_in(client.get(f"{base}answer/1"))
    submit(client, f"{base}answer/1", {"a-q1": "Count them.", "a-q2": "o1", "step": "next"} | marks)
    press_upload(client, path, bomb_bytes(), "figures.docx")
    deliver(app, clock)
    assert "unpacks to far more than a document has" in client.get(path).text
    sent = submit(client, f"{base}answer/preview", preview_fields(client, f"{base}answer/"))
    assert sent.status_code == 422
    assert "was refused" in errors_in(sent)
    taken_out = submit(client, f"{path}/files/q6/remove", marks_in(client.get(path)))
    assert taken_out.status_code == 303
    assert "q6" not in session.scalars(sa.select(AnswerDraft)).one().values
    sent = submit(client, f"{base}answer/preview", preview_fields(client, f"{base}answer/"))
    assert sent.status_code == 303


def test_a_file_that_is_chosen_but_not_uploaded_is_not_silently_left_behind(
    group: Group, writer: Account, row: Consultation, client_of: ClientOf, session: Session
) -> None:
    """Save saves what was typed and says so; a browser sends the name alone with that button."""
    client, path = client_of(writer), f"{base_of(group, row)}answer/2"
    fields = marks_in(client.get(path)) | {"a-q4": "5", "file-q6": "figures.pdf", "step": "next"}
    answer = submit(client, path, fields)
    assert answer.status_code == 422
    assert "figures.pdf is chosen but not here yet" in errors_in(answer)
    assert session.scalars(sa.select(AnswerDraft)).one().values == {"q4": 5}


def test_another_question_takes_no_file(
    group: Group, writer: Account, row: Consultation, client_of: ClientOf
) -> None:
    """Nor does one on another page, nor a person who is not asked."""
    path = f"{base_of(group, row)}answer"
    client = client_of(writer)
    for wrong in (f"{path}/2/files/q4", f"{path}/1/files/q6", f"{path}/2/files/q9/remove"):
        assert submit(client, wrong, {}).status_code == 404
    assert client.get(f"{path}/files/q4").status_code == 404


def test_the_api_names_the_file_and_the_export_links_it(
    app: Flask,
    clock: StoppedClock,
    build: Builder,
    group: Group,
    writer: Account,
    client_of: ClientOf,
    session: Session,
) -> None:
    """Once it is checked, for who may read the answer."""
    row = asking_for_a_file(build, group, answers_visible=AnswersVisible.AT_ONCE)
    value = upload(app, build, writer, group, row, PDF)
    deliver(app, clock)
    client, base = client_of(writer), base_of(group, row)
    marks = marks_in(client.get(f"{base}answer/1"))
    submit(client, f"{base}answer/1", {"a-q1": "Count them.", "a-q2": "o1", "step": "next"} | marks)
    submit(client, f"{base}answer/preview", preview_fields(client, f"{base}answer/"))
    file = session.scalars(sa.select(Attachment)).one()
    visitor = client_of(None)
    (item,) = visitor.get(f"/api/v1/consultations/{row.public_id}/answers").json["items"]
    (named,) = [one["file"] for one in item["answers"] if one["question"] == "q6"]
    assert named["sha256"] == value["sha256"]
    assert named["url"].endswith(f"/attachments/{file.public_id}")
    assert f"figures.pdf {named['url']}" in visitor.get(f"{base}answers/export.csv").text
