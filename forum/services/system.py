"""How the system is: its outbox by topic, dead letters, sizes; for administrators and for /metrics."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import LoginSession
from forum.domain.audit import AuditAction
from forum.domain.outbox import OutboxEntry, Topic
from forum.errors import Invalid
from forum.policy import Action, Actor, require
from forum.services.audit import record
from forum.services.outbox_work import retry_failed

MOST_LETTERS = 50
"""Dead letters shown on a page."""
LAST_BACKUP = "last_backup.json"
"""The file of the instance folder in which a backup leaves when it was made."""
REASONS = ("mended", "server_back", "once_more")
"""Why dead letters are given another round: what the record says of it."""


@dataclass(frozen=True, slots=True)
class TopicCount:
    """The outbox of one topic."""

    topic: Topic
    waiting: int
    failed: int
    oldest_at: datetime | None
    """When the oldest that waits was to be done."""


def count_topics(session: Session, *, now: datetime) -> Sequence[TopicCount]:
    """Count what waits and what was given up, by topic; topics of which there is nothing are not there."""
    waits = sa.and_(OutboxEntry.failed_at.is_(None), OutboxEntry.available_at <= now)
    rows = session.execute(
        sa.select(
            OutboxEntry.topic,
            sa.func.count().filter(waits),
            sa.func.count().filter(OutboxEntry.failed_at.is_not(None)),
            sa.func.min(OutboxEntry.available_at).filter(waits),
        )
        .where(OutboxEntry.done_at.is_(None))
        .group_by(OutboxEntry.topic)
        .order_by(OutboxEntry.topic)
    )
    return [TopicCount(*row) for row in rows]


def list_dead_letters(session: Session) -> Sequence[OutboxEntry]:
    """Give what was given up, the newest first."""
    return session.scalars(
        sa.select(OutboxEntry)
        .where(OutboxEntry.failed_at.is_not(None), OutboxEntry.done_at.is_(None))
        .order_by(OutboxEntry.failed_at.desc())
        .limit(MOST_LETTERS)
    ).all()


def retry_dead_letters(session: Session, actor: Actor, reason: str, *, now: datetime) -> int:
    """Give everything that was given up another round, on record; gives how many there were."""
    require(actor, Action.ADMINISTER)
    if reason not in REASONS:
        raise Invalid("Say why it will work this time.", field="reason")
    count = retry_failed(session)
    if count:
        record(session, actor, AuditAction.OUTBOX_RETRIED, now=now, entries=count, reason=reason)
    return count


def count_live_sessions(session: Session, *, now: datetime) -> int:
    """Count sessions that have not ended."""
    statement = sa.select(sa.func.count()).select_from(LoginSession)
    live = sa.and_(LoginSession.revoked_at.is_(None), LoginSession.expires_at > now)
    return session.scalar(statement.where(live)) or 0


def size_of_database(session: Session) -> int:
    """Give the bytes of the database."""
    if session.get_bind().dialect.name == "postgresql":
        return int(session.scalar(sa.text("SELECT pg_database_size(current_database())")) or 0)
    pages = session.scalar(sa.text("PRAGMA page_count")) or 0
    return int(pages) * int(session.scalar(sa.text("PRAGMA page_size")) or 0)


def size_of_folder(folder: Path) -> tuple[int, int]:
    """Give how many files a folder holds, and their bytes."""
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()] if folder.exists() else []
    return len(sizes), sum(sizes)


def note_backup(instance: Path, *, made_at: datetime, size: int, sha256: str) -> None:
    """Leave word of a backup that was made and verified."""
    told = {"made_at": made_at.isoformat(), "size": size, "sha256": sha256}
    fresh = instance / f".{LAST_BACKUP}"
    fresh.write_text(json.dumps(told), encoding="utf-8")
    fresh.replace(instance / LAST_BACKUP)


def find_last_backup(instance: Path) -> dict[str, Any] | None:
    """Give what the last backup left word of; None where there was none."""
    try:
        told = json.loads((instance / LAST_BACKUP).read_text(encoding="utf-8"))
        return dict(told) | {"made_at": datetime.fromisoformat(told["made_at"])}
    except (OSError, ValueError, KeyError):
        return None
