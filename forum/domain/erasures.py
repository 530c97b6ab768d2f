"""Erasing a person and keeping the record: what was asked, what was decided, what went."""

import enum
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId, checked

FORMER_MEMBER = "Former member"
"""The name that takes the place of an erased one; pages translate it."""
ANSWER_WITHIN = timedelta(days=30)
"""A request is answered within one month (Regulation (EU) 2016/679, Art. 12(3); 2018/1725, Art. 14(3))."""
ADDRESS_KEPT = timedelta(days=14)
"""The longest that the last address waits for its letter: what could not be sent by then never can be."""
MAX_REASON = 1000


class FormerTexts(enum.StrEnum):
    """What becomes of what a former member wrote for no organisation."""

    KEPT = "kept"
    """It stays on record under "former member"."""
    WITHDRAWN = "withdrawn"
    """Its text goes, and a stub keeps its place."""


class TextsChoice(enum.StrEnum):
    """What a decision says of the texts."""

    TERMS = "terms"
    """As the terms of each group say."""
    WITHDRAWN = "withdrawn"
    """All that the person wrote for no organisation goes: where the law obliges to it."""


class ErasureState(enum.StrEnum):
    """How far a request is."""

    ASKED = "asked"
    TAKEN_BACK = "taken_back"
    REFUSED = "refused"
    DONE = "done"


class Erasure(PublicId, Base):
    """A request to erase a person, and its answer. After it is done it names nobody but an empty account."""

    __tablename__ = "erasure"

    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    state: Mapped[ErasureState] = mapped_column(default=ErasureState.ASKED)
    asked_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    """The person, or whoever recorded it for them; null for the operator."""
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(default="")
    texts: Mapped[TextsChoice | None] = mapped_column(checked(TextsChoice, "erasure_texts"))
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """How many of what went: numbers alone."""
    name: Mapped[str] = mapped_column(default="")
    email: Mapped[str | None] = mapped_column(sa.String(254))
    """Name and last address, only until the letter that tells the person has gone."""
    language: Mapped[str] = mapped_column(sa.String(8), default="en")

    @property
    def due_at(self) -> datetime:
        """When the person must have an answer at the latest."""
        return self.asked_at + ANSWER_WITHIN
