"""The glossary, read from `config/glossary.toml`: one plain sentence a word."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from forum.domain.datafile import open_table, refuse_twice


@dataclass(frozen=True)
class GlossaryEntry:
    """A word, what it means here, its other spellings, and the slugs of related words."""

    slug: str
    term: str
    meaning: str
    also: tuple[str, ...]
    see: tuple[str, ...]


def load_glossary(path: Path) -> tuple[GlossaryEntry, ...]:
    """Reads and checks the glossary, sorted by term; DataFileError names what is wrong and where."""
    with open_table(path) as top:
        tables = top.tables("entries", "slug", required=True)
        entries = [
            GlossaryEntry(
                slug=table.slug("slug"),
                term=table.text("term"),
                meaning=table.text("meaning"),
                also=table.texts("also"),
                see=table.texts("see"),
            )
            for table in tables
        ]
        slugs = [entry.slug for entry in entries]
        refuse_twice(tables, "slug", slugs)
        for table, entry in zip(tables, entries, strict=True):
            table.finish()
            for other in entry.see:
                if other not in slugs:
                    raise table.fault("see", f"'{other}' is not an entry")
    return tuple(sorted(entries, key=lambda entry: entry.term.casefold()))
