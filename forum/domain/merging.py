"""Putting two texts of one draft together: where they differ, part by part, and what was chosen of each."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher


class Choice(enum.StrEnum):
    """Which of two texts of a part is taken."""

    THEIRS = "theirs"
    MINE = "mine"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of paragraphs: the same in both texts, or what each has in its place."""

    theirs: str
    mine: str
    number: int = 0
    """Of the difference, from 1; 0 where both say the same."""


_BLOCK = re.compile(r".+?(?:\n[ \t]*)+(?:\n|\Z)|.+\Z", re.DOTALL)


def _blocks(source: str) -> list[str]:
    """Cut Markdown at its blank lines; the pieces joined are the whole."""
    return _BLOCK.findall(source)


def find_parts(theirs: str, mine: str) -> list[Part]:
    """Give both texts as parts in their order; no word of either is missing."""
    old, new = _blocks(theirs), _blocks(mine)
    matcher = SequenceMatcher(None, [text.strip() for text in old], [text.strip() for text in new])
    parts: list[Part] = []
    number = 0
    for kind, a, b, c, d in matcher.get_opcodes():
        number += kind != "equal"
        parts.append(Part("".join(old[a:b]), "".join(new[c:d]), number if kind != "equal" else 0))
    return parts


def put_together(parts: list[Part], chosen: Mapping[int, Choice]) -> str:
    """Give one text of the parts; a difference without a choice keeps mine, so that nothing typed is lost."""
    taken: list[str] = []
    for part in parts:
        match chosen.get(part.number, Choice.MINE):
            case Choice.THEIRS:
                texts = [part.theirs]
            case Choice.BOTH:
                texts = [part.theirs, part.mine]
            case _:
                texts = [part.mine]
        taken += [text.strip("\n") for text in texts if text.strip()]
    return "\n\n".join(taken) + "\n" if taken else ""
