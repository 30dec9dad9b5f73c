"""Leaves for digits: all of them at the sender, all but the digit's complement at the receiver."""

from __future__ import annotations

import numpy as np
import pytest

from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.field import M5, M61, M127, Field
from spdz.preprocessing.ot.digits import WIDE_COLUMNS, Digits, bits_of, digits_of, grow, puncture, values_of

KEYS = (bytes(16), bytes([1] * 16))
BITS = pytest.mark.parametrize("bits", [1, 3, 4])


def hashes_of(seed: bytes, ots: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    randomness = deterministic_randomness_for_tests(seed, name)
    first, second = (np.frombuffer(randomness.bytes(16 * ots), np.uint64).reshape(ots, 2) for _ in range(2))
    return first, second


@BITS
def test_every_digit_lacks_its_complement_and_nothing_else(bits: int, seed: bytes) -> None:
    digits, width = Digits(bits, 1 << bits), 1 << bits
    choices = np.array([[value >> at & 1 for value in range(width) for at in range(bits)]], np.uint8)
    assert values_of(digits, choices).tolist() == [list(range(width))]
    hashes = hashes_of(seed, digits.ots, "hashes")
    leaves, masked = grow(digits, hashes, KEYS, deterministic_randomness_for_tests(seed, "roots"))
    chosen = np.where(choices.reshape(-1, 1) == 1, hashes[1], hashes[0])
    held = puncture(digits, choices.ravel(), chosen, KEYS, masked).reshape(width, width, 2)
    whole = leaves.reshape(width, width, 2)
    assert len(np.unique(leaves, axis=0)) == digits.leaves
    for value in range(width):
        missing = width - 1 - value
        assert not held[value, missing].any()
        others = np.arange(width) != missing
        assert np.array_equal(held[value, others], whole[value, others])


def test_what_is_sent_is_masked_by_both_hashes_and_only_wide_digits_send(seed: bytes) -> None:
    """The same trees under other hashes: the difference is that of the hashes, side by side."""
    wide, narrow = Digits(4, 3), Digits(1, 12)
    found = []
    for name in ("one", "two"):
        hashes = hashes_of(seed, wide.ots, name)
        _, masked = grow(wide, hashes, KEYS, deterministic_randomness_for_tests(seed, "roots"))
        assert masked is not None
        assert masked.nbytes == wide.sums_bytes
        found.append(masked ^ np.stack(hashes, axis=1))
    assert np.array_equal(*found)
    assert grow(narrow, hashes, KEYS, deterministic_randomness_for_tests(seed, "roots"))[1] is None
    assert narrow.sums_bytes == 0


@pytest.mark.parametrize("field", [M5, M61, M127], ids=str)
@pytest.mark.parametrize("columns", [1, WIDE_COLUMNS - 1, WIDE_COLUMNS, 1000])
def test_digits_and_bits_are_the_entry(field: Field, columns: int) -> None:
    digits = digits_of(field, columns)
    assert digits.bits == (1 if columns < WIDE_COLUMNS else 4 if field == M127 else 3)
    values = [0, 1, field.modulus - 1, field.modulus // 3]
    bits = bits_of(digits, field.array(values))
    assert bits.shape == (4, digits.ots)
    assert [sum(int(bit) << at for at, bit in enumerate(row)) for row in bits] == values
    weights = [int(value) for value in (1 << digits.bits) ** np.arange(digits.count, dtype=object)]
    found = [sum(int(v) * w for v, w in zip(row, weights, strict=True)) for row in values_of(digits, bits)]
    assert found == values
