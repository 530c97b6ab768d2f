"""How moderators share the queue: taking a case, being away, and the single keys that each switches on."""

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Optional

from forum.blueprints.clock_fields import DayField
from forum.blueprints.identity import current_actor
from forum.blueprints.moderation import UndoForm, View, blueprint
from forum.blueprints.support import Form, now, transactional
from forum.domain.accounts import Account
from forum.domain.attribution import SubjectKind
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Actor
from forum.services.absences import end_absence, list_away, list_colleagues, say_absent
from forum.services.claims import give_back, take
from forum.services.moderation_queue import list_moderated_groups


class ClaimForm(Form):
    """One button; to take a case over needs a tick."""

    over = BooleanField(lazy_gettext("I have looked whether the colleague still works on it"))


class AbsenceForm(Form):
    """From which group, until when, and who stands in."""

    group = SelectField(lazy_gettext("Group"), [InputRequired()])
    until = DayField(lazy_gettext("Away until and including"), [Optional()])
    deputy = SelectField(lazy_gettext("Deputy"), [Optional()])

    def offer(self) -> None:
        """Offer the groups that one moderates, and the colleagues."""
        session, actor = db.session(), current_actor()
        self.group.choices = [
            SelectChoice(one.slug, one.short_title) for one in list_moderated_groups(session, actor)
        ]
        self.deputy.choices = [
            SelectChoice("", gettext("Nobody: what waits is answered when I am back")),
            *(SelectChoice(one.public_id, one.name) for one in list_colleagues(session, actor)),
        ]


@blueprint.post("/cases/<any(post, version, answer, assessment, entry):of>/<public_id>/take")
def take_case(of: str, public_id: str) -> Response:
    """Take a case, or take it over."""
    form, kind = ClaimForm(), SubjectKind(of)
    _checked(form)
    _take(kind, public_id, bool(form.over.data))
    flash(gettext("It is yours for twenty minutes."), "success")
    return redirect(url_for("moderation.case", of=of, public_id=public_id), 303)


@blueprint.post("/cases/<any(post, version, answer, assessment, entry):of>/<public_id>/give-back")
def give_case_back(of: str, public_id: str) -> Response:
    """Leave a case to the colleagues again."""
    _checked(UndoForm())
    _give_back(SubjectKind(of), public_id)
    return redirect(url_for("moderation.case", of=of, public_id=public_id), 303)


@blueprint.post("/shortcuts")
def shortcuts() -> Response:
    """Switch the single keys of these pages on or off, for this account."""
    _checked(UndoForm())
    is_on = _switch()
    flash(gettext("Single keys are on.") if is_on else gettext("Single keys are off."), "success")
    return redirect(url_for("moderation.queue"), 303)


@blueprint.route("/absence", methods=["GET", "POST"])
def absence() -> View:
    """Say that one is away, and who stands in."""
    form, status = AbsenceForm(), 200
    form.offer()
    if form.is_submitted():
        status = 422
        if form.validate():
            try:
                _be_away(form)
            except Invalid as error:
                form.add_error(error)
            else:
                flash(gettext("Written down. Your colleagues see it in the queue."), "success")
                return redirect(url_for("moderation.absence"), 303)
    away = list_away(db.session(), current_actor(), now=now())
    page = render_template("moderation/absence.html", form=form, away=away, undo_form=UndoForm())
    return page, status


@blueprint.post("/absence/<slug>/end")
def absence_end(slug: str) -> Response:
    """Be back."""
    _checked(UndoForm())
    _be_back(slug)
    flash(gettext("Welcome back."), "success")
    return redirect(url_for("moderation.absence"), 303)


def _checked(form: Form) -> None:
    if not form.validate():
        raise Invalid("The page was open too long. Load it again.")


@transactional
def _take(session: Session, actor: Actor, kind: SubjectKind, public_id: str, over: bool) -> None:
    take(session, actor, kind, public_id, over=over, now=now())


@transactional
def _give_back(session: Session, actor: Actor, kind: SubjectKind, public_id: str) -> None:
    give_back(session, actor, kind, public_id)


@transactional
def _switch(session: Session, actor: Actor) -> bool:
    account = session.get_one(Account, actor.account_id)
    account.uses_shortcuts = not account.uses_shortcuts
    return account.uses_shortcuts


@transactional
def _be_away(session: Session, actor: Actor, form: AbsenceForm) -> None:
    say_absent(
        session, actor, form.group.data, until=form.until.data, deputy=form.deputy.data or "", now=now()
    )


@transactional
def _be_back(session: Session, actor: Actor, slug: str) -> None:
    end_absence(session, actor, slug)
