"""Exports of searches: asking for one, making it in the worker, downloading and deleting it.

Rights are asked anew when it is made and at each download: a file whose owner may no longer read a part of
it, or see an author as it names them, is not given out.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.audit import AuditAction
from forum.domain.outbox import Topic
from forum.domain.search_exports import (
    KEEP,
    MAX_KEPT,
    MOST,
    MOST_IN_DOCUMENT,
    ExportFormat,
    ExportState,
    SearchExport,
)
from forum.errors import Conflict, Invalid, NotAllowed, NotFound
from forum.policy import Actor
from forum.search.analysis import QueryTerms
from forum.search.grammar import parse
from forum.search.grammar_writing import write_query
from forum.search.protocol import Hit, SearchEngine
from forum.search.query import Filters
from forum.services.actors import load_actor
from forum.services.audit import record
from forum.services.outbox import enqueue
from forum.services.search import check_text, find_hits, list_known_groups
from forum.services.search_filters import read_filters, write_arguments
from forum.services.search_hits import Found, load_hits

BATCH = 200
"""Results loaded at a time."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What goes into a file."""

    export: SearchExport
    actor: Actor
    hits: Sequence[Found]
    found: int


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was made."""

    export_id: int
    storage_key: str
    documents: Sequence[str]
    digest: str
    total: int
    found: int


def ask_export(
    session: Session,
    actor: Actor,
    *,
    text: str,
    filters: Filters,
    sort: str,
    form: ExportFormat,
    base_url: str,
    now: datetime,
) -> SearchExport:
    """Have the worker make a file of all that a search finds; goes on record, without the words."""
    if actor.account_id is None:
        raise NotAllowed
    check_text(text)
    typed = parse(text)
    merged = typed.filters.merge(filters)
    words = write_query(typed.query)
    if not words and not merged:
        raise Invalid("Search for something first: this would be everything.", field="form")
    kept = sa.select(sa.func.count()).where(SearchExport.account_id == actor.account_id)
    if (session.scalar(kept) or 0) >= MAX_KEPT:
        raise Invalid("You have %(limit)d exports already: delete one first.", field="form", limit=MAX_KEPT)
    export = SearchExport(
        account_id=actor.account_id,
        text=words,
        arguments=[list(pair) for pair in write_arguments(merged)],
        sort=sort,
        form=form,
        base_url=base_url.rstrip("/"),
        created_at=now,
        expires_at=now + KEEP,
    )
    session.add(export)
    session.flush()
    enqueue(session, Topic.EXPORT, {"export_id": export.id}, now=now)
    record(
        session,
        actor,
        AuditAction.SEARCH_EXPORTED,
        now=now,
        subject_kind="search_export",
        subject=export.public_id,
        format=form.value,
    )
    return export


def filters_of(export: SearchExport) -> Filters:
    """Give the filters of an export's search."""
    values: dict[str, list[str]] = {}
    for name, value in export.arguments:
        values.setdefault(name, []).append(value)
    return read_filters(values)


def list_exports(session: Session, actor: Actor, *, now: datetime) -> Sequence[SearchExport]:
    """Give the actor's exports that have not expired, the newest first."""
    return session.scalars(
        sa.select(SearchExport)
        .where(SearchExport.account_id == actor.account_id, SearchExport.expires_at > now)
        .order_by(SearchExport.id.desc())
    ).all()


def get_export(session: Session, actor: Actor, public_id: str, *, now: datetime) -> SearchExport:
    """Give one of the actor's exports; NotFound for another person's, and for one that has expired."""
    export = session.scalars(
        sa.select(SearchExport).where(
            SearchExport.public_id == public_id,
            SearchExport.account_id == actor.account_id,
            SearchExport.expires_at > now,
        )
    ).first()
    if export is None:
        raise NotFound
    return export


def check_download(session: Session, actor: Actor, export: SearchExport) -> str:
    """Give the key of the file; Conflict where it says what its owner may not be told any more."""
    if export.state is not ExportState.DONE or export.storage_key is None:
        raise NotFound
    hits = load_all(session, actor, [Hit(id_, "", "", 0.0, None, False) for id_ in export.documents])
    if digest_of(hits) != export.digest:
        raise Conflict(
            "What you may read, or what may be shown of an author, has changed since this file was made. "
            "Make it again."
        )
    return export.storage_key


def load_all(session: Session, actor: Actor, hits: Sequence[Hit]) -> list[Found]:
    """Load hits without passages, as far as they may be read: a few statements for every BATCH of them."""
    groups = {
        group.id: group for group in list_known_groups(session, actor) if group.audience in actor.clearances
    }
    found: list[Found] = []
    for start in range(0, len(hits), BATCH):
        part = hits[start : start + BATCH]
        found += load_hits(session, actor, part, terms=QueryTerms(), groups=groups, with_passages=False)
    return found


def digest_of(hits: Iterable[Found]) -> str:
    """Give the hash of who and what a file shows, in any order and without the passages."""
    lines = sorted(repr((hit.id, hit.byline, hit.shown_as, hit.tlp, hit.status)) for hit in hits)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def gather(
    session: Session,
    engine: SearchEngine,
    export_id: int,
    *,
    now: datetime,
    sealing_secret: bytes,
    progress: Callable[[int, int], None],
) -> Gathered | None:
    """Find and load all that goes into a file, by its owner's rights of now; None where nobody waits.

    `progress` is told the results so far and in all; it may end the session's transaction.
    """
    export = session.get(SearchExport, export_id)
    if export is None or export.state is ExportState.DONE or export.expires_at <= now:
        return None
    actor = load_actor(session, export.account_id, now=now, sealing_secret=sealing_secret)
    if not actor.is_signed_in:
        return None
    limit = MOST_IN_DOCUMENT if export.form is ExportFormat.DOCX else MOST
    found = find_hits(
        session, actor, engine, text=export.text, filters=filters_of(export), sort=export.sort, limit=limit
    )
    hits: list[Found] = []
    progress(0, len(found.hits))
    for start in range(0, len(found.hits), BATCH):
        hits += found.load(found.hits[start : start + BATCH])
        progress(min(start + BATCH, len(found.hits)), len(found.hits))
    return Gathered(export, actor, hits, found.total)


def record_progress(session: Session, export_id: int, done: int, total: int) -> None:
    """Write how far an export is; call inside a write transaction."""
    session.execute(
        sa.update(SearchExport)
        .where(SearchExport.id == export_id)
        .values(state=ExportState.MAKING, done=done, total=total)
    )


def record_made(session: Session, made: Made, *, now: datetime) -> None:
    """Write that the file is there; where its export is gone meanwhile, have the file forgotten."""
    export = session.get(SearchExport, made.export_id)
    if export is None or export.state is ExportState.DONE:
        enqueue(session, Topic.FILES, {"forget": made.storage_key}, now=now)
        return
    export.state, export.finished_at = ExportState.DONE, now
    export.storage_key, export.documents, export.digest = made.storage_key, list(made.documents), made.digest
    export.done = export.total = made.total
    export.found = made.found


def delete_export(session: Session, actor: Actor, public_id: str, *, now: datetime) -> None:
    """Delete one of the actor's exports with its file."""
    drop_export(session, get_export(session, actor, public_id, now=now), now)


def expire_exports(session: Session, *, now: datetime) -> int:
    """Delete what has expired, with the files; gives how many. Call inside a write transaction."""
    expired = session.scalars(sa.select(SearchExport).where(SearchExport.expires_at <= now)).all()
    for export in expired:
        drop_export(session, export, now)
    return len(expired)


def has_expired(session: Session, *, now: datetime) -> bool:
    """Whether there is something to delete: a plain read."""
    return (
        session.scalar(sa.select(SearchExport.id).where(SearchExport.expires_at <= now).limit(1)) is not None
    )


def drop_export(session: Session, export: SearchExport, now: datetime) -> None:
    """Delete an export and have its file forgotten."""
    if export.storage_key is not None:
        enqueue(session, Topic.FILES, {"forget": export.storage_key}, now=now)
    session.delete(export)
    session.flush()
