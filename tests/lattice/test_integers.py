"""Integer polynomials: distributions of the samplers, exact arithmetic of several words, bytes, residues."""

from __future__ import annotations

import builtins
from collections import Counter
from math import comb
from typing import Any

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.field import M5, M13, M61, M127, Field
from spdz.lattice import integer_kernels, integers
from spdz.lattice.integers import Integers
from spdz.lattice.primes import ntt_primes
from spdz.lattice.ring import ring_of, word_array
from tests.support.statistics import assert_probability, assert_uniform

from . import reference
from .support import box, source, ternary


def of(values: list[int], words: int) -> Integers:
    return Integers(word_array([[v >> (64 * w) & (2**64 - 1) for v in values] for w in range(words)]))


def edges(words: int) -> list[int]:
    """Sixteen numbers where carries run through all words."""
    top = 1 << (64 * words - 4)
    near = [2**64, 2**63, 1] if words == 1 else [2**64, 2**63, 2**127 if words > 2 else 2**100]
    values = [0, 1, -1, top, -top, top - 1, 1 - top, *(n % top for n in near), *(-(n % top) for n in near)]
    return [*values, 2**32, -(2**32), 12345]


class constant:  # noqa: N801
    """Randomness whose words are all the same."""

    tainted = True

    def __init__(self, word: int) -> None:
        self.word = word

    def bytes(self, count: int) -> builtins.bytes:
        return self.word.to_bytes(8, "little") * (count // 8)

    def fill(self, buffer: Any) -> None:
        memory = memoryview(buffer).cast("B")
        memory[:] = self.bytes(len(memory))


def test_ternary_is_floor_of_three_times_128_bits() -> None:
    third = 2**128 // 3
    draws = [0, 1, third, third + 1, 2 * third, 2 * third + 1, 2 * third + 2, 2**128 - 1, 2**64 - 1, 2**127, 2**64]
    low, high = (word_array([d >> shift & (2**64 - 1) for d in draws]) for shift in (0, 64))
    out = integers.zeros(1, len(draws))
    integer_kernels.ternary(low, high, out.rows[0])
    assert out.to_list() == [3 * d // 2**128 - 1 for d in draws]
    values = ternary(source("ternary"), 1 << 14)
    assert_uniform([value + 1 for value in values], 3)


@pytest.mark.parametrize("eta", [1, 2, 21, 32])
def test_binomial_counts_bits(eta: int) -> None:
    bits = source("binomial").bytes(8 * 64)
    words = [int.from_bytes(bits[i : i + 8], "little") for i in range(0, len(bits), 8)] + [0, 2**64 - 1, 2**eta - 1]
    out = integers.zeros(1, len(words))
    integer_kernels.centred_binomial(word_array(words), np.uint64(eta), out.rows[0])
    mask = 2**eta - 1
    assert out.to_list() == [(w & mask).bit_count() - ((w >> eta) & mask).bit_count() for w in words]
    drawn = integers.zeros(1, 1 << 14)
    integers.sample_binomial(source("chi").fill, eta, drawn)
    values = drawn.to_list()
    assert max(map(abs, values)) <= eta
    counts = Counter(values)
    for value in range(-min(eta, 6), min(eta, 6) + 1):
        assert_probability(counts[value], len(values), comb(2 * eta, eta + value) / 4**eta)


@pytest.mark.parametrize(("bits", "words"), [(1, 1), (26, 1), (62, 1), (5, 2), (63, 2), (64, 2), (92, 2), (160, 3)])
def test_boxes_have_their_edges_and_nothing_else(bits: int, words: int) -> None:
    assert set(box(constant(0), bits, words, 16).to_list()) == {0}
    assert set(box(constant(2**64 - 1), bits, words, 16).to_list()) == {-1}
    values = box(source("box"), bits, words, 1 << 13).to_list()
    assert min(values) >= -(2**bits)
    assert max(values) < 2**bits
    parts = min(16, 2 ** (bits + 1))
    assert_uniform([(value + 2**bits) * parts // 2 ** (bits + 1) for value in values], parts)
    assert_uniform([value & 1 for value in values], 2)


def test_boxes_that_do_not_fit() -> None:
    for bits, words in ((63, 1), (0, 1), (127, 2)):
        with pytest.raises(UsageError, match="boxes"):
            box(constant(0), bits, words, 16)
    with pytest.raises(UsageError, match="eta"):
        integers.sample_binomial(constant(0).fill, 33, integers.zeros(1, 16))


@pytest.mark.parametrize("field", [M5, M13, M61, M127], ids=str)
def test_a_lift_is_the_nearest_representative_and_a_multiple(field: Field) -> None:
    p = field.modulus
    elements = [0, 1, 2, p // 2 - 1, p // 2, p // 2 + 1, p - 2, p - 1] * 4
    multiples = [0] * 8 + [1] * 8 + [-1] * 8 + [21, -21] * 4
    lifted = integers.zeros(field.limbs + 1, len(elements))
    integers.lift(field, field.array(elements), of(multiples, 1), lifted)
    centred = [m - p if m > p // 2 else m for m in elements]
    assert lifted.to_list() == [m + p * k for m, k in zip(centred, multiples, strict=True)]
    for message, words in ((field.zeros(31), field.limbs + 1), (field.zeros(32), field.limbs)):
        with pytest.raises(UsageError, match="lift"):
            integers.lift(field, message, of(multiples, 1), integers.zeros(words, 32))
    with pytest.raises(UsageError, match="not one"):
        integers.lift(field, field.zeros(32), lifted, lifted)


@pytest.mark.parametrize("words", [1, 2, 3])
def test_monomials_turn_and_add(words: int) -> None:
    x, y = [v // 4 for v in edges(words)], [v // 4 for v in reversed(edges(words))]
    for exponent in range(32):
        total = of(x, words)
        total.add_monomial(of(y, words), exponent)
        assert total.to_list() == reference.add(x, reference.multiply(reference.monomial(exponent, 16), y))


@pytest.mark.parametrize("words", [1, 2, 3])
def test_limits_are_met_to_the_unit(words: int) -> None:
    values = edges(words)
    lowest, highest = min(values), max(values)
    assert of(values, words).is_within(lowest, highest)
    assert not of(values, words).is_within(lowest + 1, highest)
    assert not of(values, words).is_within(lowest, highest - 1)
    extreme = [-(2 ** (64 * words - 1))] + [0] * 15
    assert not of(extreme, words).is_within(lowest, highest)
    with pytest.raises(UsageError, match="bound"):
        of(values, words).is_within(-(2 ** (64 * words - 1)), 0)


@pytest.mark.parametrize("words", [1, 2, 3])
def test_residues_are_those_of_the_integers(words: int) -> None:
    for bits in (20, 62):
        ring = ring_of(16, ntt_primes(4, bits, 16))
        values = [*edges(words)[:14], -(2 ** (64 * words - 1)), 2 ** (64 * words - 1) - 1]
        out = ring.empty()
        of(values, words).residues(ring, out)
        ring.to_coefficients(out)
        assert out.tolist() == [[value % q for value in values] for q in ring.moduli]


@pytest.mark.parametrize(("bits", "words"), [(26, 1), (62, 1), (64, 2), (92, 2), (154, 3), (160, 3)])
def test_bytes_come_back_with_their_signs(bits: int, words: int) -> None:
    width = bits // 8 + 1
    values = [0, 1, -1, 2**bits - 1, -(2**bits), 255, 256, -255, -256, 2 ** (bits - 1), *range(-3, 3)]
    memory = of(values, words).to_bytes(width)
    assert memory == b"".join(value.to_bytes(width, "little", signed=True) for value in values)
    assert integers.from_bytes(memory, width, words, 16).to_list() == values
    for wrong in (memory[:-1], memory + b"\0"):
        with pytest.raises(ValueError, match="hold"):
            integers.from_bytes(wrong, width, words, 16)
