"""The transposition agrees with numpy's bit unpacking and with the definition, for every width and layout."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spdz.crypto import Prg
from spdz.crypto.bit_matrix import transpose_columns
from spdz.errors import UsageError


def reference(columns: NDArray[np.uint8]) -> NDArray[np.uint64]:
    bits = np.unpackbits(columns, axis=1, bitorder="little")
    return np.packbits(np.ascontiguousarray(bits.T), axis=1, bitorder="little").view("<u8")


def random_columns(byte_count: int, seed: int = 0) -> NDArray[np.uint8]:
    columns = np.empty((128, byte_count), np.uint8)
    Prg(seed.to_bytes(16, "little")).fill(columns)
    return columns


def transposed(columns: NDArray[np.uint8]) -> NDArray[np.uint64]:
    out = np.full((8 * columns.shape[1], 2), 0xAAAAAAAAAAAAAAAA, np.uint64)
    transpose_columns(columns, out)
    return out


@pytest.mark.parametrize("byte_count", [0, 8, 16, 56, 64, 72, 120, 128, 136, 504, 1000, 4096])
def test_equals_numpy(byte_count: int) -> None:
    columns = random_columns(byte_count, byte_count)
    np.testing.assert_array_equal(transposed(columns), reference(columns))


@given(st.integers(0, 127), st.integers(0, 639))
@settings(deadline=None)
def test_a_single_bit_lands_where_the_definition_says(column: int, row: int) -> None:
    columns = np.zeros((128, 80), np.uint8)
    columns[column, row // 8] = 1 << row % 8
    expected = np.zeros((640, 2), np.uint64)
    expected[row, column // 64] = np.uint64(1 << column % 64)
    np.testing.assert_array_equal(transposed(columns), expected)


@pytest.mark.parametrize(("start", "stop"), [(0, 64), (8, 80), (64, 264), (288, 296), (0, 296)])
def test_a_byte_range_of_longer_columns(start: int, stop: int) -> None:
    columns = random_columns(296)
    np.testing.assert_array_equal(transposed(columns[:, start:stop]), reference(columns[:, start:stop]))


@pytest.mark.parametrize("start", [1, 3, 7, 12])
def test_columns_off_the_word_boundaries(start: int) -> None:
    columns = random_columns(301)
    part = columns[:, start : start + 128]
    np.testing.assert_array_equal(transposed(part), reference(part))
    np.testing.assert_array_equal(columns, random_columns(301))


def test_received_columns_are_read_only() -> None:
    columns = np.frombuffer(random_columns(72).tobytes(), np.uint8).reshape(128, 72)
    assert not columns.flags.writeable
    np.testing.assert_array_equal(transposed(columns), reference(columns))


def test_the_input_stays_writable_and_unchanged() -> None:
    columns = random_columns(64)
    transposed(columns)
    assert columns.flags.writeable
    np.testing.assert_array_equal(columns, random_columns(64))


def test_linear_over_xor() -> None:
    a, b = random_columns(200, 1), random_columns(200, 2)
    np.testing.assert_array_equal(transposed(a ^ b), transposed(a) ^ transposed(b))


def test_unfit_arrays_are_refused() -> None:
    out = np.zeros((64, 2), np.uint64)
    read_only = np.zeros((64, 2), np.uint64)
    read_only.flags.writeable = False
    for columns in (
        np.zeros((127, 8), np.uint8),
        np.zeros((128, 7), np.uint8),
        np.zeros((128, 8), np.int8),
        np.zeros((128, 1), np.uint64),
        np.zeros((128, 16), np.uint8)[:, ::2],
        np.zeros((8, 128), np.uint8).T,
        np.zeros(1024, np.uint8),
    ):
        with pytest.raises(UsageError):
            transpose_columns(columns, out)  # type: ignore[arg-type]
    good = np.zeros((128, 8), np.uint8)
    for rows in (
        np.zeros((63, 2), np.uint64),
        np.zeros((64, 2), np.int64),
        np.zeros((64, 4), np.uint64)[:, ::2],
        np.zeros(128, np.uint64),
        read_only,
    ):
        with pytest.raises(UsageError):
            transpose_columns(good, rows)  # type: ignore[arg-type]
