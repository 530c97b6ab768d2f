"""Which paragraph became which."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.domain import alignment
from forum.domain.alignment import Pair, align

RISK = "Providers should assess the risk that their service is used for dissemination and write it down."
COST = "The costs of an assessment fall on small bodies first, so thresholds belong in the instrument itself."
LAST = "National authorities report each year what they asked for and what came of it in the end."


def _shape(pairs: list[Pair]) -> list[tuple[int, int, bool]]:
    return [(pair.old, pair.new, pair.is_moved) for pair in pairs]


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([], ["a"], [], id="a first version"),
        pytest.param(["a", "b"], ["a", "b"], [(0, 0, False), (1, 1, False)], id="the same"),
        pytest.param([RISK, LAST], [RISK, COST, LAST], [(0, 0, False), (1, 2, False)], id="one came between"),
        pytest.param([RISK], [RISK.replace("should", "must")], [(0, 0, False)], id="one word changed"),
        pytest.param([RISK], [COST], [], id="other words altogether"),
        pytest.param(["Aims", RISK], ["Goals", RISK], [(1, 1, False)], id="another heading"),
        pytest.param(
            [RISK, COST, LAST],
            [COST, LAST, RISK],
            [(1, 0, False), (2, 1, False), (0, 2, True)],
            id="moved down",
        ),
        pytest.param(
            [RISK, COST, LAST],
            [LAST.replace("year", "quarter"), RISK, COST],
            [(2, 0, True), (0, 1, False), (1, 2, False)],
            id="moved up and changed",
        ),
        pytest.param(["a", "b c"], ["b c", "a"], [(0, 1, False)], id="short ones do not move"),
    ],
)
def test_align(old: list[str], new: list[str], pairs: list[tuple[int, int, bool]]) -> None:
    assert _shape(align(old, new)) == pairs


PARAGRAPHS = st.lists(
    st.lists(st.sampled_from(["a", "b", "c", "risk", "cost", "law"]), max_size=12).map(" ".join), max_size=12
)


@given(PARAGRAPHS, PARAGRAPHS)
def test_no_paragraph_is_paired_twice_and_what_stayed_kept_its_order(old: list[str], new: list[str]) -> None:
    pairs = align(old, new)
    assert len({pair.old for pair in pairs}) == len(pairs) == len({pair.new for pair in pairs})
    assert [pair.new for pair in pairs] == sorted(pair.new for pair in pairs)
    stayed = [pair.old for pair in pairs if not pair.is_moved]
    assert stayed == sorted(stayed)
    assert all((pair.likeness == 1) >= (old[pair.old] == new[pair.new]) for pair in pairs)


@given(PARAGRAPHS)
def test_a_version_aligns_with_itself(old: list[str]) -> None:
    assert align(old, old) == [Pair(index, index, 1.0) for index in range(len(old))]


def test_very_long_papers_are_aligned_by_what_occurs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "_EQUALS_COMPARED", 4)
    assert _shape(align([RISK, COST, "---", LAST], [RISK, "---", "new", LAST])) == [
        (0, 0, False),
        (2, 1, False),
        (3, 3, False),
    ]
