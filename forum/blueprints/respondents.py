"""For chair and secretariat: who was asked and has not answered, reminders before they go, late entries."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import HiddenField, IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length

from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.mail_preview import mail_of
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.domain.consultations import ConsultationState
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.policy.subjects import Subject
from forum.services.addresses import consultation_path
from forum.services.chatham import is_sealed
from forum.services.consultations import get_consultation
from forum.services.late_entries import MAX_MESSAGE, decide_late, list_late_entries, offer_late
from forum.services.reminders import get_standings, list_recipients, list_reminders, send_reminders

blueprint = Blueprint(
    "respondents", __name__, url_prefix="/groups/<slug>/consultations/<consultation_id>/respondents"
)

View = str | Response | tuple[str, int]


class LateForm(Form):
    """What the chair decides about somebody who comes late."""

    entry = HiddenField()
    key = HiddenField()
    reason = TextAreaField(lazy_gettext("Reason"), [InputRequired(), Length(max=MAX_MESSAGE)])
    days = IntegerField(lazy_gettext("Days to send it in"), default=7)


def _subject(slug: str, consultation_id: str) -> Subject:
    return get_consultation(db.session(), current_actor(), slug, consultation_id, Action.MANAGE_CONSULTATIONS)


@blueprint.get("/")
def index(slug: str, consultation_id: str) -> str:
    """Show who was asked, who has answered, the reminders that went out and who asks to come late."""
    return _page(_subject(slug, consultation_id), LateForm())


def _page(subject: Subject, form: LateForm) -> str:
    session, actor = db.session(), current_actor()
    return render_template(
        "respondents/index.html",
        group=subject.group,
        consultation=subject.row,
        path=consultation_path(subject.group.slug, subject.row.public_id),
        standings=get_standings(session, actor, subject, now=now()),
        reminders=list_reminders(session, subject.row.id),
        late=list_late_entries(session, subject.row),
        may_admit=can(actor, Action.ADMIT_LATE, subject.group),
        is_open=subject.row.state is ConsultationState.OPEN,
        is_closed=subject.row.state is ConsultationState.CLOSED,
        is_sealed=is_sealed(subject.group),
        form=form,
    )


@blueprint.route("/reminders", methods=["GET", "POST"])
def reminders(slug: str, consultation_id: str) -> View:
    """Show exactly which mail would go to whom; then remind."""
    subject = _subject(slug, consultation_id)
    form = Form()
    if request.method == "POST" and form.validate():
        return redirect(_remind(slug, consultation_id, form), 303)
    recipients = list_recipients(db.session(), subject, now=now(), sealing_secret=sealing_secret())
    return render_template(
        "respondents/reminders.html",
        group=subject.group,
        consultation=subject.row,
        path=consultation_path(slug, consultation_id),
        recipients=recipients,
        mails={one.account_id: mail_of(one.letter) for one in recipients if one.letter is not None},
        is_open=subject.row.state is ConsultationState.OPEN,
        is_sealed=is_sealed(subject.group),
        form=form,
    )


@transactional
def _remind(session: Session, actor: Actor, slug: str, consultation_id: str, form: Form) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    sent = send_reminders(session, actor, slug, consultation_id, now=now(), sealing_secret=sealing_secret())
    flash(ngettext("%(num)d person is reminded.", "%(num)d people are reminded.", sent.people), "success")
    location = url_for(".index", slug=slug, consultation_id=consultation_id)
    return remember_submission(session, actor, form, location)


@blueprint.post("/late")
def late(slug: str, consultation_id: str) -> View:
    """Decide whether an answer is taken after the closing."""
    subject = _subject(slug, consultation_id)
    form = LateForm()
    try:
        if form.validate():
            _decide(slug, consultation_id, form, request.form.get("step", ""))
            flash(gettext("Decided, and recorded with its reason."), "success")
            return redirect(url_for(".index", slug=slug, consultation_id=consultation_id), 303)
    except Invalid as error:
        form.add_error(error)
    return _page(subject, form), 422


@transactional
def _decide(
    session: Session, actor: Actor, slug: str, consultation_id: str, form: LateForm, step: str
) -> None:
    reason, days = form.reason.data or "", form.days.data if form.days.data is not None else 0
    if step not in {"admit", "refuse"}:
        raise Invalid("Choose what is to be done.")
    if form.entry.data:
        decide_late(
            session,
            actor,
            slug,
            consultation_id,
            form.entry.data,
            is_admitted=step == "admit",
            reason=reason,
            days=days,
            now=now(),
        )
        return
    offer_late(
        session,
        actor,
        slug,
        consultation_id,
        key=form.key.data or "",
        reason=reason,
        days=days,
        now=now(),
    )
