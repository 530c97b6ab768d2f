"""What is wrong, and how to mend it: for `forum doctor`, `/readyz` and the administration page."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from forum.domain.outbox import Topic
from forum.domain.revisions import read_revisions
from forum.search.protocol import SearchEngine
from forum.services.attachment_files import count_quarantined
from forum.services.audit import is_guarded
from forum.services.index_check import find_last_difference
from forum.services.limits import SharedCounters
from forum.services.outbox_work import count_outbox
from forum.services.system import TopicCount, count_topics

DISK_FLOOR = 200 * 1024 * 1024
"""Bytes of free disk below which writing is about to fail."""

UPGRADE = "Run `forum upgrade`."
"""What mends a database of older code."""

_BUILD = "Run `forum search rebuild`; `forum search check` compares it with the database."

_CURRENT = sa.text("SELECT version_num FROM alembic_version")

LATE = timedelta(minutes=5)
"""An outbox entry that waits longer than this means that no worker runs."""
SEEN_FOR = timedelta(hours=24)
"""How long a difference between index and database is told of: until the next night has compared them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `mend` says what to do where it is not well."""

    name: str
    is_well: bool
    detail: str
    mend: str = ""
    is_warning: bool = False
    """It is not as it should be, and the site does its work all the same."""


def check_database(session: Session, migrations: Path) -> Finding:
    """Whether the database answers and has the schema that this code expects."""
    name = "database"
    try:
        has_schema = sa.inspect(session.connection()).has_table("alembic_version")
        current = session.scalar(_CURRENT) if has_schema else None
    except SQLAlchemyError as error:
        return Finding(name, False, _first_line(error), "Check FORUM_DATABASE_URL, and that the server runs.")
    revisions = read_revisions(migrations)
    if current == revisions.newest:
        return Finding(name, True, f"schema {current}")
    if current is None:
        return Finding(name, False, "the database is empty", "Run `forum init` (or `forum demo`).")
    if current not in revisions.known:
        return Finding(
            name,
            False,
            f"its schema {current} is newer than this code ({revisions.newest})",
            "Start the newer code, or restore a backup made with this one.",
        )
    return Finding(name, False, f"schema {current}, this code needs {revisions.newest}", UPGRADE)


def check_record(session: Session) -> Finding:
    """Whether the database refuses to change the record; whether somebody did is `forum audit verify`'s."""
    try:
        is_well = is_guarded(session)
    except SQLAlchemyError as error:
        return Finding("record", False, _first_line(error), "Mend the database first.")
    if is_well:
        return Finding("record", True, "the database refuses to change it")
    mend = "Run `forum audit verify` with a head that was kept, then `forum audit guard`."
    return Finding("record", False, "the database would let it be changed", mend)


def check_outbox(session: Session, *, now: datetime) -> Finding:
    """Whether a worker drains the outbox, and nothing was given up."""
    try:
        counts = count_outbox(session, now=now)
    except SQLAlchemyError as error:
        return Finding("outbox", False, _first_line(error), "Mend the database first.")
    if counts.failed:
        return Finding(
            "outbox",
            False,
            f"{counts.failed} entries were given up",
            "See /administration/ for why; mend it, then run `forum worker --once --retry`.",
        )
    if counts.oldest_due_at is not None and now - counts.oldest_due_at > LATE:
        return Finding("outbox", False, f"{counts.due} entries wait", "Start `forum worker`.")
    return Finding("outbox", True, f"{counts.due} waiting" if counts.due else "nothing waits")


def check_index(engine: SearchEngine) -> Finding:
    """Whether the search index is there and was written by this code; not what is in it."""
    try:
        state = engine.state()
    except OSError as error:
        return Finding("search", False, f"the index cannot be read: {error.strerror}", _BUILD)
    except SQLAlchemyError as error:
        return Finding("search", False, _first_line(error), "Mend the database first.")
    if state.status == "ready":
        return Finding("search", True, f"{state.documents:,} documents")
    words = {"missing": "there is no index yet", "outdated": "other code wrote the index"}
    return Finding("search", False, words.get(state.status, state.status), _BUILD)


def check_mail(session: Session, ping: Callable[[], str], *, now: datetime) -> Finding:
    """Whether letters leave: `ping` says how, and raises OSError where the mail server does not answer.

    A warning: letters wait in the outbox meanwhile, and pages do their work.
    """
    try:
        counts = _count_topic(session, Topic.MAIL, now)
    except SQLAlchemyError as error:
        return Finding("mail", False, _first_line(error), "Mend the database first.")
    mend = "See that the server of FORUM_MAIL_URL answers and `forum worker` runs."
    try:
        detail = ping()
    except ValueError as error:
        return Finding("mail", False, "FORUM_MAIL_URL cannot be understood", str(error), is_warning=True)
    except OSError as error:
        return Finding("mail", False, f"no letter can leave: {type(error).__name__}", mend, is_warning=True)
    if counts is not None and counts.failed:
        mend += " Then `forum worker --once --retry`."
        return Finding("mail", False, f"{counts.failed} letters were given up", mend, is_warning=True)
    if counts is not None and _is_late(counts, now):
        return Finding("mail", False, f"{counts.waiting} letters wait", mend, is_warning=True)
    return Finding("mail", True, detail)


def check_drift(session: Session, *, now: datetime) -> Finding:
    """Whether the index follows the database: nothing waits long, and the last night found no difference.

    A warning: results are checked against the database before they are shown.
    """
    try:
        counts = _count_topic(session, Topic.INDEX, now)
        differed = find_last_difference(session, since=now - SEEN_FOR)
    except SQLAlchemyError as error:
        return Finding("drift", False, _first_line(error), "Mend the database first.")
    if counts is not None and (counts.failed or _is_late(counts, now)):
        detail = f"{counts.waiting} changes wait and {counts.failed} were given up"
        return Finding("drift", False, detail, f"Start `forum worker`. {_BUILD}", is_warning=True)
    if differed is not None:
        detail = f"the last night found and mended {differed} differences"
        return Finding("drift", False, detail, "Run `forum search check`.", is_warning=True)
    return Finding("drift", True, "the index follows the database")


def _count_topic(session: Session, topic: Topic, now: datetime) -> TopicCount | None:
    return next((count for count in count_topics(session, now=now) if count.topic is topic), None)


def _is_late(counts: TopicCount, now: datetime) -> bool:
    return counts.oldest_at is not None and now - counts.oldest_at > LATE


def check_quarantine(session: Session, *, now: datetime) -> Finding:
    """Whether attachments are checked soon after they came."""
    try:
        waiting = count_quarantined(session, before=now - LATE)
    except SQLAlchemyError as error:
        return Finding("attachments", False, _first_line(error), "Mend the database first.")
    if not waiting:
        return Finding("attachments", True, "none waits for its check")
    return Finding(
        "attachments",
        False,
        f"{waiting} wait in quarantine",
        "See that `forum worker` runs and the scanner answers; then run `forum worker --once --retry`.",
    )


def check_limits(counters: SharedCounters) -> Finding:
    """Whether limits are counted where they should be."""
    if counters.redis is None:
        return Finding("limits", True, "counted in the database")
    if counters.redis.ping():
        return Finding("limits", True, "counted in Redis")
    return Finding(
        "limits",
        False,
        "Redis does not answer: limits are counted in the database",
        "Start Redis, or mend FORUM_REDIS_URL.",
        is_warning=True,
    )


def check_disk(instance: Path) -> Finding:
    """Whether the instance folder can be written and has room."""
    try:
        with tempfile.TemporaryFile(dir=instance) as probe:
            probe.write(b"x" * 4096)
            probe.flush()
            os.fsync(probe.fileno())
        free = shutil.disk_usage(instance).free
    except OSError as error:
        return Finding(
            "disk",
            False,
            f"{instance} cannot be written: {error.strerror}",
            "Make the folder writable for this user, or free some space; FORUM_INSTANCE names it.",
        )
    if free < DISK_FLOOR:
        return Finding("disk", False, f"{free // 2**20} MB free", "Free some space on this disk.")
    return Finding("disk", True, f"{free / 2**30:,.1f} GB free")


def check_all(checks: Iterable[Callable[[], Finding]]) -> list[Finding]:
    """Run the checks in order."""
    return [check() for check in checks]


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:200]
