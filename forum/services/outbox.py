"""Adding deeds to the outbox, in the transaction of what causes them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import SubjectKind
from forum.domain.base import table_of
from forum.domain.notices import NoticeKind
from forum.domain.outbox import OutboxEntry, Topic


def enqueue(
    session: Session, topic: Topic, payload: dict[str, Any], *, now: datetime, at: datetime | None = None
) -> None:
    """Have the worker do a deed after the commit; ids and facts only in the payload."""
    entry = {"topic": topic, "payload": payload, "created_at": now, "available_at": at or now}
    gathered = session.info.get(_GATHERED)
    if gathered is not None:
        gathered.append(entry)
    else:
        session.execute(_INSERT, entry)


# Past the unit of work: nobody changes an entry in the session that adds it, and every write adds some.
_INSERT = sa.insert(table_of(OutboxEntry))


_GATHERED = "outbox.gathered"


@contextmanager
def gathered(session: Session) -> Iterator[None]:
    """Write what the block enqueues at its end, in one statement: for what is done at every post."""
    entries: list[dict[str, Any]] = []
    outer = session.info.get(_GATHERED)
    session.info[_GATHERED] = entries if outer is None else outer
    try:
        yield
    finally:
        session.info[_GATHERED] = outer
    if entries:
        session.execute(_INSERT, entries)


def enqueue_index(session: Session, kind: SubjectKind, subject_id: int, *, now: datetime) -> None:
    """Have one contribution indexed anew (or removed, if nobody but moderators reads it now)."""
    enqueue(session, Topic.INDEX, {"kind": kind.value, "id": subject_id}, now=now)


def enqueue_notice(
    session: Session,
    kind: NoticeKind,
    *,
    now: datetime,
    subject_kind: SubjectKind | None = None,
    subject_id: int | None = None,
    account_id: int | None = None,
    decision_id: int | None = None,
    group_id: int | None = None,
    occasion: str | None = None,
    at: datetime | None = None,
) -> None:
    """Have people told; without `account_id` the handler works out whom the event concerns.

    `at` puts it off, as for a decision that can still be taken back; `group_id` is for what has no
    subject, as being invited to a group; `occasion` tells events about one subject apart.
    """
    payload: dict[str, Any] = {"kind": kind.value}
    if subject_kind is not None:
        payload |= {"subject_kind": subject_kind.value, "subject_id": subject_id}
    if account_id is not None:
        payload["account_id"] = account_id
    if decision_id is not None:
        payload["decision_id"] = decision_id
    if group_id is not None:
        payload["group_id"] = group_id
    if occasion is not None:
        payload["occasion"] = occasion
    enqueue(session, Topic.NOTIFY, payload, now=now, at=at)
