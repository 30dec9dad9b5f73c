"""The statistical functions against published tables and exact sums."""

from __future__ import annotations

from math import comb, exp

import numpy as np
import pytest

from benchmarks.soundness.statistics import (
    chi_square_tail,
    clopper_pearson,
    homogeneity,
    kolmogorov_distance,
    lower_beta,
    upper_gamma,
)
from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.field import M5


@pytest.mark.parametrize(
    ("statistic", "freedom", "tail"),
    [
        (3.841458820694124, 1, 0.05),
        (6.634896601021213, 1, 0.01),
        (18.307038053275146, 10, 0.05),
        (43.77297182574219, 30, 0.05),
        (59.70306430442993, 30, 0.001),
        (124.34211340400407, 100, 0.05),
        (88.37941890144936, 60, 0.01),
    ],
)
def test_chi_square_as_in_the_tables(statistic: float, freedom: int, tail: float) -> None:
    assert chi_square_tail(statistic, freedom) == pytest.approx(tail, rel=1e-9)


@pytest.mark.parametrize("x", [0.001, 0.5, 1.0, 3.0, 20.0, 200.0])
@pytest.mark.parametrize("terms", [1, 2, 5, 30])
def test_gamma_with_a_whole_number_is_a_sum_of_poisson_terms(terms: int, x: float) -> None:
    total, term = 0.0, exp(-x)
    for step in range(terms):
        total, term = total + term, term * x / (step + 1)
    assert upper_gamma(terms, x) == pytest.approx(total, rel=1e-10)


def test_gamma_at_zero_is_one() -> None:
    assert upper_gamma(2.5, 0.0) == 1.0


@pytest.mark.parametrize("p", [0.0, 0.01, 0.3, 0.5, 0.97, 1.0])
@pytest.mark.parametrize("least", [1, 3, 17, 20])
def test_beta_is_a_tail_of_the_binomial_distribution(least: int, p: float) -> None:
    tail = sum(comb(20, hits) * p**hits * (1 - p) ** (20 - hits) for hits in range(least, 21))
    assert lower_beta(p, least, 21 - least) == pytest.approx(tail, rel=1e-10, abs=1e-300)


@pytest.mark.parametrize(
    ("successes", "trials", "interval"),
    [
        (5, 10, (0.187086, 0.812914)),
        (0, 10, (0.0, 0.308497)),
        (10, 10, (0.691503, 1.0)),
        (1, 20, (0.001265, 0.248733)),
    ],
)
def test_the_interval_of_clopper_and_pearson(successes: int, trials: int, interval: tuple[float, float]) -> None:
    assert clopper_pearson(successes, trials, 0.95) == pytest.approx(interval, abs=2e-6)


def test_a_table_by_hand() -> None:
    """10 and 20 against 20 and 10: chi-square is 60 * 300^2 / 30^4 = 6.667 with one degree of freedom."""
    groups = [np.repeat([0, 1], [10, 20]), np.repeat([0, 1], [20, 10])]
    assert homogeneity(groups) == pytest.approx(chi_square_tail(20 / 3, 1), rel=1e-12)


def test_rare_values_are_counted_together() -> None:
    """Two values with expectations of 3 become one with 6."""
    groups = [np.repeat([0, 1, 2], [20, 4, 2]), np.repeat([0, 1, 2], [20, 2, 4])]
    assert homogeneity(groups) == pytest.approx(1.0)


def test_one_value_cannot_be_tested() -> None:
    assert homogeneity([np.zeros(50, np.int64)] * 2) is None


def test_p_values_of_equal_distributions_are_uniform(seed: bytes) -> None:
    randomness = deterministic_randomness_for_tests(seed, "samples")
    samples = np.array(M5.sample(randomness.fill, (300, 3, 400)).to_ints(), np.int64)
    values = [homogeneity(list(groups)) for groups in samples]
    numbers = [value for value in values if value is not None]
    assert len(numbers) == 300
    assert kolmogorov_distance(numbers) < 1.95 / 300**0.5, "beyond this in one of a thousand cases"


def test_kolmogorov_distance() -> None:
    assert kolmogorov_distance([0.5]) == 0.5
    assert kolmogorov_distance([0.1, 0.2]) == pytest.approx(0.8)
