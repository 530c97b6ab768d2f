"""Imported records: which line of which file became which contribution."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import SubjectKind
from forum.domain.base import Base


class ImportedRecord(Base):
    """Where an imported record went, so that a second run changes nothing and an export gives it back."""

    __tablename__ = "imported_record"
    __table_args__ = (sa.Index("ix_imported_record_target", "target_kind", "target_id"),)

    source_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(32))
    target_kind: Mapped[SubjectKind]
    target_id: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64))
    extra: Mapped[dict[str, Any]]
    """Fields the product has no column for; exported again."""
