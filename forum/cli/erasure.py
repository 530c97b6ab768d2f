"""`forum erasure`: who was erased, so that a restored backup brings nobody back."""

import json
import sys
from pathlib import Path
from typing import TextIO

import click
from flask import current_app
from flask.cli import AppGroup

from forum.cli.support import fail, now, reading, writing_as_system
from forum.domain.erasures import TextsChoice
from forum.services.erasures import list_erased, replay_erasures

erasure = AppGroup("erasure", help="People who were erased: keep the list, and replay it after a restore.")


@erasure.command("list")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File; else standard output."
)
def list_(output: Path | None) -> None:
    """Write one line of JSON for each erased person: a random id, what became of the texts, when.

    No name is in it. Keep it with your backups, newer than each of them.

    \b
    Example: forum erasure list -o erased.jsonl
    """
    with reading() as session:
        lines = [
            json.dumps({"account": account, "texts": texts.value, "erased_at": at.isoformat()})
            for account, texts, at in list_erased(session)
        ]
    text = "".join(f"{line}\n" for line in lines)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror}.")
    click.echo(f"{len(lines):,} in {output}", err=True)


@erasure.command("replay")
@click.argument("file", type=click.File(encoding="utf-8"), metavar="FILE")
def replay(file: TextIO) -> None:
    """Erase again whoever a restored backup has brought back; safe to repeat.

    FILE is what `forum erasure list` wrote; - reads standard input.

    \b
    Example: forum erasure replay erased.jsonl
    """
    found: list[tuple[str, TextsChoice]] = []
    try:
        lines = file.readlines()
    except UnicodeDecodeError:
        fail(f"{file.name} is not text, and not what `forum erasure list` wrote. Nothing was changed.")
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
            found.append((str(entry["account"]), TextsChoice(entry["texts"])))
        except (ValueError, KeyError, TypeError):
            fail(f"Line {number} is not one that `forum erasure list` wrote. Nothing was changed.")
    with writing_as_system() as session:
        secret = str(current_app.config["SEALING_KEY"]).encode()
        done = replay_erasures(session, found, sealing_secret=secret, now=now())
    click.echo(f"{done:,} erased again, {len(found) - done:,} were not there.")
    if done:
        click.echo("`forum search rebuild` clears the index of them at once.", file=sys.stderr)
