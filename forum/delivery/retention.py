"""Retention by the worker: once a day, whoever comes first; and the folder of letters."""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.orm import Session, sessionmaker

from forum.database import writing
from forum.domain.retention import Retention
from forum.services.retention import apply_retention, is_due


def keep_periods(
    sessions: sessionmaker[Session], periods: Retention, letters: Path | None, *, now: datetime
) -> dict[str, int] | None:
    """Let go of what is over its time if a day has passed; gives what went, None if it was not time."""
    with sessions() as session:
        if not is_due(session, now=now):
            return None
        with writing(session):
            if not is_due(session, now=now):
                return None
            counts = apply_retention(session, periods, now=now)
    return counts | {"mails": remove_letters(letters, periods.mails, now=now)}


def remove_letters(folder: Path | None, kept: int, *, now: datetime, is_trial: bool = False) -> int:
    """Delete letters in the folder that are older than so many days; gives how many."""
    if folder is None or not kept or not folder.is_dir():
        return 0
    oldest = (now - timedelta(days=kept)).timestamp()
    old = [path for path in folder.glob("*.eml") if path.stat().st_mtime < oldest]
    for path in [] if is_trial else old:
        path.unlink(missing_ok=True)
    return len(old)
