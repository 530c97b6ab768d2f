"""What became of comments between two versions."""

from typing import NamedTuple

import pytest

from forum.domain.comment_changes import gather
from forum.domain.threads import AnchorState

KEPT, MOVED, ORPHANED = AnchorState.KEPT, AnchorState.MOVED, AnchorState.ORPHANED


class Comment(NamedTuple):
    public_id: str
    version_id: int | None
    state: AnchorState | None
    at: str | None
    step: AnchorState | None = None


NUMBERS = {10: 1, 20: 2, 30: 3}


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        pytest.param(
            Comment("a", 10, MOVED, "p1"), Comment("a", 10, MOVED, "p2", KEPT), "kept", id="by the step"
        ),
        pytest.param(
            Comment("a", 10, KEPT, "p1"), Comment("a", 10, ORPHANED, None, ORPHANED), "orphaned", id="lost"
        ),
        pytest.param(Comment("a", 10, KEPT, "p1"), Comment("a", 10, None, None), None, id="not placed yet"),
        pytest.param(
            Comment("a", 10, ORPHANED, None), Comment("a", 10, MOVED, "p2", MOVED), None, id="lost before"
        ),
        pytest.param(
            Comment("a", 20, None, None), Comment("a", 20, KEPT, "p2"), None, id="written on the newer one"
        ),
    ],
)
def test_each_comment_is_counted_once(before: Comment, after: Comment, where: str | None) -> None:
    """Of those with a place in the old version."""
    found = gather([before], [after], old_number=1, new_number=2, numbers=NUMBERS)
    counted = {name for name in ("kept", "moved", "orphaned") if getattr(found, name)}
    assert counted == ({where} if where else set())


def test_over_several_versions_what_it_is_since_written_counts() -> None:
    """And what was written on a version in between stands at its place in the new one."""
    between = Comment("b", 20, KEPT, "p4", KEPT)
    found = gather(
        [Comment("a", 10, KEPT, "p1")],
        [Comment("a", 10, MOVED, "p2", KEPT), between],
        old_number=1,
        new_number=3,
        numbers=NUMBERS,
    )
    assert [one.public_id for one in found.moved] == ["a"]
    assert dict(found.at_new) == {"p4": [between]}
    assert list(found.at_old) == ["p1"]
