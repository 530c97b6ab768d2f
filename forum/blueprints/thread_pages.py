"""What the pages of discussions share: arranging posts for the eye, and sending what was composed."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, ParamSpec

from flask import flash, redirect
from flask_babel import gettext, ngettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from forum.blueprints import wording
from forum.blueprints.composing import PostForm, ThreadForm
from forum.blueprints.identity import sealing_secret
from forum.blueprints.support import (
    Form,
    SentBefore,
    error_words,
    now,
    remember_submission,
    submitted_before,
    transactional,
)
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.threads import MAX_INDENT, Post, ThreadKind
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.extensions import db
from forum.policy import ANONYMOUS, Action, Actor
from forum.richtext import Rendered
from forum.services.absences import usually_answered_by
from forum.services.chatham import is_sealed
from forum.services.groups import get_group
from forum.services.holding import HELD_BECAUSE, PROTECTED
from forum.services.posts import reply
from forum.services.read_markers import mark_own_reply
from forum.services.reading import PostLine, ThreadHead
from forum.services.subjects import get_subject
from forum.services.threads import ThreadLine, Topic, get_opening, open_thread

P = ParamSpec("P")

FOLD_FROM = 4
"""Replies below one reply from which on they can be folded away."""


class Row(NamedTuple):
    """A post in its place on the page, with what the template would otherwise work out post by post."""

    post: PostLine
    path: str
    classes: str
    at: wording.Moment
    edited: wording.Moment | None
    is_new: bool
    names_parent: bool
    """Whether the page must say what it answers, because the eye cannot see it."""
    opens: int
    """How many posts are folded together from this one on; 0 for none."""
    closes: bool


class ListRow(NamedTuple):
    """A discussion in a list, with its words."""

    line: ThreadLine
    path: str
    title: str
    replies: str
    at: wording.Moment


def list_rows(lines: Sequence[ThreadLine], prefix: str) -> list[ListRow]:
    """Give the rows of a list of discussions whose addresses begin with a prefix."""
    counted: dict[int, str] = {}
    withdrawn, last = gettext("Withdrawn discussion"), gettext("last")
    rows = []
    for line in lines:
        count = line.replies
        if count not in counted:
            words = ngettext("%(num)d reply", "%(num)d replies", count)
            counted[count] = f"{words} · {last}" if count else words + " ·"
        rows.append(
            ListRow(
                line=line,
                path=f"{prefix}{line.public_id}/",
                title=withdrawn if line.status is Status.WITHDRAWN else line.title,
                replies=counted[count],
                at=wording.moment(line.last_at if count else line.created_at, day=line.is_day_only),
            )
        )
    return rows


class Words(NamedTuple):
    """The words that every post repeats, looked up once a page."""

    reply: str
    quote: str
    edit: str
    withdraw: str
    flag: str
    raise_: str
    edited: str
    new: str
    on: str
    in_reply_to: str
    in_reply_to_hidden: str
    withdrawn: str
    answer: str
    contribution: str
    mark: str


def post_words() -> Words:
    """Give the words of posts in the language of the page."""
    return Words(
        reply=gettext("Reply"),
        quote=gettext("Quote"),
        edit=gettext("Edit"),
        withdraw=gettext("Withdraw"),
        flag=gettext("Flag"),
        raise_=gettext("Raise into a register"),
        edited=gettext("edited"),
        new=gettext("New"),
        on=gettext("On contribution"),
        in_reply_to=gettext("In reply to"),
        in_reply_to_hidden=gettext("In reply to a contribution that is not shown"),
        withdrawn=gettext("Withdrawn by its author"),
        answer=gettext("Answer of the unit"),
        contribution=gettext("Contribution"),
        mark=gettext("Mark as the answer"),
    )


def arrange(head: ThreadHead, posts: Sequence[PostLine], *, is_filtered: bool = False) -> list[Row]:
    """Give the posts of a page with indents and folds: below each reply of the first level, one fold."""
    folds = [0] * len(posts) if is_filtered else _folds([post.depth for post in posts])
    seen: set[str] = set()
    rows: list[Row] = []
    words = wording.moments(day=head.is_day_only)
    last = -1
    for index, post in enumerate(posts):
        if folds[index]:
            last = index + folds[index] - 1
        is_new = post.is_unread and head.read_at is not None
        is_clear = post.depth <= MAX_INDENT and post.parent_id in seen
        rows.append(
            Row(
                post=post,
                path=f"/posts/{post.public_id}",
                classes=_classes(post, 0 if is_filtered else min(post.depth, MAX_INDENT), is_new),
                at=words(post.at),
                edited=words(post.edited_at) if post.edited_at else None,
                is_new=is_new,
                names_parent=post.has_parent and not is_clear,
                opens=folds[index],
                closes=index == last,
            )
        )
        if not is_filtered:
            seen.add(post.public_id)
    return rows


def _folds(depths: Sequence[int]) -> list[int]:
    """For each post: how many are folded together from it on; 0 where no fold begins."""
    folds = [0] * len(depths)
    start = 0
    for index in range(1, len(depths) + 1):
        if index < len(depths) and depths[index] and depths[start]:
            continue
        if depths and depths[start] and index - start >= FOLD_FROM:
            folds[start] = index - start
        start = index
    return folds


def _classes(post: PostLine, indent: int, is_new: bool) -> str:
    classes = f"post post-indent-{indent}" if indent else "post"
    if post.status is Status.WITHDRAWN:
        return f"{classes} post-stub"
    if post.is_answer:
        classes += " post-answer"
    if post.status is not Status.PUBLISHED:
        return f"{classes} post-pending"
    return f"{classes} post-unread" if is_new else classes


class Sent(NamedTuple):
    """Where what was sent can be seen, and the rule that holds it."""

    location: str
    held_because: str | None
    promise: str = ""
    """By when that is usually answered."""


@transactional
def send_reply(
    session: Session, actor: Actor, slug: str, thread_id: str, form: PostForm, rendered: Rendered
) -> Sent:
    """Store a reply to a discussion."""
    thread = get_subject(session, actor, SubjectKind.THREAD, thread_id)
    if thread.group.slug != slug:
        raise NotFound
    last_before = thread.row.last_published_at
    post = reply(
        session,
        actor,
        thread,
        rendered=rendered,
        sealing_secret=sealing_secret(),
        now=now(),
        parent=form.parent.data or None,
        is_answer="is_answer" in form and form.is_answer.data,
        **form.choices(actor),
    )
    if not is_sealed(thread.group):  # there the marker would be dated like the post
        mark_own_reply(session, actor, thread.row.id, last_before=last_before, now=now())
    return sent(session, actor, thread.group, post, f"/posts/{post.public_id}", form)


@transactional
def send_opening(
    session: Session,
    actor: Actor,
    slug: str,
    form: ThreadForm,
    rendered: Rendered,
    *,
    kind: ThreadKind = ThreadKind.DISCUSSION,
    initiative: int | None = None,
    topic: Topic | None = None,
) -> Sent:
    """Open a discussion or a question."""
    group = get_group(session, actor, slug, Action.READ)
    thread = open_thread(
        session,
        actor,
        group,
        title=form.title.data or "",
        rendered=rendered,
        sealing_secret=sealing_secret(),
        now=now(),
        kind=kind,
        tlp=form.label(),
        initiative=initiative,
        topic=topic,
        **form.choices(actor),
    )
    location = f"/groups/{slug}/threads/{thread.row.public_id}/"
    return sent(session, actor, group, get_opening(session, thread.row), location, form)


def sent(session: Session, actor: Actor, group: Group, post: Post, location: str, form: Form) -> Sent:
    """Remember where the press of a button led, and say what holds what was sent."""
    # Under the Chatham House Rule a key with an account would be a record of who wrote the post.
    remember_submission(session, ANONYMOUS if is_sealed(group) else actor, form, location)
    promise = wording.answered_by(usually_answered_by(session, group, now=now())) if post.held_because else ""
    return Sent(location, post.held_because, promise)


def attempt(form: Form, send: Callable[[Rendered], Sent], rendered: Rendered | None) -> Response | int:
    """Send, and give the redirection to what was sent; or the status of the form with its complaint."""
    if rendered is None:
        return 422
    try:
        done = _send_once(form, send, rendered)
    except (Invalid, NotAllowed, Conflict) as error:
        # The first press may be the reason why the second is refused: then that one is the answer.
        location = submitted_before(db.session(), form)
        if location is not None:
            return redirect(location, 303)
        if isinstance(error, Invalid):
            form.add_error(error)
        else:
            form.form_errors.append(error_words(error))
        return error.status_code
    if done.held_because == PROTECTED:
        flash(
            gettext("Sent, and locked, because %(reason)s.", reason=gettext(HELD_BECAUSE[PROTECTED])), "info"
        )
        return redirect("/", 303)
    if done.held_because:
        flash(
            gettext(
                "Sent. It waits for a moderator, because %(reason)s. You see it here, marked as pending. "
                "%(promise)s",
                reason=gettext(HELD_BECAUSE.get(done.held_because, HELD_BECAUSE["everything"])),
                promise=done.promise,
            ),
            "info",
        )
    else:
        flash(gettext("Published."), "success")
    return redirect(done.location, 303)


def _send_once(form: Form, send: Callable[[Rendered], Sent], rendered: Rendered) -> Sent:
    """Send; the same transaction tells whether it is the first press. Other words are a first press again."""
    try:
        return send(rendered)
    except SentBefore:
        key = form.submission.data
        if submitted_before(db.session(), form) is not None or form.submission.data == key:
            raise
        return send(rendered)
