"""The `forum` command: click commands, one file per noun."""

import sys

from flask.cli import FlaskGroup
from sqlalchemy.exc import OperationalError

import config
from forum import create_app
from forum.cli import (
    account,
    audit,
    backup,
    demo,
    doctor,
    erasure,
    exports,
    imports,
    init,
    member,
    moderation,
    organisation,
    reference,
    retention,
    schema,
    sealing,
    search,
    serve,
    statements,
    upgrade,
    worker,
)
from forum.cli.support import describe_database_error


def _create_app() -> object:
    return create_app()


cli = FlaskGroup(
    name="forum",
    create_app=_create_app,  # type: ignore[arg-type]
    add_version_option=False,
    help="The consultation forum: run it, fill it, look after it.",
)
for command in (
    account.account,
    audit.audit,
    backup.backup,
    backup.restore,
    demo.demo,
    doctor.doctor,
    erasure.erasure,
    exports.export,
    imports.import_records,
    init.init,
    member.member,
    moderation.moderation,
    organisation.organisation,
    reference.reference,
    retention.retention,
    schema.schema,
    sealing.sealing,
    search.search,
    serve.serve,
    statements.statements,
    upgrade.upgrade,
    worker.worker,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line; a mistake in the configuration is one clear line."""
    try:
        cli.main(prog_name="forum")
    except config.ConfigurationError as error:
        sys.stderr.write(f"forum: {error}\n")
        sys.exit(1)
    except OperationalError as error:
        sys.stderr.write(f"forum: {describe_database_error(error)} `forum doctor` says how to mend it.\n")
        sys.exit(1)
