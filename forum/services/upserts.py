"""Inserting what may be there already: an INSERT that says what to do on a conflict, of either database."""

from typing import Any

from sqlalchemy.orm import Session


def upsert_of(session: Session) -> Any:
    """Give the database's INSERT with `on_conflict_do_…`; only its own dialect is loaded."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert
    from sqlalchemy.dialects import sqlite

    return sqlite.insert
