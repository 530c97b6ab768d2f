"""What is mine: my contributions, and which mail I want."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from forum.blueprints import moderation_words as words
from forum.blueprints import record_words
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import Form, now, number_argument, page_argument, transactional
from forum.domain.labels import Status
from forum.domain.moderation import MODERATED
from forum.domain.notices import NoticeKind
from forum.extensions import csrf, db
from forum.policy import Actor
from forum.services.contributions import ME, SIGNATURE, ContributionFilter, list_contributions
from forum.services.mail_preferences import choose_mail, list_wanted_mail, read_stop_token, stop_mail
from forum.services.own_record import list_own_record
from forum.services.unsealing import list_told

blueprint = Blueprint("me", __name__)

View = str | Response | tuple[str, int]


class AlertsForm(Form):
    """The kinds of mail that are wanted."""

    kinds = SelectMultipleField(
        lazy_gettext("Mail me when"),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )


@blueprint.get("/me/contributions")
def contributions() -> str:
    """Show what this person and their bodies wrote, and what became of it."""
    actor = current_actor()
    status = request.args.get("state", "")
    chosen = ContributionFilter(
        kind=_known("kind", [kind.value for kind in MODERATED] + [SIGNATURE]),
        status=Status(status) if status in {one.value for one in STATES} else None,
        whose=_known("whose", [ME, *(mandate.slug for mandate in actor.mandates)]),
    )
    page = list_contributions(
        db.session(),
        actor,
        sealing_secret=sealing_secret(),
        now=now(),
        page=page_argument(),
        chosen=chosen,
    )
    return render_template(
        "me/contributions.html",
        page=page,
        words=words,
        chosen=chosen,
        kept={"kind": chosen.kind or None, "state": chosen.status, "whose": chosen.whose or None},
        kinds=MODERATED,
        states=STATES,
    )


STATES = tuple(Status)


def _known(name: str, values: list[str]) -> str:
    """Give a filter of the address, empty where it is none of the known values."""
    value = request.args.get(name, "")
    return value if value in values else ""


@blueprint.get("/me/record")
def record() -> str:
    """Show what was recorded of this person's account, roles and contributions."""
    actor, session = current_actor(), db.session()
    before = number_argument("before")
    page = list_own_record(session, actor, sealing_secret=sealing_secret(), before=before)
    told = list_told(session, actor, now=now()) if before is None else []
    return render_template(
        "me/record.html", page=page, told=told, before=before, words=words, record_words=record_words
    )


@blueprint.route("/me/alerts", methods=["GET", "POST"])
def alerts() -> View:
    """Choose which kinds of mail to get."""
    form = AlertsForm()
    form.kinds.choices = [SelectChoice(kind.value, words.mail(kind)) for kind in NoticeKind]
    if request.method == "GET":
        form.kinds.data = [kind.value for kind in list_wanted_mail(db.session(), current_actor())]
    elif form.validate():
        _choose([NoticeKind(value) for value in form.kinds.data or []])
        flash(gettext("Saved."), "success")
        return redirect(url_for("me.alerts"), 303)
    return render_template("me/alerts.html", form=form), 422 if form.errors else 200


@transactional
def _choose(session: Session, actor: Actor, kinds: list[NoticeKind]) -> None:
    choose_mail(session, actor, kinds)


@blueprint.get("/mail/stop/<token>")
def confirm_stop(token: str) -> str:
    """Ask, with one button, whether to stop the kind of mail that the link came with."""
    _, kind = read_stop_token(current_app.config["SECRET_KEY"], token)
    return render_template("me/stop.html", kind=kind, token=token, is_stopped=False, words=words)


@blueprint.post("/mail/stop/<token>")
@csrf.exempt
def stop(token: str) -> str:
    """Stop it: pressed on the page, or sent by a mail program (RFC 8058), which has no session.

    The one form without a CSRF token: the signed token in the address is what authenticates it, it is
    known to nobody but the reader of the mail, and it can do this one thing alone.
    """
    kind = _stop(current_app.config["SECRET_KEY"], token)
    return render_template("me/stop.html", kind=kind, token=token, is_stopped=True, words=words)


@transactional
def _stop(session: Session, _actor: Actor, secret_key: Any, token: str) -> NoticeKind:
    return stop_mail(session, secret_key, token)
