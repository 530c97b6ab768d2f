"""The directory of organisations, their profiles, and the one that a person speaks for."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints import wording
from forum.blueprints.accounts import View
from forum.blueprints.identity import current_actor
from forum.blueprints.support import Form, now, transactional
from forum.domain.organisations import Organisation, StakeholderType
from forum.errors import Invalid, NotFound
from forum.extensions import db
from forum.policy import Action, Actor, require
from forum.services import organisations as services
from forum.services import profiles

blueprint = Blueprint("organisations", __name__)

MAX_WORDS = 200


class FilterForm(Form):
    """Which organisations to list; sent by GET."""

    class Meta:
        csrf = False

    q = StringField(lazy_gettext("Name"), [Length(max=MAX_WORDS)])
    type = SelectField(lazy_gettext("Type"), validate_choice=False)
    country = SelectField(lazy_gettext("Country"), validate_choice=False)

    def __init__(self) -> None:
        super().__init__(request.args)
        self.type.choices = [SelectChoice("", gettext("All types")), *type_choices()]
        self.country.choices = [SelectChoice("", gettext("All countries")), *country_choices()]


class FormerNameForm(Form):
    """A name that the organisation had."""

    name = StringField(
        lazy_gettext("Former name"),
        [InputRequired(lazy_gettext("Write the former name.")), Length(max=200)],
    )


def type_choices() -> list[SelectChoice]:
    """Give the eleven respondent types for a form, in the order of the questionnaires."""
    return [SelectChoice(kind.value, wording.type_name(kind)) for kind in StakeholderType]


def country_choices() -> list[SelectChoice]:
    """Give the countries for a form: by name in the reader's language."""
    return [SelectChoice(code, name) for code, name in wording.countries()]


@blueprint.get("/organisations/")
def index() -> str:
    """List the organisations, by name, type or country."""
    form = FilterForm()
    kind = form.type.data if form.type.data in set(StakeholderType) else ""
    found, following = services.list_organisations(
        db.session(),
        words=(form.q.data or "")[:MAX_WORDS],
        type=StakeholderType(kind) if kind else None,
        country=(form.country.data or "")[:2] or None,
        after=request.args.get("after"),
    )
    kept: dict[str, Any] = {
        name: value for name, value in request.args.items() if name in {"q", "type", "country"}
    }
    return render_template(
        "organisations/index.html",
        form=form,
        organisations=found,
        first=url_for("organisations.index", **kept) if "after" in request.args else None,
        following=url_for("organisations.index", **kept, after=following) if following else None,
    )


@blueprint.get("/organisations/<slug>/")
def profile(slug: str) -> View:
    """Show a body and what it has published that this reader may read."""
    database, actor = db.session(), current_actor()
    organisation = services.get_organisation(database, slug)
    successor = services.successor_of(database, organisation)
    if successor is not None:
        return redirect(url_for("organisations.profile", slug=successor.slug), 301)
    return render_template(
        "organisations/profile.html",
        organisation=organisation,
        former_names=services.list_former_names(database, organisation),
        umbrellas=services.list_umbrellas(database, organisation),
        members=services.list_member_bodies(database, organisation),
        groups=profiles.list_seats_of(database, actor, organisation),
        papers=profiles.list_papers_of(database, actor, organisation),
        threads=profiles.list_threads_of(database, actor, organisation),
    )


@blueprint.get("/me/organisation")
def mine() -> View:
    """Show the body that this person speaks for: what is recorded, and who else speaks for it."""
    return _mine(FormerNameForm(formdata=None), 200)


def _mine(form: FormerNameForm, status: int) -> tuple[str, int]:
    database, actor = db.session(), current_actor()
    organisation = _chosen(database, actor)
    page = render_template(
        "organisations/mine.html",
        organisation=organisation,
        form=form,
        colleagues=profiles.list_colleagues(database, organisation, today=now().date())
        if organisation
        else [],
        former_names=services.list_former_names(database, organisation) if organisation else [],
        groups=profiles.list_seats_of(database, actor, organisation) if organisation else [],
    )
    return page, status


def _chosen(database: Session, actor: Actor) -> Organisation | None:
    """Give the body named in the address, or the first one; NotFound for one that is not theirs."""
    slug = request.args.get("body") or (actor.mandates[0].slug if actor.mandates else None)
    if slug is None:
        return None
    if slug not in {mandate.slug for mandate in actor.mandates}:
        raise NotFound
    return services.get_organisation(database, slug)


@blueprint.post("/me/organisation")
def add_former_name() -> View:
    """Record a name that one's own body had."""
    form = FormerNameForm()
    if form.validate():
        organisation = _chosen(db.session(), current_actor())
        if organisation is None:
            raise NotFound
        try:
            _add_former_name(organisation.slug, form.name.data)
        except Invalid as error:
            form.add_error(error)
        else:
            flash(gettext("Kept as a former name: it is found in search."), "success")
            return _back(organisation.slug)
    return _mine(form, 422)


def _back(slug: str) -> Response:
    return redirect(url_for("organisations.mine", body=slug), 303)


@transactional
def _add_former_name(database: Session, actor: Actor, slug: str, name: str) -> None:
    require(actor, Action.SPEAK_FOR, services.get_organisation(database, slug))
    services.add_former_name(database, actor, slug, name)
