"""Deciding: 1,000 times the same text in transactions of 50, and eight moderators on the same 500 things."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from forum import create_app
from forum.cli.support import migrate_database
from forum.database import writing
from forum.domain.accounts import Account
from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.base import new_public_id
from forum.domain.groups import Group, GroupRole, HoldingRule, Membership
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.moderation import Action, ModerationDecision
from forum.domain.statement_schema import find_faults
from forum.domain.statements import Statement
from forum.domain.threads import Post, Thread, order_key
from forum.errors import Conflict
from forum.extensions import db
from forum.services.actors import load_actor
from forum.services.labels import label_columns, relabel_group
from forum.services.moderation import decide
from forum.services.moderation_bulk import MAX_AT_ONCE, decide_alike
from forum.services.sealing import account_key

ALIKE, CONTESTED, MODERATORS = 1_000, 500, 8
TARGET_SECONDS = 10.0
REASON = "It says the same as many others and nothing about the question."
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def main(_arguments: Sequence[str] = ()) -> int:
    """Print the figures; exit code 1 where one misses its target."""
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(folder)
        with app.app_context():
            migrate_database()
            with writing(db.session()) as session:
                alike, contested = fill(session)
            seconds = _decide_bulk(alike)
            db.session.remove()
            db.engine.dispose()
        is_fast = seconds <= TARGET_SECONDS
        print(
            f"{ALIKE:,} decisions on one text, {MAX_AT_ONCE} a transaction: {seconds:.1f} s "
            f"({seconds / ALIKE * 1000:.1f} ms each; target {TARGET_SECONDS:.0f} s) "
            f"{'ok' if is_fast else 'MISSED'}"
        )
        is_exact = _contend(folder, contested)
    return int(not (is_fast and is_exact))


def make_app(folder: str) -> Flask:
    """Give the application in an instance of its own."""
    return create_app({"INSTANCE": folder, "ENV": "development"})


def _decide_bulk(public_ids: list[str]) -> float:
    """As a moderator's press of a button does it: the actor is loaded in each transaction."""
    begin = time.perf_counter()
    for start in range(0, len(public_ids), MAX_AT_ONCE):
        with writing(db.session()) as session:
            actor = load_actor(session, 1, now=NOW, sealing_secret=b"bench")
            outcomes = decide_alike(
                session,
                actor,
                public_ids[start : start + MAX_AT_ONCE],
                action=Action.REJECT,
                rule="on-topic",
                reason=REASON,
                now=NOW,
            )
        assert all(one.decision for one in outcomes)
    seconds = time.perf_counter() - begin
    statements = db.session().scalars(sa.select(Statement)).all()
    assert len(statements) == len(public_ids)
    assert not [fault for one in statements for fault in find_faults(one.fields)]
    return seconds


def _contend(folder: str, public_ids: list[str]) -> bool:
    """Eight processes, each on all of them, in the same order."""
    context = multiprocessing.get_context("spawn")
    begin = time.perf_counter()
    with context.Pool(MODERATORS) as pool:
        told = pool.starmap(
            _decide_all, [(folder, number, public_ids) for number in range(1, MODERATORS + 1)]
        )
    seconds = time.perf_counter() - begin
    total: Counter[str] = sum(told, Counter())
    app = make_app(folder)
    with app.app_context():
        ids = sa.select(Post.id).where(Post.public_id.in_(public_ids))
        of_each = sa.select(sa.func.count()).where(
            ModerationDecision.subject_id.in_(ids), ModerationDecision.subject_kind == SubjectKind.POST
        )
        counts = db.session().scalars(of_each.group_by(ModerationDecision.subject_id)).all()
        db.session.remove()
        db.engine.dispose()
    is_exact = (
        len(counts) == len(public_ids)
        and set(counts) == {1}
        and total == Counter(decided=len(public_ids), told=(MODERATORS - 1) * len(public_ids))
    )
    print(
        f"{MODERATORS} moderators deciding the same {len(public_ids)} things at once: "
        f"{total['decided']} decided, {total['told']:,} times told that somebody else had, "
        f"{total['failed']} failed; each decided {min(counts)} to {max(counts)} times; {seconds:.1f} s "
        f"{'ok' if is_exact else 'MISSED'}"
    )
    return is_exact


def _decide_all(folder: str, moderator: int, public_ids: list[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    app = make_app(folder)
    with app.app_context():
        for public_id in public_ids:
            try:
                with writing(db.session()) as session:
                    decide(
                        session,
                        load_actor(session, moderator, now=NOW, sealing_secret=b"bench"),
                        kind=SubjectKind.POST,
                        public_id=public_id,
                        action=Action.REJECT,
                        rule="on-topic",
                        reason=REASON,
                        now=NOW,
                    )
                found["decided"] += 1
            except Conflict:
                found["told"] += 1
            except Exception:
                found["failed"] += 1
        db.session.remove()
        db.engine.dispose()
    return found


def fill(
    session: Session, *, alike: int = ALIKE, contested: int = CONTESTED, words: str = ""
) -> tuple[list[str], list[str]]:
    """One group with eight moderators, an author, and held posts: many of one text, and as many different."""
    people = [
        Account(name=f"Person {n}", handle=f"person-{n}", email=f"p{n}@members.example", created_at=NOW)
        for n in range(1, MODERATORS + 2)
    ]
    group = Group(
        slug="bench", title="Bench", short_title="Bench", ceiling=Ceiling.COMMUNITY, default_tlp=Tlp.GREEN,
        holding_rule=HoldingRule.EVERYTHING, rules=[{"key": "on-topic", "text": "Stay with the question."}],
        languages=["en"], audience="", created_at=NOW,
    )  # fmt: skip
    session.add_all([*people, group])
    session.flush()
    relabel_group(group)
    author = people[-1]
    session.add_all(
        Membership(group_id=group.id, account_id=one.id, role=role, started_at=NOW)
        for one, role in [*((one, GroupRole.MODERATOR) for one in people[:-1]), (author, GroupRole.MEMBER)]
    )
    threads = [_thread(session, group, author) for _ in range(15)]
    rows, found = [], []
    for number in range(alike + contested):
        thread = threads[number % len(threads)]
        thread.post_count += 1
        text = (
            "The same words again." if number < alike else f"Something else, for the {number}th time. {words}"
        )
        found.append(new_public_id())
        rows.append(_post(group, thread, author, found[-1], text))
    session.flush()
    session.execute(sa.insert(Post), rows)
    ids = session.execute(sa.select(Post.id).where(Post.public_id.in_(found))).scalars()
    session.execute(
        sa.insert(Authorship),
        [
            {"subject_kind": SubjectKind.POST, "subject_id": id_, "writer_key": account_key(author.id)}
            for id_ in ids
        ],
    )
    return found[:alike], found[alike:]


def _thread(session: Session, group: Group, author: Account) -> Thread:
    thread = Thread(
        group_id=group.id, title="A question", post_count=1, published_count=1, last_published_at=NOW,
        created_at=NOW, **label_columns(group, Status.PUBLISHED, Tlp.GREEN),
    )  # fmt: skip
    session.add(thread)
    session.flush()
    opening = _post(group, thread, author, new_public_id(), "The question.")
    opening |= {"number": 1, "order_key": order_key(None, 1), "published_at": NOW, "held_because": None}
    session.execute(sa.insert(Post), [opening | label_columns(group, Status.PUBLISHED, Tlp.GREEN)])
    return thread


def _post(group: Group, thread: Thread, author: Account, public_id: str, text: str) -> dict[str, object]:
    return {
        "public_id": public_id,
        "thread_id": thread.id,
        "group_id": group.id,
        "number": thread.post_count,
        "order_key": order_key(None, thread.post_count),
        "author_id": author.id,
        "source": text,
        "html": f"<p>{text}</p>",
        "text": text,
        "render_version": 1,
        "held_because": "everything",
        "created_at": NOW,
        "published_at": None,
        **label_columns(group, Status.PENDING, Tlp.GREEN),
    }


if __name__ == "__main__":
    raise SystemExit(main())
