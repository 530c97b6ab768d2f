"""One row of any table in a closed group, made from its columns alone, where no world has one.

A table whose columns cannot be filled by their types gets a row in world.py by hand.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.base import Base
from tests.attacks.canaries import OF_EVERYBODY, key_of, target_of


def add_missing(session: Session, missing: list[str], group_id: int, account_id: int, now: datetime) -> None:
    """Add a row of each table that has none, those that others refer to first."""
    known: dict[str, Any] = {"working_group": group_id, "account": account_id}
    for table in Base.metadata.sorted_tables:
        if table.name not in missing:
            continue
        values = {
            column.name: _value(session, column, known, now)
            for column in table.columns
            if not column.nullable or column.foreign_keys or column.name in {"group_id", "account_id"}
        }
        if isinstance(key_of(table).type, sa.Integer) and not key_of(table).foreign_keys:
            values.pop(key_of(table).name, None)
        session.execute(
            sa.insert(table).values({name: value for name, value in values.items() if value != ""})
        )
        session.commit()


def _value(session: Session, column: sa.Column[Any], known: Mapping[str, Any], now: datetime) -> Any:
    if column.foreign_keys:
        return _referred(session, column, known)
    if column.name in {"audience", "own"}:
        return f"group:{known['working_group']}"
    if column.name == "public_id":
        return f"attacked{column.table.name[:5]}"[:13].ljust(13, "a")
    if column.name == "time_zone":
        return "Europe/Brussels"
    if column.name == "register":
        return "gaps"
    kind = column.type
    if isinstance(kind, sa.Enum):
        words = kind.enums or [""]
        return kind.enum_class(words[0]) if kind.enum_class else words[0]
    if isinstance(kind, sa.JSON):
        return column.default.arg(None) if column.default is not None else []
    if isinstance(kind, sa.String):
        return "en" if column.name == "language" else f"{column.table.name}-{column.name}"[:60]
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.Integer):
        return 1
    return now.date() if kind.python_type is date else now


def _referred(session: Session, column: sa.Column[Any], known: Mapping[str, Any]) -> Any:
    name = target_of(column)
    if name in known:
        return known[name]
    if name in OF_EVERYBODY:
        return None if column.nullable else session.scalar(sa.select(sa.func.min(key_of(_table(name)))))
    table = _table(name)
    query = sa.select(sa.func.max(key_of(table)))
    if "group_id" in table.columns:
        query = query.where(table.c.group_id == known["working_group"])
    return session.scalar(query)


def _table(name: str) -> sa.Table:
    return Base.metadata.tables[name]
