"""Feeds: the public log for everybody; saved searches and one's own calendar at secret addresses."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import NamedTuple

from flask import Blueprint, Response, current_app, make_response, render_template, request
from flask_babel import gettext

from forum.blueprints import moderation_words as words
from forum.blueprints.identity import as_proven, sealing_secret
from forum.blueprints.moderation_public import log_filters
from forum.blueprints.registers import get_register, read_filter
from forum.blueprints.search import kind_name
from forum.blueprints.support import now
from forum.domain.icalendar import MEDIA_TYPE, write_calendar
from forum.extensions import db, search_engine
from forum.policy.actor import ANONYMOUS
from forum.services.actors import load_actor
from forum.services.addresses import saved_search_path
from forum.services.calendars import find_calendar, list_events
from forum.services.moderation_log import list_log
from forum.services.registers import list_entries
from forum.services.saved_searches import find_feed, list_newest

blueprint = Blueprint("feeds", __name__, url_prefix="/feeds")

MOST = 30
"""Entries of a feed of a saved search."""
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Entry(NamedTuple):
    """One entry; paths are of this site."""

    id: str
    path: str
    title: str
    updated: datetime
    text: str


@blueprint.get("/moderation.atom")
def moderation() -> Response:
    """Give the newest decisions of the public log, as a visitor finds them, whoever asks."""
    filters = log_filters()
    page = list_log(
        db.session(),
        ANONYMOUS,
        group_slug=filters["group"],
        kind=filters["kind"],
        action=filters["action"],
    )
    entries = [
        Entry(
            f"/moderation/log#{line.public_id}",
            line.path or "/moderation/log",
            f"{words.kind(line.kind)} · {words.done(line.action)} · {line.group_title}",
            datetime.combine(line.day, time(), UTC),
            f"{line.reason} {gettext('Rule:')} {line.rule}" if line.rule else line.reason,
        )
        for line in page.lines
    ]
    title = f"{gettext('Moderation log')}: {current_app.config['SITE_NAME']}"
    return _atom(title, "/moderation/log", entries)


@blueprint.get("/registers/<key>.atom")
def register(key: str) -> Response:
    """Give what changed last in a register, by its filters, as a visitor finds it, whoever asks."""
    chosen = get_register(key)
    found = list_entries(db.session(), ANONYMOUS, chosen, read_filter(chosen), per_page=MOST)
    entries = [
        Entry(
            f"/registers/{key}/{line.public_id}/",
            f"/registers/{key}/{line.public_id}/",
            line.title,
            line.changed_at,
            f"{chosen.entry} · {chosen.state_title(line.state)} · {line.group_title}",
        )
        for line in found.lines
    ]
    title = f"{chosen.title}: {current_app.config['SITE_NAME']}"
    return _atom(title, f"/registers/{key}/", entries)


@blueprint.get("/searches/<public_id>.atom")
def search(public_id: str) -> Response:
    """Give the newest of a saved search to whoever knows its secret address, by its owner's rights."""
    session = db.session()
    saved = find_feed(session, public_id, request.args.get("key", ""))
    actor = load_actor(session, saved.account_id, now=now(), sealing_secret=sealing_secret())
    actor = as_proven(actor, has_shown=actor.has_second_factor)
    found = list_newest(session, actor, search_engine(), saved, limit=MOST)
    stays = gettext("A contribution whose title stays in the forum")
    entries = [
        Entry(
            hit.cite,
            hit.url,
            hit.title if hit.title_may_leave else stays,
            hit.at,
            f"{kind_name(hit.kind)} · {hit.group_title}",
        )
        for hit in found.load(found.hits, with_passages=False)
    ]
    return _atom(saved.name, saved_search_path(saved.public_id), entries, begun=saved.created_at)


def _atom(title: str, page: str, entries: Iterable[Entry], *, begun: datetime = _BEGINNING) -> Response:
    """Give the feed; its own address without a query, which may hold a secret."""
    listed = list(entries)
    text = render_template(
        "feeds/atom.xml",
        base=current_app.config["BASE_URL"].rstrip("/"),
        title=title,
        here=request.path,
        page=page,
        updated=max([begun, *(entry.updated for entry in listed)]),
        entries=listed,
    )
    response = make_response(text)
    response.headers["Content-Type"] = "application/atom+xml; charset=utf-8"
    return response


@blueprint.get("/meetings/<public_id>.ics")
def meetings(public_id: str) -> Response:
    """Give all meetings of a person's groups to whoever knows the secret address, by that person's rights."""
    session = db.session()
    account = find_calendar(session, public_id, request.args.get("key", ""))
    actor = load_actor(session, account.id, now=now(), sealing_secret=sealing_secret())
    base = current_app.config["BASE_URL"]
    untitled = gettext("A meeting in the forum")
    events = list_events(session, actor, base_url=base, untitled=untitled, now=now())
    name = f"{gettext('Meetings')}: {current_app.config['SITE_NAME']}"
    response = make_response(write_calendar(name, events, stamp=now()))
    response.headers["Content-Type"] = MEDIA_TYPE
    return response
