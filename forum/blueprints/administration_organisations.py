"""Administration of organisations: what is recorded, mandates, member bodies, merging."""

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from forum.blueprints import wording
from forum.blueprints.accounts import View
from forum.blueprints.administration import MAX_WORDS, blueprint
from forum.blueprints.clock_fields import DayField
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.organisations import country_choices, type_choices
from forum.blueprints.proving import grave
from forum.blueprints.support import Form, now, transactional
from forum.domain.email import parse_email
from forum.domain.organisations import Organisation, OrganisationSize, StakeholderType
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Action, Actor, require
from forum.services import organisations as services
from forum.services.accounts import find_account
from forum.services.mandates import add_mandate as grant
from forum.services.mandates import end_mandate as end
from forum.services.mandates import list_mandates
from forum.services.mergers import merge_organisations


class OrganisationForm(Form):
    """What is recorded of a body."""

    name = StringField(
        lazy_gettext("Name"), [InputRequired(lazy_gettext("Write the name.")), Length(max=200)]
    )
    latin_name = StringField(lazy_gettext("Name in Latin letters"), [Length(max=200)])
    type = SelectField(lazy_gettext("Type"), [InputRequired()])
    country = SelectField(lazy_gettext("Country"))
    register_id = StringField(lazy_gettext("Number in the Transparency Register"), [Length(max=32)])
    size = SelectField(lazy_gettext("Size"))
    scope = StringField(lazy_gettext("Scope, of a public authority"), [Length(max=32)])
    governance_level = StringField(lazy_gettext("Level, of a public authority"), [Length(max=32)])
    description = TextAreaField(lazy_gettext("In a sentence or two"), [Length(max=1000)])
    represents_survivors = BooleanField(lazy_gettext("Speaks for victims and survivors"))
    is_another = BooleanField(lazy_gettext("It is another body than the ones of the same name"))

    def offer(self) -> None:
        """Fill the choices."""
        self.type.choices = type_choices()
        self.country.choices = [SelectChoice("", gettext("None")), *country_choices()]
        self.size.choices = [
            SelectChoice("", gettext("Not stated")),
            *(SelectChoice(size.value, wording.size_name(size)) for size in OrganisationSize),
        ]

    def show(self, organisation: Organisation) -> None:
        """Fill the form with what is recorded."""
        self.process(obj=organisation)
        self.size.data = organisation.size.value if organisation.size else ""
        self.country.data = organisation.country or ""

    def fields(self) -> services.OrganisationFields:
        """Give what was typed."""
        return services.OrganisationFields(
            name=self.name.data,
            type=StakeholderType(self.type.data),
            country=self.country.data or None,
            latin_name=(self.latin_name.data or "").strip() or None,
            register_id=(self.register_id.data or "").strip() or None,
            size=OrganisationSize(self.size.data) if self.size.data else None,
            scope=(self.scope.data or "").strip() or None,
            governance_level=(self.governance_level.data or "").strip() or None,
            description=(self.description.data or "").strip(),
            represents_survivors=self.represents_survivors.data,
        )


class MandateForm(Form):
    """Who speaks for the body, from when until when."""

    email = StringField(
        lazy_gettext("E-mail address of the person"),
        [InputRequired(lazy_gettext("Write the e-mail address.")), Length(max=254)],
    )
    title = StringField(lazy_gettext("Function"), [Length(max=120)])
    starts_on = DayField(lazy_gettext("First day"), [InputRequired(lazy_gettext("Choose a day."))])
    ends_on = DayField(lazy_gettext("Last day"), [Optional()])
    may_publish = BooleanField(lazy_gettext("May publish in its name"), default=True)


class MemberForm(Form):
    """A body that is a member of this one."""

    member = StringField(
        lazy_gettext("Member"), [InputRequired(lazy_gettext("Write its name.")), Length(max=200)]
    )


class MergeForm(Form):
    """The other record of the same body."""

    other = StringField(
        lazy_gettext("The other record, by name or address"),
        [InputRequired(lazy_gettext("Write its name.")), Length(max=200)],
    )


@blueprint.get("/organisations/")
def organisations() -> str:
    """List organisations, and point out those that fold to the same name."""
    words = request.args.get("q", "")[:MAX_WORDS]
    database = db.session()
    found, following = services.list_organisations(database, words=words, after=request.args.get("after"))
    return render_template(
        "administration/organisations.html",
        words=words,
        organisations=found,
        doubles=services.list_doubles(database),
        first=url_for("administration.organisations", q=words) if "after" in request.args else None,
        following=url_for("administration.organisations", q=words, after=following) if following else None,
    )


@blueprint.route("/organisations/new", methods=["GET", "POST"])
def create_organisation() -> View:
    """Record a body; where one of the same name is there, ask whether it is another one."""
    form = OrganisationForm()
    form.offer()
    similar = []
    if form.validate_on_submit():
        similar = list(services.list_similar(db.session(), form.name.data))
        if not similar or form.is_another.data:
            try:
                slug = _create(form.fields())
            except Invalid as error:
                form.add_error(error)
            else:
                flash(gettext("Recorded."), "success")
                return redirect(url_for("administration.organisation", slug=slug), 303)
        else:
            form.add_error(Invalid("An organisation of this name is recorded.", field="is_another"))
    page = render_template("administration/new_organisation.html", form=form, similar=similar)
    return page, 422 if form.is_submitted() else 200


@transactional
def _create(database: Session, actor: Actor, fields: services.OrganisationFields) -> str:
    require(actor, Action.MANAGE_PEOPLE)
    return services.create_organisation(database, fields, now=now(), by=actor).slug


@blueprint.route("/organisations/<slug>/", methods=["GET", "POST"])
def organisation(slug: str) -> View:
    """Show and change what is recorded of a body."""
    body = services.get_organisation(db.session(), slug)
    form = OrganisationForm(formdata=request.form if request.method == "POST" else None, prefix="edit")
    form.offer()
    if not form.is_submitted():
        return _page(slug)
    if form.validate():
        try:
            _edit(body.slug, form.fields())
        except Invalid as error:
            form.add_error(error)
        else:
            return _back(slug, gettext("Saved."))
    return _page(slug, 422, edit=form)


def _page(slug: str, status: int = 200, **sent: Form) -> tuple[str, int]:
    database = db.session()
    require(current_actor(), Action.MANAGE_PEOPLE)
    body = services.get_organisation(database, slug)
    edit = sent.get("edit")
    if not isinstance(edit, OrganisationForm):
        edit = OrganisationForm(formdata=None, prefix="edit")
        edit.offer()
        edit.show(body)
    mandate = sent.get("mandate") or MandateForm(formdata=None, prefix="mandate")
    if isinstance(mandate, MandateForm) and "mandate" not in sent:
        mandate.starts_on.data = now().date()
    page = render_template(
        "administration/organisation.html",
        organisation=body,
        successor=services.successor_of(database, body),
        former_names=services.list_former_names(database, body),
        members=services.list_member_bodies(database, body),
        mandates=list_mandates(database, organisation=body),
        similar=services.list_similar(database, body.name, but=body.id),
        today=now().date(),
        edit=edit,
        mandate=mandate,
        member=sent.get("member") or MemberForm(formdata=None, prefix="member"),
        merge=sent.get("merge") or MergeForm(formdata=None, prefix="merge"),
        sent=next(iter(sent), ""),
    )
    return page, status


def _back(slug: str, words: str) -> Response:
    flash(words, "success")
    return redirect(url_for("administration.organisation", slug=slug), 303)


@transactional
def _edit(database: Session, actor: Actor, slug: str, fields: services.OrganisationFields) -> None:
    services.edit_organisation(database, actor, slug, fields, now=now())


@blueprint.post("/organisations/<slug>/mandates")
@grave(lazy_gettext("Let a person speak for the organisation"))
def add_mandate(slug: str) -> View:
    """Let a person speak for the body."""
    form = MandateForm(prefix="mandate")
    if form.validate():
        try:
            _add_mandate(slug, form, parse_email(form.email.data))
        except Invalid as error:
            form.add_error(error)
        else:
            return _back(slug, gettext("The mandate is recorded."))
    return _page(slug, 422, mandate=form)


@transactional
def _add_mandate(database: Session, actor: Actor, slug: str, form: MandateForm, email: str) -> None:
    account = find_account(database, email)
    if account is None:
        raise Invalid("Nobody has this address: invite them with the mandate.", field="email")
    starts_on: date = form.starts_on.data
    grant(
        database,
        actor,
        services.get_organisation(database, slug),
        account,
        title=form.title.data or "",
        may_publish=form.may_publish.data,
        now=now(),
        starts_on=starts_on,
        ends_on=form.ends_on.data,
    )


@blueprint.post("/organisations/<slug>/mandates/<public_id>/end")
@grave(lazy_gettext("End the mandate"))
def end_mandate(slug: str, public_id: str) -> View:
    """End a person's mandate at once, and the seats they held by it."""
    name, seats = _end_mandate(slug, public_id)
    words = gettext("%(name)s's mandate has ended.", name=name)
    if seats:
        words += " " + gettext("With it ended what they were on the organisation's seats.")
    return _back(slug, words)


@transactional
def _end_mandate(database: Session, actor: Actor, slug: str, public_id: str) -> tuple[str, int]:
    account, seats = end(database, actor, slug, public_id, now=now())
    return account.name, seats


@blueprint.post("/organisations/<slug>/members")
def add_member_body(slug: str) -> View:
    """Record that another body is a member of this one."""
    form = MemberForm(prefix="member")
    if form.validate():
        try:
            _add_member(slug, form.member.data)
        except Invalid as error:
            form.add_error(error)
        else:
            return _back(slug, gettext("The member is recorded."))
    return _page(slug, 422, member=form)


@transactional
def _add_member(database: Session, actor: Actor, slug: str, name: str) -> None:
    body = services.require_by_name(database, name, field="member")
    services.add_member_body(database, actor, slug, body.slug, now=now())


@blueprint.post("/organisations/<slug>/members/<member>/remove")
def remove_member_body(slug: str, member: str) -> View:
    """Take a body out of this one."""
    _remove_member(slug, member)
    return _back(slug, gettext("It is no member any more."))


@transactional
def _remove_member(database: Session, actor: Actor, slug: str, member: str) -> None:
    services.remove_member_body(database, actor, slug, member, now=now())


@blueprint.post("/organisations/<slug>/merge")
@grave(lazy_gettext("Merge the two records"))
def merge(slug: str) -> View:
    """Make one body of two records: it cannot be undone."""
    form = MergeForm(prefix="merge")
    if form.validate():
        try:
            _merge(slug, form.other.data)
        except Invalid as error:
            form.add_error(error)
        else:
            return _back(slug, gettext("The two are one now. The old address leads here."))
    return _page(slug, 422, merge=form)


@transactional
def _merge(database: Session, actor: Actor, slug: str, name: str) -> None:
    kept = services.get_organisation(database, slug)
    other = services.require_by_name(database, name, field="other", but=kept.id)
    merge_organisations(database, actor, kept.slug, other.slug, now=now(), sealing_secret=sealing_secret())
