"""The words that changed between two versions, paragraph by paragraph.

It compares the plain text of the numbered paragraphs, not the Markdown: that is what people read, cite and
comment on, it has their addresses, and a paragraph that was only wrapped anew has not changed. What that
leaves out: a change of emphasis, of a link's target or of a heading's level alone is no change of words.
"""

import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from forum.domain.alignment import Pair, align
from forum.domain.paragraphs import Paragraph

# Comparing n by m words keeps n * m bits: 5,000 by 5,000 words (and their spaces) are 13 MB.
WORDS_AT_ONCE = 5_000
# A number with its separators is one word: 1,140 becomes 1,084, not "140" becomes "084".
_TOKEN = re.compile(r"\s+|\d+(?:[.,]\d+)+|\w+(?:['’]\w+)*|[^\w\s]")
_SENTENCE = re.compile(r"[^\n.!?;]*(?:[\n.!?;]+\s*|\Z)", re.DOTALL)
_MANY_WORDS = re.compile(r"(?:\S+\s*|\s+){1,100}")
_PIECE_LETTERS = 2_000
# So many paragraphs beside a change stay unfolded.
_CONTEXT = 1


class Status(enum.StrEnum):
    """What became of a paragraph; a moved one may have changed too."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"


class Kind(enum.StrEnum):
    """What became of a run of words."""

    EQUAL = "equal"
    INSERTED = "inserted"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Run:
    """Words next to each other that share a fate."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """One paragraph with its words; ``old`` and ``new`` are its anchors ("p17") or "" where it is not."""

    status: Status
    old: str
    new: str
    block: str
    runs: tuple[Run, ...]

    @property
    def is_reworded(self) -> bool:
        """Whether words changed within the paragraph (a moved one may be the same to the letter)."""
        return any(run.kind is not Kind.EQUAL for run in self.runs)

    @property
    def old_text(self) -> str:
        """The paragraph as it was."""
        return "".join(run.text for run in self.runs if run.kind is not Kind.INSERTED)

    @property
    def new_text(self) -> str:
        """The paragraph as it is."""
        return "".join(run.text for run in self.runs if run.kind is not Kind.DELETED)


@dataclass(frozen=True, slots=True)
class Section:
    """Paragraphs in a row that are shown, or folded away because nothing in them changed."""

    is_folded: bool
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Redline:
    """All paragraphs of both versions in reading order; removed ones stand where they were."""

    changes: tuple[Change, ...]

    def count(self, status: Status | str) -> int:
        """Return how many paragraphs have a status."""
        return sum(change.status == status for change in self.changes)

    @property
    def is_empty(self) -> bool:
        """Whether not a word differs."""
        return all(change.status is Status.UNCHANGED for change in self.changes)

    def sections(self) -> Iterator[Section]:
        """Yield the paragraphs in stretches: shown around every change, folded elsewhere."""
        shown = [False] * len(self.changes)
        for index, change in enumerate(self.changes):
            if change.status is not Status.UNCHANGED:
                for near in range(max(0, index - _CONTEXT), min(len(shown), index + _CONTEXT + 1)):
                    shown[near] = True
        start = 0
        for index in range(1, len(shown) + 1):
            if index == len(shown) or shown[index] != shown[start]:
                yield Section(not shown[start], self.changes[start:index])
                start = index

    def to_data(self) -> list[Any]:
        """Return plain lists to store as JSON: a redline is computed once a pair of versions."""
        return [
            [change.status.value, change.old, change.new, change.block,
             [[run.kind.value, run.text] for run in change.runs]]
            for change in self.changes
        ]  # fmt: skip

    @classmethod
    def from_data(cls, data: Sequence[Any]) -> "Redline":
        """Return the redline that was stored."""
        return cls(
            tuple(
                Change(Status(status), old, new, block, tuple(Run(Kind(kind), text) for kind, text in runs))
                for status, old, new, block, runs in data
            )
        )


def compare(
    old_text: str,
    old_paragraphs: Sequence[Paragraph],
    new_text: str,
    new_paragraphs: Sequence[Paragraph],
) -> Redline:
    """Return what changed between two versions, given their plain texts and the paragraphs in them."""
    old = [old_text[paragraph.start : paragraph.end] for paragraph in old_paragraphs]
    new = [new_text[paragraph.start : paragraph.end] for paragraph in new_paragraphs]
    pairs = align(old, new)
    of_new = {pair.new: pair for pair in pairs}
    gone = sorted(set(range(len(old))) - {pair.old for pair in pairs}, reverse=True)
    stayed = [pair for pair in pairs if not pair.is_moved][::-1]
    changes: list[Change] = []
    for index, paragraph in enumerate([*new_paragraphs, None]):
        # What was removed stands before what came in its place, after the last paragraph that stayed.
        while stayed and stayed[-1].new < index:
            stayed.pop()
        while gone and (not stayed or gone[-1] < stayed[-1].old):
            left = gone.pop()
            run = Run(Kind.DELETED, old[left])
            changes.append(
                Change(Status.REMOVED, old_paragraphs[left].anchor, "", old_paragraphs[left].kind, (run,))
            )
        if paragraph is None:
            continue
        pair = of_new.get(index)
        if pair is None:
            run = Run(Kind.INSERTED, new[index])
            changes.append(Change(Status.ADDED, "", paragraph.anchor, paragraph.kind, (run,)))
            continue
        runs = tuple(compare_words(old[pair.old], new[index]))
        anchor = old_paragraphs[pair.old].anchor
        changes.append(Change(_status(pair, runs), anchor, paragraph.anchor, paragraph.kind, runs))
    return Redline(tuple(changes))


def _status(pair: Pair, runs: Sequence[Run]) -> Status:
    if pair.is_moved:
        return Status.MOVED
    return Status.UNCHANGED if all(run.kind is Kind.EQUAL for run in runs) else Status.CHANGED


def compare_words(old: str, new: str) -> list[Run]:
    """Return the runs between two texts: equal and deleted give the old one, equal and inserted the new."""
    if old == new:
        return [Run(Kind.EQUAL, old)] if old else []
    left, right = _tokens(old), _tokens(new)
    if max(len(left), len(right)) <= 2 * WORDS_AT_ONCE:
        return _joined(_opcodes(left, right))
    before, after = _pieces(old), _pieces(new)
    runs: list[Run] = []
    done_old = done_new = 0
    for pair in [*(pair for pair in align(before, after) if not pair.is_moved), None]:
        until_old, until_new = (pair.old, pair.new) if pair else (len(before), len(after))
        gone, came = "".join(before[done_old:until_old]), "".join(after[done_new:until_new])
        runs += [Run(kind, text) for kind, text in _sides(gone, came) if text]
        if pair:
            runs += _opcodes(_tokens(before[pair.old]), _tokens(after[pair.new]))
        done_old, done_new = until_old + 1, until_new + 1
    return _joined(runs)


def _sides(deleted: str, inserted: str) -> tuple[tuple[Kind, str], tuple[Kind, str]]:
    return (Kind.DELETED, deleted), (Kind.INSERTED, inserted)


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def _pieces(text: str) -> list[str]:
    """Cut a text of more than 5,000 words into sentences of at most a hundred words or 2,000 letters."""
    pieces = []
    for sentence in _SENTENCE.findall(text):
        for part in _MANY_WORDS.findall(sentence):
            pieces += [part[at : at + _PIECE_LETTERS] for at in range(0, len(part), _PIECE_LETTERS)]
    return pieces


def _opcodes(left: list[str], right: list[str]) -> list[Run]:
    from rapidfuzz.distance import LCSseq

    numbers: dict[str, int] = {}
    before = [numbers.setdefault(token, len(numbers)) for token in left]
    after = [numbers.setdefault(token, len(numbers)) for token in right]
    runs = []
    for code in LCSseq.opcodes(before, after):
        deleted = "".join(left[code.src_start : code.src_end])
        inserted = "".join(right[code.dest_start : code.dest_end])
        if code.tag == "equal":
            runs.append(Run(Kind.EQUAL, deleted))
        else:
            runs += [Run(kind, text) for kind, text in _sides(deleted, inserted) if text]
    return runs


def _joined(runs: list[Run]) -> list[Run]:
    """Put runs in reading order: no lone space or mark stays "equal" between two changes."""
    joined: list[Run] = []
    deleted = inserted = ""
    for index, run in enumerate(runs):
        is_last = index == len(runs) - 1
        if run.kind is Kind.EQUAL and (
            is_last or not (deleted or inserted) or any(map(str.isalnum, run.text))
        ):
            joined += [Run(kind, text) for kind, text in _sides(deleted, inserted) if text]
            deleted = inserted = ""
            if joined and joined[-1].kind is Kind.EQUAL:
                joined[-1] = Run(Kind.EQUAL, joined[-1].text + run.text)
            else:
                joined.append(run)
            continue
        deleted += run.text if run.kind is not Kind.INSERTED else ""
        inserted += run.text if run.kind is not Kind.DELETED else ""
    return joined + [Run(kind, text) for kind, text in _sides(deleted, inserted) if text]
