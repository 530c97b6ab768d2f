"""`python -m bench deadline`: a closing under load, 39 % of all answers on the last day and most in seconds.

Several processes send answers through the whole application (API token, HTTP handling, the write lock) to one
instance on disk, while a worker of its own closes the consultation in the middle of it. What each process
noted of every sending is then held against what is in the database: nothing that was answered with a receipt
may be missing, and nothing that was sent in time may have been refused.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing as mp
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from forum import create_app
from forum.cli.support import migrate_database
from forum.clock import system_clock
from forum.database import writing
from forum.domain.accounts import Account
from forum.domain.answers import Answer, AnswerReceipt, content_hash
from forum.domain.base import new_public_id
from forum.domain.consultations import AnswersVisible, Asked, Consultation, ConsultationState
from forum.domain.groups import Group, GroupRole, HoldingRule, Membership, Seat, SeatKind
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.organisations import Mandate, Organisation, StakeholderType
from forum.domain.questionnaires import Question, QuestionKind, Section
from forum.extensions import db
from forum.services.access_tokens import Scope, create_token
from forum.services.consultations import keep_dates
from forum.services.labels import relabel, relabel_group

SEED = 20260320
LAST_DAY = 0.39
"""The share of real contributions that arrive on the last day."""
Sender = tuple[str, str]
"""A token, and the slug of the body that its person answers for."""
PROCESSES, THREADS, ANSWERS, SPAN = 6, 16, 1_000, 12.0
"""Processes with threads each, answers in all, and the seconds in which those of the last day come."""


@dataclass(frozen=True)
class Sending:
    """One request as its sender saw it."""

    sent_at: float
    took: float
    status: int
    hash: str


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench deadline", description=__doc__)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--answers", type=int, default=ANSWERS)
    parser.add_argument("--span", type=float, default=SPAN)
    chosen = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="bench-deadline-"))
    try:
        _measure(folder, chosen.processes, chosen.answers, chosen.span)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, processes: int, answers: int, span: float) -> None:
    senders, consultation_id = _seed(folder, answers)
    rng = random.Random(SEED)
    rng.shuffle(senders)
    last = round(answers * LAST_DAY)
    # What came on earlier days is there already when the rush begins.
    before = _run(folder, consultation_id, [[(one, 0.0) for one in senders[last:]]], None)
    # Denser towards the closing, as people are, and going on after it.
    plan = sorted((span * rng.triangular(0, 1, 0.5), one) for one in senders[:last])
    shares = [[(one, at) for at, one in plan[number::processes]] for number in range(processes)]
    sendings = _run(folder, consultation_id, shares, span / 2)
    _report(folder, consultation_id, before, sendings, processes, span)


def _run(
    folder: Path, consultation_id: str, shares: list[list[tuple[Sender, float]]], closes_after: float | None
) -> list[Sending]:
    """Let each share be sent by a process of its own, all beginning together; close it meanwhile."""
    queue: mp.Queue[list[Sending]] = mp.Queue()
    ready = mp.Barrier(len(shares) + 1 + (closes_after is not None))
    start = mp.Value("d", 0.0)
    place = (str(folder), consultation_id)
    workers = [mp.Process(target=_send, args=(*place, share, queue, ready, start)) for share in shares]
    if closes_after is not None:
        workers.append(mp.Process(target=_closer, args=(*place, closes_after, ready, start)))
    for worker in workers:
        worker.start()
    ready.wait()
    start.value = time.time() + 1.0
    if closes_after is not None:
        _close_at(folder, consultation_id, start.value + closes_after)
    ready.wait()
    found = [one for _ in shares for one in queue.get()]
    for worker in workers:
        worker.join()
    return found


def _app(folder: str) -> Any:
    return create_app({"INSTANCE": folder, "ENV": "development"})


def _send(
    folder: str, consultation_id: str, share: list[tuple[Sender, float]], queue: Any, ready: Any, start: Any
) -> None:
    app = _app(folder)
    path = f"/api/v1/consultations/{consultation_id}"
    app.test_client().get(path)
    ready.wait()
    ready.wait()

    def send(number: int, sender: Sender, at: float) -> Sending:
        token, slug = sender
        body = {
            "answers": [
                {"question": "q1", "text": f"Count complete reports, says {slug}."},
                {"question": "q2", "option": "o1"},
                {"question": "q3", "number": number % 5 + 1},
            ],
            "organisation": slug,
        }
        time.sleep(max(0.0, start.value + at - time.time()))
        sent_at = time.time()
        answer = app.test_client().post(
            f"{path}/answers", json=body, headers={"Authorization": f"Bearer {token}"}
        )
        told = json.loads(answer.data or b"{}")
        return Sending(sent_at, time.time() - sent_at, answer.status_code, told.get("hash", ""))

    # Many at once wait for the lock, as behind a server with threads.
    with ThreadPoolExecutor(THREADS) as pool:
        sent = [pool.submit(send, number, one, at) for number, (one, at) in enumerate(share)]
        done = [one.result() for one in sent]
    with app.app_context():
        db.engine.dispose()
    queue.put(done)


def _closer(folder: str, consultation_id: str, after: float, ready: Any, start: Any) -> None:
    """Close it as soon as its time is over, as the worker does: in the midst of what waits for the lock."""
    app = _app(folder)
    with app.app_context():
        key = db.session().scalar(sa.select(Consultation.id).where(Consultation.public_id == consultation_id))
        assert key is not None
        ready.wait()
        ready.wait()
        time.sleep(max(0.0, start.value + after + 0.01 - time.time()))
        with writing(db.session()) as session:
            keep_dates(session, key, now=system_clock())
        db.engine.dispose()


def _close_at(folder: Path, consultation_id: str, closes: float) -> None:
    app = _app(str(folder))
    with app.app_context():
        with writing(db.session()) as session:
            session.execute(
                sa.update(Consultation)
                .where(Consultation.public_id == consultation_id)
                .values(closes_at=datetime.fromtimestamp(closes, UTC))
            )
        db.engine.dispose()


def _seed(folder: Path, answers: int) -> tuple[list[Sender], str]:
    """A group with as many bodies as answers, a consultation with three questions, a token each."""
    app = _app(str(folder))
    now = datetime.now(UTC)
    with app.app_context():
        migrate_database()
        with writing(db.session()) as session:
            group = Group(
                slug="deadline",
                title="Deadline",
                short_title="Deadline",
                ceiling=Ceiling.PUBLIC,
                default_tlp=Tlp.CLEAR,
                holding_rule=HoldingRule.NEWCOMER,
                shown_as_choices=["name", "organisation"],
                languages=["en"],
                audience="",
                created_at=now,
            )
            session.add(group)
            session.flush()
            relabel_group(group)
            row = _consultation(session, group, now)
            tokens = _people(session, group, answers, now)
            public_id = row.public_id
        db.engine.dispose()
    return tokens, public_id


def _consultation(session: Any, group: Group, now: datetime) -> Consultation:
    row = Consultation(
        group_id=group.id,
        title="What should be counted?",
        text="Say what.",
        state=ConsultationState.OPEN,
        status=Status.PUBLISHED,
        tlp=Tlp.CLEAR,
        asked=Asked.SEATS,
        answers_visible=AnswersVisible.AFTER_CLOSING,
        closes_at=now + timedelta(days=1),
        audience="",
        own="",
        created_at=now,
    )
    session.add(row)
    session.flush()
    relabel(session, group, row, now=now)
    section = Section(consultation_id=row.id, position=1, title="All")
    session.add(section)
    session.flush()
    options = [["o1", "Yes"], ["o2", "No"]]
    for number, kind in enumerate((QuestionKind.TEXT, QuestionKind.ONE, QuestionKind.SCALE), 1):
        session.add(
            Question(
                consultation_id=row.id,
                section_id=section.id,
                key=f"q{number}",
                position=number,
                kind=kind,
                prompt=f"Question {number}?",
                is_required=True,
                options=options if kind is QuestionKind.ONE else [],
            )
        )
    return row


def _people(session: Any, group: Group, answers: int, now: datetime) -> list[Sender]:
    kinds = list(StakeholderType)
    tokens = []
    for number in range(1, answers + 1):
        body = Organisation(
            public_id=new_public_id(),
            slug=f"body-{number}",
            name=f"Example Body {number}",
            match_key=f"example body {number}",
            type=kinds[number % len(kinds)],
            created_at=now,
        )
        person = Account(
            email=f"person-{number}@members.example",
            name=f"Person Example {number}",
            handle=f"person-{number}",
            created_at=now,
        )
        session.add_all([body, person])
        session.flush()
        seat = Seat(group_id=group.id, kind=SeatKind.ORGANISATION, organisation_id=body.id, created_at=now)
        mandate = Mandate(account_id=person.id, organisation_id=body.id, starts_on=now.date())
        session.add_all([seat, mandate])
        session.flush()
        session.add(
            Membership(
                group_id=group.id,
                account_id=person.id,
                seat_id=seat.id,
                role=GroupRole.MEMBER,
                started_at=now,
            )
        )
        session.flush()
        _, token = create_token(session, person, name="bench", scopes={Scope.READ, Scope.WRITE}, now=now)
        tokens.append((token, body.slug))
    return tokens


def _percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _report(
    folder: Path,
    consultation_id: str,
    before: list[Sending],
    sendings: list[Sending],
    processes: int,
    span: float,
) -> None:
    app = _app(str(folder))
    with app.app_context():
        session = db.session()
        row = session.scalars(sa.select(Consultation).where(Consultation.public_id == consultation_id)).one()
        assert row.closes_at is not None
        closes = row.closes_at.timestamp()
        stored = session.execute(sa.select(AnswerReceipt.content_hash, AnswerReceipt.canonical)).all()
        states = Counter(session.scalars(sa.select(Answer.status)))
        late = session.scalar(
            sa.select(sa.func.count()).select_from(Answer).where(Answer.received_at > row.closes_at)
        )
        db.engine.dispose()
    kept = Counter(one.content_hash for one in stored)
    taken = [one for one in [*before, *sendings] if one.status == 201]
    in_time = [one for one in sendings if one.sent_at <= closes]
    refused_in_time = [one for one in in_time if one.status != 201]
    lost = [one for one in taken if kept[one.hash] != 1]
    damaged = [one for one in stored if content_hash(one.canonical) != one.content_hash]
    waited = [one for one in in_time if one.sent_at + one.took > closes]
    print(f"answers before the last day: {len(before)}, taken {sum(one.status == 201 for one in before)}")
    print(f"in the last {span:g} s, by {processes} processes: {len(sendings)} sent")
    print(f"  sent in time: {len(in_time)}, of them still under way at the closing: {len(waited)}")
    print(f"  sent in time and refused: {len(refused_in_time)}")
    print(
        f"  sent after the closing: {len(sendings) - len(in_time)}, answers: "
        f"{dict(Counter(one.status for one in sendings if one.sent_at > closes))}"
    )
    print(f"  lost after a receipt: {len(lost)}; damaged: {len(damaged)}; stored as late: {late}")
    print(f"  statuses after the closing: { {status.value: count for status, count in states.items()} }")
    times = [one.took for one in sendings]
    print(
        f"  milliseconds a sending: p50 {_percentile(times, 0.5):.0f}, p95 {_percentile(times, 0.95):.0f}, "
        f"p99 {_percentile(times, 0.99):.0f}, most {1000 * max(times):.0f}"
    )
    unexpected = [one for one in sendings if one.status not in {201, 422}]
    if lost or damaged or refused_in_time or unexpected or len(taken) != len(stored):
        raise SystemExit("the deadline did not hold")
    print("nothing was lost, and nothing that was sent in time was refused")
