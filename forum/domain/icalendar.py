"""iCalendar (RFC 5545): meetings as text that calendars read; escaped, folded, all times in UTC."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

MEDIA_TYPE = "text/calendar; charset=utf-8"
_LINE = 75
"""Octets a line may have, without its end (RFC 5545, 3.1)."""


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """What a calendar is told of one meeting; empty texts are left out."""

    uid: str
    sequence: int
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    title: str
    place: str = ""
    text: str = ""
    url: str = ""
    is_cancelled: bool = False


def write_calendar(name: str, events: Iterable[CalendarEvent], *, stamp: datetime) -> str:
    """Give a calendar of events, lines ended by CRLF; `stamp` is when it was made."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Consultation forum//Meetings//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{escape(name)}",
    ]
    for event in events:
        lines += _event_lines(event, stamp)
    lines.append("END:VCALENDAR")
    return "".join(f"{fold(line)}\r\n" for line in lines)


def _event_lines(event: CalendarEvent, stamp: datetime) -> list[str]:
    lines = [
        "BEGIN:VEVENT",
        f"UID:{event.uid}",
        f"SEQUENCE:{event.sequence}",
        f"DTSTAMP:{_moment(stamp)}",
        f"LAST-MODIFIED:{_moment(event.changed_at)}",
        f"DTSTART:{_moment(event.starts_at)}",
        f"DTEND:{_moment(event.ends_at)}",
        f"SUMMARY:{escape(event.title)}",
        f"STATUS:{'CANCELLED' if event.is_cancelled else 'CONFIRMED'}",
    ]
    if event.place:
        lines.append(f"LOCATION:{escape(event.place)}")
    if event.text:
        lines.append(f"DESCRIPTION:{escape(event.text)}")
    if event.url:
        lines.append(f"URL:{event.url}")
    return [*lines, "END:VEVENT"]


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def escape(text: str) -> str:
    """Give text as a value of type TEXT: backslash, semicolon, comma and line ends are escaped."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(sign for sign in plain if sign in "\n\t" or sign >= " ")
    for sign, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        kept = kept.replace(sign, written)
    return kept


def fold(line: str) -> str:
    """Give a line in pieces of at most 75 octets, each after the first begun by a blank; no letter is cut."""
    pieces, piece, size = [], "", 0
    for sign in line:
        octets = len(sign.encode())
        if size + octets > _LINE:
            pieces.append(piece)
            piece, size = " ", 1
        piece += sign
        size += octets
    pieces.append(piece)
    return "\r\n".join(pieces)
