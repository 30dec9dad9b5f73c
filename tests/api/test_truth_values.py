"""Secret truth values against numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.errors import RangeError, UsageError
from spdz.field import M13
from spdz.online.session import Mpc
from spdz.online.values.boolean import SecretBool
from spdz.online.values.intervals import Interval

from .support import agreed, assert_equals, assert_refused, local
from .test_comparisons import booleans, shared

A = np.array([[True, True, False, False, True], [False, True, True, False, False], [True] * 5])
B = np.array([[True, False, True, False, True], [False, False, True, True, False], [False, True, True, True, True]])
PUBLIC = B[1]

LOGIC: dict[str, Callable[[Any, Any], Any]] = {
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "~": lambda a, b: ~a,
    "& public": lambda a, b: a & PUBLIC,
    "public &": lambda a, b: PUBLIC & a,
    "| public": lambda a, b: a | PUBLIC,
    "public |": lambda a, b: True | a,
    "^ public": lambda a, b: a ^ PUBLIC,
    "public ^": lambda a, b: PUBLIC[None] ^ a,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "== public": lambda a, b: a == PUBLIC,
    "public ==": lambda a, b: a == PUBLIC,
    "!= number": lambda a, b: a != 1,
    "logical_and": lambda a, b: np.logical_and(a, b),
    "logical_or public": lambda a, b: np.logical_or(PUBLIC, b),
    "logical_xor": lambda a, b: np.logical_xor(a, b),
    "logical_not": lambda a, b: np.logical_not(a),
    "np.equal": lambda a, b: np.equal(a, b),
    "any": lambda a, b: a.any(),
    "all": lambda a, b: a.all(),
    "any of an axis": lambda a, b: a.any(0),
    "all of an axis": lambda a, b: np.all(a, axis=1, keepdims=True),
    "np.any": lambda a, b: np.any(a & b, (0, 1)),
    "any of nothing": lambda a, b: a[:, :0].any(1),
    "all of nothing": lambda a, b: a[:0].all(0),
    "any of one": lambda a, b: a[0, 0].any(),
    "count": lambda a, b: a.sum(),
    "count of an axis": lambda a, b: np.sum(a, 1),
    "count of nothing": lambda a, b: a[:0].sum(),
    "index": lambda a, b: a[1, ::-1],
    "entry": lambda a, b: a[1, 2],
    "of an entry": lambda a, b: ~(a[1, 2] & b[0]),
    "shapes": lambda a, b: a.reshape(5, 3).T.ravel() ^ b.flatten(),
    "reshape an entry": lambda a, b: a[0, 0].reshape(1, 1).reshape(()),
    "transpose": lambda a, b: np.transpose(a) ^ b.swapaxes(0, 1),
    "broadcast": lambda a, b: np.broadcast_to(a[0], (3, 5)) & b,
    "broadcasting": lambda a, b: a[:, :1] & b[0],
    "concatenate": lambda a, b: np.concatenate([a, b, np.ones((1, 5), bool)]),
    "stack": lambda a, b: np.stack([a[0], PUBLIC, b[0]], 1),
    "nothing": lambda a, b: a[:0] & b[:0],
    "a majority": lambda a, b: (a & b) | (a & PUBLIC) | (b & PUBLIC),
}


@pytest.mark.parametrize("name", LOGIC)
def test_as_numpy(name: str) -> None:
    work = LOGIC[name]

    def program(mpc: Mpc) -> Any:
        return mpc.reveal(work(booleans(mpc, A), booleans(mpc, B, 1)))

    found = agreed(program)
    assert (found.dtype == np.bool_) == ("count" not in name)
    assert_equals(found, work(A, B))


@pytest.mark.parametrize("parties", [2, 3])
def test_they_are_revealed_beside_numbers_and_to_one_party(parties: int) -> None:
    def program(mpc: Mpc) -> Any:
        a, x = booleans(mpc, A[0]), shared(mpc, [1, 2]).astype(spdz.Int(9))
        found = mpc.reveal(x, a, x + 1, ~a)
        return found, mpc.reveal_to(a, x, party=1), mpc.reveal(a)

    for party, ((x, a, y, b), private, again) in enumerate(local(program, parties)):
        for found, wanted in ((x, [1, 2]), (a, A[0]), (y, [2, 3]), (b, ~A[0]), (again, A[0])):
            assert_equals(found, wanted)
        assert (private is None) == (party != 1)
        if private is not None:
            assert_equals(private[0], A[0])
            assert private[0].dtype == np.bool_


def test_integers_of_truth_values() -> None:
    def program(mpc: Mpc) -> Any:
        a = booleans(mpc, A[0])
        x = a.as_int()
        assert (x.interval, x.type, a.as_int(4).type) == (Interval(0, 1), spdz.Int(32), spdz.Int(4))
        assert a.sum().interval == Interval(0, 5)
        assert_refused(lambda: a.as_int(1), RangeError, "as_int at", "spdz.Int(2)")
        return mpc.reveal(x * 3 - 1)

    assert_equals(agreed(program), A[0] * 3 - 1)


def test_the_type_of_integers_fits_a_small_field() -> None:
    def program(mpc: Mpc) -> Any:
        count = booleans(mpc, A).sum()
        assert count.type == spdz.Int(12)
        return mpc.reveal(count)

    assert agreed(program, field=M13) == A.sum()


def test_constants_before_anything_else_and_in_plans() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.constant([True, False], spdz.Bool())
        assert mpc._graph.plan(mpc._graph.pending(), "end") == ["constant bits (2,)", "end"]
        return mpc.reveal(x, mpc.constant([], spdz.Bool()), mpc.constant(1, spdz.Bool()))

    x, empty, one = agreed(program)
    assert_equals(x, [True, False])
    assert empty.shape == (0,)
    assert_equals(one, True)


def test_exclusive_or_and_equality_are_free() -> None:
    def program(mpc: Mpc) -> Any:
        a, b = booleans(mpc, A), booleans(mpc, B, 1)
        mpc.reveal(a, b)
        results = [a ^ b, a == b, ~a, a != True, a & PUBLIC]  # noqa: E712
        assert mpc._graph.plan(mpc._graph.pending(), "end") == ["end"]
        return mpc.reveal(*results)

    assert_equals(agreed(program)[1], A == B)


Refusal = tuple[Callable[[Any], Any], type[BaseException], str]
REFUSED: dict[str, Refusal] = {
    "truth": (bool, TypeError, "choose with np.where(condition, x, y), or branch on mpc.reveal(condition)"),
    "not": (lambda a: not a, TypeError, "np.where"),
    "+": (lambda a: a + a, TypeError, "SecretBool"),
    "<": (lambda a: a < a, TypeError, "SecretBool"),
    "np.add": (lambda a: np.add(a, a), TypeError, "numpy.add does not work on secrets of the class SecretBool"),
    "np.less": (lambda a: np.less(a, a), TypeError, "numpy.less does not work on secrets of the class SecretBool"),
    "np.max": (np.max, TypeError, "methods of the SecretBool"),
    "public +": (lambda a: np.ones(5, int) + a, TypeError, "does not work on secrets of the class SecretBool"),
    "integers": (lambda a: a & a.as_int(), TypeError, "c.as_int() makes integers of truth values"),
    "integers on the left": (lambda a: a.as_int() + a, TypeError, "a SecretInt and a SecretBool do not mix"),
    "elements": (lambda a: a.as_int().raw * a, TypeError, "a SecretArray and a SecretBool do not mix"),
    "number": (lambda a: a & 2, UsageError, "truth values are True and False, or 1 and 0"),
    "numbers": (lambda a: a ^ [0, 1, 2, 1, 0], UsageError, "index (2,)"),
    "fraction": (lambda a: a & 0.5, UsageError, "a secret truth value holds integers"),
    "none": (lambda a: a == None, UsageError, "NoneType"),  # noqa: E711
    "masked": (lambda a: a & np.ma.masked_equal([1, 0, 1, 1, 1], 0), UsageError, "masked array"),
    "shapes": (lambda a: a & [True, False], UsageError, "shapes (5,) and (2,)"),
    "joined with integers": (lambda a: np.concatenate([a, a.as_int()]), TypeError, "do not mix"),
    "hash": (hash, TypeError, "mpc.reveal(x)"),
    "int": (int, TypeError, "mpc.reveal(x)"),
    "index": (lambda a: [1, 2][a], TypeError, "a secret cannot be an index"),
    "input": (lambda a: a._mpc.input([0, 3], owner=a._mpc.party, type=spdz.Bool()), UsageError, "index (1,)"),
    "input without": (lambda a: a._mpc.input(owner=a._mpc.party, type=spdz.Bool()), UsageError, "must pass its values"),
    "logical_and of integers": (lambda a: np.logical_and(a.as_int(), 1), TypeError, "x.bits()"),
}


def test_every_refusal_is_one_clear_line_and_does_no_harm() -> None:
    def program(mpc: Mpc) -> Any:
        a = booleans(mpc, A[0])
        for name, (attempt, error, words) in REFUSED.items():
            print(name)
            assert_refused(lambda attempt=attempt: attempt(a), error, words)
        assert type(a) is SecretBool
        assert repr(a) == "SecretBool(shape=(5,), field=M61)"
        return mpc.reveal(a)

    assert_equals(agreed(program), A[0])
