"""`forum organisation`: bodies from the command line."""

import re

import click
from flask.cli import AppGroup

from forum.cli.support import json_option, now, print_json, writing_as_system
from forum.domain.datafile import SLUG
from forum.domain.organisations import StakeholderType
from forum.services.organisations import OrganisationFields, create_organisation, list_similar

organisation = AppGroup("organisation", help="Bodies that hold seats and speak through mandates.")


@organisation.command("create")
@click.argument("slug")
@click.option("--name", required=True, help="The name as it is shown.")
@click.option(
    "--type",
    "kind",
    required=True,
    type=click.Choice([kind.value for kind in StakeholderType]),
    help="One of the respondent types of EU consultations.",
)
@click.option("--country", metavar="XX", help="Two-letter code.")
@click.option("--register-id", help="Number in the Transparency Register.")
@json_option
def create(
    slug: str, name: str, kind: str, country: str | None, register_id: str | None, as_json: bool
) -> None:
    """Make an organisation.

    \b
    Example: forum organisation create sample-body --name "Sample Body" --type ngo --country BE
    """
    if not SLUG.fullmatch(slug):
        raise click.BadParameter("lower-case words joined by hyphens are needed", param_hint="SLUG")
    if country is not None and not re.fullmatch(r"[A-Za-z]{2}", country):
        raise click.BadParameter("a two-letter code such as BE is needed", param_hint="--country")
    fields = OrganisationFields(
        name=name,
        type=StakeholderType(kind),
        country=country.upper() if country else None,
        register_id=register_id,
    )
    with writing_as_system() as session:
        similar = [body.slug for body in list_similar(session, name)]
        body = create_organisation(session, fields, slug=slug, now=now())
        answer = {"id": body.public_id, "slug": body.slug, "name": body.name, "similar": similar}
    if as_json:
        print_json(answer)
        return
    click.echo(f"{name} is at /organisations/{slug}/")
    if similar:
        click.echo(
            f"forum: the same name as {', '.join(similar)}: merge them if they are one body.", err=True
        )
