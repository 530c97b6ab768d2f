"""What the mail of a saved search may say: asked with the owner's rights when it is sent.

As in every mail: at most titles, none of RED or first-person text, and no author.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from forum.domain.accounts import Account
from forum.domain.notices import Notice, NoticeKind
from forum.domain.saved_searches import SavedSearch
from forum.search.protocol import SearchEngine
from forum.services.actors import load_actor
from forum.services.addresses import saved_search_path
from forum.services.recipients import wants_mail
from forum.services.saved_searches import MOST_FINDS, Find, list_finds

MOST_LINES = 10


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One thing that came."""

    title: str | None
    """None where no mail may say it."""
    group: str
    path: str
    is_edit: bool


@dataclass(frozen=True, slots=True)
class AlertLetter:
    """The facts of a mail about a saved search."""

    notice_id: int
    notice_public_id: str
    email: str
    name: str
    language: str
    account_public_id: str
    search: str
    path: str
    count: int
    is_more: bool
    """Whether there may be more than `count`."""
    lines: tuple[AlertLine, ...]


def get_alert_letter(
    session: Session,
    engine: SearchEngine,
    payload: Mapping[str, Any],
    *,
    now: datetime,
    sealing_secret: bytes,
) -> AlertLetter | None:
    """Give what the mail may say, or None where it is moot or the right to know is gone."""
    notice = session.get(Notice, payload["notice_id"])
    if notice is None or notice.mailed_at is not None or notice.saved_search_id is None:
        return None
    account = session.get_one(Account, notice.account_id)
    saved = session.get_one(SavedSearch, notice.saved_search_id)
    actor = load_actor(session, account.id, now=now, sealing_secret=sealing_secret)
    if not actor.is_signed_in or not wants_mail(session, account.id, NoticeKind.SAVED_SEARCH):
        return None
    since, until = (datetime.fromisoformat(payload[name]) for name in ("since", "until"))
    finds = list_finds(session, actor, engine, saved, since=since, until=until)
    if not finds:
        return None
    return AlertLetter(
        notice_id=notice.id,
        notice_public_id=notice.public_id,
        email=account.email or "",
        name=account.name,
        language=account.language,
        account_public_id=account.public_id,
        search=saved.name,
        path=saved_search_path(saved.public_id),
        count=len(finds),
        is_more=len(finds) >= MOST_FINDS,
        lines=tuple(_line(find) for find in finds[:MOST_LINES]),
    )


def _line(find: Find) -> AlertLine:
    hit = find.hit
    return AlertLine(hit.title if hit.title_may_leave else None, hit.group_title, hit.url, find.is_edit)
