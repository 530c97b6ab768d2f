"""Answers that were sent: the list, one answer, its receipts and canonical text, withdrawing, exporting."""

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from forum.blueprints.identity import current_actor
from forum.blueprints.papers import page_links, page_number
from forum.blueprints.support import Form, now, transactional
from forum.errors import Invalid, NotFound
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.services import answers as services
from forum.services.addresses import answer_path, consultation_path
from forum.services.answer_exports import FORMATS, export_answers
from forum.services.answer_files import AnswerFile, has_files, list_answer_files
from forum.services.chatham import is_sealed
from forum.services.consultations import get_consultation
from forum.services.figures import load_figures
from forum.services.questionnaires import load_questionnaire
from forum.services.receipts import get_receipt, list_receipts

blueprint = Blueprint(
    "answers", __name__, url_prefix="/groups/<slug>/consultations/<consultation_id>/answers"
)

View = str | Response | tuple[str, int]


@blueprint.get("/")
def index(slug: str, consultation_id: str) -> str:
    """List the answers that this person may read."""
    session, actor = db.session(), current_actor()
    subject = get_consultation(session, actor, slug, consultation_id)
    found = services.list_answers(session, actor, subject.group, subject.row, page=page_number())
    return render_template(
        "answers/index.html",
        group=subject.group,
        consultation=subject.row,
        path=consultation_path(slug, consultation_id),
        found=found,
        total=len(load_questionnaire(session, subject.row.id).questions),
        links=page_links(
            url_for(".index", slug=slug, consultation_id=consultation_id), found.page, found.has_next
        ),
        formats=FORMATS,
    )


@blueprint.get("/figures")
def figures(slug: str, consultation_id: str) -> str:
    """Show counts per question over the answers that this person may read."""
    session, actor = db.session(), current_actor()
    subject = get_consultation(session, actor, slug, consultation_id)
    return render_template(
        "answers/figures.html",
        group=subject.group,
        consultation=subject.row,
        path=consultation_path(slug, consultation_id),
        figures=load_figures(session, actor, subject.group, subject.row),
    )


@blueprint.get("/export.<form>")
def export(slug: str, consultation_id: str, form: str) -> Response:
    """Give the answers that this person may read as XLSX, CSV or JSON Lines."""
    if form not in FORMATS:
        raise NotFound
    session, actor = db.session(), current_actor()
    subject = get_consultation(session, actor, slug, consultation_id)
    body = export_answers(
        session, actor, subject.group, subject.row, form, base_url=current_app.config["BASE_URL"]
    )
    response = Response(body, content_type=FORMATS[form])
    response.headers["Content-Disposition"] = f'attachment; filename="answers-{consultation_id}.{form}"'
    return response


@blueprint.get("/<answer_id>/")
def answer(slug: str, consultation_id: str, answer_id: str) -> str:
    """Show an answer with the six facts."""
    session, actor = db.session(), current_actor()
    page = services.get_answer(session, actor, slug, consultation_id, answer_id)
    is_writer = not actor.writer_keys.isdisjoint(page.subject.writer_keys)
    return render_template(
        "answers/answer.html",
        group=page.subject.group,
        page=page,
        answer=page.answer,
        path=consultation_path(slug, consultation_id),
        here=answer_path(slug, consultation_id, answer_id),
        files=answer_files(page),
        receipts=list_receipts(session, page) if is_writer or _is_secretariat(actor, page) else [],
        may_withdraw=can(actor, Action.WITHDRAW, page.subject),
        may_flag=can(actor, Action.FLAG, page.subject),
        form=Form(),
    )


def answer_files(page: services.AnswerPage) -> dict[str, AnswerFile]:
    """Give the files of an answer by question; no statement where no question asks for one."""
    if not has_files(page.questionnaire.questions):
        return {}
    ids = [page.answer.public_id]
    return list_answer_files(db.session(), current_actor(), ids).get(page.answer.public_id, {})


def _is_secretariat(actor: Actor, page: services.AnswerPage) -> bool:
    return f"consultation:{page.consultation.id}:secretariat" in actor.clearances


@blueprint.get("/<answer_id>/receipts/<int:number>")
def receipt(slug: str, consultation_id: str, answer_id: str, number: int) -> str:
    """Show what was received, when, and its hash with the text that the hash is of."""
    session, actor = db.session(), current_actor()
    page, found = get_receipt(session, actor, slug, consultation_id, answer_id, number)
    found_files = answer_files(page)
    return render_template(
        "answers/receipt.html",
        group=page.subject.group,
        page=page,
        receipt=found,
        files=[
            (question, found_files[question.key])
            for question in page.questionnaire.questions
            if question.key in found_files
        ]
        if found.number == page.answer.number
        else [],
        path=consultation_path(slug, consultation_id),
        here=answer_path(slug, consultation_id, answer_id),
        is_sealed=is_sealed(page.subject.group),
    )


@blueprint.get("/<answer_id>/canonical.json")
def canonical(slug: str, consultation_id: str, answer_id: str) -> Response:
    """Give the text that the answer's hash is of, byte for byte."""
    page = services.get_answer(db.session(), current_actor(), slug, consultation_id, answer_id)
    text = services.canonical_of(page.answer, page.consultation)
    return Response(text.encode(), content_type="application/json; charset=utf-8")


@blueprint.post("/<answer_id>/withdraw")
def withdraw(slug: str, consultation_id: str, answer_id: str) -> Response:
    """Withdraw an answer before it is published."""
    if not Form().validate():
        raise Invalid("Go back, reload the page and try again.")
    _withdraw(slug, consultation_id, answer_id)
    flash(gettext("The answer is withdrawn; your draft is kept."), "success")
    return redirect(consultation_path(slug, consultation_id), 303)


@transactional
def _withdraw(session: Session, actor: Actor, slug: str, consultation_id: str, answer_id: str) -> None:
    services.withdraw_answer(session, actor, slug, consultation_id, answer_id, now=now())
