"""Packages are judged before they are unpacked."""

from pathlib import Path

import pytest

from forum.domain.uploads import Refusal, Refused
from forum.office.packages import Package, parse
from tests.office.samples import bomb_bytes, docx_bytes, with_parts, written, zipped


def refusal_of(path: Path, name: str | None = None) -> Refusal:
    try:
        with Package(path) as package:
            for part in [name] if name else package.names:
                package.xml(part)
    except Refused as refused:
        return refused.reason
    pytest.fail("it was taken")


def test_thirty_kilobytes_that_unpack_to_gigabytes_are_not_opened(tmp_path: Path) -> None:
    """Nothing is unpacked: the list of parts is enough."""
    path = written(tmp_path, bomb_bytes())
    assert path.stat().st_size < 40_000
    assert refusal_of(path) is Refusal.UNPACKS


def test_a_part_larger_than_it_says_is_cut_off(tmp_path: Path) -> None:
    """An entry that lies about its size is no way past the limit."""
    data = bytearray(zipped({"part.xml": b"<x>" + b" " * 500_000 + b"</x>"}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = (100).to_bytes(4, "little")
    assert refusal_of(written(tmp_path, bytes(data)), "part.xml") in {Refusal.DAMAGED, Refusal.UNPACKS}


def test_too_many_parts_are_not_listed(tmp_path: Path) -> None:
    """The number stands at the end of the file."""
    path = written(tmp_path, zipped({f"{n}.xml": b"" for n in range(2_001)}))
    assert refusal_of(path) is Refusal.UNPACKS


@pytest.mark.parametrize(
    "name",
    ["../evil.xml", "/etc/evil.xml", "word/../../evil.xml", "a\\..\\evil.xml", "C:evil.xml"],
)
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    """Zip traversal in every spelling."""
    path = written(tmp_path, zipped({"word/document.xml": b"<x/>", name: b"<x/>"}))
    assert refusal_of(path) is Refusal.NAMES


def test_two_parts_of_one_name_are_refused(tmp_path: Path) -> None:
    """What one program reads and another does not see is a trick."""
    path = written(tmp_path, zipped({"word/document.xml": b"<x/>", "word/Document.xml": b"<x/>"}))
    assert refusal_of(path) is Refusal.NAMES


@pytest.mark.parametrize("data", [b"", b"no archive at all", b"PK\x05\x06" + bytes(10)])
def test_what_is_no_archive_is_damaged(tmp_path: Path, data: bytes) -> None:
    """However it begins."""
    assert refusal_of(written(tmp_path, data)) is Refusal.DAMAGED


def test_a_cut_off_archive_is_damaged(tmp_path: Path) -> None:
    """The list of parts is at the end."""
    assert refusal_of(written(tmp_path, docx_bytes()[:-200])) is Refusal.DAMAGED


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>', Refusal.DAMAGED),
        (b'<!DOCTYPE x SYSTEM "http://elsewhere.example/x.dtd"><x/>', Refusal.DAMAGED),
        (b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>', Refusal.DAMAGED),
        (b"<x>" * 250 + b"</x>" * 250, Refusal.EFFORT),
        (b"no XML", Refusal.DAMAGED),
    ],
    ids=["entities", "foreign type", "a file of ours", "depth", "none"],
)
def test_xml_that_wants_more_than_to_be_read(xml: bytes, reason: Refusal) -> None:
    """No entities, no document types, no depth."""
    with pytest.raises(Refused) as refused:
        parse(xml)
    assert refused.value.reason is reason


def test_a_part_that_is_not_there_is_damage(tmp_path: Path) -> None:
    """Asked for by name, or looked for."""
    with Package(written(tmp_path, with_parts(docx_bytes()))) as package:
        assert package.find_xml("word/none.xml") is None
        with pytest.raises(Refused):
            package.read("word/none.xml")
