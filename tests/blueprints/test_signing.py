"""Signing joint positions through the pages, and that being asked opens nothing else of the group."""

import re

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group
from forum.domain.labels import Ceiling
from forum.domain.organisations import Organisation
from forum.domain.papers import Paper, PaperVersion
from forum.domain.signatures import Signatory, SignatoryAnswer, Signature
from forum.services.signatories import hash_of
from tests.blueprints.papers_pages import ClientOf
from tests.blueprints.test_drafts import FIELDS, fields, versions_of
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import deliver, errors_in, look_again, submit


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.MEMBERS, title="Closed canary group", short_title="Canary", is_listed=False)


@pytest.fixture
def coordinator(build: Builder, group: Group) -> Account:
    person = build.member(group)
    build.mandate(person, build.organisation("Example Coordinator", slug="coordinator"))
    return person


@pytest.fixture
def outside(build: Builder) -> Organisation:
    return build.organisation("Example Outside", slug="outside")


@pytest.fixture
def outsider(build: Builder, outside: Organisation) -> Account:
    person = build.account()
    build.mandate(person, outside)
    return person


def begin(
    group: Group, coordinator: Account, client_of: ClientOf, session: Session
) -> tuple[Paper, PaperVersion]:
    """Begin a joint position through its form."""
    data = FIELDS | {
        "purpose": "joint_position",
        "speaking_for": "coordinator",
        "label": "RED",
        "title": "What we say together",
    }
    begun = submit(client_of(coordinator), f"/groups/{group.slug}/papers/new", data)
    assert begun.status_code == 303, errors_in(begun)
    (draft,) = versions_of(session)
    return session.get_one(Paper, draft.paper_id), draft


def invite(paper: Paper, coordinator: Account, client_of: ClientOf, name: str = "Example Outside") -> None:
    answer = submit(client_of(coordinator), f"/signing/{paper.public_id}/bodies", {"body": name})
    assert answer.status_code == 303, errors_in(answer)


def test_journey_from_asking_to_the_published_signature(
    group: Group,
    coordinator: Account,
    outsider: Account,
    outside: Organisation,
    client_of: ClientOf,
    session: Session,
    app: Flask,
    clock: StoppedClock,
) -> None:
    """Ask a body, it wishes a change, gets it, agrees, and stands under the published version."""
    paper, draft = begin(group, coordinator, client_of, session)
    writer, signer = client_of(coordinator), client_of(outsider)
    path = f"/groups/{group.slug}/papers/drafts/{draft.public_id}"
    assert "No body has agreed" in writer.get(path).text
    invite(paper, coordinator, client_of)
    (mail,) = deliver(app, clock)
    assert f"/signing/{paper.public_id}/" in str(mail.get_body(("plain",)))
    assert "What we say together" in signer.get("/").text
    page = signer.get(f"/signing/{paper.public_id}/").text
    assert "What we <strong>say</strong>" in page
    wish = {"body": "outside", "answer": "if_changed", "text_hash": hash_of(draft)}
    assert "passage" in errors_in(submit(signer, f"/signing/{paper.public_id}/", wish))
    wish |= {"passage": "paragraph 2", "wording": "What all of us say."}
    assert submit(signer, f"/signing/{paper.public_id}/", wish).status_code == 303
    board = writer.get(f"/signing/{paper.public_id}/board").text
    assert "What all of us say." in board
    (draft,) = versions_of(session)
    joint = {"purpose": "joint_position", "speaking_for": "coordinator", "label": "RED"}
    changed = fields(draft, **joint, body="What all of us say.")
    assert submit(writer, path, changed).status_code == 303
    (draft,) = versions_of(session)
    unsigned = submit(writer, path, fields(draft, **joint, body="What all of us say.", step="publish"))
    assert unsigned.status_code == 422
    assert "No other body has agreed" in errors_in(unsigned)
    agree = {"body": "outside", "answer": "agree"}
    late = submit(signer, f"/signing/{paper.public_id}/", agree | {"text_hash": wish["text_hash"]})
    assert late.status_code == 409
    assert "changed while you were reading" in errors_in(late)
    assert "What all of us say." in late.text
    given = submit(signer, f"/signing/{paper.public_id}/", agree | {"text_hash": hash_of(draft)})
    assert given.status_code == 303
    assert "Example Outside" in writer.get(path).text
    sent = submit(writer, path, fields(draft, **joint, body="What all of us say.", step="publish"))
    assert sent.status_code == 303, errors_in(sent)
    shown = writer.get(str(sent.location)).text
    assert "Signed by" in shown
    assert 'href="/organisations/outside/"' in shown
    copy = signer.get(f"/signing/{paper.public_id}/").text
    assert "What you signed" in copy
    look_again(session)
    assert session.scalar(sa.select(sa.func.count()).select_from(Signature)) == 1


def test_a_reminder_is_shown_before_it_goes(
    group: Group,
    coordinator: Account,
    outsider: Account,
    outside: Organisation,
    client_of: ClientOf,
    session: Session,
    app: Flask,
    clock: StoppedClock,
) -> None:
    """The page holds subject and text of the very mail that then goes out."""
    paper, _draft = begin(group, coordinator, client_of, session)
    invite(paper, coordinator, client_of)
    before = {str(mail["Message-ID"]) for mail in deliver(app, clock)}
    writer = client_of(coordinator)
    shown = writer.get(f"/signing/{paper.public_id}/reminder").text
    assert outsider.name in shown
    assert submit(writer, f"/signing/{paper.public_id}/reminder").status_code == 303
    (mail,) = [one for one in deliver(app, clock) if str(one["Message-ID"]) not in before]
    text = mail.get_body(("plain",))
    assert text is not None
    assert str(mail["Subject"]) in shown
    sent = [line for line in str(text.get_content()).splitlines() if "/mail/stop/" not in line]
    page = BeautifulSoup(shown, "html.parser").select_one("pre.mail-preview")
    assert page is not None
    previewed = [line for line in page.text.splitlines() if "/mail/stop/" not in line]
    assert [line.rstrip() for line in previewed if line.strip()] == [
        line.rstrip() for line in sent if line.strip()
    ]
    assert submit(writer, f"/signing/{paper.public_id}/reminder").status_code == 303


CANARIES = ("Canary", "canary sentence", "Closed canary")
CLOSED = [
    "/groups/{group}/",
    "/groups/{group}/papers/",
    "/groups/{group}/papers/new",
    "/groups/{group}/papers/{other}/",
    "/groups/{group}/papers/{other}/versions/1",
    "/groups/{group}/papers/{paper}/versions/",
    "/groups/{group}/papers/{paper}/versions/1",
    "/groups/{group}/papers/{paper}/compare",
    "/groups/{group}/papers/{paper}/edit",
    "/groups/{group}/papers/drafts/{draft}",
    "/groups/{group}/threads/",
    "/groups/{group}/threads/{thread}/",
    "/groups/{group}/consultations/",
    "/groups/{group}/members/",
    "/groups/{group}/rules",
    "/signing/{paper}/board",
    "/signing/{paper}/reminder",
    "/papers/{other}",
    "/papers/{other}/v/1",
    "/papers/{paper}/v/1",
]


def test_being_asked_opens_the_draft_and_nothing_else(
    build: Builder,
    group: Group,
    coordinator: Account,
    outsider: Account,
    outside: Organisation,
    client_of: ClientOf,
    session: Session,
    app: Flask,
    clock: StoppedClock,
) -> None:
    """No page, list, count or search of the closed group shows a signatory more than it shows a stranger."""
    other = build.paper(group, coordinator, title="Canary paper", text="A canary sentence.")
    thread = build.thread(group, coordinator, title="Canary thread", text="A canary sentence.")
    data = FIELDS | {"purpose": "joint_position", "speaking_for": "coordinator", "label": "RED"}
    begun = submit(client_of(coordinator), f"/groups/{group.slug}/papers/new", data)
    draft = session.scalars(
        sa.select(PaperVersion).where(PaperVersion.public_id == str(begun.location).rpartition("/")[2])
    ).one()
    paper = session.get_one(Paper, draft.paper_id)
    stranger = build.account()
    pages = ["/groups/", "/search?q=canary", "/search?q=scope", "/organisations/outside/", "/consultations/"]
    stranger_sees = {path: _numbers(client_of(stranger).get(path).text) for path in pages}
    invite(paper, coordinator, client_of)
    deliver(app, clock)
    client = client_of(outsider)
    assert client.get(f"/signing/{paper.public_id}/").status_code == 200
    assert (
        client.get(f"/groups/{group.slug}/papers/{paper.public_id}/").location
        == f"/signing/{paper.public_id}/"
    )
    words = {
        "group": group.slug,
        "other": session.get_one(Paper, other.paper_id).public_id,
        "paper": paper.public_id,
        "draft": draft.public_id,
        "thread": thread.public_id,
    }
    for path in CLOSED:
        answer = client.get(path.format(**words))
        assert answer.status_code in {403, 404}, path
        assert not any(word in answer.text for word in CANARIES), path
    for path in pages:
        seen = client.get(path).text
        assert not any(word in seen for word in CANARIES), path
        assert _numbers(seen) == stranger_sees[path], path
    for path in ("/", "/notifications/", f"/signing/{paper.public_id}/", "/me/contributions"):
        assert not any(word in client.get(path).text for word in CANARIES), path
    for path in (
        f"/groups/{group.slug}/papers/{paper.public_id}/edit/autosave",
        f"/groups/{group.slug}/papers/drafts/{draft.public_id}/autosave",
        f"/groups/{group.slug}/papers/drafts/{draft.public_id}",
        f"/groups/{group.slug}/papers/drafts/{draft.public_id}/delete",
        f"/signing/{paper.public_id}/bodies",
    ):
        assert submit(client, path, fields(draft, based_on=1)).status_code in {403, 404}, path


def _numbers(page: str) -> list[str]:
    """The numbers that a page shows in its main part."""
    main = page[page.index("<main") : page.index("</main>")]
    return re.findall(r">\s*(\d+)\s*<", main)


@pytest.mark.parametrize("who", ["visitor", "stranger", "member", "ended"])
def test_nobody_else_finds_the_draft(
    build: Builder,
    group: Group,
    coordinator: Account,
    outsider: Account,
    outside: Organisation,
    client_of: ClientOf,
    session: Session,
    who: str,
) -> None:
    """Not even members of the group; and who is asked no longer is somebody else at once."""
    paper, _draft = begin(group, coordinator, client_of, session)
    invite(paper, coordinator, client_of)
    people = {"visitor": None, "stranger": build.account(), "member": build.member(group), "ended": outsider}
    client = client_of(people[who])
    if who == "ended":
        assert client.get(f"/signing/{paper.public_id}/").status_code == 200
        row = session.scalars(sa.select(Signatory)).one()
        ended = submit(
            client_of(coordinator), f"/signing/{paper.public_id}/bodies/end", {"signatory": row.public_id}
        )
        assert ended.status_code == 303
    expected = 302 if who == "visitor" else 404
    for page in ("", "board", "reminder"):
        assert client.get(f"/signing/{paper.public_id}/{page}").status_code == expected
    sent = submit(client, f"/signing/{paper.public_id}/", {"body": "outside", "answer": "agree"})
    assert sent.status_code == expected
    look_again(session)
    assert session.scalar(sa.select(sa.func.count()).select_from(SignatoryAnswer)) == 0


def test_search_knows_the_bodies_that_signed_and_no_others(
    build: Builder,
    coordinator: Account,
    client_of: ClientOf,
    session: Session,
    app: Flask,
    clock: StoppedClock,
) -> None:
    """`organisation:` finds the text for who signed it; not for who was asked, wished or declined."""
    group = build.group(Ceiling.PUBLIC)
    build.member(group, coordinator)
    bodies = {}
    for slug in ("agreeing", "declining", "silent"):
        person = build.account()
        build.mandate(person, build.organisation(f"Example {slug}", slug=slug))
        bodies[slug] = person
    data = FIELDS | {"purpose": "joint_position", "speaking_for": "coordinator"}
    begun = submit(client_of(coordinator), f"/groups/{group.slug}/papers/new", data)
    (draft,) = versions_of(session)
    paper = session.get_one(Paper, draft.paper_id)
    for slug in bodies:
        invite(paper, coordinator, client_of, slug)
    for slug, answer in (("agreeing", "agree"), ("declining", "decline")):
        sent = {"body": slug, "answer": answer, "text_hash": hash_of(draft)}
        assert submit(client_of(bodies[slug]), f"/signing/{paper.public_id}/", sent).status_code == 303
    joint = {"purpose": "joint_position", "speaking_for": "coordinator"}
    (draft,) = versions_of(session)
    assert (
        submit(
            client_of(coordinator), str(begun.location), fields(draft, **joint, step="publish")
        ).status_code
        == 303
    )
    deliver(app, clock)
    visitor = client_of(None)
    found = {
        slug: "On deadlines" in visitor.get(f"/search?q=scope+organisation:{slug}").text
        for slug in ("coordinator", *bodies)
    }
    assert found == {"coordinator": True, "agreeing": True, "declining": False, "silent": False}
