"""Where comments stand in a version of a paper."""

from typing import NamedTuple

import pytest

from forum.domain.passages import place
from forum.domain.threads import AnchorState


class Comment(NamedTuple):
    name: str
    version_id: int | None
    paragraph: str | None
    state: AnchorState | None = None
    at: str | None = None


def rows(*hashes: str) -> list[list[object]]:
    return [[n, f"p{n}", "paragraph", 0, 0, hash_] for n, hash_ in enumerate(hashes, 1)]


@pytest.mark.parametrize(
    ("comment", "where"),
    [
        pytest.param(Comment("c", 2, "p2"), "p2", id="at its own paragraph"),
        pytest.param(Comment("c", 1, "p1"), "p3", id="of another version: where the same words stand"),
        pytest.param(Comment("c", 1, "p2"), "lost", id="the words are gone"),
        pytest.param(Comment("c", 1, "p3"), "lost", id="the words stand there twice"),
        pytest.param(Comment("c", 1, "p9"), "lost", id="no such paragraph in its own version"),
        pytest.param(Comment("c", 7, "p1"), "lost", id="on a version that is not given"),
        pytest.param(Comment("c", 2, "p9"), "lost", id="no such paragraph"),
        pytest.param(Comment("c", None, "p1"), "lost", id="on no version"),
        pytest.param(Comment("c", 1, "p2", AnchorState.MOVED, "p1"), "p1", id="where it was placed"),
        pytest.param(Comment("c", 1, "p1", AnchorState.ORPHANED), "lost", id="an orphan, whatever the words"),
        pytest.param(Comment("c", 1, "p1", AnchorState.KEPT, "p9"), "lost", id="placed at no paragraph"),
        pytest.param(Comment("c", 1, None), "whole", id="on the whole"),
    ],
)
def test_a_comment_stands_where_its_words_are(comment: Comment, where: str) -> None:
    placed, whole, lost = place(
        [comment],
        version_id=2,
        paragraphs=rows("twice", "b", "a", "twice"),
        others={1: rows("a", "gone", "twice")},
    )
    found = {anchor: found for anchor, found in placed.items() if found}
    assert (whole == [comment]) == (where == "whole")
    assert (lost == [comment]) == (where == "lost")
    assert found == ({where: [comment]} if where.startswith("p") else {})
