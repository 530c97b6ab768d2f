"""Comments beside what changed between two versions, and what became of each of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from forum.domain.threads import AnchorState


class Placed(Protocol):
    """A comment with its place in one version."""

    @property
    def public_id(self) -> str:
        """Tells the same comment in two lists."""

    @property
    def version_id(self) -> int | None:
        """The version it was written on."""

    @property
    def state(self) -> AnchorState | None:
        """What became of its passage until this version; None where nobody has worked that out."""

    @property
    def step(self) -> AnchorState | None:
        """What became of it since the version before."""

    @property
    def at(self) -> str | None:
        """The anchor of the paragraph in which it stands."""


C = TypeVar("C", bound=Placed)


@dataclass(slots=True)
class CommentChanges(Generic[C]):
    """The comments on what changed between two versions."""

    at_old: dict[str, list[C]] = field(default_factory=lambda: defaultdict(list))
    """Comments that stood at a paragraph of the old version, by its anchor."""
    at_new: dict[str, list[C]] = field(default_factory=lambda: defaultdict(list))
    """Comments written on a version between the two, by the anchor in the new one."""
    kept: list[C] = field(default_factory=list)
    moved: list[C] = field(default_factory=list)
    orphaned: list[C] = field(default_factory=list)


def gather(
    in_old: Sequence[C], in_new: Sequence[C], *, old_number: int, new_number: int, numbers: Mapping[int, int]
) -> CommentChanges[C]:
    """Give the comments beside the changes, and what became of each that had a place in the old version.

    `in_old` and `in_new` are the same comments with their places in either version, `numbers` the numbers
    of the versions they were written on.
    """
    found: CommentChanges[C] = CommentChanges()
    later = {comment.public_id: comment for comment in in_new}
    for comment in in_old:
        written_on = numbers.get(comment.version_id or 0)
        if comment.at is None or written_on is None or written_on > old_number:
            continue
        found.at_old[comment.at].append(comment)
        after = later.get(comment.public_id)
        if after is not None and after.state is not None:
            state = between(comment, after, is_next=new_number == old_number + 1)
            {
                AnchorState.KEPT: found.kept,
                AnchorState.MOVED: found.moved,
                AnchorState.ORPHANED: found.orphaned,
            }[state].append(after)
    for comment in in_new:
        written_on = numbers.get(comment.version_id or 0)
        if comment.at is not None and written_on is not None and old_number < written_on < new_number:
            found.at_new[comment.at].append(comment)
    return found


def between(before: Placed, after: Placed, *, is_next: bool) -> AnchorState:
    """Give what became of a passage from one version to another one.

    Where several versions lie in between and it had moved before already, it counts as moved.
    """
    assert after.state is not None
    if is_next and after.step is not None:
        return after.step
    return after.state
