"""Commenting on passages of a paper, and where comments are shown."""

import pytest
import sqlalchemy as sa
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.comments import Placement, Suggestion
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling, Tlp
from forum.domain.papers import Paper, Purpose
from forum.domain.threads import Thread
from forum.extensions import db
from forum.services.versions import withdraw_version
from tests.blueprints.papers_pages import ClientOf
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.commenting import SECOND, Commenting, commenting
from tests.support import count_statements, deliver, errors_in, look_again, submit

QUOTE = {"exact": "how many reports", "prefix": "each year ", "suffix": " it received."}
TYPED = {
    "title": "Which reports?",
    "body": "Say which reports are meant.",
    "shown_as": "name",
    "language": "en",
}
NIGHT = "A desk that is open at night"


@pytest.fixture
def world(session: Session, build: Builder) -> Commenting:
    group = build.group(Ceiling.PUBLIC)
    return commenting(session, build, group, build.member(group))


def path_of(world: Commenting) -> str:
    paper = world.session.get_one(Paper, world.first.paper_id)
    return f"/groups/{world.group.slug}/papers/{paper.public_id}/"


def fields_of(page: str) -> dict[str, str]:
    """Read what the composer would send."""
    form = BeautifulSoup(page, "html.parser").select_one("#composer")
    assert form is not None
    found = {str(one["name"]): str(one.get("value", "")) for one in form.select("input[name]")}
    found |= {str(one["name"]): one.get_text().strip("\r\n") for one in form.select("textarea[name]")}
    for one in form.select("select[name]"):
        found[str(one["name"])] = str(one.select("option")[0]["value"])
    return found


def send(client: FlaskClient, path: str, typed: dict[str, str], *, expected: int = 303) -> str:
    """Choose a passage as the script does, fill in the composer and send it; gives the last page."""
    chosen = submit(client, path, QUOTE | {"action": "choose"})
    assert chosen.status_code == 200
    fields = fields_of(chosen.text)
    del fields["csrf_token"]
    answer = submit(client, path, fields | typed | {"action": "send"})
    assert answer.status_code == expected, errors_in(answer)
    return answer.text


def test_a_selected_passage_is_commented_on(world: Commenting, session: Session, client_of: ClientOf) -> None:
    """The composer quotes it; what is stored are the selectors, and the page marks the words."""
    client = client_of(world.author)
    path = f"{path_of(world)}comments/new?version=1"
    send(client, path, TYPED)
    look_again(session)
    thread = session.scalars(sa.select(Thread).where(Thread.title == TYPED["title"])).one()
    assert (thread.anchor_exact, thread.anchor_paragraph) == ("how many reports", "p5")
    assert thread.anchor_prefix is not None
    assert thread.anchor_prefix.endswith("each year ")
    page = BeautifulSoup(client.get(path_of(world)).text, "html.parser")
    mark = page.select_one("#p5 mark")
    assert mark is not None
    assert mark.get_text() == "how many reports"
    link = page.select_one(f'.para-comments a[href="#{mark["id"]}"]')
    assert link is not None
    assert link.get_text() == "how many reports"


def test_words_copied_with_other_white_space_are_found(
    world: Commenting, session: Session, client_of: ClientOf
) -> None:
    """Over a paragraph's end, as browsers copy."""
    words = {"exact": "small services have. Figures Every service", "prefix": "", "suffix": "publishes"}
    answer = submit(
        client_of(world.author), f"{path_of(world)}comments/new?version=1", words | {"action": "choose"}
    )
    assert answer.status_code == 200
    assert "paragraph 3" in answer.text


@pytest.mark.parametrize(
    "exact", ["a selection across deleted text", "service"], ids=["no longer there", "there several times"]
)
def test_a_passage_that_does_not_match_keeps_what_was_typed(
    world: Commenting, session: Session, client_of: ClientOf, exact: str
) -> None:
    """422, the complaint at the words, and both the words and the text still on the page; right, it goes."""
    client = client_of(world.author)
    path = f"{path_of(world)}comments/new?version=1"
    answer = submit(client, path, TYPED | {"exact": exact, "action": "send"})
    assert answer.status_code == 422
    fields = fields_of(answer.text)
    assert (fields["exact"], fields["body"], fields["title"]) == (exact, TYPED["body"], TYPED["title"])
    assert session.scalar(sa.select(sa.func.count()).select_from(Thread)) == 0
    del fields["csrf_token"]
    again = submit(client, path, fields | {"exact": "how many reports", "action": "send"})
    assert again.status_code == 303, errors_in(again)


def test_a_version_withdrawn_meanwhile_keeps_what_was_typed(
    world: Commenting, session: Session, build: Builder, client_of: ClientOf
) -> None:
    """The composer moves to the version that stands; nothing is sent by itself."""
    second = world.next(SECOND)
    paper = session.get_one(Paper, second.paper_id)
    withdraw_version(
        session, build.actor(world.author), world.group.slug, paper.public_id, 1, now=build.clock()
    )
    session.commit()
    path = f"{path_of(world)}comments/new?version=1"
    answer = submit(client_of(world.author), path, TYPED | QUOTE | {"action": "send"})
    assert answer.status_code == 409
    assert fields_of(answer.text)["body"] == TYPED["body"]
    assert session.scalar(sa.select(sa.func.count()).select_from(Thread)) == 0


def test_each_version_shows_its_comments_in_their_places(
    world: Commenting, app: Flask, clock: StoppedClock, session: Session, client: FlaskClient
) -> None:
    """Kept and moved ones at their passage, orphans with the old words, the first version as it was."""
    kept = world.comment("how many reports it received")
    moved = world.comment("counted in working hours, and by nobody else")
    lost = world.comment(NIGHT)
    world.next(SECOND)
    deliver(app, clock)
    new = BeautifulSoup(client.get(path_of(world)).text, "html.parser")
    marked = {mark["id"]: mark.get_text() for mark in new.select("mark")}
    assert marked == {
        f"c-{kept.public_id}": "how many reports it received",
        f"c-{moved.public_id}": "counted in working days, and by nobody else",
    }
    listed = new.select_one("#lost + ul")
    assert listed is not None
    assert lost.public_id in str(listed)
    assert NIGHT in listed.get_text()
    old = BeautifulSoup(client.get(f"{path_of(world)}versions/1").text, "html.parser")
    assert len(old.select("mark")) == 3
    assert old.select_one("#lost") is None


def test_what_a_reader_may_not_read_is_not_marked(
    world: Commenting, build: Builder, client_of: ClientOf, session: Session
) -> None:
    """A comment on a narrower version leaves no mark on the wider one that its place is in."""
    narrow = world.papers.publish_next(world.author, world.first, SECOND, tlp=Tlp.RED)
    wide = world.papers.publish_next(world.author, narrow, SECOND, tlp=Tlp.CLEAR)
    thread = world.comment("We say first", on=narrow)
    world.place()
    assert world.words(thread, wide) == ("kept", "We say first")
    assert thread.public_id in client_of(world.author).get(path_of(world)).text
    outsider = client_of(build.account()).get(path_of(world)).text
    assert thread.public_id not in outsider
    assert "<mark" not in outsider


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        ("commenter", 303), ("owner", 303), ("moderator", 303), ("member", 403), ("outsider", 403),
    ],
)  # fmt: skip
def test_an_orphan_is_attached_again(
    world: Commenting, app: Flask, clock: StoppedClock, build: Builder, client_of: ClientOf, who: str,
    expected: int, session: Session,
) -> None:  # fmt: skip
    """By its author, the paper's owner, or a moderator of the group; by nobody else."""
    commenter = build.member(world.group)
    people = {
        "commenter": commenter,
        "owner": world.author,
        "moderator": build.member(world.group, role=GroupRole.MODERATOR),
        "member": build.member(world.group),
        "outsider": build.account(),
    }
    thread = world.comment(NIGHT, by=commenter)
    second = world.next(SECOND)
    deliver(app, clock)
    path = f"/groups/{world.group.slug}/threads/{thread.public_id}/place"
    client = client_of(people[who])
    assert (f'href="{path}"' in client.get(path_of(world)).text) == (expected == 303)
    assert client.get(path).status_code == (200 if expected == 303 else 403)
    answer = submit(client, path, {"exact": "We say first what we mean."})
    assert answer.status_code == expected
    look_again(session)
    state = session.get_one(Placement, (thread.id, second.id))
    assert state.is_by_hand == (expected == 303)
    if expected == 303:
        assert world.words(thread, second) == ("moved", "We say first what we mean.")


@pytest.mark.parametrize(
    "typed", [{"exact": "not there"}, {"paragraph": "99"}, {"paragraph": "two"}, {}], ids=str
)
def test_a_place_that_is_none_is_refused(
    world: Commenting, client_of: ClientOf, session: Session, typed: dict[str, str]
) -> None:
    """422, and what was typed is still there."""
    thread = world.comment(NIGHT)
    world.next(SECOND)
    world.place()
    path = f"/groups/{world.group.slug}/threads/{thread.public_id}/place"
    answer = submit(client_of(world.author), path, typed)
    assert answer.status_code == 422
    assert errors_in(answer)
    assert all(words in answer.text for words in typed.values())


def test_a_paper_takes_suggestions_where_it_is_a_draft_of_the_group(
    world: Commenting, client_of: ClientOf, session: Session
) -> None:
    """On a position there is no such button, and sending one is refused with the text kept."""
    session.get_one(Paper, world.first.paper_id).takes_suggestions = False
    session.commit()
    client = client_of(world.author)
    path = f"{path_of(world)}comments/new?version=1&suggest=1"
    assert "suggest=1" not in client.get(path_of(world)).text
    assert client.get(f"{path}&paragraph=p2").status_code == 403
    typed = TYPED | {"replacement": "all reports"}
    refused = submit(client, path, QUOTE | typed | {"action": "send"})
    assert refused.status_code == 403
    assert fields_of(refused.text)["body"] == TYPED["body"]
    session.get_one(Paper, world.first.paper_id).purpose = Purpose.GROUP_DRAFT
    session.commit()
    assert "suggest=1" in client.get(path_of(world)).text
    send(client, path, typed)
    look_again(session)
    suggestion = session.scalars(sa.select(Suggestion)).one()
    assert (suggestion.replacement, suggestion.words) == ("all reports", "all reports")


def test_a_suggestion_says_something_else(world: Commenting, client_of: ClientOf, session: Session) -> None:
    """The same words are none; the preview shows what would change."""
    client = client_of(world.author)
    path = f"{path_of(world)}comments/new?version=1&suggest=1"
    assert "That is what stands there now" in send(client, path, TYPED, expected=422)
    typed = QUOTE | TYPED | {"replacement": "how *few* reports", "action": "preview"}
    page = BeautifulSoup(submit(client, path, typed).text, "html.parser")
    assert [one.get_text() for one in page.select(".redline del, .redline ins")] == [
        "[deleted: many end of deleted] ", "[inserted: few end of inserted] ",
    ]  # fmt: skip


def test_two_hundred_comments_cost_no_more_statements(
    world: Commenting, app: Flask, client_of: ClientOf
) -> None:
    """The page asks the database as often for many comments as for one."""
    client = client_of(world.author)
    counts = []
    for _ in range(2):
        world.comment("how many reports")
        client.get(path_of(world))
        with app.app_context(), count_statements(db.engine) as statements:
            client.get(path_of(world))
        counts.append(len(statements))
    assert counts[0] == counts[1]
