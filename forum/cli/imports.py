"""`forum import`: records from a JSON Lines file."""

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from pathlib import Path

import click
from flask.cli import with_appcontext

from forum.cli.support import writing_as_system
from forum.domain.importing import BadLine, Record, in_order, read_records
from forum.domain.labels import Ceiling
from forum.errors import Invalid
from forum.extensions import clock, db
from forum.policy.labels import effective_ceiling, narrowest_tlp
from forum.richtext import Rendered, render
from forum.services.imported_people import VISIBILITIES, Registry
from forum.services.imports import Outcome, find_imported, import_batch

WHO = {
    Ceiling.PUBLIC: "everyone",
    Ceiling.COMMUNITY: "all participants",
    Ceiling.ORGANISATIONS: "the group and the organisations that have a seat in it",
    Ceiling.MEMBERS: "the group's members only",
}

RenderedPart = tuple[dict[str, Rendered], list[BadLine]]

BATCH = 400
"""Records a transaction: short enough that the server beside it never waits long."""


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--group", "group_slug", help="Put everything into this group (its slug).")
@click.option(
    "--visibility",
    type=click.Choice(list(VISIBILITIES)),
    default="members",
    show_default=True,
    help="Who may read groups that are made; groups that are there keep theirs.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen and who could read it; change nothing.")
@click.option("--strict", is_flag=True, help="Take nothing at all if a line is bad.")
@with_appcontext
def import_records(file: Path, group_slug: str | None, visibility: str, dry_run: bool, strict: bool) -> None:
    """Import records (one JSON object a line); safe to repeat, bad lines are named and passed over.

    \b
    Example: forum import contributions.jsonl --visibility community
    """
    records, bad = _read(file)
    if strict and bad:
        _report(bad)
        raise click.ClickException(f"{len(bad)} bad lines, so nothing was imported (--strict).")
    registry = Registry(group_slug, visibility)
    if dry_run:
        _describe(records, bad, registry)
        return
    outcome = Outcome(bad=bad)
    with (
        click.progressbar(
            length=len(records), label="Importing", file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as bar,
        ProcessPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool,
    ):
        for batch, rendered, failed in _render_ahead(pool, records):
            with writing_as_system() as session:
                done = import_batch(session, batch, rendered, registry, now=clock()())
            outcome.add(done)
            outcome.bad += failed
            bar.update(len(batch) + len(failed))
    _report(outcome.bad)
    click.echo(
        f"{outcome.imported:,} imported, {outcome.unchanged:,} unchanged, {len(outcome.bad):,} bad lines."
    )
    if outcome.imported and sys.stderr.isatty():
        click.echo("A running worker indexes them; `forum search rebuild` does it at once.", err=True)


def _read(file: Path) -> tuple[list[Record], list[BadLine]]:
    """Read the file and put every record behind the one it answers."""
    records: list[Record] = []
    bad: list[BadLine] = []
    with file.open("rb") as lines:
        for found in read_records(lines):
            if isinstance(found, Record):
                records.append(found)
            else:
                bad.append(found)
    parents = {r.parent for r in records if r.parent} - {r.id for r in records}
    ordered, orphans = in_order(records, find_imported(db.session(), parents))
    return ordered, sorted(bad + orphans, key=lambda b: b.line)


def _render_ahead(
    pool: ProcessPoolExecutor, records: Sequence[Record]
) -> Iterator[tuple[list[Record], dict[str, Rendered], list[BadLine]]]:
    """Give batches with their texts rendered, two batches ahead of the one that is being written.

    What is imported already is not rendered again.
    """
    remaining = iter(records)
    queue: list[tuple[list[Record], list[Future[RenderedPart]]]] = []
    while True:
        while len(queue) < 3 and (batch := list(islice(remaining, BATCH))):
            known = find_imported(db.session(), [r.id for r in batch])
            fresh = [r for r in batch if r.id not in known and not (r.kind == "attachment" and r.parent)]
            half = (len(fresh) + 1) // 2
            # Two parts a batch, one for each processor; versions of one paper share their memo.
            parts = [pool.submit(_render_part, part) for part in (fresh[:half], fresh[half:]) if part]
            queue.append((batch, parts))
        if not queue:
            return
        batch, parts = queue.pop(0)
        rendered: dict[str, Rendered] = {}
        failed: list[BadLine] = []
        for part in parts:
            texts, problems = part.result()
            rendered |= texts
            failed += problems
        lost = {problem.line for problem in failed}
        yield [record for record in batch if record.line not in lost], rendered, failed


def _render_part(records: list[Record]) -> RenderedPart:
    """In a process of its own: render texts, and say which could not be."""
    rendered: dict[str, Rendered] = {}
    failed: list[BadLine] = []
    for record in records:
        try:
            rendered[record.id] = render(record.text, profile="post" if record.kind == "post" else "paper")
        except Invalid as error:
            failed.append(BadLine(record.line, str(error)))
    return rendered, failed


def _report(bad: Sequence[BadLine]) -> None:
    for problem in sorted(bad, key=lambda b: b.line):
        click.echo(f"line {problem.line}: {problem.reason}", err=True)


def _describe(records: Sequence[Record], bad: Sequence[BadLine], registry: Registry) -> None:
    """Say, by group and label, how many records would be readable by whom; roll everything back."""
    known = find_imported(db.session(), [r.id for r in records])
    fresh = [r for r in records if r.id not in known]
    registry.prepare(db.session(), fresh, now=clock()())
    counts: dict[tuple[str, str, str], int] = {}
    for record in fresh:
        group = registry.group_of(record)
        tlp = record.label or narrowest_tlp(group.ceiling)
        words = WHO[effective_ceiling(group.ceiling, tlp)]
        key = (group.title, tlp.value, words)
        counts[key] = counts.get(key, 0) + 1
    db.session.rollback()
    _report(bad)
    for (title, label, words), count in sorted(counts.items()):
        click.echo(f"{count:,} to {title!r}: TLP:{label}, readable by {words}.")
    click.echo(f"{len(fresh):,} would be imported, {len(known):,} are already, {len(bad):,} bad lines.")
