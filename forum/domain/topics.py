"""Topics: a saved query with its terms in any language, and what a person judged a passage about one to say.

A passage is kept by its place and the hash of its words, never by the words themselves: what is withdrawn,
relabelled or erased is gone from here with its text, and an edit afterwards is seen.
"""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.attribution import SubjectKind
from forum.domain.base import Base, PublicId
from forum.domain.languages import LANGUAGES
from forum.errors import Invalid

MAX_NAME = 100
MAX_TERMS = 40
"""Of one topic: one a language, and some to spare."""
MAX_TERM = 100
MAX_NOTE = 500
"""Characters of a remark beside a stance."""

_LINE = re.compile(r"(?:([a-z]{2})\s*:\s*)?(.+)")
_SIGNS = re.compile(r"[\s\"()„“”«»]+")


class Stance(enum.StrEnum):
    """What a passage says about a topic, as a person read it."""

    SUPPORTS = "supports"
    CONDITIONS = "conditions"
    """Supports with conditions."""
    OPPOSES = "opposes"
    NEUTRAL = "neutral"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Term:
    """One way to say it, in one language or in any."""

    language: str
    """ISO 639-1; empty where it is the same in several."""
    text: str

    @property
    def key(self) -> str:
        """Give what stands for it in a search: without case and signs."""
        return term_key(self.text)


class Topic(PublicId, Base):
    """A saved query and its terms. It belongs to a group's secretariat, or to the platform's.

    It has no label: whoever reads its group, and is signed in, may search with it; one of the platform is for
    all participants. It says nothing of what anybody wrote.
    """

    __tablename__ = "topic"

    group_id: Mapped[int | None] = mapped_column(sa.ForeignKey("working_group.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(MAX_NAME))
    slug: Mapped[str] = mapped_column(sa.String(80), index=True)
    """What is typed after `topic:`; two topics of different owners may share it, and are then both meant."""
    about: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(sa.String(400), default="")
    """The words of the query as the grammar writes them, without filters."""
    terms: Mapped[list[Any]] = mapped_column(default=list)
    """[[language, term]]."""
    arguments: Mapped[list[Any]] = mapped_column(default=list)
    """[[name, value]] of the query's filters and of its order, as an address carries them."""
    created_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime]
    lock_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": lock_version}  # noqa: RUF012

    def read_terms(self) -> tuple[Term, ...]:
        """Give the terms as values."""
        return tuple(Term(language, text) for language, text in self.terms)


class PassageStance(PublicId, Base):
    """The stance that a person read in one passage; its words are read where they stand, each time anew."""

    __tablename__ = "passage_stance"
    __table_args__ = (
        sa.UniqueConstraint("topic_id", "subject_kind", "subject_id", "start"),
        sa.Index("ix_passage_stance_subject", "subject_kind", "subject_id"),
    )

    topic_id: Mapped[int] = mapped_column(sa.ForeignKey("topic.id"))
    subject_kind: Mapped[SubjectKind]
    subject_id: Mapped[int]
    """Of a paper it is the version: what a later one says is another passage."""
    place: Mapped[str] = mapped_column(sa.String(16), default="")
    """The paragraph's anchor in a paper, the page's number in a file; empty elsewhere."""
    start: Mapped[int]
    """Characters of the text before the passage."""
    end: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64))
    """SHA-256 of the words that were judged."""
    stance: Mapped[Stance]
    note: Mapped[str] = mapped_column(default="")
    coded_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"))
    coded_at: Mapped[datetime]


def term_key(text: str) -> str:
    """Give a term as it is compared: one space between words, no case, no signs of the grammar."""
    return " ".join(_SIGNS.sub(" ", text).casefold().split())


def read_terms(source: str) -> list[Term]:
    """Read terms as people type them, one a line, with a language and a colon before it if it has one.

    Invalid for too many or too long ones, and for a language that is none of the Union's.
    """
    terms: dict[tuple[str, str], Term] = {}
    for line in source.splitlines():
        found = _LINE.fullmatch(" ".join(line.split()))
        if found is None:
            continue
        language, text = found[1] or "", found[2]
        if language and language not in LANGUAGES:
            raise Invalid("“%(code)s” is no language of the Union.", field="terms", code=language)
        if len(text) > MAX_TERM:
            raise Invalid("Keep each term under %(limit)d characters.", field="terms", limit=MAX_TERM)
        if term_key(text):
            terms[language, term_key(text)] = Term(language, text)
    if len(terms) > MAX_TERMS:
        raise Invalid("A topic has at most %(limit)d terms.", field="terms", limit=MAX_TERMS)
    return list(terms.values())


def write_terms(terms: Sequence[Term]) -> str:
    """Give terms as read_terms() reads them."""
    return "\n".join(f"{term.language}: {term.text}" if term.language else term.text for term in terms)


def checked_name(name: str) -> str:
    """Give the name of a topic in one line; Invalid where it is empty or too long."""
    name = " ".join(name.split())
    if not name:
        raise Invalid("Give the topic a name.", field="name")
    if len(name) > MAX_NAME:
        raise Invalid("Keep the name under %(limit)d characters.", field="name", limit=MAX_NAME)
    return name


def has_changed(before: Stance, after: Stance) -> bool:
    """Whether a later stance is another one; a passage that nobody could tell the stance of says nothing."""
    return before is not after and Stance.UNCLEAR not in {before, after}
