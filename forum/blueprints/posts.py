"""Posts: the lasting address, replying with a quotation, editing, history, withdrawing, marking answers."""

import functools
import itertools
from datetime import datetime
from typing import NamedTuple

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext, lazy_gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import HiddenField, StringField
from wtforms.validators import InputRequired

from forum.blueprints import wording
from forum.blueprints.composing import PostForm, TextForm, compose, hold_of, is_preview
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import Form, now, remember_submission, transactional, whole_number
from forum.blueprints.thread_pages import Sent, attempt, send_reply
from forum.domain.attribution import SubjectKind
from forum.domain.labels import Status
from forum.domain.redline import Redline, compare
from forum.domain.threads import ThreadKind
from forum.errors import NotAllowed
from forum.extensions import db
from forum.policy import ANONYMOUS, Action, Actor, can, require
from forum.policy.subjects import Subject
from forum.richtext import Rendered, outline_of, quote, to_markup
from forum.services.attribution import Byline, get_byline
from forum.services.chatham import is_sealed
from forum.services.posts import (
    edit_post,
    list_revisions,
    mark_answer,
    require_answering,
    why_not_write,
    withdraw_post,
)
from forum.services.read_markers import get_place
from forum.services.subjects import get_subject

blueprint = Blueprint("posts", __name__, url_prefix="/posts")

View = str | Response | tuple[str, int]


class EditForm(TextForm):
    """The text of a post, the title of an opening post, and which text was edited."""

    title = StringField(lazy_gettext("Title"), [InputRequired(lazy_gettext("Give it a title."))])
    version = HiddenField()


@blueprint.get("/<public_id>")
def show(public_id: str) -> Response:
    """Lead to the post on the page of its discussion."""
    place = get_place(db.session(), current_actor(), public_id)
    start = f"?from={place.first}" if place.first else ""
    return redirect(f"/groups/{place.slug}/threads/{place.thread}/{start}#post-{public_id}")


@blueprint.route("/<public_id>/reply", methods=["GET", "POST"])
def reply(public_id: str) -> View:
    """Reply to a post on a page of its own, quoting it with ?quote=1."""
    actor = current_actor()
    subject = get_subject(db.session(), actor, SubjectKind.POST, public_id)
    thread = _thread_of(subject)
    form = PostForm()
    form.offer(actor, subject.group, may_answer=_may_answer(actor, thread))
    byline = get_byline(db.session(), actor, subject.group, subject.row)
    if request.method == "GET" and request.args.get("quote"):
        form.body.data = quote(subject.row.source, _wrote(byline))
    form.parent.data = public_id
    status, rendered = 200, None
    why_not = why_not_write(actor, subject.group, thread.row, may_write=can(actor, Action.WRITE, thread))
    if why_not is not None and request.method == "GET":
        raise NotAllowed(why_not)
    if why_not is not None:
        form.form_errors.append(gettext(why_not))
        status = 403
    elif request.method == "POST":
        rendered = form.render() if form.validate() else None
        if rendered is None or not is_preview():
            send = functools.partial(send_reply, subject.group.slug, thread.row.public_id, form)
            outcome = attempt(form, send, rendered)
            if isinstance(outcome, Response):
                return outcome
            status, rendered = outcome, None
    hold = hold_of(subject.group, rendered)
    composer = compose(
        form,
        subject.group,
        thread.row.tlp,
        hold,
        named_list_id=thread.row.named_list_id,
        rendered=rendered,
    )
    page = render_template(
        "posts/reply.html",
        group=subject.group,
        thread=thread.row,
        post=subject.row,
        body=to_markup(subject.row.html),
        byline=byline,
        form=form,
        composer=composer,
    )
    return page, status


def _thread_of(subject: Subject) -> Subject:
    assert subject.thread is not None
    return Subject(SubjectKind.THREAD, subject.thread, subject.group, thread=subject.thread)


def _may_answer(actor: Actor, thread: Subject) -> bool:
    return thread.row.kind is ThreadKind.QUESTION and can(actor, Action.ANSWER_QUESTION, thread)


def _wrote(byline: Byline) -> str:
    name = wording.author_words(byline)
    return gettext("%(name)s wrote", name=name) if name else ""


@blueprint.route("/<public_id>/edit", methods=["GET", "POST"])
def edit(public_id: str) -> View:
    """Edit one's post; what readers saw stays in its history."""
    actor = current_actor()
    subject = get_subject(db.session(), actor, SubjectKind.POST, public_id)
    post, thread = subject.row, _thread_of(subject)
    is_opening = post.number == 1
    form = EditForm(body=post.source, title=thread.row.title, version=str(post.lock_version))
    if not is_opening:
        del form.title
    form.offer_languages(subject.group, post.language)
    status, rendered = 200, None
    if not can(actor, Action.EDIT, subject):
        form.form_errors.append(
            gettext("Only its writer edits a contribution, as long as it is open to edits.")
        )
        status = 403
    elif request.method == "POST":
        rendered = form.render() if form.validate() else None
        if rendered is None or not is_preview():
            outcome = attempt(form, functools.partial(_send_edit, public_id, form), rendered)
            if isinstance(outcome, Response):
                return outcome
            status, rendered = outcome, None
    title = (form.title.data or "") if is_opening else ""
    hold = hold_of(subject.group, rendered, title=title, is_edit=True)
    composer = compose(
        form,
        subject.group,
        thread.row.tlp,
        hold,
        named_list_id=thread.row.named_list_id,
        rendered=rendered,
    )
    page = render_template(
        "posts/edit.html",
        group=subject.group,
        thread=thread.row,
        post=post,
        form=form,
        composer=composer,
    )
    return page, status


@transactional
def _send_edit(session: Session, actor: Actor, public_id: str, form: EditForm, rendered: Rendered) -> Sent:
    subject = get_subject(session, actor, SubjectKind.POST, public_id)
    version = form.version.data or ""
    post = edit_post(
        session,
        actor,
        subject,
        rendered=rendered,
        expected_version=whole_number(version) or 0,
        sealing_secret=sealing_secret(),
        now=now(),
        title=form.title.data if "title" in form else None,
        language=form.language.data if "language" in form else None,
    )
    location = f"/posts/{public_id}"
    remember_submission(session, ANONYMOUS if is_sealed(subject.group) else actor, form, location)
    return Sent(location, post.held_because if post.status in {Status.PENDING, Status.LOCKED} else None)


@blueprint.get("/<public_id>/history")
def history(public_id: str) -> str:
    """Show what a post said before, each text with the words that changed from the one before it."""
    actor = current_actor()
    subject = get_subject(db.session(), actor, SubjectKind.POST, public_id)
    post, thread = subject.row, _thread_of(subject)
    texts = [
        Text(revision.title, revision.html, revision.replaced_at)
        for revision in list_revisions(db.session(), actor, subject)
    ]
    if post.status is not Status.WITHDRAWN:
        texts.append(Text(thread.row.title if post.number == 1 else None, post.html, None))
    return render_template(
        "posts/history.html",
        group=subject.group,
        thread=thread.row,
        post=post,
        day=is_sealed(subject.group),
        texts=texts,
        changes=[_changes(old, new) for old, new in itertools.pairwise(texts)],
        body=to_markup(texts[0].html) if texts else None,
    )


class Text(NamedTuple):
    """What a post said, and until when."""

    title: str | None
    html: str
    until: datetime | None


def _changes(old: Text, new: Text) -> Redline:
    return compare(*outline_of(old.html), *outline_of(new.html))


@blueprint.route("/<public_id>/withdraw", methods=["GET", "POST"])
def withdraw(public_id: str) -> View:
    """Ask whether to withdraw one's post, and do it."""
    actor = current_actor()
    subject = get_subject(db.session(), actor, SubjectKind.POST, public_id)
    form = Form()
    if request.method == "GET":
        require(actor, Action.WITHDRAW, subject)
    elif form.validate():
        was_seen = _withdraw(public_id)
        thread = f"/groups/{subject.group.slug}/threads/"
        if was_seen:
            flash(gettext("Withdrawn. A stub without your text stays in its place."), "success")
            return redirect(f"/posts/{public_id}", 303)
        flash(gettext("Withdrawn. Nobody but moderators had seen it, so nothing stays."), "success")
        if subject.row.number > 1:
            thread += f"{_thread_of(subject).row.public_id}/"
        return redirect(thread, 303)
    page = render_template(
        "posts/withdraw.html",
        group=subject.group,
        thread=_thread_of(subject).row,
        post=subject.row,
        body=to_markup(subject.row.html),
        form=form,
    )
    return page, 200 if request.method == "GET" else 422


@transactional
def _withdraw(session: Session, actor: Actor, public_id: str) -> bool:
    """Withdraw; tell whether readers had seen it."""
    subject = get_subject(session, actor, SubjectKind.POST, public_id)
    withdraw_post(session, actor, subject, now=now())
    return subject.row.published_at is not None


@blueprint.route("/<public_id>/answer", methods=["GET", "POST"])
def answer(public_id: str) -> View:
    """Mark a reply as the unit's answer to a question, or take the mark away."""
    actor = current_actor()
    subject = get_subject(db.session(), actor, SubjectKind.POST, public_id)
    require_answering(actor, _thread_of(subject))
    form = Form()
    if request.method == "POST" and form.validate():
        is_answer = request.form.get("mark") == "yes"
        _mark_answer(public_id, is_answer)
        flash(gettext("Marked as the answer.") if is_answer else gettext("The mark is gone."), "success")
        return redirect(f"/posts/{public_id}", 303)
    return render_template(
        "posts/answer.html",
        group=subject.group,
        thread=_thread_of(subject).row,
        post=subject.row,
        body=to_markup(subject.row.html),
        form=form,
    )


@transactional
def _mark_answer(session: Session, actor: Actor, public_id: str, is_answer: bool) -> None:
    subject = get_subject(session, actor, SubjectKind.POST, public_id)
    mark_answer(session, actor, subject, is_answer=is_answer, now=now())
