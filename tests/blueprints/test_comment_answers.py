"""Answers to comments: who gives them, who reads them, the table and its files, accepting wording."""

import io

import docx
import openpyxl
import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution
from forum.domain.comments import CommentAnswer
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling, Tlp
from forum.domain.notices import Notice, NoticeKind
from forum.domain.papers import Paper, PaperVersion, Purpose
from forum.domain.threads import Thread
from tests.blueprints.papers_pages import ClientOf
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.commenting import SECOND, Commenting, commenting
from tests.support import deliver, errors_in, look_again, submit

REASON = "The group agreed on this at its last meeting."


@pytest.fixture
def world(session: Session, build: Builder) -> Commenting:
    group = build.group(Ceiling.PUBLIC)
    return commenting(session, build, group, build.member(group))


def path_of(world: Commenting) -> str:
    paper = world.session.get_one(Paper, world.first.paper_id)
    return f"/groups/{world.group.slug}/papers/{paper.public_id}/"


def thread_path(world: Commenting, thread: Thread) -> str:
    return f"/groups/{world.group.slug}/threads/{thread.public_id}/"


def answer(client: FlaskClient, world: Commenting, thread: Thread, **typed: str) -> int:
    fields = {"disposition": "partly", "reason": REASON} | typed
    return submit(client, f"{thread_path(world, thread)}answer", fields).status_code


@pytest.mark.parametrize(
    ("who", "purpose", "expected"),
    [
        ("author", Purpose.POSITION, 303),
        ("rapporteur", Purpose.GROUP_DRAFT, 303),
        ("rapporteur", Purpose.POSITION, 403),
        ("member", Purpose.GROUP_DRAFT, 403),
        ("moderator", Purpose.POSITION, 403),
        ("commenter", Purpose.POSITION, 403),
        ("outsider", Purpose.POSITION, 403),
    ],
)
def test_the_paper_s_authors_and_the_rapporteur_answer(
    world: Commenting, session: Session, build: Builder, client_of: ClientOf, who: str, purpose: Purpose,
    expected: int,
) -> None:  # fmt: skip
    """On a position its authors, on a draft of the group its rapporteur; the link is shown to nobody else."""
    commenter = build.member(world.group)
    people: dict[str, Account] = {
        "author": world.author,
        "rapporteur": build.member(world.group, role=GroupRole.RAPPORTEUR),
        "member": build.member(world.group),
        "moderator": build.member(world.group, role=GroupRole.MODERATOR),
        "commenter": commenter,
        "outsider": build.account(),
    }
    session.get_one(Paper, world.first.paper_id).purpose = purpose
    session.commit()
    thread = world.comment("how many reports", by=commenter)
    client = client_of(people[who])
    shown = f'href="{thread_path(world, thread)}answer"' in client.get(thread_path(world, thread)).text
    assert shown == (expected == 303)
    assert client.get(f"{path_of(world)}suggestions").status_code == (200 if expected == 303 else 403)
    assert answer(client, world, thread) == expected
    look_again(session)
    assert session.scalar(sa.select(sa.func.count()).select_from(CommentAnswer)) == (expected == 303)


@pytest.mark.parametrize(
    "typed", [{"reason": "No."}, {"reason": ""}, {"disposition": "maybe"}], ids=["short", "empty", "unknown"]
)
def test_an_answer_needs_a_reason(
    world: Commenting, client_of: ClientOf, session: Session, typed: dict[str, str]
) -> None:
    """A sentence, and one of the four answers; what was typed stays."""
    thread = world.comment("how many reports")
    assert answer(client_of(world.author), world, thread, **typed) == 422
    assert session.scalar(sa.select(sa.func.count()).select_from(CommentAnswer)) == 0


def test_the_answer_stands_at_the_comment_and_its_author_is_told(
    world: Commenting, app: Flask, clock: StoppedClock, build: Builder, client_of: ClientOf, session: Session
) -> None:
    """In the discussion and beside the text; each change of it is told once, and the one before is kept."""
    commenter = build.member(world.group)
    thread = world.comment("how many reports", by=commenter)
    client = client_of(world.author)
    assert answer(client, world, thread) == 303
    for path in (thread_path(world, thread), f"{path_of(world)}answers"):
        assert REASON in client_of(None).get(path).text
    assert "accepted in part" in client_of(None).get(path_of(world)).text
    deliver(app, clock)
    assert answer(client, world, thread, disposition="rejected") == 303
    mails = deliver(app, clock)
    look_again(session)
    notices = session.scalars(sa.select(Notice).where(Notice.kind == NoticeKind.COMMENT_ANSWERED)).all()
    assert [one.account_id for one in notices] == [commenter.id] * 2
    assert [mail["To"] for mail in mails] == [mails[0]["To"]] * 2
    assert "Your comment was answered" in str(mails[0]["Subject"])
    answers = session.scalars(sa.select(CommentAnswer).order_by(CommentAnswer.id)).all()
    assert [one.replaced_at is None for one in answers] == [False, True]
    assert thread_path(world, thread) in client_of(commenter).get("/notifications/").text


def test_under_the_chatham_house_rule_nothing_ties_anybody_to_it(
    session: Session, build: Builder, client_of: ClientOf, app: Flask, clock: StoppedClock
) -> None:
    """No notice to the commenter, no account at the answer."""
    group = build.group(Ceiling.PUBLIC, attribution=Attribution.CHATHAM_HOUSE)
    rapporteur = build.member(group, role=GroupRole.RAPPORTEUR)
    world = commenting(session, build, group, rapporteur)
    thread = world.comment("how many reports", by=build.member(group))
    assert answer(client_of(rapporteur), world, thread) == 303
    deliver(app, clock)
    look_again(session)
    assert session.scalars(sa.select(CommentAnswer)).one().answered_by_id is None
    assert session.scalars(sa.select(Notice)).all() == []


def test_the_table_filters_and_counts(world: Commenting, client_of: ClientOf) -> None:
    """What is open, what was answered and how; suggestions alone; in the order of the text."""
    late, early = world.comment("how many reports"), world.comment("counted in working hours")
    suggested = world.suggest("A desk that is open", "An open desk")
    client = client_of(world.author)
    assert answer(client, world, late, disposition="noted") == 303

    def rows(query: str) -> list[str]:
        page = BeautifulSoup(client.get(f"{path_of(world)}answers{query}").text, "html.parser")
        return [str(link["href"]) for link in page.select(".answers tbody td:nth-child(2) p:first-child a")]

    paths = [thread_path(world, thread) for thread in (early, suggested, late)]
    assert rows("") == paths
    assert rows("?shown=open") == paths[:2]
    assert rows("?shown=answered") == rows("?shown=noted") == paths[2:]
    assert rows("?shown=rejected") == []
    assert rows("?kind=suggestion") == paths[1:2]
    page = BeautifulSoup(client.get(f"{path_of(world)}answers").text, "html.parser")
    words = [link.get_text() for link in page.select(".filter-links a")]
    assert words[:3] == ["All (3)", "Open (2)", "Answered (1)"]
    assert "An open" in page.select(".answers ins")[0].get_text()


def test_files_hold_what_their_reader_may_read(
    world: Commenting, build: Builder, client_of: ClientOf
) -> None:
    """XLSX and DOCX of the same table, neutralised; a comment on a narrower version is in neither."""
    world.comment("how many reports")
    narrow = world.papers.publish_next(world.author, world.first, SECOND, tlp=Tlp.RED)
    closed = world.comment("We say first", on=narrow)
    closed.title = "=closed title"
    world.session.commit()

    def texts(account: Account | None) -> tuple[str, str]:
        client = client_of(account)
        sheet = openpyxl.load_workbook(io.BytesIO(client.get(f"{path_of(world)}answers.xlsx").data)).active
        assert sheet is not None
        cells = [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell]
        document = docx.Document(io.BytesIO(client.get(f"{path_of(world)}answers.docx").data))
        return "\n".join(cells), "\n".join(cell.text for row in document.tables[0].rows for cell in row.cells)

    for text in texts(build.account()):
        assert "how many reports" in text
        assert "closed title" not in text
        assert "We say first" not in text
    cells, document = texts(world.author)
    assert "'=closed title" in cells
    assert "=closed title" in document


def test_several_suggestions_are_accepted_at_once(
    world: Commenting, client_of: ClientOf, session: Session
) -> None:
    """They land in the draft; once that is published, table and discussion lead to it."""
    one = world.suggest("working hours", "working days")
    two = world.suggest("how many reports it received", "what it received")
    client = client_of(world.author)
    typed = {"chosen": [one.public_id, two.public_id], "reason": REASON, "step": "accept"}
    done = submit(client, f"{path_of(world)}suggestions", typed)
    assert done.status_code == 303, errors_in(done)
    look_again(session)
    draft = session.scalars(sa.select(PaperVersion).where(PaperVersion.number.is_(None))).one()
    assert done.location.endswith(draft.public_id)
    assert "working days" in draft.source
    assert "publishes each year what it received" in draft.source
    outsider = client_of(None)
    assert draft.public_id not in outsider.get(thread_path(world, one)).text
    assert "worked into" not in outsider.get(thread_path(world, one)).text
    fields = {
        "title": "A position",
        "body": draft.source,
        "label": "CLEAR",
        "change_summary": "Two suggestions.",
    }
    fields |= {"lock_version": str(draft.lock_version), "step": "publish"}
    assert submit(client, done.location, fields).status_code == 303
    assert "worked into version 2" in outsider.get(thread_path(world, one)).text
    assert "in version 2" in outsider.get(f"{path_of(world)}answers").text


def test_what_stands_in_the_way_is_said_and_the_choice_kept(
    world: Commenting, client_of: ClientOf, session: Session
) -> None:
    """Overlapping ones name each other; the boxes stay ticked, the reason stays typed."""
    one, two = world.suggest("in working hours", "in days"), world.suggest("working", "office")
    typed = {"chosen": [one.public_id, two.public_id], "reason": REASON, "step": "accept"}
    refused = submit(client_of(world.author), f"{path_of(world)}suggestions", typed)
    assert refused.status_code == 422
    page = BeautifulSoup(refused.text, "html.parser")
    assert len(page.select("input[name=chosen][checked]")) == 2
    assert REASON in refused.text
    warnings = [box.get_text() for box in page.select(".is-warn")]
    assert [two.title in warnings[0], one.title in warnings[1]] == [True, True]


def test_suggestions_are_declined_with_a_reason(
    world: Commenting, client_of: ClientOf, session: Session
) -> None:
    """Several at once; without a choice nothing is done."""
    one = world.suggest("working hours", "working days")
    client = client_of(world.author)
    path = f"{path_of(world)}suggestions"
    assert submit(client, path, {"reason": REASON, "step": "decline"}).status_code == 422
    assert submit(client, path, {"reason": REASON, "step": "accept"}).status_code == 422
    typed = {"chosen": [one.public_id], "reason": REASON, "step": "decline"}
    assert submit(client, path, typed).status_code == 303
    look_again(session)
    assert session.scalars(sa.select(CommentAnswer)).one().disposition == "rejected"


@pytest.mark.parametrize(("who", "expected"), [("author", 303), ("member", 403), ("moderator", 403)])
def test_the_owner_switches_suggestions(
    world: Commenting, client_of: ClientOf, build: Builder, session: Session, who: str, expected: int
) -> None:
    """On and off; nobody else does."""
    people = {
        "author": world.author,
        "member": build.member(world.group),
        "moderator": build.member(world.group, role=GroupRole.MODERATOR),
    }
    path = f"{path_of(world)}suggestions/switch"
    assert submit(client_of(people[who]), path, {"takes": "0"}).status_code == expected
    look_again(session)
    assert session.get_one(Paper, world.first.paper_id).takes_suggestions == (expected != 303)


def test_the_comparison_shows_the_comments_that_caused_each_change(
    world: Commenting, app: Flask, clock: StoppedClock, client_of: ClientOf, build: Builder, session: Session
) -> None:
    """The suggestion that was worked in first; how many are kept, moved and without a place; and mine."""
    commenter = build.member(world.group)
    asked = world.comment("Reports are counted", by=commenter)
    suggested = world.suggest("working hours", "working days")
    gone = world.comment("A desk that is open at night")
    world.comment("how many reports")
    client, theirs = client_of(world.author), client_of(commenter)
    typed = {"chosen": [suggested.public_id], "reason": REASON, "step": "accept"}
    assert submit(client, f"{path_of(world)}suggestions", typed).status_code == 303
    look_again(session)
    draft = session.scalars(sa.select(PaperVersion).where(PaperVersion.number.is_(None))).one()
    assert "working days" not in client_of(None).get(f"{path_of(world)}compare").text
    body = draft.source.replace("A desk that is open at night costs more than small services have.\n\n", "")
    fields = {"title": "A position", "body": body, "label": "CLEAR", "change_summary": "As suggested."}
    fields |= {"lock_version": str(draft.lock_version), "step": "publish"}
    path = f"/groups/{world.group.slug}/papers/drafts/{draft.public_id}"
    assert submit(client, path, fields).status_code == 303
    deliver(app, clock)
    page = BeautifulSoup(client_of(None).get(f"{path_of(world)}compare").text, "html.parser")
    changed = page.select(".redline-changed .redline-comments li")
    assert [
        thread_path(world, one) in str(item) for one, item in zip((suggested, asked), changed, strict=True)
    ]
    assert "Suggested here, and worked in:" in changed[0].get_text()
    assert REASON in changed[0].get_text()
    assert "Answer: open" in changed[1].get_text()
    removed = page.select_one(".redline-removed .redline-comments")
    assert removed is not None
    assert thread_path(world, gone) in str(removed)
    assert "Comments: 2 kept, 1 moved or reworded, 1 without a place" in page.get_text()
    assert "touch" not in page.get_text()
    mine = theirs.get(f"{path_of(world)}compare?only=mine").text
    assert "1 change touches your comments" in theirs.get(f"{path_of(world)}compare").text
    assert mine.count("redline-note") == 1
