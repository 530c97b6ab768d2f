"""The `forum` command: click commands, one file per noun."""

import sys

from flask.cli import FlaskGroup

import config
from forum import create_app
from forum.cli import schema, serve


def _create_app() -> object:
    return create_app()


cli = FlaskGroup(
    name="forum",
    create_app=_create_app,  # type: ignore[arg-type]
    add_version_option=False,
    help="The consultation forum: run it, fill it, look after it.",
)
cli.add_command(schema.schema)
cli.add_command(serve.serve)


def main() -> None:
    """Run the command line; a mistake in the configuration is one clear line."""
    try:
        cli.main(prog_name="forum")
    except config.ConfigurationError as error:
        sys.stderr.write(f"forum: {error}\n")
        sys.exit(1)
