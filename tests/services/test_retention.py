"""What is over its time goes, what is not stays, and the record says how much went."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import AccessRequest, Invitation, InvitationPurpose, LoginSession, RequestKind
from forum.domain.audit import AuditEntry
from forum.domain.labels import Ceiling, Status
from forum.domain.notices import Notice, NoticeKind
from forum.domain.retention import Retention
from forum.domain.threads import Post, PostRevision
from forum.services.audit import verify
from forum.services.login_sessions import start_session
from forum.services.retention import apply_retention, is_due
from tests.builders import Builder
from tests.conftest import StoppedClock


@pytest.fixture
def old(build: Builder, session: Session, clock: StoppedClock) -> dict[str, int]:
    """One of each kind, then three years; gives what of each is to go."""
    now, person = clock(), build.account()
    group = build.group(Ceiling.PUBLIC)
    thread = build.thread(group, person)
    withdrawn = build.post(thread, person, status=Status.WITHDRAWN, text="", withdrawn_at=now)
    build.post(thread, person, status=Status.REJECTED, text="What was rejected.")
    build.paper(group, person, status=Status.REJECTED, text="A rejected paper.")
    start_session(session, person, now=now, hours=12)
    session.add_all([
        PostRevision(post_id=withdrawn.id, number=1, source="Was.", html="<p>Was.</p>", replaced_at=now),
        Notice(account_id=person.id, kind=NoticeKind.HELD, key="n", created_at=now),
        AccessRequest(
            kind=RequestKind.ACCOUNT, email="a@members.example", name="A", created_at=now, decided_at=now
        ),
        Invitation(
            purpose=InvitationPurpose.GROUP, token_hash="0" * 64, email="b@members.example", name="B",
            invited_by_id=person.id, created_at=now, expires_at=now,
        ),
    ])  # fmt: skip
    session.commit()
    clock.advance(days=3 * 365)
    return {
        "sessions": 1, "requests": 1, "invitations": 1, "notices": 1, "forms": 0, "addresses": 0,
        "withdrawn": 1, "rejected": 2,
    }  # fmt: skip


def test_a_trial_counts_and_changes_nothing(
    old: dict[str, int], session: Session, clock: StoppedClock
) -> None:
    """Twice, and the same is still there."""
    for _ in range(2):
        assert apply_retention(session, Retention(), now=clock(), is_trial=True) == old
    session.commit()
    assert session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == 0


def test_what_is_over_its_time_goes_and_the_record_says_how_much(
    old: dict[str, int], session: Session, clock: StoppedClock
) -> None:
    """Rows go, rejected texts are blank, published ones stay; nothing is left for a second run."""
    assert is_due(session, now=clock())
    assert apply_retention(session, Retention(), now=clock()) == old
    session.commit()
    for model in (LoginSession, AccessRequest, Invitation, Notice, PostRevision):
        assert session.scalar(sa.select(sa.func.count()).select_from(model)) == 0
    texts = dict(session.execute(sa.select(Post.status, Post.text).where(Post.number != 2)).all())
    assert texts == {Status.PUBLISHED: "The opening text.", Status.REJECTED: ""}
    entry = session.scalars(sa.select(AuditEntry)).one()
    assert (entry.action, json.loads(entry.facts)) == ("privacy.retention_ran", old)
    assert verify(session).fault is None
    assert not is_due(session, now=clock())
    assert set(apply_retention(session, Retention(), now=clock()).values()) == {0}


def test_what_is_not_over_its_time_stays(build: Builder, session: Session, clock: StoppedClock) -> None:
    """A live session, a request that waits, a text rejected yesterday."""
    person = build.account()
    start_session(session, person, now=clock(), hours=12)
    session.add(
        AccessRequest(kind=RequestKind.ACCOUNT, email="a@members.example", name="A", created_at=clock())
    )
    build.post(build.thread(build.group(), person), person, status=Status.REJECTED)
    clock.advance(hours=11)
    counts = apply_retention(session, Retention(sessions=1), now=clock())
    assert set(counts.values()) == {0}
    clock.advance(days=4000)
    assert apply_retention(session, Retention(requests=1), now=clock())["requests"] == 0


def test_zero_days_keep_everything(old: dict[str, int], session: Session, clock: StoppedClock) -> None:
    """Nothing goes by itself where an operator decided so."""
    nothing = Retention(*[0] * len(Retention.__dataclass_fields__))
    assert set(apply_retention(session, nothing, now=clock()).values()) == {0}


def test_a_charter_sets_its_own_period(build: Builder, session: Session, clock: StoppedClock) -> None:
    """Never shorter than a decision can be contested."""
    short, plain = build.group(Ceiling.PUBLIC, retention_days=10), build.group(Ceiling.PUBLIC)
    for group in (short, plain):
        build.post(build.thread(group), status=Status.REJECTED)
    clock.advance(days=184)
    assert apply_retention(session, Retention(), now=clock())["rejected"] == 1
    clock.advance(days=182)
    assert apply_retention(session, Retention(), now=clock())["rejected"] == 1


@pytest.mark.parametrize(
    ("days", "because"),
    [
        pytest.param(-1, "negative", id="a negative period"),
        pytest.param(30, "contested", id="a rejected text shorter than an appeal takes"),
    ],
)
def test_a_period_that_cannot_be_kept_is_refused(days: int, because: str) -> None:
    names = Retention.__dataclass_fields__
    config = {f"RETENTION_{name.upper()}_DAYS": 400 for name in names} | {"RETENTION_REJECTED_DAYS": days}
    with pytest.raises(ValueError, match=because):
        Retention.from_config(config)


def test_a_day_has_passed_only_after_a_day(build: Builder, session: Session, clock: StoppedClock) -> None:
    """The record tells when it ran, whichever worker it was."""
    apply_retention(session, Retention(), now=clock())
    session.commit()
    assert not is_due(session, now=clock() + timedelta(hours=22))
    assert is_due(session, now=clock() + timedelta(hours=23))
