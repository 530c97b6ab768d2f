"""The pages of discussions."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, SubmissionKey
from forum.domain.attribution import Attribution
from forum.domain.groups import Group, GroupRole, HoldingRule, WhoMayWrite
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.organisations import StakeholderType
from forum.domain.threads import POSTS_PER_PAGE, Post, ReadMarker, Thread, ThreadKind
from forum.extensions import db
from forum.services.questions import GROUP_SLUG, list_questions
from tests.blueprints.forms import fields_of, post, send, soup_of
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import count_statements

ClientOf = Callable[[Account | None], FlaskClient]
SECRET = "Canary"


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


def address(group: Group, thread: Thread) -> str:
    return f"/groups/{group.slug}/threads/{thread.public_id}/"


def count_posts(session: Session) -> int:
    session.expire_all()
    return session.scalar(sa.select(sa.func.count()).select_from(Post)) or 0


class TestTheList:
    def test_it_shows_what_may_be_read(self, build: Builder, group: Group, client: FlaskClient) -> None:
        """Title, who opened it, and how many replies."""
        author = build.member(group, build.account("Ada Example", name_is_public=True))
        thread = build.thread(group, author, title="When does a deadline begin?")
        build.post(thread)
        text = soup_of(client.get(f"/groups/{group.slug}/threads/")).get_text(" ", strip=True)
        assert "When does a deadline begin?" in text
        assert "Ada Example" in text
        assert "1 reply" in text

    def test_it_pages(self, build: Builder, group: Group, client: FlaskClient) -> None:
        """Next leads on, and the pages together hold every discussion once."""
        for number in range(32):
            build.thread(group, title=f"Discussion {number}")
        path: str | None = f"/groups/{group.slug}/threads/?kind=discussion"
        found: list[str] = []
        while path:
            soup = soup_of(client.get(path))
            found += [a.get_text() for a in soup.select(".line-title a")]
            following = soup.find("a", rel="next")
            path = str(following["href"]) if following else None
        assert len(found) == len(set(found)) == 32

    def test_a_closed_group_has_none(self, build: Builder, client: FlaskClient) -> None:
        """Outsiders get the answer of an absent group."""
        group = build.group(Ceiling.MEMBERS)
        assert client.get(f"/groups/{group.slug}/threads/").status_code == 404

    @pytest.mark.parametrize("query", ["?kind=nonsense", "?after=nonsense", "?kind=comment&after=", "?kind="])
    def test_odd_addresses(self, build: Builder, group: Group, client: FlaskClient, query: str) -> None:
        """A choice that does not exist is no error."""
        build.thread(group)
        assert client.get(f"/groups/{group.slug}/threads/{query}").status_code == 200


class TestOpening:
    def test_a_member_opens_a_discussion(
        self, session: Session, build: Builder, group: Group, client_of: ClientOf
    ) -> None:
        """It is published, and its page shown."""
        client = client_of(build.member(group))
        answer = send(client, f"/groups/{group.slug}/threads/new", title="Scope", body="What **counts**?")
        assert answer.status_code == 303
        page = client.get(answer.location)
        assert "<strong>counts</strong>" in page.text
        assert "Published." in page.text

    def test_what_is_held_is_said_before_and_after(
        self, build: Builder, group: Group, client_of: ClientOf, client: FlaskClient
    ) -> None:
        """The composer and the answer both say that it waits, and why; others do not see it."""
        group.holding_rule = HoldingRule.NEWCOMER
        build.session.commit()
        member = client_of(build.member(group))
        path = f"/groups/{group.slug}/threads/new"
        assert "It will be held because it is your first contribution" in member.get(path).text
        answer = send(member, path, title="Scope", body="What counts?")
        assert "It waits for a moderator" in member.get(answer.location).text
        assert "Pending" in member.get(answer.location).text
        assert client.get(answer.location).status_code == 404

    @pytest.mark.parametrize(
        ("values", "says"),
        [
            ({"title": "", "body": "Text."}, "Give it a title."),
            ({"title": "x" * 301, "body": "Text."}, "300 characters"),
            ({"title": "Scope", "body": ""}, "Write something first."),
            ({"title": "Scope", "body": "   \n"}, "Write something first."),
            ({"title": "Scope", "body": "---"}, "Write something first."),
            ({"title": "Scope", "body": "ä" * 25_001}, "up to 50 kB"),
            ({"title": "Scope", "body": ">" * 70 + " deep"}, "nested"),
            ({"title": "Scope", "body": "Text.", "shown_as": "nonsense"}, "Choose one of the list."),
            ({"title": "Scope", "body": "Text.", "tlp": "nonsense"}, "Choose one of the list."),
            ({"title": "Scope", "body": "Text.", "language": "xx"}, "Choose one of the list."),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_bad_input_is_explained_and_kept(
        self,
        session: Session,
        build: Builder,
        group: Group,
        client_of: ClientOf,
        values: dict[str, str],
        says: str,
    ) -> None:
        """422, what is wrong at its field, what was typed still there, nothing changed."""
        client = client_of(build.member(group))
        answer = send(client, f"/groups/{group.slug}/threads/new", **values)
        assert answer.status_code == 422
        assert says in answer.text
        kept = fields_of(answer, "composer")
        assert kept["title"] == values["title"]
        assert kept["body"].strip() == values["body"].strip()
        assert count_posts(session) == 0

    def test_fifty_thousand_bytes_are_taken(
        self, session: Session, build: Builder, group: Group, client_of: ClientOf
    ) -> None:
        """The limit counts bytes of UTF-8, and lets through what is exactly on it."""
        client = client_of(build.member(group))
        answer = send(client, f"/groups/{group.slug}/threads/new", title="Long", body="ä" * 25_000)
        assert answer.status_code == 303

    def test_reading_is_not_writing(
        self, session: Session, build: Builder, group: Group, client_of: ClientOf
    ) -> None:
        """Who may only read gets one sentence, also when the form is sent without the page."""
        client = client_of(build.account())
        path = f"/groups/{group.slug}/threads/new"
        assert client.get(path).status_code == 403
        answer = post(client, path, title="Scope", body="Text.")
        assert answer.status_code == 403
        assert "does not let you write" in answer.text
        assert count_posts(session) == 0

    def test_the_label_offered_is_no_wider_than_the_group(self, build: Builder, client_of: ClientOf) -> None:
        """A community group offers no CLEAR, and refuses one that is sent anyway."""
        group = build.group(Ceiling.COMMUNITY)
        client = client_of(build.member(group))
        path = f"/groups/{group.slug}/threads/new"
        page = soup_of(client.get(path))
        offered = {
            option["value"] for option in page.find("select", attrs={"name": "tlp"}).find_all("option")
        }
        assert offered == {"GREEN", "AMBER", "AMBER+STRICT", "RED"}
        assert send(client, path, title="Scope", body="Text.", tlp="CLEAR").status_code == 422


class TestReplying:
    def test_a_reply_lands_where_it_can_be_seen(
        self, build: Builder, group: Group, client_of: ClientOf
    ) -> None:
        """After sending, the browser stands at the new post."""
        member = build.member(group)
        client = client_of(member)
        thread = build.thread(group, member)
        answer = send(client, address(group, thread), "composer", body="I agree.")
        assert answer.status_code == 303
        permalink = client.get(answer.location)
        assert permalink.location.startswith(address(group, thread))
        assert f"#post-{answer.location.removeprefix('/posts/')}" in permalink.location
        assert "I agree." in client.get(permalink.location).text

    def test_a_second_press_makes_nothing_twice(
        self, session: Session, build: Builder, group: Group, client_of: ClientOf
    ) -> None:
        """The same form sent again leads to what the first press made."""
        member = build.member(group)
        client = client_of(member)
        thread = build.thread(group, member)
        fields = fields_of(client.get(address(group, thread)), "composer") | {"body": "Once."}
        first = client.post(address(group, thread), data=fields)
        second = client.post(address(group, thread), data=fields)
        assert first.location == second.location
        assert count_posts(session) == 2

    def test_a_preview_sends_nothing(
        self, session: Session, build: Builder, group: Group, client_of: ClientOf
    ) -> None:
        """The text is shown as it will look, and the form again with everything in it."""
        member = build.member(group)
        client = client_of(member)
        thread = build.thread(group, member)
        answer = send(client, address(group, thread), "composer", body="A **bold** claim.", action="preview")
        assert answer.status_code == 200
        assert "<strong>bold</strong>" in str(soup_of(answer).find(id="preview"))
        assert fields_of(answer, "composer")["body"] == "A **bold** claim."
        assert count_posts(session) == 1

    def test_the_composer_says_for_whom_and_to_whom(self, build: Builder, client_of: ClientOf) -> None:
        """Speaking for, readable by with numbers, shown as, before anything is sent."""
        group = build.group(Ceiling.MEMBERS)
        body = build.organisation("Example Messenger")
        member = build.member(group, build.account("Ada Example"), seat=build.seat(group, body))
        build.mandate(member, body)
        build.member(group)
        text = soup_of(client_of(member).get(address(group, build.thread(group)))).find(id="composer")
        words = text.get_text(" ", strip=True)
        assert "Speaking for" in words
        assert "2 people in 1 organisation can read this." in words
        assert "They see “Ada Example, Example Messenger”." in words

    def test_speaking_for_a_body(
        self, session: Session, build: Builder, group: Group, client_of: ClientOf
    ) -> None:
        """The body is chosen by its slug, and stored with its type."""
        body = build.organisation("Example Messenger")
        member = build.member(group)
        build.mandate(member, body)
        thread = build.thread(group)
        send(client_of(member), address(group, thread), "composer", body="We agree.", speaking_for=body.slug)
        post = session.scalars(sa.select(Post).where(Post.number == 2)).one()
        assert post.organisation_id == body.id

    @pytest.mark.parametrize("case", ["closed", "observer", "visitor"])
    def test_a_refusal_keeps_what_was_typed(
        self,
        session: Session,
        build: Builder,
        group: Group,
        client_of: ClientOf,
        clock: StoppedClock,
        case: str,
    ) -> None:
        """403 with one sentence; the text can be copied; nothing changed."""
        thread = build.thread(group)
        if case == "closed":
            thread.locked_at = clock()
            session.commit()
        account = {
            "closed": lambda: build.member(group),
            "observer": lambda: build.member(group, role=GroupRole.OBSERVER),
            "visitor": lambda: None,
        }[case]()
        answer = post(client_of(account), address(group, thread), body="My long text.")
        assert answer.status_code == 403
        assert "My long text." in answer.text
        assert count_posts(session) == 1

    @pytest.mark.parametrize("status", [Status.HIDDEN, Status.PENDING, Status.REJECTED])
    def test_replying_is_no_oracle(
        self, build: Builder, group: Group, client_of: ClientOf, status: Status
    ) -> None:
        """What one may not read is not there to reply to."""
        thread = build.thread(group, status=status)
        answer = post(client_of(build.member(group)), address(group, thread), body="Hello?")
        assert answer.status_code == 404

    def test_an_answer_box_only_for_those_who_answer(
        self, build: Builder, group: Group, client_of: ClientOf
    ) -> None:
        """A member cannot mark a reply as the unit's answer, not even by sending the field."""
        thread = build.thread(group, kind=ThreadKind.QUESTION, initiative=3)
        member = client_of(build.member(group))
        assert "is_answer" not in member.get(address(group, thread)).text
        send(member, address(group, thread), "composer", body="Mine.", is_answer="y")
        assert build.session.scalars(sa.select(Post).where(Post.is_answer)).all() == []
        chair = client_of(build.member(group, role=GroupRole.CHAIR))
        send(chair, address(group, thread), "composer", body="Ours.", is_answer="y")
        assert len(build.session.scalars(sa.select(Post).where(Post.is_answer)).all()) == 1


class TestReading:
    def test_the_page_says_where_one_is(self, build: Builder, group: Group, client: FlaskClient) -> None:
        """Contributions 21-40 of 46, with links both ways."""
        thread = build.thread(group)
        for number in range(45):
            build.post(thread, text=f"Reply {number}")
        soup = soup_of(client.get(address(group, thread)))
        following = str(soup.find("a", rel="next")["href"])
        soup = soup_of(client.get(following))
        assert "Contributions 21–40 of 46" in soup.get_text()
        assert soup.find("a", rel="prev")["href"] == address(group, thread)
        assert len(soup.select("article.post")) == POSTS_PER_PAGE

    def test_deep_replies_say_what_they_answer(
        self, build: Builder, group: Group, client: FlaskClient
    ) -> None:
        """Three indents, then "in reply to"."""
        thread = build.thread(group)
        parent = build.post(thread)
        for _ in range(4):
            parent = build.post(thread, parent=parent)
        soup = soup_of(client.get(address(group, thread)))
        last = soup.select("article.post")[-1]
        assert "post-indent-3" in last["class"]
        assert "In reply to #5" in last.get_text(" ", strip=True)
        assert soup.select_one("details.branch") is not None

    def test_a_reply_to_what_is_not_shown_says_so(
        self, build: Builder, group: Group, client: FlaskClient
    ) -> None:
        """Neutrally: neither number nor address of the hidden post."""
        thread = build.thread(group)
        hidden = build.post(thread, text=SECRET, status=Status.HIDDEN)
        build.post(thread, parent=hidden)
        answer = client.get(address(group, thread))
        assert "In reply to a contribution that is not shown" in answer.text
        assert hidden.public_id not in answer.text
        assert "#2" not in answer.text

    def test_a_withdrawn_post_is_a_stub(self, build: Builder, group: Group, client: FlaskClient) -> None:
        """Neither text nor author."""
        author = build.member(group, build.account("Ada Example", name_is_public=True))
        thread = build.thread(group)
        build.post(thread, author, text=SECRET, html="", source="", status=Status.WITHDRAWN)
        answer = client.get(address(group, thread))
        assert "Withdrawn by its author" in answer.text
        assert "Ada Example" not in answer.text

    def test_reading_moves_the_marker_and_first_unread_follows(
        self, session: Session, build: Builder, group: Group, client_of: ClientOf, clock: StoppedClock
    ) -> None:
        """A read discussion has no first unread; a new reply is the next one."""
        reader = build.member(group)
        client = client_of(reader)
        thread = build.thread(group)
        clock.advance(minutes=2)
        client.get(address(group, thread))
        session.expire_all()
        assert session.get_one(ReadMarker, (reader.id, thread.id)).read_at == clock()
        clock.advance(minutes=2)
        reply = build.post(thread)
        assert "First unread" in client.get(f"/groups/{group.slug}/threads/").text
        answer = client.get(f"{address(group, thread)}unread")
        assert answer.location == f"{address(group, thread)}#post-{reply.public_id}"

    def test_marking_all_as_read(
        self, session: Session, build: Builder, group: Group, client_of: ClientOf, clock: StoppedClock
    ) -> None:
        """One button for a long discussion that one does not mean to read."""
        reader = build.member(group)
        client = client_of(reader)
        thread = build.thread(group)
        client.get(address(group, thread))
        for _ in range(POSTS_PER_PAGE + 5):
            clock.advance(minutes=1)
            build.post(thread)
        client.get(address(group, thread))
        page = client.get(address(group, thread))
        token = soup_of(page).find("input", attrs={"name": "csrf_token"})["value"]
        client.post(f"{address(group, thread)}read", data={"csrf_token": token})
        assert "First unread" not in client.get(address(group, thread)).text

    def test_get_writes_nothing_but_the_marker(
        self, app: Flask, build: Builder, group: Group, client_of: ClientOf, client: FlaskClient
    ) -> None:
        """A visitor's page writes nothing; a second look of a reader neither."""
        thread = build.thread(group)
        reader = client_of(build.member(group))
        reader.get(address(group, thread))
        for someone in (client, reader):
            with app.app_context(), count_statements(db.engine) as seen:
                someone.get(address(group, thread))
            assert not [s for s in seen if not s.startswith("SELECT")]

    def test_filters(self, build: Builder, group: Group, client: FlaskClient, client_of: ClientOf) -> None:
        """By stakeholder type for everyone, one's own when signed in."""
        thread = build.thread(group)
        member = build.member(group)
        build.post(thread, text="From an association", stakeholder_type=StakeholderType.NGO)
        build.post(thread, member, text="From me", stakeholder_type=StakeholderType.COMPANY)
        page = client.get(f"{address(group, thread)}?type=ngo").text
        assert "From an association" in page
        assert "From me" not in page
        page = client_of(member).get(f"{address(group, thread)}?mine=1").text
        assert "From me" in page
        assert "From an association" not in page
        assert client.get(f"{address(group, thread)}?type=nonsense&mine=1&from=x").status_code == 200


class TestChathamHouse:
    @pytest.fixture
    def group(self, build: Builder) -> Group:
        return build.group(Ceiling.PUBLIC, attribution=Attribution.CHATHAM_HOUSE, languages=["en", "fr"])

    def test_no_time_of_day_no_type_no_language(
        self, session: Session, build: Builder, group: Group, client_of: ClientOf, clock: StoppedClock
    ) -> None:
        """Pages and lists show days and aliases; the composer warns and offers no language."""
        clock.advance(hours=5, minutes=17)
        body = build.organisation("Example Messenger", country="FR")
        member = build.member(group, build.account("Ada Example", name_is_public=True))
        build.mandate(member, body)
        client = client_of(member)
        answer = send(client, f"/groups/{group.slug}/threads/new", title="Sealed", body="What we think.")
        page = client.get(answer.location)
        reader = client_of(build.member(group))
        seen = reader.get(answer.location).text + reader.get(f"/groups/{group.slug}/threads/").text
        assert "Participant A" in seen
        for leak in ("Ada Example", "Example Messenger", "France", "T14:17", "15:17", "?type="):
            assert leak not in seen
        composer = soup_of(page).find(id="composer")
        assert composer.find("select", attrs={"name": "language"}) is None
        assert "may still identify you" in composer.get_text()

    def test_no_key_ties_the_account_to_the_post(
        self, session: Session, build: Builder, group: Group, client_of: ClientOf
    ) -> None:
        """The one-use key of the form is kept without the account."""
        client = client_of(build.member(group))
        send(client, f"/groups/{group.slug}/threads/new", title="Sealed", body="What we think.")
        assert session.scalars(sa.select(SubmissionKey.account_id)).all() == [None]


class TestComments:
    def test_commenting_on_a_paragraph(
        self, session: Session, build: Builder, group: Group, client_of: ClientOf, client: FlaskClient
    ) -> None:
        """The passage is quoted while writing and on the page, and leads to its lasting address."""
        version = build.paper(group, text="The first paragraph.")
        version.paragraphs = [[1, "p1", "paragraph", 0, 20, "x"]]
        session.commit()
        paper = session.execute(sa.text("SELECT public_id FROM paper")).scalar_one()
        path = f"/groups/{group.slug}/papers/{paper}/comments/new?paragraph=p1&version=1"
        member = client_of(build.member(group))
        assert "The first paragraph." in member.get(path).text
        answer = send(member, path, body="Why first?")
        page = client.get(answer.location).text
        assert "The first paragraph." in page
        assert f"/papers/{paper}/v/1#p1" in page
        thread = session.scalars(sa.select(Thread)).one()
        assert (thread.kind, thread.anchor_paragraph, thread.anchor_exact) == (
            ThreadKind.COMMENT,
            "p1",
            "The first paragraph.",
        )
        listed = client.get(f"/groups/{group.slug}/papers/{paper}/comments/").text
        assert "On paragraph 1" in listed

    @pytest.mark.parametrize(
        ("query", "status"), [("?paragraph=p99", 422), ("?version=7", 404), ("?version=x", 200), ("", 200)]
    )
    def test_what_is_not_there(
        self, session: Session, build: Builder, group: Group, client_of: ClientOf, query: str, status: int
    ) -> None:
        """A paragraph or version that does not exist is said; without one it is the newest as a whole."""
        build.paper(group)
        paper = session.execute(sa.text("SELECT public_id FROM paper")).scalar_one()
        client = client_of(build.member(group))
        assert client.get(f"/groups/{group.slug}/papers/{paper}/comments/new{query}").status_code == status

    @pytest.mark.parametrize("status", [Status.DRAFT, Status.PENDING, Status.HIDDEN, Status.WITHDRAWN])
    def test_only_what_is_published_is_commented_on(
        self, session: Session, build: Builder, group: Group, client_of: ClientOf, status: Status
    ) -> None:
        """A commentable address is no way to learn of a draft or a hidden version."""
        build.paper(group, status=status, text=SECRET)
        paper = session.execute(sa.text("SELECT public_id FROM paper")).scalar_one()
        client = client_of(build.member(group))
        for path in ("new", "new?version=1", ""):
            answer = client.get(f"/groups/{group.slug}/papers/{paper}/comments/{path}")
            assert answer.status_code == 404


class TestAskingTheUnit:
    @pytest.fixture
    def unit(self, build: Builder) -> Group:
        return build.group(Ceiling.PUBLIC, slug=GROUP_SLUG, who_may_write=WhoMayWrite.COMMUNITY)

    def test_a_question_and_its_answer(
        self, session: Session, build: Builder, unit: Group, client_of: ClientOf, client: FlaskClient
    ) -> None:
        """Anyone signed in asks; the secretariat answers; the list shows the beginning of the answer."""
        asked = send(client_of(build.account()), "/strategy/3/ask", title="Which gaps?", body="Which?")
        assert client.get(asked.location).status_code == 200
        secretariat = client_of(build.member(unit, role=GroupRole.SECRETARIAT))
        send(secretariat, asked.location, "composer", body="These two.", is_answer="y")
        (line,) = list_questions(session, build.actor(None), 3)
        assert (line.title, line.answer) == ("Which gaps?", "These two.")
        assert "Answer of the unit" in client.get(asked.location).text

    def test_visitors_sign_in_first(self, unit: Group, client: FlaskClient) -> None:
        """Asking takes an account; reading does not."""
        assert "/accounts/sign-in" in client.get("/strategy/3/ask").location

    def test_there_are_eight(self, build: Builder, unit: Group, client_of: ClientOf) -> None:
        """No other initiative can be asked about."""
        assert client_of(build.account()).get("/strategy/9/ask").status_code == 404


class TestWhatItCosts:
    @pytest.fixture
    def thread(self, build: Builder, group: Group) -> Thread:
        thread = build.thread(group, build.member(group), organisation=build.organisation())
        parent = None
        for number in range(2 * POSTS_PER_PAGE):
            author, body = build.member(group), build.organisation()
            parent = build.post(thread, author, parent=parent if number % 3 else None, organisation=body)
        return thread

    def statements(self, app: Flask, client: FlaskClient, path: str) -> int:
        client.get(path)  # touches the session and moves the marker, at most once a minute
        with app.app_context(), count_statements(db.engine) as seen:
            assert client.get(path).status_code == 200
        return len(seen)

    def test_a_page_takes_few_statements(
        self,
        app: Flask,
        build: Builder,
        group: Group,
        thread: Thread,
        client: FlaskClient,
        client_of: ClientOf,
    ) -> None:
        """At most 6 for visitors and 8 signed in, on the first page and on a deep one."""
        path = address(group, thread)
        deep = str(soup_of(client.get(path)).find("a", rel="next")["href"])
        member, moderator = build.member(group), build.member(group, role=GroupRole.MODERATOR)
        for start in (path, deep):
            assert self.statements(app, client, start) <= 6
            assert self.statements(app, client_of(member), start) <= 8
            assert self.statements(app, client_of(moderator), start) <= 8

    def test_the_list_takes_few_statements(
        self, app: Flask, build: Builder, group: Group, client: FlaskClient, client_of: ClientOf
    ) -> None:
        """The same number for one discussion and for thirty."""
        member = client_of(build.member(group))
        path = f"/groups/{group.slug}/threads/"
        seen = []
        for length in (1, 29):
            for _ in range(length):
                build.thread(group, build.account())
            seen.append((self.statements(app, client, path), self.statements(app, member, path)))
        assert seen[0] == seen[1]
        assert seen[0][0] <= 6
        assert seen[0][1] <= 8

    def test_a_page_of_twenty_long_posts_is_light(
        self, build: Builder, group: Group, client: FlaskClient, client_of: ClientOf
    ) -> None:
        """20 posts of 1,687 characters make a page of at most 60 kB."""
        thread = build.thread(group, build.member(group), organisation=build.organisation())
        for _ in range(POSTS_PER_PAGE + 1):
            author, body = build.member(group), build.organisation()
            build.post(thread, author, text="x" * 1687, organisation=body)
        for someone in (client, client_of(build.member(group))):
            assert len(someone.get(address(group, thread)).data) <= 60_000


class TestLeaks:
    """No route of discussions tells an outsider anything of what is held, hidden or closed."""

    @pytest.mark.parametrize("who", ["visitor", "other participant", "member"])
    @pytest.mark.parametrize(
        "what", ["held reply", "hidden reply", "rejected reply", "red thread", "closed group"]
    )
    def test_nothing_by_any_route(
        self, session: Session, build: Builder, group: Group, client_of: ClientOf, who: str, what: str
    ) -> None:
        """Lists, pages, permalinks, history, forms of every step, first unread, filters."""
        author = build.member(group)
        home = build.group(Ceiling.MEMBERS) if what == "closed group" else group
        if what in {"closed group", "red thread"}:
            tlp = Tlp.RED
            if what == "red thread":
                named = build.named_list(group, [author])
                thread = build.thread(home, author, title=SECRET, text=SECRET, tlp=tlp, named_list=named)
            else:
                thread = build.thread(home, author, title=SECRET, text=SECRET)
            hidden = session.scalars(sa.select(Post).where(Post.thread_id == thread.id)).one()
        else:
            thread = build.thread(home, author)
            status = {"held": Status.PENDING, "hidden": Status.HIDDEN, "rejected": Status.REJECTED}
            hidden = build.post(
                thread,
                author,
                text=SECRET,
                status=status[what.split()[0]],
                stakeholder_type=StakeholderType.TRADE_UNION,
            )
        account = {
            "visitor": lambda: None,
            "other participant": build.account,
            "member": lambda: build.member(group),
        }[who]()
        client = client_of(account)
        place = address(home, thread)
        for path in (
            f"/groups/{home.slug}/threads/",
            place,
            f"{place}?from={hidden.public_id}",
            f"{place}?type=trade_union",
            f"{place}?mine=1",
            f"{place}unread",
            *(
                f"/posts/{hidden.public_id}{step}"
                for step in ("", "/history", "/reply", "/reply?quote=1", "/edit", "/withdraw", "/answer")
            ),
        ):
            answer = client.get(path)
            told = answer.text + str(answer.headers)
            assert SECRET not in told, path
            # Only the address asked for may come back, in a link to sign in or in the echo of a filter.
            if path.startswith("/posts/"):
                assert answer.status_code == 404 or "/accounts/sign-in" in (answer.location or ""), path
            elif hidden.number > 1:
                assert "Trade union" not in told, path
                assert "of 2" not in told, path
        for step in ("reply", "edit", "withdraw", "answer"):
            answer = post(client, f"/posts/{hidden.public_id}/{step}", body="Hello?")
            assert answer.status_code == 404 or "/accounts/sign-in" in (answer.location or "")
            assert SECRET not in answer.text


def test_own_capacity_stands_where_a_group_shows_no_names(build: Builder, client_of: ClientOf) -> None:
    """In the discussion, its list and beside the composer; "not recorded" is said of nobody who wrote."""
    group = build.group(Ceiling.PUBLIC, attribution="organisation", shown_as_choices=["organisation"])
    writer = build.member(group, build.account("Iris Sample"))
    thread = build.thread(group, writer)
    base = f"/groups/{group.slug}/threads/"
    for path in (base, f"{base}{thread.public_id}/"):
        page = client_of(None).get(path).text
        assert "A person in their own capacity" in page
        assert "not recorded" not in page
        assert "Iris Sample" not in page
    page = client_of(writer).get(f"{base}{thread.public_id}/").text
    assert "They see “A person in their own capacity”." in page
