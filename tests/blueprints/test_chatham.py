"""The walk under the Chatham House Rule: nothing that a reader, a program or a moderator opens tells who."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.cli import cli
from forum.domain.accounts import Account, PlatformRole
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling
from forum.domain.moderation import Action
from forum.domain.organisations import StakeholderType
from forum.domain.papers import Paper, PaperVersion
from forum.domain.threads import Post, Thread
from forum.richtext import render
from forum.services import drafts, posts, threads, versions
from forum.services.access_tokens import Scope, create_token
from forum.services.moderation import decide
from forum.services.paper_choices import PaperChoices
from forum.services.subjects import subject_of
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock
from tests.support import body_of, deliver

ClientOf = Callable[[Account | None], FlaskClient]


class Walk:
    """A sealed group in which somebody who is easy to recognise opened, replied, edited and was held."""

    def __init__(
        self,
        session: Session,
        build: Builder,
        clock: StoppedClock,
        attribution: Attribution = Attribution.CHATHAM_HOUSE,
    ) -> None:
        self.session, self.build = session, build
        self.group: Group = build.group(
            Ceiling.PUBLIC, attribution=attribution, languages=["en", "mt"], members_visible="numbers"
        )
        self.author = build.account("Zebulon Quibble", handle="zebulon-quibble")
        build.member(self.group, self.author)
        self.body = build.organisation("Quagmire Works", type=StakeholderType.COMPANY, country="MT")
        build.mandate(self.author, self.body)
        self.reader = build.member(self.group)
        self.moderator = build.member(self.group, role=GroupRole.MODERATOR)
        clock.advance(hours=4, minutes=37, seconds=11)
        actor = build.actor(self.author)
        opened = threads.open_thread(
            session, actor, self.group, title="What counts?", rendered=render("Words.", profile="post"),
            speaking_for=self.body.id, language="mt", sealing_secret=SEALING, now=clock(),
        )  # fmt: skip
        self.thread: Thread = opened.row
        session.flush()
        self.post = self._reply("An answer with a rare xylophone in it.")
        posts.edit_post(
            session, actor, subject_of(session, self.post), expected_version=self.post.lock_version,
            rendered=render("A better answer with a rare xylophone.", profile="post"),
            sealing_secret=SEALING, now=clock(),
        )  # fmt: skip
        session.commit()
        self.paper, self.version = self._paper()
        self.group.holding_rule = HoldingRule.EVERYTHING
        self.held = self._reply("A held answer.")
        session.commit()

    def _reply(self, text: str) -> Post:
        return posts.reply(
            self.session, self.build.actor(self.author), subject_of(self.session, self.thread),
            rendered=render(text, profile="post"), speaking_for=self.body.id,
            sealing_secret=SEALING, now=self.build.clock(),
        )  # fmt: skip

    def _paper(self) -> tuple[Paper, PaperVersion]:
        now = self.build.clock()
        text = drafts.DraftText(title="A position", rendered=render("A paragraph.", profile="paper"))
        choices = PaperChoices(speaking_for=self.body.slug)
        draft = drafts.start_paper(
            self.session, self.build.actor(self.author), self.group.slug, choices, text, now=now
        )
        self.session.commit()
        author = self.build.actor(self.author)  # who reads the draft now
        sent = versions.publish_draft(
            self.session, author, draft.version.public_id, now=now, sealing_secret=SEALING
        )
        self.session.commit()
        return sent.paper, sent.version

    def signs(self) -> list[str]:
        """What would say who it was, or when to the minute."""
        return [
            "Zebulon", "zebulon", "Quibble", self.author.public_id, "Quagmire", "quagmire",
            self.body.public_id, "Malta", ">MT<", '"MT"', '"mt"', 'lang="mt"', "13:37", "14:37", "37:11",
        ]  # fmt: skip

    def told_in(self, text: str) -> list[str]:
        return [sign for sign in self.signs() if sign in text]


@pytest.fixture
def walk(session: Session, build: Builder, clock: StoppedClock) -> Walk:
    return Walk(session, build, clock)


def test_no_page_tells(app: Flask, walk: Walk, client_of: ClientOf, clock: StoppedClock) -> None:
    """Discussion, post, history, source, paper, lists, search with its facets, feed and log."""
    deliver(app, clock)
    group, thread, post = walk.group.slug, walk.thread.public_id, walk.post.public_id
    paths = [
        f"/groups/{group}/",
        f"/groups/{group}/threads/",
        f"/groups/{group}/threads/{thread}/",
        f"/groups/{group}/papers/",
        f"/groups/{group}/papers/{walk.paper.public_id}/",
        f"/posts/{post}/history",
        f"/papers/{walk.paper.public_id}/v/1",
        "/search?q=xylophone",
        "/search?q=answer&sort=newest",
        "/",
        "/moderation/log",
        "/feeds/moderation.atom",
        "/moderation/transparency",
        "/notifications/",
    ]
    for reader in (walk.reader, walk.moderator):
        client = client_of(reader)
        for path in paths:
            answer = client.get(path, follow_redirects=True)
            assert answer.status_code == 200, path
            assert walk.told_in(answer.text) == [], path
    assert "xylophone" in client_of(walk.reader).get("/search?q=xylophone").text
    nobody = client_of(walk.reader).get("/search?q=xylophone&author=zebulon-quibble").text
    assert "A better answer" not in nobody


def test_moderation_decides_on_the_alias(walk: Walk, client_of: ClientOf) -> None:
    """Queue and case name the alias; there is no record of the author, and no time of day."""
    client = client_of(walk.moderator)
    for path in ("/moderation/", f"/moderation/cases/post/{walk.held.public_id}"):
        page = client.get(path).text
        assert walk.told_in(page) == [], path
        assert "Participant A" in page
    assert "there is no record of the author" in page


def test_no_program_is_told(app: Flask, walk: Walk, clock: StoppedClock, build: Builder) -> None:
    """Discussion, paper, versions, search, queue, and the record of the platform's keepers."""
    deliver(app, clock)
    moderator = build.actor(walk.moderator)
    decide(
        walk.session, moderator, kind=SubjectKind.POST, public_id=walk.held.public_id, action=Action.APPROVE,
        now=clock(),
    )  # fmt: skip
    keeper = build.account(platform_role=PlatformRole.ADMINISTRATOR)
    scopes = {walk.moderator.id: Scope.MODERATE, keeper.id: Scope.SECRETARIAT}
    calls = {
        walk.moderator: [
            f"/threads/{walk.thread.public_id}", f"/groups/{walk.group.slug}/threads",
            f"/papers/{walk.paper.public_id}", f"/papers/{walk.paper.public_id}/versions",
            f"/papers/{walk.paper.public_id}/versions/1", "/search?q=xylophone", "/moderation/queue",
            "/moderation/log", "/moderation/report",
        ],
        keeper: ["/audit"],
    }  # fmt: skip
    client = app.test_client()
    for account, paths in calls.items():
        _row, token = create_token(
            walk.session, account, name="Walk", scopes=[Scope.READ, scopes[account.id]], now=clock()
        )
        walk.session.commit()
        for path in paths:
            answer = client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 200, (path, answer.text)
            signs = [sign for sign in walk.told_in(answer.text) if path != "/audit" or ":" not in sign]
            assert signs == [], path


def test_no_mail_and_no_export_tells(app: Flask, walk: Walk, clock: StoppedClock, build: Builder) -> None:
    """Mail to others has no sender but the forum; the export names the alias."""
    post = walk.post
    posts.reply(
        walk.session, build.actor(walk.author), subject_of(walk.session, walk.thread), parent=post.public_id,
        rendered=render(f"A word to @{walk.reader.handle}.", profile="post"), sealing_secret=SEALING,
        now=clock(),
    )  # fmt: skip
    walk.session.commit()
    for mail in deliver(app, clock):
        if walk.author.email not in str(mail["To"]):
            assert walk.told_in(body_of(mail) + str(mail["From"]) + str(mail["Subject"])) == []
    done = app.test_cli_runner().invoke(cli, ["export", "--group", walk.group.slug])
    assert "Participant A" in done.stdout
    assert [sign for sign in walk.told_in(done.stdout) if ":" not in sign] == []


def test_the_walk_would_notice(
    session: Session, build: Builder, clock: StoppedClock, client_of: ClientOf
) -> None:
    """The same page of a group that names its authors tells name, body, country, language and time."""
    walk = Walk(session, build, clock, Attribution.NAMED)
    page = client_of(walk.reader).get(f"/groups/{walk.group.slug}/threads/{walk.thread.public_id}/").text
    told = walk.told_in(page)
    assert {"Zebulon", "Quagmire", "Malta", 'lang="mt"', "13:37"} <= set(told)
