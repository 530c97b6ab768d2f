"""`forum init`: the database, the charters and the first administrator."""

import click
from flask import current_app
from flask.cli import with_appcontext

import config
from forum import richtext
from forum.cli.account import link_for
from forum.cli.support import (
    explained,
    fail,
    migrate_database,
    now,
    reading,
    secret_key,
    writing_as_system,
)
from forum.delivery.indexing import rebuild_index
from forum.domain.accounts import PlatformRole
from forum.domain.charters import load_charters as read_charters
from forum.domain.datafile import DataFileError
from forum.domain.email import parse_email
from forum.extensions import clock, search_engine
from forum.search.protocol import SearchBusy
from forum.services.accounts import has_administrator
from forum.services.charters import load_charters
from forum.services.invitations import find_first_administrators, invite


@click.command("init")
@click.option(
    "--administrator",
    metavar="EMAIL",
    help="Address of the first administrator; without it, FORUM_CONTACT.",
)
@with_appcontext
def init(administrator: str | None) -> None:
    """Set the database up, load the charters, print the first administrator's invitation; safe to repeat.

    \b
    Example: forum init --administrator ada@body.example
    """
    with explained():
        before, after = migrate_database()
    click.echo(f"Database: {after}" + ("" if before == after else f" (from {before or 'nothing'})"))
    for line in load_configured_charters():
        click.echo(line)
    build_index()
    link = first_administrator(administrator)
    if link:
        click.echo(f"Invitation of the first administrator: {link}")


def build_index() -> None:
    """Build the search index where there is none, or one that other code wrote."""
    engine = search_engine()
    if engine.state().status == "ready":
        return
    with reading() as session:
        try:
            count = rebuild_index(session, engine, clock())
        except SearchBusy as error:
            fail(f"{error}: try again when it is done.")
    click.echo(f"Search index: {count:,} documents")


def load_configured_charters() -> list[str]:
    """Load config/groups.toml; give one line for each change."""
    try:
        charters = read_charters(config.CONFIG_DIR / "groups.toml")
    except DataFileError as error:
        fail(str(error))
    # Rendered before the transaction: nothing else waits for it.
    rendered = {
        charter.mandate: richtext.render(charter.mandate, profile="post").html for charter in charters
    }
    with writing_as_system() as session:
        return load_charters(session, charters, html_of=rendered.__getitem__, now=now())


def first_administrator(email: str | None) -> str | None:
    """Give the invitation link of the first administrator; None once somebody administers.

    Until it is accepted the same link is given again, so that it cannot be lost.
    """
    with writing_as_system() as session:
        if has_administrator(session):
            return None
        invitation = find_first_administrators(session, now=now())
        if invitation is None or (email is not None and invitation.email != parse_email(email)):
            invitation = invite(
                session,
                None,
                email=parse_email(email or str(current_app.config["CONTACT"])),
                platform_role=PlatformRole.ADMINISTRATOR,
                secret=secret_key(),
                now=now(),
                days=current_app.config["INVITATION_DAYS"],
                with_mail=False,
            )
        return link_for(invitation)
