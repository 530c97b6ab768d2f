"""Draining the outbox: lease, prepare, record; at least once, by several workers at once.

A handler works in two halves. `prepare` reads, renders, sends or indexes: everything that takes time,
outside any write transaction, and safe to repeat. `record` writes to the database in the same short
write transaction that marks the entry done, so that such an effect happens exactly once.
"""

import smtplib
import traceback
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Protocol

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from forum.clock import Clock
from forum.database import writing
from forum.domain.outbox import Topic
from forum.errors import ForumError
from forum.services.account_links import prune_links
from forum.services.limits import prune_counters
from forum.services.outbox_work import (
    Leased,
    finish_entries,
    has_due,
    keep_leased,
    lease_entries,
    postpone_entry,
    prune_outbox,
    release_entries,
)

Sessions = Callable[[], Session]
Report = Callable[[str], None]


class Handler(Protocol):
    """Does what the entries of one topic ask for."""

    @property
    def batch_size(self) -> int:
        """How many entries are leased and recorded together; one that fails is then tried alone."""
        ...

    @property
    def lease(self) -> timedelta:
        """After which another worker may take over: longer than a batch can take."""
        ...

    def prepare(self, session: Session, payloads: Sequence[dict[str, Any]]) -> Sequence[Any]:
        """Do the slow half, safe to repeat; gives one result a payload for record()."""
        ...

    def record(self, session: Session, prepared: Any) -> None:
        """Write the effect of one entry, inside the transaction that marks it done."""
        ...


Handlers = Mapping[Topic, Handler]


def _never() -> bool:
    return False


def _silent(_line: str) -> None:
    pass


def drain(
    sessions: Sessions,
    clock: Clock,
    handlers: Handlers,
    *,
    limit: int | None = None,
    stopping: Callable[[], bool] = _never,
    report: Report = _silent,
) -> int:
    """Do what is due, topic by topic in turn, until nothing is; gives how many entries were done.

    Stops earlier after `limit` entries, or between two entries once `stopping()` says so.
    `report` gets one line for each problem, without personal data.
    """
    done = 0
    while not stopping() and (limit is None or done < limit):
        leased = 0
        for topic, handler in handlers.items():
            size = handler.batch_size if limit is None else min(handler.batch_size, limit - done)
            if size < 1 or stopping():
                break
            entries = _lease(sessions, clock, topic, handler, size)
            leased += len(entries)
            done += _work(sessions, clock, handler, entries, stopping, report)
        if not leased:
            break
    return done


def prune(sessions: Sessions, clock: Clock) -> int:
    """Forget entries that were done over a day ago, and links that are over; gives how many entries."""
    with sessions() as session, writing(session):
        prune_links(session, now=clock())
    with sessions() as session, writing(session, alone=False):
        prune_counters(session, now=clock())
        return prune_outbox(session, now=clock())


def _lease(sessions: Sessions, clock: Clock, topic: Topic, handler: Handler, size: int) -> list[Leased]:
    with sessions() as session:
        if not has_due(session, [topic], now=clock()):
            return []
        with writing(session, alone=False):
            return lease_entries(session, topic, now=clock(), limit=size, span=handler.lease)


def _work(
    sessions: Sessions,
    clock: Clock,
    handler: Handler,
    entries: list[Leased],
    stopping: Callable[[], bool],
    report: Report,
) -> int:
    """Do a batch together; if that fails, each entry alone, so that one bad entry holds up no other."""
    if len(entries) > 1:
        try:
            return _do(sessions, clock, handler, entries)
        except Exception as error:
            report(f"{entries[0].topic}: {len(entries)} entries together failed ({describe(error)})")
    done = 0
    for position, entry in enumerate(entries):
        if stopping():
            with sessions() as session, writing(session, alone=False):
                release_entries(session, entries[position:])
            break
        try:
            done += _do(sessions, clock, handler, [entry])
        except Exception as error:
            _postpone(sessions, clock, entry, describe(error), report)
    return done


def _do(sessions: Sessions, clock: Clock, handler: Handler, entries: list[Leased]) -> int:
    with sessions() as session:
        prepared = handler.prepare(session, [entry.payload for entry in entries])
        by_id = {entry.id: result for entry, result in zip(entries, prepared, strict=True)}
        with writing(session):
            held = keep_leased(session, entries)
            for entry in held:
                handler.record(session, by_id[entry.id])
            finish_entries(session, held, now=clock())
    return len(held)


def _postpone(sessions: Sessions, clock: Clock, entry: Leased, error: str, report: Report) -> None:
    with sessions() as session, writing(session, alone=False):
        is_last = postpone_entry(session, entry, error, now=clock())
    what = "given up" if is_last else "put off"
    report(f"{entry.topic}: entry {entry.id} {what} after attempt {entry.attempts} ({error})")


def describe(error: BaseException) -> str:
    """Give an error as a line without personal data: its kind and where it arose, never its message.

    Messages of libraries quote addresses and parameters; those of our own are constants.
    """
    text = type(error).__name__
    if isinstance(error, ForumError):
        text += f": {error.message}"
    elif isinstance(error, smtplib.SMTPResponseException):
        text += f" {error.smtp_code}"
    elif isinstance(error, smtplib.SMTPRecipientsRefused):
        text += " " + ", ".join(str(code) for code, _ in error.recipients.values())
    elif isinstance(error, DBAPIError):
        text += f" ({type(error.orig).__name__})"
    elif isinstance(error, OSError) and error.errno is not None:
        text += f" {error.errno}"
    places = [
        f"{frame.f_code.co_filename.rsplit('/forum/', 1)[1]}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if "/forum/" in frame.f_code.co_filename
    ]
    return f"{text} at {places[-1]}" if places else text
