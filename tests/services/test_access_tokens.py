"""Personal access tokens."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from forum.domain.accounts import AccountStatus
from forum.errors import Invalid, NotFound
from forum.services.access_tokens import (
    Scope,
    create_token,
    find_token,
    list_tokens,
    revoke_token,
    touch_token,
)
from tests.builders import Builder
from tests.conftest import StoppedClock


def test_a_token_is_found_while_it_lives(session: Session, build: Builder, clock: StoppedClock) -> None:
    """By its text alone, until it expires, is revoked or its person is disabled."""
    ada = build.account()
    row, text = create_token(
        session,
        ada,
        name="report",
        scopes=[Scope.WRITE, Scope.READ],
        now=clock(),
        expires_at=clock() + timedelta(days=1),
    )
    session.commit()
    assert row.scopes == ["read", "write"]
    assert text not in (row.token_hash, row.public_id)
    assert find_token(session, text, now=clock()) == (row, ada)
    touch_token(session, row.id, now=clock())
    session.refresh(row)
    assert row.last_used_at == clock()
    assert find_token(session, row.token_hash, now=clock()) is None
    assert find_token(session, text + "x", now=clock()) is None
    ada.status = AccountStatus.DISABLED
    session.flush()
    assert find_token(session, text, now=clock()) is None
    ada.status = AccountStatus.ACTIVE
    session.flush()
    assert find_token(session, text, now=clock() + timedelta(days=1)) is None


def test_one_revokes_ones_own(session: Session, build: Builder, clock: StoppedClock) -> None:
    """Another person's token is not there."""
    ada, eve = build.account(), build.account()
    row, text = create_token(session, ada, name="report", scopes=[Scope.READ], now=clock())
    with pytest.raises(NotFound):
        revoke_token(session, eve.id, row.public_id, now=clock())
    revoke_token(session, ada.id, row.public_id, now=clock())
    session.flush()
    assert find_token(session, text, now=clock()) is None
    assert list_tokens(session, ada.id, now=clock()) == []


def test_a_token_says_what_it_is_for(session: Session, build: Builder, clock: StoppedClock) -> None:
    """No name or no scope: no token."""
    for fields in ({"name": " ", "scopes": [Scope.READ]}, {"name": "x", "scopes": []}):
        with pytest.raises(Invalid):
            create_token(session, build.account(), now=clock(), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("held", "covered"),
    [
        (Scope.READ, {Scope.READ}),
        (Scope.WRITE, {Scope.READ, Scope.WRITE}),
        (Scope.MODERATE, {Scope.READ, Scope.WRITE, Scope.MODERATE}),
        (Scope.SECRETARIAT, {Scope.READ, Scope.WRITE, Scope.SECRETARIAT}),
    ],
)
def test_wider_scopes_cover_narrower_ones(held: Scope, covered: set[Scope]) -> None:
    """Who writes reads; who moderates, or works for the secretariat, writes; neither does the other's."""
    assert {scope for scope in Scope if scope.is_covered_by([held.value])} == covered
    assert not any(scope.is_covered_by([]) for scope in Scope)
