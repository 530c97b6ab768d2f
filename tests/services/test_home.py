"""What needs whom on the home page."""

from datetime import timedelta

from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.accounts import Account, PlatformRole
from forum.domain.attribution import SubjectKind
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.threads import ReadMarker, ThreadKind
from forum.extensions import db
from forum.services.answer_drafts import Written
from forum.services.home import Desk, ModerationState, load_desk, load_news
from forum.services.moderation_queue import QueueFilters, list_waiting
from forum.services.navigation import load_counts
from forum.services.recent import list_open_consultations
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.services.answering import asking, colleague, save, send
from tests.support import count_statements


def desk_of(session: Session, build: Builder, account: Account) -> Desk:
    return load_desk(session, build.actor(account), now=build.clock())


def test_my_drafts_and_what_waits_of_mine(session: Session, build: Builder) -> None:
    """Drafts and pending contributions of one's own or one's organisation's, nobody else's."""
    group = build.group()
    body = build.organisation()
    member, other = build.member(group), build.member(group)
    build.mandate(member, body)
    build.paper(group, member, title="My draft", status=Status.DRAFT)
    build.paper(group, other, title="Their draft", status=Status.DRAFT)
    build.thread(group, member, title="My held discussion", status=Status.PENDING)
    build.thread(group, other, title="Their held discussion", status=Status.PENDING)
    build.thread(group, other, title="Held for my organisation", status=Status.PENDING, organisation=body)
    build.paper(group, member, title="My held paper", status=Status.PENDING)
    desk = desk_of(session, build, member)
    assert [line.title for line in desk.drafts] == ["My draft"]
    assert {line.title for line in desk.pending} == {
        "My held discussion",
        "Held for my organisation",
        "My held paper",
    }


def test_who_has_left_a_group_finds_nothing_of_it(session: Session, build: Builder) -> None:
    """A pending text of a group that one can no longer read is not shown in place."""
    group = build.group()
    stranger = build.account()
    build.thread(group, stranger, title="Written as a member", status=Status.PENDING)
    assert desk_of(session, build, stranger).pending == []


def test_one_unread_discussion_a_group_with_the_number_of_the_others(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """The newest of those with something new; what has been read is not there, nor what is not readable."""
    group, other = build.group(), build.group()
    reader = build.member(group)
    old = build.thread(group, build.member(group), title="Read already")
    session.add(ReadMarker(account_id=reader.id, thread_id=old.id, read_at=clock()))
    clock.advance(hours=1)
    build.thread(group, build.member(group), title="New")
    clock.advance(hours=1)
    newest = build.thread(group, build.member(group), title="Newest")
    build.thread(group, build.member(group), title="Held", status=Status.PENDING)
    build.thread(other, build.member(other), title="Elsewhere")
    [line] = desk_of(session, build, reader).unread
    assert (line.title, line.discussions) == ("Newest", 2)
    assert line.path == f"/groups/{group.slug}/threads/{newest.public_id}/unread"
    clock.advance(hours=1)
    build.post(old, build.member(group))
    [line] = desk_of(session, build, reader).unread
    assert (line.title, line.discussions) == ("Read already", 3)


def test_a_moderator_sees_how_urgent_it_is(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Overdue, due today and later by the promise of the group; nobody else has this part."""
    group = build.group(promised_days=1)
    moderator = build.member(group, role=GroupRole.MODERATOR)
    build.thread(group, build.member(group), status=Status.PENDING)  # Monday, promised for Tuesday
    clock.advance(days=1)
    build.thread(group, build.member(group), status=Status.PENDING)
    clock.advance(days=1)
    build.thread(group, build.member(group), status=Status.PENDING)
    state = desk_of(session, build, moderator).moderation
    assert isinstance(state, ModerationState)
    assert (state.overdue, state.today, state.later) == (1, 1, 1)
    assert state.next_due is not None
    assert state.next_due < clock()
    assert desk_of(session, build, build.member(group)).moderation is None


def test_the_navigation_counts_what_the_queue_holds(session: Session, build: Builder) -> None:
    """The number beside Moderate and the queue agree, own contributions and flags included."""
    from forum.domain.moderation import Flag, FlagReason

    group = build.group()
    moderator = build.member(group, role=GroupRole.MODERATOR)
    writer = build.member(group)
    build.thread(group, writer, status=Status.PENDING)
    build.thread(group, moderator, status=Status.PENDING)
    build.paper(group, writer, status=Status.PENDING)
    post = build.post(build.thread(group, writer), writer)
    mine = build.post(build.thread(group, writer), moderator)
    for subject in (post, mine):
        for reporter in (build.member(group), build.member(group)):
            session.add(
                Flag(
                    group_id=group.id,
                    subject_kind=SubjectKind.POST,
                    subject_id=subject.id,
                    reporter_id=reporter.id,
                    reason=FlagReason.SPAM,
                    created_at=build.clock(),
                )
            )
    session.commit()
    actor = build.actor(moderator)
    queue = list_waiting(session, actor, filters=QueueFilters(), now=build.clock())
    assert load_counts(session, actor).moderation == len(queue) == 3


def test_the_secretariat_sees_open_questions(session: Session, build: Builder) -> None:
    """Questions without an answer, for who has the desk; others have no such part."""
    group = build.group(Ceiling.PUBLIC, in_directory=False)
    asker = build.account()
    build.thread(group, asker, title="Open", kind=ThreadKind.QUESTION)
    build.thread(group, asker, title="Answered", kind=ThreadKind.QUESTION, answered_at=build.clock())
    desk = desk_of(session, build, build.account(platform_role=PlatformRole.SECRETARIAT))
    assert desk.questions is not None
    assert [question.title for question in desk.questions] == ["Open"]
    assert desk_of(session, build, asker).questions is None


def test_news_are_what_the_reader_may_read(session: Session, build: Builder) -> None:
    """A visitor gets what is public; a paper stands once, by its newest version."""
    public, closed = build.group(Ceiling.PUBLIC), build.group(Ceiling.MEMBERS)
    build.paper(public, title="Public paper")
    build.paper(closed, title="Closed paper")
    build.thread(public, title="Public discussion")
    build.thread(closed, title="Closed discussion")
    visitor, member = build.actor(None), build.actor(build.member(closed))
    news = load_news(session, visitor)
    assert [paper.title for paper in news.papers] == ["Public paper"]
    assert [discussion.title for discussion in news.discussions] == ["Public discussion"]
    assert {paper.title for paper in load_news(session, member).papers} == {"Public paper", "Closed paper"}
    assert list_open_consultations(session, visitor) == []


def test_open_consultations_say_what_one_has_done(
    session: Session, build: Builder, clock: StoppedClock
) -> None:
    """Nothing, begun, answered; a colleague of the same body sees the same, a stranger nothing."""
    group, body = build.group(Ceiling.PUBLIC), build.organisation()
    writer, fellow = colleague(build, group, body), colleague(build, group, body)
    row = asking(build, group, closes_at=clock() + timedelta(days=2))

    def states(account: Account) -> list[tuple[bool, bool]]:
        lines = list_open_consultations(session, build.actor(account))
        return [(line.is_begun, line.is_answered) for line in lines]

    assert states(writer) == [(False, False)]
    save(build, writer, group, row, {"q1": Written("Because.", 0)})
    assert states(writer) == states(fellow) == [(True, False)]
    send(build, writer, group, row)
    assert states(fellow) == [(True, True)]
    assert states(build.account()) == [(False, False)]


def test_statements_do_not_grow_with_groups_and_lists(app: Flask, session: Session, build: Builder) -> None:
    """As many for six groups full of work as for one."""
    person = build.account()

    def add_group() -> None:
        group = build.group()
        build.member(group, person, GroupRole.MODERATOR)
        build.member(group, person, GroupRole.SECRETARIAT)
        build.thread(group, build.member(group))
        build.thread(group, person, status=Status.PENDING)
        build.thread(group, build.member(group), status=Status.PENDING)
        build.paper(group, person, status=Status.DRAFT)
        build.paper(group, build.member(group))

    def count() -> int:
        actor = build.actor(person)
        session.expire_all()
        with count_statements(db.engine) as seen:
            load_news(session, actor)
            load_desk(session, actor, now=build.clock())
        return len(seen)

    add_group()
    few = count()
    for _ in range(5):
        add_group()
    assert count() == few <= 22
