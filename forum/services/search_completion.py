"""Completing what somebody types in the search box: names of filters and of what they may know, and words.

Only what the asker may know of is offered: groups they read or that are listed, the public directory of
organisations, topics they may search with, and words of what they may read.
"""

import re

import sqlalchemy as sa
from sqlalchemy.orm import Session

from forum.domain.labels import Tlp
from forum.domain.organisations import Organisation, StakeholderType, match_key
from forum.policy import Actor
from forum.search.grammar import NAMES
from forum.search.protocol import SearchEngine
from forum.services.indexing import DOCUMENT_KINDS
from forum.services.search import MAX_TEXT, list_known_groups
from forum.services.topics import list_topics

MOST = 8
_LAST = re.compile(r'(?:^|(?<=[\s(]))(-?)(?:([a-z]+):)?((?:"[^"]*)|[^\s"()]*)$', re.IGNORECASE)
_VALUES = {
    "kind": DOCUMENT_KINDS,
    "label": tuple(label.value for label in Tlp),
    "type": tuple(kind.value for kind in StakeholderType),
    "versions": ("current", "superseded"),
}


def complete_text(session: Session, actor: Actor, engine: SearchEngine, text: str) -> list[str]:
    """Give what the text could become when its last word is completed, at most MOST of it."""
    text = text[:MAX_TEXT]
    found = _LAST.search(text)
    if found is None:
        return []
    name, part = (found[2] or "").lower(), found[3].lstrip('"')
    start = text[: found.start()] + found[1]
    if found[2] is not None:
        options = [f"{name}:{_quoted(value)}" for value in _values(session, actor, name, part)]
    elif len(part) < 2:
        return []
    else:
        options = [f"{one}:" for one in NAMES if one.startswith(part.lower())]
        options += engine.complete(part, actor.clearances, limit=MOST)
        options += [f"organisation:{slug}" for slug in _find_organisations(session, part)]
    whole = (start + option for option in dict.fromkeys(options))
    return [option for option in whole if option != text and len(option) <= MAX_TEXT][:MOST]


def _quoted(value: str) -> str:
    return f'"{value}"' if re.search(r"[\s,()]", value) else value


def _values(session: Session, actor: Actor, name: str, part: str) -> list[str]:
    """Give values of a filter that begin with a part, or have a word that does."""
    key = match_key(part) if part else ""
    match name:
        case "group":
            rows = list_known_groups(session, actor)
            return [row.slug for row in rows if _begins(key, row.slug, row.short_title, row.title)][:MOST]
        case "organisation":
            return _find_organisations(session, part)
        case "topic":
            topics = (one.topic for one in list_topics(session, actor))
            return [one.slug for one in topics if _begins(key, one.slug, one.name)][:MOST]
        case _:
            return [value for value in _VALUES.get(name, ()) if value.lower().startswith(part.lower())]


def _begins(key: str, *names: str) -> bool:
    words = (word for name in names for word in match_key(name.replace("-", " ")).split())
    whole = (match_key(name) for name in names)
    return not key or any(name.startswith(key) for name in (*words, *whole))


def _find_organisations(session: Session, part: str) -> list[str]:
    """Give addresses of organisations with a word that begins so. One statement."""
    key = match_key(part)
    if len(key) < 2:
        return []
    rows = session.scalars(
        sa.select(Organisation.slug)
        .where(
            Organisation.merged_into_id.is_(None),
            sa.or_(
                Organisation.match_key.startswith(key, autoescape=True),
                Organisation.match_key.contains(f" {key}", autoescape=True),
                Organisation.slug.startswith(part.casefold(), autoescape=True),
            ),
        )
        .order_by(sa.func.length(Organisation.match_key), Organisation.id)
        .limit(MOST)
    )
    return list(rows)
