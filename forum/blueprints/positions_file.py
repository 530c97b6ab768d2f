"""The positions on a topic as a document, for a briefing."""

from typing import Any

from flask import request
from flask_babel import format_date, gettext
from werkzeug.wrappers import Response

from forum.blueprints import stance_words, wording
from forum.blueprints.identity import current_actor
from forum.blueprints.positions import blueprint
from forum.blueprints.support import now
from forum.domain.uploads import MEDIA_TYPES, FileKind
from forum.extensions import db, search_engine
from forum.office.table_writing import Sheet, to_docx
from forum.services.positions import Positions, Row, Statement, load_positions
from forum.services.topics import TopicSubject, get_topic

IN_DOCUMENT = 1_000
"""Organisations in the file."""


@blueprint.get("/<topic_id>/positions.docx")
def document(topic_id: str) -> Response:
    """Give the positions as a document."""
    session, actor = db.session(), current_actor()
    subject = get_topic(session, actor, topic_id)
    found = load_positions(session, actor, search_engine(), subject, per_page=IN_DOCUMENT)
    response = Response(to_docx(_sheet(subject, found)), mimetype=MEDIA_TYPES[FileKind.DOCX])
    name = f"positions-{subject.topic.slug}.docx"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _sheet(subject: TopicSubject, found: Positions) -> Sheet:
    topic, reader = subject.topic, current_actor().name
    terms = [term.text for term in topic.read_terms()]
    about = [
        topic.about,
        gettext("Search: %(words)s", words="; ".join(filter(None, [topic.text, *terms]))),
        gettext("As of %(day)s, over what %(person)s may read.", day=_day(now()), person=reader),
        *stance_words.totals_lines(found.totals),
    ]
    columns = [
        gettext("Organisation"),
        gettext("Type"),
        gettext("Date"),
        gettext("Stance"),
        gettext("Passage"),
        gettext("Where"),
        gettext("Address"),
    ]
    rows = [line for row in found.rows for line in _lines(row)]
    silent = gettext("no statement found")
    rows += [[body.name, None, None, silent, None, None, None] for body in found.silent]
    return Sheet(gettext("Positions: %(topic)s", topic=topic.name), list(filter(None, about)), columns, rows)


def _lines(row: Row) -> list[list[str | int | None]]:
    base = request.host_url.rstrip("/")
    kind = wording.type_name(row.type) if row.type else None
    return [
        [
            _name(row) if place == 0 else "",
            kind if place == 0 else "",
            _day(one.found.at),
            _stance(one),
            one.quotation or "".join(text for text, _ in one.found.passage),
            _where(one),
            base + one.cite,
        ]
        for place, one in enumerate(row.statements)
    ]


def _name(row: Row) -> str:
    if not row.umbrellas:
        return row.name
    return gettext("%(name)s (member of %(others)s)", name=row.name, others=", ".join(row.umbrellas))


def _where(one: Statement) -> str:
    place = stance_words.place_words(one.found, one.coded.place if one.coded else "")
    parts = [one.found.title, place, gettext("signed jointly") if one.signed_with else ""]
    return ", ".join(filter(None, parts))


def _stance(one: Statement) -> str:
    if one.coded is None:
        return gettext("not coded (%(why)s)", why=stance_words.why_shown(one))
    words = stance_words.stance_name(one.coded.stance)
    if one.changed_from is not None:
        words += "; " + stance_words.change_words(one.changed_from, one.found.at)
    if one.is_edited:
        words += "; " + gettext("the passage was edited since")
    return words


def _day(at: Any) -> str:
    return str(format_date(at, "medium"))
