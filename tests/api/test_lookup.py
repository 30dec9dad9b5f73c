"""Rows of tables at secret places, and equality of rows, against numpy."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spdz
from spdz.adversary.settings import SMALL_BITS
from spdz.errors import RangeError, UsageError
from spdz.online.session import Mpc
from spdz.online.values.boolean import SecretBool
from spdz.online.values.fixed import SecretFixed
from spdz.online.values.integer import SecretInt
from spdz.online.values.intervals import Interval
from spdz.preprocessing.mascot import generator

from .support import agreed, assert_equals, assert_refused, local
from .test_comparisons import booleans, shared

SQUARES = np.arange(-5, 6) ** 2
COLUMNS = np.arange(33).reshape(11, 3) * 5 - 80
BOX = np.arange(24).reshape(3, 2, 4) - 3
FLAGS = np.array([True, False, False, True, True])
INDEX = np.array([[0, 10, 3], [7, 10, 1]])
LARGE = np.array([10**12, -(10**12), 5, 6, 7])


def tables() -> dict[str, np.ndarray[Any, Any]]:
    return {
        "numbers": SQUARES,
        "few of many bits": LARGE,
        "columns": COLUMNS,
        "box": BOX,
        "truth values": FLAGS,
        "truth values in columns": COLUMNS % 2 == 1,
        "one row": COLUMNS[:1],
        "two rows": COLUMNS[:2],
        "all the same": np.full((4, 2), 9),
        "no columns": COLUMNS[:, :0],
        "many rows": np.arange(100) % 7,
    }


def places(mpc: Mpc, rows: int) -> tuple[SecretInt, np.ndarray[Any, Any]]:
    """Every row, in an array of two axes, and that in the clear."""
    clear = np.arange(2 * rows).reshape(2, rows) * 3 % rows
    return shared(mpc, clear).assume_range(0, rows - 1), clear


@pytest.mark.parametrize("name", tables())
def test_every_row_of_a_public_table(name: str) -> None:
    table = tables()[name]

    def program(mpc: Mpc) -> Any:
        index, clear = places(mpc, len(table))
        result = spdz.lookup(table, index)
        assert type(result) is (SecretBool if table.dtype == bool else SecretInt)
        if isinstance(result, SecretInt) and table.size:
            assert result.interval == Interval(table.min(), table.max())
        assert_equals(mpc.reveal(result), table[clear])
        return mpc.reveal(spdz.lookup(table.tolist() if table.size else table, index[0, 0])), table[clear[0, 0]]

    found, expected = agreed(program)
    assert_equals(found, expected)


@pytest.mark.parametrize("name", tables())
def test_every_row_of_a_secret_table(name: str) -> None:
    table = tables()[name]

    def program(mpc: Mpc) -> Any:
        index, clear = places(mpc, len(table))
        secret = booleans(mpc, table, 1) if table.dtype == bool else shared(mpc, table, 1, 45)
        result = spdz.lookup(secret, index)
        assert type(result) is type(secret)
        assert_equals(mpc.reveal(result), table[clear])
        if not isinstance(secret, SecretBool):
            assert_equals(mpc.reveal(spdz.lookup(secret.raw, index)), table[clear])

    local(program)


def test_only_rows_that_can_be_reached_are_looked_at() -> None:
    def program(mpc: Mpc) -> Any:
        index = shared(mpc, [2, 3, 4]).assume_range(2, 4)
        found = spdz.lookup(SQUARES, index)
        assert found.interval == Interval(1, 9)
        return mpc.reveal(found, spdz.lookup(shared(mpc, COLUMNS), index), spdz.lookup(SQUARES, index * 0 + 3))

    found, rows, constant = agreed(program)
    assert_equals(found, SQUARES[2:5])
    assert_equals(rows, COLUMNS[2:5])
    assert_equals(constant, SQUARES[[3, 3, 3]])


@pytest.mark.parametrize("parties", [2, 3])
def test_real_numbers(parties: int) -> None:
    table = np.array([[0.5, -1.25], [3.0, 2.0], [0.1, 100.0]])

    def program(mpc: Mpc) -> Any:
        index = shared(mpc, [[2, 0], [1, 1]]).assume_range(0, 2)
        public = spdz.lookup(table, index, type=spdz.Fixed(16, 40))
        assert public.bounds == (-1.25, 100.0)
        assert public.error > 0
        secret = mpc.input(table if mpc.party == 1 else None, owner=1, shape=table.shape, type=spdz.Fixed(16, 40))
        chosen = spdz.lookup(secret, index)
        assert type(public) is type(chosen) is SecretFixed
        assert chosen.error == secret.error
        return mpc.reveal(public, chosen)

    for found in agreed(program, parties, "M127"):
        assert np.abs(found - table[[[2, 0], [1, 1]]]).max() <= 2**-17


def test_a_public_table_costs_what_its_entries_or_its_rows_take() -> None:
    def converted(table: Any) -> int:
        def program(mpc: Mpc) -> Any:
            return mpc.reveal(spdz.lookup(table, shared(mpc, [1, 2]).assume_range(0, len(table) - 1)))

        return spdz.plan(program, 2, "M61", "dealer").material.get("daBits", 0)

    assert converted(np.arange(100) % 7) == 2 * 3
    assert converted(LARGE) == 2 * 4
    assert converted(FLAGS) == 0


def test_a_secret_table_takes_a_mux_triple_for_each_bit_of_the_index() -> None:
    def program(mpc: Mpc) -> Any:
        return mpc.reveal(spdz.lookup(shared(mpc, COLUMNS), shared(mpc, [1, 2]).assume_range(0, 10)))

    material = spdz.plan(program, 2, "M61", "dealer").material
    assert {kind: count for kind, count in material.items() if kind.startswith("mux")} == {
        "mux triples 15": 2,
        "mux triples 9": 2,
        "mux triples 3": 4,
    }


@pytest.mark.parametrize("parties", [2, 3])
def test_without_a_dealer(parties: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator, "MascotProtocols", partial(generator.MascotProtocols, bit_plan=SMALL_BITS))
    clear = np.array([3, 0, 4])

    def program(mpc: Mpc) -> Any:
        index, secret = shared(mpc, clear).assume_range(0, 4), shared(mpc, COLUMNS[:5], 1)
        rows = spdz.lookup(secret, index)
        results = [rows, spdz.lookup(COLUMNS[:5], index), spdz.lookup(LARGE, index), spdz.lookup(FLAGS, index)]
        return mpc.reveal(*results, spdz.rows_equal(rows, COLUMNS[3]), spdz.max_pool(secret, 2))

    expected = [COLUMNS[clear], COLUMNS[clear], LARGE[clear], FLAGS[clear], clear == 3]
    *found, pooled = agreed(program, parties, preprocessing="mascot", timeout=170.0)
    for one, wanted in zip(found, expected, strict=True):
        assert_equals(one, wanted)
    assert_equals(pooled, COLUMNS[[1, 3]][:, 1:2])


REFUSED: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "too high": (lambda x: spdz.lookup(SQUARES[:5], x), RangeError, "the table has 5 rows"),
    "negative": (lambda x: spdz.lookup(SQUARES, x - 1), RangeError, "[-1, 9]"),
    "secret too high": (lambda x: spdz.lookup(x[:3], x), RangeError, "x.clip"),
    "no rows": (lambda x: spdz.lookup([], x), RangeError, "0 rows"),
    "a number": (lambda x: spdz.lookup(5, x), UsageError, "a number has none"),
    "a secret number": (lambda x: spdz.lookup(x[0], x), UsageError, "a number has none"),
    "public index": (lambda x: spdz.lookup(x, 1), TypeError, "SecretInt, not a int"),
    "raw index": (lambda x: spdz.lookup(SQUARES, x.raw), TypeError, "SecretArray"),
    "reals without a type": (lambda x: spdz.lookup(SQUARES * 0.5, x), UsageError, "type=spdz.Fixed"),
    "reals as integers": (lambda x: spdz.lookup(SQUARES * 0.5, x, type=spdz.Int(8)), UsageError, "integer"),
    "no type": (lambda x: spdz.lookup(SQUARES, x, type=int), TypeError, "spdz.Int"),
    "narrow type": (lambda x: spdz.lookup(SQUARES, x, type=spdz.Int(4)), RangeError, "lookup"),
    "small field": (lambda x: spdz.lookup(SQUARES * 0.5, x, type=spdz.Fixed(8, 20)), TypeError, "M127"),
    "type of a secret": (lambda x: spdz.lookup(x, x // 2, type=spdz.Int(8)), UsageError, "x.astype"),
    "index of a table": (lambda x: SQUARES[x], TypeError, "spdz.lookup"),
    "index of a secret": (lambda x: x[x], TypeError, "spdz.lookup"),
    "rows of numbers": (lambda x: spdz.rows_equal(x[0], 1), UsageError, "last axis"),
    "public rows": (lambda x: spdz.rows_equal([1], [1]), UsageError, "np.all"),
    "raw rows": (lambda x: spdz.rows_equal(x.raw, x.raw), TypeError, "as_int"),
    "rows of other lengths": (lambda x: spdz.rows_equal(x, [1, 2]), UsageError, "shape"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_sends_nothing(name: str) -> None:
    attempt, error, words = REFUSED[name]

    def program(mpc: Mpc) -> None:
        x = shared(mpc, np.arange(11)).assume_range(0, 10)
        mpc.reveal(x)
        before = mpc.cost.bytes_sent
        assert_refused(lambda: attempt(x), error, words)
        assert mpc.cost.bytes_sent == before

    local(program)


# -- rows -------------------------------------------------------------------------------------------------------------

ROWS = np.array([[1, 2, 3], [1, 2, 3], [-128, 127, 0], [-128, 127, 1], [5, 5, 5]])
OTHERS = np.array([[1, 2, 3], [1, 2, 4], [-128, 127, 0], [127, -128, 1], [4, 6, 5]])


@pytest.mark.parametrize("parties", [2, 3])
def test_equal_rows(parties: int) -> None:
    def program(mpc: Mpc) -> Any:
        x, y = shared(mpc, ROWS), shared(mpc, OTHERS, 1)
        bits = booleans(mpc, ROWS % 2)
        results = [
            spdz.rows_equal(x, y),
            spdz.rows_equal(x, OTHERS),
            spdz.rows_equal(OTHERS[0], x),
            spdz.rows_equal(bits, OTHERS % 2 == 1),
            spdz.rows_equal(x[:, :0], y[:, :0]),
            spdz.rows_equal(x[:, :1], y[:, :1]),
            spdz.rows_equal(x, 1000),
            spdz.rows_equal(x[:0], y[:0]),
        ]
        assert all(type(result) is SecretBool for result in results)
        return mpc.reveal(*results)

    same = (ROWS == OTHERS).all(-1)
    expected = [
        same,
        same,
        (OTHERS[0] == ROWS).all(-1),
        (ROWS % 2 == OTHERS % 2).all(-1),
        np.ones(5, bool),
        ROWS[:, 0] == OTHERS[:, 0],
        np.zeros(5, bool),
        np.zeros(0, bool),
    ]
    for found, wanted in zip(agreed(program, parties), expected, strict=True):
        assert_equals(found, wanted)


def test_equal_rows_of_reals() -> None:
    x, y = ROWS / 8, OTHERS / 8

    def program(mpc: Mpc) -> Any:
        secret = mpc.input(x if mpc.party == 0 else None, owner=0, shape=x.shape, type=spdz.Fixed(16, 40))
        other = mpc.input(y if mpc.party == 1 else None, owner=1, shape=y.shape, type=spdz.Fixed(16, 40))
        return mpc.reveal(spdz.rows_equal(secret, other), spdz.rows_equal(secret, y), spdz.rows_equal(y, secret))

    for found in agreed(program, field="M127"):
        assert_equals(found, (x == y).all(-1))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.lists(st.integers(-2, 2), min_size=40, max_size=40), st.integers(1, 39))
def test_packed_differences_are_zero_just_if_all_are(differences: list[int], place: int) -> None:
    """Digits of one number, of which several are needed: the sum with powers of the base has no other zero."""
    base = 5
    number = sum(digit * base**at for at, digit in enumerate(differences[:place]))
    assert (number == 0) == (not any(differences[:place]))


def test_long_rows_are_compared_by_few_numbers() -> None:
    def program(mpc: Mpc) -> Any:
        x, y = shared(mpc, np.zeros((2, 40), int)), shared(mpc, np.eye(40, dtype=int)[[0, 39]], 1)
        return mpc.reveal(spdz.rows_equal(x, y), spdz.rows_equal(x, y * 0))

    different, same = agreed(program)
    assert_equals(different, [False, False])
    assert_equals(same, [True, True])
    material = spdz.plan(program, 2, "M61", "dealer").material
    masks = sum(count for kind, count in material.items() if kind.startswith("compare masks"))
    # Nine bits each, the sign among them: six in a number of at most 59 bits, twice.
    assert masks < 40
