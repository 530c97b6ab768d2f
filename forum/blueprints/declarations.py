"""Declarations of interest: who has filed, filing one's own, its versions, remarks, and asking for more."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints import meeting_words
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.mail_preview import mail_of
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.domain.declarations import MAX_DECLARATION
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.richtext import Rendered, render, to_markup
from forum.services import declarations as services
from forum.services.groups import get_group

blueprint = Blueprint("declarations", __name__, url_prefix="/groups/<slug>/declarations")

View = str | Response | tuple[str, int]


class DeclarationForm(Form):
    """What a member declares."""

    has_interests = RadioField(
        lazy_gettext("Interests that bear on the work of this group"),
        [InputRequired(lazy_gettext("Choose one."))],
        choices=[
            SelectChoice("no", lazy_gettext("I have none")),
            SelectChoice("yes", lazy_gettext("I have these")),
        ],
    )
    body = TextAreaField(lazy_gettext("Which"), [Length(max=MAX_DECLARATION)])


class RemarkForm(Form):
    """What the secretariat notes."""

    remark = StringField(lazy_gettext("Remark of the secretariat"), [Length(max=1000)])


@blueprint.get("/")
def index(slug: str) -> str:
    """Show who has declared, as the charter lets this reader see it."""
    session, actor = db.session(), current_actor()
    group = get_group(session, actor, slug, Action.SEE_LISTING)
    return render_template(
        "declarations/index.html",
        group=group,
        found=services.load_declarations(session, actor, slug, now=now()),
        may_manage=can(actor, Action.MANAGE_MEETINGS, group),
        words=meeting_words,
    )


@blueprint.route("/file", methods=["GET", "POST"])
def file(slug: str) -> View:
    """File one's declaration, or the next version of it."""
    group = get_group(db.session(), current_actor(), slug, Action.DECLARE)
    form, status = DeclarationForm(), 200
    if request.method == "POST":
        status = 422
        try:
            if form.validate():
                return redirect(_file(slug, form, render(form.body.data or "", profile="post")), 303)
        except Invalid as error:
            form.add_error(error)
    else:
        own = services.load_declarations(db.session(), current_actor(), slug, now=now()).own
        if own is not None and own.declaration is not None:
            form.body.data = own.declaration.source
            form.has_interests.data = "yes" if own.declaration.has_interests else "no"
    return render_template("declarations/file.html", group=group, form=form), status


@transactional
def _file(session: Session, actor: Actor, slug: str, form: DeclarationForm, rendered: Rendered) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    has_interests = form.has_interests.data == "yes"
    services.file_declaration(session, actor, slug, has_interests=has_interests, rendered=rendered, now=now())
    flash(gettext("Your declaration is filed."), "success")
    return remember_submission(session, actor, form, url_for(".index", slug=slug))


@blueprint.get("/<person>")
def versions(slug: str, person: str) -> str:
    """Show a member's declaration with the versions before it."""
    session, actor = db.session(), current_actor()
    group = get_group(session, actor, slug, Action.SEE_LISTING)
    found = services.list_versions(session, actor, slug, person, now=now())
    return render_template(
        "declarations/versions.html",
        group=group,
        versions=[(row, to_markup(row.html)) for row in found],
        may_remark=can(actor, Action.MANAGE_MEETINGS, group)
        and bool(found)
        and found[0].account_id != actor.account_id,
        person=person,
        form=RemarkForm(formdata=None),
    )


@blueprint.post("/<declaration_id>/remark")
def remark(slug: str, declaration_id: str) -> Response:
    """Note a remark on a declaration."""
    form = RemarkForm()
    if not form.validate():
        raise Invalid("Write at most %(limit)d characters.", limit=1000)
    _remark(slug, declaration_id, form.remark.data or "")
    flash(gettext("Noted."), "success")
    return redirect(url_for(".index", slug=slug), 303)


@transactional
def _remark(session: Session, actor: Actor, slug: str, declaration_id: str, text: str) -> None:
    services.remark_on(session, actor, slug, declaration_id, text, now=now())


@blueprint.route("/ask", methods=["GET", "POST"])
def ask(slug: str) -> View:
    """Show who would be asked and by which mail; then ask."""
    session, actor = db.session(), current_actor()
    group = get_group(session, actor, slug, Action.MANAGE_MEETINGS)
    form = Form()
    if request.method == "POST" and form.validate():
        return redirect(_ask(slug, form), 303)
    recipients = services.list_missing(session, actor, slug, now=now(), sealing_secret=sealing_secret())
    return render_template(
        "declarations/ask.html",
        group=group,
        recipients=recipients,
        mails={one.account_id: mail_of(one.letter) for one in recipients if one.letter is not None},
        form=form,
    )


@transactional
def _ask(session: Session, actor: Actor, slug: str, form: Form) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    people = services.ask_missing(session, actor, slug, now=now())
    flash(ngettext("%(num)d person is asked.", "%(num)d people are asked.", people), "success")
    return remember_submission(session, actor, form, url_for(".index", slug=slug))
