"""Two tests for random-looking things. Seeds are fixed, so a test that passes once passes always."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

LIMIT = 4.5
"""Standard deviations that pass: by chance one test in 100 000 goes beyond."""


def deviation_of_uniform(counts: Sequence[int]) -> float:
    """By how many standard deviations chi-square of the counts exceeds its mean, against equal expectations."""
    expected = sum(counts) / len(counts)
    assert expected >= 10, "too few samples for a chi-square test"
    chi_square = sum((count - expected) ** 2 / expected for count in counts)
    freedom = len(counts) - 1
    return (chi_square - freedom) / sqrt(2 * freedom)


def assert_uniform(samples: Sequence[int], size: int) -> None:
    """The samples look uniform in [0, size)."""
    counts = [0] * size
    for sample in samples:
        counts[sample] += 1
    deviation = deviation_of_uniform(counts)
    assert deviation < LIMIT, f"chi-square is {deviation:.1f} standard deviations above its mean: {counts}"


def assert_probability(successes: int, trials: int, probability: float) -> None:
    """So many successes are likely for this probability."""
    deviation = abs(successes - trials * probability) / sqrt(trials * probability * (1 - probability))
    assert deviation < LIMIT, f"{successes} of {trials} is {deviation:.1f} standard deviations from {probability:.4f}"
