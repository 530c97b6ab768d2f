"""Reading segments: a `Leaf` is one segment of one audience as it was at one moment, and never changes."""

from __future__ import annotations

import json
import os
import pickle
import struct
import threading
from array import array
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import IO, Any

from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.filetables import OrderedHashReader
from whoosh.filedb.structfile import BufferFile

from forum.search.whoosh_engine_segment import (
    DOCUMENTS,
    IDS,
    POSTINGS,
    STEMS,
    TERMS,
    WORDS,
    Posting,
    Source,
    title_key,
    unpack_documents,
    unpack_posting,
    unpack_term,
)

_SMALL_FILE = 65_536  # kept in memory: costs no file descriptor
_ENTRY = struct.Struct("!ii")
CACHED_POSTINGS = 1_500_000  # five bytes each


class Shared(BufferFile):  # type: ignore[misc]
    """A file that never changes, safe to read from several threads, which Whoosh's own is not.

    Read by position and not mapped: mapped pages would count as memory of every process that searches.
    """

    _descriptor: int | None = None
    """Set here too: a file that was gone before it could be opened is closed like any other."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.length = os.fstat(self._descriptor).st_size
        self._buf = b""
        if self.length <= _SMALL_FILE:
            self._buf = os.pread(self._descriptor, self.length, 0)
            self.close()
        self._name = path.name
        self.onclose = None
        self.is_real = self.is_closed = False

    def get(self, position: int, length: int) -> bytes:
        """Some bytes of the file."""
        if self._descriptor is None:
            return self._buf[position : position + length]
        return os.pread(self._descriptor, length, position)

    def seek(self, position: int, whence: int = 0) -> None:
        """Move to where `read` reads: only while a table is opened, by one thread."""
        self._position = position

    def tell(self) -> int:
        """Where `read` reads."""
        return self._position

    def read(self, length: int) -> bytes:
        """The next bytes."""
        data = self.get(self._position, length)
        self._position += len(data)
        return data

    def read_pickle(self) -> Any:
        """The pickled value at the place, up to the end of the file; the index is our own."""
        file = BytesIO(self.get(self._position, self.length - self._position))
        value = pickle.load(file)  # noqa: S301
        self._position += file.tell()
        return value

    def close(self) -> None:
        """Let go of the descriptor."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __del__(self) -> None:
        self.close()


class Storage(FileStorage):  # type: ignore[misc]
    """Whoosh's folder of files, with plain files for what has no Whoosh structure."""

    def open_plain(self, name: str) -> IO[bytes]:
        """A new binary file."""
        return (Path(self.folder) / name).open("wb")

    def open_shared(self, name: str) -> Shared:
        """An existing file."""
        return Shared(Path(self.folder) / name)


class PostingCache:
    """Postings read lately, by leaf and key; the least recently used go when there are too many."""

    def __init__(self, budget: int = CACHED_POSTINGS) -> None:
        self._budget = budget
        self._held = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, bytes], tuple[Posting | None, int]] = OrderedDict()

    def get(self, leaf: int, key: bytes) -> tuple[Posting | None, int] | None:
        """What is kept of a leaf's key: a posting, or None for a term that the leaf does not have."""
        with self._lock:
            found = self._kept.get((leaf, key))
            if found:
                self._kept.move_to_end((leaf, key))
            return found

    def put(self, leaf: int, key: bytes, posting: Posting | None) -> None:
        """Keep a posting."""
        cost = 20 + (len(posting[0]) + len(posting[1]) // 4 if posting else 0)
        with self._lock:
            if (leaf, key) in self._kept or cost > self._budget // 4:
                return
            self._kept[leaf, key] = (posting, cost)
            self._held += cost
            while self._held > self._budget:
                self._held -= self._kept.popitem(last=False)[1][1]

    def forget(self, leaves: set[int]) -> None:
        """Drop everything about leaves that are gone."""
        with self._lock:
            for key in [k for k in self._kept if k[0] in leaves]:
                self._held -= self._kept.pop(key)[1]


class Column:
    """One field of a leaf's documents: a reference per document into the distinct values; 0 is no value."""

    __slots__ = ("references", "values")

    def __init__(self, values: list[str], references: bytes | array[int]) -> None:
        self.values = values
        self.references = references


class Leaf:
    """One segment of an audience's index. `number` is unique within the process."""

    def __init__(
        self, audience: str, storage: Storage, segment: Any, number: int, cache: PostingCache
    ) -> None:
        self.readable_by = audience
        self.segment_id: str = segment.segment_id()
        self.deleted = frozenset(segment.deleted_docs())
        self.number = number
        self._cache = cache
        self._table = storage.open_shared(segment.make_filename(TERMS))
        self._terms = OrderedHashReader(self._table, self._table.length)
        self._postings = storage.open_shared(segment.make_filename(POSTINGS))
        self._open_documents(storage.open_shared(segment.make_filename(DOCUMENTS)))
        self.alive = self.count - len(self.deleted)
        if self.deleted:
            live = bytearray(b"\x01") * self.count
            for number in self.deleted:
                live[number] = 0
            self.live = bytes(live)
        else:
            self.live = b"\x01" * self.count

    def _open_documents(self, file: Shared) -> None:
        (size,) = struct.unpack("<I", file.get(0, 4))
        head = json.loads(file.get(4, size))
        self.count: int = head["count"]
        place = 4 + size
        self.columns: dict[str, Column] = {}
        for name, values, code in head["fields"]:
            length = self.count * array(code).itemsize
            references: bytes | array[int] = file.get(place, length)
            if code != "B":
                references = array(code, file.get(place, length))
            self.columns[name] = Column(values, references)
            place += length
        self.dates = array("q", file.get(place, self.count * 8))
        place += self.count * 8
        self._ends = array("I", file.get(place, (self.count + 1) * 4))
        self._keys_at = place + (self.count + 1) * 4
        self._documents = file

    def languages(self) -> frozenset[str]:
        """The languages of the live documents."""
        column = self.columns["language"]
        if not self.deleted:
            return frozenset(filter(None, column.values))
        used = {ref for ref, live in zip(column.references, self.live, strict=True) if live}
        return frozenset(column.values[ref] for ref in used if ref)

    def key(self, number: int) -> tuple[str, str, str]:
        """Id, thread and version of a document."""
        start, end = self._ends[number], self._ends[number + 1]
        id_, thread, version = (
            self._documents.get(self._keys_at + start, end - start).decode().split("\x1f", 2)
        )
        return id_, thread, version

    def value(self, number: int, field: str) -> str:
        """One value of a document."""
        column = self.columns[field]
        return column.values[column.references[number]]

    def find_document(self, id_: str) -> int | None:
        """The live document with this id."""
        posting = self._read(IDS + id_.encode())
        for number in posting[0] if posting else ():
            if number not in self.deleted:
                return number
        return None

    def stem(self, stem: str) -> Posting | None:
        """Live documents that hold a stem, and their impacts."""
        return self._find(STEMS + stem.encode())

    def word(self, surface: str) -> Posting | None:
        """Live documents that hold a surface, with packed places."""
        return self._find(WORDS + surface.encode())

    def titled(self, words: Sequence[str]) -> Posting | None:
        """Live documents whose whole title is these folded words."""
        return self._find(title_key(words))

    def words_from(self, start: str) -> Iterator[tuple[str, int]]:
        """Surfaces that begin like this and in how many documents, deleted ones too, in order."""
        for key, (found, _, _) in self._entries(WORDS + start.encode()):
            yield key[1:].decode(), found

    def documents_from(self, start: str) -> set[int]:
        """The live documents that hold a surface which begins like this; reads no places."""
        numbers: set[int] = set()
        for _, (found, offset, _) in self._entries(WORDS + start.encode()):
            numbers.update(unpack_documents(self._postings.get(offset, 5 + 4 * found)))
        return numbers - self.deleted

    def _entries(self, prefix: bytes) -> Iterator[tuple[bytes, tuple[int, int, int]]]:
        """Keys that begin like this, in order, with what the table says of them; read in large pieces."""
        place: int | None = self._terms.closest_key_pos(prefix)
        end = self._terms.endofdata
        piece = 4_096
        while place is not None and place < end:
            data = self._table.get(place, min(piece, end - place))
            at = 0
            while at + 8 <= len(data):
                key_length, value_length = _ENTRY.unpack_from(data, at)
                following = at + 8 + key_length + value_length
                if following > len(data):
                    break
                key = data[at + 8 : at + 8 + key_length]
                if not key.startswith(prefix):
                    return
                yield key, unpack_term(data[at + 8 + key_length : following])
                at = following
            place += at
            piece = 65_536

    def _find(self, key: bytes) -> Posting | None:
        cached = self._cache.get(self.number, key)
        if cached is not None:
            return cached[0]
        posting = self._read(key)
        if posting and self.deleted:
            posting = _without(posting, self.deleted)
        self._cache.put(self.number, key, posting)
        return posting

    def _read(self, key: bytes) -> Posting | None:
        value = self._terms.get(key)
        if value is None:
            return None
        _, offset, length = unpack_term(value)
        return unpack_posting(self._postings.get(offset, length), has_lengths=key[:1] == WORDS)

    def as_source(self, deleted: frozenset[int]) -> Source:
        """This leaf, without some documents, as a part of a new segment."""
        columns = list(self.columns.values())
        rows = []
        for number in range(self.count):
            start, end = self._ends[number], self._ends[number + 1]
            values = tuple(c.values[c.references[number]] for c in columns)
            key = self._documents.get(self._keys_at + start, end - start)
            rows.append((self.dates[number], values, key))
        return Source(rows, self._all_postings(), deleted)

    def _all_postings(self) -> Iterator[tuple[bytes, Posting]]:
        for key, (_, offset, length) in self._entries(b""):
            yield key, unpack_posting(self._postings.get(offset, length), has_lengths=key[:1] == WORDS)


def _without(posting: Posting, deleted: frozenset[int]) -> Posting | None:
    ids, values, lengths = posting
    kept = [n for n, i in enumerate(ids) if i not in deleted]
    if not kept:
        return None
    if len(kept) == len(ids):
        return posting
    alive = array(ids.typecode, [ids[n] for n in kept])
    if lengths is None:
        return alive, bytes([values[n] for n in kept]), None
    ends = list(accumulate(lengths, initial=0))
    parts = b"".join([values[ends[n] : ends[n + 1]] for n in kept])
    return alive, parts, array(lengths.typecode, [lengths[n] for n in kept])
