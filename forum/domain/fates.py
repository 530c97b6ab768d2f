"""What became of a cited paragraph in a newer version: unchanged, changed, or gone."""

import enum
from collections.abc import Sequence
from typing import NamedTuple

from forum.domain.alignment import align
from forum.domain.paragraphs import Paragraph


class Fate(enum.StrEnum):
    """What a citation of an older version must say."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    GONE = "gone"


class Followed(NamedTuple):
    """A paragraph of an older version in a newer one; no anchor where it is gone."""

    fate: Fate
    anchor: str


def follow_paragraphs(
    old_text: str, old_paragraphs: Sequence[Paragraph], new_text: str, new_paragraphs: Sequence[Paragraph]
) -> dict[str, Followed]:
    """Return what became of each paragraph of the old version, by its anchor.

    White space counts for nothing, as in the hash that a citation carries.
    """
    old = [old_text[paragraph.start : paragraph.end] for paragraph in old_paragraphs]
    new = [new_text[paragraph.start : paragraph.end] for paragraph in new_paragraphs]
    found = {paragraph.anchor: Followed(Fate.GONE, "") for paragraph in old_paragraphs}
    for pair in align(old, new):
        before, after = old_paragraphs[pair.old], new_paragraphs[pair.new]
        fate = Fate.UNCHANGED if before.hash == after.hash else Fate.CHANGED
        found[before.anchor] = Followed(fate, after.anchor)
    return found
