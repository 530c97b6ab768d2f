"""`forum moderation`: the report of a period as a file."""

import sys
from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from forum.blueprints.transparency_tables import list_tables
from forum.cli.support import fail, now, reading
from forum.services.figure_files import FORMATS, write_tables
from forum.services.transparency import checked_period, draw_report

moderation = AppGroup("moderation", help="Moderation in figures.")


@moderation.command("report")
@click.option("--first", type=click.DateTime(["%Y-%m-%d"]), help="First day; else twelve months before.")
@click.option("--last", type=click.DateTime(["%Y-%m-%d"]), help="Last day; else today.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="csv", show_default=True)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; else standard output."
)
def report(first: datetime | None, last: datetime | None, form: str, output: Path | None) -> None:
    """Write the report of a period, as everybody finds it on the page /moderation/transparency.

    \b
    Example: forum moderation report --first 2026-01-01 --last 2026-12-31 --format xlsx -o 2026.xlsx
    """
    if form == "xlsx" and output is None and sys.stdout.isatty():
        raise click.UsageError("An XLSX file needs -o FILE or a pipe.")
    with reading() as session, current_app.test_request_context(base_url=current_app.config["BASE_URL"]):
        days = [day.date() if day else None for day in (first, last)]
        drawn = draw_report(session, checked_period(days[0], days[1], today=now().date()))
        data = write_tables(list_tables(drawn), form)
    if output is None:
        sys.stdout.buffer.write(data)
        return
    try:
        output.write_bytes(data)
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror}.")
