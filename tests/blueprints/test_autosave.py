"""Drafts saved while they are written."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling
from forum.domain.papers import PaperAuthor, PaperVersion
from forum.services import coauthors
from tests.blueprints.papers_pages import ClientOf
from tests.blueprints.test_drafts import FIELDS, fields, versions_of
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.paper_writing import PaperWriter
from tests.support import submit


@pytest.fixture
def papers(session: Session, build: Builder) -> PaperWriter:
    return PaperWriter(session, build)


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def author(build: Builder, group: Group) -> Account:
    return build.member(group, build.account(time_zone="Europe/Brussels"))


def test_a_paper_is_kept_from_its_first_words(
    group: Group, author: Account, client_of: ClientOf, session: Session, clock: StoppedClock
) -> None:
    """The first save begins the draft and gives the page its address, lock and key for the next."""
    clock.time = datetime(2026, 3, 2, 13, 3, tzinfo=UTC)
    client = client_of(author)
    page = client.get(f"/groups/{group.slug}/papers/new").text
    assert f'data-autosave="/groups/{group.slug}/papers/new/autosave"' in page
    told = submit(client, f"/groups/{group.slug}/papers/new/autosave", FIELDS | {"title": ""})
    assert (told.status_code, told.json["state"], told.json["words"]) == (200, "saved", "Saved 14:03")
    (draft,) = versions_of(session)
    assert (draft.title, draft.source.strip()) == ("Untitled", "# Scope\n\nWhat we **say**.")
    assert told.json["action"] == f"/groups/{group.slug}/papers/drafts/{draft.public_id}"
    again = FIELDS | {"lock_version": told.json["lock_version"], "body": "More words."}
    told = submit(client, told.json["autosave"], again | {"submission": told.json["submission"]})
    assert told.json["state"] == "saved"
    saved = submit(client, told.json["action"], fields(versions_of(session)[0], body="All words."))
    assert saved.status_code == 303
    assert versions_of(session)[0].source.strip() == "All words."


def test_the_next_version_is_kept_too(
    papers: PaperWriter, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """From the form of the paper."""
    first = papers.publish(author, group)
    paper = papers.session.get_one(PaperVersion, first.id)
    client = client_of(author)
    slug = f"/groups/{group.slug}/papers"
    edit = next(
        line
        for line in client.get(f"{slug}/").text.split('"')
        if line.startswith(f"{slug}/") and line[-1] == "/" and line != f"{slug}/"
    )
    told = submit(client, f"{edit}edit/autosave", fields(paper, based_on=1, body="The next words."))
    assert told.json["state"] == "saved"
    assert versions_of(session)[1].source.strip() == "The next words."


def test_what_a_colleague_saved_meanwhile_is_not_overwritten(
    build: Builder, papers: PaperWriter, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """The script is told; nothing is changed; the Save button then shows both texts."""
    draft = papers.start(author, group)
    other = build.member(group)
    coauthors.add_coauthor(session, draft.paper, other.public_id, now=build.clock())
    session.commit()
    path = f"/groups/{group.slug}/papers/drafts/{draft.version.public_id}"
    seen = fields(draft.version)
    assert submit(client_of(author), f"{path}/autosave", seen | {"body": "Mine."}).json["state"] == "saved"
    told = submit(client_of(other), f"{path}/autosave", seen | {"body": "Theirs."})
    assert (told.status_code, told.json["state"]) == (409, "conflict")
    assert "both texts" in told.json["words"]
    assert versions_of(session)[0].source.strip() == "Mine."
    assert submit(client_of(other), path, seen | {"body": "Theirs."}).status_code == 409


def test_what_cannot_be_saved_is_said_in_words(
    papers: PaperWriter, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """No text, or a label that the group does not have."""
    draft = papers.start(author, group)
    path = f"/groups/{group.slug}/papers/drafts/{draft.version.public_id}/autosave"
    for wrong in ({"body": ""}, {"label": "PURPLE"}, {"speaking_for": "nobody"}):
        told = submit(client_of(author), path, fields(draft.version) | wrong)
        assert (told.status_code, told.json["state"]) == (422, "invalid")
        assert told.json["words"].startswith("Not saved yet: ")
    assert versions_of(session)[0].source.strip() == "The first paragraph."


def _outsiders(build: Builder, group: Group) -> list[Account | None]:
    return [None, build.account(), build.member(group), build.member(group, role=GroupRole.MODERATOR)]


def test_nobody_else_saves_anything(
    build: Builder, papers: PaperWriter, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """Visitors are asked to sign in; for others there is no such draft; leavers are others at once."""
    draft = papers.start(author, group)
    path = f"/groups/{group.slug}/papers/drafts/{draft.version.public_id}/autosave"
    sent = fields(draft.version, body="Not theirs to write.")
    for person in _outsiders(build, group):
        expected = 302 if person is None else 404
        assert submit(client_of(person), path, sent).status_code == expected
    client = client_of(author)
    session.execute(sa.update(PaperAuthor).values(ended_at=build.clock()))
    session.commit()
    assert submit(client, path, sent).status_code == 404
    assert versions_of(session)[0].source.strip() == "The first paragraph."


def test_without_a_token_nothing_is_saved(
    papers: PaperWriter, group: Group, author: Account, client_of: ClientOf, session: Session
) -> None:
    """As every form."""
    draft = papers.start(author, group)
    client: FlaskClient = client_of(author)
    path = f"/groups/{group.slug}/papers/drafts/{draft.version.public_id}/autosave"
    assert client.post(path, data=fields(draft.version, body="Forged.")).status_code == 400
    assert versions_of(session)[0].source.strip() == "The first paragraph."
