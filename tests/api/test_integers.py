"""Secret integers against numpy, and the intervals that go with them; what could leave a type is refused."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spdz
from spdz.errors import ConfigurationMismatch, RangeError, UsageError
from spdz.field import M61, M127
from spdz.online.session import Mpc
from spdz.online.values.integer import SecretInt
from spdz.online.values.intervals import Interval

from .support import agreed, assert_equals, assert_refused, local

DATA = np.arange(-12, 12).reshape(2, 3, 4)
OTHER = (np.arange(24) * 5 % 7 - 3).reshape(2, 3, 4)


def shared(mpc: Mpc, values: Any, owner: int = 0, width: int = 32) -> SecretInt:
    """An input that only its owner sees."""
    array = np.asarray(values)
    return mpc.input(array if mpc.party == owner else None, owner=owner, shape=array.shape, type=spdz.Int(width))


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "+ public": lambda x, y: x + OTHER,
    "public -": lambda x, y: 7 - x,
    "public array -": lambda x, y: OTHER - x,
    "* public": lambda x, y: OTHER * x,
    "negate": lambda x, y: -x + +y,
    "square": lambda x, y: x * x,
    "** 2": lambda x, y: x**2,
    "** 3": lambda x, y: x**3,
    "** 1": lambda x, y: x**1,
    "@": lambda x, y: x @ y.swapaxes(1, 2),
    "@ vector": lambda x, y: x @ y[0, 0],
    "@ public": lambda x, y: x @ OTHER.swapaxes(1, 2),
    "@ public vector": lambda x, y: x @ OTHER[0, 0],
    "public @": lambda x, y: OTHER.swapaxes(1, 2) @ x,
    "public vector @": lambda x, y: OTHER[0, 0, :3] @ x,
    "dot": lambda x, y: x[0].dot(y[1].T),
    "dot of numbers": lambda x, y: np.dot(3, x[0]),
    "sum": lambda x, y: x.sum(),
    "sum of axes": lambda x, y: x.sum((0, 2), keepdims=True),
    "np.sum": lambda x, y: np.sum(x, 1),
    "cumsum": lambda x, y: x.cumsum(),
    "cumsum of an axis": lambda x, y: np.cumsum(x, axis=1),
    "prod": lambda x, y: x[:, :, :3].prod(1),
    "prod of nothing": lambda x, y: x[:, :0].prod(1),
    "broadcast": lambda x, y: x[:, :1] * y[0, :, 1:2],
    "number": lambda x, y: x[1, 2, 3] * y,
    "nothing": lambda x, y: x[:, :0] * y[:, :0] - 3,
    "sum of nothing": lambda x, y: x[:, :0].sum(1),
    "index": lambda x, y: x[1, ::-1, [0, 2]],
    "shapes": lambda x, y: x.reshape(4, -1).T.swapaxes(0, 1).ravel(),
    "np.transpose": lambda x, y: np.transpose(x, (2, 0, 1)),
    "broadcast_to": lambda x, y: np.broadcast_to(x[0, 0], (3, 4)),
    "concatenate": lambda x, y: np.concatenate([x, y, OTHER], 1),
    "stack": lambda x, y: np.stack([OTHER, x], -1),
    "numpy's operators": lambda x, y: np.subtract(OTHER, np.add(np.multiply(2, x), y)),
}


@pytest.mark.parametrize("name", ARITHMETIC)
def test_as_numpy_and_inside_the_interval(name: str) -> None:
    work = ARITHMETIC[name]

    def program(mpc: Mpc) -> Any:
        result = work(shared(mpc, DATA, 0, 8).assume_range(-12, 11).astype(spdz.Int(40)), shared(mpc, OTHER, 1, 4))
        assert type(result) is SecretInt
        assert result.type.width in (4, 40)
        return mpc.reveal(result), (result.interval.lo, result.interval.hi)

    found, (lo, hi) = agreed(program)
    assert_equals(found, work(DATA, OTHER))
    assert ((found >= lo) & (found <= hi)).all()


@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_the_ends_of_a_type_can_be_input(field: Any) -> None:
    width = 60 if field is M61 else 126
    ends = np.array([-(2 ** (width - 1)), 2 ** (width - 1) - 1, 0, -1], object)

    def program(mpc: Mpc) -> Any:
        x = shared(mpc, ends, 1, width)
        assert x.interval == Interval.signed(width)
        return mpc.reveal(x), mpc.reveal(x.raw)

    for found in agreed(program, field=field):
        assert_equals(found, ends)


def test_intervals_follow_the_computation() -> None:
    def program(mpc: Mpc) -> None:
        x = shared(mpc, [1, 2, 3], 0, 8)
        y = x.assume_range(0, 10)
        expected: list[tuple[Any, tuple[int, int], int]] = [
            (x, (-128, 127), 8),
            (y, (0, 10), 8),
            (y + y, (0, 20), 8),
            (y - y, (-10, 10), 8),
            (y + np.array([-1, 0, 5]), (-1, 15), 8),
            (3 - y, (-7, 3), 8),
            (-y, (-10, 0), 8),
            (y * np.array([-1, 0, 2]), (-10, 20), 8),
            ((y - 5) ** 2, (0, 25), 8),
            ((y - 5) * (y - 5), (-25, 25), 8),
            (y.sum(), (0, 30), 8),
            (y.cumsum(), (0, 30), 8),
            (y @ np.array([1, -1, 2]), (-10, 30), 8),
            (np.array([[1, -1, 2], [0, 0, -3]]) @ y, (-30, 30), 8),
            (y.astype(spdz.Int(16)) @ y, (0, 300), 16),
            (y + x.astype(spdz.Int(9)), (-128, 137), 9),
            (mpc.concatenate([y, y - 20, [50]]), (-20, 50), 8),
            (y[1:].reshape(1, 2).T, (0, 10), 8),
            (y.assume_range(5, 100), (5, 10), 8),
            (x.raw.as_int(8), (-128, 127), 8),
            (x.raw.assume_range(0, 5), (0, 5), 4),
            (mpc.constant([3, -4], spdz.Int(16)), (-4, 3), 16),
        ]
        for value, (lo, hi), width in expected:
            assert (value.interval, value.type) == (Interval(lo, hi), spdz.Int(width))

    local(program)


LEAVING: dict[str, tuple[Callable[[Any], Any], str, str]] = {
    "add": (lambda x: x + x, "add at", "spdz.Int(9)"),
    "subtract": (lambda x: x - x, "subtract at", "spdz.Int(9)"),
    "subtract from": (lambda x: 1 - x, "subtract at", "spdz.Int(9)"),
    "negate": (lambda x: -x, "negate at", "spdz.Int(9)"),
    "multiply": (lambda x: x * x[0], "multiply at", "spdz.Int(16)"),
    "multiply by public": (lambda x: 2 * x, "multiply at", "spdz.Int(9)"),
    "square": (lambda x: x * x, "power at", "spdz.Int(16)"),
    "power": (lambda x: x**5, "power at", "spdz.Int(36)"),
    "a huge power": (lambda x: x ** (2**60), "power at", "M61 holds 60"),
    "matmul": (lambda x: x @ x, "matmul at", "spdz.Int(17)"),
    "matmul by public": (lambda x: x @ [1, 0, 1], "matmul at", "spdz.Int(9)"),
    "public matmul": (lambda x: np.array([[1, 0, -1]]) @ x, "matmul at", "spdz.Int(9)"),
    "sum": (lambda x: x.sum(), "sum at", "spdz.Int(10)"),
    "cumsum": (lambda x: x.cumsum(), "cumsum at", "spdz.Int(10)"),
    "prod": (lambda x: x.prod(), "multiply at", "spdz.Int(16)"),
    "a constant": (lambda x: x + 2**200, "add at", "that takes 202 bits, and M61 holds 60"),
    "join": (lambda x: np.concatenate([x, [128]]), "constant at", "spdz.Int(9)"),
    "narrow": (lambda x: x.astype(spdz.Int(7)), "astype at", "spdz.Int(8)"),
    "beyond the field": (lambda x: x.astype(spdz.Int(61)), "M61 holds integers of at most 60 bits", "field='M127'"),
    "declared beyond": (lambda x: x.raw.as_int(61), "M61 holds integers of at most 60 bits", "M127"),
}


def test_what_could_leave_its_type_is_refused_and_sends_nothing() -> None:
    def program(mpc: Mpc) -> Any:
        x = shared(mpc, [1, 2, 3], 0, 8)
        for name, (attempt, start, remedy) in LEAVING.items():
            print(name)
            before = mpc._graph.pending()
            assert_refused(lambda attempt=attempt: attempt(x), RangeError, start, remedy)
            # Only entries have been looked at, for which nothing is sent.
            left = {node.description.split()[0] for node in mpc._graph.pending()[len(before) :]}
            assert left <= {"index", "transpose", "reshape"}
        return mpc.reveal(x)

    assert_equals(agreed(program), [1, 2, 3])


def test_the_message_names_this_line() -> None:
    def program(mpc: Mpc) -> str:
        x = shared(mpc, [1, 2], 0, 8)
        with pytest.raises(RangeError) as caught:
            np.add(x, np.multiply(x, 100))
        return str(caught.value)

    line = program.__code__.co_firstlineno + 3
    for text in local(program):
        assert f"multiply at tests/api/test_integers.py:{line}: the result may lie anywhere in [-12800, 12700]" in text


Refusal = tuple[Callable[[Any], Any], type[BaseException], str]
REFUSED: dict[str, Refusal] = {
    "mixed with elements": (
        lambda x: x + x.raw,
        TypeError,
        "a SecretInt and a SecretArray do not mix; x.as_int(width)",
    ),
    "elements mixed with it": (lambda x: x.raw * x, TypeError, "a SecretArray and a SecretInt do not mix"),
    "subtracted from elements": (lambda x: x.raw - x, TypeError, "do not mix"),
    "matmul with elements": (lambda x: x @ x.raw, TypeError, "do not mix"),
    "joined with elements": (lambda x: np.concatenate([x, x.raw]), TypeError, "do not mix"),
    "elements joined with it": (lambda x: np.stack([x.raw, x]), TypeError, "do not mix"),
    "fraction": (lambda x: x + 0.5, UsageError, "scale to integers first"),
    "fractions": (lambda x: x * np.ones(3), UsageError, "scale to integers first"),
    "text": (lambda x: x - "a", UsageError, "a str is not an array of integers"),
    "list of secrets": (lambda x: x - [x[0], x[1], x[2]], UsageError, "np.stack joins secrets"),
    "masked": (lambda x: x + np.ma.masked_equal([1, 2, 3], 3), UsageError, "masked array"),
    "shapes": (lambda x: x - [1, 2], UsageError, "shapes (3,) and (2,)"),
    "matmul of numbers": (lambda x: x @ 3, UsageError, "(3,) and ()"),
    "matmul of shapes": (lambda x: x @ x[:2], UsageError, "(3,) and (2,)"),
    "public matmul of shapes": (lambda x: np.ones((2, 2), int) @ x, UsageError, "(2, 2) and (3,)"),
    "axis": (lambda x: x.sum(1), UsageError, "axis 1"),
    "exponent": (lambda x: x**0, UsageError, "exponent"),
    "truth": (bool, TypeError, "the truth value of a secret would reveal it"),
    "hash": (hash, TypeError, "mpc.reveal(x)"),
    "in": (lambda x: 1 in x, TypeError, "(x == y).any()"),
    "index": (lambda x: x.raw[x], TypeError, "a secret cannot be an index"),
    "float": (float, TypeError, "mpc.reveal(x)"),
    "width": (lambda x: x.raw.as_int(0), UsageError, "the width of spdz.Int"),
    "another type": (lambda x: x.astype(spdz.Fixed()), TypeError, "not spdz.Fixed(16, 48)"),
    "numpy's type": (lambda x: x.astype(np.int64), TypeError, "spdz.Int(40)"),
    "range": (lambda x: x.assume_range(3, 2), UsageError, "the upper end of a range"),
    "range by fraction": (lambda x: x.assume_range(0, 2.5), UsageError, "the upper end of a range"),
    "another range": (lambda x: x.assume_range(1000, 2000), UsageError, "none of them lies in [1000, 2000]"),
    "item assignment": (lambda x: x.__setitem__(0, 5), TypeError, "make a new one"),
}
INPUTS: dict[str, Refusal] = {
    "above": (lambda mpc: mpc.input([1, 128], owner=mpc.party, type=spdz.Int(8)), UsageError, "at index (1,)"),
    "below": (lambda mpc: mpc.input([[1], [-129]], owner=mpc.party, type=spdz.Int(8)), UsageError, "at index (1, 0)"),
    "alone": (lambda mpc: mpc.input(10**40, owner=mpc.party, type=spdz.Int(8)), UsageError, "the only element"),
    "fraction": (lambda mpc: mpc.input([0.5], owner=mpc.party, type=spdz.Int(8)), UsageError, "scale to integers"),
    "no values": (lambda mpc: mpc.input(owner=mpc.party, type=spdz.Int(8)), UsageError, "must pass its values"),
    "no type": (lambda mpc: mpc.input([1], owner=0, type=int), TypeError, "type takes a declared type"),
    "too small a field": (lambda mpc: mpc.input([1], owner=0, type=spdz.Fixed()), TypeError, "field='M127'"),
    "no constant type": (lambda mpc: mpc.constant([1], int), TypeError, "type takes a declared type"),
    "too wide": (lambda mpc: mpc.input([1], owner=0, type=spdz.Int(61)), RangeError, "M61 holds"),
    "constant": (lambda mpc: mpc.constant([128], spdz.Int(8)), RangeError, "constant at"),
}


def test_every_refusal_is_one_clear_line_and_does_no_harm() -> None:
    def program(mpc: Mpc) -> Any:
        x = shared(mpc, [1, 2, 3], 0, 8)
        for state in ("asked for", "computed"):
            for name, (attempt, error, words) in REFUSED.items():
                print(state, name)
                assert_refused(lambda attempt=attempt: attempt(x), error, words)
            for name, (attempt, error, words) in INPUTS.items():
                print(name)
                assert_refused(lambda attempt=attempt: attempt(mpc), error, words)
            mpc.reveal(x)
        return mpc.reveal(x)

    assert_equals(agreed(program), [1, 2, 3])


@pytest.mark.parametrize("computed", [False, True])
def test_parties_that_declare_different_ranges_are_told(computed: bool) -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([1, 2], owner=0, shape=2)
        if computed:
            mpc.reveal(x)
        return mpc.reveal(x.as_int(8 + mpc.party))

    with pytest.raises(ConfigurationMismatch, match=r"operation . is 'assume \[-\d+, \d+\] \(2,\)' here and 'assume"):
        local(program)


def test_a_text_form_shows_shape_type_and_field_only() -> None:
    def program(mpc: Mpc) -> str:
        return repr(shared(mpc, [5, 6]))

    assert local(program) == ["SecretInt(shape=(2,), type=spdz.Int(32), field=M61)"] * 2


def test_a_square_takes_squares_and_products_take_triples() -> None:
    def program(mpc: Mpc) -> Any:
        x = shared(mpc, [5, 6], width=8).astype(spdz.Int(32))
        mpc.reveal(x * x + x * x[::-1])
        return mpc.cost.material

    assert agreed(program) == {"proof masks of party 0": 2 * 4 + 3, "squares": 2, "triples": 2}


@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.integers(-128, 127), min_size=1, max_size=4),
    st.lists(st.sampled_from(["add", "multiply", "negate", "sum", "minus", "public"]), max_size=5),
)
def test_any_program_is_exact_or_refused(values: list[int], steps: list[str]) -> None:
    """numpy's 64 bits wrap around silently; these raise."""

    def follow(x: Any, start: Any) -> Any:
        for step in steps:
            if step == "add":
                x = x + start
            elif step == "multiply":
                x = x * start
            elif step == "negate":
                x = -x
            elif step == "sum":
                x = x + x.sum()
            elif step == "minus":
                x = 5 - x
            else:
                x = x * np.array(3)
        return x

    def program(mpc: Mpc) -> Any:
        x = shared(mpc, values, 0, 8).astype(spdz.Int(24))
        try:
            result = follow(x, x)
        except RangeError:
            return None
        assert Interval.of(follow(np.array(values, object), np.array(values, object))).within(result.interval)
        return mpc.reveal(result)

    found = agreed(program)
    expected = follow(np.array(values, object), np.array(values, object))
    if found is not None:
        assert_equals(found, expected)
