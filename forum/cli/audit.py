"""`forum audit`: the head of the record, and whether anybody has changed it."""

import click
from flask.cli import AppGroup

from forum.cli.support import fail, json_option, print_json, reading, writing_as_system
from forum.domain.audit import Head, parse_head
from forum.errors import Invalid
from forum.services.audit import get_head, guard, verify

audit = AppGroup(
    "audit", help="The record: what was decided and changed, in a chain that shows every change."
)


class HeadType(click.ParamType[Head]):
    """SEQ:HASH."""

    name = "SEQ:HASH"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> Head:
        """Read it; wrong usage if it is none."""
        try:
            return parse_head(value)
        except Invalid as error:
            self.fail(str(error), param, ctx)


@audit.command("verify")
@click.option("--head", type=HeadType(), help="A head that was kept outside: then truncation shows too.")
@json_option
def verify_(head: Head | None, as_json: bool) -> None:
    """Walk the record; exit 1 and the first broken entry if anything was changed.

    \b
    Example: forum audit verify --head "$(cat /safe/place/head)"
    """
    with reading() as session:
        verdict = verify(session, head=head)
    end = str(verdict.head) if verdict.head else None
    if as_json:
        print_json(
            {"ok": verdict.fault is None, "entries": verdict.entries, "head": end, "fault": verdict.fault}
        )
    if verdict.fault is not None:
        fail(f"{verdict.fault}. {verdict.entries:,} entries before it are in order.")
    if not as_json:
        click.echo(f"{verdict.entries:,} entries, all in order" + (f"; head {end}" if end else ""))


@audit.command("head")
def head_() -> None:
    """Print the end of the record as SEQ:HASH; keep it where whoever runs the database cannot change it.

    \b
    Example: forum audit head > /safe/place/head
    """
    with reading() as session:
        head = get_head(session)
    if head is None:
        fail("Nothing was recorded yet.")
    click.echo(str(head))


@audit.command("guard")
def guard_() -> None:
    """Make the database refuse to change the record again, where `forum doctor` finds that it does not.

    \b
    Example: forum audit guard
    """
    with writing_as_system() as session:
        guard(session)
    click.echo("The database refuses to change the record.")
