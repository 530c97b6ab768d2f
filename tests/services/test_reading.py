"""Reading a discussion page by page, and how far one has read."""

from typing import Any

import hypothesis.strategies as st
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution
from forum.domain.groups import Group, GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.organisations import StakeholderType
from forum.domain.threads import POSTS_PER_PAGE, Post, Thread, order_key
from forum.errors import NotFound
from forum.policy import ANONYMOUS, Actor
from forum.services import read_markers, reading
from forum.services.read_markers import (
    find_first_unread,
    find_mark,
    get_place,
    mark_own_reply,
    mark_read,
)
from forum.services.reading import PostPage, ThreadHead, get_head, get_page
from forum.services.sealing import account_key
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.writing import Writer
from tests.support import count_statements


@pytest.fixture
def group(build: Builder) -> Group:
    return build.group(Ceiling.PUBLIC)


def read(
    session: Session, actor: Actor, group: Group, thread: Thread, start: str | None = None, **options: Any
) -> tuple[ThreadHead, PostPage]:
    head = get_head(session, actor, group.slug, thread.public_id, start=start)
    return head, get_page(session, actor, head, **options)


def long_thread(build: Builder, group: Group, replies: int, **columns: Any) -> tuple[Thread, list[Post]]:
    thread = build.thread(group)
    return thread, [build.post(thread, **columns) for _ in range(replies)]


@st.composite
def trees(draw: st.DrawFn) -> list[tuple[int | None, Status]]:
    """For each reply: which earlier reply it answers, and its status."""
    size = draw(st.integers(1, 14))
    statuses = st.sampled_from([Status.PUBLISHED] * 4 + [Status.PENDING, Status.HIDDEN, Status.WITHDRAWN])
    return [
        (draw(st.none() | st.integers(0, number - 1)) if number else None, draw(statuses))
        for number in range(size)
    ]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees())
def test_every_readable_post_is_on_exactly_one_page_in_reading_order(
    session: Session, build: Builder, tree: list[tuple[int | None, Status]]
) -> None:
    """Over all pages a reader meets each readable post once, in the order of the tree; permalinks agree.

    Pages are made short, so that a small tree has several.
    """
    with pytest.MonkeyPatch.context() as patch:
        for module in (reading, read_markers):
            patch.setattr(module, "POSTS_PER_PAGE", 4)
        _walk_pages(session, build, tree)


def _walk_pages(session: Session, build: Builder, tree: list[tuple[int | None, Status]]) -> None:
    group = build.group(Ceiling.PUBLIC)
    thread = build.thread(group)
    posts: list[Post] = []
    for parent, status in tree:
        posts.append(build.post(thread, parent=posts[parent] if parent is not None else None, status=status))
    expected = [1, *_in_order(tree)]
    seen: list[int] = []
    page_of: dict[str, str | None] = {}
    start = None
    while True:
        _, page = read(session, ANONYMOUS, group, thread, start)
        assert page.first == len(seen) + 1
        assert page.total == len(expected)
        seen += [post.number for post in page.posts]
        page_of |= {post.public_id: start for post in page.posts}
        start = page.next_from
        if start is None:
            break
    assert seen == expected
    for public_id, first in page_of.items():
        assert get_place(session, ANONYMOUS, public_id).first == first
    session.rollback()


def _in_order(tree: list[tuple[int | None, Status]]) -> list[int]:
    """The numbers of the readable replies in reading order, worked out by walking the tree."""
    children: dict[int | None, list[int]] = {}
    for number, (parent, _) in enumerate(tree):
        children.setdefault(parent, []).append(number)

    def walk(parent: int | None) -> list[int]:
        return [n for child in children.get(parent, []) for n in [child, *walk(child)]]

    return [n + 2 for n in walk(None) if tree[n][1] in {Status.PUBLISHED, Status.WITHDRAWN}]


@given(paths=st.lists(st.lists(st.integers(1, 36**4 - 1), min_size=1, max_size=6), min_size=2, max_size=30))
def test_order_keys_sort_like_their_paths(paths: list[list[int]]) -> None:
    """Comparing keys as text compares the paths number by number."""

    def key(path: list[int]) -> str:
        text = None
        for number in path:
            text = order_key(text, number)
        assert text is not None
        return text

    assert [key(path) for path in sorted(paths)] == sorted(key(path) for path in paths)


class TestPages:
    def test_back_and_forth(self, session: Session, build: Builder, group: Group) -> None:
        """Each page knows where the page before it begins."""
        thread, _ = long_thread(build, group, 3 * POSTS_PER_PAGE)
        _, first = read(session, ANONYMOUS, group, thread)
        _, second = read(session, ANONYMOUS, group, thread, first.next_from)
        _, third = read(session, ANONYMOUS, group, thread, second.next_from)
        assert (first.has_previous, first.previous_from) == (False, None)
        assert (second.has_previous, second.previous_from) == (True, None)
        assert (third.has_previous, third.previous_from) == (True, first.next_from)
        assert (third.first, third.last, third.total) == (41, 60, 61)

    @pytest.mark.parametrize("case", ["nonsense", "hidden", "of another discussion"])
    def test_a_start_that_is_not_there(
        self, session: Session, build: Builder, group: Group, case: str
    ) -> None:
        """Whatever one may not read there begins at the beginning, so nothing is learnt."""
        thread, replies = long_thread(build, group, POSTS_PER_PAGE + 5)
        start = {
            "nonsense": lambda: "nonsense",
            "hidden": lambda: build.post(thread, parent=replies[-1], status=Status.HIDDEN).public_id,
            "of another discussion": lambda: build.post(build.thread(group)).public_id,
        }[case]()
        _, page = read(session, ANONYMOUS, group, thread, start)
        assert page.first == 1

    def test_replies_to_what_cannot_be_read(self, session: Session, build: Builder, group: Group) -> None:
        """The reply stays, and says neither whom nor which number it answers."""
        thread = build.thread(group)
        hidden = build.post(thread, status=Status.HIDDEN)
        build.post(thread, parent=hidden)
        _, page = read(session, ANONYMOUS, group, thread)
        line = page.posts[-1]
        assert (line.has_parent, line.parent_number, line.parent_id) == (True, None, None)

    def test_numbers_do_not_change_by_what_is_closed(
        self, session: Session, build: Builder, group: Group
    ) -> None:
        """Held and hidden posts change no total, place, type count or page of an outsider."""
        thread, replies = long_thread(build, group, POSTS_PER_PAGE, stakeholder_type=StakeholderType.NGO)

        def numbers() -> object:
            _, page = read(session, ANONYMOUS, group, thread)
            return page.total, page.first, page.next_from, page.types, [p.public_id for p in page.posts]

        before = numbers()
        for status in (Status.PENDING, Status.HIDDEN, Status.REJECTED):
            build.post(thread, parent=replies[0], status=status, stakeholder_type=StakeholderType.COMPANY)
        assert numbers() == before

    def test_only_one_type_or_only_mine(self, session: Session, build: Builder, group: Group) -> None:
        """The two filters of the jump bar."""
        author = build.member(group)
        thread = build.thread(group)
        ngo = build.post(thread, stakeholder_type=StakeholderType.NGO)
        mine = build.post(thread, author, stakeholder_type=StakeholderType.COMPANY)
        actor = build.actor(author)
        _, page = read(session, actor, group, thread, stakeholder_type=StakeholderType.NGO)
        assert [post.public_id for post in page.posts] == [ngo.public_id]
        assert {(t.type, t.count) for t in page.types} == {
            (StakeholderType.NGO, 1),
            (StakeholderType.COMPANY, 1),
        }
        _, page = read(session, actor, group, thread, only_mine=True)
        assert [post.public_id for post in page.posts] == [mine.public_id]
        _, page = read(session, ANONYMOUS, group, thread, only_mine=True)
        assert page.total == 0

    def test_chatham_house_has_no_types(self, session: Session, build: Builder) -> None:
        """Neither counts nor a filter by type: they would tell who is behind an alias."""
        group = build.group(Ceiling.PUBLIC, attribution=Attribution.CHATHAM_HOUSE)
        thread, _ = long_thread(build, group, 2, stakeholder_type=StakeholderType.NGO)
        head, page = read(session, ANONYMOUS, group, thread, stakeholder_type=StakeholderType.NGO)
        assert head.is_day_only
        assert (page.types, page.total) == ([], 3)

    def test_the_author_and_moderators_see_what_is_held(
        self, session: Session, build: Builder, group: Group
    ) -> None:
        """With its state, in its place; other members do not."""
        author, moderator, member = (
            build.member(group),
            build.member(group, role=GroupRole.MODERATOR),
            build.member(group),
        )
        thread = build.thread(group)
        build.post(thread, author, status=Status.PENDING)
        for reader, total in ((author, 2), (moderator, 2), (member, 1)):
            _, page = read(session, build.actor(reader), group, thread)
            assert page.total == total
            assert page.posts[-1].status is (Status.PENDING if total == 2 else Status.PUBLISHED)

    @pytest.mark.parametrize("wrote_here", [True, False])
    def test_whether_one_is_a_newcomer(
        self, session: Session, build: Builder, group: Group, wrote_here: bool
    ) -> None:
        """The head tells it of this group, whatever one has written elsewhere."""
        author = build.member(group)
        other = build.group(Ceiling.PUBLIC)
        build.thread(other, author)
        build.paper(other, author)
        thread = build.thread(group, author if wrote_here else None)
        head = get_head(
            session,
            build.actor(author),
            group.slug,
            thread.public_id,
            account_keys=(account_key(author.id),),
        )
        assert head.has_contributed is wrote_here

    def test_three_statements_whatever_the_length(
        self, session: Session, build: Builder, group: Group
    ) -> None:
        """A deep page of a long discussion takes as many statements as a short one."""
        thread, _ = long_thread(build, group, 3 * POSTS_PER_PAGE)
        _, first = read(session, ANONYMOUS, group, thread)
        for start in (None, first.next_from):
            with count_statements(session.get_bind()) as seen:  # type: ignore[arg-type]
                read(session, ANONYMOUS, group, thread, start)
            assert len(seen) == 3

    @pytest.mark.parametrize("case", ["closed group", "hidden", "held", "wrong group", "absent"])
    def test_what_is_not_there(self, session: Session, build: Builder, group: Group, case: str) -> None:
        """A discussion that one may not read, or at another group's address, is not found."""
        other = build.group(Ceiling.MEMBERS)
        slug, public_id = {
            "closed group": lambda: (other.slug, build.thread(other).public_id),
            "hidden": lambda: (group.slug, build.thread(group, status=Status.HIDDEN).public_id),
            "held": lambda: (group.slug, build.thread(group, status=Status.PENDING).public_id),
            "wrong group": lambda: (other.slug, build.thread(group).public_id),
            "absent": lambda: (group.slug, "absent"),
        }[case]()
        with pytest.raises(NotFound):
            get_head(session, ANONYMOUS, slug, public_id)


class TestQuotedPassage:
    @pytest.mark.parametrize("status", [Status.PUBLISHED, Status.HIDDEN, Status.PENDING, Status.WITHDRAWN])
    def test_the_passage_is_shown_as_long_as_its_version_is(
        self, session: Session, build: Builder, group: Group, status: Status
    ) -> None:
        """What was removed from view or withdrawn is not quoted by an older comment either."""
        version = build.paper(group, status=status)
        thread = build.thread(
            group,
            paper_id=version.paper_id,
            version_id=version.id,
            anchor_paragraph="p1",
            anchor_exact="The first paragraph.",
        )
        head = get_head(session, ANONYMOUS, group.slug, thread.public_id)
        assert (head.quoted is not None) == (status is Status.PUBLISHED)


class TestMarkers:
    def test_the_marker_moves_to_now_when_all_was_shown(
        self, session: Session, build: Builder, group: Group, clock: StoppedClock
    ) -> None:
        """A discussion on one page is read once it was opened; a second look writes nothing."""
        actor = build.actor(build.member(group))
        thread, _ = long_thread(build, group, 3)
        head, page = read(session, actor, group, thread)
        clock.advance(minutes=5)
        assert find_mark(session, actor, head, page, now=clock()) == clock()
        mark_read(session, actor, thread.id, until=clock())
        head, page = read(session, actor, group, thread)
        assert not any(post.is_unread for post in page.posts)
        assert find_mark(session, actor, head, page, now=clock()) is None

    def test_no_unread_post_on_another_page_is_skipped(
        self, session: Session, build: Builder, group: Group, clock: StoppedClock
    ) -> None:
        """The marker stops before the earliest post that was not shown."""
        actor = build.actor(build.member(group))
        thread = build.thread(group)
        for _ in range(POSTS_PER_PAGE + 3):
            clock.advance(hours=1)
            build.post(thread)
        clock.advance(hours=1)
        head, page = read(session, actor, group, thread)
        until = find_mark(session, actor, head, page, now=clock())
        assert until is not None
        mark_read(session, actor, thread.id, until=until)
        place = find_first_unread(session, actor, group.slug, thread.public_id)
        assert place is not None
        assert place.first == page.next_from == place.post

    def test_at_most_once_a_minute(
        self, session: Session, build: Builder, group: Group, clock: StoppedClock
    ) -> None:
        """News within a minute waits for the next look."""
        actor = build.actor(build.member(group))
        thread = build.thread(group)
        mark_read(session, actor, thread.id, until=clock())
        clock.advance(seconds=30)
        build.post(thread)
        head, page = read(session, actor, group, thread)
        assert find_mark(session, actor, head, page, now=clock()) is None
        clock.advance(seconds=30)
        assert find_mark(session, actor, head, page, now=clock()) == clock()

    def test_held_posts_are_not_unread(
        self, session: Session, build: Builder, group: Group, clock: StoppedClock
    ) -> None:
        """First unread never leads to what others may not read, nor to its page."""
        actor = build.actor(build.member(group))
        thread = build.thread(group)
        mark_read(session, actor, thread.id, until=clock())
        clock.advance(hours=1)
        build.post(thread, status=Status.PENDING)
        assert find_first_unread(session, actor, group.slug, thread.public_id) is None

    def test_ones_own_reply_is_read(
        self, session: Session, build: Builder, group: Group, write: Writer, clock: StoppedClock
    ) -> None:
        """The marker moves past one's own reply, unless something came before it."""
        member = build.member(group)
        actor = build.actor(member)
        thread = build.thread(group)

        def reply() -> None:
            last_before = thread.last_published_at
            write.reply(member, thread)
            mark_own_reply(session, actor, thread.id, last_before=last_before, now=clock())
            session.commit()

        mark_read(session, actor, thread.id, until=clock())
        session.commit()
        clock.advance(hours=1)
        reply()
        session.expire_all()
        assert find_first_unread(session, actor, group.slug, thread.public_id) is None
        clock.advance(hours=1)
        other = build.post(thread)
        clock.advance(hours=1)
        reply()
        session.expire_all()
        place = find_first_unread(session, actor, group.slug, thread.public_id)
        assert place is not None
        assert place.post == other.public_id


class TestPlaces:
    @pytest.mark.parametrize("case", ["hidden", "held", "closed group", "below hidden", "absent"])
    def test_what_one_may_not_read_has_no_place(
        self, session: Session, build: Builder, group: Group, case: str
    ) -> None:
        """A permalink is no oracle."""
        public_id = {
            "hidden": lambda: build.post(build.thread(group), status=Status.HIDDEN).public_id,
            "held": lambda: build.post(build.thread(group), status=Status.PENDING).public_id,
            "closed group": lambda: build.post(build.thread(build.group())).public_id,
            "below hidden": lambda: build.post(build.thread(group, status=Status.HIDDEN)).public_id,
            "absent": lambda: "absent",
        }[case]()
        with pytest.raises(NotFound):
            get_place(session, ANONYMOUS, public_id)

    def test_hidden_posts_shift_no_page(self, session: Session, build: Builder, group: Group) -> None:
        """Where a post stands is counted over what the reader may read."""
        thread = build.thread(group)
        for _ in range(5):
            build.post(thread, status=Status.HIDDEN)
        posts = [build.post(thread) for _ in range(POSTS_PER_PAGE)]
        assert get_place(session, ANONYMOUS, posts[-2].public_id).first is None
        assert get_place(session, ANONYMOUS, posts[-1].public_id).first == posts[-1].public_id


def test_the_opening_is_first(session: Session, build: Builder, group: Group) -> None:
    """Whatever answers it."""
    thread = build.thread(group)
    opening = session.scalars(sa.select(Post).where(Post.thread_id == thread.id)).one()
    build.post(thread, parent=opening)
    build.post(thread)
    _, page = read(session, ANONYMOUS, group, thread)
    assert [post.number for post in page.posts] == [1, 2, 3]
