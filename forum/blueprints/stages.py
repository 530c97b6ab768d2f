"""A group's procedure: its stages, and for chair and secretariat what blocks them and the next step."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from forum.blueprints import stage_words
from forum.blueprints.clock_fields import ClockField
from forum.blueprints.consultations import clock_time, in_zone
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.mail_preview import mail_of
from forum.blueprints.support import (
    BoxesField,
    Form,
    now,
    remember_submission,
    submitted_before,
    transactional,
)
from forum.domain.charters import StageKind
from forum.domain.consultations import TIME_ZONES
from forum.domain.groups import Group, Stage
from forum.domain.stages import Act, StageState, check_act, current_of, state_of
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.richtext import Rendered, render
from forum.services.addresses import assessment_path, stages_path
from forum.services.groups import get_group
from forum.services.stage_advance import Outlook, advance_stage, load_outlook
from forum.services.stage_reminders import list_stage_recipients, list_stage_reminders, remind_seats
from forum.services.stages import get_stage, list_opened, list_stages, list_to_link, plan_stage

blueprint = Blueprint("stages", __name__, url_prefix="/groups/<slug>/stages")

View = str | Response | tuple[str, int]


class AdvanceForm(Form):
    """The step to the next stage, from what the page showed."""

    expected = HiddenField()
    begun = HiddenField()
    confirm = BooleanField(lazy_gettext("Go on although something is missing"))


class PlanForm(Form):
    """When a stage ends, and what it opens."""

    closes_at = ClockField(lazy_gettext("Deadline"), [Optional()])
    time_zone = SelectField(lazy_gettext("Time zone"), default="Europe/Brussels")
    consultations = BoxesField(lazy_gettext("Consultations that open with this stage"))


@blueprint.get("/")
def index(slug: str) -> str:
    """Show the stages in their order: what each opens, the current one with its deadline, what was before."""
    session, actor = db.session(), current_actor()
    group = get_group(session, actor, slug)
    stages = list_stages(session, group.id)
    return render_template(
        "stages/index.html",
        group=group,
        stages=stages,
        current=current_of(stages),
        opened=list_opened(session, actor, group, stages),
        may_run=can(actor, Action.RUN_PROCEDURE, group),
        may_edit=can(actor, Action.EDIT_CATALOGUE, group),
        path=stages_path(slug),
        catalogue_path=assessment_path,
        state_of=state_of,
        words=stage_words,
    )


@blueprint.get("/manage")
def manage(slug: str) -> str:
    """Show what blocks the stage, which seats are missing, and exactly what going on does."""
    group = get_group(db.session(), current_actor(), slug, Action.RUN_PROCEDURE)
    form = AdvanceForm()
    outlook = load_outlook(db.session(), current_actor(), group, now=now())
    if outlook.current is not None:
        form.expected.data = outlook.current.key
        form.begun.data = "yes" if outlook.ends_stage else ""
    return _manage_page(group, outlook, form)


def _manage_page(group: Group, outlook: Outlook, form: AdvanceForm) -> str:
    current = outlook.current
    return render_template(
        "stages/manage.html",
        group=group,
        outlook=outlook,
        reminders=list_stage_reminders(db.session(), current.id) if current is not None else [],
        is_assessment=current is not None and current.kind == StageKind.ASSESSMENT,
        opened=list_opened(db.session(), current_actor(), group, [current] if current else []),
        path=stages_path(group.slug),
        catalogue_path=assessment_path,
        words=stage_words,
        form=form,
    )


@blueprint.post("/manage")
def advance(slug: str) -> View:
    """Take the step to the next stage: one transaction, on record, with a notice to each member."""
    session, actor = db.session(), current_actor()
    group = get_group(session, actor, slug, Action.RUN_PROCEDURE)
    form = AdvanceForm()
    outlook = load_outlook(session, actor, group, now=now())
    try:
        if form.validate():
            texts = {one.source: render(one.source, profile="post") for one in outlook.openings}
            return redirect(_advance(slug, form, texts), 303)
    except Invalid as error:
        form.add_error(error)
        # Everything was loaded in the transaction that was taken back.
        group = get_group(db.session(), current_actor(), slug, Action.RUN_PROCEDURE)
        outlook = load_outlook(db.session(), current_actor(), group, now=now())
    return _manage_page(group, outlook, form), 422


@transactional
def _advance(session: Session, actor: Actor, slug: str, form: AdvanceForm, texts: dict[str, Rendered]) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    stage = advance_stage(
        session,
        actor,
        slug,
        expected_key=form.expected.data or "",
        expects_begun=form.begun.data == "yes",
        is_confirmed=form.confirm.data,
        rendered=texts,
        now=now(),
        sealing_secret=sealing_secret(),
    )
    if stage is None:
        flash(gettext("The procedure has ended. It is on record."), "success")
    else:
        flash(gettext("“%(title)s” is open. Everybody in this group is told.", title=stage.title), "success")
    return remember_submission(session, actor, form, url_for(".index", slug=slug))


@blueprint.route("/<key>/plan", methods=["GET", "POST"])
def plan(slug: str, key: str) -> View:
    """Set a stage's deadline, and what opens with it."""
    group, stage = get_stage(db.session(), current_actor(), slug, key, Action.RUN_PROCEDURE)
    check_act(stage, Act.PLAN)
    form = PlanForm()
    form.time_zone.choices = [SelectChoice(zone, zone.replace("_", " ")) for zone in TIME_ZONES]
    linkable = list_to_link(db.session(), group, stage)
    form.consultations.choices = [SelectChoice(one.public_id, one.title) for one in linkable]
    if request.method == "GET":
        form.closes_at.data = clock_time(stage.closes_at, stage.time_zone)
        form.time_zone.data = stage.time_zone
        form.consultations.data = [one.public_id for one in linkable if one.stage_id == stage.id]
        return _plan_page(group, stage, form)
    try:
        if form.validate():
            _plan(slug, key, form)
            flash(gettext("The stage is planned."), "success")
            return redirect(url_for(".manage", slug=slug), 303)
    except Invalid as error:
        form.add_error(error)
    group, stage = get_stage(db.session(), current_actor(), slug, key, Action.RUN_PROCEDURE)
    return _plan_page(group, stage, form), 422


def _plan_page(group: Group, stage: Stage, form: PlanForm) -> str:
    return render_template(
        "stages/plan.html", group=group, stage=stage, form=form, path=stages_path(group.slug)
    )


@transactional
def _plan(session: Session, actor: Actor, slug: str, key: str, form: PlanForm) -> None:
    zone = form.time_zone.data
    plan_stage(
        session,
        actor,
        slug,
        key,
        closes_at=in_zone(form.closes_at.data, zone),
        time_zone=zone,
        consultation_ids=form.consultations.data or [],
        now=now(),
    )


@blueprint.route("/<key>/reminders", methods=["GET", "POST"])
def reminders(slug: str, key: str) -> View:
    """Show exactly which mail would go to whom for the seats that are missing; then remind."""
    group, stage = get_stage(db.session(), current_actor(), slug, key, Action.RUN_PROCEDURE)
    form = Form()
    if request.method == "POST" and form.validate():
        return redirect(_remind(slug, key, form), 303)
    recipients = []
    if state_of(stage) is StageState.CURRENT:
        recipients = list_stage_recipients(
            db.session(), group, stage, now=now(), sealing_secret=sealing_secret()
        )
    return render_template(
        "stages/reminders.html",
        group=group,
        stage=stage,
        path=stages_path(slug),
        recipients=recipients,
        mails={one.account_id: mail_of(one.letter) for one in recipients if one.letter is not None},
        form=form,
    )


@transactional
def _remind(session: Session, actor: Actor, slug: str, key: str, form: Form) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    sent = remind_seats(session, actor, slug, key, now=now())
    flash(ngettext("%(num)d person is reminded.", "%(num)d people are reminded.", sent.people), "success")
    return remember_submission(session, actor, form, url_for(".manage", slug=slug))
