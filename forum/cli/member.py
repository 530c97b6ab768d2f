"""`forum member`: who is in a group, from the command line."""

import click
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from forum.cli.support import fail, now, writing_as_system
from forum.domain.accounts import Account
from forum.domain.email import parse_email
from forum.domain.groups import Group, GroupRole, Seat, SeatKind
from forum.services.accounts import find_account
from forum.services.groups import find_group
from forum.services.memberships import add_membership, create_seat, find_seat_of_body, remove_person
from forum.services.organisations import find_organisation

member = AppGroup("member", help="Who is in a group, in which role and on which seat.")


@member.command("add")
@click.argument("group")
@click.argument("email")
@click.option(
    "--role",
    type=click.Choice([role.value for role in GroupRole]),
    default=GroupRole.MEMBER.value,
    show_default=True,
)
@click.option("--seat", metavar="BODY", help="On the seat of this organisation, made if it has none.")
@click.option("--alternate", is_flag=True, help="As an alternate of the seat's representative.")
def add(group: str, email: str, role: str, seat: str | None, alternate: bool) -> None:
    """Give a person a role in a group.

    \b
    Example: forum member add weprotect ada@body.example --role member --seat sample-body
    """
    if alternate and seat is None:
        raise click.UsageError("--alternate needs --seat.")
    with writing_as_system() as session:
        person, place = _person(session, email), _group(session, group)
        held = _seat(session, place, seat) if seat else None
        add_membership(session, place, person, GroupRole(role), now=now(), seat=held, is_alternate=alternate)
        line = f"{person.name} is {role} of {place.slug} now."
    click.echo(line)


@member.command("remove")
@click.argument("group")
@click.argument("email")
def remove(group: str, email: str) -> None:
    """End every role of a person in a group, at once.

    \b
    Example: forum member remove weprotect ada@body.example
    """
    with writing_as_system() as session:
        person, place = _person(session, email), _group(session, group)
        ended = remove_person(session, place, person, now=now())
        line = f"{person.name} has no role in {place.slug} now; {ended} ended."
        if not ended:
            fail(f"{person.name} has no role in {place.slug}.")
    click.echo(line)


def _person(session: Session, email: str) -> Account:
    person = find_account(session, parse_email(email))
    if person is None:
        fail(f"Nobody has the address {email}: `forum account create` makes an account.")
    return person


def _group(session: Session, slug: str) -> Group:
    group = find_group(session, slug)
    if group is None:
        fail(f"There is no group {slug!r}; `forum init` loads the charters.")
    return group


def _seat(session: Session, group: Group, slug: str) -> Seat:
    body = find_organisation(session, slug)
    if body is None:
        fail(f"There is no organisation {slug!r}: `forum organisation create` makes one.")
    return find_seat_of_body(session, group, body) or create_seat(
        session, group, SeatKind.ORGANISATION, organisation=body, now=now()
    )
