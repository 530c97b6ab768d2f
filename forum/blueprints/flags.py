"""Flags: asking a moderator to look at a post or a paper."""

from datetime import timedelta

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from forum.blueprints import moderation_words as words
from forum.blueprints.identity import current_actor
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.domain.attribution import SubjectKind
from forum.domain.moderation import FlagReason
from forum.domain.notices_of_illegality import CoolingOff, LegalNotice
from forum.domain.protected import LOCKING
from forum.errors import Conflict, Invalid, NotFound
from forum.extensions import db
from forum.policy import Action, Actor
from forum.services.addresses import subject_path
from forum.services.flags import flag, get_version_id, has_open_flag, own_address
from forum.services.subjects import get_subject

blueprint = Blueprint("flags", __name__)

View = str | Response | tuple[str, int]


class FlagForm(Form):
    """Why, and what exactly."""

    reason = RadioField(lazy_gettext("What is wrong?"), [InputRequired()])
    explanation = TextAreaField(lazy_gettext("Explanation"))
    paragraph = StringField(lazy_gettext("Paragraph"), [Length(max=16)])
    location = StringField(lazy_gettext("Exact address"), [Length(max=500)])
    name = StringField(lazy_gettext("Your name"), [Length(max=200)])
    email = StringField(lazy_gettext("Your e-mail address"), [Length(max=254)])
    concerns_children = BooleanField(
        lazy_gettext("It concerns an offence against children (Directive 2011/93/EU, Articles 3 to 7)")
    )
    good_faith = BooleanField(
        lazy_gettext("I believe in good faith that what I say here is accurate and complete.")
    )

    def notice(self) -> LegalNotice:
        """Give what a notice that something is illegal says."""
        return LegalNotice(
            location=self.location.data or "",
            name=self.name.data or "",
            email=self.email.data or "",
            is_in_good_faith=bool(self.good_faith.data),
            concerns_children=bool(self.concerns_children.data),
        )


def cooling_off() -> CoolingOff:
    """Give how many unfounded flags there may be, as the installation has it."""
    settings = current_app.config
    return CoolingOff(settings["FLAGS_UNFOUNDED"], timedelta(days=settings["FLAGS_UNFOUNDED_DAYS"]))


@blueprint.route("/posts/<public_id>/flag", methods=["GET", "POST"])
def post(public_id: str) -> View:
    """Flag a post."""
    return _flag_page(SubjectKind.POST, public_id)


@blueprint.route("/papers/<public_id>/v/<int:number>/flag", methods=["GET", "POST"])
def version(public_id: str, number: int) -> View:
    """Flag a version of a paper."""
    return _flag_page(SubjectKind.VERSION, get_version_id(db.session(), public_id, number))


@blueprint.route("/answers/<public_id>/flag", methods=["GET", "POST"])
def answer(public_id: str) -> View:
    """Flag an answer to a consultation."""
    return _flag_page(SubjectKind.ANSWER, public_id)


@blueprint.route("/assessments/<public_id>/flag", methods=["GET", "POST"])
def assessment(public_id: str) -> View:
    """Flag a seat's assessment."""
    return _flag_page(SubjectKind.ASSESSMENT, public_id)


@blueprint.route("/registers/<key>/<public_id>/flag", methods=["GET", "POST"])
def entry(key: str, public_id: str) -> View:
    """Flag an entry of a register."""
    subject = get_subject(db.session(), current_actor(), SubjectKind.ENTRY, public_id, Action.FLAG)
    if subject.row.register != key:
        raise NotFound
    return _flag_page(SubjectKind.ENTRY, public_id)


def _flag_page(kind: SubjectKind, public_id: str) -> View:
    subject = get_subject(db.session(), current_actor(), kind, public_id, Action.FLAG)
    path = subject_path(subject)
    form = FlagForm()
    form.reason.choices = [SelectChoice(reason.value, words.flag_reason(reason)) for reason in FlagReason]
    if form.validate_on_submit():
        if location := submitted_before(db.session(), form):
            return redirect(location, 303)
        try:
            _flag(form, kind, public_id, path)
        except Invalid as error:
            form.add_error(error)
        else:
            if FlagReason(form.reason.data) in LOCKING:
                flash(
                    gettext("It is locked: nobody can read it now. A moderator tells the hotline."), "success"
                )
                return redirect(url_for("groups.overview", slug=subject.group.slug), 303)
            flash(
                gettext("Thank you. A moderator will look at it, and you will hear the outcome."), "success"
            )
            return redirect(path, 303)
    elif request.method == "GET" and has_open_flag(db.session(), current_actor(), kind, subject.row.id):
        raise Conflict("You have flagged this already; a moderator will look at it.")
    elif request.method == "GET":
        form.location.data = str(current_app.config["BASE_URL"]).rstrip("/") + path
        form.name.data = current_actor().name
        form.email.data = own_address(db.session(), current_actor())
        form.paragraph.data = request.args.get("paragraph", "")[:16]
    title = subject.thread.title if subject.thread else subject.row.title
    page = render_template(
        "flags/flag.html",
        is_version=kind is SubjectKind.VERSION,
        form=form,
        title=title,
        path=path,
        group=subject.group,
        text=subject.row.text[:400],
    )
    return page, 422 if form.errors else 200


@transactional
def _flag(
    session: Session, actor: Actor, form: FlagForm, kind: SubjectKind, public_id: str, path: str
) -> None:
    flag(
        session,
        actor,
        kind=kind,
        public_id=public_id,
        reason=FlagReason(form.reason.data),
        explanation=form.explanation.data or "",
        paragraph=form.paragraph.data or "",
        notice=form.notice(),
        cooling=cooling_off(),
        now=now(),
    )
    remember_submission(session, actor, form, path)
