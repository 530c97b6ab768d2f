"""The reference library: what the data files name and what the secretariat added, as one list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.audit import AuditAction
from forum.domain.citations import Cited
from forum.domain.datafile import PARTIAL_DATE
from forum.domain.library import Article, Document, LibraryDocument, LibraryKey, read_numbers, sort_documents
from forum.domain.references import EXPECTED, ReferenceKind, checked_reference
from forum.domain.text import checked_title, one_line
from forum.errors import Conflict, Invalid, NotFound
from forum.policy import Action, Actor, can, require
from forum.services.audit import record
from forum.services.citations import CitedIn, list_citing


@dataclass(frozen=True, slots=True)
class DocumentFields:
    """What the form of a document holds."""

    title: str
    reference: str = ""
    """Any number."""
    celex: str = ""
    com: str = ""
    ares: str = ""
    date: str = ""
    by: str = ""
    source: str = ""
    is_verified: bool = False
    articles: str = ""
    """One a line: the number, and after a blank its title."""


def list_documents(session: Session, actor: Actor, configured: Sequence[Document]) -> list[Document]:
    """Give all documents that the actor may see; what nobody has checked only those who keep the library."""
    rows = session.scalars(sa.select(LibraryDocument).order_by(LibraryDocument.id))
    keeps = can(actor, Action.KEEP_LIBRARY)
    added = [_document(row) for row in rows if row.is_verified or keeps]
    return sort_documents([*configured, *added])


def get_document(session: Session, actor: Actor, configured: Sequence[Document], key: str) -> Document:
    """Give a document by any of its keys; NotFound where there is none, or none that was checked."""
    for document in configured:
        if key in document.keys:
            return document
    row = session.scalars(
        sa.select(LibraryDocument)
        .join(LibraryKey, LibraryKey.document_id == LibraryDocument.id)
        .where(LibraryKey.key == key)
    ).first()
    if row is None or not (row.is_verified or can(actor, Action.KEEP_LIBRARY)):
        raise NotFound
    return _document(row)


def get_row(session: Session, actor: Actor, key: str) -> LibraryDocument:
    """Give an added document for whoever keeps the library."""
    require(actor, Action.KEEP_LIBRARY)
    row = session.scalars(sa.select(LibraryDocument).where(LibraryDocument.slug == key)).first()
    if row is None:
        raise NotFound
    return row


def list_cited_by(session: Session, actor: Actor, document: Document) -> list[CitedIn]:
    """Give where a document is cited under any of its numbers, of what the actor may read. One statement."""
    found: dict[str, CitedIn] = {}
    for lines in list_citing(session, actor, [Cited(key) for key in document.keys]).values():
        found |= {line.path: line for line in lines}
    return list(found.values())


def add_document(
    session: Session, actor: Actor, configured: Sequence[Document], fields: DocumentFields, *, now: datetime
) -> LibraryDocument:
    """Add a document; Conflict where the library has one of its numbers already."""
    require(actor, Action.KEEP_LIBRARY)
    row = LibraryDocument(created_at=now, slug="", title="", reference="")
    keys = _write(row, fields)
    _refuse_known(session, configured, keys, own=None)
    row.slug = keys[0]
    session.add(row)
    session.flush()
    session.add_all(LibraryKey(key=key, document_id=row.id) for key in keys)
    _record(session, actor, AuditAction.DOCUMENT_ADDED, row, now)
    return row


def edit_document(
    session: Session,
    actor: Actor,
    configured: Sequence[Document],
    slug: str,
    fields: DocumentFields,
    *,
    based_on: int,
    now: datetime,
) -> LibraryDocument:
    """Change an added document; Conflict where somebody changed it since the form was opened."""
    row = get_row(session, actor, slug)
    if row.lock_version != based_on:
        raise Conflict("Somebody else changed this document while you wrote. Compare, and send it again.")
    keys = _write(row, fields)
    _refuse_known(session, configured, keys, own=row.id)
    session.execute(sa.delete(LibraryKey).where(LibraryKey.document_id == row.id))
    session.add_all(LibraryKey(key=key, document_id=row.id) for key in dict.fromkeys([*keys, row.slug]))
    _record(session, actor, AuditAction.DOCUMENT_CHANGED, row, now)
    return row


def _write(row: LibraryDocument, fields: DocumentFields) -> tuple[str, ...]:
    numbers = [
        checked_reference(fields.reference, field="reference"),
        checked_reference(fields.com, kind=ReferenceKind.COMMISSION, field="com"),
        checked_reference(fields.celex, kind=ReferenceKind.CELEX, field="celex"),
        checked_reference(fields.ares, kind=ReferenceKind.ARES, field="ares"),
    ]
    known = {one.key: one.text for one in numbers if one is not None}
    if not known:
        raise Invalid(EXPECTED[None], field="reference")
    row.title, row.reference = checked_title(fields.title), "; ".join(known.values())
    row.date, row.by = _checked_date(fields.date), one_line(fields.by)[:200]
    row.source, row.is_verified = one_line(fields.source)[:500], fields.is_verified
    if row.is_verified and not row.source:
        raise Invalid("Say where you checked it.", field="source")
    row.articles = [one_line(line)[:300] for line in fields.articles.splitlines() if line.strip()][:500]
    return tuple(known)


def _checked_date(text: str) -> str:
    text = text.strip()
    if not text:
        return ""
    try:
        if not PARTIAL_DATE.fullmatch(text):
            raise ValueError
        date.fromisoformat(f"{text}-01-01"[:10])
    except ValueError:
        raise Invalid("Write the date as 2020-07-24, 2020-07 or 2020.", field="date") from None
    return text


def _refuse_known(
    session: Session, configured: Sequence[Document], keys: Sequence[str], *, own: int | None
) -> None:
    taken = next((one.numbers[0] for one in configured if not set(keys).isdisjoint(one.keys)), None)
    if taken is None:
        statement = (
            sa.select(LibraryDocument.reference)
            .join(LibraryKey, LibraryKey.document_id == LibraryDocument.id)
            .where(LibraryKey.key.in_(keys))
        )
        if own is not None:
            statement = statement.where(LibraryDocument.id != own)
        taken = session.scalars(statement).first()
    if taken is not None:
        raise Invalid("The library has %(number)s already.", field="reference", number=taken)


def _document(row: LibraryDocument) -> Document:
    numbers, keys = read_numbers(row.reference)
    parts = [line.partition(" ") for line in row.articles]
    return Document(
        slug=row.slug,
        title=row.title,
        numbers=numbers,
        keys=tuple(dict.fromkeys([*keys, row.slug])),
        date=row.date,
        by=row.by,
        source=row.source,
        is_verified=row.is_verified,
        articles=tuple(Article(number, title.strip()) for number, _, title in parts),
        is_added=True,
    )


def _record(session: Session, by: Actor, action: AuditAction, row: LibraryDocument, now: datetime) -> None:
    session.flush()
    record(session, by, action, now=now, subject_kind="document", key=row.slug, is_verified=row.is_verified)
