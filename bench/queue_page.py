"""The page of a moderation queue of 200, beside the floor page: CPU a request in one process, and the ratio.

    python -m bench queue_page

One group, 200 held posts of about 1,700 characters by one author. The floor (bench/floor.py) reads one
discussion and 20 of its posts and prints them: no rights, no theme.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa
from flask.testing import FlaskClient

from bench.moderation import NOW, fill, make_app
from forum.cli.support import migrate_database
from forum.database import writing
from forum.domain.accounts import Account
from forum.domain.threads import Post
from forum.extensions import clock, db
from forum.services.login_sessions import start_session

WAITING, REQUESTS, TARGET = 200, 40, 6.0
WORDS = "A sentence of a contribution that waits for a moderator and says what it has to say. " * 20


def main(_arguments: Sequence[str] = ()) -> int:
    """Print the figures; exit code 1 where the page costs more than its target."""
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(folder)
        with app.app_context():
            migrate_database()
            with writing(db.session()) as session:
                fill(session, alike=0, contested=WAITING, words=WORDS)
                session.execute(sa.update(Post).values(published_at=NOW))  # the floor prints it
            with writing(db.session()) as session:
                moderator = session.get_one(Account, 1)
                token = start_session(session, moderator, now=clock()(), hours=12)
            thread = 1
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = token, True
        os.environ["FORUM_INSTANCE"] = str(Path(folder))
        from bench.floor import app as floor_app  # reads the folder when it is imported

        floor = _cpu(floor_app.test_client(), f"/{thread}")
        page = _cpu(client, "/moderation/")
    ratio = page / floor
    verdict = "ok" if ratio <= TARGET else "MISSED"
    print(
        f"queue of {WAITING}: {page:.2f} ms CPU, floor {floor:.2f} ms, ratio {ratio:.1f} "
        f"(target {TARGET:.0f}) {verdict}"
    )
    return int(ratio > TARGET)


def _cpu(client: FlaskClient, path: str) -> float:
    """Give the median CPU of a request in milliseconds, after a few that warm up."""
    taken = []
    for number in range(REQUESTS + 5):
        began = time.process_time()
        answer = client.get(path)
        if number >= 5:
            taken.append((time.process_time() - began) * 1000)
        assert answer.status_code == 200, f"{path} answers {answer.status_code}"
    return statistics.median(taken)


if __name__ == "__main__":
    raise SystemExit(main())
