"""What comparisons make of integers, against numpy: extremes, sorting, clip, abs, sign, relu."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spdz
from spdz.errors import RangeError, UsageError
from spdz.field import M13, M61, M127
from spdz.online.session import Mpc
from spdz.online.values.integer import SecretInt
from spdz.online.values.intervals import Interval
from spdz.online.values.sorting import merge_exchange, pruned

from .support import agreed, assert_equals, assert_refused
from .test_comparisons import booleans, shared

X = np.array([[3, -1, 3, 0, -7], [2, 2, 2, 2, 2], [-5, 100, -100, 100, 0]])
Y = np.array([[3, 0, -4, 1, -7], [1, 2, 3, 4, 5], [-5, 99, -101, 101, 0]])


def by_relu(x: Any) -> Any:
    return np.maximum(x, 0) if isinstance(x, np.ndarray) else spdz.relu(x)


def stable(x: Any, axis: int | None = -1) -> Any:
    return np.argsort(x, axis, kind="stable")


FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "np.maximum": lambda x, y: np.maximum(x, y),
    "np.minimum": lambda x, y: np.minimum(x, y),
    "maximum with public": lambda x, y: np.maximum(x, Y),
    "maximum of public": lambda x, y: np.maximum(Y, x),
    "minimum with number": lambda x, y: np.minimum(2, x),
    "maximum is known": lambda x, y: np.maximum(x, -128),
    "maximum is the other": lambda x, y: np.maximum(x, 127),
    "minimum is known": lambda x, y: np.minimum(x, 127) + np.minimum(-128, x) * 0,
    "maximum broadcast": lambda x, y: np.maximum(x, y[:, :1]),
    "clip": lambda x, y: np.clip(x, -2, 3),
    "clip below": lambda x, y: np.clip(x, 0, None),
    "clip above": lambda x, y: np.clip(x, None, 0),
    "clip by arrays": lambda x, y: np.clip(x, np.arange(5) - 3, np.arange(5)),
    "clip out of order": lambda x, y: np.clip(x, 3, -3),
    "clip by secrets": lambda x, y: np.clip(x, y, y),
    "clip is known below": lambda x, y: np.clip(x, -128, 5),
    "clip is known": lambda x, y: np.clip(x, -128, 127),
    "abs": lambda x, y: abs(x),
    "np.abs": lambda x, y: np.abs(x),
    "sign": lambda x, y: np.sign(x),
    "relu": lambda x, y: by_relu(x),
    "max": lambda x, y: x.max(),
    "max of an axis": lambda x, y: x.max(axis=0),
    "np.max": lambda x, y: np.max(x, 1, keepdims=True),
    "min": lambda x, y: np.min(x, axis=(0, 1)),
    "min kept": lambda x, y: x.min(-1, keepdims=True),
    "max of one": lambda x, y: x[:1, :1].max(0),
    "max of a number": lambda x, y: x[0, 0].max(),
    "max of no rows": lambda x, y: x[:0].max(1),
    "argmax": lambda x, y: x.argmax(),
    "argmax of an axis": lambda x, y: np.argmax(x, axis=1),
    "argmax of another": lambda x, y: x.argmax(0),
    "argmax kept": lambda x, y: x.argmax(-1, keepdims=True),
    "argmin": lambda x, y: np.argmin(x),
    "argmin of an axis": lambda x, y: x.argmin(1),
    "argmax of one": lambda x, y: x[:, :1].argmax(1),
    "argmax of a number": lambda x, y: x[0, 0].argmax(),
    "sort": lambda x, y: np.sort(x),
    "sort of an axis": lambda x, y: np.sort(x, axis=0),
    "sort flat": lambda x, y: np.sort(x, axis=None),
    "sort of one": lambda x, y: np.sort(x[:, :1]),
    "sort of nothing": lambda x, y: np.sort(x[:, :0]),
    "sort kind": lambda x, y: np.sort(x, kind="stable"),
    "argsort": lambda x, y: stable(x),
    "argsort of an axis": lambda x, y: stable(x, 0),
    "argsort flat": lambda x, y: stable(x, None),
    "argsort of one": lambda x, y: stable(x[:, :1]),
    "argsort of nothing": lambda x, y: stable(x[:, :0]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_as_numpy(name: str) -> None:
    work = FUNCTIONS[name]

    def program(mpc: Mpc) -> Any:
        x, y = shared(mpc, X).assume_range(-127, 127), shared(mpc, Y, 1)
        result = work(x, y)
        assert type(result) is SecretInt
        return mpc.reveal(result), (result.interval.lo, result.interval.hi)

    found, (lo, hi) = agreed(program)
    assert_equals(found, work(X, Y))
    assert ((found >= lo) & (found <= hi)).all()


def test_what_is_known_is_not_compared() -> None:
    def program(mpc: Mpc) -> Any:
        x = shared(mpc, X).assume_range(0, 9)
        mpc.reveal(x)
        results = [np.maximum(x, 0), np.minimum(x, 9), np.clip(x, -1, 10), abs(x), spdz.relu(x), np.maximum(x, 20)]
        assert all("sign" not in node.description for node in mpc._graph.pending())
        np.clip(x, 0, 5)
        assert sum("sign" in node.description for node in mpc._graph.pending()) == 1
        return [result.interval for result in results]

    expected = [(0, 9), (0, 9), (0, 9), (0, 9), (0, 9), (20, 20)]
    assert agreed(program) == [Interval(*ends) for ends in expected]


def test_intervals_and_types() -> None:
    def program(mpc: Mpc) -> None:
        x, y = shared(mpc, X).assume_range(-9, 5), shared(mpc, X, 1, 16).assume_range(-2, 7)
        expected: list[tuple[Any, tuple[int, int], int]] = [
            (np.maximum(x, y), (-2, 7), 16),
            (np.minimum(x, y), (-9, 5), 16),
            (np.maximum(x, 3), (3, 5), 8),
            (np.clip(x, -1, 100), (-1, 5), 8),
            (np.clip(x, -1, 2), (-1, 2), 8),
            (abs(x), (0, 9), 8),
            (np.sign(x), (-1, 1), 8),
            (np.sign(x.maximum(1)), (1, 1), 8),
            (spdz.relu(x), (0, 5), 8),
            (x.max(0), (-9, 5), 8),
            (x.argmax(1), (0, 4), 32),
            (x.sort(), (-9, 5), 8),
            (x.argsort(), (0, 4), 32),
            (x.top_k(2)[0], (-9, 5), 8),
            (x.top_k(2)[1], (0, 4), 32),
        ]
        for value, (lo, hi), width in expected:
            assert (value.interval, value.type) == (Interval(lo, hi), spdz.Int(width))

    agreed(program)


@pytest.mark.parametrize("k", [0, 1, 2, 5])
def test_top_k(k: int) -> None:
    def program(mpc: Mpc) -> Any:
        x = shared(mpc, X)
        return mpc.reveal(*x.top_k(k), *x.top_k(min(k, 3), axis=0))

    values, indices, down, below = agreed(program)
    order = np.argsort(-X, -1, kind="stable")[:, :k]
    assert_equals(indices, order)
    assert_equals(values, np.take_along_axis(X, order, -1))
    order = np.argsort(-X, 0, kind="stable")[: min(k, 3)]
    assert_equals(below, order)
    assert_equals(down, np.take_along_axis(X, order, 0))


REFUSED: dict[str, tuple[Callable[[Any], Any], type[BaseException], str]] = {
    "abs of the lowest": (abs, RangeError, "abs at"),
    "maximum too large": (lambda x: np.maximum(x, 128), RangeError, "maximum at"),
    "clip too large": (lambda x: np.clip(x, 200, 300), RangeError, "maximum at"),
    "clip without bounds": (lambda x: x.clip(), UsageError, "clip takes a lowest value, a highest, or both"),
    "max of nothing": (lambda x: x[:0].max(), UsageError, "of no entries"),
    "argmin of nothing": (lambda x: x[:0].argmin(), UsageError, "of no entries"),
    "axis": (lambda x: x.max(1), UsageError, "axis 1"),
    "argmax of axes": (lambda x: x.argmax((0,)), UsageError, "no axis (0,)"),
    "sort of a number": (lambda x: x[0].sort(), UsageError, "no axis -1"),
    "sort of an axis": (lambda x: x.sort(2), UsageError, "no axis 2"),
    "top too many": (lambda x: x.top_k(4), UsageError, "k of top_k must be an integer from 0 to 3"),
    "maximum of shapes": (lambda x: np.maximum(x, [1, 2]), UsageError, "shapes (3,) and (2,)"),
    "maximum of elements": (lambda x: np.maximum(x, x.raw), TypeError, "do not mix"),
    "maximum of fractions": (lambda x: np.maximum(x, 0.5), UsageError, "scale to integers"),
    "elements": (lambda x: np.sort(x.raw), TypeError, "numpy.sort does not work on secrets of the class SecretArray"),
    "relu of elements": (lambda x: spdz.relu(x.raw), TypeError, "relu takes secret numbers of a declared type"),
    "relu of public": (lambda x: spdz.relu(np.arange(3)), TypeError, "not a ndarray"),
    "not there": (lambda x: np.median(x), TypeError, "numpy.median does not work on secrets of the class SecretInt"),
    "in place": (lambda x: np.maximum(x, 1, out=np.ones(3, int)), TypeError, "in place"),
    "reduce": (lambda x: np.maximum.reduce(x), TypeError, "numpy.maximum.reduce does not work"),
}


def test_every_refusal_is_one_clear_line_and_does_no_harm() -> None:
    def program(mpc: Mpc) -> Any:
        x = shared(mpc, [1, 2, 3])
        for name, (attempt, error, words) in REFUSED.items():
            print(name)
            assert_refused(lambda attempt=attempt: attempt(x), error, words)
        return mpc.reveal(x)

    assert_equals(agreed(program), [1, 2, 3])


def test_a_sort_whose_index_does_not_fit_the_comparison_is_refused() -> None:
    def program(mpc: Mpc) -> Any:
        x = shared(mpc, np.arange(5), 0, 9)
        assert_refused(x.argsort, RangeError, "comparison at", "M13 look at numbers of at most 11 bits")
        return mpc.reveal(x.sort())

    assert_equals(agreed(program, field=M13), np.arange(5))


# -- the network ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", range(1, 12))
def test_the_network_sorts_all_zeros_and_ones(count: int) -> None:
    """So it sorts everything: Knuth, 5.3.4, theorem Z."""
    layers = merge_exchange(count)
    entries = np.array(list(itertools.product([0, 1], repeat=count)), np.int8).reshape(-1, count)
    expected = np.sort(entries, 1)
    for layer in layers:
        places = [at for pair in layer for at in pair]
        assert len(set(places)) == len(places)
        low, high = (list(ends) for ends in zip(*layer, strict=True))
        entries[:, low], entries[:, high] = np.minimum(*_two(entries, low, high)), np.maximum(*_two(entries, low, high))
    assert (entries == expected).all()


def _two(entries: Any, low: list[int], high: list[int]) -> tuple[Any, Any]:
    return entries[:, low].copy(), entries[:, high].copy()


@pytest.mark.parametrize(("count", "wanted"), [(8, [7]), (10, [8, 9]), (7, [0]), (9, []), (6, [0, 1, 2, 3, 4, 5])])
def test_what_is_left_of_it_brings_the_wanted_places_right(count: int, wanted: list[int]) -> None:
    layers = pruned(merge_exchange(count), wanted)
    for entries in itertools.product([0, 1], repeat=count):
        row = list(entries)
        for layer in layers:
            for low, high in layer:
                row[low], row[high] = sorted((row[low], row[high]))
        assert [row[at] for at in wanted] == [sorted(entries)[at] for at in wanted]
    assert sum(map(len, layers)) <= sum(map(len, merge_exchange(count)))


def test_its_size() -> None:
    layers = merge_exchange(1024)
    assert (len(layers), sum(map(len, layers))) == (55, 24_063)
    assert merge_exchange(0) == merge_exchange(1) == ()


def test_rounds_do_not_grow_with_the_number_of_lanes() -> None:
    def program(mpc: Mpc) -> list[int]:
        counts = []
        for lanes in (1, 50):
            x = shared(mpc, np.arange(8 * lanes).reshape(lanes, 8) % 7)
            mpc.reveal(x)
            before = mpc.cost.rounds
            mpc.reveal(x.sort(1))
            counts.append(mpc.cost.rounds - before)
        return counts

    one, many = agreed(program)
    assert one == many


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(-128, 127), min_size=1, max_size=9))
def test_any_values(values: list[int]) -> None:
    data = np.array(values)

    def program(mpc: Mpc) -> Any:
        x = shared(mpc, data)
        wide = x.astype(spdz.Int(9))
        return mpc.reveal(x.sort(), x.argsort(), x.max(), x.min(), x.argmax(), x.argmin(), abs(wide), x.sign())

    expected = [np.sort(data), stable(data), data.max(), data.min(), data.argmax(), data.argmin(), abs(data)]
    for found, wanted in zip(agreed(program), [*expected, np.sign(data)], strict=True):
        assert_equals(found, wanted)


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_a_program_of_all_of_them(parties: int, field: Any) -> None:
    """A sealed-bid auction: the highest bidder pays the second price, and a reserve."""
    bids = np.array([17, 42, 8, 42, 30])

    def program(mpc: Mpc) -> Any:
        x = shared(mpc, bids)
        prices, places = x.top_k(2)
        open_ = booleans(mpc, [True], 1)[0]
        sold = (prices[0] >= 20) & open_
        return mpc.reveal(np.where(sold, places[0], -1), np.where(sold, np.maximum(prices[1], 20), 0), sold)

    winner, price, sold = agreed(program, parties, field)
    assert (int(winner), int(price), bool(sold)) == (1, 42, True)
