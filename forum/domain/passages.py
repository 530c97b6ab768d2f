"""Where comments stand in a version: at their own paragraph, where the worker placed them, or by words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from forum.domain.threads import AnchorState


class Anchored(Protocol):
    """What is about a paragraph of a version."""

    @property
    def version_id(self) -> int | None:
        """The version it was written on."""

    @property
    def paragraph(self) -> str | None:
        """The anchor of the paragraph in that version; None for the text as a whole."""

    @property
    def state(self) -> AnchorState | None:
        """What became of its passage until the version shown; None where nobody has worked that out."""

    @property
    def at(self) -> str | None:
        """The anchor of the paragraph where it was placed in the version shown."""


C = TypeVar("C", bound=Anchored)

Rows = Sequence[Sequence[Any]]
"""[[number, anchor, kind, start, end, hash]] as stored with a version."""


def place(
    comments: Iterable[C], *, version_id: int, paragraphs: Rows, others: Mapping[int, Rows]
) -> tuple[dict[str, list[C]], list[C], list[C]]:
    """Give the comments by the anchor they stand at, those on the whole, and those that have no place here.

    A comment on another version that was not placed here (`others`: paragraphs by version) stands at the
    only paragraph of this one with the same words; where there is none or several it has no place.
    """
    anchors = {row[1] for row in paragraphs}
    unique = _by_hash(paragraphs)
    hashes = {other: {row[1]: row[5] for row in rows} for other, rows in others.items()}
    placed: dict[str, list[C]] = {}
    whole: list[C] = []
    lost: list[C] = []
    for comment in comments:
        if comment.paragraph is None:
            whole.append(comment)
            continue
        anchor: str | None = comment.paragraph
        if comment.version_id != version_id and comment.state is not None:
            anchor = comment.at if comment.state is not AnchorState.ORPHANED else None
        elif comment.version_id != version_id:
            own = hashes.get(comment.version_id or 0, {}).get(comment.paragraph)
            anchor = unique.get(own) if own is not None else None
        if anchor in anchors and anchor is not None:
            placed.setdefault(anchor, []).append(comment)
        else:
            lost.append(comment)
    return placed, whole, lost


def _by_hash(paragraphs: Rows) -> dict[str, str]:
    """Give anchor by hash, without the words that stand in the text twice."""
    found: dict[str, str] = {}
    twice = set()
    for row in paragraphs:
        if row[5] in found:
            twice.add(row[5])
        found[row[5]] = row[1]
    return {hash_: anchor for hash_, anchor in found.items() if hash_ not in twice}
