"""The code of LPN and its noise against plain integers."""

from __future__ import annotations

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.field import M5, M13, M31, M61, M127, Field
from spdz.field.fused.code import ROW_WORDS, add_code_rows, add_noise

from .helpers import PLAIN, Stream, edges

FIELDS = pytest.mark.parametrize("field", [M5, M13, M31, M61, M127, *PLAIN], ids=str)


def words(stream: Stream, rows: int) -> np.ndarray:
    return np.frombuffer(bytearray(stream.draw(rows * ROW_WORDS * 8)), np.uint64).reshape(rows, ROW_WORDS)


@FIELDS
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_rows_of_the_code(field: Field, size: int) -> None:
    stream = Stream(f"code {field.name} {size}")
    code, secret = words(stream, 50), field.sample(stream.fill, (size,))
    out = field.sample(stream.fill, (50,))
    values, expected = secret.to_ints(), out.to_ints()
    for i, row in enumerate(code.tolist()):
        expected[i] += sum((word >> 32) * values[(word & 0xFFFFFFFF) * size >> 32] for word in row)
    add_code_rows(field, secret, code, out)
    assert out.to_ints() == [value % field.modulus for value in expected]


@FIELDS
def test_the_largest_sums_of_a_row(field: Field) -> None:
    """All words at their maximum, and the secret at the edges where carries change over."""
    code = np.full((1, ROW_WORDS), 2**64 - 1, np.uint64)
    for value in edges(field):
        secret, out = field.array([0, value]), field.array([value])
        add_code_rows(field, secret, code, out)
        assert out.to_ints() == [(value + ROW_WORDS * (2**32 - 1) * value) % field.modulus]


@FIELDS
def test_places_and_coefficients_come_from_the_halves_of_a_word(field: Field) -> None:
    code = np.zeros((3, ROW_WORDS), np.uint64)
    code[1, 4] = (3 << 32) | (2**32 - 1)
    code[2, 9] = (2 << 32) | (2**31 - 1)
    out = field.zeros((3,))
    add_code_rows(field, field.array([5, 7]), code, out)
    assert out.to_ints() == [0, 21, 10]


@FIELDS
def test_noise_stands_at_its_place_and_nowhere_else(field: Field) -> None:
    out = field.full((32,), 3)
    values = field.array([1, field.modulus - 1, 2, 0])
    add_noise(field, values, np.array([0, 7, 3, 5], np.uint64), out)
    expected = [3] * 32
    for index, value in ((0, 4), (15, 2), (19, 5)):
        expected[index] = value
    assert out.to_ints() == expected


def test_what_does_not_fit_is_refused() -> None:
    three, code = M61.zeros((3,)), np.zeros((3, ROW_WORDS), np.uint64)
    places = np.zeros(3, np.uint64)
    calls = [
        lambda: add_code_rows(M61, three, code[:2], three),
        lambda: add_code_rows(M61, three, code.astype(np.int64), three),
        lambda: add_code_rows(M61, M31.zeros((3,)), code, three),
        lambda: add_code_rows(M61, M61.zeros((0,)), code, three),
        lambda: add_code_rows(M61, three, code, M61.zeros((3, 1))),
        lambda: add_code_rows(M61, three, code, M61.zeros(()).broadcast_to((3,))),
        lambda: add_noise(M61, three, places[:2], three),
        lambda: add_noise(M61, M61.zeros((2,)), places[:2], three),
        lambda: add_noise(M61, M61.zeros((0,)), places[:0], three),
        lambda: add_noise(M61, M127.zeros((3,)), places, three),
    ]
    for call in calls:
        with pytest.raises(UsageError):
            call()
