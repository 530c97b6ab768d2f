"""`forum export`: a group's published contributions as records."""

import csv
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click
from flask.cli import with_appcontext
from openpyxl import Workbook

from forum.cli.support import now, writing_as_system
from forum.domain.groups import Group
from forum.domain.spreadsheets import safe_cell
from forum.extensions import db
from forum.services.exports import COLUMNS, export_records
from forum.services.groups import find_group
from forum.services.recording import record_export


@click.command("export")
@click.option("--group", "slug", required=True, help="The group's slug.")
@click.option(
    "--format", "form", type=click.Choice(["jsonl", "csv", "xlsx"]), default="jsonl", show_default=True
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; else standard output."
)
@with_appcontext
def export(slug: str, form: str, output: Path | None) -> None:
    """Export what is published in a group; `forum import` takes the JSON Lines back.

    \b
    Example: forum export --group prevention-network --format xlsx -o prevention.xlsx
    """
    group = find_group(db.session(), slug)
    if group is None:
        raise click.ClickException(f"There is no group {slug!r}.")
    if form == "xlsx" and output is None and sys.stdout.isatty():
        raise click.UsageError("An XLSX file needs -o FILE or a pipe.")
    with writing_as_system() as session:
        record_export(session, None, session.get_one(Group, group.id), form, now())
    records = export_records(db.session(), db.session.get_one(Group, group.id))
    with _destination(output) as file:
        {"jsonl": _write_jsonl, "csv": _write_csv, "xlsx": _write_xlsx}[form](records, file)


@contextmanager
def _destination(output: Path | None) -> Iterator[IO[bytes]]:
    if output is None:
        yield sys.stdout.buffer
        return
    try:
        with output.open("wb") as file:
            yield file
    except OSError as error:
        raise click.ClickException(f"{output} cannot be written: {error.strerror}.") from None


def _write_jsonl(records: Iterable[dict[str, Any]], file: IO[bytes]) -> None:
    for record in records:
        file.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")


def _row(record: dict[str, Any]) -> list[Any]:
    return [safe_cell(record.get(name)) for name in COLUMNS]


def _write_csv(records: Iterable[dict[str, Any]], file: IO[bytes]) -> None:
    import io

    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows(_row(record) for record in records)
    text.detach()


def _write_xlsx(records: Iterable[dict[str, Any]], file: IO[bytes]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Contributions")
    sheet.append(list(COLUMNS))
    for record in records:
        sheet.append(_row(record))
    book.save(file)
