"""The delay after failed sign-ins."""

import subprocess
import sys

from flask import Flask
from sqlalchemy.orm import Session

from forum.errors import TooSoon
from forum.extensions import db
from forum.services.sign_in import LONGEST_DELAY, claim_attempt, release_attempt
from tests.conftest import StoppedClock

EMAIL = "ada@members.example"


def attempt(session: Session, clock: StoppedClock, email: str = EMAIL, address: str = "192.0.2.1") -> int:
    """Try once; give the seconds that must be waited for, 0 where the attempt was taken."""
    try:
        claim_attempt(session, email=email, address=address, now=clock(), delay=1)
    except TooSoon as error:
        session.rollback()
        return error.seconds
    session.commit()
    return 0


def test_the_delay_grows_with_each_failure_and_ends(session: Session, clock: StoppedClock) -> None:
    """The first failure costs nothing; the next ones a second more each, never over the longest."""
    waits = []
    for _ in range(LONGEST_DELAY + 10):
        wait = attempt(session, clock)
        waits.append(wait)
        clock.advance(seconds=wait)
        if wait:
            assert attempt(session, clock) == 0
    assert waits[:3] == [0, 0, 1]
    assert max(waits) == LONGEST_DELAY


def test_what_is_refused_does_not_lengthen_the_delay(session: Session, clock: StoppedClock) -> None:
    """Hammering a delayed account does not keep its owner out."""
    attempt(session, clock), attempt(session, clock)
    for _ in range(50):
        assert attempt(session, clock) == 1
    clock.advance(seconds=1)
    assert attempt(session, clock) == 0


def test_the_delay_holds_for_an_account_from_every_address(session: Session, clock: StoppedClock) -> None:
    """Guesses that come from many machines are counted on the account."""
    waits = [attempt(session, clock, address=f"192.0.2.{n}") for n in range(4)]
    assert waits[2:] == [1, 1]


def test_the_delay_holds_for_an_address_on_every_account(session: Session, clock: StoppedClock) -> None:
    """One machine that tries many accounts is slowed down too, an office where people mistype is not."""
    waits = [attempt(session, clock, email=f"person-{n}@members.example") for n in range(30)]
    assert not any(waits[:21])
    assert all(waits[21:])
    assert attempt(session, clock, email="person-99@members.example", address="198.51.100.7") == 0


def test_a_success_begins_anew(session: Session, clock: StoppedClock) -> None:
    """After a sign-in the account has no failures, and the address one less."""
    attempt(session, clock), attempt(session, clock)
    assert attempt(session, clock) == 1
    release_attempt(session, email=EMAIL, address="192.0.2.1")
    assert attempt(session, clock) == 0


def test_failures_are_forgotten_after_a_day(session: Session, clock: StoppedClock) -> None:
    """The table does not grow for ever."""
    for _ in range(5):
        clock.advance(seconds=attempt(session, clock))
    clock.advance(days=1, seconds=1)
    assert attempt(session, clock) == attempt(session, clock) == 0


GUESS = """
import sys
from datetime import datetime, timedelta
from forum import create_app
from forum.database import writing
from forum.errors import TooSoon
from forum.extensions import db
from forum.services.sign_in import claim_attempt

instance, address, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
app = create_app({"ENV": "testing", "INSTANCE": instance, "DATABASE_URL": sys.argv[4]})
sys.stdin.readline()
taken = 0
with app.app_context():
    for _ in range(count):
        try:
            with writing(db.session()) as session:
                claim_attempt(session, email="ada@members.example", address=address,
                              now=datetime.fromisoformat(sys.argv[5]), delay=1)
            taken += 1
        except TooSoon:
            pass
print(taken)
"""


def test_the_delay_holds_across_processes(app: Flask, session: Session, clock: StoppedClock) -> None:
    """Two processes that guess at one account at the same moment get two tries together, not each."""
    url = db.engine.url.render_as_string(hide_password=False)
    at = clock().isoformat()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", GUESS, app.config["INSTANCE"], address, "20", url, at],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for address in ("192.0.2.1", "198.51.100.7")
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    taken = [int(process.communicate()[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum(taken) == 2, "one that costs nothing, and the one that starts the delay"
    session.rollback()
    assert attempt(session, clock, address="203.0.113.9") == 1
