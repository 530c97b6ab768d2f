"""The pages of single posts."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling, Status
from forum.domain.threads import POSTS_PER_PAGE, Post, Thread, ThreadKind
from tests.blueprints import forms
from tests.blueprints.forms import fields_of, send, soup_of
from tests.builders import Builder
from tests.conftest import StoppedClock

ClientOf = Callable[[Account | None], FlaskClient]


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


@pytest.fixture
def author(build: Builder, group: Group) -> Account:
    return build.member(group, build.account("Ada Example"))


@pytest.fixture
def thread(build: Builder, group: Group, author: Account) -> Thread:
    return build.thread(group, author, title="Scope")


class TestPermalinks:
    def test_they_lead_to_the_right_page(
        self, build: Builder, group: Group, thread: Thread, client: FlaskClient
    ) -> None:
        """The page that the redirection leads to holds the anchor."""
        posts = [build.post(thread) for _ in range(2 * POSTS_PER_PAGE)]
        for post in (posts[0], posts[POSTS_PER_PAGE - 2], posts[POSTS_PER_PAGE - 1], posts[-1]):
            answer = client.get(f"/posts/{post.public_id}")
            assert answer.status_code == 302
            path, anchor = answer.location.split("#")
            assert soup_of(client.get(path)).find(id=anchor) is not None


class TestReplyPage:
    def test_quoting(self, build: Builder, thread: Thread, author: Account, client_of: ClientOf) -> None:
        """Quote-reply fills in the text with who said it."""
        post = build.post(thread, author, text="One line.\nAnother.")
        page = client_of(author).get(f"/posts/{post.public_id}/reply?quote=1")
        typed = fields_of(page, "composer")["body"]
        assert typed == "> Ada Example wrote\n>\n> One line.\n> Another.\n\n"

    def test_the_reply_hangs_below(
        self, session: Session, build: Builder, thread: Thread, author: Account, client_of: ClientOf
    ) -> None:
        """Whatever parent the form names, it is the post of the address."""
        post, other = build.post(thread, author), build.post(thread, author)
        answer = send(
            client_of(author), f"/posts/{post.public_id}/reply", body="Below.", parent=other.public_id
        )
        assert answer.status_code == 303
        session.expire_all()
        reply = session.scalars(sa.select(Post).where(Post.text == "Below.")).one()
        assert reply.parent_id == post.id

    @pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.PENDING])
    def test_what_is_not_published_cannot_be_answered(
        self, build: Builder, thread: Thread, author: Account, client_of: ClientOf, status: Status
    ) -> None:
        """The form says so and keeps the text."""
        post = build.post(thread, author, status=status)
        answer = send(client_of(author), f"/posts/{post.public_id}/reply", body="Kept text.")
        assert answer.status_code == 422
        assert "cannot be answered" in answer.text
        assert "Kept text." in answer.text

    def test_a_preview(self, build: Builder, thread: Thread, author: Account, client_of: ClientOf) -> None:
        """Nothing is sent."""
        post = build.post(thread, author)
        answer = send(client_of(author), f"/posts/{post.public_id}/reply", body="*Soft*", action="preview")
        assert "<em>Soft</em>" in answer.text


class TestEditing:
    def test_history_shows_what_changed(
        self,
        build: Builder,
        thread: Thread,
        author: Account,
        client_of: ClientOf,
        client: FlaskClient,
        clock: StoppedClock,
    ) -> None:
        """The page says that it was edited; its history shows the words that went and came."""
        post = build.post(thread, author, text="We want seven days.")
        clock.advance(days=1)
        answer = send(client_of(author), f"/posts/{post.public_id}/edit", body="We want nine days.")
        assert answer.status_code == 303
        page = client.get(client.get(answer.location).location).text
        assert "We want nine days." in page
        assert f"/posts/{post.public_id}/history" in page
        history = soup_of(client.get(f"/posts/{post.public_id}/history"))
        assert "seven" in history.find("del").get_text()
        assert "nine" in history.find("ins").get_text()

    def test_the_title_is_edited_with_the_opening_post(
        self, session: Session, build: Builder, thread: Thread, author: Account, client_of: ClientOf
    ) -> None:
        """Both fields come filled in."""
        opening = session.scalars(sa.select(Post).where(Post.thread_id == thread.id)).one()
        client = client_of(author)
        path = f"/posts/{opening.public_id}/edit"
        assert fields_of(client.get(path), "composer")["title"] == "Scope"
        send(client, path, title="Scope and time")
        session.expire_all()
        assert session.get_one(Thread, thread.id).title == "Scope and time"

    def test_a_lost_race_keeps_what_was_typed(
        self, build: Builder, thread: Thread, author: Account, client_of: ClientOf
    ) -> None:
        """409, the sentence, the text."""
        post = build.post(thread, author)
        client = client_of(author)
        path = f"/posts/{post.public_id}/edit"
        fields = fields_of(client.get(path), "composer")
        client.post(path, data=fields | {"body": "First.", "submission": "one"})
        answer = client.post(path, data=fields | {"body": "Second.", "submission": "two"})
        assert answer.status_code == 409
        assert "Second." in answer.text

    @pytest.mark.parametrize("version", ["", "x", "-1", "9" * 40])
    def test_a_version_that_is_none(
        self, build: Builder, thread: Thread, author: Account, client_of: ClientOf, version: str
    ) -> None:
        """A field that was tampered with is a conflict, not a crash."""
        post = build.post(thread, author)
        answer = send(client_of(author), f"/posts/{post.public_id}/edit", body="New.", version=version)
        assert answer.status_code == 409

    def test_held_again_is_said_before(
        self,
        session: Session,
        build: Builder,
        group: Group,
        thread: Thread,
        author: Account,
        client_of: ClientOf,
    ) -> None:
        """Where everything is held, the edit page says so, and the post is pending afterwards."""
        post = build.post(thread, author)
        group.holding_rule = HoldingRule.EVERYTHING
        session.commit()
        client = client_of(author)
        assert "It will be held" in client.get(f"/posts/{post.public_id}/edit").text
        answer = send(client, f"/posts/{post.public_id}/edit", body="Something else.")
        assert "It waits for a moderator" in client.get(client.get(answer.location).location).text

    def test_only_its_writer(
        self, build: Builder, group: Group, thread: Thread, author: Account, client_of: ClientOf
    ) -> None:
        """Everyone else gets 403, for the page and for the form."""
        post = build.post(thread, author)
        client = client_of(build.member(group, role=GroupRole.MODERATOR))
        path = f"/posts/{post.public_id}/edit"
        assert client.get(path).status_code == 403
        answer = forms.post(client, path, body="Not mine.", version=str(post.lock_version))
        assert answer.status_code == 403


class TestWithdrawing:
    def test_a_stub_stays(
        self, build: Builder, thread: Thread, author: Account, client_of: ClientOf, client: FlaskClient
    ) -> None:
        """After confirming, the text is on no page, and its history is the moderators' alone."""
        post = build.post(thread, author, text="Secret words")
        writer = client_of(author)
        answer = send(writer, f"/posts/{post.public_id}/withdraw")
        page = client.get(client.get(answer.location).location).text
        assert "Withdrawn by its author" in page
        assert "Secret words" not in page
        for someone in (client, writer):
            assert someone.get(f"/posts/{post.public_id}/history").status_code == 404

    def test_moderators_can_look_it_up(
        self, build: Builder, group: Group, thread: Thread, author: Account, client_of: ClientOf
    ) -> None:
        """The last published text is kept for them."""
        post = build.post(thread, author, text="Secret words")
        send(client_of(author), f"/posts/{post.public_id}/withdraw")
        moderator = client_of(build.member(group, role=GroupRole.MODERATOR))
        assert "Secret words" in moderator.get(f"/posts/{post.public_id}/history").text

    def test_a_withdrawn_opening_takes_its_title_along(
        self,
        session: Session,
        build: Builder,
        group: Group,
        thread: Thread,
        author: Account,
        client_of: ClientOf,
        client: FlaskClient,
    ) -> None:
        """List and page say that it was withdrawn, and nobody replies any more."""
        build.post(thread, text="A reply that stays")
        opening = session.scalars(sa.select(Post).where(Post.number == 1)).one()
        send(client_of(author), f"/posts/{opening.public_id}/withdraw")
        pages = client.get(f"/groups/{group.slug}/threads/").text
        pages += client_of(author).get(f"/groups/{group.slug}/threads/{thread.public_id}/").text
        assert "Withdrawn discussion" in pages
        assert "A reply that stays" in pages
        assert "Scope" not in pages
        assert 'id="composer"' not in pages

    def test_looking_withdraws_nothing(
        self, session: Session, build: Builder, thread: Thread, author: Account, client_of: ClientOf
    ) -> None:
        """GET asks; a POST without a token is refused."""
        post = build.post(thread, author)
        client = client_of(author)
        client.get(f"/posts/{post.public_id}/withdraw")
        session.expire_all()
        assert post.status is Status.PUBLISHED

    def test_what_nobody_saw_leaves_nothing(
        self, build: Builder, group: Group, thread: Thread, author: Account, client_of: ClientOf
    ) -> None:
        """The author is led back to the discussion."""
        post = build.post(thread, author, status=Status.PENDING)
        client = client_of(author)
        answer = send(client, f"/posts/{post.public_id}/withdraw")
        assert answer.location == f"/groups/{group.slug}/threads/{thread.public_id}/"
        assert "nothing stays" in client.get(answer.location).text


def test_marking_the_answer(build: Builder, group: Group, author: Account, client_of: ClientOf) -> None:
    """The chair marks a reply, and can take the mark away; a member cannot open the page."""
    thread = build.thread(group, author, kind=ThreadKind.QUESTION, initiative=1)
    reply = build.post(thread)
    chair = client_of(build.member(group, role=GroupRole.CHAIR))
    path = f"/posts/{reply.public_id}/answer"
    send(chair, path, mark="yes")
    assert "Question, answered" in chair.get(f"/groups/{group.slug}/threads/{thread.public_id}/").text
    send(chair, path, mark="no")
    assert "Question, answered" not in chair.get(f"/groups/{group.slug}/threads/{thread.public_id}/").text
    assert client_of(author).get(path).status_code == 403
