"""What every table shares: the declarative base, the column types and the random public id."""

import base64
import enum
import secrets
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, registry

__all__ = [
    "Base",
    "MappedAsDataclass",
    "PublicId",
    "UtcDateTime",
    "complete_partial_indexes",
    "new_public_id",
    "partial_index",
    "table_of",
]

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """A moment in UTC: aware in Python on every database; naive times are refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Store in UTC; SQLite has no zones, so the naive UTC time is stored there."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Give the time back as aware UTC."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


def _values(kind: type[enum.Enum]) -> list[str]:
    return [str(member.value) for member in kind]


def checked(kind: type[enum.Enum], name: str) -> sa.Enum:
    """Give the type of an enum column whose check needs a name of its own (two of one enum in a table)."""
    return sa.Enum(
        kind, name=name, native_enum=False, create_constraint=True, values_callable=_values, length=32
    )


class Base(DeclarativeBase):
    """The base of all tables; the type map is here so that the domain needs no Flask."""

    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMING),
        type_annotation_map={
            datetime: UtcDateTime(),
            str: sa.Text(),
            dict[str, Any]: sa.JSON(),
            list[Any]: sa.JSON(),
            list[str]: sa.JSON(),
            # A checked string rather than a native enum: adding a value later is a plain migration.
            enum.Enum: sa.Enum(
                enum.Enum, native_enum=False, create_constraint=True, values_callable=_values, length=32
            ),
        },
    )


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """Give an index over the rows of which a condition in SQL is true.

    PostgreSQL's half is added where a table is made: to name it here would load that dialect with all its
    drivers into every process, 3 MB that most never need.
    """
    return sa.Index(name, *columns, unique=unique, sqlite_where=sa.text(where), info={"where": where})


def complete_partial_indexes(metadata: sa.MetaData, *_connection: Any, **_options: Any) -> None:
    """Give partial indexes their condition on PostgreSQL too; before tables are made or compared."""
    for table in metadata.tables.values():
        for index in table.indexes:
            if "where" in index.info:
                index.dialect_kwargs["postgresql_where"] = sa.text(index.info["where"])


sa.event.listen(Base.metadata, "before_create", complete_partial_indexes)


def new_public_id() -> str:
    """64 random bits as 13 lower-case base32 letters: the only id that leaves the database."""
    return base64.b32encode(secrets.token_bytes(8)).decode("ascii").rstrip("=").lower()


class PublicId:
    """Mix-in: a sequential key for joins, and a random one for addresses, API, mail and feeds."""

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(sa.String(13), unique=True, default=new_public_id)


def table_of(model: type[Base]) -> sa.Table:
    """Give the table of a model, for statements that go past the unit of work."""
    table = model.__table__
    assert isinstance(table, sa.Table)
    return table
