"""How well passages are found again in real revisions of a text, and what it costs.

    python -m bench.anchors versions.jsonl [passages a revision]

Each line of the file has at least thread, date and text; texts of one thread are versions. Truth is an
alignment of all words of both versions (longest common subsequence), which the matcher does not use: it
aligns paragraphs and compares letters. A passage is *unchanged* if all its words survive side by side,
*changed* if most survive close together, *deleted* if nearly none do and most of its pairs of neighbouring
words are nowhere in the new version; the rest is not judged. *Found* means that what was found covers most
of the surviving words.
"""

import json
import random
import re
import sys
import time
from collections import Counter, defaultdict
from itertools import pairwise
from pathlib import Path

from rapidfuzz.distance import LCSseq

from forum.domain.anchors import Anchor, Found, describe, follow
from forum.domain.threads import AnchorState
from forum.richtext import Rendered, render

TOKEN = re.compile(r"\w+|[^\w\s]")
Place = tuple[int, int]


def main() -> None:
    """Print how many passages of each kind were found, missed and misplaced."""
    path = Path(sys.argv[1])
    passages = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    chosen = random.Random(7)
    versions: dict[str, list[dict[str, str]]] = defaultdict(list)
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            versions[record["thread"]].append(record)
    told: Counter[tuple[str, str]] = Counter()
    seconds, anchored = 0.0, 0
    for records in versions.values():
        records.sort(key=lambda record: record["date"])
        rendered = [render(record["text"], profile="paper") for record in records]
        for old, new in pairwise(rendered):
            anchors = choose(old, passages, chosen)
            began = time.perf_counter()
            found = list(follow(anchors, old.text, old.paragraphs, new.text, new.paragraphs))
            seconds += time.perf_counter() - began
            anchored += len(anchors)
            judge(old, new, anchors, found, told)
    report(told)
    print(f"{anchored} passages in {seconds:.2f} s, {1e3 * seconds / max(anchored, 1):.2f} ms each")


def choose(version: Rendered, count: int, chosen: random.Random) -> list[Anchor]:
    """Return passages of 1 to 40 words, each within a paragraph."""
    anchors = []
    for _ in range(count if version.paragraphs else 0):
        paragraph = chosen.choice(version.paragraphs)
        words = list(re.finditer(r"\S+", version.text[paragraph.start : paragraph.end]))
        first = chosen.randrange(len(words))
        last = min(len(words) - 1, first + chosen.randint(2, 40))
        start, end = paragraph.start + words[first].start(), paragraph.start + words[last].end()
        anchors.append(describe(version.text, start, end, version.paragraphs))
    return anchors


def judge(
    old: Rendered, new: Rendered, anchors: list[Anchor], found: list[Found], told: Counter[tuple[str, str]]
) -> None:
    """Compare what was found with what the words say."""
    before = [(match[0], match.start(), match.end()) for match in TOKEN.finditer(old.text)]
    after = [(match[0], match.start(), match.end()) for match in TOKEN.finditer(new.text)]
    numbers: dict[str, int] = {}
    went: dict[int, int] = {}
    for code in LCSseq.opcodes(
        [numbers.setdefault(token[0], len(numbers)) for token in before],
        [numbers.setdefault(token[0], len(numbers)) for token in after],
    ):
        if code.tag == "equal":
            for step in range(code.src_end - code.src_start):
                went[code.src_start + step] = code.dest_start + step
    neighbours = {(one[0], two[0]) for one, two in pairwise(after)}
    for anchor, place in zip(anchors, found, strict=True):
        tokens = [
            index for index, token in enumerate(before) if token[1] >= anchor.start and token[2] <= anchor.end
        ]
        truth, survivors = classify(tokens, went)
        own = [(before[one][0], before[two][0]) for one, two in pairwise(tokens)]
        if truth == "deleted" and sum(two in neighbours for two in own) >= len(own) / 2:
            truth = "elsewhere"
        told[truth, verdict(place, [after[index][1:] for index in survivors])] += 1


def classify(tokens: list[int], went: dict[int, int]) -> tuple[str, list[int]]:
    """Return what became of a passage, and which words of the new version are its own."""
    survivors = [went[token] for token in tokens if token in went]
    share = len(survivors) / max(len(tokens), 1)
    spread = survivors[-1] - survivors[0] + 1 if survivors else 0
    if share == 1 and spread == len(tokens):
        return "unchanged", survivors
    if share >= 0.6 and spread <= 2 * len(tokens) + 4:
        return "changed", survivors
    return ("deleted" if share <= 0.25 else "not judged"), survivors


def verdict(place: Found, survivors: list[Place]) -> str:
    """Return whether a passage was found, misplaced or orphaned."""
    if place.state is AnchorState.ORPHANED:
        return "orphaned"
    covered = sum(start >= place.start and end <= place.end for start, end in survivors)
    return "found" if survivors and covered >= len(survivors) / 2 else "misplaced"


def report(told: Counter[tuple[str, str]]) -> None:
    """Print a table of truths and verdicts."""
    print(f"{'truth':12}{'passages':>10}{'found':>9}{'orphaned':>10}{'misplaced':>11}")
    for truth in ("unchanged", "changed", "deleted", "elsewhere", "not judged"):
        total = sum(count for (name, _), count in told.items() if name == truth)
        shares = [100 * told[truth, name] / max(total, 1) for name in ("found", "orphaned", "misplaced")]
        print(f"{truth:12}{total:>10}{shares[0]:>8.2f}%{shares[1]:>9.2f}%{shares[2]:>10.2f}%")


if __name__ == "__main__":
    main()
