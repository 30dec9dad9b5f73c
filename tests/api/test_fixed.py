"""Secret real numbers against exact arithmetic: every result within the bound that it states, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spdz
from spdz.errors import RangeError, UsageError
from spdz.online.session import Mpc
from spdz.online.values.fixed import SecretFixed
from spdz.online.values.integer import SecretInt

from .support import assert_refused, local

PARTIES = pytest.mark.parametrize("parties", [2, 3])
NARROW, WIDE = spdz.Fixed(16, 24), spdz.Fixed(16, 48)
X = np.array([[1.5, -2.25, 3.1], [0.3, 100.7, -50.01]])
Y = np.array([[0.1, 2.0, -3.3], [7.7, -0.01, 2.5]])
N = np.array([2, 3, -1])


def shared(mpc: Mpc, values: Any, owner: int = 0, declared: spdz.Fixed = NARROW) -> SecretFixed:
    """An input that only its owner sees, with room for products."""
    array = np.asarray(values)
    mine = array if mpc.party == owner else None
    return mpc.input(mine, owner=owner, shape=array.shape, type=declared).astype(WIDE)


def agreed(program: Callable[[Mpc], Any], parties: int = 2, **options: Any) -> Any:
    """What all parties get, which must be the same."""
    first, *others = local(program, parties, "M127", **options)
    for other in others:
        assert repr(other) == repr(first)
    return first


OPERATIONS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "x + y": lambda x, y, n: x + y,
    "x - y": lambda x, y, n: x - y,
    "-x": lambda x, y, n: -x,
    "x y": lambda x, y, n: x * y,
    "x x": lambda x, y, n: x * x,
    "x^3": lambda x, y, n: (x[:, :2]) ** 3,
    "x n": lambda x, y, n: x * n,
    "n x": lambda x, y, n: n * x,
    "x + n": lambda x, y, n: x + n,
    "n - x": lambda x, y, n: n - x,
    "constants": lambda x, y, n: 0.3 * x - 7 + 1.1,
    "1 - x": lambda x, y, n: 1 - x,
    "[..] - x": lambda x, y, n: np.array([0.5, 1, 2]) - x,
    "x / 3": lambda x, y, n: x / 3,
    "x / 1000": lambda x, y, n: x / 1000.0,
    "x / 4": lambda x, y, n: x / 4,
    "x / -0.125": lambda x, y, n: x / -0.125,
    "x / [..]": lambda x, y, n: np.divide(x, [3, -7, 0.1]),
    "x @ y.T": lambda x, y, n: x @ y.T,
    "x @ c": lambda x, y, n: x @ np.array([0.5, -1.7, 2]),
    "c @ x": lambda x, y, n: np.array([[0.5, -1.7]]) @ x,
    "x @ n": lambda x, y, n: x @ n,
    "n @ x.T": lambda x, y, n: n @ x.T,
    "np.dot": lambda x, y, n: np.dot(x, y.T),
    "sum": lambda x, y, n: x.sum(),
    "sum of an axis": lambda x, y, n: np.sum(x, axis=0, keepdims=True),
    "sum of products": lambda x, y, n: (x * y).sum(axis=1),
    "products, then more": lambda x, y, n: x * y - 2 * (y * y) + x + n + 0.25,
    "cumsum": lambda x, y, n: (x * y).cumsum(1),
    "mean": lambda x, y, n: x.mean(),
    "np.mean": lambda x, y, n: np.mean(x * y, axis=0),
    "prod": lambda x, y, n: np.prod(y, axis=0),
    "maximum": lambda x, y, n: np.maximum(x, y),
    "maximum of n": lambda x, y, n: np.maximum(n, x),
    "minimum": lambda x, y, n: np.minimum(x, 0.5),
    "clip": lambda x, y, n: x.clip(-2.5, 3.25),
    "abs": lambda x, y, n: abs(x * y),
    "relu": lambda x, y, n: np.maximum(x * y, 0),
    "max": lambda x, y, n: x.max(axis=1),
    "min": lambda x, y, n: np.min(x),
    "sort": lambda x, y, n: np.sort(x * y),
    "index": lambda x, y, n: (x * y)[1, ::2],
    "reshape": lambda x, y, n: (x * y).reshape(3, 2).T,
    "where": lambda x, y, n: np.where(x < y, x, 0.5),
    "where of n": lambda x, y, n: np.where(x < y, n, x),
    "concatenate": lambda x, y, n: np.concatenate([x, x * y, [[1, 2, 0.5]]]),
}


@PARTIES
def test_every_operation_is_within_the_bound_that_it_states(parties: int) -> None:
    def program(mpc: Mpc) -> Any:
        x, y, n = shared(mpc, X), shared(mpc, Y, mpc.parties - 1), mpc.input(N, owner=0, type=spdz.Int(8))
        made = [work(x, y, n) for work in OPERATIONS.values()]
        assert all(type(each) is SecretFixed for each in made)
        return mpc.reveal(*made), [(each.error, each.bounds) for each in made]

    revealed, known = agreed(program, parties)
    for (name, work), result, (error, bounds) in zip(OPERATIONS.items(), revealed, known, strict=True):
        expected = work(X, Y, N)
        assert result.dtype == np.float64, name
        assert result.shape == np.shape(expected), name
        assert np.abs(result - expected).max(initial=0) <= error + 1e-9, name
        assert error < 0.5, name
        assert bounds[0] <= result.min() <= result.max() <= bounds[1], name


COMPARISONS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "<": lambda x, y, n: x < y,
    "<=": lambda x, y, n: x <= 1.5,
    ">": lambda x, y, n: x > n,
    "n <": lambda x, y, n: n < x,
    ">=": lambda x, y, n: np.greater_equal(x, y),
    "==": lambda x, y, n: x == np.array([1.5, 0, 0]),
    "!=": lambda x, y, n: x != x[::-1],
    "product <": lambda x, y, n: x * y < 1,
    "sign": lambda x, y, n: np.sign(x),
    "argmax": lambda x, y, n: x.argmax(),
    "argmin": lambda x, y, n: np.argmin(x, axis=1),
    "argsort": lambda x, y, n: np.argsort(x),
    "top_k": lambda x, y, n: x.top_k(2)[1] if isinstance(x, SecretFixed) else np.argsort(-x)[:, :2],
}


@PARTIES
def test_comparisons_and_places(parties: int) -> None:
    def program(mpc: Mpc) -> Any:
        x, y, n = shared(mpc, X), shared(mpc, Y, mpc.parties - 1), mpc.input(N, owner=0, type=spdz.Int(8))
        return mpc.reveal(*(work(x, y, n) for work in COMPARISONS.values()))

    for (name, work), result in zip(COMPARISONS.items(), agreed(program, parties), strict=True):
        assert np.array_equal(result, work(X, Y, N)), name


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=6), st.floats(-100, 100))
@settings(max_examples=15, deadline=None)
def test_any_numbers(values: list[float], factor: float) -> None:
    def program(mpc: Mpc) -> Any:
        x = shared(mpc, values)
        made = x * factor, x @ x, (x * x).sum() / len(values)
        return mpc.reveal(*made), [each.error for each in made]

    revealed, errors = agreed(program)
    x = np.array(values)
    for result, expected, error in zip(revealed, (x * factor, x @ x, (x * x).mean()), errors, strict=True):
        assert np.abs(result - expected).max() <= error + 1e-9


def test_without_a_dealer() -> None:
    def program(mpc: Mpc) -> Any:
        product = shared(mpc, X[0]) * shared(mpc, Y[0], 1)
        return mpc.reveal(product), product.error

    result, error = agreed(program, preprocessing="mascot", timeout=120)
    assert np.abs(result - X[0] * Y[0]).max() <= error


# -- truncations ------------------------------------------------------------------------------------------------------


def pairs_of(program: Callable[[Mpc], Any]) -> dict[str, int]:
    """Truncation pairs that a program takes."""

    def counted(mpc: Mpc) -> Any:
        program(mpc)
        return {kind: count for kind, count in mpc.cost.material.items() if "truncation" in kind}

    found: dict[str, int] = agreed(counted)
    return found


def test_sums_of_products_are_truncated_once() -> None:
    def program(mpc: Mpc) -> None:
        x, y = shared(mpc, X), shared(mpc, Y, 1)
        mpc.reveal((x * y).sum() + 1, x @ y.T, x[0] * 2 + y[0] * y[1] - x[1] * y[1])

    assert pairs_of(program) == {"truncation pairs 16": 1 + 4 + 3}


def test_what_has_been_truncated_is_not_truncated_again() -> None:
    def program(mpc: Mpc) -> None:
        product = shared(mpc, X[0]) * shared(mpc, Y[0], 1)
        one, other = mpc.reveal(product), mpc.reveal(product[:2])
        assert (one[:2] == other).all()
        mpc.reveal(product < 3, product.sum(), product)

    assert pairs_of(program) == {"truncation pairs 16": 3}


def test_integers_and_powers_of_two_cost_none() -> None:
    def program(mpc: Mpc) -> None:
        x = shared(mpc, X)
        mpc.reveal(
            x * 3, x * mpc.input(N, owner=0, type=spdz.Int(8)), x.astype(spdz.Fixed(20, 60)), x @ [1, 2, -3], x / 0.5
        )

    assert pairs_of(program) == {}


# -- what goes in and comes out ---------------------------------------------------------------------------------------


def test_what_is_passed_is_rounded_to_the_nearest_multiple() -> None:
    given = [1, True, np.float32(0.1), Fraction(1, 3), Decimal("2.3"), np.int8(-5), 2.0**-17, 3 * 2.0**-17]

    def program(mpc: Mpc) -> Any:
        x = mpc.input(given, owner=0, type=WIDE)
        y = mpc.input([np.array([0.5, 1.5]), np.array([2, 3])], owner=1, type=WIDE)
        return mpc.reveal(x, y), x.error

    (x, y), error = agreed(program)
    assert error == 2.0**-17
    assert (y == [[0.5, 1.5], [2, 3]]).all()
    for found, value in zip(x, given, strict=True):
        assert Fraction(found) == Fraction(round(Fraction(float(value)) * 2**16), 2**16) or value in given[3:5]
        assert abs(
            Fraction(found) - Fraction(value if not isinstance(value, np.generic) else value.item())
        ) <= Fraction(1, 2**17)


def test_ends_of_the_type_and_large_numbers() -> None:
    ends = [-(2.0**31), 2.0**31 - 2.0**-16, 2.0**53 + 2]

    def program(mpc: Mpc) -> Any:
        x = mpc.input(ends[:2], owner=0, type=WIDE)
        y = mpc.input(ends[2], owner=1, type=spdz.Fixed(2, 100))
        return mpc.reveal(x, y)

    x, y = agreed(program)
    assert (x == ends[:2]).all()
    assert y == ends[2]


def test_one_party_alone_is_told() -> None:
    def program(mpc: Mpc) -> Any:
        return mpc.reveal_to(shared(mpc, X) * 0.5, party=1)

    mine, yours = local(program, 2, "M127")
    assert mine is None
    assert np.abs(yours - X / 2).max() < 2.0**-12


def test_conversions() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([3, -4], owner=0, type=spdz.Int(8))
        real = x.as_fixed(WIDE)
        fine, coarse = (real / 8).astype(spdz.Fixed(20, 52)), (real * 0.3).astype(spdz.Fixed(4, 20))
        assert isinstance(real.units, SecretInt)
        stated = (real * 0.3).assume_range(-2, 2)
        assert stated.bounds == (-2.0, 2.0)
        constant = mpc.constant([0.1, 2], WIDE)
        return mpc.reveal(real, fine, coarse, real.units, stated, constant), coarse.error

    (real, fine, coarse, units, stated, constant), error = agreed(program)
    assert real.tolist() == [3, -4]
    assert np.abs(fine - [0.375, -0.5]).max() < 2.0**-13
    assert np.abs(coarse - [0.9, -1.2]).max() <= error < 0.5
    assert (units == [3 << 16, -4 << 16]).all()
    assert np.abs(stated - [0.9, -1.2]).max() < 0.001
    assert np.abs(constant - [0.1, 2]).max() <= 2.0**-17


# -- refused ----------------------------------------------------------------------------------------------------------

Refusal = tuple[Callable[[Any], Any], type[BaseException], str]
REFUSED: dict[str, Refusal] = {
    "may leave its type": (lambda x: x * x, RangeError, "multiply at "),
    "names the line": (lambda x: x * x, RangeError, "test_fixed.py:"),
    "says the numbers": (lambda x: x * x, RangeError, "may lie anywhere in [0, 16384], and"),
    "says the remedy": (lambda x: x * x, RangeError, "x.astype(spdz.Fixed(16, 32))"),
    "of a sum": (lambda x: x + x, RangeError, "add at"),
    "of a matrix product": (lambda x: x.reshape(1, -1) @ x, RangeError, "matmul at"),
    "hides too little": (lambda x: x.astype(spdz.Fixed(16, 100)) * 2.0**60 * 1.5, RangeError, "statistical security"),
    "never fits": (lambda x: (x.astype(spdz.Fixed(16, 120)) * 2**90) * 2**40, RangeError, "fewer bits after the point"),
    "another point": (lambda x: x + x.astype(spdz.Fixed(8, 30)), TypeError, "x.astype(spdz.Fixed(16, 30))"),
    "field elements": (lambda x: x + x.raw, TypeError, "do not mix"),
    "truth values": (lambda x: x * (x < 1), TypeError, "do not mix"),
    "division by a secret": (lambda x: x / x, TypeError, "not done yet"),
    "division of a public number": (lambda x: 1 / x, TypeError, "unsupported operand"),
    "a negative power": (lambda x: x**-1, UsageError, "an integer from 1 to"),
    "division by zero": (lambda x: x / [1, 0, 2], UsageError, "division by zero"),
    "NaN": (lambda x: x + np.nan, UsageError, "no NaN and no infinity"),
    "infinity": (lambda x: x * [1, np.inf, 1], UsageError, "first at index (1,)"),
    "infinity in a list": (lambda x: x < [1, Fraction(1, 3), float("inf")], UsageError, "at index (2,)"),
    "text": (lambda x: x * "2", UsageError, "is not an array"),
    "complex": (lambda x: x + 1j, UsageError, "is a complex"),
    "a wider float": (lambda x: x + np.array([1, 2, 3], np.longdouble), UsageError, "at most 64 bits"),
    "ragged": (lambda x: x * [[1], [2, 3]], UsageError, "nested sequences need equal lengths"),
    "shapes": (lambda x: x * [1.0, 2.0], UsageError, "shapes"),
    "the truth": (lambda x: bool(x), TypeError, "would reveal it"),
    "the number": (lambda x: float(x), TypeError, "would reveal it"),
    "an exponent": (lambda x: x**0.5, UsageError, "the exponent of a secret"),
    "another type": (lambda x: x.astype(spdz.Int(8)), TypeError, "spdz.Fixed(16, 64)"),
    "numpy's other functions": (lambda x: np.exp(x), TypeError, "does not work on secrets"),
    "mean of nothing": (lambda x: x[:0].mean(), UsageError, "there is no mean"),
    "an empty range": (lambda x: x.assume_range(500, 600), UsageError, "none of them lies"),
}
INPUTS: dict[str, Refusal] = {
    "above": (lambda mpc: mpc.input([1, 128], owner=mpc.party, type=NARROW), UsageError, "at index (1,)"),
    "says the range": (lambda mpc: mpc.input([1, 128], owner=mpc.party, type=NARROW), UsageError, "in [-128, 127.99"),
    "NaN": (lambda mpc: mpc.input([[np.nan]], owner=mpc.party, type=NARROW), UsageError, "first at index (0, 0)"),
    "a constant": (lambda mpc: mpc.constant([128.5], NARROW), RangeError, "constant at"),
    "an integer": (lambda mpc: mpc.constant([128], spdz.Int(9)).as_fixed(NARROW), RangeError, "as_fixed at"),
}


def test_every_refusal_is_one_clear_line_and_does_no_harm() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([1.5, 2.5, 3.5], owner=0, shape=3, type=NARROW)
        for state in ("asked for", "computed"):
            for name, (attempt, error, words) in REFUSED.items():
                print(state, name)
                assert_refused(lambda attempt=attempt: attempt(x), error, words)
            for name, (attempt, error, words) in INPUTS.items():
                print(name)
                assert_refused(lambda attempt=attempt: attempt(mpc), error, words)
            mpc.reveal(x)
        return mpc.reveal(x), mpc.cost.material

    revealed, material = agreed(program)
    assert revealed.tolist() == [1.5, 2.5, 3.5]
    # Of all that was refused no operation was left behind.
    assert not any(kind.startswith(("truncation", "triples", "squares", "matrix")) for kind in material)


def test_a_small_field_has_no_room() -> None:
    def program(mpc: Mpc) -> None:
        for attempt in (
            lambda: mpc.input([0.5], owner=0, type=NARROW),
            lambda: mpc.constant([0.5], NARROW),
            lambda: mpc.constant([1], spdz.Int(8)).as_fixed(NARROW),
        ):
            assert_refused(attempt, TypeError, "field='M127'", "test_fixed.py:")

    local(program, 2, "M61")


def test_parties_that_declare_different_types_are_told() -> None:
    def program(mpc: Mpc) -> Any:
        return mpc.reveal(mpc.input([0.5], owner=0, shape=1, type=spdz.Fixed(16, 24 + mpc.party)))

    with pytest.raises(spdz.errors.SpdzError, match="program"):
        local(program, 2, "M127")
