"""Writing an answer: section by section on a shared draft, preview, submit, or asking to be heard late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import TextAreaField
from wtforms.validators import InputRequired, Length

from forum.blueprints import wording
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import (
    Form,
    error_words,
    now,
    received_at,
    transactional,
    whole_number,
)
from forum.domain.answers import Answer, AnswerDraft, LateEntry, fingerprint
from forum.domain.attachments import Attachment
from forum.domain.consultations import Consultation, SubmitBy, is_in_time
from forum.domain.groups import Group
from forum.domain.questionnaires import Question, QuestionKind, find_missing, words_of
from forum.domain.uploads import MAX_FILE, MAX_NAME
from forum.errors import Invalid, NotFound
from forum.extensions import db
from forum.policy import Actor
from forum.services.addresses import consultation_path
from forum.services.answer_drafts import Saved, Theirs, Written, find_draft, save_draft
from forum.services.answer_files import AnswerFile, find_files, has_files, shown_file
from forum.services.answers import find_own_answer
from forum.services.chatham import is_sealed
from forum.services.consultations import get_consultation
from forum.services.late_entries import MAX_MESSAGE, ask_late, find_late_entry
from forum.services.questionnaires import Questionnaire, load_questionnaire
from forum.services.respondents import Respondent, get_respondent, list_respondents
from forum.services.submissions import newest_receipt

blueprint = Blueprint(
    "answering", __name__, url_prefix="/groups/<slug>/consultations/<consultation_id>/answer"
)

View = str | Response | tuple[str, int] | tuple[Response, int]
MAX_REQUEST = 2 * 1024 * 1024
"""Bytes of a whole answer as a form, in scripts that take three bytes a letter."""


@blueprint.url_value_preprocessor
def _allow_long_answers(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Raise the limit of a request for these routes alone (one takes a file), before the form is read."""
    request.max_content_length = request.max_form_memory_size = MAX_REQUEST
    if endpoint == "answering.attach":
        request.max_content_length = MAX_REQUEST + MAX_FILE


class LateForm(Form):
    """Why an answer comes late."""

    message = TextAreaField(lazy_gettext("Why it comes late"), [InputRequired(), Length(max=MAX_MESSAGE)])


@dataclass
class Desk:
    """What every page of answering stands on."""

    group: Group
    consultation: Consultation
    questionnaire: Questionnaire
    respondent: Respondent
    respondents: list[Respondent]
    draft: AnswerDraft | None
    sent: Answer | None
    late: LateEntry | None
    attached: Mapping[str, Attachment] = field(default_factory=dict)
    """The files that the answers name, by question."""

    @property
    def files(self) -> dict[str, AnswerFile]:
        """The files as its pages show them: until they are sent, the draft is the way to them."""
        return {
            key: shown_file(file, self.url("answering.file", key=key)) for key, file in self.attached.items()
        }

    @property
    def entries(self) -> Mapping[str, Any]:
        """The draft's entries; before it is begun, what was sent."""
        if self.draft is not None:
            return self.draft.entries
        values = self.sent.values if self.sent else {}
        return {key: {"value": value, "version": 1} for key, value in values.items()}

    @property
    def values(self) -> dict[str, Any]:
        """The answers as they stand in the draft."""
        return {key: one["value"] for key, one in self.entries.items() if one["value"] is not None}

    @property
    def is_unsent(self) -> bool:
        """Whether the draft holds what was not sent."""
        return bool(self.values) and (self.sent is None or self.values != self.sent.values)

    @property
    def takes(self) -> bool:
        """Whether an answer that arrives now is taken."""
        if is_in_time(self.consultation, received_at()):
            return True
        late = self.late
        return bool(late and late.is_admitted and (late.until is None or received_at() <= late.until))

    def url(self, endpoint: str, **values: Any) -> str:
        """Give the address of a page of this answer."""
        if len(self.respondents) > 1:
            values["respondent"] = self.respondent.slug
        return url_for(endpoint, slug=self.group.slug, consultation_id=self.consultation.public_id, **values)


def load_desk(slug: str, consultation_id: str) -> Desk:
    """Give the desk of whom the address names; NotFound where the consultation asks no questions."""
    session, actor = db.session(), current_actor()
    subject = get_consultation(session, actor, slug, consultation_id)
    group, consultation = subject.group, subject.row
    questionnaire = load_questionnaire(session, consultation.id)
    if not questionnaire.questions:
        raise NotFound
    respondent = get_respondent(session, actor, group, consultation, request.values.get("respondent"))
    place = group, consultation, respondent, sealing_secret()
    desk = Desk(
        group=group,
        consultation=consultation,
        questionnaire=questionnaire,
        respondent=respondent,
        respondents=list_respondents(session, actor, group, consultation),
        draft=find_draft(session, *place),
        sent=find_own_answer(session, *place),
        late=find_late_entry(session, *place),
    )
    if has_files(questionnaire.questions):
        desk.attached = find_files(session, desk.draft, desk.sent, desk.values)
    return desk


def submit_by_words(value: SubmitBy) -> str:
    """Give in words who of a body sends its answer."""
    return {
        SubmitBy.MANDATE: gettext("Anybody who holds a mandate for the body"),
        SubmitBy.PUBLISHER: gettext("Who may publish in the body's name"),
        SubmitBy.REPRESENTATIVE: gettext("The body's representative in this group"),
    }[value]


@blueprint.get("/")
def overview(slug: str, consultation_id: str) -> str:
    """Show how far the answer is, who writes on it and who may send it."""
    desk = load_desk(slug, consultation_id)
    return render_template(
        "answers/overview.html",
        group=desk.group,
        desk=desk,
        path=consultation_path(slug, consultation_id),
        receipt=newest_receipt(db.session(), desk.sent.id) if desk.sent else None,
        missing=find_missing(desk.questionnaire.questions, desk.values),
        submit_by=submit_by_words(desk.consultation.submit_by),
        day_only=is_sealed(desk.group),
        form=LateForm(),
    )


@blueprint.route("/<int:number>", methods=["GET", "POST"])
def section(slug: str, consultation_id: str, number: int) -> View:
    """Show one section's questions with what is saved, and save what is typed."""
    desk = load_desk(slug, consultation_id)
    questions = questions_of(desk, number)
    form = Form()
    if request.method == "GET":
        return section_page(desk, number, form, _stored(desk, questions))
    is_autosave = request.form.get("step") == "autosave"
    typed = read_typed(questions)
    try:
        if not form.validate():
            raise Invalid("Go back, reload the page and try again.")
        saved = save_typed(slug, consultation_id, typed)
    except Invalid as error:
        if is_autosave:
            return jsonify(errors={error.field or "": error_words(error)}), 422
        return section_page(desk, number, form, as_typed(typed), error=error), 422
    if is_autosave:
        return _autosaved(saved)
    desk = load_desk(slug, consultation_id)
    if saved.conflicts:
        return section_page(desk, number, form, as_typed(typed, saved), conflicts=saved.conflicts), 409
    left = next((one for one in questions if request.form.get(f"file-{one.key}")), None)
    if left is not None:
        # The file itself does not come with this button; what was typed is saved.
        complaint = Invalid(
            "%(name)s is chosen but not here yet. Choose it again and press “Upload the file”.",
            field=left.key,
            name=request.form[f"file-{left.key}"][:MAX_NAME],
        )
        return section_page(desk, number, form, _stored(desk, questions), error=complaint), 422
    return _after_save(desk, number)


def questions_of(desk: Desk, number: int) -> Sequence[Question]:
    """Give the questions of a page of the questionnaire, from 1; NotFound where there is no such page."""
    pages = desk.questionnaire.pages
    if not 1 <= number <= len(pages):
        raise NotFound
    return pages[number - 1].questions


def _after_save(desk: Desk, number: int) -> Response:
    wanted = request.form.get("step")
    if wanted == "next" and number < len(desk.questionnaire.pages):
        return redirect(desk.url(".section", number=number + 1), 303)
    if wanted in {"next", "preview"}:
        return redirect(desk.url(".preview"), 303)
    flash(gettext("Saved. It is not sent yet."), "success")
    return redirect(desk.url(".section", number=number), 303)


def _autosaved(saved: Saved) -> Response:
    return jsonify(
        saved=wording.moment(saved.draft.edited_at).words,
        # Of what somebody else changed meanwhile the page keeps the version that it showed.
        versions={
            key: _mark(entry["version"], entry["value"])
            for key, entry in saved.draft.entries.items()
            if key in saved.stored
        },
        conflicts=sorted(saved.conflicts),
    )


@transactional
def save_typed(
    session: Session, actor: Actor, slug: str, consultation_id: str, typed: Mapping[str, Written]
) -> Saved:
    """Save what read_typed() gave."""
    return save_draft(
        session,
        actor,
        slug,
        consultation_id,
        request.values.get("respondent"),
        typed,
        now=now(),
        sealing_secret=sealing_secret(),
    )


def read_typed(questions: Sequence[Question]) -> dict[str, Written]:
    """Give what a page sends for its questions, but for files, which come on their own route."""
    return {one.key: _read(one) for one in questions if one.kind is not QuestionKind.FILE}


def _read(question: Question) -> Written:
    """Read what a form sends for a question, and the version of it that the page showed."""
    name = f"a-{question.key}"
    raw: Any
    match question.kind:
        case QuestionKind.SEVERAL:
            raw = request.form.getlist(name)
        case QuestionKind.MATRIX:
            raw = {row: request.form.get(f"{name}-{row}", "") for row, _ in question.rows}
        case _:
            raw = request.form.get(name)
    return Written(raw, *read_mark(question.key))


def read_mark(key: str) -> tuple[int, str]:
    """Give the version of a question that the page showed, and the fingerprint of what it showed."""
    version, _, base = request.form.get(f"v-{key}", "").partition(".")
    return whole_number(version) or 0, base[:16]


def _mark(version: int, value: Any) -> str:
    """Give what a page carries for a question: the version, and the fingerprint of what it shows."""
    return f"{version}.{fingerprint(value)}"


@dataclass(frozen=True, slots=True)
class Shown:
    """What a question's field holds on the page."""

    value: Any
    mark: str


def _stored(desk: Desk, questions: Sequence[Question]) -> dict[str, Shown]:
    blank = {"value": None, "version": 0}
    entries = {question.key: desk.entries.get(question.key, blank) for question in questions}
    return {
        key: Shown(entry["value"], _mark(entry["version"], entry["value"])) for key, entry in entries.items()
    }


def as_typed(typed: Mapping[str, Written], saved: Saved | None = None) -> dict[str, Shown]:
    """Keep what was typed; after a conflict with the version that is stored, so that saving again decides."""
    marks = {key: f"{one.version}.{one.base}" for key, one in typed.items()}
    if saved is None:
        return {key: Shown(one.raw, marks[key]) for key, one in typed.items()}
    entries = saved.draft.entries
    shown = {}
    for key, one in typed.items():
        entry = entries.get(key, {"value": None, "version": 0})
        # What was left alone shows what is stored now; where both wrote, what was typed stays in the field.
        value = one.raw if key in saved.conflicts else entry["value"]
        shown[key] = Shown(value, _mark(entry["version"], entry["value"]))
    return shown


def section_page(
    desk: Desk,
    number: int,
    form: Form,
    shown: Mapping[str, Shown],
    *,
    error: Invalid | None = None,
    conflicts: Mapping[str, Theirs] | None = None,
) -> str:
    """Show a section with what its fields hold, what is wrong, and what somebody else saved meanwhile."""
    part = desk.questionnaire.pages[number - 1]
    questions = {question.key: question for question in part.questions}
    return render_template(
        "answers/section.html",
        group=desk.group,
        desk=desk,
        path=consultation_path(desk.group.slug, desk.consultation.public_id),
        part=part,
        number=number,
        form=form,
        shown=_stored(desk, part.questions) | dict(shown),
        wrong=error.field if error else None,
        complaint=error_words(error) if error else None,
        conflicts={
            key: (theirs, words_of(questions[key], theirs.value) if theirs.value is not None else [])
            for key, theirs in (conflicts or {}).items()
        },
        day_only=is_sealed(desk.group),
    )


@blueprint.post("/late")
def late(slug: str, consultation_id: str) -> View:
    """Ask the chair to take the answer after the closing."""
    desk = load_desk(slug, consultation_id)
    form = LateForm()
    try:
        if form.validate():
            _ask_late(slug, consultation_id, form.message.data or "")
            flash(
                gettext("The chair is asked. You will be told what is decided; your draft is kept."),
                "success",
            )
            return redirect(desk.url(".overview"), 303)
    except Invalid as error:
        form.add_error(error)
    page = render_template(
        "answers/overview.html",
        group=desk.group,
        desk=desk,
        path=consultation_path(slug, consultation_id),
        receipt=newest_receipt(db.session(), desk.sent.id) if desk.sent else None,
        missing=find_missing(desk.questionnaire.questions, desk.values),
        submit_by=submit_by_words(desk.consultation.submit_by),
        day_only=is_sealed(desk.group),
        form=form,
    )
    return page, 422


@transactional
def _ask_late(session: Session, actor: Actor, slug: str, consultation_id: str, message: str) -> None:
    ask_late(
        session,
        actor,
        slug,
        consultation_id,
        request.values.get("respondent"),
        message=message,
        now=now(),
        sealing_secret=sealing_secret(),
    )
