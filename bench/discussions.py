"""What the page bench reads: 20 groups, 2,000 discussions, 40,000 posts, drawn by a fixed seed."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.search import MEAN_CHARACTERS, SEED
from forum import create_app
from forum.cli.support import migrate_database
from forum.database import writing
from forum.domain.accounts import Account
from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.base import new_public_id
from forum.domain.groups import Group, GroupRole, HoldingRule, Membership, Seat, SeatKind
from forum.domain.labels import Ceiling, Status, Tlp
from forum.domain.organisations import Mandate, Organisation, StakeholderType
from forum.domain.threads import Post, ReadMarker, Thread, order_key
from forum.extensions import db
from forum.richtext import render
from forum.services.labels import relabel_group
from forum.services.login_sessions import start_session

GROUPS, THREADS, POSTS, LONG_POSTS, PEOPLE = 20, 2_000, 40_000, 1_000, 200
BEGIN = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)
WORDS = [
    "report", "deadline", "service", "authority", "provider", "measure", "detection", "prevention",
    "victim", "child", "platform", "form", "period", "evidence", "cost", "effect", "member", "state",
    "directive", "regulation", "assessment", "criterion", "privacy", "encryption", "hotline",
    "training", "school", "parent", "support", "network", "statistic", "transparency", "appeal",
    "review", "moderator", "answer", "proposal",
]  # fmt: skip


@dataclass
class Seeded:
    """Addresses of what was seeded, and cookies of people who are signed in."""

    groups: list[str]
    threads: list[str]
    long_thread: str
    long_posts: list[str]
    cookies: list[str]


def seed(folder: Path) -> Seeded:
    """Fill an instance, or read what an earlier run left of it."""
    note = folder / "seeded.json"
    app = create_app({"INSTANCE": str(folder), "ENV": "development"})
    with app.app_context():
        if not note.exists():
            migrate_database()
            with writing(db.session()) as session:
                seeded = _fill(session)
            with db.engine.connect() as connection:
                connection.exec_driver_sql("ANALYZE")
            note.write_text(json.dumps(asdict(seeded)))
        seeded = Seeded(**json.loads(note.read_text()))
        signing: Any = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        with writing(db.session()) as session:
            accounts = session.scalars(sa.select(Account).order_by(Account.id).limit(8)).all()
            tokens = [
                start_session(session, one, now=datetime.now(UTC), hours=12, has_second_factor=True)
                for one in accounts
            ]
        seeded.cookies = [f"forum={signing.dumps({'_user_id': token, '_fresh': True})}" for token in tokens]
        db.engine.dispose()
    return seeded


def _fill(session: Session) -> Seeded:
    rng = random.Random(SEED)
    kinds = list(StakeholderType)
    session.execute(
        sa.insert(Organisation),
        [
            {
                "id": n,
                "public_id": new_public_id(),
                "slug": f"body-{n}",
                "name": f"Example Body {n}",
                "match_key": f"example body {n}",
                "type": kinds[n % len(kinds)],
                "country": ("BE", "FR", "DE", "PL", "IE")[n % 5],
                "created_at": BEGIN,
            }
            for n in range(1, 61)
        ],
    )
    session.execute(
        sa.insert(Account),
        [
            {
                "id": n,
                "public_id": new_public_id(),
                "email": f"person-{n}@members.example",
                "name": f"Person Example {n}",
                "handle": f"person-{n}",
                "name_is_public": True,
                "created_at": BEGIN,
            }
            for n in range(1, PEOPLE + 1)
        ],
    )
    session.execute(
        sa.insert(Mandate),
        [
            {"account_id": n, "organisation_id": n % 60 + 1, "starts_on": BEGIN.date()}
            for n in range(1, PEOPLE + 1)
        ],
    )
    slugs = _groups(session)
    texts = [_text(rng) for _ in range(400)]
    rendered = [render(text, profile="post") for text in texts]
    threads, posts, authorships, longest = _discussions(rng, rendered)
    for model, rows in ((Thread, threads), (Post, posts), (Authorship, authorships)):
        for start in range(0, len(rows), 2_000):
            session.execute(sa.insert(model), rows[start : start + 2_000])
    read_at = datetime.now(UTC)
    session.execute(
        sa.insert(ReadMarker),
        [
            {"account_id": n, "thread_id": thread["id"], "read_at": read_at}
            for n in range(1, 9)
            for thread in threads
        ],
    )
    addresses = [f"/groups/{slugs[t['group_id'] - 1]}/threads/{t['public_id']}/" for t in threads]
    return Seeded(slugs, addresses[1:], addresses[0], longest, [])


def _groups(session: Session) -> list[str]:
    for n in range(1, GROUPS + 1):
        group = Group(
            id=n,
            slug=f"bench-{n}",
            title=f"Working group {n}",
            short_title=f"Group {n}",
            initiative=n % 8 + 1,
            ceiling=Ceiling.PUBLIC,
            default_tlp=Tlp.CLEAR,
            holding_rule=HoldingRule.NEWCOMER,
            shown_as_choices=["name", "organisation", "stakeholder_type"],
            languages=["en", "fr", "de"],
            audience="",
            created_at=BEGIN,
        )
        session.add(group)
        session.flush()
        relabel_group(group)
        for body in range(1, 61):
            session.add(Seat(group_id=n, kind=SeatKind.ORGANISATION, organisation_id=body, created_at=BEGIN))
        # Each person is in three groups; the first eight, who write in the bench, are too.
        for person in range(1, PEOPLE + 1):
            if (person - n) % GROUPS > 2:
                continue
            session.add(Membership(group_id=n, account_id=person, role=GroupRole.MEMBER, started_at=BEGIN))
    session.flush()
    return [f"bench-{n}" for n in range(1, GROUPS + 1)]


def _text(rng: random.Random) -> str:
    """Paragraphs of words, 1,687 characters on average, a fifth of them with a list."""
    size = rng.randint(MEAN_CHARACTERS // 4, 2 * MEAN_CHARACTERS - MEAN_CHARACTERS // 4)
    words: list[str] = []
    length = 0
    while length < size:
        word = rng.choice(WORDS)
        words.append(word)
        length += len(word) + 1
    step = 60
    parts = [" ".join(words[start : start + step]).capitalize() + "." for start in range(0, len(words), step)]
    if rng.random() < 0.2:
        parts[-1] = "- " + parts[-1].replace(" evidence ", "\n- evidence ")
    return "\n\n".join(parts)


def _discussions(
    rng: random.Random, rendered: list[Any]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]], list[str]]:
    """Rows of discussions and posts; the first discussion is the long one."""
    threads: list[dict[str, Any]] = []
    posts: list[dict[str, Any]] = []
    authorships: list[dict[str, Any]] = []
    longest: list[str] = []
    rest = POSTS - LONG_POSTS
    for number in range(1, THREADS + 1):
        size = LONG_POSTS if number == 1 else rest // (THREADS - 1) + (number - 2 < rest % (THREADS - 1))
        group = number % GROUPS + 1
        began = BEGIN + timedelta(hours=number)
        rows = _posts(rng, rendered, number, group, size, began, len(posts))
        threads.append(
            {
                "id": number,
                "public_id": new_public_id(),
                "group_id": group,
                "title": f"{rng.choice(WORDS)} {rng.choice(WORDS)} and {rng.choice(WORDS)}".capitalize(),
                "status": Status.PUBLISHED,
                "tlp": Tlp.CLEAR,
                "audience": "public",
                "own": "public",
                "post_count": size,
                "published_count": size,
                "last_published_at": began + timedelta(minutes=size),
                "created_at": began,
            }
        )
        posts += rows
        if number == 1:
            longest = [row["public_id"] for row in sorted(rows, key=lambda row: str(row["order_key"]))]
        authorships += [
            {
                "subject_kind": SubjectKind.POST,
                "subject_id": row["id"],
                "writer_key": f"account:{row['author_id']}",
            }
            for row in rows
        ]
    return threads, posts, authorships, longest


def _posts(
    rng: random.Random, rendered: list[Any], thread: int, group: int, size: int, began: datetime, before: int
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    kinds = list(StakeholderType)
    for number in range(1, size + 1):
        parent = rng.choice(rows[1:]) if number > 3 and rng.random() < 0.5 else None
        if parent is not None and parent["depth"] > 5:
            parent = None
        text, author = rng.choice(rendered), rng.randint(1, PEOPLE)
        body = author % 60 + 1
        at = began + timedelta(minutes=number)
        rows.append(
            {
                "id": before + number,
                "public_id": new_public_id(),
                "thread_id": thread,
                "group_id": group,
                "parent_id": parent["id"] if parent else None,
                "number": number,
                "order_key": order_key(parent["order_key"] if parent else None, number),
                "depth": parent["depth"] + 1 if parent else 0,
                "html": text.html,
                "source": text.source,
                "text": text.text,
                "render_version": text.render_version,
                "author_id": author,
                "organisation_id": body,
                "stakeholder_type": kinds[body % len(kinds)],
                "country": ("BE", "FR", "DE", "PL", "IE")[body % 5],
                "status": Status.PUBLISHED,
                "tlp": Tlp.CLEAR,
                "audience": "public",
                "own": "public",
                "created_at": at,
                "published_at": at,
            }
        )
    return rows
