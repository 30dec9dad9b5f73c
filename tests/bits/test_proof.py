"""The sums of a proof: equal to their definition, and B = A0 + A1 delta + (sum of chi (a b + g)) delta^2."""

from __future__ import annotations

import numpy as np
import pytest

from spdz.bits import proof
from spdz.bits.arrays import Bits
from spdz.errors import UsageError

from . import references as ref

DELTA = int(ref.random_words(99, 1)[0]) | 1


def check(a: Bits, b: Bits, g: Bits, seed: int) -> bool:
    """The identity over all relations; whether the proof would be accepted."""
    count = len(a)
    ma, mb, mg, chi = ref.random_words(seed, 4, count)
    delta = np.uint64(DELTA)
    ka, kb, kg = (m ^ bits * delta for m, bits in ((ma, a), (mb, b), (mg, g)))
    a0, a1 = (int(word) for word in proof.prover_sums(ma, a, mb, b, mg, chi))
    verified = int(proof.verifier_sum(ka, kb, kg, delta, chi))
    wrong = 0
    for coefficient, bit in zip(chi, a & b ^ g, strict=True):
        wrong ^= int(coefficient) * int(bit)
    claimed = a0 ^ ref.gf64(a1, DELTA)
    assert verified == claimed ^ ref.gf64(wrong, ref.gf64(DELTA, DELTA))
    return verified == claimed


@pytest.mark.parametrize("count", [0, 1, 2, 511, 512, 513, 1100])
def test_true_relations_are_proved(count: int) -> None:
    a, b = ref.random_bits(count, 2, count)
    assert check(a, b, a & b, count)


@pytest.mark.parametrize("count", [1, 8, 600])
def test_a_false_relation_is_not(count: int) -> None:
    for place in sorted({0, count // 2, count - 1}):
        a, b = ref.random_bits(count, 2, count)
        g = a & b
        g[place] ^= 1
        assert not check(a, b, g, count)


def test_every_value_of_three_bits() -> None:
    for value in range(8):
        a, b, g = (np.array([value >> place & 1], np.uint8) for place in range(3))
        assert check(a, b, g, value) == ((a & b)[0] == g[0])


def test_equal_to_the_definition() -> None:
    count = 20
    ma, mb, mg, chi = ref.random_words(1, 4, count)
    a, b = ref.random_bits(2, 2, count)
    first, second = 0, 0
    for h in range(count):
        x, y, z, c = (int(words[h]) for words in (ma, mb, mg, chi))
        first ^= ref.gf64(c, ref.gf64(x, y))
        second ^= ref.gf64(c, int(a[h]) * y ^ int(b[h]) * x ^ z)
    assert proof.prover_sums(ma, a, mb, b, mg, chi) == (first, second)


def test_sums_of_slices_add_up() -> None:
    ma, mb, mg, chi = ref.random_words(1, 4, 1000)
    a, b = ref.random_bits(2, 2, 1000)
    whole = proof.prover_sums(ma, a, mb, b, mg, chi)
    parts = [proof.prover_sums(*(array[cut] for array in (ma, a, mb, b, mg, chi))) for cut in (np.s_[:7], np.s_[7:])]
    assert whole == (parts[0][0] ^ parts[1][0], parts[0][1] ^ parts[1][1])


def test_arrays_of_other_lengths_are_refused() -> None:
    words, bits = np.zeros(4, np.uint64), np.zeros(4, np.uint8)
    with pytest.raises(UsageError, match="contiguous"):
        proof.prover_sums(words, bits, words[:3], bits, words, words)
    with pytest.raises(UsageError, match="contiguous"):
        proof.verifier_sum(words, words, words[:3], np.uint64(1), words)
