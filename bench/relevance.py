"""Relevance against SQLite's FTS5 on real discussions that link to each other.

    python -m bench.relevance --corpora DIR [--postgresql URL] [--rounds 10000]

DIR holds a `posts.jsonl` (id, thread, title, text) and a `links.jsonl` (src, dst) beside each other,
somewhere below it. A query is the title of a post that links to another discussion; relevant is that one.
Results are the discussions of the posts found, each once, without the one that asks. Queries are
split by their discussion with a fixed seed: weights were tuned on the first half, the second is what counts.
The baseline is FTS5 (unicode61, all words joined by OR, bm25) over the same posts in the same run; the
difference is tested by a paired randomisation: how often signs drawn at random make one as large.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import random
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from forum.search.analysis import TOKEN
from forum.search.grammar import parse
from forum.search.postgres_engine import PostgresEngine
from forum.search.protocol import SearchDocument, SearchEngine, SearchRequest
from forum.search.query import Group, Word
from forum.search.whoosh_engine import WhooshEngine
from tests.servers import postgresql

SEED = 20260101
DEPTH = 10
LOOK = 400
"""How many posts are looked through for ten discussions."""
Rank = Callable[[str], Sequence[str]]
"""From a title to ids of posts, best first."""


class Judgements:
    """Posts, and which discussions each linking post should find."""

    def __init__(self, folder: Path) -> None:
        lines = (folder / "posts.jsonl").read_text(encoding="utf-8").splitlines()
        self.posts: dict[str, dict[str, Any]] = {post["id"]: post for post in map(json.loads, lines)}
        self.relevant: dict[str, set[str]] = {}
        for line in (folder / "links.jsonl").read_text(encoding="utf-8").splitlines():
            link = json.loads(line)
            own, other = self.posts[link["src"]]["thread"], self.posts[link["dst"]]["thread"]
            if own != other:
                self.relevant.setdefault(link["src"], set()).add(other)

    def split(self) -> tuple[list[str], list[str]]:
        """The linking posts in two halves, by discussion."""
        discussions = sorted({self.posts[id_]["thread"] for id_ in self.relevant})
        random.Random(SEED).shuffle(discussions)
        first = set(discussions[: len(discussions) // 2])
        halves: tuple[list[str], list[str]] = ([], [])
        for id_ in sorted(self.relevant):
            halves[self.posts[id_]["thread"] not in first].append(id_)
        return halves

    def score(self, id_: str, rank: Rank) -> tuple[float, float]:
        """nDCG@10 and the reciprocal rank (within ten) of one query."""
        found: list[str] = []
        seen = {self.posts[id_]["thread"]}
        for post in rank(self.posts[id_]["title"]):
            thread = self.posts[post]["thread"]
            if thread not in seen:
                seen.add(thread)
                found.append(thread)
        relevant = self.relevant[id_]
        hits = [place for place, thread in enumerate(found[:DEPTH]) if thread in relevant]
        best = sum(1 / math.log2(place + 2) for place in range(min(DEPTH, len(relevant))))
        gained = sum(1 / math.log2(place + 2) for place in hits)
        return gained / best, 1 / (hits[0] + 1) if hits else 0.0


def rank_by_fts5(posts: dict[str, dict[str, Any]]) -> Rank:
    """SQLite's own full text, every word wanted and none required."""
    base = sqlite3.connect(":memory:")
    base.execute("CREATE VIRTUAL TABLE post USING fts5(id UNINDEXED, title, text, tokenize = 'unicode61')")
    base.executemany(
        "INSERT INTO post VALUES (?, ?, ?)",
        [(post["id"], post["title"] or "", post["text"] or "") for post in posts.values()],
    )

    def rank(title: str) -> Sequence[str]:
        words = " OR ".join(f'"{word}"' for word in dict.fromkeys(TOKEN.findall(title)))
        found = base.execute(
            "SELECT id FROM post WHERE post MATCH ? ORDER BY bm25(post) LIMIT ?", (words, LOOK)
        )
        return [row[0] for row in found]

    return rank


def rank_by_engine(engine: SearchEngine, posts: dict[str, dict[str, Any]]) -> Rank:
    """An engine of ours over the same posts; a title is typed as words, whatever signs stand in it."""
    engine.rebuild(
        SearchDocument(
            id=post["id"],
            kind="post",
            audience="public",
            title=post["title"] or "",
            text=post["text"] or "",
            language="en",
            group="one",
            date=datetime.fromisoformat(post["date"]).astimezone(UTC),
            thread=post["thread"],
        )
        for post in posts.values()
    )
    parse("begin")

    def rank(title: str) -> Sequence[str]:
        query = Group(tuple(map(Word, TOKEN.findall(title))))
        results = engine.search(SearchRequest(frozenset(["public"]), query, limit=LOOK))
        return [hit.id for hit in results.hits]

    return rank


def randomise(one: Sequence[float], other: Sequence[float], rounds: int) -> float:
    """The two-sided p-value of a paired randomisation test."""
    differences = [a - b for a, b in zip(one, other, strict=True)]
    seen = abs(sum(differences))
    draw = random.Random(SEED)
    as_large = sum(
        abs(sum(d if draw.random() < 0.5 else -d for d in differences)) >= seen - 1e-12 for _ in range(rounds)
    )
    return (as_large + 1) / (rounds + 1)


def report(judgements: Judgements, ranks: dict[str, Rank], rounds: int) -> bool:
    """Print both halves; says whether every engine is a tenth better than FTS5 on the second."""
    good = True
    print(f"{'half':<9} {'':<11} {'queries':>7} {'nDCG@10':>8} {'MRR':>6} {'against FTS5':>13} {'p':>8}")
    for name, half in zip(("tuned on", "held out"), judgements.split(), strict=True):
        base: list[float] = []
        for engine, rank in ranks.items():
            scores = [judgements.score(id_, rank) for id_ in half]
            gains = [gain for gain, _ in scores]
            mean, mrr = sum(gains) / len(half), sum(r for _, r in scores) / len(half)
            line = f"{name:<9} {engine:<11} {len(half):>7} {mean:>8.4f} {mrr:>6.3f}"
            if not base:
                base = gains
            else:
                better = mean / (sum(base) / len(base)) - 1
                line += f" {better:>+13.1%} {randomise(gains, base, rounds):>8.4f}"
                good &= name != "held out" or better >= 0.1
            print(line, flush=True)
    return good


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--corpora", type=Path, help="where posts and their links are")
    parser.add_argument("--postgresql", metavar="URL", help="a database to use")
    parser.add_argument("--rounds", type=int, default=10_000, help="of the randomisation")
    options = parser.parse_args(arguments)
    found = sorted(options.corpora.rglob("links.jsonl")) if options.corpora else []
    folders = [path.parent for path in found if (path.parent / "posts.jsonl").exists()]
    if not folders:
        print("relevance: nothing to measure without --corpora, a folder of posts.jsonl and links.jsonl")
        return 0
    judgements = Judgements(folders[0])
    with contextlib.ExitStack() as stack:
        url = options.postgresql or stack.enter_context(postgresql())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engines: dict[str, SearchEngine] = {
            "whoosh": WhooshEngine(folder / "index"),
            "postgresql": PostgresEngine(url, "bench_relevance"),
        }
        ranks = {"FTS5": rank_by_fts5(judgements.posts)}
        ranks |= {name: rank_by_engine(engine, judgements.posts) for name, engine in engines.items()}
        good = report(judgements, ranks, options.rounds)
        for engine in engines.values():
            engine.close()
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
