"""What doctor and readiness find."""

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum import MIGRATIONS
from forum.database import writing
from forum.domain.outbox import OutboxEntry, Topic
from forum.search.protocol import Remove
from forum.services.health import check_database, check_disk, check_drift, check_mail, check_outbox
from forum.services.index_check import Differences, Problem, record_difference
from tests.conftest import StoppedClock


def test_a_migrated_database_is_well(session: Session) -> None:
    """The schema is the newest."""
    assert check_database(session, MIGRATIONS).is_well


def test_an_empty_database_asks_for_init() -> None:
    """A database without tables says which command makes them."""
    with Session(sa.create_engine("sqlite://")) as empty:
        finding = check_database(empty, MIGRATIONS)
    assert not finding.is_well
    assert "forum init" in finding.mend


def test_a_database_newer_than_the_code_is_refused(session: Session) -> None:
    """An unknown revision means newer code wrote it."""
    session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    finding = check_database(session, MIGRATIONS)
    assert not finding.is_well
    assert "newer" in finding.detail


def test_an_unreachable_database_is_one_line() -> None:
    """No stack trace, one line, and what to check."""
    engine = sa.create_engine("sqlite:////nowhere/at/all.db")
    with Session(engine) as unreachable:
        finding = check_database(unreachable, MIGRATIONS)
    assert not finding.is_well
    assert "\n" not in finding.detail


def test_entries_that_wait_long_mean_that_no_worker_runs(session: Session, clock: StoppedClock) -> None:
    """Six minutes of waiting ask for `forum worker`; a fresh entry does not."""
    now = clock()
    session.add(OutboxEntry(topic=Topic.INDEX, payload={}, created_at=now, available_at=now))
    session.commit()
    assert check_outbox(session, now=now).is_well
    assert "forum worker" in check_outbox(session, now=now + timedelta(minutes=6)).mend


def test_dead_letters_are_reported(session: Session, clock: StoppedClock) -> None:
    """What was given up is named."""
    now = clock()
    session.add(OutboxEntry(topic=Topic.INDEX, payload={}, created_at=now, available_at=now, failed_at=now))
    session.commit()
    assert not check_outbox(session, now=now).is_well


def test_a_folder_that_is_not_there_cannot_be_written(tmp_path: Path) -> None:
    """The disk check names the folder and the setting."""
    assert check_disk(tmp_path).is_well
    finding = check_disk(tmp_path / "absent")
    assert not finding.is_well
    assert "FORUM_INSTANCE" in finding.mend


def well() -> str:
    """A mail server that answers."""
    return "sent through mail.example"


def away() -> str:
    """One that does not."""
    raise ConnectionRefusedError


def test_letters_that_cannot_leave_are_named(session: Session, clock: StoppedClock) -> None:
    """The server away, letters waiting, letters given up: each in words, and each a warning."""
    now = clock()
    assert check_mail(session, well, now=now).is_well
    finding = check_mail(session, away, now=now)
    assert (finding.is_well, finding.is_warning) == (False, True)
    assert "ConnectionRefusedError" in finding.detail
    letter = OutboxEntry(topic=Topic.MAIL, payload={}, created_at=now, available_at=now)
    session.add(letter)
    session.commit()
    assert check_mail(session, well, now=now).is_well
    assert "1 letters wait" in check_mail(session, well, now=now + timedelta(minutes=6)).detail
    letter.failed_at = now
    session.commit()
    assert "--retry" in check_mail(session, well, now=now).mend


def test_a_difference_of_the_last_night_is_told_for_a_day(session: Session, clock: StoppedClock) -> None:
    """From the record, where it stands as numbers."""
    assert check_drift(session, now=clock()).is_well
    found = Differences(documents=7)
    found.note(Problem.MISSING, Remove("post:abc"))
    with writing(session):
        record_difference(session, found, "ready", now=clock())
    finding = check_drift(session, now=clock.advance(hours=2))
    assert (finding.is_well, finding.is_warning) == (False, True)
    assert "1 differences" in finding.detail
    assert check_drift(session, now=clock.advance(hours=23)).is_well
