"""iCalendar: what a calendar reads is what was said, whatever stands in it."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from forum.domain.icalendar import CalendarEvent, escape, fold, write_calendar

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def unfold(text: str) -> list[str]:
    """Read lines as RFC 5545 says: CRLF and a blank in front continues the line before."""
    return text.replace("\r\n ", "").split("\r\n")[:-1]


def unescape(value: str) -> str:
    """Read a value of type TEXT."""
    out, signs = [], iter(value)
    for sign in signs:
        out.append({"n": "\n", "N": "\n"}.get(following := next(signs), following) if sign == "\\" else sign)
    return "".join(out)


def event(**values: object) -> CalendarEvent:
    given_values = {
        "uid": "abc@forum.example",
        "sequence": 2,
        "changed_at": NOW,
        "starts_at": datetime(2026, 4, 1, 10, tzinfo=timezone(timedelta(hours=2))),
        "ends_at": datetime(2026, 4, 1, 12, tzinfo=timezone(timedelta(hours=2))),
        "title": "First meeting",
    } | values
    return CalendarEvent(**given_values)  # type: ignore[arg-type]


def test_a_meeting_as_a_calendar_reads_it() -> None:
    """Times in UTC, the sequence, and CRLF at each line's end."""
    text = write_calendar("Group", [event(place="Room 3; left, then right")], stamp=NOW)
    assert text.endswith("END:VCALENDAR\r\n")
    lines = unfold(text)
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    for line in (
        "UID:abc@forum.example",
        "SEQUENCE:2",
        "DTSTART:20260401T080000Z",
        "DTEND:20260401T100000Z",
        "LOCATION:Room 3\\; left\\, then right",
        "STATUS:CONFIRMED",
    ):
        assert line in lines


def test_a_cancelled_meeting_says_so() -> None:
    assert "STATUS:CANCELLED" in unfold(write_calendar("Group", [event(is_cancelled=True)], stamp=NOW))


@given(st.text(max_size=400))
def test_any_title_comes_back_and_no_line_is_too_long(title: str) -> None:
    """Nothing that is typed ends a line or makes a property of its own."""
    text = write_calendar("Group", [event(title=title)], stamp=NOW)
    assert all(len(line.encode("utf-8", "surrogatepass")) <= 75 for line in text.split("\r\n"))
    found = [line for line in unfold(text) if line.startswith("SUMMARY:")]
    assert len(found) == 1
    plain = title.replace("\r\n", "\n").replace("\r", "\n")
    expected = "".join(sign for sign in plain if sign in "\n\t" or sign >= " ")
    assert unescape(found[0].removeprefix("SUMMARY:")) == expected


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=300))
def test_folding_cuts_no_letter(line: str) -> None:
    assert fold(line).replace("\r\n ", "") == line


def test_escaping() -> None:
    assert escape("a\\b;c,d\r\ne\x00") == "a\\\\b\\;c\\,d\\ne"
