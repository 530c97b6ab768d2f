"""Who may publish in a body's name: every mandate-holder, or only those whom the body named."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from forum.domain.audit import AuditAction
from forum.errors import Invalid
from forum.policy import Action, Actor, require
from forum.services.audit import record
from forum.services.mandates import list_mandates
from forum.services.organisations import get_organisation


def choose_publishers(
    session: Session, actor: Actor, slug: str, *, by_name: bool, people: Collection[str], now: datetime
) -> None:
    """Let every mandate-holder of a body publish for it, or only `people` (public ids of accounts).

    Takes somebody who may publish for it, or who manages people. Invalid where nobody would be left.
    """
    organisation = get_organisation(session, slug)
    require(actor, Action.CHOOSE_PUBLISHERS, organisation)
    today = now.date()
    lines = [line for line in list_mandates(session, organisation=organisation) if not line.is_over(today)]
    named = {line.account.public_id for line in lines} & set(people)
    current = {line.account.public_id for line in lines if line.is_current(today)}
    if by_name and not named & current:
        raise Invalid("Name at least one person whose mandate holds today.", field="people")
    organisation.publishes_by_name = by_name
    changed = 0
    for line in lines:
        may = not by_name or line.account.public_id in named
        changed += line.mandate.may_publish is not may
        line.mandate.may_publish = may
    session.flush()
    record(
        session,
        actor,
        AuditAction.PUBLISHERS_CHANGED,
        now=now,
        subject_kind="organisation",
        subject=organisation.public_id,
        by_name=by_name,
        changed=changed,
    )
