"""Deciding on many at once: only on texts that are word for word the same, with a letter to each author."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.moderation import Action as Decision
from forum.domain.threads import Post
from forum.errors import Conflict, ForumError, Invalid
from forum.policy import Action, Actor
from forum.policy.sql import may_decide
from forum.policy.subjects import Subject
from forum.services.moderation import checked_grounds, decide_on
from forum.services.subjects import get_subject

MAX_AT_ONCE = 50
"""Decisions in one transaction at most: others want to write too."""

ALIKE = frozenset({Decision.APPROVE, Decision.REJECT, Decision.HIDE, Decision.RESTORE, Decision.KEEP})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of them: the decision's public id, or why there is none."""

    public_id: str
    decision: str | None
    refusal: ForumError | None = None


def list_alike(session: Session, actor: Actor, subject: Subject, *, limit: int = MAX_AT_ONCE) -> list[str]:
    """Give the public ids of the posts in the group that say exactly what this one says, itself first.

    Only those in the same status that the actor may decide on.
    """
    if subject.kind is not SubjectKind.POST:
        return [subject.row.public_id]
    own = subject.row
    found = session.scalars(
        sa.select(Post.public_id)
        .where(
            Post.group_id == subject.group.id,
            Post.status == own.status,
            Post.text == own.text,
            Post.id != own.id,
            may_decide(actor, Post),
        )
        .order_by(Post.id)
        .limit(limit - 1)
    )
    return [own.public_id, *found]


def decide_alike(
    session: Session,
    actor: Actor,
    public_ids: Sequence[str],
    *,
    action: Decision,
    rule: str = "",
    reason: str = "",
    now: datetime,
) -> list[Outcome]:
    """Decide on posts with one and the same text, each with its own record, statement and letter.

    What somebody else has decided meanwhile is left as it is, and said. Invalid where the texts differ,
    where there are too many for one transaction, or where the decision is not about the status.
    """
    if action not in ALIKE:
        raise Invalid("That is decided one by one.")
    if len(public_ids) > MAX_AT_ONCE or len(set(public_ids)) != len(public_ids):
        raise Invalid("Decide on at most %(limit)s at once, each once.", limit=MAX_AT_ONCE)
    subjects = [get_subject(session, actor, SubjectKind.POST, one, Action.MODERATE) for one in public_ids]
    if len({(one.group.id, one.row.text) for one in subjects}) > 1:
        raise Invalid("Only texts that are exactly the same are decided at once.")
    grounds = checked_grounds(session, subjects[0].group, action, rule, reason) if subjects else None
    outcomes = []
    for subject in subjects:
        public_id = str(subject.row.public_id)
        try:
            made = decide_on(session, actor, subject, action, rule, reason, now=now, grounds=grounds)
        except Conflict as conflict:
            outcomes.append(Outcome(public_id, None, conflict))
        except Invalid as error:
            if error.field is not None:  # what was typed is wrong, and so it is for all of them
                raise
            outcomes.append(Outcome(public_id, None, error))
        else:
            outcomes.append(Outcome(public_id, made.public_id))
    return outcomes
