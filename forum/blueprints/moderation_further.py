"""What a moderator decides beside the status: labels, locks, places of discussions, warnings, suspensions."""

from datetime import date

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from wtforms import RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from forum.blueprints import moderation_words as words
from forum.blueprints import wording
from forum.blueprints.clock_fields import DayField
from forum.blueprints.identity import current_actor
from forum.blueprints.moderation import DecisionForm, View, blueprint
from forum.blueprints.support import error_words, now, remember_submission, submitted_before, transactional
from forum.domain.attribution import SubjectKind
from forum.domain.labels import Tlp
from forum.domain.moderation import Action
from forum.errors import Conflict, Invalid
from forum.extensions import db
from forum.policy import Actor
from forum.services.addresses import case_path
from forum.services.further_decisions import Terms, list_further_actions, list_targets
from forum.services.moderation import decide
from forum.services.moderation_cases import Case, get_case


class FurtherForm(DecisionForm):
    """The decision with its own terms; each looks at its own fields."""

    action = RadioField(lazy_gettext("Decision"), [InputRequired()])
    tlp = SelectField(lazy_gettext("Narrower label"), [Optional()])
    until = DayField(lazy_gettext("Suspended until and including"), [Optional()])
    group = SelectField(lazy_gettext("To the group"), [Optional()])
    discussion = StringField(lazy_gettext("Into the discussion"), [Optional(), Length(max=200)])
    title = StringField(lazy_gettext("Title of the new discussion"), [Optional(), Length(max=300)])

    def offer(self, case: Case, actions: list[Action]) -> None:
        """Offer what can be decided about this case."""
        self.offer_rules(case.group)
        self.action.choices = [SelectChoice(one.value, words.button(one)) for one in actions]
        row = case.subject.thread or case.subject.row
        narrower = list(Tlp)[list(Tlp).index(row.tlp) + 1 :]
        self.tlp.choices = [
            SelectChoice("", gettext("Choose")),
            *(SelectChoice(one.value, f"{wording.tlp_words(one)} (TLP:{one.value})") for one in narrower),
        ]
        targets = list_targets(db.session(), current_actor(), case.subject)
        self.group.choices = [
            SelectChoice("", gettext("Choose")),
            *(SelectChoice(one.slug, one.short_title) for one in targets),
        ]

    def terms(self) -> Terms:
        """Give the terms as they were typed; the address of a discussion is as good as its id."""
        is_move = self.action.data == Action.MOVE
        target = self.group.data if is_move else (self.discussion.data or "").strip().rstrip("/")
        until: date | None = self.until.data
        return Terms(
            tlp=Tlp(self.tlp.data) if self.tlp.data else None,
            until=until,
            target=(target or "").rpartition("/")[2],
            title=self.title.data or "",
        )


@blueprint.route(
    "/cases/<any(post, version, answer, assessment, entry):of>/<public_id>/further",
    methods=["GET", "POST"],
)
def further(of: str, public_id: str) -> View:
    """Show what else can be decided about a contribution, and decide."""
    kind = SubjectKind(of)
    case = get_case(db.session(), current_actor(), kind, public_id, now=now())
    actions = list_further_actions(case.subject)
    form, status = FurtherForm(), 200
    form.offer(case, actions)
    if request.method == "GET":
        form.seen.data = case.seen
    elif form.validate():
        try:
            if submitted_before(db.session(), form) is None:
                _decide(form, (kind, public_id))
                flash(f"{words.done(Action(form.action.data))}: {case.title}", "success")
            return redirect(_after(kind, public_id), 303)
        except Invalid as error:
            _show(form, error)
        except Conflict as error:
            form.form_errors.append(error_words(error))
            status = error.status_code
    if form.errors and status == 200:
        status = 422
    page = render_template("moderation/further.html", case=case, form=form, actions=actions, words=words)
    return page, status


def _after(kind: SubjectKind, public_id: str) -> str:
    return case_path(kind, public_id)


def _show(form: FurtherForm, error: Invalid) -> None:
    """A target is a group or a discussion, at the field that was looked at."""
    if error.field == "target":
        error.field = "group" if form.action.data == Action.MOVE else "discussion"
    form.add_error(error)


@transactional
def _decide(session: Session, actor: Actor, form: FurtherForm, place: tuple[SubjectKind, str]) -> None:
    kind, public_id = place
    decide(
        session,
        actor,
        kind=kind,
        public_id=public_id,
        action=Action(form.action.data),
        rule=form.rule.data or "",
        reason=form.reason.data or "",
        seen=form.seen.data or "",
        terms=form.terms(),
        now=now(),
    )
    remember_submission(session, actor, form, url_for("moderation.queue"))
