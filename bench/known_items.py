"""Known items in all languages: what somebody finds who remembers some words, with and without accents.

    python -m bench.known_items --corpora DIR [--postgresql URL]

DIR holds JSON Lines files with texts in several languages (`lang`, `title`, `text`, `translation_of`). For
each text the query is its five rarest words among the texts of its language, in their order; the right answer
is that text, or one that reads the same. Everything lies in one index: a query meets all languages at once.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from bench.relevance import Rank
from forum.search.analysis import TOKEN, fold, surfaces
from forum.search.postgres_engine import PostgresEngine
from forum.search.protocol import SearchDocument, SearchEngine, SearchRequest
from forum.search.query import Group, Word
from forum.search.whoosh_engine import WhooshEngine
from tests.servers import postgresql

WORDS, DEPTH, WANTED = 5, 10, 0.97


def read(corpora: Path) -> list[SearchDocument]:
    """The texts that are there in several languages."""
    documents = []
    for path in sorted(corpora.rglob("*.jsonl")):
        records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        for record in records:
            if record.get("translation_of") and record.get("text"):
                documents.append(
                    SearchDocument(
                        id=record["id"],
                        kind="paper",
                        audience="public",
                        title=record["title"] or "",
                        text=record["text"],
                        language=record["lang"],
                        group="one",
                        date=datetime(2020, 1, 1, tzinfo=UTC),
                    )
                )
    return documents


def make_queries(documents: list[SearchDocument]) -> dict[str, list[str]]:
    """The words that somebody remembers of each document."""
    held: Counter[tuple[str, str]] = Counter()
    for document in documents:
        held.update({(document.language, surface) for surface in surfaces(document.text)})
    queries = {}
    for document in documents:
        tokens = list(dict.fromkeys(TOKEN.findall(document.text)))
        rarest = sorted(tokens, key=lambda token: (held[document.language, fold(token)], -len(token)))
        chosen = set(rarest[:WORDS])
        queries[document.id] = [token for token in tokens if token in chosen]
    return queries


def rank_by(engine: SearchEngine) -> Rank:
    """Search for words separated by spaces."""

    def rank(text: str) -> list[str]:
        query = Group(tuple(map(Word, text.split())))
        found = engine.search(SearchRequest(frozenset(["public"]), query, limit=DEPTH))
        return [hit.id for hit in found.hits]

    return rank


def measure(documents: list[SearchDocument], rank: Rank, *, accents: bool) -> dict[str, float]:
    """The mean reciprocal rank of each language."""
    same = {document.id: surfaces(f"{document.title} {document.text}") for document in documents}
    queries = make_queries(documents)
    ranks: dict[str, list[float]] = {}
    for document in documents:
        words = queries[document.id] if accents else map(fold, queries[document.id])
        found = rank(" ".join(words))
        places = [place for place, id_ in enumerate(found, 1) if same[id_] == same[document.id]]
        ranks.setdefault(document.language, []).append(1 / places[0] if places else 0.0)
    return {language: statistics.mean(values) for language, values in ranks.items()}


def main(arguments: list[str] | None = None) -> int:
    """Print a line for each engine and way of typing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpora", type=Path, help="where texts in several languages are")
    parser.add_argument("--postgresql", metavar="URL", help="a database to use")
    options = parser.parse_args(arguments)
    documents = read(options.corpora) if options.corpora else []
    if not documents:
        print("known_items: nothing to measure without --corpora, a folder of texts in several languages")
        return 0
    good = True
    with contextlib.ExitStack() as stack:
        url = options.postgresql or stack.enter_context(postgresql())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, engine in (
            ("whoosh", WhooshEngine(folder / "index")),
            ("postgresql", PostgresEngine(url, "bench_known")),
        ):
            engine.rebuild(documents)
            for accents in (True, False):
                means = measure(documents, rank_by(engine), accents=accents)
                mean = statistics.mean(means.values())
                worst = sorted(means, key=lambda language: means[language])[:4]
                print(
                    f"{name:<11} {'as written' if accents else 'without accents':<16} {len(means)} languages"
                    f" MRR {mean:.4f}, least: {', '.join(f'{lang} {means[lang]:.3f}' for lang in worst)}"
                )
                good &= mean >= WANTED
            engine.close()
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
