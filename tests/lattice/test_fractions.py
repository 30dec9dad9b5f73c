"""Fractions are exact on their grid: by big integers, at borders, and by thresholds (PITFALLS 30)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from spdz.field import FieldArray
from spdz.lattice.fractions import Fractions
from spdz.lattice.parameters import LatticeParameters
from spdz.lattice.ring import Words, word_array
from spdz.lattice.scheme import Scheme, scheme_of

from .support import TOYS, name, source


def as_integers(fractions: Fractions) -> list[int]:
    return [sum(int(word) << (64 * w) for w, word in enumerate(column)) for column in fractions.rows.T]


def numbers(values: list[int], words: int) -> Words:
    return word_array([[value >> (64 * w) & (2**64 - 1) for w in range(words)] for value in values])


def element(scheme: Scheme, label: str) -> tuple[Words, list[int]]:
    """Coefficients of a Montgomery product X / 2^64, and h 2 X mod q."""
    ring, p = scheme.ring, scheme.parameters.field.modulus
    values = ring.uniform(source(label).fill)
    given = ring.to_integers(values)
    ring.to_coefficients(values)
    return values, [pow(p, -1, ring.modulus) * (2 * x << 64) % ring.modulus for x in given]


@pytest.mark.parametrize("parameters", TOYS, ids=name)
def test_an_element_is_a_little_less_than_its_fraction(parameters: LatticeParameters) -> None:
    scheme = scheme_of(parameters)
    grid, most = scheme.fractions.grid, parameters.limbs * max(parameters.moduli)
    coefficients, exact = element(scheme, "an element")
    fractions = scheme.fractions.start(5)
    fractions.add_element(coefficients)
    for got, numerator in zip(as_integers(fractions), exact, strict=True):
        assert 0 <= (5 + numerator * grid // parameters.modulus - got) % grid <= most


@pytest.mark.parametrize("parameters", TOYS, ids=name)
def test_masks_over_p(parameters: LatticeParameters) -> None:
    scheme, p = scheme_of(parameters), parameters.field.modulus
    grid = scheme.fractions.grid
    values = [0, 1, p - 1, p // 2, *range(2, parameters.degree - 2)]
    fractions = scheme.fractions.start(-1)
    fractions.add_over_p(parameters.field.array([value % p for value in values]))
    for got, value in zip(as_integers(fractions), values, strict=True):
        assert 0 <= ((value % p) * grid // p - 1 - got) % grid < parameters.field.limbs << 64


@pytest.mark.parametrize("parameters", TOYS, ids=name)
def test_numbers_are_added_exactly(parameters: LatticeParameters) -> None:
    scheme = scheme_of(parameters)
    values = [0, 1, 2**128 - 1, 2**64 - 1, 2**64, 2**127, *range(parameters.degree - 6)]
    for unit in (0, 1, 62, parameters.drowning_unit, parameters.dither_unit):
        fractions = scheme.fractions.start(-1)
        fractions.add_numbers(numbers(values, 2), unit)
        assert as_integers(fractions) == [((value << unit) - 1) % scheme.fractions.grid for value in values]
    for unit in (-1, 64 * parameters.fraction_words):
        with pytest.raises(ValueError, match="outside"):
            scheme.fractions.start(0).add_numbers(numbers(values, 2), unit)


@pytest.mark.parametrize("parameters", TOYS, ids=name)
def test_rounding_compares_all_words(parameters: LatticeParameters) -> None:
    """Next to a border the answer changes with the last bit of the last word."""
    scheme, p = scheme_of(parameters), parameters.field.modulus
    grid, words = scheme.fractions.grid, parameters.fraction_words
    borders = [(2 * d + 1) * grid // (2 * p) for d in (0, 1, p // 3, p // 2, p - 2, p - 1)]
    values = [(border + step) % grid for border in borders for step in (-1, 0, 1, 2)]
    values += [0, 1, grid - 1, grid // 2, grid // 2 - 1, (1 << 64) - 1, 1 << 64, grid - (1 << 64)]
    for start in range(0, len(values), parameters.degree):
        part = values[start : start + parameters.degree]
        part += [0] * (parameters.degree - len(part))
        fractions = scheme.fractions.start(0)
        fractions.rows[:] = numbers(part, words).T
        decoded = [int(d) for d in fractions.round_times_p().to_ints()]
        assert decoded == [(p * v + grid // 2) // grid % p for v in part]
        top = fractions.top_words(parameters.answer_bits // 64)
        assert (
            top.tolist() == numbers([v >> (64 * words - parameters.answer_bits) for v in part], top.shape[1]).tolist()
        )


Outcome = Callable[[list[int]], list[int]]


def thresholds(outcome: Outcome, count: int) -> list[int]:
    """For each coefficient the least of 2^128 steps of noise whose outcome is not that of step 0."""
    low, high, first = [0] * count, [2**128 - 1] * count, outcome([0] * count)
    for _ in range(129):
        middle = [(a + b) // 2 for a, b in zip(low, high, strict=True)]
        for j, value in enumerate(outcome(middle)):
            if value != first[j]:
                high[j] = middle[j]
            elif low[j] < high[j]:
                low[j] = middle[j] + 1
    return high


@pytest.mark.parametrize("parameters", TOYS, ids=name)
def test_the_threshold_of_a_decoder_is_the_exact_one(parameters: LatticeParameters) -> None:
    """To one of 2^128 steps of the dither. With 64 bits of p v it was off by several of 2^64 steps."""
    scheme, p, q = scheme_of(parameters), parameters.field.modulus, parameters.modulus
    unit, grid, tau = parameters.dither_unit, scheme.fractions.grid, parameters.answer_bits
    coefficients, exact = element(scheme, "decoder")
    d = [int(value) for value in parameters.field.sample(source("decoded").fill, parameters.degree).to_ints()]
    # u_0 that leads as near to the border after d as it can.
    u0 = [
        ((((2 * value + 1) * q - 2 * p * x) << tau) // (2 * p * q)) % (1 << tau)
        for value, x in zip(d, exact, strict=True)
    ]

    def outcome(steps: list[int]) -> list[int]:
        fractions = scheme.fractions.start(-(1 << (unit + 127)))
        fractions.add_element(coefficients)
        fractions.add_numbers(numbers(u0, tau // 64), 64 * parameters.fraction_words - tau)
        fractions.add_numbers(numbers(steps, 2), unit)
        return [int(value) for value in fractions.round_times_p().to_ints()]

    found, compared = thresholds(outcome, parameters.degree), 0
    most = parameters.limbs * max(parameters.moduli) // (1 << unit) + 1
    for x, u, value, step in zip(exact, u0, d, found, strict=True):
        # The fraction of the border, less what is there without dither, in steps; all over 2 p q 2^tau.
        missing = ((2 * value + 1) * q << tau) - 2 * p * ((u * q) + (x << tau))
        whole = 2 * p * q << tau
        missing -= whole * ((missing + whole // 2) // whole)
        expected = -(-(missing * grid) // (whole << unit)) + 2**127
        if 0 < expected < 2**128:
            assert 0 <= step - expected <= most
            compared += 1
    assert compared >= parameters.degree // 8


@pytest.mark.parametrize("parameters", TOYS, ids=name)
def test_the_threshold_of_an_answer_is_the_exact_one(parameters: LatticeParameters) -> None:
    """To five of 2^128 steps of the drowning noise, M61's to one."""
    scheme, p, q = scheme_of(parameters), parameters.field.modulus, parameters.modulus
    unit, grid, tau = parameters.drowning_unit, scheme.fractions.grid, parameters.answer_bits
    coefficients, exact = element(scheme, "answer")
    mask: FieldArray = parameters.field.sample(source("mask").fill, parameters.degree)
    rounding = 1 << (64 * parameters.fraction_words - tau - 1)

    def outcome(steps: list[int]) -> list[int]:
        fractions = scheme.fractions.start(rounding - (1 << (unit + 127)))
        fractions.add_element(coefficients)
        fractions.add_over_p(mask)
        fractions.add_numbers(numbers(steps, 2), unit)
        words = fractions.top_words(tau // 64).astype(object)
        return [int(value) for value in (words << (64 * np.arange(tau // 64))).sum(axis=1)]

    found, compared = thresholds(outcome, parameters.degree), 0
    most = (parameters.limbs * max(parameters.moduli) + (parameters.field.limbs << 64)) // (1 << unit) + 1
    for x, m, step in zip(exact, mask.to_ints(), found, strict=True):
        # 2^tau (x / q + m / p - 2^(unit + 127) / grid) + 1/2, over 2 p q grid: what is missing to the next integer.
        whole = 2 * p * q * grid
        value = (2 * (x * p + int(m) * q) * grid - 2 * p * q * (1 << (unit + 127)) << tau) + p * q * grid
        expected = -(-(-value % whole) // (2 * p * q << (tau + unit)))
        if 0 < expected < 2**128:
            assert 0 <= step - expected <= most
            compared += 1
    assert compared >= parameters.degree // 8
