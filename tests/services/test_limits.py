"""Limits: counted over processes, in the database and in Redis, and in the one while the other is away."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum.database import writing
from forum.domain.accounts import RateCounter
from forum.extensions import db
from forum.services.limits import (
    DatabaseCounters,
    Limit,
    RedisAway,
    RedisCounters,
    SharedCounters,
    prune_counters,
)
from forum.services.sign_in import FREE, LONGEST_DELAY, attempt_keys
from tests.conftest import StoppedClock
from tests.servers import redis_server
from tests.support import count_statements

FIVE = Limit("posts", 5, 600)
MANY = Limit("searches", 100, 60)


@pytest.fixture
def process(app: Flask, session: Session) -> Callable[[], DatabaseCounters]:
    """Start counting as another server process would."""
    engine = db.engine

    def write(change: Callable[[Session], int]) -> int:
        with Session(engine) as own, writing(own):
            return change(own)

    return lambda: DatabaseCounters(write)


@pytest.fixture
def redis() -> Iterator[tuple[str, Callable[[], None]]]:
    with redis_server() as server:
        yield server


def test_five_and_no_more(process: Callable[[], DatabaseCounters], clock: StoppedClock) -> None:
    """The sixth waits for the end of the span, another person does not, and then it begins anew."""
    counters = process()
    assert [counters.hit(FIVE, "ada", now=clock()) for _ in range(5)] == [0] * 5
    assert counters.hit(FIVE, "ada", now=clock()) == 600
    assert counters.hit(FIVE, "bob", now=clock()) == 0
    clock.advance(seconds=599)
    assert counters.hit(FIVE, "ada", now=clock()) == 1
    clock.advance(seconds=1)
    assert counters.hit(FIVE, "ada", now=clock()) == 0


def test_it_holds_across_processes(process: Callable[[], DatabaseCounters], clock: StoppedClock) -> None:
    """Two processes share a small limit exactly, and a large one to a tenth for each."""
    one, other = process(), process()
    taken = sum((one, other)[n % 2].hit(FIVE, "ada", now=clock()) == 0 for n in range(12))
    assert taken == 5
    taken = sum((one, other)[n % 2].hit(MANY, "ada", now=clock()) == 0 for n in range(300))
    assert 100 <= taken <= 120


def test_searching_writes_a_tenth_of_the_time(
    process: Callable[[], DatabaseCounters], clock: StoppedClock
) -> None:
    """And whoever is over the limit costs no statement at all."""
    counters = process()
    with count_statements(db.engine) as statements:
        for _ in range(100):
            counters.hit(MANY, "ada", now=clock())
    assert len(statements) == 10
    counters.hit(MANY, "ada", now=clock())
    with count_statements(db.engine) as statements:
        for _ in range(50):
            assert counters.hit(MANY, "ada", now=clock()) > 0
    assert statements == []


def test_counts_that_are_over_are_forgotten(
    process: Callable[[], DatabaseCounters], session: Session, clock: StoppedClock
) -> None:
    """House-keeping takes them away; no address is in them."""
    process().hit(FIVE, "192.0.2.7", now=clock())
    assert "192.0.2.7" not in str(session.scalars(sa.select(RateCounter.key)).all())
    session.rollback()
    clock.advance(seconds=601)
    prune_counters(session, now=clock())
    assert session.scalars(sa.select(RateCounter.key)).all() == []


def test_redis_counts_every_one(redis: tuple[str, Callable[[], None]], clock: StoppedClock) -> None:
    """Eight at once over two connections: exactly as many as the limit allows."""
    counters = [RedisCounters(redis[0]), RedisCounters(redis[0])]
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda n: counters[n % 2].hit(MANY, "ada", now=clock()), range(300)))
    assert waits.count(0) == 100
    clock.advance(seconds=60)
    assert counters[0].hit(MANY, "ada", now=clock()) == 0


def test_redis_delays_guesses_as_the_database_does(
    redis: tuple[str, Callable[[], None]], clock: StoppedClock
) -> None:
    """A claim for each, a longer wait for each more, never over the longest; success begins anew."""
    counters = RedisCounters(redis[0])
    keys = attempt_keys("ada@a.example", "192.0.2.1")

    def claim() -> tuple[int, int]:
        return counters.claim(keys, now=clock(), delay=2, longest=LONGEST_DELAY, free=FREE)

    assert claim() == (0, 1)
    assert claim() == (0, 2)
    assert claim() == (2, 0)
    clock.advance(seconds=2)
    assert claim() == (0, 3)
    assert claim() == (4, 0)
    clock.advance(seconds=4)
    counters.release(keys)
    assert claim() == (0, 1)
    for _ in range(40):
        clock.advance(seconds=LONGEST_DELAY)
        assert claim()[0] == 0


def test_without_redis_the_database_counts(
    redis: tuple[str, Callable[[], None]], process: Callable[[], DatabaseCounters], clock: StoppedClock
) -> None:
    """It stops: nobody notices but readiness, and limits hold."""
    counters = SharedCounters(process(), RedisCounters(redis[0]))
    assert counters.redis is not None
    assert counters.hit(FIVE, "ada", now=clock()) == 0
    assert counters.redis.ping()
    redis[1]()
    assert not counters.redis.ping()
    assert [counters.hit(FIVE, "ada", now=clock()) for _ in range(6)] == [0, 0, 0, 0, 0, 600]
    with pytest.raises(RedisAway):
        counters.redis.hit(FIVE, "ada", now=clock())


@pytest.mark.parametrize("text", ["", "5", "5/", "/5", "0/60", "5/0", "five/60", "-5/60", "5/60/7"])
def test_a_limit_that_is_none_is_refused(text: str) -> None:
    """With a sentence that says how one is written."""
    with pytest.raises(ValueError, match="no limit"):
        Limit.read("posts", text)
