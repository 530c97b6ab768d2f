"""What one segment of an index looks like on disk, and how several become one.

Whoosh gives the storage, the segments and their table of contents, and the ordered hash tables of terms. The
postings and the documents' values have a layout of our own that is read in whole blocks:

    .trm   key -> (documents, offset, length in .pst); a key is a field's byte and the term
    .pst   ids | one byte of impact each                 (field STEMS)
           ids | length of each | 16-bit positions       (field WORDS: surfaces, for phrases and prefixes)
           ids                                           (field IDS: the document's id)
           ids | one byte of impact each                 (field TITLES: a digest of the whole title)
    .doc   a reference per document into the distinct values of each field; dates; keys

An impact is the document's share of BM25F for a term (term frequency in title and text, both normalised by
length), in 255 steps. Lengths are measured against a constant, not an average: so it can be computed when
the document is written, costs nothing when it is read, and says nothing about other documents.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import struct
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any

from whoosh.codec.whoosh3 import W3Codec, W3Segment
from whoosh.filedb.filetables import HashWriter, OrderedHashWriter
from whoosh.util.numlists import GrowableArray

from forum.search.analysis import surfaces
from forum.search.protocol import SearchDocument
from forum.search.weighing import analyse_document

SCHEMA_VERSION = 4
INDEX_NAME = "MAIN"
SEPARATOR = "\x1e"
"""Between several values of one document in a column."""
TERMS, POSTINGS, DOCUMENTS = ".trm", ".pst", ".doc"
IDS, STEMS, WORDS, TITLES = b"\x00", b"\x01", b"\x02", b"\x03"
VALUES = (
    "kind", "group", "organisation_type", "country", "language", "year",
    "organisation", "author", "label", "superseded",
)  # fmt: skip

_TERM = struct.Struct("<IQI")
_HEAD = struct.Struct("<Ic")
Posting = tuple["array[int]", bytes, "array[int] | None"]
"""Documents, values, and the values' lengths where they differ."""


class _TermWriter(OrderedHashWriter):  # type: ignore[misc]
    """Whoosh's ordered hash table with CRC for a hash, which is faster to compute than the default MD5."""

    def __init__(self, dbfile: Any) -> None:
        HashWriter.__init__(self, dbfile, hashtype=1)
        self.index = GrowableArray("H")
        self.lastkey = b""


def pack_posting(posting: Posting) -> bytes:
    """One term's postings as stored."""
    ids, values, lengths = posting
    parts = [_HEAD.pack(len(ids), ids.typecode.encode()), ids.tobytes()]
    if lengths is not None:
        parts += [lengths.typecode.encode(), lengths.tobytes()]
    return b"".join([*parts, values])


def unpack_posting(block: bytes, *, has_lengths: bool) -> Posting:
    """The reverse of `pack_posting`."""
    count, code = _HEAD.unpack_from(block)
    ids = array(code.decode())
    end = _HEAD.size + count * ids.itemsize
    ids.frombytes(block[_HEAD.size : end])
    if not has_lengths:
        return ids, block[end:], None
    lengths = array(chr(block[end]))
    start, end = end + 1, end + 1 + count * lengths.itemsize
    lengths.frombytes(block[start:end])
    return ids, block[end:], lengths


def unpack_documents(block: bytes) -> array[int]:
    """The documents alone; the block may have been read no further than these."""
    count, code = _HEAD.unpack_from(block)
    ids = array(code.decode())
    ids.frombytes(block[_HEAD.size : _HEAD.size + count * ids.itemsize])
    return ids


def pack_places(places: list[int]) -> bytes:
    """Positions of a word in a document: 16 bits each, or 32 behind a zero byte when they do not fit."""
    if places[-1] < 65_536:
        return array("H", places).tobytes()
    return b"\x00" + array("I", places).tobytes()


def unpack_places(value: bytes) -> array[int]:
    """The reverse of `pack_places`."""
    places = array("I" if len(value) % 2 else "H")
    places.frombytes(value[1:] if len(value) % 2 else value)
    return places


class Batch:
    """Documents in memory on their way to a segment."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, tuple[str, ...], bytes]] = []
        self._terms: dict[bytes, tuple[list[int], list[bytes]]] = {}
        self.size = 0

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, document: SearchDocument) -> None:
        """Analyse a document and take it in."""
        number = len(self.rows)
        moment = document.date.astimezone(UTC)
        values = (
            document.kind,
            document.group,
            document.organisation_type,
            document.country,
            document.language,
            f"{moment.year:04}",
            SEPARATOR.join(dict.fromkeys(filter(None, (document.organisation, *document.signatories)))),
            document.author,
            document.label,
            "yes" if document.is_superseded else "",
        )
        key = "\x1f".join((document.id, document.thread or "", document.version)).encode()
        self.rows.append((int(moment.timestamp()), tuple(v or "" for v in values), key))
        self._post(IDS + document.id.encode(), number, b"")
        if title := surfaces(document.title):
            self._post(title_key(title), number, b"\xff")
        stems, words = analyse_document(document)
        for stem, impact in stems.items():
            self._post(STEMS + stem.encode(), number, bytes((impact,)))
        for word, places in words.items():
            self._post(WORDS + word.encode(), number, pack_places(places))

    def _post(self, key: bytes, number: int, value: bytes) -> None:
        self.size += len(value) + 40
        posting = self._terms.get(key)
        if posting is None:
            self._terms[key] = ([number], [value])
        else:
            posting[0].append(number)
            posting[1].append(value)

    def postings(self) -> Iterator[tuple[bytes, Posting]]:
        """Every key with its postings, in the order of keys."""
        for key in sorted(self._terms):
            numbers, values = self._terms[key]
            yield key, (array("I", numbers), b"".join(values), _lengths(values) if key[:1] == WORDS else None)


def title_key(words: Sequence[str]) -> bytes:
    """The key of the documents whose whole title is these folded words."""
    return TITLES + hashlib.blake2b(" ".join(words).encode(), digest_size=8).digest()


def _lengths(values: list[bytes]) -> array[int]:
    lengths = [len(v) for v in values]
    return array("H" if max(lengths) < 65_536 else "I", lengths)


class Source:
    """What a segment is made from: rows and postings in the order of keys, without what was deleted."""

    def __init__(
        self,
        rows: list[tuple[int, tuple[str, ...], bytes]],
        postings: Iterable[tuple[bytes, Posting]],
        deleted: frozenset[int] = frozenset(),
    ) -> None:
        self.rows = [row for number, row in enumerate(rows) if number not in deleted] if deleted else rows
        self._postings = postings
        alive = accumulate((number not in deleted for number in range(len(rows))), initial=0)
        self._moves = list(alive) if deleted else None
        self._deleted = deleted

    def postings(self, base: int) -> Iterator[tuple[bytes, Posting]]:
        """The postings with numbers that start at `base`."""
        for key, (ids, values, lengths) in self._postings:
            if self._moves is None:
                yield key, (array("I", [i + base for i in ids]) if base else ids, values, lengths)
                continue
            kept = [n for n, i in enumerate(ids) if i not in self._deleted]
            if kept:
                moved = array("I", [self._moves[ids[n]] + base for n in kept])
                yield key, (moved, *_keep_values(kept, len(ids), values, lengths))


def _keep_values(
    kept: list[int], count: int, values: bytes, lengths: array[int] | None
) -> tuple[bytes, array[int] | None]:
    if lengths is None:
        return (bytes([values[n] for n in kept]) if len(values) == count else b""), None
    ends = list(accumulate(lengths, initial=0))
    parts = [values[ends[n] : ends[n + 1]] for n in kept]
    return b"".join(parts), array(lengths.typecode, [lengths[n] for n in kept])


def write_segment(storage: Any, sources: list[Source]) -> W3Segment | None:
    """Make one new segment of these sources; None when nothing is left in them."""
    rows = [row for source in sources for row in source.rows]
    if not rows:
        return None
    segment = W3Segment(W3Codec(), INDEX_NAME, doccount=len(rows))
    bases = accumulate((len(source.rows) for source in sources), initial=0)
    streams = [source.postings(base) for source, base in zip(sources, bases, strict=False)]
    small = len(rows) < 65_536
    terms = _TermWriter(segment.create_file(storage, TERMS))
    with storage.open_plain(segment.make_filename(POSTINGS)) as blocks:
        offset = 0
        for key, group in groupby(heapq.merge(*streams, key=itemgetter(0)), key=itemgetter(0)):
            ids, values, lengths = _concatenate([posting for _, posting in group])
            block = pack_posting((array("H", ids) if small else ids, values, lengths))
            blocks.write(block)
            terms.add(key, _TERM.pack(len(ids), offset, len(block)))
            offset += len(block)
    terms.close()
    with storage.open_plain(segment.make_filename(DOCUMENTS)) as documents:
        documents.write(_pack_documents(rows))
    return segment


def _concatenate(postings: list[Posting]) -> Posting:
    if len(postings) == 1:
        return postings[0]
    ids = array("I")
    for one, _, _ in postings:
        ids.extend(one if one.typecode == "I" else array("I", one))
    values = b"".join(v for _, v, _ in postings)
    if postings[0][2] is None:
        return ids, values, None
    every = [length for _, _, lengths in postings for length in lengths or ()]
    return ids, values, array("H" if max(every) < 65_536 else "I", every)


def unpack_term(value: bytes) -> tuple[int, int, int]:
    """How many documents hold a term, and where its postings are: offset and length."""
    return _TERM.unpack(value)


def _pack_documents(rows: list[tuple[int, tuple[str, ...], bytes]]) -> bytes:
    fields, arrays = [], []
    for place, name in enumerate(VALUES):
        numbers: dict[str, int] = {"": 0}
        references = [numbers.setdefault(values[place], len(numbers)) for _, values, _ in rows]
        code = "B" if len(numbers) <= 256 else "I"
        fields.append((name, list(numbers), code))
        arrays.append(array(code, references).tobytes())
    arrays.append(array("q", [date for date, _, _ in rows]).tobytes())
    arrays.append(array("I", accumulate((len(key) for _, _, key in rows), initial=0)).tobytes())
    head = json.dumps({"count": len(rows), "fields": fields}).encode()
    return b"".join([struct.pack("<I", len(head)), head, *arrays, *(key for _, _, key in rows)])
