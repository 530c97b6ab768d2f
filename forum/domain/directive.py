"""The Directive's board: articles by Member States, proposed statuses, and the one contact of each State."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base, PublicId, partial_index
from forum.domain.datafile import Table, open_table, refuse_twice
from forum.domain.labels import Labelled
from forum.domain.registers import Tone
from forum.domain.strategy import Directive
from forum.domain.text import normalise, one_line
from forum.errors import Invalid

MAX_NOTE = 4_000
MAX_SOURCE = 500
"""In characters."""


class ArticleStatus(PublicId, Labelled, Base):
    """What is said of one article in one State: proposed (received), then published; never changed after.

    The newest published one stands on the board, those before it are its history.
    """

    __tablename__ = "article_status"
    __table_args__ = (sa.Index("ix_article_status_cell", "group_id", "country", "article", "published_at"),)

    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"))
    country: Mapped[str] = mapped_column(sa.String(2))
    article: Mapped[str] = mapped_column(sa.String(16))
    state: Mapped[str] = mapped_column(sa.String(64))
    confidence: Mapped[str] = mapped_column(sa.String(64))
    as_of: Mapped[date]
    """The day that it speaks of."""
    source: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    proposed_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    proposed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """Until when the State's contact can remark on it."""
    contact_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    remark: Mapped[str] = mapped_column(default="")
    remarked_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    lock_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": lock_version}  # noqa: RUF012


class StateContact(Base):
    """Who speaks for a State on a board, since when and until when."""

    __tablename__ = "state_contact"
    __table_args__ = (
        partial_index(
            "uq_state_contact_current",
            "group_id",
            "country",
            unique=True,
            where="ended_at IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int] = mapped_column(sa.ForeignKey("working_group.id"))
    country: Mapped[str] = mapped_column(sa.String(2))
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


@dataclass(frozen=True)
class BoardStatus:
    """A word of the board."""

    key: str
    mark: str
    """A few letters for a narrow cell."""
    title: str
    tone: Tone
    is_offered: bool


@dataclass(frozen=True)
class Confidence:
    """How sure a status is."""

    key: str
    title: str


@dataclass(frozen=True)
class Board:
    """The whole of `directive.toml`."""

    group: str
    working_days: int
    statuses: tuple[BoardStatus, ...]
    confidence: tuple[Confidence, ...]

    def find_status(self, key: str) -> BoardStatus:
        """Give a status; of one that the data has lost its key."""
        known = next((one for one in self.statuses if one.key == key), None)
        return known or BoardStatus(key, key[:3], key, Tone.PLAIN, is_offered=False)

    def confidence_title(self, key: str) -> str:
        """Give how sure something is, in words."""
        return next((one.title for one in self.confidence if one.key == key), key)


def load_board(path: Path) -> Board:
    """Read and check the board; DataFileError names the file, the place and the key that is wrong."""
    with open_table(path) as top:
        statuses = top.tables("statuses", "key", required=True)
        confidence = top.tables("confidence", "key", required=True)
        board = Board(
            group=top.slug("group"),
            working_days=top.whole("working_days", least=1),
            statuses=tuple(_status(row) for row in statuses),
            confidence=tuple(_confidence(row) for row in confidence),
        )
        refuse_twice(statuses, "key", [one.key for one in board.statuses])
        refuse_twice(confidence, "key", [one.key for one in board.confidence])
    return board


def _status(row: Table) -> BoardStatus:
    status = BoardStatus(
        key=row.slug("key"),
        mark=row.text("mark"),
        title=row.text("title"),
        tone=Tone(row.choice("tone", [tone.value for tone in Tone], Tone.PLAIN.value)),
        is_offered=row.flag("offered", True),
    )
    row.finish()
    return status


def _confidence(row: Table) -> Confidence:
    confidence = Confidence(row.slug("key"), row.text("title"))
    row.finish()
    return confidence


def check_cell(directive: Directive, country: str, article: str) -> None:
    """Raise Invalid for a State that is not bound or unknown, or an article that is not followed."""
    if country in directive.not_bound:
        raise Invalid(
            "%(country)s is not bound by %(act)s (recital 52): it has no status here.",
            field="country",
            country=country,
            act=directive.reference,
        )
    if country not in directive.bound:
        raise Invalid("The board has no State %(country)s.", field="country", country=country[:8])
    if article not in {one.number for one in directive.articles}:
        raise Invalid("The board has no article %(article)s.", field="article", article=article[:16])


def checked_note(text: str, *, field: str, is_needed: bool = False) -> str:
    """Give a remark or note; Invalid where it is too long, or missing where it is needed."""
    text = normalise(text[: 10 * MAX_NOTE]).strip()
    if len(text) > MAX_NOTE:
        raise Invalid("Up to %(limit)d characters are accepted here.", field=field, limit=MAX_NOTE)
    if is_needed and not text:
        raise Invalid("Write your remark.", field=field)
    return text


def checked_source(text: str) -> str:
    """Give the source of a status; Invalid where there is none."""
    source = one_line(text[: 10 * MAX_SOURCE])
    if not source:
        raise Invalid("Say where this comes from.", field="source")
    if len(source) > MAX_SOURCE:
        raise Invalid("Up to %(limit)d characters are accepted here.", field="source", limit=MAX_SOURCE)
    return source
