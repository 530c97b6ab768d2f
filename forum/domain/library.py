"""The reference library: acts and documents with their numbers, from the data files or added by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from forum.domain.base import Base
from forum.domain.references import parse_reference
from forum.domain.strategy import Act, Strategy


class LibraryDocument(Base):
    """A document that the secretariat added; what the data files have stands there."""

    __tablename__ = "library_document"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(64), unique=True)
    title: Mapped[str]
    reference: Mapped[str] = mapped_column(sa.String(200))
    """Its numbers, with semicolons between them."""
    date: Mapped[str] = mapped_column(sa.String(10), default="")
    by: Mapped[str] = mapped_column("issued_by", default="")
    source: Mapped[str] = mapped_column(default="")
    """Where whoever checked it looked."""
    is_verified: Mapped[bool] = mapped_column(default=False)
    articles: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime]
    lock_version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": lock_version}  # noqa: RUF012


class LibraryKey(Base):
    """A number under which an added document is found, as references.Reference.key."""

    __tablename__ = "library_key"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    document_id: Mapped[int] = mapped_column(sa.ForeignKey("library_document.id"), index=True)


@dataclass(frozen=True, slots=True)
class Article:
    """An article with its title; the title is empty where it was not checked."""

    number: str
    title: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the library, wherever it comes from."""

    slug: str
    title: str
    numbers: tuple[str, ...]
    """As they are written, the first one is how it is cited."""
    keys: tuple[str, ...]
    date: str
    by: str
    source: str
    is_verified: bool
    articles: tuple[Article, ...] = ()
    initiatives: tuple[int, ...] = ()
    """The initiatives that name it."""
    is_added: bool = False

    @property
    def cite(self) -> str:
        """What to write in a text to cite it."""
        return f"[[{self.numbers[0]}]]"


def read_numbers(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give numbers and keys of a list such as "COM(2024) 60, 2024/0035(COD)"; other words are left out."""
    found = [parse_reference(part) for part in text.replace(";", ",").split(",")]
    known = {one.key: one.text for one in found if one is not None}
    return tuple(known.values()), tuple(known)


def documents_of(strategy: Strategy) -> tuple[Document, ...]:
    """Give the documents that the strategy names and somebody has checked, each once, by its first number."""
    found: dict[str, Document] = {}
    for act in (*strategy.references, *strategy.calls_to_action):
        _add(found, act, None)
    for initiative in strategy.initiatives:
        for act in initiative.acts:
            _add(found, act, initiative.number)
    directive = strategy.directive
    _, keys = read_numbers(f"{directive.reference}, {directive.celex}")
    for slug, document in found.items():
        if not set(keys).isdisjoint(document.keys):
            articles = tuple(Article(one.number, one.printed_title) for one in directive.articles)
            found[slug] = replace(document, articles=articles)
    return tuple(found.values())


def _add(found: dict[str, Document], act: Act, initiative: int | None) -> None:
    numbers, keys = read_numbers(f"{act.reference}, {act.celex}")
    if not act.verified or not keys:
        return
    known = next((one for one in found.values() if not set(one.keys).isdisjoint(keys)), None)
    if known is None:
        found[keys[0]] = Document(
            slug=keys[0],
            title=act.title,
            numbers=numbers,
            keys=keys,
            date=act.date,
            by=act.by,
            source="",
            is_verified=True,
            initiatives=(initiative,) if initiative else (),
        )
    elif initiative and initiative not in known.initiatives:
        found[known.slug] = replace(known, initiatives=(*known.initiatives, initiative))


def search_documents(documents: Iterable[Document], words: str) -> list[Document]:
    """Give the documents whose title, numbers or issuer hold all the words."""
    wanted = words.casefold().split()

    def text(document: Document) -> str:
        return " ".join((document.title, *document.numbers, *document.keys, document.by)).casefold()

    return [one for one in documents if all(word in text(one) for word in wanted)]


def sort_documents(documents: Sequence[Document]) -> list[Document]:
    """Give documents by date, newest first, undated ones last, then by title."""
    return sorted(
        sorted(documents, key=lambda one: one.title.casefold()), key=lambda one: one.date, reverse=True
    )
