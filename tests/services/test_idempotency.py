"""Writes that are sent twice."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import IdempotencyKey
from forum.errors import Invalid, NotAllowed
from forum.services.idempotency import KEPT, make_once
from tests.builders import SEALING
from tests.conftest import StoppedClock


class Maker:
    """Makes things called 1, 2, 3 …"""

    def __init__(self, session: Session, clock: StoppedClock) -> None:
        self.session, self.clock, self.made = session, clock, 0

    def __call__(self, *, account_id: int = 1, key: str = "key", request: str = "a request") -> str:
        return make_once(
            self.session,
            account_id=account_id,
            key=key,
            request=request,
            make=self.make,
            sealing_secret=SEALING,
            now=self.clock(),
        )

    def make(self) -> str:
        self.made += 1
        return str(self.made)


@pytest.fixture
def once(session: Session, clock: StoppedClock) -> Maker:
    return Maker(session, clock)


def test_the_same_key_gives_the_same_thing(once: Maker) -> None:
    """Made once; other keys and accounts are others."""
    assert [once(), once(), once(key="other"), once(account_id=2), once()] == ["1", "1", "2", "3", "1"]


def test_another_request_under_a_key_is_invalid(once: Maker) -> None:
    """Nothing is made, and the first stays."""
    once()
    with pytest.raises(Invalid) as caught:
        once(request="another")
    assert caught.value.field == "Idempotency-Key"
    assert (once(), once.made) == ("1", 1)


def test_a_key_lasts_a_day(once: Maker, clock: StoppedClock, session: Session) -> None:
    """To the second; then it is new, and its row was cleared."""
    once()
    clock.advance(seconds=(KEPT - timedelta(seconds=1)).total_seconds())
    assert once() == "1"
    clock.advance(seconds=1)
    assert once() == "2"
    assert session.query(IdempotencyKey).count() == 1


def test_what_fails_is_not_remembered(once: Maker, session: Session) -> None:
    """The transaction that fails takes the key with it."""

    def refuse() -> str:
        raise NotAllowed("No.")

    make, once.make = once.make, refuse  # type: ignore[method-assign]
    with pytest.raises(NotAllowed):
        once()
    session.rollback()
    once.make = make  # type: ignore[method-assign]
    assert once() == "1"


def test_a_row_names_nobody(once: Maker, session: Session) -> None:
    """Neither account nor key nor request can be read from it."""
    once(account_id=4711, key="told", request="secret words")
    row = session.query(IdempotencyKey).one()
    for column in (row.key, row.digest):
        assert column.startswith("sealed:")
        assert not any(word in column for word in ("4711", "told", "words"))
