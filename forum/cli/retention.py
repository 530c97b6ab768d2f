"""`forum retention`: let go of personal data whose time is over; the worker does it once a day by itself."""

import click
from flask import current_app
from flask.cli import with_appcontext

from forum.cli.support import fail, json_option, now, print_json, reading, writing_as_system
from forum.cli.worker import letters_of
from forum.delivery.retention import remove_letters
from forum.domain.retention import Retention
from forum.services.retention import apply_retention


@click.command()
@click.option("--dry-run", is_flag=True, help="Count what would go, and change nothing.")
@json_option
@with_appcontext
def retention(dry_run: bool, as_json: bool) -> None:
    """Delete or blank what is older than the RETENTION_*_DAYS settings and the charters say.

    It prints how many of each kind went; the record keeps the same numbers.

    \b
    Example: forum retention --dry-run
    """
    try:
        periods = Retention.from_config(current_app.config)
    except ValueError as error:
        fail(str(error))
    with reading() if dry_run else writing_as_system() as session:
        counts = apply_retention(session, periods, now=now(), is_trial=dry_run)
    folder = letters_of(current_app.config)
    counts["mails"] = remove_letters(folder, periods.mails, now=now(), is_trial=dry_run)
    if as_json:
        print_json(counts)
        return
    for kind, count in counts.items():
        click.echo(f"{kind:12} {count:>8,} {'would go' if dry_run else 'gone'}")
