"""Sums of rows by the bits of their number equal the plain definition, wherever they are written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spdz.crypto import Prg
from spdz.crypto.bit_sums import add_selected, bit_sums
from spdz.errors import UsageError


def random_words(seed: int, *shape: int) -> NDArray[np.uint64]:
    out = np.empty(shape, np.uint64)
    Prg(seed.to_bytes(16, "little")).fill(out)
    return out


def plain_sum(rows: list[int]) -> int:
    total = 0
    for row in rows:
        total ^= row
    return total


@given(st.integers(1, 8), st.integers(0, 40), st.integers(0, 3), st.integers(0, 5), st.integers(0, 2**64))
@settings(deadline=None, max_examples=60)
def test_equals_the_plain_version(bits: int, words: int, first: int, start: int, seed: int) -> None:
    rows = random_words(seed, 1 << bits, words + 2)
    numbers = [int.from_bytes(row[:words].tobytes(), "little") for row in rows]
    columns = random_words(seed + 1, first + bits + 1, start + words + 3)
    before = columns.copy()
    bit_sums(rows, words, columns, first, start)
    for bit in range(bits):
        expected = plain_sum([number for place, number in enumerate(numbers) if place >> bit & 1])
        assert int.from_bytes(columns[first + bit, start : start + words].tobytes(), "little") == expected
    assert int.from_bytes(rows[0, :words].tobytes(), "little") == plain_sum(numbers)
    columns[first : first + bits, start : start + words] = before[first : first + bits, start : start + words]
    np.testing.assert_array_equal(columns, before)


@given(st.integers(0, 5), st.integers(0, 40), st.integers(0, 3), st.integers(0, 5), st.integers(0, 2**64))
@settings(deadline=None, max_examples=40)
def test_the_addend_goes_to_the_chosen_columns_only(count: int, words: int, first: int, start: int, seed: int) -> None:
    columns = random_words(seed, first + count + 1, start + words + 3)
    addend = random_words(seed + 1, words)
    chosen = random_words(seed + 2, count) & np.uint64(1)
    expected = columns.copy()
    for place, bit in enumerate(chosen):
        if bit:
            expected[first + place, start : start + words] ^= addend
    # As it comes from a peer: read-only, and not at a multiple of eight bytes.
    sent = np.frombuffer(b"x" + addend.tobytes(), np.uint8)[1:].view(np.uint64)
    add_selected(columns, first, start, np.uint64(0) - chosen, sent)
    np.testing.assert_array_equal(columns, expected)


def test_an_addend_that_does_not_fit_is_refused() -> None:
    columns, masks = np.zeros((4, 10), np.uint64), np.zeros(2, np.uint64)
    for first, start, words in ((3, 0, 10), (-1, 0, 10), (0, 1, 10), (0, -1, 3), (0, 0, 11)):
        with pytest.raises(UsageError, match="does not fit"):
            add_selected(columns, first, start, masks, np.zeros(words, np.uint64))


def test_what_does_not_fit_is_refused() -> None:
    rows, columns = np.zeros((4, 8), np.uint64), np.zeros((4, 10), np.uint64)
    for first, start, words in ((3, 0, 8), (-1, 0, 8), (0, 3, 8), (0, -1, 8), (0, 0, 9), (0, 0, -1)):
        with pytest.raises(UsageError, match="do not fit"):
            bit_sums(rows, words, columns, first, start)
    for width in (0, 1, 3, 6):
        with pytest.raises(UsageError, match="power of two"):
            bit_sums(np.zeros((width, 8), np.uint64), 8, columns, 0, 0)
    for wrong in (columns[:, ::2], columns.astype(np.int64), columns[0]):
        with pytest.raises(UsageError, match="contiguous"):
            bit_sums(rows, 1, wrong, 0, 0)
