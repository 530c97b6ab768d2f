"""Answers to comments: the table with its files, answering one, accepting or declining suggested wording."""

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired

from forum.blueprints import wording
from forum.blueprints.identity import current_actor
from forum.blueprints.papers import page_links, page_number, paper_path
from forum.blueprints.support import (
    Form,
    error_words,
    now,
    remember_submission,
    submitted_before,
    transactional,
)
from forum.domain.comments import Disposition
from forum.domain.redline import Run, compare_words
from forum.errors import Conflict, Invalid
from forum.extensions import db
from forum.office.table_writing import Sheet, to_docx, to_xlsx
from forum.policy import Actor
from forum.services.acceptance import Obstacle, Plan, accept, list_open_suggestions, plan_acceptance
from forum.services.answer_table import MAX_EXPORTED, AnswerLine, Shown, list_answers
from forum.services.attribution import Byline
from forum.services.comment_answers import CommentCard, answer_comment, get_card
from forum.services.comment_rights import (
    get_comment,
    get_rights,
    require_answering,
    switch_suggestions,
)
from forum.services.papers import PaperHead, get_paper
from forum.services.reading import get_head

blueprint = Blueprint("comment_answers", __name__, url_prefix="/groups/<slug>")

View = str | BaseResponse | tuple[str, int]

MAX_IN_DOCUMENT = 1_000
"""Rows of a DOCX: each takes a millisecond or two, and nobody reads more on paper."""

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class AnswerForm(Form):
    """The answer to one comment."""

    disposition = RadioField(
        lazy_gettext("Answer"), validators=[InputRequired(lazy_gettext("Choose an answer."))]
    )
    reason = TextAreaField(
        lazy_gettext("Reason"), [InputRequired(lazy_gettext("Give the reason in a sentence."))]
    )

    def offer(self) -> None:
        """Offer the four answers."""
        names = {
            Disposition.ACCEPTED: gettext("Accepted"),
            Disposition.PARTLY: gettext("Accepted in part"),
            Disposition.REJECTED: gettext("Not accepted"),
            Disposition.NOTED: gettext("Noted, with no change to the text"),
        }
        self.disposition.choices = [SelectChoice(one.value, words) for one, words in names.items()]


class SuggestionsForm(Form):
    """What is done with the suggestions that were chosen."""

    reason = TextAreaField(
        lazy_gettext("Reason, for all that are chosen"),
        [InputRequired(lazy_gettext("Give the reason in a sentence."))],
    )


def _head(slug: str, paper_id: str) -> PaperHead:
    return get_paper(db.session(), current_actor(), slug, paper_id)


@blueprint.get("/papers/<paper_id>/answers")
def table(slug: str, paper_id: str) -> str:
    """Show which comments on a paper are open, and how and why the others were answered."""
    session, actor = db.session(), current_actor()
    head = _head(slug, paper_id)
    shown, only = _shown(), request.args.get("kind") == "suggestion"
    found = list_answers(session, actor, head, shown=shown, suggestions_only=only, page=page_number())
    path = paper_path(slug, paper_id)
    filters = _filters(shown, only)
    return render_template(
        "comments/table.html",
        group=head.group,
        head=head,
        found=found,
        shown=shown,
        suggestions_only=only,
        choices=[
            (one, _shown_name(one), found.counts[one], _address(slug, paper_id, one, only)) for one in Shown
        ],
        other_kind=_address(slug, paper_id, shown, not only),
        differences={one.public_id: _difference(one) for one in found.lines if one.is_suggestion},
        rights=get_rights(session, actor, head.group, head.paper),
        path=path,
        filters=filters,
        links=page_links(
            url_for(".table", slug=slug, paper_id=paper_id, **filters), found.page, found.has_next
        ),
    )


def _filters(shown: Shown, only: bool) -> dict[str, Any]:
    kind = {"kind": "suggestion"} if only else {}
    return kind | ({"shown": shown.value} if shown is not Shown.ALL else {})


def _address(slug: str, paper_id: str, shown: Shown, only: bool) -> str:
    return url_for(".table", slug=slug, paper_id=paper_id, **_filters(shown, only))


def _shown() -> Shown:
    value = request.args.get("shown", "")
    return Shown(value) if value in set(Shown) else Shown.ALL


def _shown_name(shown: Shown) -> str:
    names = {
        Shown.ALL: gettext("All"),
        Shown.OPEN: gettext("Open"),
        Shown.ANSWERED: gettext("Answered"),
        Shown.ACCEPTED: gettext("Accepted"),
        Shown.PARTLY: gettext("Accepted in part"),
        Shown.REJECTED: gettext("Not accepted"),
        Shown.NOTED: gettext("Noted"),
    }
    return names[shown]


def _difference(line: AnswerLine) -> list[Run]:
    return compare_words(line.exact or "", line.words)


@blueprint.get("/papers/<paper_id>/answers.xlsx")
def workbook(slug: str, paper_id: str) -> Response:
    """Give the table as a workbook."""
    head = _head(slug, paper_id)
    return _file(to_xlsx(_sheet(head, MAX_EXPORTED)), _XLSX, f"answers-{paper_id}.xlsx")


@blueprint.get("/papers/<paper_id>/answers.docx")
def document(slug: str, paper_id: str) -> Response:
    """Give the table as a document."""
    head = _head(slug, paper_id)
    return _file(to_docx(_sheet(head, MAX_IN_DOCUMENT)), _DOCX, f"answers-{paper_id}.docx")


def _file(content: bytes, kind: str, name: str) -> Response:
    response = Response(content, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _sheet(head: PaperHead, limit: int) -> Sheet:
    found = list_answers(
        db.session(),
        current_actor(),
        head,
        shown=_shown(),
        suggestions_only=request.args.get("kind") == "suggestion",
        per_page=limit,
    )
    newest = head.newest
    base = request.host_url.rstrip("/")
    title = newest.title if newest else ""
    about = [
        title,
        f"{head.group.title} · {base}/papers/{head.paper.public_id}",
        gettext("Readable by: %(readers)s", readers=f"TLP:{newest.tlp}" if newest else ""),
        gettext("As of %(day)s", day=_day(now())),
    ]
    if found.has_next:
        about.append(gettext("Only the first %(limit)s are in this file.", limit=limit))
    columns = [
        gettext("Version"),
        gettext("Paragraph"),
        gettext("Passage"),
        gettext("Suggested wording"),
        gettext("Comment"),
        gettext("By"),
        gettext("Date"),
        gettext("Answer"),
        gettext("Reason"),
        gettext("In version"),
        gettext("Address"),
    ]
    threads = f"{base}/groups/{head.group.slug}/threads/"
    rows = [_row(line, threads) for line in found.lines]
    return Sheet(gettext("Answers to comments"), about, columns, rows)


def _row(line: AnswerLine, threads: str) -> list[str | int | None]:
    return [
        line.version,
        line.paragraph[1:] if line.paragraph else None,
        line.exact,
        line.words if line.is_suggestion else None,
        f"{line.title}\n{line.text}",
        _author(line.byline),
        _day(line.at),
        wording.disposition_name(line.disposition) if line.disposition else gettext("open"),
        line.reason or None,
        line.landed_in,
        f"{threads}{line.public_id}/",
    ]


def _author(byline: Byline) -> str:
    kind = wording.type_name(byline.stakeholder_type) if byline.stakeholder_type else None
    return byline.alias or ", ".join(filter(None, [byline.name, byline.organisation])) or kind or ""


def _day(moment: datetime) -> str:
    return moment.date().isoformat()


@blueprint.route("/threads/<thread_id>/answer", methods=["GET", "POST"])
def answer(slug: str, thread_id: str) -> View:
    """Answer a comment: accepted, in part, not accepted or noted, with a reason."""
    session, actor = db.session(), current_actor()
    comment = get_comment(session, actor, slug, thread_id)
    assert comment.paper is not None
    require_answering(session, actor, comment.group, comment.paper)
    form = AnswerForm()
    form.offer()
    status = 200
    card = get_card(session, actor, comment.row.id)
    if request.method == "POST":
        status = 422
        if (before := submitted_before(session, form)) is not None:
            return redirect(before, 303)
        if form.validate():
            try:
                path = _answer(slug, thread_id, form)
            except Invalid as error:
                form.add_error(error)
            else:
                flash(gettext("The comment is answered. Its author is told."), "success")
                return redirect(path, 303)
    elif card.answer is not None:
        form.disposition.data, form.reason.data = card.answer.disposition.value, card.answer.reason
    return (
        render_template(
            "comments/answer.html",
            group=comment.group,
            paper=comment.paper,
            head=get_head(session, actor, slug, thread_id),
            card=card,
            difference=_suggested(card, comment.row.anchor_exact),
            form=form,
        ),
        status,
    )


def _suggested(card: CommentCard, exact: str | None) -> list[Run]:
    return compare_words(exact or "", card.words) if card.replacement is not None else []


@transactional
def _answer(session: Session, actor: Actor, slug: str, thread_id: str, form: AnswerForm) -> str:
    answer_comment(
        session,
        actor,
        slug,
        thread_id,
        Disposition(form.disposition.data),
        form.reason.data or "",
        now=now(),
    )
    return remember_submission(session, actor, form, f"/groups/{slug}/threads/{thread_id}/")


@blueprint.route("/papers/<paper_id>/suggestions", methods=["GET", "POST"])
def suggestions(slug: str, paper_id: str) -> View:
    """Accept suggested wording into the draft of the next version, or decline it, several at once."""
    session, actor = db.session(), current_actor()
    head = _head(slug, paper_id)
    require_answering(session, actor, head.group, head.paper)
    form = SuggestionsForm()
    status = 200
    obstacles: list[Obstacle] = []
    chosen = request.form.getlist("chosen")
    if request.method == "POST":
        if (before := submitted_before(session, form)) is not None:
            return redirect(before, 303)
        status = 422
        if form.validate():
            try:
                done = _decide(head, chosen, form)
            except (Invalid, Conflict) as error:
                form.form_errors.append(error_words(error))
                status = error.status_code
            else:
                if isinstance(done, str):
                    return redirect(done, 303)
                obstacles = done
                form.form_errors.append(
                    gettext("Nothing was changed: see below what stands in the way, and choose again.")
                )
    open_ones = list_open_suggestions(session, actor, head)
    return (
        render_template(
            "comments/suggestions.html",
            group=head.group,
            head=head,
            form=form,
            suggestions=open_ones,
            differences={one.public_id: compare_words(one.exact, one.words) for one in open_ones},
            chosen=set(chosen),
            obstacles=_sentences(obstacles),
            path=paper_path(slug, paper_id),
        ),
        status,
    )


def _sentences(obstacles: list[Obstacle]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in obstacles:
        found.setdefault(one.public_id, []).append(gettext(one.message, other=one.other))
    return found


def _decide(head: PaperHead, chosen: list[str], form: SuggestionsForm) -> str | list[Obstacle]:
    """Accept or decline what is chosen; gives where to go, or what stands in the way."""
    if request.form.get("step") == "decline":
        if not chosen:
            raise Invalid("Choose at least one suggestion.")
        path = _decline(head.group.slug, head.paper.public_id, chosen, form)
        flash(gettext("Declined. The authors are told the reason."), "success")
        return path
    plan = plan_acceptance(db.session(), current_actor(), head, chosen)
    if plan.obstacles:
        return plan.obstacles
    path = _accept(head.group.slug, head.paper.public_id, plan, form)
    flash(gettext("Worked into the draft. The authors are told; send the draft when it is ready."), "success")
    return path


@transactional
def _accept(
    session: Session, actor: Actor, slug: str, paper_id: str, plan: Plan, form: SuggestionsForm
) -> str:
    head = get_paper(session, actor, slug, paper_id)
    draft = accept(session, actor, head, plan, form.reason.data or "", now=now())
    path = url_for("drafts.draft", slug=slug, draft_id=draft.version.public_id)
    return remember_submission(session, actor, form, path)


@transactional
def _decline(
    session: Session, actor: Actor, slug: str, paper_id: str, chosen: list[str], form: SuggestionsForm
) -> str:
    for public_id in dict.fromkeys(chosen):
        answer_comment(
            session, actor, slug, public_id, Disposition.REJECTED, form.reason.data or "", now=now()
        )
    path = url_for(".suggestions", slug=slug, paper_id=paper_id)
    return remember_submission(session, actor, form, path)


@blueprint.post("/papers/<paper_id>/suggestions/switch")
def switch(slug: str, paper_id: str) -> BaseResponse:
    """Let a position take suggested wording, or no more."""
    if not Form().validate():
        raise Invalid("Go back, reload the page and try again.")
    takes = request.form.get("takes") == "1"
    _switch(slug, paper_id, takes)
    words = (
        gettext("This paper takes suggested wording now.")
        if takes
        else gettext("This paper takes no suggested wording any more. What was suggested stays.")
    )
    flash(words, "success")
    return redirect(paper_path(slug, paper_id), 303)


@transactional
def _switch(session: Session, actor: Actor, slug: str, paper_id: str, takes: bool) -> None:
    head = get_paper(session, actor, slug, paper_id)
    switch_suggestions(session, actor, head.group, head.paper, takes=takes)
