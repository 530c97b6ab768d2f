"""ZIP packages (DOCX, ODT): looked at before anything is unpacked, and read within limits."""

import struct
import zipfile
import zlib
from collections import Counter
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any

from lxml import etree

from forum.domain.uploads import Refusal, Refused

MAX_ENTRIES = 2_000
MAX_UNPACKED = 160 * 1024 * 1024
"""Bytes of all parts together."""
MAX_XML = 40 * 1024 * 1024
"""Bytes of one part that is parsed."""
MAX_DEPTH = 200

Element = Any
"""An lxml element; lxml ships no types."""

_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError,
    OSError,
)  # fmt: skip


def _parser() -> Any:
    """A parser that loads nothing, resolves nothing and keeps libxml2's own limits."""
    return etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True
    )


class Package:
    """An opened package whose list of parts has been judged."""

    def __init__(self, path: Path) -> None:
        _count_entries(path)
        try:
            self._zip = zipfile.ZipFile(path)
            entries = self._zip.infolist()
        except _BROKEN:
            raise Refused(Refusal.DAMAGED) from None
        _judge(entries)
        self.names = [entry.filename for entry in entries if not entry.is_dir()]

    def __enter__(self) -> "Package":
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def read(self, name: str) -> bytes:
        """Give a part's bytes; Refused where it is larger than its entry said, or damaged."""
        try:
            declared = self._zip.getinfo(name).file_size
            with self._zip.open(name) as source:
                data = source.read(declared + 1)
        except (KeyError, *_BROKEN):
            raise Refused(Refusal.DAMAGED) from None
        if len(data) > declared:
            raise Refused(Refusal.UNPACKS)
        return data

    def xml(self, name: str) -> Element:
        """Give a part's root element; Refused where it is no XML, or has a document type of its own."""
        data = self.read(name)
        if len(data) > MAX_XML:
            raise Refused(Refusal.UNPACKS)
        return parse(data)

    def find_xml(self, name: str) -> Element | None:
        """Give a part's root element, None where there is no such part."""
        return self.xml(name) if name in self else None


def parse(data: bytes) -> Element:
    """Give the root element of XML; Refused where it is none, declares entities, or is too deep."""
    try:
        root = etree.fromstring(data, _parser())
    except (etree.XMLSyntaxError, ValueError):
        raise Refused(Refusal.DAMAGED) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise Refused(Refusal.DAMAGED)
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise Refused(Refusal.EFFORT)
    return root


def _count_entries(path: Path) -> None:
    """Read the number of entries from the end of the file, before a list of them is made."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 65_557))
        tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) < place + 22:
        raise Refused(Refusal.DAMAGED)
    entries, length = struct.unpack("<HI", tail[place + 10 : place + 16])
    if entries > MAX_ENTRIES or length > 4 * 1024 * 1024:
        raise Refused(Refusal.UNPACKS)


def _judge(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise Refused(Refusal.UNPACKS)
    doubles = Counter(entry.filename.casefold() for entry in entries)
    for entry in entries:
        if doubles[entry.filename.casefold()] > 1 or not _is_inside(entry):
            raise Refused(Refusal.NAMES)
        if entry.flag_bits & 1:
            raise Refused(Refusal.PROTECTED)
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise Refused(Refusal.DAMAGED)


def _is_inside(entry: zipfile.ZipInfo) -> bool:
    """Whether a part's name stays in the package, and it is no link."""
    name = entry.filename
    path = PurePosixPath(name)
    is_link = (entry.external_attr >> 16) & 0o170000 == 0o120000
    is_plain = name.isprintable() and "\\" not in name and ":" not in name
    return is_plain and not is_link and not path.is_absolute() and ".." not in path.parts and bool(path.parts)
