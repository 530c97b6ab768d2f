"""Writing posts: replying, editing with visible history, withdrawing; and where a post stands."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.languages import LANGUAGES
from forum.domain.notices import NoticeKind
from forum.domain.protected import Cause
from forum.domain.text import checked_title
from forum.domain.threads import (
    MAX_DEPTH,
    WITHDRAWN_TITLE,
    Post,
    PostRevision,
    Thread,
    ThreadKind,
    order_key,
)
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Action, Actor, can, require, visible_to
from forum.policy.subjects import Subject
from forum.richtext import Rendered, mentions
from forum.services.announcements import announce_answer, announce_mentions, announce_post
from forum.services.chatham import is_sealed
from forum.services.citations import record_citations
from forum.services.holding import PROTECTED, Hold, Written, find_hold
from forum.services.labels import relabel
from forum.services.outbox import enqueue_index, enqueue_notice, gathered
from forum.services.protected import lock
from forum.services.signing import Signature, account_keys, sign
from forum.services.statuses import change_status, recount
from forum.services.subjects import record_authorship, subject_of


def why_not_write(actor: Actor, group: Group, thread: Any = None, *, may_write: bool) -> str | None:
    """Give the sentence that tells why somebody who may read cannot write here; None if they can.

    `thread` is a discussion's row (status, locked_at); `may_write` is what the policy said of it.
    """
    if may_write:
        return None
    if not actor.is_signed_in:
        return "Sign in to write here."
    if actor.is_suspended:
        return "Your account is suspended, so you cannot write at present."
    if thread is not None and thread.status is not Status.PUBLISHED:
        return "This discussion is not published, so nobody can reply to it."
    if thread is not None and thread.locked_at is not None:
        return "This discussion is closed: it can be read, and nothing more is added."
    return "You may read this group, but your role in it does not let you write."


def require_writing(actor: Actor, group: Group, thread: Subject | None = None) -> None:
    """Raise unless the actor may open a discussion, or reply to one: NotFound where they may not read."""
    thing = thread if thread is not None else group
    require(actor, Action.READ, thing)
    row = thread.row if thread is not None else None
    sentence = why_not_write(actor, group, row, may_write=can(actor, Action.WRITE, thing))
    if sentence is not None:
        raise NotAllowed(sentence)


def reply(
    session: Session,
    actor: Actor,
    thread: Subject,
    *,
    rendered: Rendered,
    sealing_secret: bytes,
    now: datetime,
    parent: str | None = None,
    language: str | None = None,
    shown_as: Any = None,
    speaking_for: int | None = None,
    is_answer: bool = False,
) -> Post:
    """Reply to a discussion, or to one of its posts (`parent`, its public id); held as the charter says.

    A reply to the opening post is a reply to the discussion: it has no parent and depth 0. `is_answer`
    marks it as the unit's answer and takes the right to answer.
    """
    require_writing(actor, thread.group, thread)
    if is_answer:
        require_answering(actor, thread)
    row = thread.row
    answered = _get_parent(session, actor, row, parent) if parent else None
    signature = sign(
        session,
        actor,
        thread.group,
        thread_id=row.id,
        shown_as=shown_as,
        speaking_for=speaking_for,
        sealing_secret=sealing_secret,
    )
    return add_post(
        session,
        actor,
        thread.group,
        row,
        signature=signature,
        rendered=rendered,
        sealing_secret=sealing_secret,
        now=now,
        language=language,
        parent=answered,
        is_answer=is_answer,
    )


def require_answering(actor: Actor, thread: Subject) -> None:
    """Raise unless the actor may answer this question for the unit."""
    if thread.row.kind is not ThreadKind.QUESTION:
        raise Invalid("Only a question has an answer.")
    if not can(actor, Action.ANSWER_QUESTION, thread):
        raise NotAllowed("Only the chair and the secretariat of this group say what the answer is.")


def _get_parent(session: Session, actor: Actor, thread: Thread, public_id: str) -> Post | None:
    post = session.scalars(
        sa.select(Post).where(
            Post.public_id == public_id, Post.thread_id == thread.id, visible_to(actor, Post)
        )
    ).first()
    if post is None:
        raise Invalid("What you reply to is not in this discussion any more.", field="parent")
    if post.status is not Status.PUBLISHED:
        raise Invalid("What you reply to is not published, so it cannot be answered.", field="parent")
    if post.depth >= MAX_DEPTH:
        raise Invalid(
            "This branch is %(limit)d replies deep already. Reply higher up, or to the discussion.",
            field="parent",
            limit=MAX_DEPTH,
        )
    return post if post.number > 1 else None


def add_post(
    session: Session,
    actor: Actor,
    group: Group,
    thread: Thread,
    *,
    signature: Signature,
    rendered: Rendered,
    sealing_secret: bytes,
    now: datetime,
    language: str | None = None,
    parent: Post | None = None,
    is_answer: bool = False,
) -> Post:
    """Store a post of a discussion with its authorship, label, counts, index entry and notices.

    The caller has asked the policy. The first post decides the status of its discussion.
    """
    require_text(rendered)
    title = thread.title if thread.post_count == 0 else ""
    hold = find_hold(
        session,
        actor,
        group,
        account_keys=account_keys(actor, sealing_secret),
        written=Written(f"{title}\n{rendered.text}".strip(), rendered.html),
        now=now,
    )
    thread.post_count += 1
    post = Post(
        thread_id=thread.id,
        group_id=group.id,
        parent_id=parent.id if parent else None,
        number=thread.post_count,
        order_key=order_key(parent.order_key if parent else None, thread.post_count),
        depth=parent.depth + 1 if parent else 0,
        language=_language(group, thread, language),
        source=rendered.source,
        html=rendered.html,
        text=rendered.text,
        render_version=rendered.render_version,
        is_answer=is_answer,
        status=_status_under(hold),
        held_because=hold.rule if hold else None,
        audience="",  # nobody's, until relabel() below
        own="",
        created_at=now,
        published_at=None if hold else now,
        **signature.columns,
    )
    session.add(post)
    if post.number == 1:
        thread.status = post.status
    if hold is None:
        thread.published_count += 1
        thread.last_published_at = now
        if is_answer and thread.answered_at is None:
            thread.answered_at = now
    with gathered(session):
        # The label is worked out before the first flush, so that one INSERT and one UPDATE write it all.
        relabel(session, group, thread if post.number == 1 else post, now=now)
        record_authorship(session, SubjectKind.POST, post.id, signature.keys)
        record_citations(session, SubjectKind.POST, post.id, post.source)
        if post.status is Status.LOCKED:
            lock(session, None, subject_of(session, post), Cause.RULE, now=now)
        else:
            _tell(session, actor, group, thread, post, hold, now)
    return post


def _status_under(hold: Hold | None) -> Status:
    if hold is None:
        return Status.PUBLISHED
    return Status.LOCKED if hold.rule == PROTECTED else Status.PENDING


def require_text(rendered: Rendered) -> None:
    """Raise Invalid where nothing was written."""
    if not rendered.text.strip():
        raise Invalid("Write something first.", field="body")


def _language(group: Group, thread: Thread, language: str | None) -> str:
    if language is not None and language not in LANGUAGES:
        raise Invalid("Choose one of the languages of the list.", field="language")
    # Under the Chatham House Rule a language would say who wrote.
    return thread.language if is_sealed(group) or not language else language


def _tell(
    session: Session,
    actor: Actor,
    group: Group,
    thread: Thread,
    post: Post,
    hold: Hold | None,
    now: datetime,
) -> None:
    """Enqueue who is told; what is held is told to its author alone."""
    if hold is None:
        announce_post(session, group, thread, post, now=now)
    elif not is_sealed(group):  # there a notice would be a record of who wrote it
        enqueue_notice(
            session,
            NoticeKind.HELD,
            now=now,
            subject_kind=SubjectKind.POST,
            subject_id=post.id,
            account_id=actor.account_id,
        )


def edit_post(
    session: Session,
    actor: Actor,
    subject: Subject,
    *,
    rendered: Rendered,
    expected_version: int,
    sealing_secret: bytes,
    now: datetime,
    title: str | None = None,
    language: str | None = None,
) -> Post:
    """Change the text of a post (of an opening post the title too); what readers saw stays as history.

    What creation would hold now is held again. An opening post that others have answered cannot be held
    without hiding their words, so there the edit is refused. Conflict if it was changed meanwhile.
    """
    require(actor, Action.EDIT, subject)
    post, thread, group = subject.row, subject.thread, subject.group
    assert thread is not None
    if post.lock_version != expected_version:
        raise Conflict(
            "This text was changed meanwhile. Copy what you wrote, reload the page and edit it anew."
        )
    require_text(rendered)
    title = checked_title(title) if title is not None and post.number == 1 else thread.title
    language = _language(group, thread, language or post.language)
    if (rendered.source, title, language) == (post.source, thread.title, post.language):
        return post  # type: ignore[no-any-return]
    heading = f"{title}\n" if post.number == 1 else ""
    hold = find_hold(
        session,
        actor,
        group,
        account_keys=account_keys(actor, sealing_secret),
        written=Written(heading + rendered.text, rendered.html),
    )
    was_published = post.status is Status.PUBLISHED
    if was_published and hold is not None and post.number == 1 and thread.published_count > 1:
        raise NotAllowed(
            "Others have replied already, and in this group a moderator reads every text before it is "
            "published: the discussion would disappear meanwhile. Write a reply instead."
        )
    named_before = mentions(post.source)
    if was_published:
        _keep_revision(session, post, thread, now)
        post.edited_at = now
    post.source, post.html, post.text = rendered.source, rendered.html, rendered.text
    post.render_version, post.language = rendered.render_version, language
    if post.number == 1:
        thread.title = title
    session.flush()
    record_citations(session, SubjectKind.POST, post.id, post.source, is_new=False)
    if hold is not None and (was_published or hold.rule == PROTECTED):
        post.held_because = hold.rule
        if hold.rule == PROTECTED:
            lock(session, None, subject, Cause.RULE, now=now)
        else:
            change_status(session, subject, Status.PENDING, now=now)
        return post  # type: ignore[no-any-return]
    enqueue_index(session, SubjectKind.POST, post.id, now=now)
    if post.number == 1:
        enqueue_index(session, SubjectKind.THREAD, thread.id, now=now)
    if was_published:
        new = [handle for handle in mentions(post.source) if handle not in named_before]
        announce_mentions(session, post, new, now=now, told={actor.account_id})
    return post  # type: ignore[no-any-return]


def withdraw_post(session: Session, actor: Actor, subject: Subject, *, now: datetime) -> None:
    """Withdraw a post: its text goes from every page, search and export, and a stub stays.

    The last text that readers saw is kept for the group's moderators alone; text that nobody saw is
    not kept at all.
    """
    require(actor, Action.WITHDRAW, subject)
    post, thread = subject.row, subject.thread
    assert thread is not None
    if post.status is Status.PUBLISHED:
        _keep_revision(session, post, thread, now)
    empty_post(session, subject, now=now)


def empty_post(session: Session, subject: Subject, *, now: datetime) -> None:
    """Take the text of a post, and the title of a discussion that it opens; the caller has asked who may."""
    post, thread = subject.row, subject.thread
    assert thread is not None
    post.source = post.html = post.text = ""
    post.is_answer = False
    if post.number == 1:
        thread.title = WITHDRAWN_TITLE
    change_status(session, subject, Status.WITHDRAWN, now=now)


def mark_answer(session: Session, actor: Actor, subject: Subject, *, is_answer: bool, now: datetime) -> None:
    """Mark a published reply as the unit's answer, or take the mark away."""
    thread, post = subject.thread, subject.row
    assert thread is not None
    require(actor, Action.READ, subject)
    require_answering(actor, Subject(SubjectKind.THREAD, thread, subject.group, thread=thread))
    if post.number == 1 or post.status is not Status.PUBLISHED:
        raise Invalid("Only a published reply can be the answer.")
    if post.is_answer is is_answer:
        return
    post.is_answer = is_answer
    recount(session, thread)
    enqueue_index(session, SubjectKind.POST, post.id, now=now)
    if is_answer:
        announce_answer(session, subject.group, thread, post, now=now)


def _keep_revision(session: Session, post: Post, thread: Thread, now: datetime) -> None:
    number = session.scalar(
        sa.select(sa.func.coalesce(sa.func.max(PostRevision.number), 0)).where(
            PostRevision.post_id == post.id
        )
    )
    session.add(
        PostRevision(
            post_id=post.id,
            number=(number or 0) + 1,
            title=thread.title if post.number == 1 else None,
            source=post.source,
            html=post.html,
            replaced_at=now,
        )
    )


def list_revisions(session: Session, actor: Actor, subject: Subject) -> Sequence[PostRevision]:
    """Give what a post said before, oldest first; of a withdrawn one only to the group's moderators."""
    require(actor, Action.READ, subject)
    if subject.status is Status.WITHDRAWN and not can(actor, Action.MODERATE, subject.group):
        raise NotFound
    return session.scalars(
        sa.select(PostRevision).where(PostRevision.post_id == subject.row.id).order_by(PostRevision.number)
    ).all()
