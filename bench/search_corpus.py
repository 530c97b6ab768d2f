"""60,000 documents of real texts in 20 audiences, for the benches of the search engines.

    python -m bench.search_corpus --folder DIR [--corpora DIR] [--documents 60000]

Takes all texts of the corpora named (JSON Lines with a `text`), all that Debian and Python packages ship on
this machine in other languages than English, and fills up with English ones, with a fixed seed. They are
written into the folder once; benches read them from there, so that no text stays in their memory. What is
cut from one source lies in one audience. Where more documents are wanted than there are texts, the rest are
made of halves of two real ones in the same language.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import sys
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.search_texts import Passage, read_corpora, read_machine
from forum.search.analysis import TOKEN
from forum.search.protocol import SearchDocument
from forum.search.stopwords import EVERY_STOP_WORD

SEED = 20260101
AUDIENCES = 20
FEWEST_CHARACTERS = 600
TYPES = ("company", "ngo", "authority", "academia", "citizen", "union", "association")
COUNTRIES = (
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905
)
CLASSES = (
    "one rare word",
    "one common word",
    "two words",
    "sentence",
    "phrase",
    "exclusion",
    "prefix",
    "words and filter",
)


def clearances_of(audiences: int) -> frozenset[str]:
    """What a visitor of so many audiences may read."""
    return frozenset(["public", *(f"group:{number}" for number in range(1, audiences))])


class RealCorpus:
    """Documents in a folder, as `write` left them."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "documents.jsonl"
        self._words = folder / "words.json"
        self._offsets = array("q")
        if self._path.exists():
            with self._path.open("rb") as lines:
                place = 0
                for line in lines:
                    self._offsets.append(place)
                    place += len(line)

    def __len__(self) -> int:
        return len(self._offsets)

    def write(self, corpora: Path | None, wanted: int) -> None:
        """Gather the texts and write the documents."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        passages = choose(corpora, wanted)
        counts: Counter[str] = Counter()
        self._offsets = array("q")
        place = 0
        with self._path.open("wb") as file:
            for number, passage in enumerate(itertools.islice(extend(passages), wanted)):
                document = make_document(number, passage)
                if number < len(passages):
                    counts.update(set(TOKEN.findall(passage.text.lower())))
                line = json.dumps(asdict(document) | {"date": document.date.isoformat()}).encode() + b"\n"
                self._offsets.append(place)
                place += file.write(line)
        telling = (w for w, _ in counts.most_common(60_000) if w not in EVERY_STOP_WORD and len(w) > 2)
        self._words.write_text(json.dumps([w for w in telling if w.isascii() and not w.isdigit()]))

    def documents(self, first: int | None = None) -> Iterator[SearchDocument]:
        """All documents in order, or the first ones."""
        with self._path.open(encoding="utf-8") as lines:
            for line in itertools.islice(lines, first):
                yield _read(line)

    def texts(self, ids: Sequence[str]) -> list[tuple[str, str, str]]:
        """Title, text and language of some documents."""
        found = []
        with self._path.open("rb") as file:
            for id_ in ids:
                file.seek(self._offsets[int(id_.partition(":")[2], 16)])
                record = json.loads(file.readline())
                found.append((record["title"], record["text"], record["language"]))
        return found

    def query_classes(self, count: int) -> dict[str, list[str]]:
        """Eight classes of queries, `count` of each; phrases and sentences stand in what everybody reads."""
        draw = random.Random(SEED + 1)
        words = json.loads(self._words.read_text())
        common, middle, rare = words[30:180], words[180:3_000], words[6_000:20_000]
        readable = [d.text for d in self.documents(40_000) if d.audience == "public" and d.language == "en"]

        def run_of(length: int) -> str:
            while True:
                tokens = TOKEN.findall(draw.choice(readable))
                if len(tokens) > length:
                    start = draw.randrange(len(tokens) - length)
                    return " ".join(tokens[start : start + length])

        def narrowed() -> str:
            narrow = draw.choice(("kind:paper", "type:ngo,union", "country:DE,FR", "after:2022", "-lang:de"))
            return f"{draw.choice(common)} {draw.choice(middle)} {narrow}"

        ways: Sequence[Callable[[], str]] = (
            lambda: draw.choice(rare),
            lambda: draw.choice(common),
            lambda: f"{draw.choice(common)} {draw.choice(middle)}",
            lambda: run_of(draw.randint(8, 14)),
            lambda: f'"{run_of(draw.randint(2, 3))}"',
            lambda: f"{draw.choice(common)} {draw.choice(middle)} -{draw.choice(common)}",
            lambda: draw.choice(middle + rare)[: draw.randint(4, 7)] + "*",
            narrowed,
        )
        return {name: [way() for _ in range(count)] for name, way in zip(CLASSES, ways, strict=True)}


def _read(line: str) -> SearchDocument:
    fields = json.loads(line)
    date = datetime.fromisoformat(fields["date"])
    return SearchDocument(**fields | {"date": date, "signatories": tuple(fields["signatories"])})


def choose(corpora: Path | None, wanted: int) -> list[Passage]:
    """At most so many different passages: all of the corpora, all that is not English, some of the rest."""
    chosen: list[Passage] = []
    english: list[Passage] = []
    seen: set[int] = set()
    for own in (True, False):
        for passage in (read_corpora(corpora) if corpora else ()) if own else read_machine():
            mark = hash(passage.text)
            if mark not in seen:
                seen.add(mark)
                (chosen if own or passage.language != "en" else english).append(passage)
    draw = random.Random(SEED)
    draw.shuffle(english)
    english.sort(
        key=lambda passage: len(passage.text) < FEWEST_CHARACTERS
    )  # longer ones, as far as there are
    chosen += english[: max(0, wanted - len(chosen))]
    draw.shuffle(chosen)
    return chosen[:wanted]


def extend(passages: Sequence[Passage]) -> Iterator[Passage]:
    """The passages, and then without end halves of two of a language put together."""
    yield from passages
    by_language: dict[str, list[Passage]] = {}
    for passage in passages:
        by_language.setdefault(passage.language, []).append(passage)
    draw = random.Random(SEED + 2)
    while True:
        one = draw.choice(passages)
        other = draw.choice(by_language[one.language])
        first, second = one.text.split(" "), other.text.split(" ")
        text = " ".join([*first[: len(first) // 2], *second[len(second) // 2 :]])
        yield Passage(one.title, text, one.language, one.source + other.source[-3:], one.date)


def make_document(number: int, passage: Passage) -> SearchDocument:
    """A passage as a contribution; what a text does not say of itself is drawn."""
    draw = random.Random(SEED + number)
    audience = zlib.crc32(passage.source.encode()) % AUDIENCES
    try:
        date = datetime.fromisoformat(passage.date[:10]).replace(tzinfo=UTC)
    except ValueError:
        date = datetime(2018, 1, 1, tzinfo=UTC) + timedelta(minutes=draw.randrange(60 * 24 * 365 * 7))
    return SearchDocument(
        id=f"post:{number:016x}",
        kind=draw.choices(("post", "paper", "attachment", "question"), (80, 12, 6, 2))[0],
        audience="public" if audience == 0 else f"group:{audience}",
        title=passage.title,
        text=passage.text,
        language=passage.language,
        group=f"group-{audience:02}",
        date=date,
        author=passage.author or f"Person {draw.randrange(400)}",
        organisation=passage.organisation or f"body-{draw.randrange(200)}",
        organisation_type=draw.choice(TYPES),
        country=passage.country[:2] or draw.choice(COUNTRIES),
        thread=f"thread:{zlib.crc32(passage.source.encode()):016x}",
        is_superseded=draw.random() < 0.03,
    )


def open_corpus(folder: Path, corpora: Path | None, wanted: int) -> RealCorpus:
    """The documents in the folder, written now unless it holds as many."""
    corpus = RealCorpus(folder)
    if len(corpus) != wanted:
        corpus.write(corpora, wanted)
    return corpus


def main(arguments: list[str] | None = None) -> int:
    """Write the documents and say what they are."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--corpora", type=Path)
    parser.add_argument("--documents", type=int, default=60_000)
    options = parser.parse_args(arguments)
    corpus = open_corpus(options.folder, options.corpora, options.documents)
    languages: Counter[str] = Counter()
    audiences: Counter[str] = Counter()
    words = 0
    for document in corpus.documents():
        languages[document.language] += 1
        audiences[document.audience] += 1
        words += len(document.text.split())
    size = os.path.getsize(options.folder / "documents.jsonl") / 1e6
    print(f"{len(corpus):,} documents, {words / 1e6:.1f} million words, {size:.0f} MB")
    print("languages:", ", ".join(f"{name or '-'} {count:,}" for name, count in languages.most_common()))
    print("audiences:", ", ".join(f"{name} {count:,}" for name, count in sorted(audiences.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
