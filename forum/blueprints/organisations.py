"""The directory of organisations, their profiles, and the one that a person speaks for."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints import wording
from forum.blueprints.accounts import View
from forum.blueprints.identity import current_actor
from forum.blueprints.support import BoxesField, Form, now, transactional
from forum.domain.organisations import Organisation, StakeholderType
from forum.errors import Invalid, NotFound
from forum.extensions import db
from forum.policy import Action, Actor, can, require
from forum.services import organisations as services
from forum.services import profiles
from forum.services.mandates import MandateLine
from forum.services.publishers import choose_publishers

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


EVERYBODY, NAMED = "everybody", "named"


class PublishersForm(Form):
    """Who may publish in the organisation's name."""

    rule = RadioField(lazy_gettext("Who may publish in its name"), default=EVERYBODY)
    people = BoxesField(lazy_gettext("These people"))

    def offer(self, organisation: Organisation, lines: list[MandateLine]) -> None:
        """Offer the people who speak for it today."""
        self.rule.choices = [
            SelectChoice(EVERYBODY, gettext("Everybody who speaks for it")),
            SelectChoice(NAMED, gettext("Only the people ticked below")),
        ]
        names = {line.account.public_id: line.account.name for line in lines}
        self.people.choices = [SelectChoice(person, name) for person, name in names.items()]
        if not self.is_submitted():
            self.rule.data = NAMED if organisation.publishes_by_name else EVERYBODY
            self.people.data = [line.account.public_id for line in lines if line.mandate.may_publish]


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


def _mine(form: FormerNameForm, status: int, publishers: PublishersForm | None = None) -> tuple[str, int]:
    database, actor = db.session(), current_actor()
    organisation = _chosen(database, actor)
    colleagues = profiles.list_colleagues(database, organisation, today=now().date()) if organisation else []
    if publishers is None and organisation and can(actor, Action.CHOOSE_PUBLISHERS, organisation):
        publishers = PublishersForm(formdata=None, prefix="publishers")
        publishers.offer(organisation, colleagues)
    page = render_template(
        "organisations/mine.html",
        organisation=organisation,
        form=form,
        publishers=publishers,
        colleagues=colleagues,
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
    services.add_former_name(database, actor, slug, name, now=now())


@blueprint.post("/me/organisation/publishers")
def publishers() -> View:
    """Say who may publish in the name of one's own body."""
    database, actor = db.session(), current_actor()
    organisation = _chosen(database, actor)
    if organisation is None:
        raise NotFound
    require(actor, Action.CHOOSE_PUBLISHERS, organisation)
    form = PublishersForm(prefix="publishers")
    form.offer(organisation, profiles.list_colleagues(database, organisation, today=now().date()))
    if form.validate():
        try:
            _choose_publishers(organisation.slug, form.rule.data == NAMED, form.people.data or [])
        except Invalid as error:
            form.add_error(error)
        else:
            flash(gettext("Saved. It holds for everything that is sent from now on."), "success")
            return _back(organisation.slug)
    return _mine(FormerNameForm(formdata=None), 422, form)


@transactional
def _choose_publishers(database: Session, actor: Actor, slug: str, by_name: bool, people: list[str]) -> None:
    choose_publishers(database, actor, slug, by_name=by_name, people=people, now=now())
