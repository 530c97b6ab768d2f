"""All that is stored about one person, for that person: every table that refers to them, found in the schema.

A new table is in it by itself. What proves who somebody is (passwords, tokens, keys) is left out, and of
other people only what the person wrote about them.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.attribution import Authorship, SubjectKind
from forum.domain.audit import AuditAction, AuditEntry
from forum.domain.base import Base
from forum.errors import NotAllowed
from forum.policy import Actor
from forum.services.audit import record
from forum.services.signing import account_keys

Row = dict[str, Any]

OWN = {
    "account_id",
    "author_id",
    "reporter_id",
    "created_by_id",
    "answered_by_id",
    "submitted_by_id",
    "owner_id",
}
"""Columns that say: this row is of the person, or by them; who decided about others is not their data."""

SECRET = {
    "password_hash", "token_hash", "id_hash", "code_hash", "secret", "pending", "public_key", "credential",
    "feed_key", "key", "writer_key", "digest", "storage_key", "audience", "own", "match_key", "source_key",
}  # fmt: skip
"""Columns left out: what proves who somebody is, and how the system finds things."""

WRITTEN = {
    SubjectKind.POST: "post",
    SubjectKind.VERSION: "paper_version",
    SubjectKind.ANSWER: "answer",
    SubjectKind.THREAD: "thread",
    SubjectKind.ASSESSMENT: "assessment",
    SubjectKind.ENTRY: "register_entry",
}


def collect_own_data(session: Session, actor: Actor, *, sealing_secret: bytes) -> dict[str, list[Row]]:
    """Give the rows about the actor by table, those under the Chatham House Rule too."""
    if actor.account_id is None:
        raise NotAllowed("Sign in first.")
    account_id, keys = actor.account_id, account_keys(actor, sealing_secret)
    written = _written(session, keys)
    found: dict[str, list[Row]] = {}
    for table in Base.metadata.sorted_tables:
        clauses = list(_clauses(table, account_id, keys))
        if ids := written.get(table.name):
            clauses.append(table.c.id.in_(ids))
        if table.name == "account":
            clauses = [table.c.id == account_id]
        if clauses:
            rows = session.execute(sa.select(table).where(sa.or_(*clauses))).mappings().all()
            if rows:
                found[table.name] = [_readable(table, row) for row in rows]
    found["record"] = _record_of(session, actor)
    return dict(sorted(found.items()))


def _written(session: Session, keys: tuple[str, ...]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for kind, subject_id in session.execute(
        sa.select(Authorship.subject_kind, Authorship.subject_id).where(Authorship.writer_key.in_(keys))
    ):
        if kind in WRITTEN:
            found.setdefault(WRITTEN[kind], []).append(subject_id)
    return found


def _clauses(table: sa.Table, account_id: int, keys: tuple[str, ...]) -> Iterator[sa.ColumnElement[bool]]:
    for column in table.columns:
        if column.name in OWN and any(key.column.table.name == "account" for key in column.foreign_keys):
            yield column == account_id
        elif column.name in {"writer_key", "appellant_key"} and table.name != "authorship":
            yield column.in_(keys)


def _readable(table: sa.Table, row: Any) -> Row:
    """Give a row without secrets and internal numbers."""
    return {
        column.name: _plain(row[column.name])
        for column in table.columns
        if column.name not in SECRET
        and column.name != "id"
        and not column.foreign_keys
        and row[column.name] not in (None, "", [], {})
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return getattr(value, "value", value)


def _record_of(session: Session, actor: Actor) -> list[Row]:
    """Give what the record says of the person: what they did and what was done to their account."""
    rows = session.scalars(
        sa.select(AuditEntry)
        .where(
            sa.or_(
                AuditEntry.actor == actor.public_id,
                sa.and_(AuditEntry.subject_kind == "account", AuditEntry.subject == actor.public_id),
            )
        )
        .order_by(AuditEntry.number)
    )
    return [
        {
            "recorded_at": row.recorded_at.isoformat(),
            "action": row.action,
            "by_you": row.actor == actor.public_id,
            "facts": row.facts,
        }
        for row in rows
    ]


def record_export(session: Session, actor: Actor, *, now: datetime) -> None:
    """Put on record that the person took their data."""
    record(
        session,
        actor,
        AuditAction.OWN_DATA_EXPORTED,
        now=now,
        subject_kind="account",
        subject=actor.public_id,
    )
