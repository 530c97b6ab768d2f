"""`forum sealing`: the key under which authorship is sealed under the Chatham House Rule."""

import secrets
import sys

import click
from flask import current_app
from flask.cli import AppGroup

from forum.cli.support import json_option, now, print_json, writing_as_system
from forum.domain.audit import AuditAction
from forum.services.audit import record
from forum.services.sealing_rotation import rotate_sealing_key

sealing = AppGroup("sealing", help="The key that seals authorship under the Chatham House Rule.")


@sealing.command("rotate")
@click.option("--key-stdin", is_flag=True, help="Read the new key from standard input; else one is made.")
@json_option
def rotate(key_stdin: bool, as_json: bool) -> None:
    """Seal everything anew under another key. Stop server and worker first, and take a backup.

    \b
    Example: forum sealing rotate
    """
    old = str(current_app.config["SEALING_KEY"])
    new = sys.stdin.readline().strip() if key_stdin else secrets.token_urlsafe(48)
    with writing_as_system() as session:
        done = rotate_sealing_key(session, old.encode(), new.encode())
        facts = {"changed": done.changed, "left": done.left}
        record(session, None, AuditAction.KEY_ROTATED, now=now(), **facts)  # type: ignore[arg-type]
    if as_json:
        print_json({**facts, "key": None if key_stdin else new})
        return
    click.echo(f"{done.changed:,} sealed keys are new, {done.left:,} belong to nobody who is there.")
    if not key_stdin:
        click.echo(new)
    click.echo("Set FORUM_SEALING_KEY to the new key before anything starts again.", err=True)
