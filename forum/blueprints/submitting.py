"""The preview of an answer, exactly as it will be published, and sending it."""

import json
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session

from forum.blueprints import wording
from forum.blueprints.answering import Desk, View, blueprint, load_desk
from forum.blueprints.composing import language_options, readers_sentence, seen_as
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import (
    Form,
    error_words,
    now,
    received_at,
    remember_submission,
    submitted_before,
    transactional,
)
from forum.domain.answers import Publication
from forum.domain.attribution import ShownAs
from forum.domain.consultations import AnswersVisible, Consultation
from forum.domain.questionnaires import find_missing, read_values
from forum.errors import Invalid
from forum.extensions import db
from forum.policy import ANONYMOUS, Actor
from forum.services.addresses import consultation_path
from forum.services.answer_previews import preview_byline
from forum.services.chatham import is_sealed
from forum.services.readership import count_readers
from forum.services.signing import shown_as_choices
from forum.services.submissions import Submission, submit_answer


@dataclass(frozen=True, slots=True)
class Showing:
    """How an answer is to be shown, as chosen on the preview."""

    shown_as: ShownAs | None
    publication: Publication
    language: str


def _showing(desk: Desk) -> Showing:
    choices = shown_as_choices(desk.group)
    wanted = request.values.get("shown_as")
    before = desk.sent.shown_as if desk.sent and desk.sent.shown_as in choices else None
    shown = next((choice for choice in choices if choice == wanted), before) or (
        choices[0] if choices else None
    )
    publication = request.values.get("publication", desk.sent.publication if desk.sent else "publish")
    languages = [code for code, _ in language_options(desk.group)]
    language = request.values.get("language") or (desk.sent.language if desk.sent else "")
    return Showing(
        shown,
        Publication(publication) if publication in set(Publication) else Publication.PUBLISH,
        language if language in languages else (languages or ["en"])[0],
    )


@blueprint.route("/preview", methods=["GET", "POST"])
def preview(slug: str, consultation_id: str) -> View:
    """Show the answer exactly as it will be published, and send what is shown."""
    desk = load_desk(slug, consultation_id)
    form, complaint, wrong = Form(), None, None
    values = desk.values
    if request.method == "POST":
        try:
            if not form.validate():
                raise Invalid("Go back, reload the page and try again.")
            # What was previewed is what is sent, whatever a colleague has saved since.
            values = _sent_values()
            return redirect(_submit(slug, consultation_id, form, values, _showing(desk)), 303)
        except Invalid as error:
            complaint, wrong = error_words(error), error.field
            desk = load_desk(slug, consultation_id)
            values = _showable(desk, values)
    showing = _showing(desk)
    byline = preview_byline(
        db.session(),
        current_actor(),
        desk.group,
        desk.respondent,
        showing.shown_as or ShownAs.STAKEHOLDER_TYPE,
    )
    page = render_template(
        "answers/preview.html",
        group=desk.group,
        desk=desk,
        path=consultation_path(slug, consultation_id),
        form=form,
        values=values,
        sent_text=json.dumps(values, ensure_ascii=False),
        showing=showing,
        byline=byline,
        shown_choices=[
            (one.value, wording.shown_as_name(one), _meaning(one)) for one in shown_as_choices(desk.group)
        ],
        languages=language_options(desk.group),
        readers=_readers(desk, showing),
        seen_as=seen_as({"speaking_for": desk.respondent.slug, "shown_as": showing.shown_as}, desk.group),
        missing=find_missing(desk.questionnaire.questions, values),
        complaint=complaint,
        wrong=wrong,
        moment=received_at(),
        day_only=is_sealed(desk.group),
        when_read=_when_read(desk.consultation),
    )
    return page, 422 if complaint else 200


def _showable(desk: Desk, values: dict[str, Any]) -> dict[str, Any]:
    """Give what was sent where it can be shown again, else the draft."""
    try:
        return dict(read_values(desk.questionnaire.questions, values))
    except Invalid:
        return desk.values


def _sent_values() -> dict[str, Any]:
    try:
        values = json.loads(request.form.get("answers", ""))
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise Invalid("Go back to the preview and send it from there.")
    return values


@transactional
def _submit(
    session: Session,
    actor: Actor,
    slug: str,
    consultation_id: str,
    form: Form,
    values: dict[str, Any],
    showing: Showing,
) -> str:
    before = submitted_before(session, form)
    if before is not None:
        return before
    found = submit_answer(
        session,
        actor,
        slug,
        consultation_id,
        request.values.get("respondent"),
        Submission(values, showing.language, showing.shown_as, showing.publication),
        received_at=received_at(),
        now=now(),
        sealing_secret=sealing_secret(),
    )
    location = url_for(
        "answers.receipt",
        slug=slug,
        consultation_id=consultation_id,
        answer_id=found.answer.public_id,
        number=found.receipt.number,
    )
    # Under the Chatham House Rule no row may tie the account to the answer.
    return remember_submission(session, ANONYMOUS if is_sealed(found.group) else actor, form, location)


def _meaning(shown_as: ShownAs) -> str:
    return {
        ShownAs.NAME: gettext("Readers see your name, your organisation, its type and country."),
        ShownAs.ORGANISATION: gettext("Readers see the organisation, its type and country; not who wrote."),
        ShownAs.STAKEHOLDER_TYPE: gettext(
            "Readers see the type and country alone. The text itself may still tell who wrote it."
        ),
    }[shown_as]


def _readers(desk: Desk, showing: Showing) -> str:
    if showing.publication is Publication.CONFIDENTIAL:
        return gettext("Nobody reads it but this consultation's secretariat and you; it is never published.")
    return readers_sentence(count_readers(db.session(), desk.group, desk.consultation.tlp, now=now()))


def _when_read(consultation: Consultation) -> str:
    return {
        AnswersVisible.AT_ONCE: gettext(
            "It is published at once. You can send a new version until the closing."
        ),
        AnswersVisible.AFTER_CLOSING: gettext(
            "It is published when the consultation has closed. Until then you can replace or withdraw it."
        ),
        AnswersVisible.ON_PUBLICATION: gettext(
            "It is published when the group publishes all answers after the closing. Until then you can "
            "withdraw it."
        ),
    }[consultation.answers_visible]
