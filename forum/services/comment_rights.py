"""What a person may do with the comments on a paper."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.groups import Group, GroupRole
from forum.domain.papers import Paper, Purpose
from forum.errors import NotAllowed, NotFound
from forum.policy import Action, Actor, can
from forum.policy.subjects import CommentRights, PaperRights, Subject
from forum.services.drafts import load_rights
from forum.services.subjects import get_subject


@dataclass(frozen=True, slots=True)
class Rights:
    """What one person may do with the comments on one paper."""

    may_edit: bool = False
    """Begin or go on with its next version."""
    may_answer: bool = False
    """Answer comments, accept and decline suggested wording."""
    may_suggest: bool = False
    may_place_all: bool = False
    """Give any comment a place that has lost its own."""
    may_switch: bool = False
    """Say whether the paper takes suggestions."""


def get_rights(session: Session, actor: Actor, group: Group, paper: Paper) -> Rights:
    """Give what the actor, who reads the paper, may do. One statement, none for visitors."""
    if not actor.is_signed_in:
        return Rights()
    rights = load_rights(session, group, paper)
    may_answer = can(actor, Action.COMMENT_ANSWER, rights)
    is_moderator = GroupRole.MODERATOR in actor.roles_in(group.id) and not actor.is_suspended
    return Rights(
        may_edit=can(actor, Action.NEW_VERSION, rights),
        may_answer=may_answer,
        may_suggest=can(actor, Action.COMMENT_SUGGEST, rights),
        may_place_all=may_answer or is_moderator,
        may_switch=may_answer and paper.purpose is not Purpose.GROUP_DRAFT,
    )


def require_answering(session: Session, actor: Actor, group: Group, paper: Paper) -> PaperRights:
    """Raise unless the actor, who reads the paper, answers the comments on it."""
    rights = load_rights(session, group, paper)
    if not can(actor, Action.COMMENT_ANSWER, rights):
        raise NotAllowed(
            "Comments are answered by the authors of the paper, and on a group draft by the rapporteur."
        )
    return rights


def require_suggesting(session: Session, actor: Actor, group: Group, paper: Paper) -> None:
    """Raise unless the paper takes suggestions and the actor may write in its group."""
    if not can(actor, Action.COMMENT_SUGGEST, load_rights(session, group, paper)):
        raise NotAllowed("This paper takes no suggested wording. You can comment on the passage instead.")


def get_comment(session: Session, actor: Actor, slug: str, public_id: str) -> Subject:
    """Give a readable comment on a paper by its address; NotFound where it is none."""
    subject = get_subject(session, actor, SubjectKind.THREAD, public_id)
    if subject.group.slug != slug or subject.paper is None or subject.row.version_id is None:
        raise NotFound
    return subject


def require_placing(session: Session, actor: Actor, comment: Subject) -> None:
    """Raise unless the actor may give the comment a place."""
    assert comment.paper is not None
    rights = CommentRights(comment, load_rights(session, comment.group, comment.paper))
    if not can(actor, Action.COMMENT_PLACE, rights):
        raise NotAllowed(
            "The author of a comment, the authors of the paper and the moderators of the group may attach "
            "it to a passage."
        )


def switch_suggestions(session: Session, actor: Actor, group: Group, paper: Paper, *, takes: bool) -> None:
    """Let a position take suggested wording or not; a group draft always does."""
    require_answering(session, actor, group, paper)
    if paper.purpose is not Purpose.GROUP_DRAFT:
        paper.takes_suggestions = takes
