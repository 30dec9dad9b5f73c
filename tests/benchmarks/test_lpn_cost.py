"""The estimates of attacks on LPN: the formulas on small numbers, and what they say of the parameters in use."""

from __future__ import annotations

import itertools
import math

import pytest

from benchmarks.lpn_cost import (
    algebra,
    checks,
    degree_of_regularity,
    dependent_columns,
    gauss,
    lightest_check,
    log_binomial,
    lowest,
    peeled_check,
    restricted,
    series,
)
from spdz.preprocessing.vole.code import PLAN, LpnParams

NEEDED = 130.0


@pytest.mark.parametrize("params", [PLAN.first, PLAN.main], ids=["first", "main"])
def test_every_attack_on_the_parameters_in_use_costs_enough(params: LpnParams) -> None:
    """With margins of more than 20 bits, so that neither a better constant nor one degree less matters at once."""
    assert gauss(params) > NEEDED + 100
    assert checks(params, lightest_check(params)) > NEEDED + 20
    found = algebra(params)
    assert found.cost > NEEDED + 70
    assert lowest(params) > NEEDED + 20
    one_less = degree_of_regularity(params) - 1
    assert 2 * log_binomial(params.secret, one_less) > NEEDED + 50


@pytest.mark.parametrize(
    ("params", "degree"),
    [(LpnParams(19870, 2508, 8), 3), (LpnParams(5060, 2600, 6), 3), (LpnParams(589760, 1319, 13), 4)],
    ids=["Wolverine set-up", "emp-zk", "Wolverine main"],
)
def test_published_parameters_do_not_reach_it(params: LpnParams, degree: int) -> None:
    assert degree_of_regularity(params) == degree
    assert algebra(params).cost < 125
    assert lowest(params) < 70


@pytest.mark.parametrize("params", [PLAN.first, PLAN.main], ids=["first", "main"])
def test_fewer_rows_of_the_code_help_nobody(params: LpnParams) -> None:
    whole = restricted(params, 1.0)
    assert whole == 2 * log_binomial(params.secret, degree_of_regularity(params))
    for share in range(75, 100, 2):
        assert restricted(params, share / 100) > whole


def test_a_check_that_peeling_finds_is_between_the_bounds() -> None:
    """Of the first stage; that of the main stage takes 20 seconds."""
    weight = peeled_check(PLAN.first)
    assert lightest_check(PLAN.first) < weight < 0.75 * PLAN.first.secret
    assert checks(PLAN.first, weight) > NEEDED + 100


def test_peeling_a_small_code_by_hand() -> None:
    """With as many samples as rows nothing may be dropped that leaves fewer samples than rows."""
    assert peeled_check(LpnParams(40, 20, 1)) <= 41


def test_the_series_against_products_of_polynomials() -> None:
    def product(*polynomials: list[int]) -> list[int]:
        result = [1]
        for polynomial in polynomials:
            degree = len(result) + len(polynomial) - 1
            result = [
                sum(result[i] * polynomial[d - i] for i in range(len(result)) if 0 <= d - i < len(polynomial))
                for d in range(degree)
            ]
        return result

    assert series(3, [(4, 2)], 5) == product(*[[1, -1]] * 3, *[[1, 4]] * 2)
    inverse = series(-2, [], 6)
    assert product(inverse, [1, -1], [1, -1])[:7] == [1, 0, 0, 0, 0, 0, 0]


def test_the_first_coefficients_count_unknowns_and_equations() -> None:
    """In degree 1 k unknowns are left; in degree 2 their monomials less the products within 5 blocks of 4."""
    params = LpnParams(7, 5, 2)
    n, k, t, b = 20, 7, 5, 4
    assert series(n - k - t, [(b - 1, t)], 2) == [1, k, k * (k + 1) // 2 - t * math.comb(b, 2)]
    assert degree_of_regularity(params) == 2


def test_probabilities_of_places_without_noise() -> None:
    """Against counting: 2 places in each of 3 blocks of 4, noise at one place of each."""
    params = LpnParams(6, 3, 2)
    hits = [all(place >= 2 for place in noise) for noise in itertools.product(range(4), repeat=3)]
    assert gauss(params) == pytest.approx(-math.log2(sum(hits) / len(hits)))
    assert checks(params, 3) == pytest.approx(-3 * math.log2(3 / 4))


def test_a_guess_leaves_fewer_unknowns_and_smaller_blocks() -> None:
    params = LpnParams(1000, 80, 5)
    assert degree_of_regularity(params, 40, 8) <= degree_of_regularity(params)
    assert log_binomial(3, 4) == 0
    found = algebra(params)
    assert found.guess == pytest.approx(-found.guessed_blocks * math.log2(1 - found.guessed_places / 32))
    left = params.secret - found.guessed_blocks * found.guessed_places
    assert found.cost == pytest.approx(2 * log_binomial(left, found.degree) + found.guess)


def test_dependent_columns() -> None:
    """log2 of C(n, w) C(k, w - 1) ((w - 1) / k)^(10 w)."""
    params = LpnParams(64, 16, 5)
    expected = math.comb(512, 5) * math.comb(64, 4) * (4 / 64) ** 50
    assert dependent_columns(params, 5) == pytest.approx(math.log2(expected))
    weight = lightest_check(PLAN.main)
    assert dependent_columns(PLAN.main, weight) >= 0
    assert dependent_columns(PLAN.main, weight - 2 - weight // 200) < 0
    assert max(dependent_columns(PLAN.main, w) for w in range(2, weight * 9 // 10, 50)) < -200


def test_more_noise_and_a_longer_secret_cost_more() -> None:
    assert gauss(LpnParams(2000, 200, 5)) > gauss(LpnParams(1000, 200, 5))
    assert gauss(LpnParams(1000, 400, 4)) > gauss(LpnParams(1000, 200, 5))
    assert algebra(LpnParams(4000, 800, 5)).cost > algebra(LpnParams(2000, 800, 5)).cost
