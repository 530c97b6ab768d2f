"""`forum demo`: the main job on one machine, with content to look at."""

import os
import shutil
import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

import config
from forum.cli.init import build_index, load_configured_charters
from forum.cli.processes import (
    Child,
    PortInUse,
    default_workers,
    probe_port,
    server_command,
    supervise,
    worker_command,
)
from forum.cli.support import explained, fail, migrate_database, now, writing_as_system
from forum.delivery.indexing import rebuild_index
from forum.domain.charters import load_charters as read_charters
from forum.domain.datafile import DataFileError
from forum.domain.demonstration import Demonstration
from forum.domain.demonstration_files import load_demonstration
from forum.domain.demonstration_registers import load_registers_demonstration
from forum.domain.directive import load_board
from forum.domain.registers import load_registers
from forum.domain.strategy import load as load_strategy
from forum.extensions import clock, db, search_engine
from forum.richtext import render
from forum.services.demonstration import Places, is_loaded, load_bodies_and_people, load_seats
from forum.services.demonstration_meetings import load_meetings
from forum.services.demonstration_registers import load_registers_content, register_sources
from forum.services.demonstration_texts import GroupTexts, sources
from forum.services.demonstration_topics import load_topics
from forum.services.passwords import Passwords

PASSWORD = "open-the-demonstration"  # noqa: S105  (printed at every start, on purpose)
CONTENT = Path(__file__).parent.parent / "demonstration"

_MADE_HERE = ("forum.db", "forum.db-wal", "forum.db-shm", "forum.lock", "index", "mail", "attachments")


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--fresh", is_flag=True, help="Start over: forget everything in the instance folder.")
@click.option("--no-serve", is_flag=True, help="Stop after loading.")
@click.option(
    "--scale",
    default=1,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Load every discussion so many times, to see how a full house feels.",
)
@with_appcontext
def demo(port: int, host: str, fresh: bool, no_serve: bool, scale: int) -> None:
    """Run the forum with demonstration content: one command, nothing to set up.

    A second start keeps what is there.

    \b
    Example: forum demo --port 8001
    """
    if not no_serve:
        try:
            probe_port(host, port)
        except PortInUse as error:
            fail(f"{error}. Choose another one with --port (make run ARGS='--port 8001').")
    if current_app.config["ENV"] == "production":
        fail("this is a demonstration: everybody knows its passwords. FORUM_ENV=production forbids it.")
    content = prepare(fresh=fresh, scale=scale)
    shown_host = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104
    address = f"http://{shown_host}:{port}/"
    click.echo(welcome(content, address))
    if no_serve:
        return
    db.session.remove()
    db.engine.dispose()
    environ = os.environ | {"FORUM_DEMONSTRATION": "1", "FORUM_BASE_URL": address.rstrip("/")}
    environ.setdefault("FORUM_OWNER", "whoever shows this demonstration")
    workers = default_workers(current_app.config["WORKERS"])
    sys.stdout.flush()
    children = [
        Child("server", server_command(host, port, workers)),
        Child("worker", worker_command()),
    ]
    sys.exit(supervise(children, environ))


def prepare(*, fresh: bool = False, scale: int = 1) -> Demonstration:
    """Bring the instance to a loaded demonstration; what is there stays, unless `fresh`."""
    if fresh:
        _forget(Path(current_app.instance_path))
    with explained():
        migrate_database()
    load_configured_charters()
    try:
        charters = read_charters(config.CONFIG_DIR / "groups.toml")
        content = load_demonstration(CONTENT, charters)
    except DataFileError as error:
        fail(str(error))
    if not is_loaded(db.session()):
        _load(content, scale)
        rebuild_index(db.session(), search_engine(), clock())
    else:
        build_index()
    return content


def _load(content: Demonstration, scale: int) -> None:
    """Render everything first, then write it in one transaction: all of it, or nothing."""
    registers = load_registers_demonstration(CONTENT / "registers.toml")
    wanted = dict.fromkeys([*sources(content), *register_sources(registers)])
    rendered = {}
    with click.progressbar(
        wanted, label="Loading the demonstration", file=sys.stderr, hidden=not sys.stderr.isatty()
    ) as bar:
        for profile, source in bar:
            rendered[profile, source] = render(source, profile="paper" if profile == "paper" else "post")
    settings = current_app.config
    passwords = Passwords(memory=settings["ARGON2_MEMORY"], time=settings["ARGON2_TIME"])
    password_hash = passwords.hash(PASSWORD)
    with writing_as_system() as session:
        places = Places(now=now(), sealing_secret=str(settings["SEALING_KEY"]).encode(), rendered=rendered)
        load_bodies_and_people(session, content, places, password_hash=password_hash)
        for group_content in content.groups:
            group = load_seats(session, group_content, places)
            GroupTexts(session, group, group_content, places, scale=scale).load()
        load_meetings(session, places)
        load_registers_content(
            session,
            registers,
            load_registers(config.CONFIG_DIR / "registers.toml"),
            load_board(config.CONFIG_DIR / "directive.toml"),
            load_strategy(config.CONFIG_DIR / "strategy.toml"),
            places,
        )
        load_topics(session, places)


def _forget(instance: Path) -> None:
    db.session.remove()
    db.engine.dispose()
    for name in _MADE_HERE:
        path = instance / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def welcome(content: Demonstration, address: str) -> str:
    """Give what is printed at the start: the address and one sign-in for each kind of user."""
    lines = ["", f"  The forum is at {address}", "", f"  Everybody's password: {PASSWORD}", ""]
    for person in content.people:
        if person.demo_role:
            lines.append(f"  {person.demo_role:<24} {person.email}")
            lines.append(f"  {'':<24} {person.demo_description}")
    return "\n".join([*lines, ""])
