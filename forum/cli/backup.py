"""`forum backup` and `forum restore`: everything in one verified archive, and back."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from forum.cli.support import explained, fail, migrate_database, migrations_folder, now
from forum.domain.backups import KEYS_APART, Damaged
from forum.domain.revisions import read_revisions
from forum.extensions import db
from forum.services.backup_databases import store_for
from forum.services.backups import Backup, make_backup, restore_backup
from forum.services.system import note_backup

MOST_FAULTS = 50
"""Lines printed about one archive."""


class Bars:
    """One progress bar after another on a terminal; nothing elsewhere."""

    def __init__(self) -> None:
        self._label = ""
        self._bar: Any = None

    def __call__(self, label: str, done: int, total: int) -> None:
        """Show how far a step is; a new label begins a new bar."""
        if not sys.stderr.isatty():
            return
        if label != self._label:
            self._close()
            self._label = label
            self._bar = click.progressbar(length=max(total, 1), label=label, file=sys.stderr)
            self._bar.__enter__()
        self._bar.update(done - self._bar.pos)

    def __enter__(self) -> "Bars":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say every fault of an archive in a line of its own, and any other failure in one; exit code 1."""
    with explained():
        try:
            yield
        except Damaged as error:
            for fault in error.faults[:MOST_FAULTS]:
                click.echo(f"forum: {path.name}: {fault}", err=True)
            more = len(error.faults) - MOST_FAULTS
            fail(f"{path.name} is damaged" + (f" ({more} more faults)." if more > 0 else "."))


def back_up(path: Path) -> Backup:
    """Write a verified backup of this instance to a file; failures become one line."""
    db.session.remove()
    db.engine.dispose()
    with _explained(path), Bars() as bars:
        made = make_backup(
            store_for(db.engine),
            Path(current_app.instance_path),
            path,
            version=version("forum"),
            now=now(),
            progress=bars,
        )
        note_backup(
            Path(current_app.instance_path), made_at=made.manifest.made_at, size=made.size, sha256=made.sha256
        )
        return made


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup(file: Path) -> None:
    """Write database and attachments to FILE (.zip) while the forum runs, and verify what was written.

    The keys (SECRET_KEY, SEALING_KEY) are not in it: keep them apart. A file of that name is replaced once
    the new one has been verified.

    \b
    Example: forum backup /var/backups/forum.zip
    """
    made = back_up(file)
    contents, attachments = made.manifest.contents, len(made.manifest.attachments)
    click.echo(
        f"{file}: {made.size / 2**20:.1f} MB, schema {contents.schema}, {sum(contents.rows.values()):,} rows"
        f" in {len(contents.rows)} tables, {attachments:,} attachments; read back and verified"
    )
    click.echo(f"SHA-256: {made.sha256}")
    click.echo(f"Not in it, keep them apart: {' and '.join(KEYS_APART)}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Replace what is there; it is kept aside (.before-restore).")
@with_appcontext
def restore(file: Path, force: bool) -> None:
    """Put a backup in the place of this instance's database and attachments: all of it, or nothing.

    Stop `forum serve` and `forum worker` first. A damaged archive, a database of newer code and an instance
    that is not empty are refused. A backup of older code is migrated.

    \b
    Example: forum restore /var/backups/forum.zip
    """
    db.session.remove()
    db.engine.dispose()  # our own connections are not somebody who uses it
    revisions = read_revisions(migrations_folder())
    with _explained(file), Bars() as bars:
        done = restore_backup(
            store_for(db.engine),
            Path(current_app.instance_path),
            file,
            known_schemas=set(revisions.known),
            newest_schema=revisions.newest,
            migrate=migrate_database,
            is_forced=force,
            progress=bars,
        )
    contents = done.manifest.contents
    click.echo(
        f"Restored the backup of {done.manifest.made_at:%Y-%m-%d %H:%M} UTC, version {done.manifest.version}:"
        f" {sum(contents.rows.values()):,} rows in {len(contents.rows)} tables,"
        f" {len(done.manifest.attachments):,} attachments"
    )
    if done.was_migrated:
        click.echo(f"Migrated from schema {contents.schema} to {revisions.newest}")
    for path in done.kept:
        click.echo(f"Kept what was there: {path}")
    click.echo("Build the search index anew: forum search rebuild")
    click.echo(f"Needed, and not in the backup: its {' and '.join(KEYS_APART)}")
