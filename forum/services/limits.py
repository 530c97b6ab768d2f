"""How often something may be done: counted across processes, in the database or in Redis.

The database is written once for every tenth of a limit, not for every search: each process counts in memory
in between, so that a limit is passed by a tenth for each process at most. With Redis every one counts.
While Redis is away the database does its work, and readiness says so.
"""

import hashlib
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from forum.domain.accounts import RateCounter
from forum.services.upserts import upsert_of

PAUSE = 5.0
"""Seconds for which Redis is left alone after it did not answer."""
_MOST_KEPT = 20_000
"""Counts that a process keeps in memory before it forgets those that are over."""


@dataclass(frozen=True, slots=True)
class Limit:
    """So many times in so many seconds."""

    name: str
    most: int
    seconds: int

    @classmethod
    def read(cls, name: str, text: str) -> "Limit":
        """Read a setting such as 120/60; ValueError where it is none."""
        most, _, seconds = text.partition("/")
        if not (most.isascii() and most.isdigit() and seconds.isascii() and seconds.isdigit()):
            raise ValueError(f"{text!r} is no limit: write times/seconds, such as 120/60.")
        if not int(most) or not int(seconds):
            raise ValueError(f"{text!r} is no limit: both numbers are at least 1.")
        return cls(name, int(most), int(seconds))


class Counters(Protocol):
    """Where is counted."""

    def hit(self, limit: Limit, who: str, *, now: datetime) -> int:
        """Count one; give the seconds to wait where it was one too many, else 0."""
        ...


def _key(limit: Limit, who: str) -> str:
    """Give a key that tells nobody's address."""
    return hashlib.sha256(f"{limit.name}:{who}".encode()).hexdigest()


def _window(limit: Limit, now: datetime) -> tuple[int, int]:
    """Give the number of the span of time that it is now, and the seconds until its end."""
    at = now.timestamp()
    window = int(at // limit.seconds)
    return window, max(1, math.ceil((window + 1) * limit.seconds - at))


@dataclass(slots=True)
class _Count:
    window: int
    known: int = 0
    here: int = 0


class DatabaseCounters:
    """Counts in the table `rate_counter`; `write` runs a function in a write transaction of its own."""

    def __init__(self, write: Callable[[Callable[[Session], int]], int]) -> None:
        self._write = write
        self._counts: dict[str, _Count] = {}
        self._lock = threading.Lock()

    def hit(self, limit: Limit, who: str, *, now: datetime) -> int:
        """Count one; what is over a limit already costs no statement."""
        key = _key(limit, who)
        window, left = _window(limit, now)
        with self._lock:
            if len(self._counts) > _MOST_KEPT:
                self._counts.clear()
            count = self._counts.get(key)
            if count is None or count.window != window:
                count = self._counts[key] = _Count(window)
            if count.known > limit.most:
                return left
            count.here += 1
            is_due = count.here >= max(1, limit.most // 10) or count.known + count.here > limit.most
            to_write = count.here if is_due else 0
            if is_due:
                count.known, count.here = count.known + count.here, 0
        if to_write:
            try:
                total = self._write(lambda session: _add(session, key, limit, window, to_write, now))
            except SQLAlchemyError:
                total = count.known  # a database that cannot write says so where it matters
            count.known = max(count.known, total)
        return left if count.known + count.here > limit.most else 0


def _add(session: Session, key: str, limit: Limit, window: int, more: int, now: datetime) -> int:
    insert = upsert_of(session)
    statement = insert(RateCounter).values(
        key=key, window=window, count=more, expires_at=now + timedelta(seconds=limit.seconds)
    )
    is_same = RateCounter.window == statement.excluded.window
    statement = statement.on_conflict_do_update(
        index_elements=["key"],
        set_={
            "count": sa.case((is_same, RateCounter.count + statement.excluded.count), else_=more),
            "window": statement.excluded.window,
            "expires_at": statement.excluded.expires_at,
        },
    )
    return int(session.scalar(statement.returning(RateCounter.count)) or 0)


def prune_counters(session: Session, *, now: datetime) -> None:
    """Forget counts that are over."""
    session.execute(sa.delete(RateCounter).where(RateCounter.expires_at < now))


class RedisAway(Exception):
    """Redis does not answer."""


_CLAIM = """
local now, delay, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local wait = 0
for i = 1, 2 do
  local at = tonumber(redis.call('HGET', KEYS[i], 'not_before') or '0')
  if at > now then wait = math.max(wait, math.ceil(at - now)) end
end
if wait > 0 then return {wait, 0} end
local failures = {}
for i = 1, 2 do
  failures[i] = redis.call('HINCRBY', KEYS[i], 'failures', 1)
  local pause = math.min(longest, delay * math.max(0, failures[i] - tonumber(ARGV[3 + i])))
  redis.call('HSET', KEYS[i], 'not_before', now + pause)
  redis.call('EXPIRE', KEYS[i], 86400)
end
return {0, failures[1]}
"""
_RELEASE = """
redis.call('DEL', KEYS[1])
if tonumber(redis.call('HGET', KEYS[2], 'failures') or '0') > 0 then
  redis.call('HINCRBY', KEYS[2], 'failures', -1)
end
return 0
"""


class RedisCounters:
    """Counts in Redis; raises RedisAway at once where it does not answer, and leaves it alone for a while."""

    def __init__(self, url: str) -> None:
        import redis

        self._redis = redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5)
        self._error = redis.RedisError
        self._left_alone_until = 0.0

    def _run(self, ask: Callable[[Any], Any]) -> Any:
        if time.monotonic() < self._left_alone_until:
            raise RedisAway
        try:
            return ask(self._redis)
        except (self._error, OSError):
            self._left_alone_until = time.monotonic() + PAUSE
            raise RedisAway from None

    def hit(self, limit: Limit, who: str, *, now: datetime) -> int:
        """Count one."""
        window, left = _window(limit, now)
        name = f"forum:limit:{_key(limit, who)}:{window}"

        def ask(server: Any) -> int:
            pipe = server.pipeline()
            pipe.incr(name)
            pipe.expire(name, limit.seconds + 60)
            return int(pipe.execute()[0])

        return left if self._run(ask) > limit.most else 0

    def claim(
        self, keys: tuple[str, str], *, now: datetime, delay: int, longest: int, free: tuple[int, int]
    ) -> tuple[int, int]:
        """Count an attempt on an account and from an address; give the seconds to wait and the failures."""
        names = [f"forum:attempt:{key}" for key in keys]
        arguments = (now.timestamp(), delay, longest, *free)
        wait, failures = self._run(lambda server: server.eval(_CLAIM, 2, *names, *arguments))
        return int(wait), int(failures)

    def release(self, keys: tuple[str, str]) -> None:
        """Give a claim back after a success."""
        names = [f"forum:attempt:{key}" for key in keys]
        self._run(lambda server: server.eval(_RELEASE, 2, *names))

    def ping(self) -> bool:
        """Whether it answers now."""
        try:
            return bool(self._redis.ping())
        except (self._error, OSError):
            return False


@dataclass(slots=True)
class SharedCounters:
    """Redis where it is set up and answers, else the database."""

    database: DatabaseCounters
    redis: RedisCounters | None = None

    def hit(self, limit: Limit, who: str, *, now: datetime) -> int:
        """Count one, wherever it can be counted."""
        if self.redis is not None:
            try:
                return self.redis.hit(limit, who, now=now)
            except RedisAway:
                pass
        return self.database.hit(limit, who, now=now)
