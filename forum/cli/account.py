"""`forum account`: people from the command line."""

import sys

import click
from flask import current_app, url_for
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from forum.cli.support import fail, json_option, now, print_json, secret_key, writing_as_system
from forum.domain.accounts import Account, AccountStatus, Invitation, PlatformRole
from forum.domain.audit import AuditAction
from forum.domain.email import parse_email
from forum.domain.passwords import check_password
from forum.errors import Invalid
from forum.extensions import passwords
from forum.services.access_tokens import Scope, create_token
from forum.services.accounts import create_account, find_account
from forum.services.audit import record
from forum.services.invitations import invitation_token, invite
from forum.services.login_sessions import revoke_all_sessions, revoke_everybodys_sessions
from forum.services.mandates import grant_mandate
from forum.services.organisations import find_organisation
from forum.services.recording import record_account
from forum.services.second_factors import remove_all_factors

account = AppGroup("account", help="People: make accounts and access tokens.")


@account.command("create")
@click.argument("email")
@click.option("--name", required=True, help="The name as it is shown.")
@click.option("--organisation", metavar="SLUG", help="Give a mandate of this organisation.")
@click.option(
    "--role",
    type=click.Choice([role.value for role in PlatformRole]),
    default=PlatformRole.MEMBER.value,
    show_default=True,
    help="Role over the platform; none of them opens a group.",
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@json_option
def create(
    email: str, name: str, organisation: str | None, role: str, password_stdin: bool, as_json: bool
) -> None:
    """Make an account; without a password it prints an invitation link.

    \b
    Example: forum account create ada@body.example --name "Ada Sample" --organisation sample-body
    """
    stored = _read_password(email, name) if password_stdin else None
    with writing_as_system() as session:
        person = create_account(
            session,
            email=parse_email(email),
            name=name,
            now=now(),
            password_hash=stored,
            platform_role=PlatformRole(role),
        )
        if organisation is not None:
            body = find_organisation(session, organisation)
            if body is None:
                fail(f"There is no organisation {organisation!r}: `forum organisation create` makes one.")
            grant_mandate(session, body, person, now=now())
        link = None if stored else link_for(invite_account(session, person))
        public_id = person.public_id
    if as_json:
        print_json({"id": public_id, "email": parse_email(email), "invitation": link})
    elif link:
        click.echo(link)
    else:
        click.echo(f"{name} can sign in now.")


def _read_password(email: str, name: str) -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    try:
        check_password(password, known=(email, name, str(current_app.config["SITE_NAME"])))
    except Invalid as error:
        fail(str(error))
    return passwords().hash(password)


def invite_account(session: Session, person: Account) -> Invitation:
    """Make an invitation that gives an account its password."""
    return invite(
        session,
        None,
        email=str(person.email),
        account=person,
        name=person.name,
        platform_role=person.platform_role,
        secret=secret_key(),
        now=now(),
        days=current_app.config["INVITATION_DAYS"],
        with_mail=False,
    )


def link_for(invitation: Invitation) -> str:
    """Give the address at which an invitation is accepted."""
    # As a visitor of the site's own name: any other host is refused in production.
    with current_app.test_request_context(base_url=current_app.config["BASE_URL"]):
        path = url_for("accounts.accept_invitation", token=invitation_token(secret_key(), invitation))
    return f"{current_app.config['BASE_URL'].rstrip('/')}{path}"


@account.command("token")
@click.argument("email")
@click.option("--name", default="made on the command line", show_default=True, help="What it is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    default=[Scope.READ.value],
    show_default=True,
    help="What it may be used for; may be given several times.",
)
@json_option
def token(email: str, name: str, scopes: tuple[str, ...], as_json: bool) -> None:
    """Print a personal access token for the API, once.

    \b
    Example: forum account token ada@body.example --name "monthly report" --scope read --scope write
    """
    with writing_as_system() as session:
        person = find_account(session, parse_email(email))
        if person is None or person.status is not AccountStatus.ACTIVE:
            fail(f"Nobody with the address {email} can sign in.")
        row, text = create_token(
            session, person, name=name, scopes=[Scope(scope) for scope in scopes], now=now()
        )
        answer = {"id": row.public_id, "token": text, "name": row.name, "scopes": row.scopes}
    if as_json:
        print_json(answer)
    else:
        click.echo(text)


@account.command("reset-factors")
@click.argument("email")
def reset_factors(email: str) -> None:
    """Take every second factor off somebody who has lost them; they are told by mail.

    \b
    Example: forum account reset-factors ada@body.example
    """
    with writing_as_system() as session:
        person = find_account(session, parse_email(email))
        if person is None:
            fail(f"There is no account with the address {email}.")
        remove_all_factors(session, None, person.public_id, now=now())
    click.echo(f"{email} signs in with the password alone, and every session has ended.")


@account.command("sign-out")
@click.argument("email", required=False)
@click.option("--everybody", is_flag=True, help="End every session of everybody.")
def sign_out(email: str | None, everybody: bool) -> None:
    """End every session of somebody, or of everybody; the accounts stay, and sign in anew.

    \b
    Example: forum account sign-out ada@body.example
    """
    if (email is None) is not everybody:
        raise click.UsageError("Name one address, or say --everybody.")
    with writing_as_system() as session:
        if email is None:
            count = revoke_everybodys_sessions(session, now=now())
            record(session, None, AuditAction.SESSIONS_ENDED, now=now(), sessions=count)
        else:
            person = find_account(session, parse_email(email))
            if person is None:
                fail(f"There is no account with the address {email}.")
            revoke_all_sessions(session, person.id, now=now())
            record_account(session, None, AuditAction.SESSIONS_ENDED, person, now())
    click.echo(f"Every session of {email or 'everybody'} has ended.")
