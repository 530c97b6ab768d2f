"""The terms of a group's meetings and decisions, changed by its chair or secretariat; the web wins."""

from datetime import datetime

from sqlalchemy.orm import Session

from forum.domain.audit import AuditAction
from forum.domain.practice import Practice, check_practice
from forum.policy import Action, Actor
from forum.services.audit import record
from forum.services.groups import get_group


def change_practice(session: Session, actor: Actor, slug: str, practice: Practice, *, now: datetime) -> None:
    """Set lead times, quorum and the rules for declarations; a charter loaded later leaves them alone."""
    group = get_group(session, actor, slug, Action.MANAGE_GROUP)
    check_practice(practice)
    if group.practice == practice.to_json():
        return
    group.practice = practice.to_json()
    group.edited_fields = sorted({*group.edited_fields, "practice"})
    session.flush()
    record(
        session,
        actor,
        AuditAction.CHARTER_CHANGED,
        now=now,
        subject_kind="group",
        subject=group.public_id,
        group=group,
        terms=["practice"],
    )
