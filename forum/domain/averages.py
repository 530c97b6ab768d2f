"""Averages over what was counted."""

from collections.abc import Sequence


def median(values: Sequence[float]) -> float:
    """Give the middle of the values; of an even number the mean of the two in the middle."""
    import statistics  # 1 MB with fractions, decimal and random under it, for those who weigh figures

    return statistics.median(values)
