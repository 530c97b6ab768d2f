"""`forum statements`: statements of reasons as JSON, in the schema of the DSA Transparency Database."""

import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from forum.cli.support import fail, now, reading
from forum.domain.statement_schema import MAX_BATCH, find_faults
from forum.services.statements import get_fields, list_statements

statements = AppGroup("statements", help="Statements of reasons, modelled on the DSA.")


@statements.command("export")
@click.option("--id", "public_id", metavar="PUID", help="Only this one, as one object.")
@click.option("--group", metavar="SLUG", help="Only those of this group.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="First day of the decision.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day of the decision.")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for files of at most a hundred each; else one batch a line on standard output.",
)
def export(
    public_id: str | None,
    group: str | None,
    since: datetime | None,
    until: datetime | None,
    output: Path | None,
) -> None:
    """Export statements that stand, in batches of at most 100, each checked against the schema.

    \b
    Example: forum statements export --since 2026-01-01 -o statements
    """
    with reading() as session:
        if public_id is not None:
            batches: Iterator[Any] = iter([get_fields(session, None, public_id, now=now())])
        else:
            days = [day.date() if day else None for day in (since, until)]
            batches = _batches(session, group, days[0], days[1])
        count = 0
        for number, batch in enumerate(batches, 1):
            found = batch.get("statements", [batch])
            _check(found)
            count += len(found)
            text = json.dumps(batch, ensure_ascii=False)
            if output is None:
                click.echo(text)
            else:
                _write(output, f"statements-{number:04d}.json", text)
    if output is not None:
        click.echo(f"{count:,} statements in {output}", err=True)


def _batches(
    session: Session, group: str | None, since: date | None, until: date | None
) -> Iterator[dict[str, Any]]:
    after: str | None = None
    while True:
        batch = list_statements(
            session, None, now=now(), after=after, limit=MAX_BATCH, since=since, until=until, group_slug=group
        )
        if batch.statements:
            yield {"statements": list(batch.statements)}
        after = batch.next_after
        if after is None:
            return


def _check(found: list[dict[str, Any]]) -> None:
    for fields in found:
        faults = find_faults(fields)
        if faults:
            fail(f"Statement {fields.get('puid')}: {faults[0]} Nothing of its batch was written.")


def _write(folder: Path, name: str, text: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        fail(f"{folder / name} cannot be written: {error.strerror}.")
