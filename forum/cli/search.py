"""`forum search`: finding from the command line, and looking after the index."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.orm import Session

from forum.cli.support import explained, fail, now, print_json, reading
from forum.cli.worker import engine_of, ensure_index, sessions_of
from forum.delivery.indexing import EngineIndexer, Indexing, rebuild_index, reconcile_index
from forum.delivery.worker import drain
from forum.domain.email import parse_email
from forum.domain.outbox import Topic
from forum.errors import Invalid
from forum.extensions import clock, search_engine
from forum.policy import ANONYMOUS, Actor
from forum.search.protocol import SearchBusy
from forum.search.query import Filters
from forum.services import search as searching
from forum.services.accounts import find_account
from forum.services.actors import load_actor
from forum.services.index_check import Problem, compare_index
from forum.services.indexing import DOCUMENT_KINDS, count_subjects
from forum.services.search_records import find_source_ids

MAX_LIMIT = 1_000


@click.group()
def search() -> None:
    """Find what somebody may read, and look after the index.

    \b
    Example: forum search query "client-side scanning" --as mara@body.example
    """


@search.command()
@click.argument("text")
@click.option("--as", "email", metavar="EMAIL", help="Search as this person; without it as a visitor.")
@click.option("--group", "groups", multiple=True, metavar="SLUG", help="Only in this group.")
@click.option("--kind", "kinds", multiple=True, type=click.Choice(DOCUMENT_KINDS), help="Only this kind.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(0, MAX_LIMIT), help="Results.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one object a query.")
@with_appcontext
def query(
    text: str, email: str | None, groups: tuple[str, ...], kinds: tuple[str, ...], limit: int, as_json: bool
) -> None:
    """Show what a person finds, as the page ranks it; `-` reads one query a line and prints JSON.

    \b
    Example: forum search query "deadline of reports" --kind paper --json
    """
    with reading() as session:
        actor = _actor(session, email)
        filters = Filters().choose("group", *groups).choose("kind", *kinds)
        if text == "-":
            for number, line in enumerate(sys.stdin, 1):
                wanted = line.rstrip("\r\n")
                print_json(
                    _answer(session, actor, _shorten(wanted, number), filters, limit) | {"query": wanted}
                )
            return
        try:
            searching.check_text(text)
        except Invalid as error:
            fail(str(error))
        answer = _answer(session, actor, text, filters, limit)
    if as_json:
        print_json(answer)
    else:
        _show(answer)


def _actor(session: Session, email: str | None) -> Actor:
    if email is None:
        return ANONYMOUS
    account = find_account(session, parse_email(email))
    if account is None:
        fail(f"Nobody has the address {email}.")
    secret = str(current_app.config["SEALING_KEY"]).encode()
    return load_actor(session, account.id, now=now(), sealing_secret=secret)


def _shorten(text: str, number: int) -> str:
    """Cut a line at a word where it is longer than a query may be: one line stops no batch."""
    if len(text) <= searching.MAX_TEXT:
        return text
    click.echo(f"line {number}: only its first {searching.MAX_TEXT} characters are searched", err=True)
    return text[: searching.MAX_TEXT].rpartition(" ")[0] or text[: searching.MAX_TEXT]


def _answer(session: Session, actor: Actor, text: str, filters: Filters, limit: int) -> dict[str, Any]:
    page = searching.search(
        session,
        actor,
        search_engine(),
        text=text,
        filters=filters,
        per_page=limit,
        with_passages=False,
    )
    sources = find_source_ids(session, page.hits)
    base = str(current_app.config["BASE_URL"]).rstrip("/")
    return {
        "query": text,
        "total": page.total,
        "items": [
            {
                "kind": hit.kind,
                "id": hit.public_id,
                "source_id": sources[hit.id].own,
                "thread_source_id": sources[hit.id].thread,
                "group": hit.group_slug,
                "title": hit.title,
                "url": base + hit.url,
            }
            for hit in page.hits
        ],
    }


def _show(answer: dict[str, Any]) -> None:
    click.echo(f"{answer['total']:,} found")
    for item in answer["items"]:
        click.echo(f"{item['kind']:<12} {item['group']:<24} {item['title']}")
        click.echo(f"{'':<12} {item['url']}")


@search.command()
@click.option("--repair", is_flag=True, help="Mend what differs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_appcontext
def check(repair: bool, as_json: bool) -> None:
    """Compare the index with the database by id, text and audience; exit 1 if they differ.

    \b
    Example: forum search check --repair
    """
    engine = search_engine()
    status = engine.state().status
    with reading() as session, _busy_explained(), _progress(session, "Comparing") as progress:
        if repair:
            found = reconcile_index(session, engine, clock(), progress).found
        else:
            found = compare_index(session, engine, progress)
    counts = {problem.value: found.counts[problem] for problem in Problem}
    is_well = status == "ready" and not found.total
    if as_json:
        print_json({"documents": found.documents, "status": status, **counts, "repaired": repair})
    elif is_well:
        click.echo(f"The index holds all {found.documents:,} documents as they are.")
    else:
        words = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        click.echo(f"The index ({status}) differs from {found.documents:,} documents: {words}.")
        if repair:
            click.echo("Mended.")
    if not is_well and not repair:
        fail("`forum search check --repair` mends it, after `forum search drain`.")


@search.command()
@with_appcontext
def rebuild() -> None:
    """Build the index anew beside the live one, then swap; searches go on meanwhile.

    \b
    Example: forum search rebuild
    """
    with reading() as session, _busy_explained(), _progress(session, "Indexing") as progress:
        count = rebuild_index(session, search_engine(), clock(), progress)
    click.echo(f"{count:,} documents indexed.")


@search.command("drain")
@with_appcontext
def drain_index() -> None:
    """Index now what waits in the outbox, without a worker.

    \b
    Example: forum search drain
    """
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    engine, sessions = engine_of(app), sessions_of(app)
    with explained(), _busy_explained():
        ensure_index(sessions, clock(), engine)
        problems: list[str] = []
        handlers = {Topic.INDEX: Indexing(EngineIndexer(engine), clock())}
        done = drain(sessions, clock(), handlers, report=problems.append)
    for line in problems:
        click.echo(line, err=True)
    click.echo(f"{done:,} entries indexed.")
    if problems:
        fail("Some entries were put off; `forum doctor` says more.")


@contextmanager
def _busy_explained() -> Iterator[None]:
    try:
        yield
    except SearchBusy as error:
        fail(f"{error}: try again when it is done.")


@contextmanager
def _progress(session: Session, label: str) -> Iterator[Callable[[int], None]]:
    """Give a function that is told the number done so far, and shows it on a terminal."""
    bar = click.progressbar(
        length=count_subjects(session), label=label, file=sys.stderr, hidden=not sys.stderr.isatty()
    )
    with bar:
        done = 0

        def progress(count: int) -> None:
            nonlocal done
            bar.update(count - done)
            done = count

        yield progress
