"""Alerts of saved searches: told once, in time, and never of what its owner may not read."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.groups import Membership
from forum.domain.labels import Ceiling
from forum.domain.notices import Notice, NoticeKind
from forum.domain.saved_searches import Frequency, SavedSearch, Watched
from forum.domain.threads import Post
from forum.extensions import search_engine
from forum.search.query import Filters
from forum.services.mail_preferences import choose_mail
from forum.services.notices import list_notices
from forum.services.outbox import enqueue_index
from forum.services.saved_searches import delete_search, save_search
from tests.builders import Builder
from tests.conftest import StoppedClock
from tests.support import body_of, deliver, look_again


@pytest.fixture
def keep(session: Session, build: Builder, clock: StoppedClock) -> Any:
    """Save a search for somebody."""

    def save(
        account: Any, text: str = "lantern", frequency: Frequency = Frequency.AT_ONCE, **more: Any
    ) -> Any:
        chosen = {"name": "Lanterns", "watched": Watched.NEW, "filters": Filters()} | more
        saved = save_search(
            session, build.actor(account), text="lantern", frequency=frequency, now=clock(), **chosen
        )
        session.commit()
        return saved

    return save


def told(session: Session, account: Any) -> int:
    """How many notices of saved searches somebody has."""
    look_again(session)
    statement = sa.select(sa.func.count()).select_from(Notice)
    mine = (Notice.account_id == account.id, Notice.kind == NoticeKind.SAVED_SEARCH)
    return session.scalar(statement.where(*mine)) or 0


def test_at_once_means_after_a_moment_and_once(
    app: Flask, session: Session, build: Builder, clock: StoppedClock, keep: Any
) -> None:
    """Two posts in a moment are one notice and one mail that names both; later looks say nothing again."""
    group, reader = build.group(Ceiling.PUBLIC), build.account()
    build.thread(group, build.account(), title="Old lantern")
    deliver(app, clock)
    clock.advance(minutes=1)
    keep(reader)
    clock.advance(minutes=1)
    build.thread(group, build.account(), title="First lantern")
    build.thread(group, build.account(), title="Second lantern")
    build.thread(group, build.account(), title="A candle")
    assert deliver(app, clock) == []
    clock.advance(minutes=1)
    (mail,) = deliver(app, clock)
    text = body_of(mail)
    assert mail["Subject"] == "2 new for “Lanterns”"
    assert "First lantern" in text
    assert "Second lantern" in text
    assert "Old lantern" not in text
    assert "candle" not in text
    assert "List-Unsubscribe" in mail
    clock.advance(days=1)
    assert len(deliver(app, clock)) == 1
    assert told(session, reader) == 1
    (notice,) = list_notices(session, build.actor(reader)).notices
    assert notice.title == "Lanterns"
    assert notice.path is not None


def test_daily_waits_for_the_morning_and_plans_the_next(
    app: Flask, session: Session, build: Builder, clock: StoppedClock, keep: Any
) -> None:
    """Nothing on a day without anything new, and something again on the day after."""
    group, reader = build.group(Ceiling.PUBLIC), build.account()
    saved = keep(reader, frequency=Frequency.DAILY)
    clock.advance(hours=1)
    build.thread(group, build.account(), title="A lantern")
    deliver(app, clock)
    assert told(session, reader) == 0
    for day, expected in ((1, 1), (2, 1), (3, 1)):
        clock.advance(days=1)
        deliver(app, clock)
        assert told(session, reader) == expected, day
    build.thread(group, build.account(), title="Another lantern")
    clock.advance(days=1)
    deliver(app, clock)
    assert told(session, reader) == 2
    look_again(session)
    assert session.get_one(SavedSearch, saved.id).next_look_at > clock()


def test_what_its_owner_cannot_read_is_never_told(
    app: Flask, session: Session, build: Builder, clock: StoppedClock, keep: Any
) -> None:
    """Neither what was closed always, nor what they read when it came and cannot when the mail goes."""
    closed, reader, outsider = build.group(Ceiling.MEMBERS), build.account(), build.account()
    build.member(closed, reader)
    keep(reader, frequency=Frequency.DAILY)
    keep(outsider, frequency=Frequency.DAILY)
    clock.advance(hours=1)
    build.thread(closed, build.member(closed), title="A closed lantern")
    deliver(app, clock)
    membership = session.scalars(sa.select(Membership).where(Membership.account_id == reader.id)).one()
    membership.ended_at = clock()
    session.commit()
    clock.advance(days=1)
    assert deliver(app, clock) == []
    assert told(session, reader) == told(session, outsider) == 0


def test_a_right_that_is_lost_before_the_mail_goes_stops_it(
    app: Flask, session: Session, build: Builder, clock: StoppedClock, keep: Any
) -> None:
    """The notice is there, and says the name of the search alone; the mail is asked again and stays."""
    closed, reader = build.group(Ceiling.MEMBERS), build.account()
    build.member(closed, reader)
    saved = keep(reader)
    clock.advance(minutes=1)
    thread = build.thread(closed, build.member(closed), title="A closed lantern")
    deliver(app, clock)
    clock.advance(minutes=1)
    membership = session.scalars(sa.select(Membership).where(Membership.account_id == reader.id)).one()
    membership.ended_at = clock()
    session.commit()
    assert deliver(app, clock) == []
    assert thread.title not in repr(list_notices(session, build.actor(reader)))
    assert saved.name == "Lanterns"


def test_red_titles_stay_out_of_the_mail(
    app: Flask, session: Session, build: Builder, clock: StoppedClock, keep: Any
) -> None:
    """The mail says that there is something, and where."""
    closed, reader = build.group(Ceiling.MEMBERS), build.account()
    build.member(closed, reader)
    keep(reader)
    clock.advance(minutes=1)
    build.thread(closed, build.member(closed), title="A red lantern")
    deliver(app, clock)
    clock.advance(minutes=1)
    (mail,) = deliver(app, clock)
    assert "red lantern" not in body_of(mail)
    assert "A contribution whose title stays in the forum" in body_of(mail)


@pytest.mark.parametrize(("watched", "expected"), [(Watched.NEW, 0), (Watched.CHANGES, 1)])
def test_edits_are_told_to_those_who_asked(
    app: Flask,
    session: Session,
    build: Builder,
    clock: StoppedClock,
    keep: Any,
    watched: Watched,
    expected: int,
) -> None:
    """An old post that is edited and matches."""
    group, reader = build.group(Ceiling.PUBLIC), build.account()
    thread = build.thread(group, build.account(), title="A lantern")
    deliver(app, clock)
    clock.advance(days=10)
    keep(reader, frequency=Frequency.DAILY, watched=watched)
    clock.advance(hours=1)
    post = session.scalars(sa.select(Post).where(Post.thread_id == thread.id)).one()
    post.edited_at = clock()
    enqueue_index(session, SubjectKind.POST, post.id, now=clock())
    session.commit()
    clock.advance(days=1)
    deliver(app, clock)
    assert told(session, reader) == expected


def test_under_chatham_house_the_day_must_be_over(
    app: Flask, session: Session, build: Builder, clock: StoppedClock, keep: Any
) -> None:
    """An alert at once would tell the hour at which somebody wrote."""
    group, reader = build.group(Ceiling.PUBLIC), build.account()
    group.attribution = Attribution.CHATHAM_HOUSE
    session.commit()
    keep(reader)
    clock.advance(minutes=1)
    build.thread(group, build.member(group), title="A lantern")
    deliver(app, clock)
    clock.advance(minutes=1)
    deliver(app, clock)
    assert told(session, reader) == 0
    clock.advance(days=1)
    build.thread(build.group(Ceiling.PUBLIC), build.account(), title="A candle")
    deliver(app, clock)
    clock.advance(minutes=1)
    deliver(app, clock)
    assert told(session, reader) == 1


def test_a_deleted_search_and_stopped_mail_are_silent(
    app: Flask, session: Session, build: Builder, clock: StoppedClock, keep: Any
) -> None:
    """What was planned for it comes to nothing; who stopped the mail still has the notice."""
    group, first, second = build.group(Ceiling.PUBLIC), build.account(), build.account()
    gone = keep(first, frequency=Frequency.DAILY)
    keep(second, frequency=Frequency.DAILY)
    choose_mail(session, build.actor(second), set())
    delete_search(session, build.actor(first), gone)
    session.commit()
    clock.advance(hours=1)
    build.thread(group, build.account(), title="A lantern")
    clock.advance(days=1)
    assert deliver(app, clock) == []
    assert (told(session, first), told(session, second)) == (0, 1)


def test_what_is_not_indexed_yet_is_told_at_the_next_look(
    app: Flask, session: Session, build: Builder, clock: StoppedClock, keep: Any
) -> None:
    """A look goes as far as the index does: what waits to be indexed has not come yet."""
    from forum.services.saved_searches import look

    group, reader = build.group(Ceiling.PUBLIC), build.account()
    saved = keep(reader, frequency=Frequency.DAILY)
    clock.advance(hours=1)
    at = clock()
    build.thread(group, build.account(), title="A lantern")
    clock.advance(days=1)
    engine = search_engine(app)
    seen = look(session, engine, saved.id, now=clock(), sealing_secret=b"x")
    assert seen is not None
    assert (seen.count, seen.until) == (0, at - timedelta(microseconds=1))
