"""`forum worker`: drains the outbox, mail in a lane of its own so that a slow server delays nothing else."""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import click
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy.orm import Session, sessionmaker

from forum.clock import Clock
from forum.database import writing
from forum.delivery.account_mail import AccountMail
from forum.delivery.alerts import AlertMail, Alerts
from forum.delivery.anchoring import Anchoring
from forum.delivery.deadlines import Deadlines
from forum.delivery.exports import Exports
from forum.delivery.files import Files
from forum.delivery.indexing import EngineIndexer, Indexing, Reconciling, rebuild_index
from forum.delivery.mail import Mailing, MailSettings, PostOffice
from forum.delivery.notifying import Notifying
from forum.delivery.retention import keep_periods
from forum.delivery.scanner import scanner_for
from forum.delivery.transport import transport_for
from forum.delivery.worker import Handlers, describe, drain, prune
from forum.domain.outbox import Topic
from forum.domain.retention import Retention
from forum.extensions import clock, db, search_engine, storage
from forum.search.protocol import SearchBusy, SearchEngine
from forum.services.attachment_files import prune_files
from forum.services.index_check import is_reconcile_planned, plan_reconcile
from forum.services.outbox_work import retry_failed
from forum.services.search_exports import expire_exports, has_expired
from forum.services.storage import Storage

POLL = 0.2
"""Seconds between two looks at the outbox after there was work."""
IDLE_POLL = 0.5
"""The longest that an idle worker waits between two looks."""
INDEX_POLL = 0.1
"""The same for what is to be indexed: a new contribution is to be found within a second."""
HOUSE_INTERVAL = 3600.0


def build_lanes(app: Flask, now: Clock) -> list[Handlers]:
    """Give the handlers, in lanes that do not wait for each other; ValueError for an unusable setting."""
    settings = MailSettings.from_config(app.config)
    office = PostOffice(settings, now)
    engine = engine_of(app)
    composers = {
        "notice": office.notice,
        "invitation": office.invitation,
        "alert": AlertMail(office, engine).compose,
        "security": AccountMail(office).security,
        "link": AccountMail(office).link,
        "erasure": AccountMail(office).erasure,
    }
    transport = transport_for(app.config["MAIL_URL"], Path(app.config["INSTANCE"]).resolve())
    return [
        {Topic.INDEX: Indexing(EngineIndexer(engine), now)},
        {
            Topic.DEADLINE: Deadlines(now, settings.sealing_secret),
            Topic.ANCHOR: Anchoring(),
            Topic.NOTIFY: Notifying(now, settings.sealing_secret),
            Topic.ALERT: Alerts(engine, now, settings.sealing_secret),
        },
        {Topic.RECONCILE: Reconciling(engine, now, _say)},
        {Topic.EXPORT: Exports(engine, storage_of(app), now, settings.sealing_secret)},
        {Topic.MAIL: Mailing(composers, transport, now)},
        {Topic.FILES: Files(storage_of(app), scanner_for(app.config["SCANNER"]), now)},
    ]


def engine_of(app: Flask) -> SearchEngine:
    """Give the application's search engine without a request."""
    with app.app_context():
        return search_engine()


def storage_of(app: Flask) -> Storage:
    """Give the application's storage of files without a request."""
    with app.app_context():
        return storage()


def sessions_of(app: Flask) -> sessionmaker[Session]:
    """Give sessions on the application's database that need no request."""
    with app.app_context():
        return sessionmaker(db.engine, expire_on_commit=False)


def _say(line: str) -> None:
    click.echo(f"forum worker: {line}", err=True)


def run_once(sessions: sessionmaker[Session], now: Clock, lanes: list[Handlers]) -> int:
    """Do what is due until nothing is, notices and then their mail; gives how many entries were done."""
    done = 0
    while True:
        round_ = sum(drain(sessions, now, handlers, report=_say) for handlers in lanes)
        done += round_
        if not round_:
            return done


def _run_lane(sessions: sessionmaker[Session], now: Clock, handlers: Handlers, stop: threading.Event) -> None:
    """Drain for as long as nobody says stop; trouble with the database is reported and waited out."""
    longest = INDEX_POLL if Topic.INDEX in handlers else IDLE_POLL
    wait = shortest = min(POLL, longest)
    while not stop.is_set():
        try:
            done = drain(sessions, now, handlers, stopping=stop.is_set, report=_say)
            wait = shortest if done else min(wait * 1.5, longest)
        except Exception as error:
            _say(f"waiting, since {describe(error)}")
            wait = IDLE_POLL
        stop.wait(wait)


def letters_of(config: Mapping[str, Any]) -> Path | None:
    """Give the folder that takes the place of a mail server; None where there is a real one."""
    kind, _, name = str(config["MAIL_URL"]).partition(":")
    return Path(config["INSTANCE"]).resolve() / name if kind == "folder" else None


Tidy = Callable[[], object]
"""What keeps the periods for which personal data may be kept."""


def tidy_of(app: Flask, sessions: sessionmaker[Session], now: Clock) -> Tidy:
    """Give the daily house-keeping of personal data; ValueError for periods that cannot be kept."""
    periods, letters = Retention.from_config(app.config), letters_of(app.config)
    return lambda: keep_periods(sessions, periods, letters, now=now())


def _keep_house(
    sessions: sessionmaker[Session],
    now: Clock,
    engine: SearchEngine,
    files: Storage,
    tidy: Tidy,
    stop: threading.Event,
) -> None:
    while not stop.is_set():
        try:
            prune(sessions, now)
            plan_daily(sessions, now)
            engine.tidy()
            with sessions() as session:
                prune_files(session, files, now=now())
            tidy()
        except Exception as error:
            _say(f"house-keeping is put off, since {describe(error)}")
        stop.wait(HOUSE_INTERVAL)


def plan_daily(sessions: sessionmaker[Session], now: Clock) -> None:
    """Plan the nightly comparison where none is planned, and delete exports that have expired."""
    with sessions() as session:
        is_due = has_expired(session, now=now()) or not is_reconcile_planned(session, now=now())
        if is_due:
            with writing(session):
                plan_reconcile(session, now=now())
                expire_exports(session, now=now())


def ensure_index(sessions: sessionmaker[Session], now: Clock, engine: SearchEngine) -> None:
    """Build the search index where there is none, or one that other code wrote."""
    if engine.state().status == "ready":
        return
    try:
        with sessions() as session:
            _say(f"{rebuild_index(session, engine, now):,} documents indexed anew")
    except SearchBusy:
        _say("another process builds the search index")


def run(
    sessions: sessionmaker[Session],
    now: Clock,
    engine: SearchEngine,
    files: Storage,
    lanes: list[Handlers],
    tidy: Tidy,
    is_orphaned: Callable[[], bool] = lambda: False,
) -> None:
    """Work until SIGTERM or SIGINT (or until orphaned); the entries in hand are finished first."""
    stop = threading.Event()

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    click.echo("Working off the outbox; SIGTERM or Ctrl-C ends it")
    threads = [threading.Thread(target=_run_lane, args=(sessions, now, lane, stop)) for lane in lanes]
    threads.append(threading.Thread(target=_keep_house, args=(sessions, now, engine, files, tidy, stop)))
    for thread in threads:
        thread.start()
    while not stop.wait(IDLE_POLL):
        if is_orphaned():
            stop.set()
    for thread in threads:
        thread.join()


@click.command()
@click.option("--once", is_flag=True, help="Do what is due now and end.")
@click.option("--retry", is_flag=True, help="First give entries that were given up another round.")
@click.option("--with-parent", is_flag=True, hidden=True, help="End when the process that started it does.")
@with_appcontext
def worker(once: bool, retry: bool, with_parent: bool) -> None:
    """Drain the outbox: index what changed, tell people, send mail.

    Several may run at once. What fails is tried again, later and later; what failed eight times is
    kept and reported by `forum doctor` and /readyz.

    Example: forum worker --once
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    parent = os.getppid()
    try:
        lanes = build_lanes(app, clock())
        tidy = tidy_of(app, sessions_of(app), clock())
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    sessions, engine = sessions_of(app), engine_of(app)
    ensure_index(sessions, clock(), engine)
    if retry:
        with sessions() as session, writing(session):
            click.echo(f"Given another round: {retry_failed(session)}")
    if once:
        click.echo(f"Entries done: {run_once(sessions, clock(), lanes)}")
    else:
        run(
            sessions,
            clock(),
            engine,
            storage_of(app),
            lanes,
            tidy,
            lambda: with_parent and os.getppid() != parent,
        )
