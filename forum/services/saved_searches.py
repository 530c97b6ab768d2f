"""Saved searches: keeping them, and finding what has come since their owner was last told.

A moment that is told of a contribution must not say more than its page does: under the Chatham House Rule,
where times are days, something counts as come when its day is over.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.attribution import Attribution, SubjectKind
from forum.domain.groups import Group
from forum.domain.labels import Status
from forum.domain.notices import Notice, NoticeKind
from forum.domain.outbox import OutboxEntry, Topic
from forum.domain.saved_searches import (
    MAX_SAVED,
    MOMENT,
    Frequency,
    SavedSearch,
    Watched,
    checked_name,
    next_look,
)
from forum.domain.threads import Post
from forum.errors import Invalid, NotAllowed, NotFound
from forum.policy import Actor, visible_to
from forum.search.grammar import parse
from forum.search.grammar_writing import write_query
from forum.search.protocol import SearchEngine
from forum.search.query import Filters
from forum.services.actors import load_actor
from forum.services.indexing import document_id
from forum.services.outbox import enqueue
from forum.services.recipients import NewNotice, create_notice, wants_mail
from forum.services.search import Findings, check_text, find_hits
from forum.services.search_filters import read_filters, write_arguments
from forum.services.search_hits import Found

MOST_FINDS = 200
"""What one look tells of at most; the page of the search has the rest."""
_MOST_LOOKED_THROUGH = 10_000
_DAY = timedelta(days=1)
_SETTLING = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Find:
    """Something that has come or changed."""

    hit: Found
    is_edit: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What the worker saw of a saved search; `count` is of what its owner may read."""

    saved_search_id: int
    since: datetime
    until: datetime
    count: int


def filters_of(saved: SavedSearch) -> Filters:
    """Give the filters that are kept with a search."""
    values: dict[str, list[str]] = {}
    for name, value in saved.arguments:
        values.setdefault(name, []).append(value)
    return read_filters(values)


def list_saved(session: Session, actor: Actor) -> Sequence[SavedSearch]:
    """Give the actor's saved searches by name."""
    return session.scalars(
        sa.select(SavedSearch)
        .where(SavedSearch.account_id == actor.account_id)
        .order_by(sa.func.lower(SavedSearch.name), SavedSearch.id)
    ).all()


def get_saved(session: Session, actor: Actor, public_id: str) -> SavedSearch:
    """Give one of the actor's saved searches; NotFound if it is none of theirs."""
    saved = session.scalars(
        sa.select(SavedSearch).where(
            SavedSearch.public_id == public_id, SavedSearch.account_id == actor.account_id
        )
    ).first()
    if saved is None:
        raise NotFound
    return saved


def save_search(
    session: Session,
    actor: Actor,
    *,
    name: str,
    text: str,
    filters: Filters,
    frequency: Frequency,
    watched: Watched,
    now: datetime,
) -> SavedSearch:
    """Keep a search; what is there already is not told of."""
    account = _account_of(session, actor)
    check_text(text)
    typed = parse(text)
    merged = typed.filters.merge(filters)
    if not write_query(typed.query) and not merged:
        raise Invalid("Search for something first: this would find nothing.", field="name")
    count = session.scalar(
        sa.select(sa.func.count()).select_from(SavedSearch).where(SavedSearch.account_id == account.id)
    )
    if (count or 0) >= MAX_SAVED:
        raise Invalid("You keep %(limit)d searches already: delete one first.", field="name", limit=MAX_SAVED)
    saved = SavedSearch(
        account_id=account.id,
        name=checked_name(name),
        text=write_query(typed.query),
        arguments=[list(pair) for pair in write_arguments(merged)],
        frequency=frequency,
        watched=watched,
        created_at=now,
        looked_until=now,
    )
    session.add(saved)
    session.flush()
    if account.feed_key is None:
        account.feed_key = new_feed_key()
    _plan(session, saved, account.time_zone, now)
    return saved


def change_search(
    session: Session,
    actor: Actor,
    saved: SavedSearch,
    *,
    name: str,
    frequency: Frequency,
    watched: Watched,
    now: datetime,
) -> None:
    """Change the name of a search, or when its owner is told; what came until now is not told then."""
    account = _account_of(session, actor)
    saved.name, saved.watched = checked_name(name), watched
    if saved.frequency is not frequency:
        saved.frequency, saved.looked_until = frequency, now
        _plan(session, saved, account.time_zone, now)


def delete_search(session: Session, actor: Actor, saved: SavedSearch) -> None:
    """Forget a search and the notices about it."""
    _account_of(session, actor)
    session.execute(sa.delete(Notice).where(Notice.saved_search_id == saved.id))
    session.delete(saved)


def reset_feed_key(session: Session, actor: Actor) -> None:
    """Give the actor's feeds new addresses; the old ones lead nowhere from now on."""
    _account_of(session, actor).feed_key = new_feed_key()


def get_feed_key(session: Session, actor: Actor) -> str:
    """Give the secret in the addresses of the actor's feeds; empty where nothing was saved yet."""
    return session.scalar(sa.select(Account.feed_key).where(Account.id == actor.account_id)) or ""


def find_feed(session: Session, public_id: str, key: str) -> SavedSearch:
    """Give a saved search by the secret address of its feed; NotFound for any other key."""
    row = session.execute(
        sa.select(SavedSearch, Account.feed_key)
        .join(Account, Account.id == SavedSearch.account_id)
        .where(SavedSearch.public_id == public_id)
    ).first()
    if row is None or not row.feed_key or not secrets.compare_digest(row.feed_key.encode(), key.encode()):
        raise NotFound
    return row[0]


def wake_searches(session: Session, *, now: datetime) -> None:
    """Plan a look at every search whose owner wants to be told at once: something was indexed."""
    waiting = session.scalars(
        sa.select(SavedSearch).where(
            SavedSearch.frequency == Frequency.AT_ONCE, SavedSearch.next_look_at.is_(None)
        )
    )
    for saved in waiting:
        _enqueue_look(session, saved, now + MOMENT, now)


def look(
    session: Session, engine: SearchEngine, saved_search_id: int, *, now: datetime, sealing_secret: bytes
) -> Look | None:
    """Look for what has come since the last look; None where nobody is to be told any more."""
    saved = session.get(SavedSearch, saved_search_id)
    if saved is None or saved.frequency is Frequency.NEVER:
        return None
    if saved.next_look_at is not None and saved.next_look_at > now:
        return None  # planned anew meanwhile: the later entry looks
    actor = load_actor(session, saved.account_id, now=now, sealing_secret=sealing_secret)
    until = _indexed_until(session, now)
    finds = list_finds(session, actor, engine, saved, since=saved.looked_until, until=until)
    return Look(saved.id, saved.looked_until, until, len(finds))


def record_look(session: Session, seen: Look, *, now: datetime) -> None:
    """Write what a look found: the notice, up to when was looked, and the next look."""
    saved = session.get(SavedSearch, seen.saved_search_id)
    if saved is None or saved.looked_until != seen.since:
        return
    account = session.get_one(Account, saved.account_id)
    saved.looked_until = max(seen.until, seen.since)
    saved.next_look_at = None
    if saved.frequency is not Frequency.AT_ONCE:
        _plan(session, saved, account.time_zone, now)
    if seen.count:
        new = NewNotice(
            account_id=account.id,
            kind=NoticeKind.SAVED_SEARCH,
            key=f"saved_search:{saved.id}:{seen.until.isoformat()}",
            created_at=now,
            is_mail_wanted=False,
            saved_search_id=saved.id,
        )
        notice = create_notice(session, new, now=now)
        if notice is not None and wants_mail(session, account.id, NoticeKind.SAVED_SEARCH):
            payload = {
                "mail": "alert",
                "notice_id": notice.id,
                "since": seen.since.isoformat(),
                "until": seen.until.isoformat(),
            }
            enqueue(session, Topic.MAIL, payload, now=now)


def list_finds(
    session: Session,
    actor: Actor,
    engine: SearchEngine,
    saved: SavedSearch,
    *,
    since: datetime,
    until: datetime,
    with_passages: bool = False,
) -> list[Find]:
    """Give what came in (since, until], newest first: what the actor may read of it now."""
    recent = filters_of(saved).merge(Filters(after=(since - 2 * _DAY).date()))
    found = find_hits(session, actor, engine, text=saved.text, filters=recent, sort="date", limit=MOST_FINDS)
    finds = [
        Find(hit, is_edit=False)
        for hit in found.load(found.hits, with_passages=with_passages)
        if since < _told_from(hit) <= until
    ]
    if saved.watched is Watched.CHANGES:
        known = {find.hit.id for find in finds}
        edited = _list_edited(session, actor, since, until) - known
        finds += [Find(hit, is_edit=True) for hit in _matching(session, actor, engine, saved, edited)]
    return finds[:MOST_FINDS]


def list_newest(
    session: Session, actor: Actor, engine: SearchEngine, saved: SavedSearch, *, limit: int
) -> Findings:
    """Give what a saved search finds now, newest first."""
    return find_hits(
        session, actor, engine, text=saved.text, filters=filters_of(saved), sort="date", limit=limit
    )


def _told_from(hit: Found) -> datetime:
    return hit.at + _DAY if hit.is_day_only else hit.at


def _list_edited(session: Session, actor: Actor, since: datetime, until: datetime) -> set[str]:
    """The posts that were edited meanwhile; none under the Chatham House Rule, where it would be a trace."""
    public_ids = session.scalars(
        sa.select(Post.public_id)
        .join(Group, Group.id == Post.group_id)
        .where(
            Post.edited_at > since,
            Post.edited_at <= until,
            Post.status == Status.PUBLISHED,
            Group.attribution != Attribution.CHATHAM_HOUSE,
            visible_to(actor, Post),
        )
        .limit(_MOST_LOOKED_THROUGH)
    )
    return {document_id(SubjectKind.POST, public_id) for public_id in public_ids}


def _matching(
    session: Session, actor: Actor, engine: SearchEngine, saved: SavedSearch, ids: set[str]
) -> list[Found]:
    if not ids:
        return []
    found = list_newest(session, actor, engine, saved, limit=_MOST_LOOKED_THROUGH)
    return found.load([hit for hit in found.hits if hit.id in ids][:MOST_FINDS], with_passages=False)


def _indexed_until(session: Session, now: datetime) -> datetime:
    """The moment up to which the index knows everything: that of the oldest entry that still waits.

    A little before now at the latest: what is dated now may not have been committed yet.
    """
    waiting = session.scalar(
        sa.select(sa.func.min(OutboxEntry.created_at)).where(
            OutboxEntry.topic == Topic.INDEX, OutboxEntry.done_at.is_(None)
        )
    )
    settled = now - _SETTLING
    return settled if waiting is None else min(settled, waiting - timedelta(microseconds=1))


def _plan(session: Session, saved: SavedSearch, time_zone: str, now: datetime) -> None:
    saved.next_look_at = None
    at = next_look(saved.frequency, time_zone, now)
    if at is not None:
        _enqueue_look(session, saved, at, now)


def _enqueue_look(session: Session, saved: SavedSearch, at: datetime, now: datetime) -> None:
    saved.next_look_at = at
    enqueue(session, Topic.ALERT, {"saved_search_id": saved.id}, now=now, at=at)


def _account_of(session: Session, actor: Actor) -> Account:
    if actor.account_id is None:
        raise NotAllowed("Sign in to keep searches.")
    return session.get_one(Account, actor.account_id)


def new_feed_key() -> str:
    """Give a secret for the addresses of a person's feeds."""
    return secrets.token_urlsafe(32)
