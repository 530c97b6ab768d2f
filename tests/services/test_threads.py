"""Opening discussions, and their list."""

import pytest
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution
from forum.domain.groups import Group, HoldingRule
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.threads import Thread, ThreadKind
from forum.errors import Invalid
from forum.policy import ANONYMOUS, Action, can
from forum.services.read_markers import mark_read
from forum.services.threads import Anchor, default_tlp, list_threads, tlp_choices
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.writing import Writer
from tests.support import count_statements


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


class TestOpening:
    def test_a_discussion_appears_at_once_or_waits(self, build: Builder, group: Group, write: Writer) -> None:
        """The charter decides; discussion and opening post share the status."""
        author = build.member(group)
        assert can(ANONYMOUS, Action.READ, write.subject(write.open(author, group)))
        group.holding_rule = HoldingRule.EVERYTHING
        held = write.open(author, group)
        assert held.status is Status.PENDING
        assert held.published_count == 0
        assert not can(ANONYMOUS, Action.READ, write.subject(held))
        assert can(build.actor(author), Action.READ, write.subject(held))

    @pytest.mark.parametrize("title", ["", "   ", "x" * 301])
    def test_a_title_is_needed_and_short(
        self, build: Builder, group: Group, write: Writer, title: str
    ) -> None:
        """The complaint names the field."""
        with pytest.raises(Invalid) as raised:
            write.open(build.member(group), group, title=title)
        assert raised.value.field == "title"

    @pytest.mark.parametrize("ceiling", Ceiling)
    def test_no_label_is_wider_than_the_group(self, build: Builder, write: Writer, ceiling: Ceiling) -> None:
        """A choice of label tells the truth: nothing wider than the ceiling is offered or taken."""
        group = build.group(ceiling, default_tlp=Tlp.CLEAR)
        author = build.member(group)
        choices = tlp_choices(group)
        assert default_tlp(group) in choices
        for tlp in Tlp:
            if tlp in choices:
                assert write.open(author, group, tlp=tlp).tlp is tlp
            else:
                with pytest.raises(Invalid):
                    write.open(author, group, tlp=tlp)

    def test_a_narrower_label_narrows(self, build: Builder, group: Group, write: Writer) -> None:
        """A RED discussion in a public group is its members' alone."""
        author = build.member(group)
        thread = write.open(author, group, tlp=Tlp.RED)
        reply = write.reply(author, thread)
        assert thread.audience == reply.audience == f"group:{group.id}"

    def test_a_comment_goes_no_further_than_its_paper(
        self, build: Builder, group: Group, write: Writer
    ) -> None:
        """A comment takes the version's label, named readers included, whatever was chosen."""
        author = build.member(group)
        named = build.named_list(group, [author])
        version = build.paper(group, author, tlp=Tlp.RED, named_list=named)
        anchor = Anchor(version.paper_id, version.id, version.tlp, version.named_list_id, "p1", "The first")
        thread = write.open(author, group, kind=ThreadKind.COMMENT, anchor=anchor, tlp=Tlp.CLEAR)
        assert thread.audience == version.audience
        assert (thread.paper_id, thread.anchor_paragraph) == (version.paper_id, "p1")

    def test_an_unknown_language(self, build: Builder, group: Group, write: Writer) -> None:
        """Only the languages of the list are taken."""
        with pytest.raises(Invalid):
            write.open(build.member(group), group, language="xx")


def titles(session: Session, actor: object, group: Group, **options: object) -> list[str]:
    return [line.title for line in list_threads(session, actor, group, **options).lines]  # type: ignore[arg-type]


class TestTheList:
    def test_pinned_first_then_by_last_activity(
        self, session: Session, build: Builder, group: Group, clock: StoppedClock
    ) -> None:
        """A new reply moves a discussion up, but not above a pinned one."""
        old = build.thread(group, title="Old")
        clock.advance(hours=1)
        build.thread(group, title="Pinned", is_pinned=True)
        clock.advance(hours=1)
        build.thread(group, title="New")
        clock.advance(hours=1)
        build.post(old)
        session.commit()
        assert titles(session, ANONYMOUS, group) == ["Pinned", "Old", "New"]

    @pytest.mark.parametrize("per_page", [1, 2, 3, 7])
    def test_pages_hold_each_discussion_once(
        self, session: Session, build: Builder, group: Group, clock: StoppedClock, per_page: int
    ) -> None:
        """Walking the pages gives the whole list in its order."""
        for number in range(7):
            clock.advance(hours=number % 2)
            build.thread(group, title=str(number), is_pinned=number in {2, 5})
        whole = titles(session, ANONYMOUS, group)
        walked: list[str] = []
        after = None
        while True:
            page = list_threads(session, ANONYMOUS, group, after=after, per_page=per_page)
            walked += [line.title for line in page.lines]
            after = page.next_after
            if after is None:
                break
        assert walked == whole
        assert len(set(walked)) == 7

    def test_others_see_neither_held_nor_hidden_nor_foreign(
        self, session: Session, build: Builder, group: Group
    ) -> None:
        """The list holds what one may read: one's own held discussion is in one's own list only."""
        author = build.member(group)
        build.thread(group, author, title="Published")
        build.thread(group, author, title="Held", status=Status.PENDING)
        build.thread(group, author, title="Hidden", status=Status.HIDDEN)
        build.thread(build.group(Ceiling.PUBLIC), author, title="Elsewhere")
        assert titles(session, ANONYMOUS, group) == ["Published"]
        assert set(titles(session, build.actor(build.member(group)), group)) == {"Published"}
        assert set(titles(session, build.actor(author), group)) == {"Published", "Held", "Hidden"}

    def test_a_hidden_discussion_shows_its_author_no_numbers(
        self, session: Session, build: Builder, group: Group, clock: StoppedClock
    ) -> None:
        """Replies that the author cannot read any more are not counted for them."""
        author = build.member(group)
        thread = build.thread(group, author, status=Status.HIDDEN)
        created = thread.created_at
        clock.advance(days=1)
        build.post(thread)
        (line,) = list_threads(session, build.actor(author), group).lines
        assert (line.replies, line.last_at) == (0, created)

    def test_unread_and_new(
        self, session: Session, build: Builder, group: Group, clock: StoppedClock
    ) -> None:
        """New until opened, unread once something came after."""
        reader = build.member(group)
        actor = build.actor(reader)
        thread = build.thread(group)

        def marks() -> tuple[bool, bool]:
            (line,) = list_threads(session, actor, group).lines
            return line.is_new, line.has_unread

        assert marks() == (True, False)
        mark_read(session, actor, thread.id, until=clock())
        assert marks() == (False, False)
        clock.advance(minutes=1)
        build.post(thread, status=Status.PENDING)
        assert marks() == (False, False)
        build.post(thread)
        assert marks() == (False, True)

    def test_filter_by_kind(self, session: Session, build: Builder, group: Group) -> None:
        """Only discussions, comments or questions."""
        for kind in ThreadKind:
            build.thread(group, title=kind.value, kind=kind)
        for kind in ThreadKind:
            assert titles(session, ANONYMOUS, group, kind=kind) == [kind.value]

    def test_one_statement_whatever_the_length(self, session: Session, build: Builder, group: Group) -> None:
        """No statement a row."""
        counts = []
        for length in (1, 9):
            for _ in range(length):
                build.thread(group, build.account())
            session.expire_all()
            group.id  # noqa: B018  (loaded before counting)
            with count_statements(session.get_bind()) as seen:  # type: ignore[arg-type]
                list_threads(session, ANONYMOUS, group)
            counts.append(len(seen))
        assert counts == [1, 1]

    def test_under_chatham_house_times_are_days(self, session: Session, build: Builder) -> None:
        """The line says that no time of day may be shown, and carries only an alias."""
        group = build.group(Ceiling.PUBLIC, attribution=Attribution.CHATHAM_HOUSE)
        build.thread(group)
        (line,) = list_threads(session, ANONYMOUS, group).lines
        assert line.is_day_only


def test_the_cursor_tells_nothing(session: Session, build: Builder, group: Group) -> None:
    """A cursor of what one may not read gives the same as one of what is not there."""
    build.thread(group)
    hidden: Thread = build.thread(group, status=Status.HIDDEN)
    for after in (hidden.public_id, "nonsense"):
        assert titles(session, ANONYMOUS, group, after=after) == []
