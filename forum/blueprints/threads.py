"""Discussions: the list, a discussion page by page with its composer, opening one, asking the unit."""

import functools
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from forum.blueprints.comment_cards import find_card
from forum.blueprints.composing import (
    Composer,
    PostForm,
    ThreadForm,
    compose,
    compose_empty,
    hold_of,
    is_preview,
)
from forum.blueprints.datafiles import strategy
from forum.blueprints.identity import current_actor, sealing_secret
from forum.blueprints.support import Form, now, transactional
from forum.blueprints.thread_pages import arrange, attempt, list_rows, post_words, send_opening, send_reply
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import Tlp
from forum.domain.organisations import StakeholderType
from forum.domain.threads import ThreadKind
from forum.errors import NotAllowed, NotFound
from forum.extensions import db
from forum.policy import Action, Actor, can
from forum.policy.subjects import Subject
from forum.richtext import to_markup
from forum.services.groups import get_group
from forum.services.holding import predict_hold
from forum.services.passages import get_commented
from forum.services.posts import why_not_write
from forum.services.questions import GROUP_SLUG
from forum.services.read_markers import find_first_unread, find_mark, mark_read
from forum.services.reading import ThreadHead, get_head, get_page
from forum.services.signing import account_keys
from forum.services.subjects import get_subject
from forum.services.threads import Topic, default_tlp, list_threads
from forum.services.threads_move import find_moved_to
from forum.services.threads_split import find_merged_into

blueprint = Blueprint("threads", __name__)

View = str | Response | tuple[str, int]


@blueprint.get("/groups/<slug>/threads/")
def index(slug: str) -> str:
    """List a group's discussions."""
    actor = current_actor()
    group = get_group(db.session(), actor, slug)
    kind = _choice(ThreadKind, request.args.get("kind"))
    after = request.args.get("after")
    page = list_threads(db.session(), actor, group, kind=kind, after=after)
    prefix = f"/groups/{group.slug}/threads/"
    return render_template(
        "threads/list.html",
        group=group,
        rows=list_rows(page.lines, prefix),
        next_after=page.next_after,
        kind=kind,
        after=after,
        may_write=can(actor, Action.WRITE, group),
        prefix=prefix,
    )


@blueprint.get("/groups/<slug>/papers/<paper>/comments/")
def of_paper(slug: str, paper: str) -> str:
    """List the comments on a paper."""
    actor = current_actor()
    commented = get_commented(db.session(), actor, slug, paper)
    after = request.args.get("after")
    page = list_threads(db.session(), actor, commented.group, paper_id=commented.paper.id, after=after)
    return render_template(
        "threads/of_paper.html",
        group=commented.group,
        commented=commented,
        rows=list_rows(page.lines, f"/groups/{slug}/threads/"),
        next_after=page.next_after,
        after=after,
        may_write=can(actor, Action.WRITE, commented.group),
    )


@blueprint.route("/groups/<slug>/threads/<public_id>/", methods=["GET", "POST"])
def show(slug: str, public_id: str) -> View:
    """Show a page of a discussion; take a reply."""
    actor = current_actor()
    try:
        head = _head(actor, slug, public_id)
    except NotFound:
        address = find_merged_into(db.session(), actor, slug, public_id)
        address = address or find_moved_to(db.session(), actor, slug, public_id)
        if address is None:
            raise
        return redirect(address)
    if not _may_write(actor, head):
        page = _page(actor, head, None)
        return page if request.method == "GET" else (page, 403)
    may_answer = _may_answer(actor, head)
    hold = predict_hold(actor, head.group, has_contributed=head.has_contributed)
    about = (head.group, head.thread.tlp, hold)
    named = head.thread.named_list_id
    if request.method == "GET":
        return _page(actor, head, compose_empty(actor, *about, named_list_id=named, may_answer=may_answer))
    form = PostForm()
    form.offer(actor, head.group, may_answer=may_answer)
    rendered = form.render() if form.validate() else None
    if rendered is not None and is_preview():
        about = (head.group, head.thread.tlp, hold_of(head.group, rendered))
        return _page(actor, head, compose(form, *about, named_list_id=named, rendered=rendered))
    outcome = attempt(form, functools.partial(send_reply, slug, public_id, form), rendered)
    if isinstance(outcome, Response):
        return outcome
    composer = compose(form, *about, named_list_id=named)
    return _page(actor, _head(actor, slug, public_id), composer), outcome


def _head(actor: Actor, slug: str, public_id: str) -> ThreadHead:
    return get_head(
        db.session(),
        actor,
        slug,
        public_id,
        start=request.args.get("from"),
        account_keys=account_keys(actor, sealing_secret()),
    )


def _subject(head: ThreadHead) -> Subject:
    return Subject(SubjectKind.THREAD, head.thread, head.group, thread=head.thread)


def _may_write(actor: Actor, head: ThreadHead) -> bool:
    return can(actor, Action.WRITE, _subject(head))


def _may_answer(actor: Actor, head: ThreadHead) -> bool:
    return head.thread.kind is ThreadKind.QUESTION and can(actor, Action.ANSWER_QUESTION, _subject(head))


def _page(actor: Actor, head: ThreadHead, composer: Composer | None) -> str:
    """A page of the discussion, with a composer for those who may write."""
    chosen_type = _choice(StakeholderType, request.args.get("type"))
    only_mine = actor.is_signed_in and request.args.get("mine") == "1"
    page = get_page(db.session(), actor, head, stakeholder_type=chosen_type, only_mine=only_mine)
    may_write = composer is not None
    html = render_template(
        "threads/show.html",
        group=head.group,
        head=head,
        thread=head.thread,
        page=page,
        card=find_card(head),
        rows=arrange(head, page.posts, is_filtered=only_mine or chosen_type is not None),
        words=post_words(),
        prefix=f"/groups/{head.group.slug}/threads/{head.thread.public_id}/",
        chosen_type=chosen_type,
        only_mine=only_mine,
        composer=composer,
        why_not=why_not_write(actor, head.group, head.thread, may_write=may_write),
        typed="" if may_write else request.form.get("body", ""),
        may_write=may_write,
        may_raise=bool(actor.group_roles),
        may_answer=may_write and _may_answer(actor, head),
        may_tend=can(actor, Action.TEND, _subject(head)),
        to_markup=to_markup,
    )
    if request.method == "GET" and actor.is_signed_in and not only_mine and chosen_type is None:
        until = find_mark(db.session(), actor, head, page, now=now())
        if until is not None:
            _mark_read(head.thread.id, until)
    return html


@transactional
def _mark_read(session: Session, actor: Actor, thread_id: int, until: Any) -> None:
    mark_read(session, actor, thread_id, until=until)


@blueprint.get("/groups/<slug>/threads/<public_id>/unread")
def first_unread(slug: str, public_id: str) -> Response:
    """Lead to the first post that this person has not read."""
    place = find_first_unread(db.session(), current_actor(), slug, public_id)
    address = f"/groups/{slug}/threads/{public_id}/"
    if place is None:
        return redirect(address)
    start = f"?from={place.first}" if place.first else ""
    return redirect(f"{address}{start}#post-{place.post}")


@blueprint.post("/groups/<slug>/threads/<public_id>/read")
def mark_all_read(slug: str, public_id: str) -> Response:
    """Mark a whole discussion as read."""
    form = Form()
    head = get_head(db.session(), current_actor(), slug, public_id)
    if form.validate():
        _mark_read(head.thread.id, now())
        flash(gettext("All of this discussion is marked as read."), "success")
    return redirect(f"/groups/{slug}/threads/{public_id}/", 303)


@blueprint.route("/groups/<slug>/threads/new", methods=["GET", "POST"])
def new(slug: str) -> View:
    """Open a discussion."""
    group = get_group(db.session(), current_actor(), slug)
    if entry := request.args.get("entry"):
        return _open_about(group, entry)
    return open_page(group, gettext("Open a discussion"))


def _open_about(group: Group, entry_id: str) -> View:
    """Show the composer of a discussion about an entry of a register, with its label."""
    subject = get_subject(db.session(), current_actor(), SubjectKind.ENTRY, entry_id)
    if subject.row.group_id != group.id:
        raise NotFound
    return open_page(
        group,
        gettext("Open a discussion about an entry"),
        topic=Topic(entry_id=subject.row.id),
        title=subject.row.title,
        label=subject.row.tlp,
    )


@blueprint.route("/strategy/<int:number>/ask", methods=["GET", "POST"])
def ask_unit(number: int) -> View:
    """Ask the unit that is responsible for an initiative."""
    try:
        initiative = strategy().get_initiative(number)
    except KeyError:
        raise NotFound from None
    group = get_group(db.session(), current_actor(), GROUP_SLUG)
    return open_page(
        group, gettext("Ask the unit"), kind=ThreadKind.QUESTION, initiative=number, about=initiative.title
    )


def open_page(
    group: Group,
    heading: str,
    *,
    kind: ThreadKind = ThreadKind.DISCUSSION,
    initiative: int | None = None,
    about: str = "",
    topic: Topic | None = None,
    title: str = "",
    label: Tlp | None = None,
) -> View:
    """Show the composer of an opening post, and take what it sends; title and label are where it begins."""
    actor = current_actor()
    form = ThreadForm()
    form.offer(actor, group)
    if request.method == "GET":
        form.title.data = title
        form.tlp.data = label.value if label else None
    form.offer_labels(group)
    status, rendered = 200, None
    why_not = why_not_write(actor, group, may_write=can(actor, Action.WRITE, group))
    if why_not is not None and request.method == "GET":
        raise NotAllowed(why_not)
    if why_not is not None:
        form.form_errors.append(gettext(why_not))
        status = 403
    elif request.method == "POST":
        rendered = form.render() if form.validate() else None
        if rendered is None or not is_preview():
            send = functools.partial(
                send_opening, group.slug, form, kind=kind, initiative=initiative, topic=topic
            )
            outcome = attempt(form, send, rendered)
            if isinstance(outcome, Response):
                return outcome
            status, rendered = outcome, None
    tlp = form.label() or default_tlp(group)
    hold = hold_of(group, rendered, title=form.title.data or "")
    composer = compose(form, group, tlp, hold, rendered=rendered)
    return (
        render_template(
            "threads/new.html",
            group=group,
            heading=heading,
            form=form,
            composer=composer,
            about=about,
            initiative=initiative,
        ),
        status,
    )


def _choice(kind: Any, value: str | None) -> Any:
    return kind(value) if value in {member.value for member in kind} else None
