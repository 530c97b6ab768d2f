"""What the pages of discussions share: arranging posts for the eye, and sending what was composed."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, ParamSpec

from flask import flash, redirect
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from forum.blueprints.composing import PostForm, ThreadForm
from forum.blueprints.identity import sealing_secret
from forum.blueprints.support import Form, now, remember_submission, submitted_before, transactional
from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group
from forum.domain.threads import MAX_INDENT, Post, ThreadKind
from forum.errors import Conflict, ForumError, Invalid, NotAllowed, NotFound
from forum.extensions import db
from forum.policy import ANONYMOUS, Action, Actor
from forum.richtext import Rendered
from forum.services.chatham import is_sealed
from forum.services.groups import get_group
from forum.services.holding import HELD_BECAUSE
from forum.services.passages import anchor_in, get_commented
from forum.services.posts import reply
from forum.services.read_markers import mark_own_reply
from forum.services.reading import PostLine
from forum.services.subjects import get_subject
from forum.services.threads import get_opening, open_thread

P = ParamSpec("P")

FOLD_FROM = 4
"""Replies below one reply from which on they can be folded away."""


class Row(NamedTuple):
    """A post in its place on the page."""

    post: PostLine
    indent: int
    names_parent: bool
    """Whether the page must say what it answers, because the eye cannot see it."""
    opens: int
    """How many posts are folded together from this one on; 0 for none."""
    closes: bool


def arrange(posts: Sequence[PostLine], *, is_filtered: bool = False) -> list[Row]:
    """Give the posts of a page with indents and folds: below each reply of the first level, one fold."""
    seen: set[str] = set()
    rows: list[Row] = []
    index = 0
    while index < len(posts):
        end = index
        while not is_filtered and end < len(posts) and posts[end].depth > 0:
            end += 1
        run = max(end - index, 1)
        folds = run if end > index and run >= FOLD_FROM else 0
        for offset, post in enumerate(posts[index : index + run]):
            is_clear = post.depth <= MAX_INDENT and post.parent_id in seen
            rows.append(
                Row(
                    post=post,
                    indent=0 if is_filtered else min(post.depth, MAX_INDENT),
                    names_parent=post.has_parent and not is_clear,
                    opens=folds if offset == 0 else 0,
                    closes=bool(folds) and offset == run - 1,
                )
            )
            if not is_filtered:
                seen.add(post.public_id)
        index += run
    return rows


class Sent(NamedTuple):
    """Where what was sent can be seen, and the rule that holds it."""

    location: str
    held_because: str | None


@transactional
def send_reply(
    session: Session, actor: Actor, slug: str, thread_id: str, form: PostForm, rendered: Rendered
) -> Sent:
    """Store a reply to a discussion."""
    thread = get_subject(session, actor, SubjectKind.THREAD, thread_id)
    if thread.group.slug != slug:
        raise NotFound
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
        mark_own_reply(session, actor, thread.row.id, post.id, now=now())
    return _sent(session, actor, thread.group, post, f"/posts/{post.public_id}", form)


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
    comment_on: tuple[str, int, str | None] | None = None,
) -> Sent:
    """Open a discussion, a question or a comment (on a paper's public id, version and paragraph)."""
    anchor = None
    if comment_on is not None:
        paper, number, paragraph = comment_on
        commented = get_commented(session, actor, slug, paper, number)
        group, anchor = commented.group, anchor_in(commented.version, paragraph)
    else:
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
        anchor=anchor,
        **form.choices(actor),
    )
    location = f"/groups/{slug}/threads/{thread.row.public_id}/"
    return _sent(session, actor, group, get_opening(session, thread.row), location, form)


def _sent(session: Session, actor: Actor, group: Group, post: Post, location: str, form: Form) -> Sent:
    # Under the Chatham House Rule a key with an account would be a record of who wrote the post.
    remember_submission(session, ANONYMOUS if is_sealed(group) else actor, form, location)
    return Sent(location, post.held_because)


def attempt(form: Form, send: Callable[[Rendered], Sent], rendered: Rendered | None) -> Response | int:
    """Send, and give the redirection to what was sent; or the status of the form with its complaint."""
    if rendered is None:
        return 422
    location = submitted_before(db.session(), form)
    if location is not None:
        return redirect(location, 303)
    try:
        sent = send(rendered)
    except Invalid as error:
        form.add_error(error)
        return error.status_code
    except (NotAllowed, Conflict) as error:
        form.form_errors.append(sentence(error))
        return error.status_code
    if sent.held_because:
        flash(
            gettext(
                "Sent. It waits for a moderator, because %(reason)s. You see it here, marked as pending.",
                reason=gettext(HELD_BECAUSE[sent.held_because]),
            ),
            "info",
        )
    else:
        flash(gettext("Published."), "success")
    return redirect(sent.location, 303)


def sentence(error: ForumError) -> str:
    """Give an error's sentence in the reader's language."""
    return gettext(error.message, **error.parameters)
