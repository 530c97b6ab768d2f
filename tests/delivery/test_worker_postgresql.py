"""The same on PostgreSQL: rows are leased past each other, and every query of this part runs there."""

import threading
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, sessionmaker

from forum.database import prepare_engine, writing
from forum.delivery.notifying import Notifying
from forum.delivery.worker import drain
from forum.domain.attribution import SubjectKind
from forum.domain.groups import GroupRole
from forum.domain.labels import Ceiling, Status
from forum.domain.moderation import Action, FlagReason
from forum.domain.notices import Notice, NoticeKind
from forum.domain.outbox import Topic
from forum.domain.tables import metadata
from forum.services.contributions import list_contributions
from forum.services.flags import flag
from forum.services.moderation import decide
from forum.services.moderation_cases import get_case
from forum.services.moderation_log import list_log
from forum.services.moderation_queue import QueueFilters, list_queue
from forum.services.notices import list_notices
from forum.services.outbox import enqueue_notice
from forum.services.outbox_work import count_outbox, has_due, lease_entries, prune_outbox
from forum.services.transparency import checked_period, draw_report
from tests.builders import SEALING, Builder
from tests.conftest import StoppedClock

pytestmark = pytest.mark.postgresql

RULES = [{"key": "civil", "text": "Argue with the point."}]


@pytest.fixture
def sessions(postgresql_url: str) -> Iterator[sessionmaker[Session]]:
    """Sessions on empty tables of a real server, in a schema of their own."""
    engine = sa.create_engine(postgresql_url, connect_args={"options": "-csearch_path=delivery"})
    prepare_engine(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE SCHEMA delivery"))
    metadata.create_all(engine)
    yield sessionmaker(engine, expire_on_commit=False)
    with engine.begin() as connection:
        connection.execute(sa.text("DROP SCHEMA delivery CASCADE"))
    engine.dispose()


def test_two_workers_share_the_work(sessions: sessionmaker[Session], clock: StoppedClock) -> None:
    """A hundred people are each told once, and neither worker waits for the other's rows."""
    with sessions() as session:
        build = Builder(session, clock)
        group = build.group(Ceiling.PUBLIC)
        for _ in range(100):
            enqueue_notice(
                session, NoticeKind.INVITED, now=clock(), account_id=build.account().id, group_id=group.id
            )
        session.commit()
    with (
        sessions() as one,
        sessions() as two,
        writing(one, alone=False),
        writing(two, alone=False),
    ):
        first = lease_entries(one, Topic.NOTIFY, now=clock(), limit=3, span=Notifying(clock, b"").lease)
        second = lease_entries(two, Topic.NOTIFY, now=clock(), limit=3, span=Notifying(clock, b"").lease)
        assert {entry.id for entry in first}.isdisjoint(entry.id for entry in second)
    clock.advance(minutes=1)
    done: list[int] = []
    problems: list[str] = []

    def work() -> None:
        handlers = {Topic.NOTIFY: Notifying(clock, SEALING, batch_size=3)}
        done.append(drain(sessions, clock, handlers, report=problems.append))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (sum(done), problems) == (100, [])
    with sessions() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Notice)) == 100
        assert not has_due(session, [Topic.NOTIFY], now=clock())
        assert count_outbox(session, now=clock()).due == 100, "the mails"
        assert prune_outbox(session, now=clock.advance(days=2)) == 100


def test_queue_log_notices_and_contributions(sessions: sessionmaker[Session], clock: StoppedClock) -> None:
    """What moderation reads and writes gives the same there."""
    with sessions() as session:
        build = Builder(session, clock)
        group = build.group(Ceiling.PUBLIC, rules=RULES)
        author = build.member(group)
        moderator = build.actor(build.member(group, role=GroupRole.MODERATOR))
        thread = build.thread(group, author)
        post = build.post(thread, author)
        paper = build.paper(group, author, status=Status.PENDING)
        flag(
            session, build.actor(build.member(group)), kind=SubjectKind.POST, public_id=post.public_id,
            reason=FlagReason.SPAM, now=clock(),
        )  # fmt: skip
        queue = list_queue(session, moderator, filters=QueueFilters(), now=clock())
        assert {entry.waiting.public_id for entry in queue.entries} == {post.public_id, paper.public_id}
        assert get_case(session, moderator, SubjectKind.POST, post.public_id, now=clock()).record is not None
        decide(
            session, moderator, kind=SubjectKind.POST, public_id=post.public_id, action=Action.HIDE,
            rule="civil", reason="This speaks about the person.", now=clock(),
        )  # fmt: skip
        session.commit()
        clock.advance(seconds=60)
        drain(sessions, clock, {Topic.NOTIFY: Notifying(clock, SEALING)}, report=pytest.fail)
        assert len(list_log(session, build.actor(None)).lines) == 1
        report = draw_report(session, checked_period(None, None, today=clock().date()))
        assert report.own_initiative.count + report.on_notice.count == 1
        (notice,) = list_notices(session, build.actor(author)).notices
        assert notice.decision is Action.HIDE
        mine = list_contributions(session, build.actor(author), sealing_secret=SEALING, now=clock())
        assert len(mine.contributions) == 3
