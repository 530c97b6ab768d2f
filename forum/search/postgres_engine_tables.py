"""Where the PostgreSQL engine keeps what it knows: a schema of its own, and a set of tables for each build.

    <schema>.current      the name of the live build, its schema version and generation; one row
    <build>_audience      the labels, numbered
    <build>_doc           one narrow row a document
    <build>_chunk         up to 2,048 documents of one audience: the columns that totals, facets, filters and
                          dates are read from; `version` changes whenever a document comes or goes
    <build>_block         the impacts of one stem, or of a whole title, in one chunk
    <build>_body          `words`, the lexemes that GIN finds it by; its folded words in order, which phrases
                          and nears are checked in; its terms. All of these lie apart (TOAST): what GIN
                          finds is then read in few pages
    <build>_word          in how many documents of an audience a surface stands
    <build>_value         distinct values of the fields, numbered from 1; 0 is none

A document's number is its chunk's, times 2,048, and its place there. A block is at most as long as its chunk
has documents, so that it lies in the row: what a word is worth in 2,048 documents is read at once, where a
row each would cost a hundred times as much. A process keeps blocks and columns that it has read for as long
as the chunk has the same version.

**Everything that a search looks up belongs to an audience**: lexemes (`7:word`), terms, chunks, words. So a
search reads nothing of what the visitor may not read, and neither statistics nor time tell of it.

`words` is a tsvector without positions: those end at 16,383 and at 256 a lexeme. A phrase is found by all its
words, and by its pairs of function words, which alone would find nearly everything; then it is looked for in
the folded text, of whatever length.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from forum.search.query import FACETS
from forum.search.stopwords import EVERY_STOP_WORD

SCHEMA = "forum_search"
SCHEMA_VERSION = 4
MAX_LEXEME = 200
"""Characters of a word; what is longer is cut, in texts and queries alike."""
SHIFTS = {name: 48 - 8 * place for place, name in enumerate(FACETS)}
"""Where in its 64 bits `facts` holds each facet: the group in 16, others in 8; the lowest are flags."""
IS_SUPERSEDED, IS_THERE = 1, 2
"""Bits of `facts`: a later version exists; the document has not been removed."""
CHUNK = 2_048
"""Documents in a chunk."""
MAX_WORDS, MAX_PAIRS = 600_000, 300_000
"""Bytes of words and of pairs that go into one tsvector, which may hold 1,048,575."""

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,40}")
_TABLE = re.compile(r"(?<!@)@([a-z_]+)")

CURRENT = """
CREATE TABLE IF NOT EXISTS @current (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    build text NOT NULL, schema_version integer NOT NULL, generation bigint NOT NULL
)
"""

_TABLES = """
CREATE TABLE @audience (number smallint PRIMARY KEY, label text NOT NULL UNIQUE);
CREATE TABLE @doc (
    number integer NOT NULL, audience smallint NOT NULL, author integer NOT NULL, label integer NOT NULL,
    facts bigint NOT NULL, moment bigint NOT NULL, organisation integer[] NOT NULL,
    id text COLLATE "C" NOT NULL, thread text NOT NULL, version text NOT NULL
);
CREATE TABLE @chunk (
    number integer PRIMARY KEY, audience smallint NOT NULL, size integer NOT NULL, alive integer NOT NULL,
    version bigint NOT NULL, facts bytea NOT NULL, moments bytea NOT NULL
) WITH (toast_tuple_target = 128);
CREATE INDEX ON @chunk (audience);
CREATE TABLE @block (term bigint NOT NULL, chunk integer NOT NULL, impacts bytea NOT NULL)
    WITH (toast_tuple_target = 4096, fillfactor = 90);
ALTER TABLE @block ALTER impacts SET STORAGE MAIN;
CREATE TABLE @body (
    doc integer NOT NULL, is_overfull boolean NOT NULL, words tsvector NOT NULL,
    folded text NOT NULL, terms bigint[] NOT NULL
) WITH (toast_tuple_target = 128);
ALTER TABLE @body ALTER words SET STORAGE EXTERNAL, ALTER folded SET STORAGE EXTERNAL,
    ALTER terms SET STORAGE EXTERNAL;
CREATE TABLE @word (audience smallint NOT NULL, word text COLLATE "C" NOT NULL, found integer NOT NULL)
    WITH (fillfactor = 80);
CREATE TABLE @value (field text NOT NULL, ref integer NOT NULL, value text NOT NULL, folded text NOT NULL,
    PRIMARY KEY (field, ref));
CREATE INDEX ON @value (field, folded);
"""

_INDEXES = """
ALTER TABLE @doc ADD PRIMARY KEY (number);
CREATE UNIQUE INDEX ON @doc (id);
CREATE INDEX ON @body USING gin (words) WITH (fastupdate = off);
ALTER TABLE @body ADD PRIMARY KEY (doc);
CREATE INDEX ON @doc USING gin (organisation) WITH (fastupdate = off);
CREATE INDEX ON @doc (author);
ALTER TABLE @block ADD PRIMARY KEY (term, chunk);
ALTER TABLE @word ADD PRIMARY KEY (audience, word);
"""

_COUNTS = """
INSERT INTO @word
SELECT split_part(word, ':', 1)::smallint, substr(word, strpos(word, ':') + 1), ndoc
FROM ts_stat('SELECT words FROM @body') WHERE word ~ '^[0-9]+:';
"""

TABLES = ("audience", "doc", "chunk", "block", "body", "word", "value")


class Tables:
    """Names of one build's tables, put into statements."""

    def __init__(self, schema: str, build: str) -> None:
        for name in (schema, build):
            if not _NAME.fullmatch(name):
                raise ValueError(f"not a name for tables: {name!r}")
        self.schema, self.build = schema, build
        self._known: dict[str, str] = {}

    def sql(self, statement: str) -> str:
        """A statement with `@doc` and the like replaced by the build's tables."""
        sql = self._known.get(statement)
        if sql is None:
            sql = self._known[statement] = _TABLE.sub(self._name, statement)
        return sql

    def _name(self, match: re.Match[str]) -> str:
        table = match[1] if match[1] == "current" else f"{self.build}_{match[1]}"
        return f'"{self.schema}"."{table}"'

    def make_tables(self) -> list[str]:
        """Statements that make a build's empty tables, without the indexes of the large ones."""
        return self._split(_TABLES)

    def make_indexes(self) -> list[str]:
        """Statements that index what was loaded."""
        return self._split(_INDEXES)

    def make_counts(self) -> list[str]:
        """Statements that count what was loaded."""
        return self._split(_COUNTS)

    def _split(self, statements: str) -> list[str]:
        return [self.sql(statement) for statement in statements.split(";") if statement.strip()]


def spell(surface: str) -> str:
    """A surface as stored: not too long, without spaces (a ligature may fold into several words)."""
    if len(surface) > MAX_LEXEME or not surface.isalnum():
        return "_".join(surface[:MAX_LEXEME].split()) or "_"
    return surface


@lru_cache(maxsize=50_000)
def term_of(audience: int, stem: str) -> int:
    """The number of a stem in an audience: a digest, so that nobody has to hand out numbers."""
    digest = hashlib.blake2b(f"{audience}:{stem}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def pack_facts(refs: Mapping[str, int], *, is_superseded: bool) -> int:
    """The facets' values of a document, and whether there is a later version, as one number."""
    packed = IS_THERE | (IS_SUPERSEDED if is_superseded else 0)
    for name, shift in SHIFTS.items():
        packed |= refs[name] << shift
    return packed - 2**64 if packed >= 2**63 else packed


def facet_of(name: str, facts: str = "facts") -> str:
    """SQL for the number of a facet's value in packed facts."""
    return f"(({facts} >> {SHIFTS[name]}) & {most_values(name)})"


def most_values(name: str) -> int:
    """How many different values a facet can have in one index."""
    return 65_535 if name == "group" else 255


def pairs_of(words: Sequence[str]) -> set[str]:
    """The pairs of neighbouring function words."""
    flags = [word in EVERY_STOP_WORD for word in words]
    return {
        f"{words[place]} {words[place + 1]}"
        for place in range(len(words) - 1)
        if flags[place] and flags[place + 1]
    }


def word_lexeme(audience: int, word: str) -> str:
    """How a tsvector holds a surface."""
    return f"{audience}:{word}"


def pair_lexeme(audience: int, pair: str) -> str:
    """How a tsvector holds two neighbouring function words."""
    return f"{audience}+{pair}"


def title_term(audience: int, words: Sequence[str]) -> int:
    """The number of a whole title in an audience; no stem has a space or `=` in it."""
    return term_of(audience, "=" + " ".join(words))


def overfull_lexeme(audience: int) -> str:
    """What a tsvector holds that could not take all words: they must be looked for in the text."""
    return f"{audience}!"


def quote_lexeme(lexeme: str) -> str:
    """A lexeme as a tsquery's text takes it."""
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def phrase_queries(audiences: Iterable[int], words: Sequence[str]) -> list[str]:
    """A tsquery for each audience: the documents that may hold a phrase of these (spelled) words."""
    pairs, single = pairs_of(words), dict.fromkeys(words)
    queries = []
    for audience in audiences:
        lexemes = [word_lexeme(audience, word) for word in single]
        lexemes += [pair_lexeme(audience, pair) for pair in sorted(pairs)]
        needed = " & ".join(map(quote_lexeme, lexemes))
        queries.append(f"({needed}) | {quote_lexeme(overfull_lexeme(audience))}")
    return queries


def prefix_query(audience: int, start: str) -> str:
    """A tsquery for the documents of an audience that hold, or may hold, a word that begins like this."""
    word = quote_lexeme(word_lexeme(audience, spell(start)))
    return f"{word}:* | {quote_lexeme(overfull_lexeme(audience))}"
