"""Averages over what was counted."""

import pytest

from forum.domain.averages import median


@pytest.mark.parametrize(
    ("values", "middle"),
    [
        pytest.param([3], 3, id="one value is its own median"),
        pytest.param([9, 1, 4], 4, id="the order of the values does not matter"),
        pytest.param([1, 2, 4, 9], 3, id="of an even number it is the mean of the two in the middle"),
    ],
)
def test_median(values: list[float], middle: float) -> None:
    assert median(values) == middle
