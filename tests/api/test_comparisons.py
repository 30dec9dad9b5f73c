"""Comparisons of secret integers, and choosing by them, against numpy."""

from __future__ import annotations

import operator
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
from spdz.online.values.boolean import SecretBool
from spdz.online.values.comparing import most_bits
from spdz.online.values.integer import SecretInt
from spdz.online.values.intervals import Interval

from .support import agreed, assert_equals, assert_refused, local

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "np.less": np.less,
    "np.greater_equal": np.greater_equal,
    "np.equal": np.equal,
    "np.not_equal": np.not_equal,
}
EDGES = np.array([-128, -127, -1, 0, 1, 126, 127])


def shared(mpc: Mpc, values: Any, owner: int = 0, width: int = 8) -> SecretInt:
    """An input that only its owner sees."""
    array = np.asarray(values)
    return mpc.input(array if mpc.party == owner else None, owner=owner, shape=array.shape, type=spdz.Int(width))


def booleans(mpc: Mpc, values: Any, owner: int = 0) -> SecretBool:
    """Truth values that only their owner sees."""
    array = np.asarray(values, bool)
    return mpc.input(array if mpc.party == owner else None, owner=owner, shape=array.shape, type=spdz.Bool())


@pytest.mark.parametrize("name", OPERATORS)
def test_all_pairs_of_edge_values(name: str) -> None:
    compare = OPERATORS[name]

    def program(mpc: Mpc) -> Any:
        x, y = shared(mpc, EDGES[:, None]), shared(mpc, EDGES, 1)
        results = [compare(x, y), compare(x, EDGES), compare(EDGES[:, None], y), compare(x, 1), compare(-1, y)]
        assert all(type(result) is SecretBool for result in results)
        return mpc.reveal(*results)

    x, y = EDGES[:, None], EDGES
    expected = [compare(x, y), compare(x, y), compare(x, y), compare(x, 1), compare(-1, y)]
    for found, wanted in zip(agreed(program), expected, strict=True):
        assert found.dtype == np.bool_
        assert_equals(found, wanted)


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3), (1,), (3, 1)], ids=str)
def test_shapes(shape: tuple[int, ...]) -> None:
    values = np.arange(int(np.prod(shape))).reshape(shape)

    def program(mpc: Mpc) -> Any:
        x = shared(mpc, values)
        return mpc.reveal(x < 1, x == 1, np.where(x < 1, x, 5), (x < 1).as_int(), ~(x < 1))

    less, equal, chosen, ints, negated = agreed(program)
    assert_equals(less, values < 1)
    assert_equals(equal, values == 1)
    assert_equals(chosen, np.where(values < 1, values, 5))
    assert_equals(ints, (values < 1).astype(int))
    assert_equals(negated, ~(values < 1))


def test_the_width_looked_at_is_that_of_the_difference() -> None:
    def program(mpc: Mpc) -> Any:
        x, y = shared(mpc, [1, 2]), shared(mpc, [2, 1], 1)
        z = x.assume_range(0, 3)
        plans = []
        for work in (
            lambda: x < y,
            lambda: x < 0,
            lambda: x < 1,
            lambda: z < z[::-1],
            lambda: z >= 2,
            lambda: x == y,
            lambda: x.astype(spdz.Int(40)) < y,
            lambda: x < shared(mpc, [1, 2], 1, 16),
        ):
            before = len(mpc._graph.pending())
            work()
            [line] = [node.description for node in mpc._graph.pending()[before:] if " of " in node.description][-1:]
            plans.append(line)
        return plans

    widths = [int(line.split(" bits")[0].rsplit(" ", 1)[1]) for line in local(program)[0]]
    assert widths == [9, 8, 9, 3, 2, 9, 9, 17]


def test_what_the_intervals_tell_is_not_compared() -> None:
    def program(mpc: Mpc) -> Any:
        x, empty = shared(mpc, [1, -2]), mpc.constant([5, 5], spdz.Int(8))
        mpc.reveal(x)
        results = [x < 128, x < -128, x >= -128, x > 127, x == 200, x != 200, empty == 5, x < 300, empty.relu() == 5]
        assert all("sign" not in line and "equal" not in line for line in mpc._graph.plan(mpc._graph.pending(), "end"))
        return mpc.reveal(*results)

    expected = [True, False, True, False, False, True, True, True, True]
    for found, wanted in zip(agreed(program), expected, strict=True):
        assert_equals(found, [wanted, wanted])


@pytest.mark.parametrize("field", [M61, M127, M13], ids=str)
def test_comparisons_reach_to_the_limit_of_the_field_and_no_further(field: Any) -> None:
    def program(mpc: Mpc) -> Any:
        most = most_bits(mpc)
        top = 2 ** (most - 2)
        x = shared(mpc, np.array([top - 1, -top, 0], object), 0, most - 1)
        y = shared(mpc, np.array([-top, top - 1, 0], object), 1, most - 1)
        wide = x.astype(spdz.Int(most)) + 1
        assert_refused(lambda: wide < y, RangeError, "comparison at", f"at most {most} bits", "x.assume_range")
        assert_refused(lambda: wide == y, RangeError, "comparison at", f"in {field.name}", "a larger field")
        return most, mpc.reveal(x < y, x == y, x > y)

    most, (less, equal, greater) = agreed(program, field=field)
    assert most == field.bits - 2
    assert less.tolist() == [False, True, False]
    assert equal.tolist() == [False, False, True]
    assert greater.tolist() == [True, False, False]


WHERE: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "secrets": lambda x, y, c, d: np.where(c, x, y),
    "by a comparison": lambda x, y, c, d: np.where(x < y, x, y),
    "one public": lambda x, y, c, d: np.where(c, x, 7),
    "other public": lambda x, y, c, d: np.where(c, np.arange(3), y),
    "both public": lambda x, y, c, d: np.where(c, 3, -5),
    "both public arrays": lambda x, y, c, d: np.where(c, np.arange(3), np.arange(3)[::-1] * 1000),
    "public condition": lambda x, y, c, d: np.where([True, False, True], x, y),
    "public condition of bools": lambda x, y, c, d: np.where([True, False, True], c, d),
    "bools": lambda x, y, c, d: np.where(c, d, x < y),
    "bool and public": lambda x, y, c, d: np.where(c, d, True),
    "public bools": lambda x, y, c, d: np.where(c, [True, False, True], False),
    "rows": lambda x, y, c, d: np.where(c[:, None], x, y[:, None]),
    "one for all": lambda x, y, c, d: np.where(c[0], x, y),
    "number": lambda x, y, c, d: np.where(c[0], x[1], y[2]),
    "nothing": lambda x, y, c, d: np.where(c[:0], x[:0], 1),
}


@pytest.mark.parametrize("name", WHERE)
def test_where(name: str) -> None:
    work = WHERE[name]
    values = [
        np.array([5, -3, 100]),
        np.array([5, 2, -100]),
        np.array([True, False, True]),
        np.array([False, True, True]),
    ]

    def program(mpc: Mpc) -> Any:
        x, y = (shared(mpc, array, owner) for owner, array in enumerate(values[:2]))
        c, d = (booleans(mpc, array, owner) for owner, array in enumerate(values[2:]))
        return mpc.reveal(work(x, y, c, d))

    assert_equals(agreed(program), work(*values))


def test_where_keeps_interval_and_type_and_serves_field_elements() -> None:
    def program(mpc: Mpc) -> Any:
        x, y, c = shared(mpc, [1, 2]).assume_range(0, 9), shared(mpc, [3, 4], 1, 16), booleans(mpc, [True, False])
        z = mpc.where(c, x, y.assume_range(-5, 3))
        assert (z.interval, z.type) == (Interval(-5, 9), spdz.Int(16))
        assert np.where(c, x, 100).interval == Interval(0, 100)
        assert np.where(c, 3, 5).type == spdz.Int(32)
        assert np.where(c, 2**40, 0).type == spdz.Int(42)
        raw = np.where(c, x.raw, [8, 9])
        assert type(raw) is spdz.SecretArray
        return mpc.reveal(z.raw, raw, np.where([1, 0], x.raw, y.raw))

    for found, wanted in zip(agreed(program), ([1, 4], [1, 9], [1, 4]), strict=True):
        assert_equals(found, wanted)


Refusal = tuple[Callable[[Any, Any], Any], type[BaseException], str]
REFUSED: dict[str, Refusal] = {
    "mixed with elements": (lambda x, c: x < x.raw, TypeError, "do not mix; x.as_int(width) declares"),
    "elements": (lambda x, c: x.raw < x.raw, TypeError, "x.as_int(width)"),
    "elements with integers": (lambda x, c: x.raw == x, TypeError, "x.as_int(width)"),
    "with a truth value": (lambda x, c: x == c, TypeError, "a SecretInt and a SecretBool do not mix"),
    "fraction": (lambda x, c: x < 0.5, UsageError, "scale to integers first"),
    "none": (lambda x, c: x == None, UsageError, "NoneType"),  # noqa: E711
    "shapes": (lambda x, c: x < [1, 2], UsageError, "shapes (3,) and (2,)"),
    "if": (lambda x, c: 1 if x < 2 else 0, TypeError, "np.where(condition, x, y)"),
    "bool": (lambda x, c: bool(c), TypeError, "np.where(condition, x, y)"),
    "and": (lambda x, c: c and c, TypeError, "np.where(condition, x, y)"),
    "chained": (lambda x, c: 0 < x < 3, TypeError, "np.where(condition, x, y)"),
    "max of python": (max, TypeError, "np.where"),
    "in": (lambda x, c: 1 in x, TypeError, "(x == y).any()"),
    "index": (lambda x, c: x[c], TypeError, "a secret cannot be an index"),
    "where without values": (lambda x, c: np.where(c), TypeError, "missing a required argument"),
    "where by integers": (lambda x, c: np.where(x, 1, 2), TypeError, "such as x < y or x != 0, not a SecretInt"),
    "where by public integers": (lambda x, c: np.where([2, 1, 0], x, 1), UsageError, "truth values are True and False"),
    "where of classes": (lambda x, c: np.where(c, x, x.raw), TypeError, "do not mix"),
    "where of integers and bools": (lambda x, c: np.where(c, c, x), TypeError, "do not mix"),
    "where all public": (lambda x, c: x._mpc.where(True, 1, 2), UsageError, "np.where serves for public ones"),
    "where fraction": (lambda x, c: np.where(c, x, 0.5), UsageError, "scale to integers first"),
    "where too large": (lambda x, c: np.where(c, x, 1000), RangeError, "constant at"),
}


def test_every_refusal_is_one_clear_line_and_does_no_harm() -> None:
    def program(mpc: Mpc) -> Any:
        x, c = shared(mpc, [1, 2, 3]), booleans(mpc, [True, False, True])
        for name, (attempt, error, words) in REFUSED.items():
            print(name)
            assert_refused(lambda attempt=attempt: attempt(x, c), error, words)
        return mpc.reveal(x)

    assert_equals(agreed(program), [1, 2, 3])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(*[st.integers(-(2**31), 2**31 - 1)] * 2), max_size=6), st.sampled_from(list(OPERATORS)))
def test_any_32_bit_numbers(pairs: list[tuple[int, int]], name: str) -> None:
    x, y = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))

    def program(mpc: Mpc) -> Any:
        return mpc.reveal(OPERATORS[name](shared(mpc, x, 0, 32), shared(mpc, y, 1, 32)))

    assert_equals(agreed(program), OPERATORS[name](x, y))
