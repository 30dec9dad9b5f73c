"""The fused loops of matrix triples against plain integers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.field import M31, M61, Field, FieldArray
from spdz.field.fused import rows

from .helpers import Stream

SHAPES = pytest.mark.parametrize(("count", "width"), [(1, 1), (3, 1), (1, 5), (4, 3)])
DEPTHS = pytest.mark.parametrize("depth", [1, 2, 3, 4])
Leaves = tuple[np.ndarray, np.ndarray]


def blocks(stream: Stream, count: int) -> np.ndarray:
    """Raw 128-bit blocks."""
    return np.frombuffer(stream.draw(16 * count), np.uint64).reshape(count, 2)


def integers(raw: np.ndarray) -> list[int]:
    return [int(low) | int(high) << 64 for low, high in raw]


def expanded(stream: Stream, seeds: int, width: int) -> tuple[Leaves, list[list[int]]]:
    """A pair (inner, seeds), and the elements that it stands for before they are reduced, seed by seed."""
    inner, roots = blocks(stream, seeds * width), blocks(stream, seeds)
    whole = inner.reshape(seeds, width, 2) ^ roots[:, None, :]
    return (inner, roots), [integers(row) for row in whole]


def digits(field: Field, entries: FieldArray, depth: int) -> np.ndarray:
    """(entries, digits)"""
    per_entry = -(-field.bits // depth)
    rows = [[entry >> depth * j & (1 << depth) - 1 for j in range(per_entry)] for entry in entries.to_ints()]
    return np.array(rows, np.uint8)


def punctured(leaves: Leaves, values: np.ndarray, depth: int, width: int, stream: Stream) -> Leaves:
    """The leaves with something else in the place of the complement of each digit."""
    inner, roots = leaves[0].copy(), leaves[1].copy()
    for number, value in enumerate(values.ravel()):
        at = (number << depth) + (1 << depth) - 1 - int(value)
        roots[at] = blocks(stream, 1)[0]
        inner[at * width : (at + 1) * width] = blocks(stream, width)
    return inner, roots


@DEPTHS
@SHAPES
def test_both_ends_share_the_products(field: Field, stream: Stream, count: int, width: int, depth: int) -> None:
    """Element by element what the formulas say; together entry times row, without the leaf that is missing."""
    p, top = field.modulus, (1 << depth) - 1
    y, entries = field.sample(stream.fill, (count, width)), field.sample(stream.fill, count)
    values = digits(field, entries, depth)
    leaves, g = expanded(stream, values.size << depth, width)
    d, sent = field.empty((values.size, width)), field.empty((count, width))
    rows.sender_products(field, leaves, depth, y, d, sent)
    row, per_entry = y.to_ints(), values.shape[1]

    def of_digit(number: int, c: int) -> list[int]:
        return [g[(number << depth) + x][c] for x in range(1 << depth)]

    expected = [
        [(row[number // per_entry][c] - sum(of_digit(number, c))) % p for c in range(width)]
        for number in range(values.size)
    ]
    assert d.to_ints() == expected

    def weighted(number: int, c: int) -> int:
        return sum((top - x) * value for x, value in enumerate(of_digit(number, c)))

    total = [
        [sum(weighted(i * per_entry + j, c) << depth * j for j in range(per_entry)) % p for c in range(width)]
        for i in range(count)
    ]
    assert sent.to_ints() == total
    received = field.empty((count, width))
    rows.receiver_products(field, punctured(leaves, values, depth, width, stream), depth, values, d, received)
    assert (received + sent).equals(y * entries.reshape(count, 1))


@DEPTHS
def test_some_columns_and_the_others_stay(field: Field, stream: Stream, depth: int) -> None:
    """Two runs of columns of longer rows are what each would be alone."""
    count, columns = 2, 5
    y, entries = field.sample(stream.fill, (count, columns)), field.sample(stream.fill, count)
    values = digits(field, entries, depth)
    d, sent, received = (field.zeros(shape) for shape in ((values.size, columns), (count, columns), (count, columns)))
    for first, width in ((0, 3), (3, 2)):
        leaves, _ = expanded(stream, values.size << depth, width)
        rows.sender_products(field, leaves, depth, y, d, sent, first)
        rows.receiver_products(field, leaves, depth, values, d, received, first)
        if first == 0:
            assert not d[:, 3:].to_bytes().strip(b"\0")
    assert (received + sent).equals(y * entries.reshape(count, 1))


def test_rows_are_added_where_they_belong_and_nowhere_else(field: Field, stream: Stream) -> None:
    target, x = field.sample(stream.fill, (5, 7)), field.sample(stream.fill, (4, 3))
    expected = np.array(target.to_ints(), object)
    for row, place in zip(x.to_ints(), (4, 0, 4, 2), strict=True):
        expected[place, 2:5] += row
    rows.add_rows(field, x, np.array([4, 0, 4, 2]), target, 2)
    assert target.to_ints() == (expected % field.modulus).tolist()


class Sender:
    """Arguments that fit, one of which a test replaces."""

    def __init__(self, stream: Stream) -> None:
        self.leaves, self.depth, self.first = expanded(stream, 2 * 16 * 16, 3)[0], 4, 0
        self.y, self.d, self.acc = M61.zeros((2, 3)), M61.empty((2 * 16, 3)), M61.empty((2, 3))
        self.values = np.zeros((2, 16), np.uint8)

    def send(self) -> None:
        rows.sender_products(M61, self.leaves, self.depth, self.y, self.d, self.acc, self.first)

    def receive(self) -> None:
        rows.receiver_products(M61, self.leaves, self.depth, self.values, self.d, self.acc, self.first)


READ_ONLY = M61.zeros((1, 3)).broadcast_to((2, 3))
WRONG: list[tuple[str, Callable[[Sender], Any]]] = [
    ("leaves", lambda fitting: (fitting.leaves[0][1:], fitting.leaves[1])),
    ("leaves", lambda fitting: (fitting.leaves[0], fitting.leaves[1][1:])),
    ("leaves", lambda fitting: (fitting.leaves[0].view(np.int64), fitting.leaves[1])),
    ("leaves", lambda fitting: (fitting.leaves[0][:1], fitting.leaves[1])),
    ("depth", lambda fitting: 0),
    ("depth", lambda fitting: 5),
    ("depth", lambda fitting: 3),
    ("first", lambda fitting: -1),
    ("first", lambda fitting: 1),
    ("d", lambda fitting: M61.empty((2 * 16, 2))),
    ("d", lambda fitting: M31.empty((2 * 16, 3))),
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
    for values in (fitting.values[:1], fitting.values.astype(np.uint64), fitting.values.reshape(-1)):
        with pytest.raises(UsageError):
            rows.receiver_products(M61, fitting.leaves, 4, values, fitting.d, fitting.acc)
    with pytest.raises(UsageError):
        rows.sender_products(M61, fitting.leaves, 4, fitting.y[:1], fitting.d, fitting.acc)
    with pytest.raises(UsageError):
        rows.sender_products(M61, fitting.leaves, 4, fitting.y, fitting.d[::2], fitting.acc)
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
            rows.add_rows(M61, *arguments)
