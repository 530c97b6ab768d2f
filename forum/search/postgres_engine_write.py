"""Writing documents into a build's tables. The caller holds the lock and the transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

import sqlalchemy as sa

from forum.search.analysis import TOKEN, analyse_token, surfaces
from forum.search.postgres_engine_chunks import Chunks, LiveChunks
from forum.search.postgres_engine_tables import (
    MAX_PAIRS,
    MAX_WORDS,
    Tables,
    most_values,
    overfull_lexeme,
    pack_facts,
    pair_lexeme,
    pairs_of,
    quote_lexeme,
    spell,
    term_of,
    title_term,
    word_lexeme,
)
from forum.search.protocol import SearchDocument
from forum.search.query import FACETS, FIELDS
from forum.search.weighing import MAX_PLACES, analyse_document

_COPY = {
    "doc": (
        "COPY @doc (number, audience, author, label, facts, moment, organisation, id, thread, version)"
        " FROM STDIN"
    ),
    "body": "COPY @body (doc, is_overfull, words, folded, terms) FROM STDIN",
}  # fmt: skip


def clean(text: str | None) -> str:
    """Text as PostgreSQL takes it: no NUL, no half of a pair of surrogates."""
    return (text or "").replace("\x00", "").encode("utf-8", "replace").decode()


@dataclass(slots=True)
class Rows:
    """Documents as rows on their way into the tables."""

    doc: list[tuple[Any, ...]] = field(default_factory=list)
    body: list[tuple[Any, ...]] = field(default_factory=list)
    words: Counter[tuple[int, str]] = field(default_factory=Counter)


class DocumentWriter:
    """Makes rows of documents, and numbers audiences and values as they come; `chunks` takes the impacts."""

    def __init__(self, connection: sa.Connection, tables: Tables, chunks: Chunks, *, counts: bool) -> None:
        self._connection, self._tables = connection, tables
        self._chunks, self._counts = chunks, counts
        self._audiences = {row.label: row.number for row in self.run("SELECT label, number FROM @audience")}
        self._values: dict[tuple[str, str], int] = {}
        top = self.run("SELECT field, max(ref) AS top FROM @value GROUP BY field")
        self._tops = Counter({row.field: row.top for row in top})

    def run(self, statement: str, parameters: dict[str, Any] | None = None) -> sa.CursorResult[Any]:
        """Execute a statement over the build's tables."""
        return self._connection.exec_driver_sql(self._tables.sql(statement), parameters)

    def make_rows(self, documents: Sequence[SearchDocument]) -> Rows:
        """The rows of these documents; `words` are counted only where the writer counts."""
        self._number_values(documents)
        rows = Rows()
        for document in documents:
            self._add(document, rows)
        return rows

    def _add(self, document: SearchDocument, rows: Rows) -> None:
        audience = self._audience(document.audience)
        moment = document.date.astimezone(UTC)
        known: dict[str, list[int]] = {name: [] for name in FIELDS}
        for name, value in values_of(document):
            known[name].append(self._values[name, clean(value)])
        refs = {name: (values or [0])[0] for name, values in known.items()}
        facts = pack_facts(refs, is_superseded=document.is_superseded)
        id_, thread, version = map(clean, (document.id, document.thread, document.version))
        seconds = int(moment.timestamp())
        stems, _ = analyse_document(document)
        terms = {term_of(audience, stem): impact for stem, impact in stems.items()}
        if title := surfaces(document.title):
            terms[title_term(audience, title)] = 255
        number = self._chunks.add(audience, facts, seconds, terms)
        rows.doc.append(
            (
                number,
                audience,
                refs["author"],
                refs["label"],
                facts,
                seconds,
                known["organisation"],
                id_,
                thread,
                version,
            )
        )
        folded = fold_document(document)
        words, misses_words = _fit(_distinct(folded), MAX_WORDS)
        pairs, misses_pairs = _fit(
            {p: None for line in folded.split("\n") for p in pairs_of(line.split())}, MAX_PAIRS
        )
        lexemes = [word_lexeme(audience, word) for word in words]
        if is_overfull := misses_words or misses_pairs:
            lexemes.append(overfull_lexeme(audience))
        lexemes += [pair_lexeme(audience, pair) for pair in pairs]
        vector = " ".join(map(quote_lexeme, lexemes))
        rows.body.append((number, is_overfull, vector, folded, list(terms)))
        if self._counts:
            rows.words.update((audience, word) for word in words)

    def _audience(self, label: str) -> int:
        label = clean(label)
        number = self._audiences.get(label)
        if number is None:
            number = self._audiences[label] = max(self._audiences.values(), default=0) + 1
            self.run(
                "INSERT INTO @audience (number, label) VALUES (%(number)s, %(label)s)",
                {"number": number, "label": label},
            )
        return number

    def _number_values(self, documents: Sequence[SearchDocument]) -> None:
        wanted = {(name, clean(value)) for document in documents for name, value in values_of(document)}
        wanted -= self._values.keys()
        if not wanted:
            return
        fields, texts = zip(*sorted(wanted), strict=True)
        known = self.run(
            "SELECT v.field, v.value, v.ref FROM unnest(%(fields)s::text[], %(texts)s::text[])"
            " AS w(field, value) JOIN @value v ON v.field = w.field AND v.value = w.value",
            {"fields": list(fields), "texts": list(texts)},
        )
        self._values |= {(row.field, row.value): row.ref for row in known}
        made = []
        for name, text in sorted(wanted - self._values.keys()):
            self._tops[name] += 1
            if name in FACETS and self._tops[name] > most_values(name):
                raise ValueError(f"more than {most_values(name):,} different values of {name}")
            self._values[name, text] = self._tops[name]
            made.append((name, self._tops[name], text, fold_value(name, text)))
        if made:
            columns = [list(column) for column in zip(*made, strict=True)]
            self.run(
                "INSERT INTO @value (field, ref, value, folded)"
                " SELECT * FROM unnest(%(a)s::text[], %(b)s::int[], %(c)s::text[], %(d)s::text[])",
                dict(zip("abcd", columns, strict=True)),
            )

    def copy(self, rows: Rows) -> None:
        """Load rows, without counting what is in them."""
        cursor: Any = self._connection.connection.cursor()
        for name, lines in (("doc", rows.doc), ("body", rows.body)):
            with cursor.copy(self._tables.sql(_COPY[name])) as copy:
                for line in lines:
                    copy.write_row(line)
        cursor.close()

    def count(self, words: Counter[tuple[int, str]], sign: int = 1) -> None:
        """Add words to the counts (or take them away)."""
        if not words:
            return
        audiences, texts = zip(*words, strict=True)
        parameters = {"audiences": list(audiences), "words": list(texts)}
        parameters["counts"] = [sign * count for count in words.values()]
        changes = "unnest(%(audiences)s::smallint[], %(words)s::text[], %(counts)s::int[])"
        self.run(
            f"INSERT INTO @word AS t (audience, word, found) SELECT * FROM {changes} ORDER BY 1, 2"
            " ON CONFLICT (audience, word) DO UPDATE SET found = t.found + excluded.found",
            parameters,
        )
        if sign < 0:
            self.run(
                f"DELETE FROM @word t USING {changes} AS c(audience, word, n)"
                " WHERE t.audience = c.audience AND t.word = c.word AND t.found <= 0",
                parameters,
            )

    def remove(self, ids: Iterable[str], chunks: LiveChunks) -> int:
        """Take documents out of a live index, with all that they counted for; gives how many there were."""
        found = self.run(
            "SELECT d.number, d.audience, b.folded, b.terms FROM @doc d JOIN @body b ON b.doc = d.number"
            " WHERE d.id = ANY(%(ids)s)",
            {"ids": [clean(id_) for id_ in ids]},
        ).all()
        if not found:
            return 0
        gone: Counter[tuple[int, str]] = Counter()
        for row in found:
            words, _ = _fit(_distinct(row.folded), MAX_WORDS)
            gone.update((row.audience, word) for word in words)
            chunks.remove(row.number, row.terms)
        self.count(gone, -1)
        of = {"numbers": [row.number for row in found]}
        self.run("DELETE FROM @body WHERE doc = ANY(%(numbers)s)", of)
        self.run("DELETE FROM @doc WHERE number = ANY(%(numbers)s)", of)
        return len(found)


def values_of(document: SearchDocument) -> list[tuple[str, str]]:
    """The values of a document by field, those that there are."""
    values = [(name, getattr(document, name)) for name in FIELDS if name != "year"]
    values.append(("year", f"{document.date.astimezone(UTC).year:04}"))
    values += [("organisation", name) for name in document.signatories if name != document.organisation]
    return [(name, value) for name, value in dict.fromkeys(values) if clean(value)]


def fold_value(name: str, value: str) -> str:
    """How a filter's value is compared: an author by words, all else whole."""
    if name == "author":
        return "".join(f" {word} " for word in map(spell, surfaces(value)))
    return value.casefold()


def fold_document(document: SearchDocument) -> str:
    """All words of a document in order, each between two spaces; the title is the first line."""
    lines = [
        [spell(analyse_token(token, document.language)[0]) for token in TOKEN.findall(part)[:MAX_PLACES]]
        for part in (document.title, document.text)
    ]
    return "\n".join("".join([f" {word} " for word in line]) for line in lines)


def _distinct(folded: str) -> dict[str, None]:
    """The words of a folded text, each once, in the order of their first places."""
    return dict.fromkeys(folded.split())


def _fit(lexemes: Iterable[str], most: int) -> tuple[list[str], bool]:
    """The first of these that stay under so many bytes, and whether that left any out."""
    kept: list[str] = []
    size = 0
    for lexeme in lexemes:
        size += len(lexeme.encode()) + 8
        if size > most:
            return kept, True
        kept.append(lexeme)
    return kept, False
