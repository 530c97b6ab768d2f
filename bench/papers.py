"""Papers with many comments: what they add to opening one, and how long placing them in a new version takes.

    python -m bench.papers [--requests 100] [--folder DIR]

Two papers of the same 10,000 words, one of them with 200 comments (of three, two on passages and one on a
whole paragraph), opened on the production server by a visitor and by somebody who may comment: CPU of its
processes in /proc, database included. Then 1,000 comments on a paper of which a new version rewords every
sixth paragraph, moves one in twelve and removes one in twelve, placed by the worker's handler.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.discussions import BEGIN, WORDS
from bench.pages import Page, served
from forum import create_app
from forum.cli.support import migrate_database
from forum.database import writing
from forum.delivery.anchoring import Anchoring
from forum.domain.accounts import Account
from forum.domain.groups import Group, GroupRole, HoldingRule, Membership
from forum.domain.labels import Ceiling, Tlp
from forum.domain.papers import Paper, PaperVersion
from forum.domain.threads import ThreadKind
from forum.extensions import db
from forum.policy import Actor
from forum.richtext import render
from forum.services.actors import load_actor
from forum.services.drafts import DraftText, start_paper, start_version
from forum.services.labels import relabel_group
from forum.services.login_sessions import start_session
from forum.services.paper_choices import PaperChoices
from forum.services.passages import anchor_in
from forum.services.threads import Anchor, open_thread
from forum.services.versions import publish_draft

PARAGRAPHS, PARAGRAPH_WORDS = 125, 80
COMMENTS, ANCHORED = 200, 1_000
SEALING = b"bench"
ROUNDS = 10


@dataclass
class Seeded:
    """Addresses of the two papers, and what the second measurement needs."""

    plain: str
    commented: str
    cookie: str
    paper_id: int


def main(arguments: list[str] | None = None) -> int:
    """Seed, serve, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--folder", type=Path, help="keep the instance here, to look at it")
    options = parser.parse_args(arguments)
    folder = options.folder or Path(tempfile.mkdtemp(prefix="forum-bench-"))
    environ = {key: value for key, value in os.environ.items() if not key.startswith("FORUM_")}
    environ |= {"FORUM_INSTANCE": str(folder), "FORUM_ENV": "development"}
    # Counted as ever, and never refused: nobody writes as much as a measurement.
    environ |= {"FORUM_LIMIT_POSTS": "1000000/600", "FORUM_LIMIT_SEARCHES": "1000000/60"}
    try:
        app = create_app({"INSTANCE": str(folder), "ENV": "development"})
        with app.app_context():
            migrate_database()
            seeded = _seed(app)
            place_all(seeded.paper_id)
            db.engine.dispose()
        with served("wsgi:app", environ, 1) as (port, pid, _start):
            open_papers(seeded, (port, pid), options.requests)
    finally:
        if options.folder is None:
            shutil.rmtree(folder)
    return 0


def open_papers(seeded: Seeded, server: tuple[int, int], requests: int) -> None:
    """Print CPU a request of both papers, and the ratio."""
    kinds = [
        Page("visitor, no comments", server, [seeded.plain]),
        Page("visitor, 200 comments", server, [seeded.commented]),
        Page("member, no comments", server, [seeded.plain], seeded.cookie),
        Page("member, 200 comments", server, [seeded.commented], seeded.cookie),
    ]
    for kind in kinds:
        for number in range(20):
            kind.ask(number)
        kind.sizes.clear()
    for _ in range(ROUNDS):  # in turns, so that what else the machine does is shared fairly
        for kind in kinds:
            kind.measure(requests // ROUNDS)
    figures = [kind.figure() for kind in kinds]
    print(f"{'paper of 10,000 words':<24} {'CPU ms':>7} {'clock ms':>9} {'kB':>7}")
    for figure in figures:
        print(f"{figure.name:<24} {figure.cpu:>7.2f} {figure.clock:>9.2f} {figure.mean_size / 1000:>7.0f}")
    visitor, member = figures[1].cpu / figures[0].cpu, figures[3].cpu / figures[2].cpu
    print(f"with 200 comments / without: visitor {visitor:.2f}, member {member:.2f}")


def place_all(paper_id: int) -> None:
    """Print how long the worker's handler takes for a new version with 1,000 comments."""
    handler = Anchoring()
    began = time.perf_counter()
    with Session(db.engine) as session:
        prepared = handler.prepare(session, [{"paper_id": paper_id}])
        worked_out = time.perf_counter() - began
        with writing(session):
            handler.record(session, prepared[0])
    took = time.perf_counter() - began
    states = Counter(str(one.state) for one in prepared[0])
    print(
        f"{len(prepared[0]):,} comments placed in a new version in {took:.2f} s "
        f"(worked out in {worked_out:.2f} s): {', '.join(f'{n} {state}' for state, n in states.items())}"
    )


def _seed(app: Any) -> Seeded:
    rng = random.Random(7)
    with writing(db.session()) as session:
        account, group = _people(session)
        token = start_session(session, account, now=datetime.now(UTC), hours=12, has_second_factor=True)
    signing = app.session_interface.get_signing_serializer(app)
    cookie = f"forum={signing.dumps({'_user_id': token, '_fresh': True})}"
    paragraphs = [_paragraph(rng) for _ in range(PARAGRAPHS)]
    papers = [_publish(account.id, group.slug, paragraphs) for _ in range(3)]
    _comment(account.id, group, papers[1], COMMENTS, rng)
    _comment(account.id, group, papers[2], ANCHORED, rng)
    changed = _changed(paragraphs, rng)
    _publish(account.id, group.slug, changed, after=papers[2])
    prefix = f"/groups/{group.slug}/papers/"
    with Session(db.engine) as reading:
        ids = [reading.get_one(Paper, one.paper_id).public_id for one in papers]
    return Seeded(f"{prefix}{ids[0]}/", f"{prefix}{ids[1]}/", cookie, papers[2].paper_id)


def _people(session: Session) -> tuple[Account, Group]:
    account = Account(
        email="person@members.example", name="Person Example", handle="person", created_at=BEGIN
    )
    group = Group(
        slug="bench",
        title="Bench",
        short_title="Bench",
        ceiling=Ceiling.PUBLIC,
        default_tlp=Tlp.CLEAR,
        holding_rule=HoldingRule.NONE,
        shown_as_choices=["name"],
        languages=["en"],
        audience="",
        created_at=BEGIN,
    )
    session.add_all([account, group])
    session.flush()
    relabel_group(group)
    session.add(Membership(group_id=group.id, account_id=account.id, role=GroupRole.MEMBER, started_at=BEGIN))
    session.flush()
    return account, group


def _actor(session: Session, account_id: int) -> Actor:
    return load_actor(session, account_id, now=BEGIN, sealing_secret=SEALING)


def _paragraph(rng: random.Random) -> str:
    words = [rng.choice(WORDS) + ("s" if rng.random() < 0.2 else "") for _ in range(PARAGRAPH_WORDS)]
    for place in range(9, PARAGRAPH_WORDS, 12):
        words[place] += "."
    words[20] = f"*{words[20]}*"
    return " ".join(words).capitalize() + f" {rng.randrange(10**6)}."


def _changed(paragraphs: list[str], rng: random.Random) -> list[str]:
    changed: list[str] = []
    moved: list[str] = []
    for number, paragraph in enumerate(paragraphs):
        if number % 6 == 1:
            words = paragraph.split()
            for place in rng.sample(range(len(words)), 12):
                words[place] = rng.choice(WORDS)
            changed.append(" ".join(words))
        elif number % 12 == 4:
            moved.append(paragraph)
        elif number % 12 != 10:
            changed.append(paragraph)
    for paragraph in moved:
        changed.insert(rng.randrange(len(changed)), paragraph)
    return changed


def _publish(
    account_id: int, slug: str, paragraphs: list[str], after: PaperVersion | None = None
) -> PaperVersion:
    text = DraftText("A paper", render("\n\n".join(paragraphs), profile="paper"), change_summary="Reworded.")
    with writing(db.session()) as session:
        actor = _actor(session, account_id)
        if after is None:
            draft = start_paper(session, actor, slug, PaperChoices(), text, now=BEGIN)
        else:
            paper = session.get_one(Paper, after.paper_id)
            draft = start_version(session, actor, slug, paper.public_id, text, based_on=1, now=BEGIN)
        public_id = draft.version.public_id
    with writing(db.session()) as session:
        sent = publish_draft(
            session, _actor(session, account_id), public_id, now=BEGIN, sealing_secret=SEALING
        )
        session.flush()
        session.expunge(sent.version)
        return sent.version


def _comment(account_id: int, group: Group, version: PaperVersion, count: int, rng: random.Random) -> None:
    made = render("Which *measure* is meant here, and for how long?", profile="post")
    with writing(db.session()) as session:
        actor = _actor(session, account_id)
        merged = session.scalars(sa.select(Group).where(Group.slug == group.slug)).one()
        for number in range(count):
            open_thread(
                session,
                actor,
                merged,
                title=f"Which measure is meant? ({number})",
                rendered=made,
                sealing_secret=SEALING,
                now=BEGIN,
                kind=ThreadKind.COMMENT,
                anchor=_passage(version, number, rng),
            )


def _passage(version: PaperVersion, number: int, rng: random.Random) -> Anchor:
    _number, name, _kind, start, end, _hash = version.paragraphs[rng.randrange(len(version.paragraphs))]
    whole = anchor_in(version, name)
    if number % 3 == 0:
        return whole
    words = version.text[start:end].split(" ")
    first = rng.randrange(len(words) - 20)
    begin = start + len(" ".join(words[:first])) + (first > 0)
    finish = begin + len(" ".join(words[first : first + rng.randint(3, 20)]))
    return Anchor(
        whole.paper_id,
        whole.version_id,
        whole.tlp,
        whole.named_list_id,
        name,
        version.text[begin:finish],
        version.text[begin - 64 : begin],
        version.text[finish : finish + 64],
        begin,
        finish,
    )


if __name__ == "__main__":
    main()
