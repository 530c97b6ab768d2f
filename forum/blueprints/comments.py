"""Commenting on a paper: choosing a passage or a paragraph, suggesting wording, attaching an orphan again."""

import functools

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import HiddenField, StringField, TextAreaField

from forum.blueprints.composing import ThreadForm, compose, hold_of, is_preview
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.papers import paper_path
from forum.blueprints.support import Form, now, number_argument, transactional
from forum.blueprints.thread_pages import Sent, attempt, sent
from forum.domain.redline import Run, compare_words
from forum.domain.threads import ThreadKind
from forum.errors import Invalid, NotAllowed, NotFound
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.richtext import Rendered
from forum.services.comment_rights import get_comment, require_placing, require_suggesting
from forum.services.passages import Choice, Commented, get_commented
from forum.services.placements import attach_by_hand, enqueue_anchoring
from forum.services.posts import why_not_write
from forum.services.reading import get_head
from forum.services.suggestions import add_suggestion, words_of
from forum.services.threads import Anchor, get_opening, open_thread

blueprint = Blueprint("comments", __name__, url_prefix="/groups/<slug>")

View = str | Response | tuple[str, int]


class ChoiceForm(Form):
    """A passage, as a browser or a person quotes it."""

    exact = TextAreaField(lazy_gettext("The words of the paper that you mean"))
    prefix = HiddenField()
    suffix = HiddenField()

    def add_error(self, error: Invalid) -> None:
        """Show what is wrong with a passage at its words."""
        if error.field == "selector":
            error = Invalid(error.message, field="exact", **error.parameters)
        super().add_error(error)

    def choice(self, paragraph: str | None) -> Choice:
        """Give what was chosen."""
        return Choice(paragraph, self.exact.data or "", self.prefix.data or "", self.suffix.data or "")


class CommentForm(ChoiceForm, ThreadForm):
    """A comment on a passage, with the wording that it suggests where it suggests any."""

    replacement = TextAreaField(lazy_gettext("It should read"))


class PlaceForm(ChoiceForm):
    """Where a comment is to stand: words, or a whole paragraph."""

    paragraph = StringField(lazy_gettext("Or the number of a whole paragraph"))


@blueprint.route("/papers/<paper>/comments/new", methods=["GET", "POST"])
def new(slug: str, paper: str) -> View:
    """Comment on a paper, one of its paragraphs, or a passage; or suggest what should stand there."""
    actor = current_actor()
    commented, is_gone = _commented(slug, paper)
    group = commented.group
    is_suggestion = request.args.get("suggest") == "1"
    form = CommentForm()
    form.offer(actor, group)
    form.offer_labels(group, fixed=True)
    if is_suggestion:
        form.body.label.text = gettext("Why")
    else:
        del form.replacement
    choice = form.choice(request.args.get("paragraph") or None)
    anchor, status = _find(form, commented, choice)
    if is_gone:
        form.form_errors.append(
            gettext("That version was withdrawn. Choose the passage in the version that stands now.")
        )
        status = 409
    why_not = why_not_write(actor, group, may_write=can(actor, Action.WRITE, group))
    if why_not is None and is_suggestion:
        why_not = _why_not_suggest(commented)
    if why_not is not None:
        if request.method == "GET":
            raise NotAllowed(why_not)
        form.form_errors.append(gettext(why_not))
        status = 403
    rendered = None
    if request.method == "GET" or _is_choosing():
        _fill(form, anchor)
    elif status == 200:
        rendered = form.render() if form.validate() else None
        status = 422 if rendered is None else 200
        if rendered is not None and not is_preview():
            send = functools.partial(_send, slug, paper, commented.version.number or 0, choice, form)
            outcome = attempt(form, send, rendered)
            if isinstance(outcome, Response):
                return outcome
            status, rendered = outcome, None
    tlp, named = commented.version.tlp, commented.version.named_list_id
    hold = hold_of(group, rendered)
    return (
        render_template(
            "comments/new.html",
            group=group,
            heading=gettext("Suggest other wording") if is_suggestion else gettext("Comment"),
            form=form,
            composer=compose(form, group, tlp, hold, named_list_id=named, rendered=rendered),
            commented=commented,
            anchor=anchor,
            is_suggestion=is_suggestion,
            difference=_difference(form, anchor) if rendered is not None else None,
        ),
        status,
    )


def _commented(slug: str, paper: str) -> tuple[Commented, bool]:
    """Give the version meant; where it was withdrawn while somebody wrote, the one that stands now."""
    number = number_argument("version")
    try:
        return get_commented(db.session(), current_actor(), slug, paper, number), False
    except NotFound:
        if request.method == "GET" or number is None:
            raise
        return get_commented(db.session(), current_actor(), slug, paper), True


def _find(form: ChoiceForm, commented: Commented, choice: Choice) -> tuple[Anchor | None, int]:
    """Give the anchor of what was chosen; where it is not in the version, say so at the words."""
    try:
        return choice.anchor_in(commented.version), 200
    except Invalid as error:
        if not choice.exact.strip() and request.method == "GET":
            raise
        form.add_error(error)
        return None, 422


def _is_choosing() -> bool:
    """Whether a passage was chosen on the paper's page, and nothing is written yet."""
    return request.form.get("action") == "choose"


def _why_not_suggest(commented: Commented) -> str | None:
    try:
        require_suggesting(db.session(), current_actor(), commented.group, commented.paper)
    except NotAllowed as error:
        return error.message
    return None


def _fill(form: CommentForm, anchor: Anchor | None) -> None:
    if anchor is None:
        return
    if not form.title.data:
        number = anchor.paragraph[1:] if anchor.paragraph else None
        if number is None:
            form.title.data = gettext("On the whole paper")
        elif "replacement" in form:
            form.title.data = gettext("Other wording for paragraph %(number)s", number=number)
        else:
            form.title.data = gettext("On paragraph %(number)s", number=number)
    if "replacement" in form and not form.replacement.data:
        form.replacement.data = anchor.exact or ""


def _difference(form: CommentForm, anchor: Anchor | None) -> list[Run] | None:
    if anchor is None or "replacement" not in form:
        return None
    _replacement, words = words_of(form.replacement.data or "")
    return compare_words(anchor.exact or "", words)


def _send(slug: str, paper: str, number: int, choice: Choice, form: CommentForm, rendered: Rendered) -> Sent:
    suggested = words_of(form.replacement.data or "") if "replacement" in form else None
    return _open(slug, paper, number, choice, form, rendered, suggested)


@transactional
def _open(
    session: Session,
    actor: Actor,
    slug: str,
    paper: str,
    number: int,
    choice: Choice,
    form: CommentForm,
    rendered: Rendered,
    suggested: tuple[str, str] | None,
) -> Sent:
    commented = get_commented(session, actor, slug, paper, number)
    if suggested is not None:
        require_suggesting(session, actor, commented.group, commented.paper)
    thread = open_thread(
        session,
        actor,
        commented.group,
        title=form.title.data or "",
        rendered=rendered,
        sealing_secret=sealing_secret(),
        now=now(),
        kind=ThreadKind.COMMENT,
        anchor=choice.anchor_in(commented.version),
        **form.choices(actor),
    ).row
    if suggested is not None:
        add_suggestion(session, thread, *suggested)
    location = f"/groups/{slug}/threads/{thread.public_id}/"
    return sent(session, actor, commented.group, get_opening(session, thread), location, form)


@blueprint.route("/threads/<thread_id>/place", methods=["GET", "POST"])
def place(slug: str, thread_id: str) -> View:
    """Give a comment a place in the newest version, in which its passage was not found."""
    session, actor = db.session(), current_actor()
    comment = get_comment(session, actor, slug, thread_id)
    require_placing(session, actor, comment)
    assert comment.paper is not None
    if comment.row.anchor_start is None:
        raise NotFound
    commented = get_commented(session, actor, slug, comment.paper.public_id)
    form = PlaceForm()
    status = 200
    if request.method == "POST":
        status = 422
        if form.validate():
            try:
                path = _place(slug, thread_id, commented.version.number or 0, _placing(form))
            except Invalid as error:
                form.add_error(error)
            else:
                flash(gettext("The comment stands at that passage now."), "success")
                return redirect(path, 303)
    return (
        render_template(
            "comments/place.html",
            group=comment.group,
            commented=commented,
            head=get_head(session, actor, slug, thread_id),
            form=form,
            path=paper_path(slug, comment.paper.public_id),
        ),
        status,
    )


def _placing(form: PlaceForm) -> Choice:
    number = (form.paragraph.data or "").strip().removeprefix("p")
    choice = form.choice(f"p{number}" if number else None)
    if not choice.exact.strip() and choice.paragraph is None:
        raise Invalid("Copy the words here, or give the number of a paragraph.", field="exact")
    return choice


@transactional
def _place(session: Session, actor: Actor, slug: str, thread_id: str, number: int, choice: Choice) -> str:
    comment = get_comment(session, actor, slug, thread_id)
    require_placing(session, actor, comment)
    assert comment.paper is not None
    commented = get_commented(session, actor, slug, comment.paper.public_id, number)
    try:
        anchor = choice.anchor_in(commented.version)
    except Invalid as error:
        field = "exact" if choice.exact.strip() else "paragraph"
        raise Invalid(error.message, field=field, **error.parameters) from None
    if anchor.start is None or anchor.end is None or comment.row.version_id == commented.version.id:
        raise Invalid("The comment was written on this version, and stands where it was written.")
    attach_by_hand(session, comment.row, commented.version, anchor.start, anchor.end, anchor.paragraph)
    enqueue_anchoring(session, comment.paper.id, now=now())
    return f"{paper_path(slug, comment.paper.public_id)}versions/{number}#{anchor.paragraph or ''}"
