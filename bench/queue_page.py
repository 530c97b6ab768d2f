"""The page of a moderation queue of 200 on the production server, beside the floor page on the same server.

    python -m bench queue_page

One group, 200 held posts of about 1,700 characters by one author; CPU is that of the server's processes, as
in bench/pages.py. The floor (bench/floor.py) reads one discussion and 20 of its posts and prints them: no
rights, no theme.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence

import sqlalchemy as sa
from flask.sessions import SecureCookieSessionInterface

from bench.moderation import NOW, fill, make_app
from bench.pages import ROUNDS, Page, served
from forum.cli.support import migrate_database
from forum.database import writing
from forum.domain.accounts import Account
from forum.domain.threads import Post
from forum.extensions import clock, db
from forum.services.login_sessions import start_session

WAITING, REQUESTS, TARGET = 200, 200, 6.0
WORDS = "A sentence of a contribution that waits for a moderator and says what it has to say. " * 20


def main(_arguments: Sequence[str] = ()) -> int:
    """Print the figures; exit code 1 where the page costs more than its target."""
    with tempfile.TemporaryDirectory() as folder:
        cookie = _seed(folder)
        environ = {key: value for key, value in os.environ.items() if not key.startswith("FORUM_")}
        environ |= {"FORUM_INSTANCE": folder, "FORUM_ENV": "development"}
        with (
            served("bench.floor:app", environ, 1) as (floor_port, floor_pid, _),
            served("wsgi:app", environ, 1) as (port, pid, _),
        ):
            kinds = [
                Page("floor", (floor_port, floor_pid), ["/1"]),
                Page("queue", (port, pid), ["/moderation/"], cookie),
            ]
            for kind in kinds:
                for number in range(40):
                    kind.ask(number)
                kind.sizes.clear()
            for _ in range(ROUNDS):
                for kind in kinds:
                    kind.measure(REQUESTS // ROUNDS)
    floor, page = (kind.figure().cpu for kind in kinds)
    ratio = page / floor
    verdict = "ok" if ratio <= TARGET else "MISSED"
    print(
        f"queue of {WAITING}: {page:.2f} ms CPU, floor {floor:.2f} ms, ratio {ratio:.1f} "
        f"(target {TARGET:.0f}) {verdict}"
    )
    return int(ratio > TARGET)


def _seed(folder: str) -> str:
    """Fill an instance; give the cookie of a moderator who is signed in."""
    app = make_app(folder)
    with app.app_context():
        migrate_database()
        with writing(db.session()) as session:
            fill(session, alike=0, contested=WAITING, words=WORDS)
            session.execute(sa.update(Post).values(published_at=NOW))  # the floor prints it
        with writing(db.session()) as session:
            token = start_session(
                session, session.get_one(Account, 1), now=clock()(), hours=12, has_second_factor=True
            )
    signing = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signing is not None
    return f"forum={signing.dumps({'_user_id': token, '_fresh': True})}"


if __name__ == "__main__":
    raise SystemExit(main())
