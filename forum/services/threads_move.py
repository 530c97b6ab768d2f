"""Moving a discussion to another group: only where nobody can read it there who could not before."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group
from forum.domain.moderation import Action as Decision
from forum.domain.moderation import Flag, ModerationDecision
from forum.domain.threads import Post, Thread, ThreadKind
from forum.errors import Invalid
from forum.policy import Actor, visible_to
from forum.policy.labels import COMMUNITY, PUBLIC, base_label
from forum.services.addresses import thread_path
from forum.services.labels import relabel


def require_movable(thread: Thread, source: Group, target: Group) -> None:
    """Raise Invalid where a discussion cannot go to a group, with the sentence that says why."""
    if source.id == target.id:
        raise Invalid("The discussion is in that group already.", field="target")
    if thread.kind is not ThreadKind.DISCUSSION or thread.consultation_id or thread.stage_id:
        raise Invalid("A comment, a question or a consultation's discussion stays where it belongs.")
    if source.attribution is not target.attribution:
        raise Invalid(
            "That group names its authors otherwise: who wrote here did not agree to that.", field="target"
        )
    if not only_narrows(thread, source, target):
        raise Invalid(
            "People could read it there who cannot read it here, and its authors have not agreed to that.",
            field="target",
        )


def only_narrows(thread: Thread, source: Group, target: Group) -> bool:
    """Whether everybody who reads a discussion in the target group reads it in its own."""
    if thread.named_list_id is not None:
        return False
    before = base_label(source.ceiling, thread.tlp, source.id, None)
    after = base_label(target.ceiling, thread.tlp, target.id, None)
    return before == PUBLIC or (before == COMMUNITY and after != PUBLIC)


def move_thread(session: Session, thread: Thread, target: Group, *, now: datetime) -> None:
    """Give a discussion with all its posts and open flags to another group; the caller has asked."""
    thread.group_id = target.id
    posts = sa.select(Post.id).where(Post.thread_id == thread.id)
    for post in session.scalars(sa.select(Post).where(Post.thread_id == thread.id)):
        post.group_id = target.id
    session.execute(
        sa.update(Flag)
        .where(Flag.subject_kind == SubjectKind.POST, Flag.subject_id.in_(posts), Flag.closed_at.is_(None))
        .values(group_id=target.id)
    )
    session.flush()
    relabel(session, target, thread, now=now)


def find_moved_to(session: Session, actor: Actor, slug: str, public_id: str) -> str | None:
    """Give the address of a discussion that was moved away from a group, to who reads it where it is."""
    target, source = aliased(Group), aliased(Group)
    moved = (
        sa.select(sa.literal(1))
        .select_from(ModerationDecision)
        .join(source, source.id == ModerationDecision.group_id)
        .join(Post, Post.id == ModerationDecision.subject_id)
        .where(
            ModerationDecision.subject_kind == SubjectKind.POST,
            ModerationDecision.action == Decision.MOVE,
            Post.thread_id == Thread.id,
            source.slug == slug,
        )
        .exists()
    )
    found = session.scalars(
        sa.select(target.slug)
        .select_from(Thread)
        .join(target, target.id == Thread.group_id)
        .where(Thread.public_id == public_id, target.slug != slug, moved, visible_to(actor, Thread))
    ).first()
    return thread_path(found, public_id) if found is not None else None
