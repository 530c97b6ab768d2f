"""Moderation: the queue, a case and its decision."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext, ngettext
from flask_login import current_user
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Optional

from forum.blueprints import moderation_words as words
from forum.blueprints.identity import current_actor
from forum.blueprints.support import (
    Form,
    error_words,
    now,
    page_argument,
    remember_submission,
    submitted_before,
    transactional,
)
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group
from forum.domain.moderation import MODERATED, NOT_CHOSEN, RESTRICTIONS, Action, Why
from forum.domain.working_days import Bucket
from forum.errors import Conflict, Invalid
from forum.extensions import db
from forum.policy import Action as PolicyAction
from forum.policy import Actor, can
from forum.services.absences import list_away
from forum.services.claims import find_claims
from forum.services.disclosures import list_undisclosed
from forum.services.groups import list_offered_rules, rule_text
from forum.services.moderation import (
    checked_grounds,
    decide,
    find_undoable,
    get_decided_public_id,
    list_decided_together,
    undo_decision,
)
from forum.services.moderation_bulk import Outcome, decide_alike, list_alike
from forum.services.moderation_cases import Case, get_case
from forum.services.moderation_queue import QueueFilters, Waiting, find_next, list_queue
from forum.services.protected import list_locked
from forum.services.subjects import get_subject

blueprint = Blueprint("moderation", __name__, url_prefix="/moderation")

View = str | Response | tuple[str, int]


class DecisionForm(Form):
    """The rule, the reason, and which button was pressed."""

    rule = RadioField(lazy_gettext("The rule it rests on"), [Optional()])
    reason = TextAreaField(lazy_gettext("Reason"))
    alike = BooleanField(lazy_gettext("Decide on all of them"))
    seen = HiddenField()

    def offer_rules(self, group: Group) -> None:
        """Offer the rules of a group; what is needed depends on the decision, so nothing says 'optional'."""
        self.rule.flags.required = self.reason.flags.required = True
        self.rule.choices = [SelectChoice(key, text) for key, text in list_offered_rules(group)]


class UndoForm(Form):
    """One button."""


def _filters() -> QueueFilters:
    """Read the filters of the address; a value that is none of ours filters nothing."""
    values: dict[str, Any] = {"group": request.args.get("group") or None}
    for name, kind in (("kind", SubjectKind), ("why", Why), ("bucket", Bucket)):
        text = request.args.get(name, "")
        values[name] = kind(text) if text in {str(member.value) for member in kind} else None
    return QueueFilters(**values)


def _query(filters: QueueFilters) -> dict[str, Any]:
    """Give the filters as the query of an address."""
    values = {"group": filters.group, "kind": filters.kind, "why": filters.why, "bucket": filters.bucket}
    return {name: str(value) for name, value in values.items() if value}


@blueprint.get("/")
def queue() -> str:
    """Show what waits in one's groups: flagged as illegal, overdue, due today, later."""
    actor, filters = current_actor(), _filters()
    page = page_argument()
    shown = list_queue(db.session(), actor, filters=filters, now=now(), page=page)
    lanes = [("illegal", [entry for entry in shown.entries if entry.waiting.why is Why.ILLEGAL])]
    rest = [entry for entry in shown.entries if entry.waiting.why is not Why.ILLEGAL]
    lanes += [(one.value, [entry for entry in rest if entry.waiting.bucket is one]) for one in Bucket]
    return render_template(
        "moderation/queue.html",
        queue=shown,
        lanes=lanes,
        filters=filters,
        query=_query(filters),
        buckets=list(Bucket),
        kinds=MODERATED,
        whys=list(Why),
        words=words,
        undoable=find_undoable(db.session(), actor, now=now()),
        undo_form=UndoForm(),
        away=list_away(db.session(), actor, now=now()),
        uses_shortcuts=current_user.account.uses_shortcuts,
        undisclosed=list_undisclosed(db.session(), actor),
        locked=list_locked(db.session(), actor),
    )


@blueprint.route(
    "/cases/<any(post, version, answer, assessment, entry):of>/<public_id>", methods=["GET", "POST"]
)
def case(of: str, public_id: str) -> View:
    """Show one case, preview the letter, or decide."""
    subject_kind, filters = SubjectKind(of), _filters()
    shown = get_case(db.session(), current_actor(), subject_kind, public_id, now=now())
    form = DecisionForm()
    form.offer_rules(shown.group)
    preview, status = None, 200
    if request.method == "GET":
        form.seen.data = shown.seen
    elif form.validate():
        try:
            if "preview" in request.form:
                preview = _preview(shown, form, request.form["preview"])
            elif submitted_before(db.session(), form) is None:
                return _decide_and_go_on(form, shown, filters)
            else:
                return redirect(url_for("moderation.queue", **_query(filters)), 303)
        except Invalid as error:
            form.add_error(error)
        except Conflict as error:
            form.form_errors.append(error_words(error))
            shown = get_case(db.session(), current_actor(), subject_kind, public_id, now=now())
            form.seen.data, status = shown.seen, error.status_code
    if form.errors and status == 200:
        status = 422
    return _case_page(shown, form, filters, preview), status


def _case_page(shown: Case, form: DecisionForm, filters: QueueFilters, preview: Any) -> str:
    actor = current_actor()
    place = (shown.subject.kind, shown.subject.row.public_id)
    following = find_next(db.session(), actor, filters=filters, now=now(), after=place)
    return render_template(
        "moderation/case.html",
        case=shown,
        form=form,
        preview=preview,
        restriction=next((action for action in shown.actions if action in RESTRICTIONS), None),
        following=_place(following, filters) if following is not None else None,
        query=_query(filters),
        words=words,
        may_unseal=can(actor, PolicyAction.UNSEAL, shown.subject),
        undoable=find_undoable(db.session(), actor, now=now()),
        undo_form=UndoForm(),
        uses_shortcuts=current_user.account.uses_shortcuts,
        alike=len(list_alike(db.session(), actor, shown.subject)) - 1 if shown.actions else 0,
        claim=find_claims(db.session(), actor, [place_key(shown)], now=now()).get(place_key(shown)),
    )


def place_key(shown: Case) -> tuple[SubjectKind, int]:
    """Give what a claim is on."""
    return shown.subject.kind, shown.subject.row.id


def _chosen_action(shown: Case, value: str) -> Action:
    """Give the decision that was pressed; what is no decision at all changes nothing."""
    if value not in {action.value for action in Action} or Action(value) in NOT_CHOSEN:
        raise Invalid("Choose one of the decisions below.")
    return Action(value)


def _preview(shown: Case, form: DecisionForm, value: str) -> dict[str, Any]:
    """Give the letter that a decision would send; Invalid if it could not be made like this."""
    action = _chosen_action(shown, value)
    rule, reason = checked_grounds(
        db.session(), shown.group, action, form.rule.data or "", form.reason.data or ""
    )
    return {"action": action, "rule": rule_text(shown.group, rule), "reason": reason}


def _decide_and_go_on(form: DecisionForm, shown: Case, filters: QueueFilters) -> Response:
    action = _chosen_action(shown, request.form.get("action", ""))
    place = (shown.subject.kind, shown.subject.row.public_id)
    if form.alike.data:
        _tell_of_all(_decide_alike(form, place, action), action)
    else:
        _decide(form, place, action)
        flash(gettext("%(done)s: %(title)s", done=words.done(action), title=shown.title), "success")
    following = find_next(db.session(), current_actor(), filters=filters, now=now(), after=place)
    if following is None:
        return redirect(url_for("moderation.queue", **_query(filters)), 303)
    return redirect(_place(following, filters), 303)


def _place(waiting: Waiting, filters: QueueFilters) -> str:
    """Give the page of a case or an appeal, with the filters as its query."""
    query = _query(filters)
    return f"{waiting.path}?{urlencode(query)}" if query else waiting.path


@transactional
def _decide(
    session: Session, actor: Actor, form: DecisionForm, place: tuple[SubjectKind, str], action: Action
) -> None:
    kind, public_id = place
    decide(
        session,
        actor,
        kind=kind,
        public_id=public_id,
        action=action,
        rule=form.rule.data or "",
        reason=form.reason.data or "",
        seen=form.seen.data or "",
        now=now(),
    )
    remember_submission(session, actor, form, url_for("moderation.queue"))


def _tell_of_all(outcomes: Sequence[Outcome], action: Action) -> None:
    """Say how many of the identical texts were decided, and how many a colleague has been faster with."""
    done = sum(one.decision is not None for one in outcomes)
    flash(gettext("%(done)s: %(count)s identical texts.", done=words.done(action), count=done), "success")
    if done < len(outcomes):
        left = len(outcomes) - done
        told = ngettext(
            "%(num)d was left: a colleague has it.", "%(num)d were left: a colleague has them.", left
        )
        flash(told, "info")


@transactional
def _decide_alike(
    session: Session, actor: Actor, form: DecisionForm, place: tuple[SubjectKind, str], action: Action
) -> list[Outcome]:
    subject = get_subject(session, actor, *place, PolicyAction.MODERATE)
    outcomes = decide_alike(
        session,
        actor,
        list_alike(session, actor, subject),
        action=action,
        rule=form.rule.data or "",
        reason=form.reason.data or "",
        now=now(),
    )
    remember_submission(session, actor, form, url_for("moderation.queue"))
    return outcomes


@blueprint.post("/decisions/<public_id>/undo")
def undo(public_id: str) -> Response:
    """Take back one's own decision of the last minute, and show the case again."""
    form = UndoForm()
    if not form.validate():
        raise Invalid("The page was open too long. Load it again.")
    kind, subject_id = _undo(public_id)
    flash(gettext("The decision was taken back; nobody was told."), "success")
    return redirect(url_for("moderation.case", of=kind.value, public_id=subject_id), 303)


@transactional
def _undo(session: Session, actor: Actor, public_id: str) -> tuple[SubjectKind, str]:
    together = list_decided_together(session, actor, public_id)
    reversal = undo_decision(session, actor, together[0], now=now())
    for other in together[1:]:
        undo_decision(session, actor, other, now=now())
    return reversal.subject_kind, get_decided_public_id(session, reversal)
