"""The few statistical functions that are needed: exact binomial intervals and chi-square tests of homogeneity.

Sources: Abramowitz and Stegun 6.5.29, 6.5.31, 26.5.8 (regularised incomplete gamma by series and continued fraction,
         incomplete beta by continued fraction; modified Lentz evaluation); Clopper and Pearson, Biometrika 26, 1934.
         `tests/soundness/test_statistics.py` compares all of it with published tables and exact sums.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import exp, lgamma, log

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int64]

_TINY = 1e-300
_PRECISION = 1e-14
_STEPS = 10_000
LEAST_EXPECTED = 5.0
"""Cells with a smaller expectation are put together (the usual rule for chi-square tests)."""


def _lentz(first: float, term: Callable[[int], tuple[float, float]]) -> float:
    """The continued fraction first + a1 / (b1 + a2 / (b2 + ...)), where term(i) = (a_i, b_i)."""
    value = first or _TINY
    c, d = value, 0.0
    for step in range(1, _STEPS):
        a, b = term(step)
        d = 1.0 / ((b + a * d) or _TINY)
        c = (b + a / c) or _TINY
        value *= c * d
        if abs(c * d - 1.0) < _PRECISION:
            return value
    raise ArithmeticError("a continued fraction does not converge")


def upper_gamma(a: float, x: float) -> float:
    """Q(a, x), the regularised upper incomplete gamma function, for a > 0 and x >= 0."""
    if x <= 0:
        return 1.0
    front = exp(a * log(x) - x - lgamma(a))
    if x < a + 1:
        term = total = 1.0 / a
        for step in range(1, _STEPS):
            term *= x / (a + step)
            total += term
            if term < total * _PRECISION:
                return 1.0 - front * total
        raise ArithmeticError("a series does not converge")
    return front / _lentz(x + 1 - a, lambda i: (-i * (i - a), x + 2 * i + 1 - a))


def chi_square_tail(statistic: float, freedom: int) -> float:
    """The probability that chi-square with `freedom` degrees of freedom is at least `statistic`."""
    return upper_gamma(freedom / 2, statistic / 2)


def lower_beta(x: float, a: float, b: float) -> float:
    """I_x(a, b), the regularised incomplete beta function, for a, b > 0."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1.0 - lower_beta(1 - x, b, a)

    def term(step: int) -> tuple[float, float]:
        m = step // 2
        if step % 2:
            return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), 1.0
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), 1.0

    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x))
    return front / (a * _lentz(1.0, term))


def clopper_pearson(successes: int, trials: int, confidence: float) -> tuple[float, float]:
    """The exact two-sided interval for a probability."""
    error = (1 - confidence) / 2
    low = _solve(lambda p: lower_beta(p, successes, trials - successes + 1) - error) if successes else 0.0
    high = _solve(lambda p: lower_beta(p, successes + 1, trials - successes) - 1 + error) if successes < trials else 1.0
    return low, high


def _solve(increasing: Callable[[float], float]) -> float:
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if increasing(middle) < 0 else (low, middle)
    return (low + high) / 2


def homogeneity(groups: Sequence[Samples]) -> float | None:
    """The p-value of "all groups were drawn from one distribution"; None if there is one value only.

    Samples are small non-negative integers. Values that are too rare for the test are counted together.
    """
    size = 1 + max(int(group.max()) for group in groups)
    table = np.array([np.bincount(group, minlength=size) for group in groups], np.float64)
    table = _without_rare_values(table)
    if table.shape[1] < 2:
        return None
    expected = table.sum(1, keepdims=True) * table.sum(0, keepdims=True) / table.sum()
    statistic = float(((table - expected) ** 2 / expected).sum())
    return chi_square_tail(statistic, (table.shape[0] - 1) * (table.shape[1] - 1))


def _without_rare_values(table: NDArray[np.float64]) -> NDArray[np.float64]:
    smallest_share = table.sum(1).min() / table.sum()
    totals = table.sum(0)
    table = table[:, totals > 0].copy()
    rare: NDArray[np.bool_] = table.sum(0) * smallest_share < LEAST_EXPECTED
    if not rare.any():
        return table
    together: NDArray[np.float64] = table[:, rare].sum(1, keepdims=True)
    kept: NDArray[np.float64] = table[:, ~rare]
    if together.sum() * smallest_share >= LEAST_EXPECTED:
        return np.hstack([kept, together])
    if not kept.size:
        return together
    kept[:, [0]] += together
    return kept


def kolmogorov_distance(values: Sequence[float]) -> float:
    """The largest distance between the distribution of the values and the uniform one on [0, 1]."""
    ordered, count = sorted(values), len(values)
    return max(max((rank + 1) / count - value, value - rank / count) for rank, value in enumerate(ordered))
