"""Search over 40,000 synthetic documents: p50, p95, p99 by visitor and query class.

    python -m bench.search [--documents 40000] [--queries 25] [--folder DIR]

Text is drawn from an invented vocabulary of policy words with Zipf's distribution, with a fixed seed; twenty
audiences hold equal parts of it. A search is what a results page costs: exact total, six facets, and the
snippets of the first 20 hits.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from forum.search.analysis import flatten_terms
from forum.search.grammar import parse
from forum.search.protocol import SearchDocument, SearchEngine, SearchRequest
from forum.search.snippets import extract_snippet, mark_hits
from forum.search.whoosh_engine import WhooshEngine

# ruff: noqa: SIM905, E501
SEED = 20260101
AUDIENCES = 20
MEAN_CHARACTERS = 1_687
VOCABULARY = 30_000
TYPES = ("company", "ngo", "authority", "academia", "citizen", "union", "association")
COUNTRIES = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()
FUNCTION_WORDS = "the of and to in a is that for it as was with be by on not at this are or from an which will should".split()
ROOTS = (
    "access account act advert age agency agree alert amend anonym appeal assess audit author ban bench bill body "
    "border bound breach brief budget capac case chair channel charter child cipher citizen claim client code "
    "commit compan comply consent consult content control council court crime data deadline debate decide decrypt "
    "defin delegat deploy design detect device digit direct disclos domain draft duty encrypt enforc ethic europ "
    "evidence expert expos famil filter flag forum fund govern group guard guid harm hash help host identif impact "
    "implement incid industr inform infring innov inspect interim intern investig join judg jurisdict justic key "
    "label lab law legal legisl level liab licens list mandat market measure media member messag metadat method "
    "minor mitigat model moder monitor nation necess network notif oblig observ office onlin open oper oppos order "
    "organis oversight paper parent parliament partner passage penalt person phas platform polic portal position "
    "practic prevent princip privac procedur process product profil project promot proport propos prosecut protect "
    "provid public purpos qualit question rapporteur recommend record redress refer reform regist regul remed "
    "remov report request requir research resolut respond review right risk rout rule safe sanction scan school "
    "scope seat secretar secur serv share signal source stage stakehold standard stat statut store strateg submit "
    "support survey system target task techn term test threat threshold time tool trace train transpar treat trust "
    "union upload user valid vendor victim video vote vulner warn warrant weight welfar witness word work youth"
).split()  # fmt: skip
ENDINGS = (
    "|s|ed|ing|er|ers|ion|ions|ment|ments|able|al|ally|ance|ity|ities|ive|ory|or|ors|ness|less|ful|ise|ised|isation"
).split("|")
NEIGHBOURS = (
    "cross|pre|re|non|under|over|inter|multi|self|out|co|de|sub|fore|mis|un|trans|counter|micro".split("|")
)


class Corpus:
    """Documents and queries of a fixed seed."""

    def __init__(self, documents: int) -> None:
        self._random = random.Random(SEED)
        self.documents = documents
        self.words = self._invent_words()
        weights = [1 / (rank + 12) ** 1.02 for rank in range(len(self.words))]
        self._sums = list(accumulate(weights))

    def _invent_words(self) -> list[str]:
        plain = [root + ending for root in ROOTS for ending in ENDINGS]
        compound = [before + word for before in NEIGHBOURS for word in plain]
        self._random.shuffle(plain)
        self._random.shuffle(compound)
        return FUNCTION_WORDS + (plain + compound)[: VOCABULARY - len(FUNCTION_WORDS)]

    def _draw(self, count: int) -> list[str]:
        return self._random.choices(self.words, cum_weights=self._sums, k=count)

    def iterate_documents(self) -> Iterator[SearchDocument]:
        """All documents; text lengths vary around the mean as those of posts do."""
        start = datetime(2018, 1, 1, tzinfo=UTC)
        draw = self._random
        for number in range(self.documents):
            length = max(20, int(draw.lognormvariate(4.88, 0.75)))
            text = " ".join(self._draw(length))
            group = number % AUDIENCES
            yield SearchDocument(
                id=f"post:{number:016x}",
                kind=draw.choices(("post", "paper", "attachment", "question"), (80, 12, 6, 2))[0],
                audience="public" if group == 0 else f"group:{group}",
                title=" ".join(self._draw(draw.randint(3, 9))).capitalize(),
                text=text,
                language=draw.choices(("en", "fr", "de"), (90, 6, 4))[0],
                group=f"group-{group:02}",
                date=start + timedelta(minutes=draw.randrange(60 * 24 * 365 * 7)),
                author=f"Person {draw.randrange(400)}",
                organisation=f"body-{draw.randrange(200)}",
                organisation_type=draw.choice(TYPES),
                country=draw.choice(COUNTRIES),
                thread=f"thread:{number // 20:016x}",
            )

    def query_classes(self, count: int, texts: list[str]) -> dict[str, list[str]]:
        """Eight classes of queries, `count` of each; phrases are taken from texts."""
        draw = random.Random(SEED + 1)
        common, middle, rare = self.words[30:180], self.words[180:3_000], self.words[6_000:20_000]

        def phrase() -> str:
            words = draw.choice(texts).split()
            start = draw.randrange(max(1, len(words) - 3))
            return f'"{" ".join(words[start : start + draw.randint(2, 3)])}"'

        def sentence() -> str:
            words = [*draw.sample(common, 3), *draw.sample(middle, 4), draw.choice(rare)]
            words += draw.sample(FUNCTION_WORDS, 4)
            draw.shuffle(words)
            return " ".join(words)

        def prefix() -> str:
            return draw.choice(middle + rare)[: draw.randint(4, 7)] + "*"

        def narrowed() -> str:
            narrow = draw.choice(("kind:paper", "type:ngo,union", "country:DE,FR", "after:2022", "-lang:de"))
            return f"{draw.choice(common)} {draw.choice(middle)} {narrow}"

        ways: dict[str, Callable[[], str]] = {
            "one rare word": lambda: draw.choice(rare),
            "one common word": lambda: draw.choice(common),
            "two words": lambda: f"{draw.choice(common)} {draw.choice(middle)}",
            "sentence": sentence,
            "phrase": phrase,
            "exclusion": lambda: f"{draw.choice(common)} {draw.choice(middle)} -{draw.choice(common)}",
            "prefix": prefix,
            "words and filter": narrowed,
        }
        return {name: [way() for _ in range(count)] for name, way in ways.items()}


@dataclass(frozen=True, slots=True)
class Figures:
    """Milliseconds of one visitor and query class: by the clock, and of this process's processor time."""

    audiences: int
    query_class: str
    p50: float
    p95: float
    p99: float
    cpu_p50: float
    cpu_p95: float


def measure(documents: int = 40_000, queries: int = 25, folder: Path | None = None) -> list[Figures]:
    """Build the index (or use one that `folder` holds already) and time every class for 3, 10, 20 audiences."""
    own = folder is None
    folder = folder or Path(tempfile.mkdtemp(prefix="bench-search-"))
    try:
        return _measure_in(folder, documents, queries)
    finally:
        if own:
            shutil.rmtree(folder)


def _measure_in(folder: Path, documents: int, queries: int) -> list[Figures]:
    corpus = Corpus(documents)
    texts: dict[str, tuple[str, str, str]] = {}
    engine = WhooshEngine(folder)

    def keep(stream: Iterator[SearchDocument]) -> Iterator[SearchDocument]:
        for document in stream:
            texts[document.id] = (document.title, document.text, document.language)
            yield document

    if engine.state().documents == documents:
        for _ in keep(corpus.iterate_documents()):
            pass
    else:
        started = time.process_time()
        engine.rebuild(keep(corpus.iterate_documents()))
        spent = time.process_time() - started
        print(f"built {documents} documents, {documents / spent:.0f} a CPU-second (with inventing them)")
    length = statistics.mean(len(text) for _, text, _ in texts.values())
    print(f"mean length {length:.0f} characters")
    sample = [text for _, text, _ in list(texts.values())[:: max(1, documents // 500)]]
    classes = corpus.query_classes(queries, sample)
    return [
        figure for audiences in (3, 10, 20) for figure in _measure_visitor(folder, audiences, classes, texts)
    ]


def _measure_visitor(
    folder: Path, audiences: int, classes: dict[str, list[str]], texts: dict[str, tuple[str, str, str]]
) -> list[Figures]:
    engine = WhooshEngine(folder)
    clearances = frozenset(["public", *(f"group:{number}" for number in range(1, audiences))])
    search_page(engine, "warm", clearances, texts)
    figures, everything = [], []
    for name, texts_of_class in classes.items():
        spent = []
        for text in texts_of_class:
            clock, processor = time.perf_counter(), time.process_time()
            search_page(engine, text, clearances, texts)
            took = time.perf_counter() - clock, time.process_time() - processor
            spent.append((took[0] * 1000, took[1] * 1000))
        everything += spent
        figures.append(_summarise(audiences, name, spent))
    engine.close()
    return [*figures, _summarise(audiences, "all classes", everything)]


def search_page(
    engine: SearchEngine, text: str, clearances: frozenset[str], texts: dict[str, tuple[str, str, str]]
) -> int:
    """What one page of results takes of search: parse, find, facets, 20 snippets; returns the total."""
    parsed = parse(text)
    results = engine.search(SearchRequest(clearances, parsed.query, parsed.filters))
    terms = flatten_terms(parsed.query, results.languages)
    for hit in results.hits:
        title, body, language = texts[hit.id]
        mark_hits(title, terms, language)
        extract_snippet(body, terms, language)
    return results.total


def _summarise(audiences: int, name: str, spent: list[tuple[float, float]]) -> Figures:
    clock, processor = sorted(c for c, _ in spent), sorted(p for _, p in spent)

    def at(ordered: list[float], share: float) -> float:
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    return Figures(
        audiences,
        name,
        statistics.median(clock),
        at(clock, 0.95),
        at(clock, 0.99),
        statistics.median(processor),
        at(processor, 0.95),
    )


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", type=int, default=40_000)
    parser.add_argument("--queries", type=int, default=25, help="of each class")
    parser.add_argument("--folder", type=Path, help="keep the index here for the next run")
    options = parser.parse_args(arguments)
    figures = measure(options.documents, options.queries, options.folder)
    print(
        f"{'audiences':>9}  {'query class':<18} {'p50':>7} {'p95':>7} {'p99':>7} {'CPU p50':>8} {'CPU p95':>8}  ms"
    )
    for f in figures:
        print(
            f"{f.audiences:>9}  {f.query_class:<18} {f.p50:>7.1f} {f.p95:>7.1f} {f.p99:>7.1f} {f.cpu_p50:>8.1f} {f.cpu_p95:>8.1f}"
        )
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB (with all texts)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
