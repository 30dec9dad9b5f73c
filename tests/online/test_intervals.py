"""Interval arithmetic against brute force: every result of every pair lies inside, and the ends are reached."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spdz.errors import InternalError
from spdz.online.values.intervals import Interval, number

SMALL = st.integers(-6, 6)
INTERVALS = st.builds(lambda ends: Interval(min(ends), max(ends)), st.tuples(SMALL, SMALL))
WIDE = st.builds(lambda ends: Interval(min(ends), max(ends)), st.tuples(st.integers(), st.integers()))


def members(interval: Interval) -> range:
    return range(interval.lo, interval.hi + 1)


def exact(found: Interval, values: Iterator[int] | list[int]) -> None:
    """`found` is the least interval that holds all of these."""
    every = list(values)
    assert (found.lo, found.hi) == (min(every), max(every))


TWO: dict[str, tuple[Callable[[Interval, Interval], Interval], Callable[[int, int], int]]] = {
    "add": (lambda x, y: x + y, lambda x, y: x + y),
    "subtract": (lambda x, y: x - y, lambda x, y: x - y),
    "multiply": (lambda x, y: x * y, lambda x, y: x * y),
    "maximum": (lambda x, y: x.maximum(y), max),
    "minimum": (lambda x, y: x.minimum(y), min),
    "hull": (lambda x, y: Interval.hull([x, y]), lambda x, y: x),
}
ONE: dict[str, tuple[Callable[[Interval], Interval], Callable[[int], int]]] = {
    "negate": (lambda x: -x, lambda x: -x),
    "abs": (abs, abs),
    **{f"power {e}": (lambda x, e=e: x**e, lambda x, e=e: x**e) for e in (1, 2, 3, 4, 5)},
    "shift left": (lambda x: x << 3, lambda x: x << 3),
    "shift right": (lambda x: x >> 2, lambda x: x >> 2),
}


@pytest.mark.parametrize("name", TWO)
@given(INTERVALS, INTERVALS)
def test_of_two_operands(name: str, x: Interval, y: Interval) -> None:
    ours, theirs = TWO[name]
    pairs = list(itertools.product(members(x), members(y)))
    values = [theirs(a, b) for a, b in pairs]
    exact(ours(x, y), values + [b for _, b in pairs] if name == "hull" else values)


@pytest.mark.parametrize("name", ONE)
@given(INTERVALS)
def test_of_one_operand(name: str, x: Interval) -> None:
    ours, theirs = ONE[name]
    exact(ours(x), [theirs(a) for a in members(x)])


@given(INTERVALS, INTERVALS, INTERVALS)
def test_clip(x: Interval, low: Interval, high: Interval) -> None:
    triples = itertools.product(members(x), members(low), members(high))
    exact(x.clip(low, high), [min(max(a, b), c) for a, b, c in triples])


@given(INTERVALS, st.integers(0, 3))
def test_sums_of_a_count(x: Interval, count: int) -> None:
    exact(x.times(count), [sum(entries) for entries in itertools.product(members(x), repeat=count)])
    lengths = range(1, count + 1) if count else [0]
    exact(x.up_to(count), [sum(e) for length in lengths for e in itertools.product(members(x), repeat=length)])


@given(st.integers(-2, 2), st.integers(0, 3), st.integers(-2, 2), st.integers(0, 3), st.integers(0, 2))
def test_inner_products(lo: int, more: int, other: int, wide: int, length: int) -> None:
    x, y = Interval(lo, lo + more), Interval(other, other + wide)
    products = [a * b for a, b in itertools.product(members(x), members(y))]
    exact(x.dot(y, length), [sum(chosen) for chosen in itertools.product(products, repeat=length)])


@given(INTERVALS, st.lists(st.lists(SMALL, min_size=2, max_size=2), max_size=3), st.sampled_from([0, 1]))
def test_sums_with_public_weights(x: Interval, rows: list[list[int]], axis: int) -> None:
    weights = np.array(rows, np.int64).reshape(-1, 2)
    found = x.weighted(weights, axis)
    columns = (weights if axis == 1 else weights.T).tolist()
    ends = [
        sum(w * v for w, v in zip(column, values, strict=True))
        for column in columns
        for values in itertools.product((x.lo, x.hi), repeat=len(column))
    ]
    exact(found, ends or [0])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.uint64, object])
def test_public_arrays_of_any_type_are_summed_exactly(dtype: Any) -> None:
    high = 2**100 if dtype is object else int(np.iinfo(dtype).max)
    low = -(2**100) if dtype is object else int(np.iinfo(dtype).min)
    values = np.array([low, high, high, 1], dtype)
    assert Interval.of(values) == Interval(low, high)
    assert Interval(1, 1).weighted(values, 0) == Interval(low + 2 * high + 1, low + 2 * high + 1)
    assert Interval(-3, 2).weighted(values, 0) == Interval(2 * low - 3 * (2 * high + 1), -3 * low + 2 * (2 * high + 1))
    assert Interval.of(values[:0]) == Interval(0, 0)
    assert Interval.of(np.array(True)) == Interval(1, 1)


@given(WIDE, WIDE)
def test_numbers_of_any_size(x: Interval, y: Interval) -> None:
    for end, other in itertools.product((x.lo, x.hi), (y.lo, y.hi)):
        assert end + other in x + y
        assert end - other in x - y
        assert end * other in x * y
        assert end**2 in x**2
    assert (x - y) + y == Interval(x.lo - y.hi + y.lo, x.hi - y.lo + y.hi)


@given(WIDE)
def test_the_width_is_the_least(x: Interval) -> None:
    assert x.within(Interval.signed(x.width))
    assert x.width == 1 or not x.within(Interval.signed(x.width - 1))


def test_the_ends_of_a_width() -> None:
    assert Interval.signed(8) == Interval(-128, 127)
    assert [Interval(lo, hi).width for lo, hi in ((0, 0), (-1, 0), (0, 1), (-2, 1), (-128, 127), (-129, 0))] == [
        1,
        1,
        2,
        2,
        8,
        9,
    ]


def test_an_empty_interval_is_a_fault_of_ours() -> None:
    with pytest.raises(InternalError, match="from 2 to 1 is empty"):
        Interval(2, 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (-5, "-5"),
        (999_999_999, "999999999"),
        (2**31, "2^31"),
        (-(2**31), "-2^31"),
        (2**31 - 1, "2^31 - 1"),
        (-(2**31) + 1, "-(2^31 - 1)"),
        (2**62 + 12345, "about 2^63"),
        (-(10**4000), "about -2^13288"),
    ],
)
def test_large_numbers_are_written_by_their_powers_of_two(value: int, text: str) -> None:
    assert number(value) == text
    assert str(Interval(min(value, 0), max(value, 0))).startswith("[")
