"""Import records: what is taken, how it is folded, and which lines are bad for what reason."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain.attribution import ShownAs
from forum.domain.importing import BadLine, Record, in_order, parse_record, read_records
from forum.domain.labels import Tlp
from forum.domain.organisations import StakeholderType
from forum.errors import Invalid


def line(**fields: Any) -> bytes:
    return json.dumps(
        {"id": "r-1", "date": "2025-03-19", "title": "T", "text": "Some text."} | fields
    ).encode()


def record(**fields: Any) -> Record:
    return parse_record(line(**fields), 1)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2025-03-19", datetime(2025, 3, 19, tzinfo=UTC)),
        ("2025-03-19T14:55:45", datetime(2025, 3, 19, 14, 55, 45, tzinfo=UTC)),
        ("2018-01-22T13:20:52Z", datetime(2018, 1, 22, 13, 20, 52, tzinfo=UTC)),
        ("2019-06-03T00:39:19+01:00", datetime(2019, 6, 2, 23, 39, 19, tzinfo=UTC)),
    ],
)
def test_dates_become_utc(written: str, read: datetime) -> None:
    """A day, a time without a zone (taken as UTC) and one with a zone."""
    assert record(date=written).date == read


@pytest.mark.parametrize(
    ("written", "read"),
    [("GRC", "GR"), ("NLD", "NL"), ("de", "DE"), ("EL", "GR"), ("UK", "GB"), ("USA", "US"), ("", None)],
)
def test_countries_become_two_letters(written: str, read: str | None) -> None:
    """ISO two or three letters, and the two that EU bodies write otherwise."""
    assert record(country=written).country == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ACADEMIC_RESEARCH_INSTITUTION", StakeholderType.ACADEMIC),
        ("Company/business", StakeholderType.COMPANY),
        ("Non-governmental organisation (NGO)", StakeholderType.NGO),
        ("Public authority", StakeholderType.PUBLIC_AUTHORITY),
        ("TRADE_UNION", StakeholderType.TRADE_UNION),
        ("a type of tomorrow", StakeholderType.OTHER),
    ],
)
def test_respondent_types_come_as_codes_or_words(written: str, read: StakeholderType) -> None:
    """What is not known counts as 'other' and is kept as it was written."""
    parsed = record(org_type=written)
    assert parsed.type is read
    assert parsed.extra["org_type"] == written


def test_anonymous_publication_hides_the_person_not_the_body() -> None:
    """In feedback 'anonymous' mostly still names the organisation."""
    assert record(publication="ANONYMOUS").shown_as is ShownAs.ORGANISATION
    assert record(publication="WITHINFO").shown_as is ShownAs.NAME


def test_labels_are_read_with_and_without_their_prefix() -> None:
    """TLP:AMBER+STRICT, amber_strict and AMBER+STRICT are the same."""
    for written in ("TLP:AMBER+STRICT", "amber_strict", "AMBER+STRICT"):
        assert record(label=written).label is Tlp.AMBER_STRICT


def test_what_has_no_place_is_kept() -> None:
    """Unknown fields survive, and so does a kind that is not listed (which is a post)."""
    parsed = record(kind="issue", state="CLOSED", labels=["editorial"])
    assert parsed.kind == "post"
    assert parsed.extra == {"kind": "issue", "state": "CLOSED", "labels": ["editorial"], "date": "2025-03-19"}


def test_the_title_of_an_answer_is_kept_for_the_export() -> None:
    """An answer has no title of its own here, but gets it back."""
    assert record(parent="a", title="Re: T").extra["title"] == "Re: T"


def test_a_paper_in_a_foreign_thread_answers_a_consultation() -> None:
    """No other kind does."""
    assert record(kind="paper", thread="c-1").answers_consultation
    assert not record(kind="paper", thread="r-1").answers_consultation
    assert not record(kind="post", thread="c-1").answers_consultation


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b'{"id": "a", "text": "cut of', "no JSON object"),
        (b"[1, 2]", "object is needed"),
        (line(id=None), "'id' is missing"),
        (line(date=None), "'date'"),
        (line(date="yesterday"), "'date' is 'yesterday'"),
        (line(country="Atlantis"), "'country'"),
        (line(lang="klingon"), "'lang'"),
        (line(label="SECRET"), "'label'"),
        (line(version="two"), "'version'"),
        (line(version=0), "counts from 1"),
        (line(text=["a"]), "'text' must be text"),
        (line(author={"name": "x"}), "'author' must be text"),
        (line(title="", text=" "), "neither 'title' nor 'text'"),
        (line(kind="paper", parent="p"), "has no 'parent'"),
        (line(text="x" * 1_000_001), "1,000,000 bytes"),
        (b"[" * 100_000, "no JSON object"),
    ],
)
def test_a_bad_line_says_what_to_mend(raw: bytes, reason: str) -> None:
    """One sentence with the field and what it should be."""
    with pytest.raises(Invalid) as caught:
        parse_record(raw, 1)
    assert reason in str(caught.value)


def test_reading_goes_on_after_bad_lines() -> None:
    """Bad lines and ids that stand twice are named by number; empty lines are nothing."""
    found = list(read_records([line(id="a"), b"{", b"\n", line(id="a"), line(id="b")]))
    assert [f.line for f in found] == [1, 2, 4, 5]
    assert [isinstance(f, BadLine) for f in found] == [False, True, True, False]


def test_answers_come_after_what_they_answer_whatever_the_order() -> None:
    """A mixed-up file is put in order; an answer to nothing is a bad line."""
    mixed = [
        record(id="c", parent="b", date="2025-01-03"),
        record(id="b", parent="a", date="2025-01-02"),
        record(id="a", date="2025-01-01"),
        record(id="x", parent="nowhere"),
        record(id="k", parent="known"),
    ]
    ordered, bad = in_order(mixed, {"known"})
    assert [r.id for r in ordered] == ["a", "b", "c", "k"]
    assert len(bad) == 1
    assert "nowhere" in bad[0].reason


def test_records_that_answer_each_other_are_bad_lines() -> None:
    """A circle is reported, not followed."""
    ordered, bad = in_order([record(id="a", parent="b"), record(id="b", parent="a")])
    assert ordered == []
    assert len(bad) == 2


@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    """Whatever the file holds, each line is a record or a bad line."""
    for found in read_records(raw.split(b"\n")):
        assert isinstance(found, Record | BadLine)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda c: st.lists(c, max_size=3),
    max_leaves=4,
)


@given(
    st.dictionaries(
        st.sampled_from(["id", "kind", "date", "text", "title", "country", "version", "lang"]), json_values
    )
)
def test_no_object_breaks_the_reader(data: dict[str, Any]) -> None:
    """Fields of any type are taken or refused with a sentence."""
    try:
        reason, parsed = "", parse_record(json.dumps(data).encode(), 1)
    except Invalid as error:
        reason, parsed = str(error), None
    assert reason or (parsed is not None and parsed.id)
