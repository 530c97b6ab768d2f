"""`forum upgrade`: the newest schema, with a way back."""

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from forum.cli.backup import back_up
from forum.cli.doctor import examine
from forum.cli.support import explained, fail, migrate_database, migrations_folder, now
from forum.extensions import db
from forum.services.health import UPGRADE, check_database


@click.command()
@with_appcontext
def upgrade() -> None:
    """Back the instance up, bring its database to the schema of this code, and check everything.

    Stop `forum serve` and `forum worker` first, start them afterwards. The backup stays in the instance
    folder (backups/).

    \b
    Example: forum upgrade
    """
    with explained():
        found = check_database(db.session(), migrations_folder())
    if found.is_well:
        click.echo(f"Nothing to do: {found.detail} is what this code needs.")
        return
    if found.mend != UPGRADE:
        fail(f"{found.detail}. {found.mend}")
    folder = Path(current_app.instance_path) / "backups"
    folder.mkdir(exist_ok=True, mode=0o700)
    path = folder / f"before-upgrade-{now():%Y%m%d-%H%M%S}.zip"
    back_up(path)
    click.echo(f"Backup: {path}")
    way_back = f"To go back: start the code of before and run `forum restore --force {path}`"
    try:
        with explained():
            before, after = migrate_database()
    except click.ClickException:
        raise
    except Exception as error:
        fail(f"The migration failed and was undone: {error}. The backup is {path}.")
    click.echo(f"Database: {after} (from {before})")
    findings = examine()
    for finding in findings:
        click.echo(f"{'ok   ' if finding.is_well else 'WRONG'} {finding.name}: {finding.detail}")
        if not finding.is_well:
            click.echo(f"      {finding.mend}")
    click.echo(way_back)
    is_well = all(finding.is_well for finding in findings if finding.name == "database")
    sys.exit(0 if is_well else 1)
