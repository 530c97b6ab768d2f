"""The demonstration: loaded whole, once, and read by nobody who may not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum import create_app
from forum.cli.demo import PASSWORD, prepare, welcome
from forum.clock import system_clock
from forum.domain.accounts import Account
from forum.domain.attribution import Attribution
from forum.domain.consultations import Consultation
from forum.domain.demonstration import Demonstration
from forum.domain.groups import Group
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import Flag
from forum.domain.papers import PaperVersion
from forum.domain.threads import Post, Thread, ThreadKind
from forum.extensions import db
from forum.policy import visible_to
from forum.services.actors import actor_for
from forum.services.demonstration import Places
from tests.conftest import test_settings as settings_for


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Flask, Demonstration]]:
    """The demonstration, loaded once for the tests below, which only read it."""
    instance: Path = tmp_path_factory.mktemp("demonstration")
    app = create_app(settings_for(instance))
    with app.app_context():
        content = prepare()
        yield app, content
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def session(loaded: tuple[Flask, Demonstration]) -> Session:
    return db.session()


def test_every_kind_of_user_finds_work(session: Session) -> None:
    """Held posts, open flags, unanswered questions, drafts and removed posts are there."""
    statuses = set(session.scalars(sa.select(Post.status).distinct()))
    assert {Status.PUBLISHED, Status.PENDING, Status.HIDDEN, Status.WITHDRAWN} <= statuses
    assert session.scalar(sa.select(sa.func.count(Flag.id)).where(Flag.closed_at.is_(None)))
    open_questions = sa.select(sa.func.count(Thread.id)).where(
        Thread.kind == ThreadKind.QUESTION, Thread.answered_at.is_(None)
    )
    assert session.scalar(open_questions)
    assert Status.DRAFT in set(session.scalars(sa.select(PaperVersion.status)))


def test_every_group_has_papers_with_versions_and_discussions(session: Session) -> None:
    """But for the questions to the unit, which has questions alone."""
    for group in session.scalars(sa.select(Group).where(Group.in_directory)):
        papers = session.scalar(
            sa.select(sa.func.count(sa.distinct(PaperVersion.paper_id))).where(
                PaperVersion.group_id == group.id
            )
        )
        newest = session.scalar(
            sa.select(sa.func.max(PaperVersion.number)).where(PaperVersion.group_id == group.id)
        )
        threads = session.scalar(sa.select(sa.func.count(Thread.id)).where(Thread.group_id == group.id))
        assert papers, group.slug
        assert papers >= 2, group.slug
        assert newest, group.slug
        assert newest >= 2, group.slug
        assert threads, group.slug


def test_counts_are_those_of_the_posts(session: Session) -> None:
    """What a discussion says of its replies is true."""
    counted = dict(
        session.execute(
            sa.select(Post.thread_id, sa.func.count())
            .where(Post.status == Status.PUBLISHED)
            .group_by(Post.thread_id)
        ).all()
    )
    for thread in session.scalars(sa.select(Thread)):
        assert thread.published_count == counted.get(thread.id, 0), thread.title


def test_chatham_house_names_nobody(session: Session) -> None:
    """Posts of such a group have an alias, no author, no body, and a day for a time."""
    posts = session.scalars(
        sa.select(Post)
        .join(Group, Group.id == Post.group_id)
        .where(Group.attribution == Attribution.CHATHAM_HOUSE)
    ).all()
    assert posts
    for post in posts:
        assert post.alias
        assert post.author_id is None
        assert post.organisation_id is None
        assert post.country is None
        assert (post.created_at.hour, post.created_at.minute) == (0, 0)


def test_outsiders_read_nothing_of_closed_groups(session: Session) -> None:
    """Neither the newcomer nor the platform's own roles read a post of a members' group."""
    closed = set(session.scalars(sa.select(Group.id).where(Group.ceiling == Ceiling.MEMBERS)))
    assert closed
    for handle in ("nina-nova", "agnes-minta", "soren-exempelsson"):
        account = session.scalars(sa.select(Account).where(Account.handle == handle)).one()
        actor = actor_for(session, account, now=system_clock(), sealing_secret=b"x")
        outside = closed - set(actor.group_roles)
        readable = set(session.scalars(sa.select(Post.group_id).where(visible_to(actor, Post))))
        assert not readable & outside


def test_a_second_start_keeps_what_is_there(loaded: tuple[Flask, Demonstration], session: Session) -> None:
    """Nothing is loaded twice."""
    before = session.scalar(sa.select(sa.func.count(Post.id)))
    prepare()
    assert session.scalar(sa.select(sa.func.count(Post.id))) == before


def test_the_welcome_names_one_sign_in_for_each_kind_of_user(loaded: tuple[Flask, Demonstration]) -> None:
    """With the address and the password that everybody has."""
    text = welcome(loaded[1], "http://127.0.0.1:8000/")
    assert PASSWORD in text
    for role in ("moderator", "newcomer", "administrator", "chair", "observer"):
        assert role in text


@pytest.mark.parametrize("hour", [0, 9, 15, 16, 23])
@pytest.mark.parametrize("days", [-30, -0.01, 0.01, 0.5, 1, 30])
def test_a_consultation_closes_at_an_hour_that_people_set(hour: int, days: float) -> None:
    """At a full hour, unless that would open what is closed or close what is open."""
    now = datetime(2026, 3, 2, hour, 17, 5, tzinfo=UTC)
    closes = Places(now, b"", {}).deadline(days)
    assert (closes > now) is (days > 0)
    assert abs(closes - (now + timedelta(days=days))) < timedelta(days=1)
    if abs(days) >= 1:
        assert (closes.hour, closes.minute, closes.second) == (16, 0, 0)


def test_open_consultations_are_open(session: Session) -> None:
    """And closed ones closed, whatever the time of day at which the demonstration was loaded."""
    now = datetime.now(UTC)
    for consultation in session.scalars(sa.select(Consultation)):
        assert (consultation.closed_at is None) is (consultation.closes_at > now)
