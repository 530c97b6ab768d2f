"""One contribution through the whole house: invited, written, held, approved, found by its group alone."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import unified_diff
from email.message import EmailMessage
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.cli import cli
from forum.domain.accounts import Account, PlatformRole
from forum.domain.groups import Group, GroupRole, HoldingRule
from forum.domain.labels import Ceiling
from forum.domain.organisations import Organisation
from forum.domain.papers import Paper, PaperVersion
from forum.domain.threads import Post, Thread
from tests.blueprints.factors import set_up_codes
from tests.blueprints.forms import send, soup_of
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.journeys.walking import known_addresses, telling, walk
from tests.support import body_of, deliver, look_again, submit

ClientOf = Callable[[Account | None], FlaskClient]

EMAIL, PASSWORD = "nina@quarry.example", "gravel tulip orbit canteen"
TITLE, PAPER_TITLE = "Quoinstone deadlines", "Our quoinstone position"
POST = "The quoinstone clause needs a longer deadline."
PAPER = "# Scope\n\nA quoinstone is laid once.\n\n# Request\n\nLay the quoinstone in spring."
REASON = "It answers the question that the group has asked."
NOTHING = {
    key: letter * 13 for key, letter in zip(("thread", "post", "paper", "version"), "abcd", strict=True)
}
QUESTIONS = [
    "quoinstone",
    '"quoinstone clause"',
    "deadlines",
    "author:Nina",
    "organisation:Quarry",
    "group:closed-works",
    "quoinston*",
    "deadline -harbour",
    "kind:paper",
    "",
]


@dataclass
class House:
    """The closed group with its people, and those who have no seat in it."""

    app: Flask
    session: Session
    clock: StoppedClock
    client_of: ClientOf
    group: Group
    body: Organisation
    administrator: Account
    secretariat: Account
    moderator: Account
    outsiders: dict[str, Account | None]
    names: dict[str, str] = field(default_factory=dict)
    person: str = ""
    browsers: dict[Account | None, FlaskClient] = field(default_factory=dict)
    callers: dict[Account | None, FlaskClient] = field(default_factory=dict)

    def deliver(self) -> list[EmailMessage]:
        """Let the worker work; gives the mail so far."""
        return deliver(self.app, self.clock)

    def run(self, *arguments: str) -> str:
        """Run a command of `forum`; gives what it printed."""
        done = self.app.test_cli_runner().invoke(cli, arguments)
        assert done.exit_code == 0, done.output
        return done.stdout

    def search(self, question: str, account: Account | None) -> dict[str, Any]:
        """Ask `forum search query` as somebody."""
        as_whom = ["--as", str(account.email)] if account else []
        return json.loads(self.run("search", "query", question, *as_whom, "--json"))  # type: ignore[no-any-return]

    def pages(self, account: Account | None) -> FlaskClient:
        """The browser of somebody."""
        if account not in self.browsers:
            self.session.rollback()
            self.browsers[account] = self.client_of(account)
        return self.browsers[account]

    def api(self, account: Account | None) -> FlaskClient:
        """A client of the API as somebody, whose token a command has made."""
        if account in self.callers:
            return self.callers[account]
        self.callers[account] = client = self.app.test_client()
        self.session.rollback()
        if account is not None:
            scopes = ("--scope", "read", "--scope", "moderate")
            token = self.run("account", "token", str(account.email), *scopes).strip()
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return client


@pytest.fixture
def house(app: Flask, session: Session, clock: StoppedClock, build: Builder, client_of: ClientOf) -> House:
    """A closed group that is listed, where a moderator reads newcomers first; and a public one beside it."""
    group = build.group(
        Ceiling.MEMBERS,
        slug="closed-works",
        title="Closed works",
        short_title="Closed works",
        is_listed=True,
        holding_rule=HoldingRule.NEWCOMER,
        rules=[{"key": "civil", "text": "Argue with the point."}],
    )
    body = build.organisation("Quarry Guild", slug="quarry-guild")
    harbour = build.group(Ceiling.PUBLIC, slug="harbour")
    neighbour = build.member(harbour, build.account("Hanna Harbour"), role=GroupRole.MODERATOR)
    build.thread(harbour, neighbour, title="Harbour deadlines", text="The deadline of the harbour.")
    build.seat(group, body)
    return House(
        app,
        session,
        clock,
        client_of,
        group,
        body,
        administrator=build.account("Adam Admin", platform_role=PlatformRole.ADMINISTRATOR),
        secretariat=build.member(group, build.account("Sara Secretary"), role=GroupRole.SECRETARIAT),
        moderator=build.member(group, build.account("Mona Moderator"), role=GroupRole.MODERATOR),
        outsiders={
            "a visitor": None,
            "a member and moderator of another group": neighbour,
            "the platform's secretariat": build.account(platform_role=PlatformRole.SECRETARIAT),
            "an administrator": build.account(platform_role=PlatformRole.ADMINISTRATOR),
        },
    )


def link_in(mails: list[EmailMessage], place: str) -> str:
    """The path of the invitation to a place, from its mail."""
    (mail,) = [mail for mail in mails if mail["Subject"] == f"You were invited to {place}"]
    assert EMAIL in str(mail["To"])
    found = re.search(r"http://localhost(/accounts/invitations/\S+)", body_of(mail))
    assert found is not None
    return found[1]


def letters_to_nina(mails: list[EmailMessage]) -> list[EmailMessage]:
    """The mail to the invited person about what she wrote.

    Of a closed group it says that there is something new, and leads to the page that says what.
    """
    return [mail for mail in mails if mail["Subject"] == "Something new in Closed works"]


def come_in(house: House) -> FlaskClient:
    """Be invited for a body by an administrator and for a seat by the group; accept both; sign in."""
    administrator = house.pages(house.administrator)
    invited = {"email": EMAIL, "name": "Nina Nova", "organisation": "Quarry Guild"}
    assert send(administrator, "/administration/people/invite", **invited).status_code == 303
    nina = house.app.test_client()
    join = {"name": "Nina Nova", "password": PASSWORD, "repeated": PASSWORD}
    assert send(nina, link_in(house.deliver(), house.app.config["SITE_NAME"]), **join).status_code == 303
    device, _codes = set_up_codes(nina, house.clock)
    assert nina.get("/groups/closed-works/threads/").status_code == 404, "a mandate opens no group"

    secretariat = house.pages(house.secretariat)
    path = "/groups/closed-works/members/"
    seat = re.search(r'<option value="(\w{13})">Quarry Guild', secretariat.get(path).text)
    assert seat is not None
    seated = {"invite-email": EMAIL, "invite-role": "member", "invite-seat": seat[1]}
    assert submit(secretariat, f"{path}invite", seated).status_code == 303
    assert send(nina, link_in(house.deliver(), "Closed works")).location == "/groups/closed-works/"

    nina = house.app.test_client()
    house.clock.advance(minutes=1)
    assert send(nina, "/accounts/sign-in", email=EMAIL, password=PASSWORD).status_code == 303
    assert send(nina, "/accounts/sign-in/second-factor", code=device.code()).status_code == 303
    assert "What needs you" in nina.get("/").text
    house.person = house.session.scalars(sa.select(Account.public_id).where(Account.email == EMAIL)).one()
    house.session.rollback()
    return nina


def write(house: House, nina: FlaskClient) -> tuple[str, str]:
    """Open a discussion and send a paper, both for the body; gives their addresses."""
    base = "/groups/closed-works"
    before = nina.get(f"{base}/threads/new").text
    assert "It will be held because it is your first contribution" in before
    opened = send(nina, f"{base}/threads/new", title=TITLE, body=POST, speaking_for="quarry-guild")
    assert opened.status_code == 303, opened.text
    paper = {"title": PAPER_TITLE, "body": PAPER, "speaking_for": "quarry-guild"}
    begun = send(nina, f"{base}/papers/new", **paper, step="save")
    assert begun.status_code == 303, begun.text
    sent = send(nina, str(begun.location), holding="body", **paper, step="publish")
    assert sent.status_code == 303, sent.text
    look_again(house.session)
    house.names.update(
        thread=house.session.scalars(sa.select(Thread.public_id).where(Thread.title == TITLE)).one(),
        post=house.session.scalars(sa.select(Post.public_id).where(Post.text.contains("quoinstone"))).one(),
        paper=house.session.scalars(sa.select(Paper.public_id)).one(),
        version=house.session.scalars(sa.select(PaperVersion.public_id)).one(),
    )
    house.session.rollback()
    return str(opened.location), str(sent.location)


def read_all(house: House) -> None:
    """Let those without a seat read all there is, so that nothing is new to them the next time."""
    for account in house.outsiders.values():
        walk(house.pages(account), ["/"])
        house.api(account).get("/api/v1/me")


def told(house: House) -> dict[tuple[str, str], tuple[int, str]]:
    """All that those without a seat are told: every page, link, search, call and command, by who and where.

    Ids of the contribution, which somebody may have heard of, are written as those that stand for nothing.
    """
    made_up = dict.fromkeys(NOTHING) | house.names
    names = {"group": house.group.slug, "body": house.body.slug, "person": house.person}
    names |= {key: value or NOTHING[key] for key, value in made_up.items()}

    def neutral(text: str) -> str:
        for key, nothing in NOTHING.items():
            text = text.replace(names[key], nothing)
        return text

    # These count on purpose, for whoever runs the system: the size of index and outbox, how the disk fills.
    counting = {"/metrics", "/administration/system/"}
    addresses = [path for path in known_addresses(house.app, names) if path not in counting]
    pages = [path for path in addresses if not path.startswith("/api/")]
    calls = [path for path in addresses if path.startswith("/api/")]
    pages += [f"/search?q={question}" for question in QUESTIONS]
    calls += [f"/api/v1/search?q={question}" for question in QUESTIONS]
    answers: dict[tuple[str, str], tuple[int, str]] = {}
    for who, account in house.outsiders.items():
        for seen in (walk(house.pages(account), ["/", *pages]), walk(house.api(account), calls)):
            for path, answer in seen.items():
                if path in counting:  # a page links to it
                    continue
                status, words = telling(answer)
                answers[who, neutral(path)] = status, neutral(words)
        for question in QUESTIONS:
            answers[who, f"forum search query {question}"] = 0, str(house.search(question, account))
    return answers


def assert_outside_nothing_changed(house: House, before: dict[tuple[str, str], tuple[int, str]]) -> None:
    """Everything that those without a seat are told is, to the letter, what it was before it was written."""
    now = told(house)
    assert now.keys() == before.keys()
    for place, (status, text) in now.items():
        was, text_before = before[place]
        differing = list(unified_diff(text_before.splitlines(), text.splitlines(), n=0, lineterm=""))
        assert (status, differing) == (was, []), place


def test_a_contribution_goes_through_the_whole_house(house: House) -> None:
    """From the invitation to the group's secretariat finding it, while nobody outside finds anything."""
    nina = come_in(house)
    read_all(house)
    before = told(house)
    discussion, paper = write(house, nina)

    # Its author sees that it waits, and nobody else is told.
    assert "Pending" in nina.get(discussion).text
    assert "Pending" in nina.get(paper).text
    assert len(letters_to_nina(house.deliver())) == 2
    assert house.pages(house.secretariat).get(discussion).status_code == 404
    assert_outside_nothing_changed(house, before)

    # A moderator finds both in the queue, and approves: once without, once with a reason.
    moderator = house.pages(house.moderator)
    queue = moderator.get("/moderation/").text
    for words in (TITLE, PAPER_TITLE, "Quarry Guild"):
        assert words in queue
    post_case = f"/moderation/cases/post/{house.names['post']}"
    version_case = f"/moderation/cases/version/{house.names['version']}"
    assert send(moderator, post_case, action="approve").status_code == 303
    assert send(moderator, version_case, action="approve", reason=REASON).status_code == 303
    assert "Nothing waits for you here" in moderator.get("/moderation/").text

    # Once it can no longer be taken back, the author is told by notice and letter, with the why.
    assert len(letters_to_nina(house.deliver())) == 2
    house.clock.advance(seconds=60)
    mails = house.deliver()
    letters = letters_to_nina(mails)
    assert len(letters) == 4
    for letter in letters:
        assert EMAIL in str(letter["To"])
        assert "You get this mail because" in body_of(letter)
        assert "/me/contributions" in body_of(letter) or "/notifications/" in body_of(letter)
        assert "quoinstone" not in (letter.as_string() + body_of(letter)).casefold()
    notices = nina.get("/notifications/").text
    assert notices.count("Your contribution was published.") == 2
    assert REASON in nina.get("/me/contributions").text
    assert "Pending" not in nina.get(discussion).text

    # The group's secretariat finds it by page, API and command; so does the log that it may read.
    secretary = house.pages(house.secretariat)
    found = soup_of(secretary.get("/search?q=quoinstone")).get_text()
    assert TITLE in found
    assert PAPER_TITLE in found
    assert "Quarry Guild" in secretary.get(discussion).text
    answer = house.api(house.secretariat).get("/api/v1/search?q=quoinstone").get_json()
    assert {item["title"] for item in answer["items"]} == {TITLE, PAPER_TITLE}
    assert {item["title"] for item in house.search("quoinstone", house.secretariat)["items"]} == {
        TITLE,
        PAPER_TITLE,
    }
    assert PAPER_TITLE in secretary.get("/organisations/quarry-guild/").text
    assert REASON in secretary.get("/moderation/log").text

    # Nobody outside does, by any route.
    assert {address for mail in mails for address in _addresses(mail)} == {EMAIL}
    assert_outside_nothing_changed(house, before)


def _addresses(mail: EmailMessage) -> list[str]:
    return [address.addr_spec for address in mail["To"].addresses]
