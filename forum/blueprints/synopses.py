"""The synopsis of a closed consultation and what was done with the answers."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import TextAreaField

from forum.blueprints.identity import current_actor
from forum.blueprints.support import Form, now, transactional
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import Action, Actor
from forum.richtext import Rendered, render, to_markup
from forum.services.addresses import consultation_path
from forum.services.consultations import get_consultation
from forum.services.synopses import write_synopsis

blueprint = Blueprint(
    "synopses", __name__, url_prefix="/groups/<slug>/consultations/<consultation_id>/synopsis"
)

View = str | Response | tuple[str, int]


class SynopsisForm(Form):
    """What the answers said, and what became of them."""

    synopsis = TextAreaField(lazy_gettext("Synopsis: what the answers said"))
    outcome = TextAreaField(lazy_gettext("What we did"))

    def rendered(self, name: str) -> Rendered:
        """Give one of the texts made ready to store; Invalid at its field."""
        try:
            return render(self[name].data or "", profile="post")
        except Invalid as error:
            raise Invalid(error.message, field=name, **error.parameters) from None


@blueprint.route("/", methods=["GET", "POST"])
def edit(slug: str, consultation_id: str) -> View:
    """Write the synopsis, with a preview."""
    subject = get_consultation(
        db.session(), current_actor(), slug, consultation_id, Action.MANAGE_CONSULTATIONS
    )
    form, preview = SynopsisForm(), None
    if request.method == "GET":
        form.synopsis.data, form.outcome.data = subject.row.synopsis_source, subject.row.outcome_source
    else:
        try:
            if form.validate():
                texts = form.rendered("synopsis"), form.rendered("outcome")
                if request.form.get("step") != "preview":
                    _write(slug, consultation_id, *texts)
                    flash(gettext("The synopsis is published with the consultation."), "success")
                    return redirect(consultation_path(slug, consultation_id), 303)
                preview = [to_markup(text.html) for text in texts]
        except Invalid as error:
            form.add_error(error)
    page: Any = render_template(
        "consultations/synopsis.html",
        group=subject.group,
        consultation=subject.row,
        path=consultation_path(slug, consultation_id),
        form=form,
        preview=preview,
    )
    return page, 422 if form.errors else 200


@transactional
def _write(
    session: Session, actor: Actor, slug: str, consultation_id: str, synopsis: Rendered, outcome: Rendered
) -> None:
    write_synopsis(session, actor, slug, consultation_id, synopsis=synopsis, outcome=outcome, now=now())
