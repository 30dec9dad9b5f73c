"""The fused loops of matrix triples against plain integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.field import M31, M61, Field, FieldArray

from .helpers import Stream

SHAPES = pytest.mark.parametrize(("count", "width"), [(1, 1), (3, 1), (1, 5), (4, 3)])


def blocks(stream: Stream, count: int) -> np.ndarray:
    """Raw 128-bit blocks."""
    return np.frombuffer(stream.draw(16 * count), np.uint64).reshape(count, 2)


def integers(raw: np.ndarray) -> list[int]:
    return [int(low) | int(high) << 64 for low, high in raw]


def expanded(stream: Stream, ots: int, width: int) -> tuple[tuple[np.ndarray, np.ndarray], list[list[int]]]:
    """A pair (inner, seeds), and the elements that it stands for before they are reduced, OT by OT."""
    inner, seeds = blocks(stream, ots * width), blocks(stream, ots)
    whole = inner.reshape(ots, width, 2) ^ seeds[:, None, :]
    return (inner, seeds), [integers(row) for row in whole]


@SHAPES
def test_both_ends_share_the_products(field: Field, stream: Stream, count: int, width: int) -> None:
    """Element by element what the formulas say, and together entry times row."""
    p, k = field.modulus, field.bits
    ots = count * k
    (zero, q0), (one, q1) = expanded(stream, ots, width), expanded(stream, ots, width)
    y, entries = field.sample(stream.fill, (count, width)), field.sample(stream.fill, count)
    d, sent = field.empty((ots, width)), field.empty((count, width))
    field.matrix_sender(zero, one, y, d, sent)
    row = y.to_ints()
    assert d.to_ints() == [[(q0[j][c] - q1[j][c] + row[j // k][c]) % p for c in range(width)] for j in range(ots)]

    bits = field.bit_decompose(entries)
    chosen = bits.reshape(ots, 1).astype(bool)
    inner = np.where(np.repeat(chosen, width, axis=0), one[0], zero[0])
    seeds = np.where(chosen, one[1], zero[1])
    received = field.empty((count, width))
    field.matrix_receiver((inner, seeds), bits, d, received)
    assert (received - sent).equals(y * entries.reshape(count, 1))
    total = [[sum(q0[i * k + b][c] << b for b in range(k)) % p for c in range(width)] for i in range(count)]
    assert sent.to_ints() == total


def test_rows_are_added_where_they_belong_and_nowhere_else(field: Field, stream: Stream) -> None:
    target, x = field.sample(stream.fill, (5, 7)), field.sample(stream.fill, (4, 3))
    expected = np.array(target.to_ints(), object)
    for row, place in zip(x.to_ints(), (4, 0, 4, 2), strict=True):
        expected[place, 2:5] += row
    field.add_rows(x, np.array([4, 0, 4, 2]), target, 2)
    assert target.to_ints() == (expected % field.modulus).tolist()


class Sender:
    """Arguments that fit, one of which a test replaces."""

    def __init__(self, stream: Stream) -> None:
        self.zero, self.one = expanded(stream, 2 * 61, 3)[0], expanded(stream, 2 * 61, 3)[0]
        self.y, self.d, self.acc = M61.zeros((2, 3)), M61.empty((2 * 61, 3)), M61.empty((2, 3))
        self.bits = np.zeros((2, 61), np.uint8)

    def send(self) -> None:
        M61.matrix_sender(self.zero, self.one, self.y, self.d, self.acc)

    def receive(self) -> None:
        M61.matrix_receiver(self.zero, self.bits, self.d, self.acc)


READ_ONLY = M61.zeros((1, 3)).broadcast_to((2, 3))
WRONG: list[tuple[str, Callable[[Sender], Any]]] = [
    ("zero", lambda fitting: (fitting.zero[0][1:], fitting.zero[1])),
    ("zero", lambda fitting: (fitting.zero[0], fitting.zero[1][1:])),
    ("zero", lambda fitting: (fitting.zero[0].view(np.int64), fitting.zero[1])),
    ("d", lambda fitting: M61.empty((2 * 61, 2))),
    ("d", lambda fitting: M31.empty((2 * 61, 3))),
    ("acc", lambda fitting: M61.empty((6,))),
    ("acc", lambda fitting: M61.empty((2, 0))),
    ("acc", lambda fitting: M61.empty((4, 3))[::2]),
    ("acc", lambda fitting: READ_ONLY),
]


@pytest.mark.parametrize(("name", "wrong"), WRONG)
@pytest.mark.parametrize("end", ["send", "receive"])
def test_what_does_not_fit_is_refused(end: str, name: str, wrong: Callable[[Sender], Any], stream: Stream) -> None:
    fitting = Sender(stream)
    getattr(fitting, end)()
    setattr(fitting, name, wrong(fitting))
    with pytest.raises(UsageError):
        getattr(fitting, end)()


def test_more_that_does_not_fit(stream: Stream) -> None:
    fitting = Sender(stream)
    for bits in (fitting.bits[:1], fitting.bits.astype(np.uint64), fitting.bits.reshape(-1)):
        with pytest.raises(UsageError):
            M61.matrix_receiver(fitting.zero, bits, fitting.d, fitting.acc)
    with pytest.raises(UsageError):
        M61.matrix_sender(fitting.zero, fitting.one, fitting.y[:1], fitting.d, fitting.acc)
    with pytest.raises(UsageError):
        M61.matrix_sender(fitting.zero, fitting.one, fitting.y, fitting.d[::2], fitting.acc)
    x, target = M61.zeros((2, 3)), M61.zeros((4, 4))
    places = np.array([0, 1])
    refused: list[tuple[FieldArray, np.ndarray, FieldArray, int]] = [
        (x, places[:1], target, 0),
        (x, places.astype(np.int32), target, 0),
        (x, places, target.ravel(), 0),
        (x, places, target, 2),
        (x, places, target, -1),
        (x, np.array([0, 4]), target, 0),
        (x, np.array([-1, 0]), target, 0),
        (x, places, target[:, ::-1], 0),
    ]
    for arguments in refused:
        with pytest.raises(UsageError):
            M61.add_rows(*arguments)
