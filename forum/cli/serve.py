"""`forum serve`: the production server."""

import os
import sys

import click

import config
from forum.cli.processes import Child, PortInUse, default_workers, probe_port, server_command, supervise


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port.")
@click.option(
    "--workers", default=0, type=click.IntRange(0, 64), help="Processes; 0 (the default): as FORUM_WORKERS."
)
def serve(host: str, port: int, workers: int) -> None:
    """Serve the forum; stops gracefully on SIGTERM.

    \b
    Example: forum serve --host 0.0.0.0 --port 8080 --workers 4
    """
    values = config.load(os.environ)
    try:
        probe_port(host, port)
    except PortInUse as error:
        raise click.ClickException(f"{error}. Choose another one with --port.") from None
    count = workers or default_workers(values["WORKERS"])
    click.echo(f"Serving {values['SITE_NAME']} at http://{host}:{port}/ with {count} processes")
    sys.stdout.flush()
    sys.exit(supervise([Child("server", server_command(host, port, count))], os.environ))
