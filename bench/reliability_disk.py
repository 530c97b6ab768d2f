"""The disk is full while people write, and has room again.

The instance lies on a tmpfs of its own, in a mount namespace that ends with the process. On PostgreSQL the
tables lie there too, as a tablespace; its journal does not: where that finds no room the server stops until
somebody makes some, as its manual says. Needs root for PostgreSQL, which runs as its own user.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import sqlalchemy as sa

from bench.houses import House, Load, Written, close
from forum import create_app
from forum.extensions import db

Say = Callable[[str], None]
SIZE = "288m"
"""Of the disk: more than /readyz wants free, so that it is ready before and after."""
BLOCK = 4096


def measure_disk(folder: Path, engine: str, say: Say) -> None:
    """Mount the disk on a folder and have `main` do the rest there; SystemExit where a promise breaks."""
    is_root = os.geteuid() == 0
    if engine == "postgresql" and not is_root:
        say("a full disk: not tried, needs root")
        return
    script = 'mount -t tmpfs -o size="$1" none "$2" && exec "$3" -m bench.reliability_disk "$4" "$2"'
    done = subprocess.run(
        [
            "unshare",
            "-m" if is_root else "-Urm",
            "sh",
            "-c",
            script,
            "-",
            SIZE,
            folder,
            sys.executable,
            engine,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in done.stdout.splitlines():
        say(line)
    if done.returncode:
        raise SystemExit("the full disk")


def main(engine: str, folder: Path) -> None:
    """On a small disk of its own: fill it while people write, free it again, and print what was seen."""
    if engine == "sqlite":
        fill_and_free(House(folder / "instance"), folder)
        return
    from tests.servers import postgresql

    with postgresql() as url:
        tables = folder / "tables"
        tables.mkdir()
        shutil.chown(tables, "postgres", "postgres")
        admin = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE TABLESPACE small LOCATION '{tables}'")
            connection.exec_driver_sql("CREATE DATABASE on_small TABLESPACE small")
        admin.dispose()
        own = sa.make_url(url).set(database="on_small").render_as_string(hide_password=False)
        fill_and_free(House(folder / "instance", own), folder)


def fill_and_free(made: House, folder: Path) -> None:
    """Take the disk's last byte from writers, and give it back."""
    made.folder.mkdir()
    made.fill()
    ballast = folder / "ballast"
    with made.serving(1) as (port, _), Load(made, port, "disk", writers=2) as load:
        load.wait_for(20)
        before = ready(port)
        fill(ballast, load.written)
        refused = set(load.written.refused)
        meanwhile = ready(port)
        full_at = len(load.written.acknowledged)
        ballast.unlink()
        load.wait_for(full_at + 20)
        again = len(load.written.acknowledged) - full_at
        after = ready(port)
    lost, doubled = made.lost_and_doubled(load.written)
    print(f"a full disk: {len(load.written.acknowledged)} acknowledged, {lost} lost, {doubled} there twice")
    answers = ", ".join(str(status) for status in sorted(refused))
    print(f"answers to writers while it was full, and texts taken once there was room: {answers}; {again}")
    told = "; ".join(
        f"{status} {', '.join(parts) or 'all well'}" for status, parts in (before, meanwhile, after)
    )
    print(f"/readyz before, meanwhile and after, with what it names: {told}")
    is_sound = not lost and not doubled and refused == {503} and again >= 20 and is_whole(made)
    is_told = before == after == (200, []) and meanwhile[0] == 503 and "disk" in meanwhile[1]
    if not is_sound or not is_told:
        raise SystemExit(1)


def fill(ballast: Path, written: Written) -> None:
    """Take what room there is, and what comes free, until five writes were refused; at most half a minute."""
    until = time.monotonic() + 30
    with ballast.open("ab", buffering=0) as file:
        while len(written.refused) < 5 and time.monotonic() < until:
            with suppress(OSError):
                while True:
                    file.write(b"x" * BLOCK)
            time.sleep(0.02)


def ready(port: int) -> tuple[int, list[str]]:
    """Ask /readyz: its status, and what it says is wrong."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        parts = json.loads(answer.read())["parts"]
    return answer.status, [name for name, word in parts.items() if word != "ok"]


def is_whole(made: House) -> bool:
    """Whether SQLite finds its file sound; PostgreSQL has read every row when the texts were compared."""
    if made.url:
        return True
    app = create_app(made.settings)
    with app.app_context():
        said = db.session().connection().exec_driver_sql("PRAGMA integrity_check").scalar()
        close(app)
    return bool(said == "ok")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
