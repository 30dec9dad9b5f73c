"""What a secret array refuses, and that each refusal says what to do instead; the session survives all of them."""

from __future__ import annotations

import copy
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.online.operations.products import MULTIPLY
from spdz.online.session import Mpc
from spdz.online.values.array import SecretArray

from .support import agreed, assert_equals, assert_refused, local


def _matrix() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asmatrix([[1, 2, 3]])


class Tensor:
    """Numbers of another library: numpy can read them, and each of them says that it could be an index."""

    def __init__(self, values: Any) -> None:
        self._values = np.asarray(values)

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        return np.array(self._values, dtype=dtype)

    def __len__(self) -> int:
        return len(self._values)

    def __index__(self) -> int:
        return int(self._values)


def _objects(*values: Any) -> Any:
    array = np.empty(len(values), object)
    for place, value in enumerate(values):
        array[place] = value
    return array


def _endless() -> list[Any]:
    values: list[Any] = [1]
    values.append(values)
    return values


Refusal = tuple[Callable[[Any], Any], type[BaseException], str]

REVEALING: dict[str, Refusal] = {
    "truth": (bool, TypeError, "mpc.reveal(x)"),
    "if": (lambda x: 1 if x else 0, TypeError, "compute both branches"),
    "max": (max, TypeError, "mpc.reveal(x - y)"),
    "in": (lambda x: 1 in x, TypeError, "mpc.reveal"),
    "int": (int, TypeError, "mpc.reveal(x)"),
    "float": (float, TypeError, "mpc.reveal(x)"),
    "complex": (complex, TypeError, "mpc.reveal(x)"),
    "range": (range, TypeError, "mpc.reveal(x)"),
    "index of a list": (lambda x: [1, 2][x], TypeError, "a secret cannot be an index"),
    "index of numpy": (lambda x: np.arange(9)[x], TypeError, "mpc.reveal(x)"),
    "index of a secret": (lambda x: x[x], TypeError, "a secret cannot be an index"),
    "index among others": (lambda x: x[0, x], TypeError, "a secret cannot be an index"),
    "asarray": (np.asarray, TypeError, "mpc.reveal(x)"),
    "array": (np.array, TypeError, "mpc.reveal(x)"),
    "array of arrays": (lambda x: np.array([x, x]), TypeError, "mpc.reveal(x)"),
    "array of objects": (lambda x: np.array(x, dtype=object), TypeError, "mpc.reveal(x)"),
    "numpy.sort": (np.sort, TypeError, "methods of the SecretArray"),
    "numpy.stak": (np.hstack, TypeError, "did you mean numpy.stack"),
    "ufunc": (lambda x: np.sqrt(x), TypeError, "SecretArray"),
    "ufunc in place": (lambda x: np.add(x, 1, out=np.ones(3, int)), TypeError, "in place"),
    "ufunc that reduces": (lambda x: np.add.reduce(x), TypeError, "add.reduce does not work on secrets"),
    "hash": (hash, TypeError, "reveal it"),
    "set": (lambda x: {x}, TypeError, "reveal it"),
    "==": (lambda x: x == 1, TypeError, "mpc.reveal(x - y)"),
    "== itself": (lambda x: x == x, TypeError, "mpc.reveal(x - y)"),
    "!=": (lambda x: x != 1, TypeError, "mpc.reveal(x - y)"),
    "<": (lambda x: x < 1, TypeError, "mpc.reveal(x - y)"),
    "<=": (lambda x: x <= 1, TypeError, "mpc.reveal(x - y)"),
    ">": (lambda x: x > 1, TypeError, "mpc.reveal(x - y)"),
    ">=": (lambda x: x >= 1, TypeError, "mpc.reveal(x - y)"),
    "1 ==": (lambda x: x == 1, TypeError, "mpc.reveal(x - y)"),
    "np.less": (lambda x: np.less(1, x), TypeError, "compare x.as_int(width), which declares one"),
    "array ==": (lambda x: np.arange(3) == x, TypeError, "mpc.reveal(x - y)"),
    "pickle": (pickle.dumps, TypeError, "reveal it"),
    "deepcopy": (copy.deepcopy, TypeError, "reveal it"),
    "in a pickle": (lambda x: pickle.dumps({"x": [x]}), TypeError, "reveal it"),
}
UNDEFINED: dict[str, Refusal] = {
    "/": (lambda x: x / 2, TypeError, "SecretArray"),
    "//": (lambda x: x // 2, TypeError, "SecretArray"),
    "%": (lambda x: x % 2, TypeError, "SecretArray"),
    "2 **": (lambda x: 2**x, TypeError, "SecretArray"),
    "abs": (abs, TypeError, "SecretArray"),
    "** 0": (lambda x: x**0, UsageError, "exponent"),
    "** -1": (lambda x: x**-1, UsageError, "exponent"),
    "** 1.5": (lambda x: x**1.5, UsageError, "exponent"),
    "** secret": (lambda x: x**x, UsageError, "exponent"),
    "+ float": (lambda x: x + 1.5, UsageError, "scale to integers first"),
    "float *": (lambda x: 0.5 * x, UsageError, "scale to integers first"),
    "+ float array": (lambda x: x + np.ones(3), UsageError, "scale to integers first"),
    "+ str": (lambda x: x + "a", UsageError, "str"),
    "+ None": (lambda x: x + None, UsageError, "NoneType"),
    "+ too large": (lambda x: x + 2**61, UsageError, "outside"),
    "+ other shape": (lambda x: x - [1, 2], UsageError, "shapes (3,) and (2,)"),
    "* other shape": (lambda x: np.ones((2, 2), int) * x, UsageError, "shapes (3,) and (2, 2)"),
    "* secret of other shape": (lambda x: x * x[:2], UsageError, "shapes (3,) and (2,)"),
    "** huge": (lambda x: x**10**40, UsageError, "exponent"),
    "** of 5000 digits": (lambda x: x**10**5000, UsageError, "too many digits to be shown"),
    "dot of stacks": (lambda x: x.dot(np.ones((3, 3, 3), int)), UsageError, "x @ y multiplies stacks"),
    "numpy.dot of stacks": (lambda x: np.dot(np.ones((2, 2, 3), int), x), UsageError, "at most two axes"),
    "numpy.sum with a type": (lambda x: np.sum(x, dtype=int), TypeError, "numpy.sum on secrets: got an unexpected"),
    "concatenate a number": (lambda x: x._mpc.concatenate(3), UsageError, "takes a list of arrays, got int"),
    "transpose by a fraction": (lambda x: x.transpose(0.5), UsageError, "no axis 0.5"),
    "item assignment": (lambda x: x.__setitem__(0, 5), TypeError, "make a new one"),
    "masked array": (lambda x: x * np.ma.masked_greater([1, 2, 9], 5), UsageError, "masked array"),
    "masked array on the left": (lambda x: np.ma.masked_equal([1, 2, 9], 9) * x, TypeError, "masked arrays do not"),
    "masked array in a list": (lambda x: x - [np.ma.masked_equal([1, 2, 9], 9)], UsageError, "masked array"),
    "masked value": (lambda x: x - [1, 2, np.ma.masked], UsageError, "masked array"),
    "subclass": (lambda x: x + np.ones(3, int).view(np.recarray), UsageError, "recarray may have rules of its own"),
    "array of another library": (lambda x: x + Tensor([0.5, 1, 2]), UsageError, "not float64: scale to integers"),
    "numbers of another library": (lambda x: x - [Tensor(0.5), 1, 2], UsageError, "float64 stands among integers"),
    "float arrays in an object array": (lambda x: x + _objects(np.array(0.5), 1, 2), UsageError, "scale to integers"),
    "dictionary in a list": (lambda x: x - [{0: 1}, 1, 2], UsageError, "a dict is not an array of integers"),
    "list in itself": (lambda x: x + _endless(), UsageError, "64 deep"),
    "list of secrets": (lambda x: x - [x[0], x[1], x[2]], UsageError, "np.stack joins secrets"),
    "matrix": (lambda x: _matrix() * x, UsageError, "np.asarray"),
    "dictionary": (lambda x: x + {0: 1}, UsageError, "a dict is not an array of integers"),
    "structured array": (lambda x: x + np.ones(3, [("a", int)]), UsageError, "structured array"),
    "@ number": (lambda x: x @ 3, UsageError, "(3,) and ()"),
    "@ other shape": (lambda x: x @ np.ones((2, 2), int), UsageError, "(3,) and (2, 2)"),
    "@ stacks that differ": (lambda x: x.reshape(3, 1, 1) @ np.ones((2, 1, 1), int), UsageError, "not defined"),
    "transpose": (lambda x: x.transpose(1, 0), UsageError, "no axis"),
    "transpose twice the same": (lambda x: x.reshape(1, 3).transpose(0, 0), UsageError, "each of 2 axes once"),
    "swapaxes": (lambda x: x.swapaxes(0, 1), UsageError, "no axis 1"),
    "iterate a number": (lambda x: list(x[0]), TypeError, "no length"),
    "reshape": (lambda x: x.reshape(2, 2), UsageError, "(2,2)"),
    "broadcast": (lambda x: x.broadcast_to((2, 2)), UsageError, "(2,2)"),
    "sum of no axis": (lambda x: x.sum(1), UsageError, "axis 1"),
    "sum of an axis twice": (lambda x: x.reshape(1, 3).sum((0, 0)), UsageError, "duplicate"),
    "index outside": (lambda x: x[3], IndexError, "out of bounds"),
    "len of a number": (lambda x: len(x[0]), TypeError, "no length"),
    "reveal nothing": (lambda x: x._mpc.reveal(), UsageError, "nothing to reveal"),
    "reveal a number": (lambda x: x._mpc.reveal(x, 3), UsageError, "only secret arrays can be revealed, got int"),
    "reveal an array": (lambda x: x._mpc.reveal(np.arange(3)), UsageError, "got ndarray"),
    "reveal a list": (lambda x: x._mpc.reveal([x]), UsageError, "got list"),
    "reveal to nobody": (lambda x: x._mpc.reveal_to(x, party=2), UsageError, "party must be an integer from 0 to 1"),
    "reveal nothing to one": (lambda x: x._mpc.reveal_to(party=0), UsageError, "nothing to reveal"),
    "concatenate nothing": (lambda x: x._mpc.concatenate([]), UsageError, "nothing to concatenate"),
    "concatenate along none": (lambda x: x._mpc.concatenate([x, x], None), UsageError, "takes an axis"),
    "stack nothing": (lambda x: x._mpc.stack([]), UsageError, "nothing to stack"),
    "stack shapes": (lambda x: x._mpc.stack([x, x[:2]]), UsageError, "same shape"),
    "concatenate shapes": (lambda x: x._mpc.concatenate([x, x.reshape(1, 3)]), UsageError, "dimensions"),
}
SESSION: dict[str, Refusal] = {
    "owner": (lambda mpc: mpc.input(1, owner=2), UsageError, "owner must be an integer from 0 to 1, got 2"),
    "owner by name": (lambda mpc: mpc.input(1, owner="me"), UsageError, "owner must be an integer"),
    "owner without values": (lambda mpc: mpc.input(owner=mpc.party), UsageError, "must pass its values"),
    "other shape": (lambda mpc: mpc.input([1, 2], owner=mpc.party, shape=3), UsageError, "shape (2,)"),
    "no shape": (lambda mpc: mpc.input(owner=1 - mpc.party), UsageError, "must say its shape"),
    "ragged": (lambda mpc: mpc.input([[1], [1, 2]], owner=1 - mpc.party), UsageError, "pass shape="),
    "negative": (lambda mpc: mpc.input(owner=1 - mpc.party, shape=-1), UsageError, "negative"),
    "fraction": (lambda mpc: mpc.random(1.5), UsageError, "a shape is"),
    "shape of 5000 digits": (lambda mpc: mpc.random(10**5000), UsageError, "2^63"),
    "more than can be counted": (lambda mpc: mpc.random((2**40, 2**40)), UsageError, "2^63"),
    "owner of 5000 digits": (lambda mpc: mpc.input(1, owner=10**5000), UsageError, "owner must be an integer"),
    "publish an array": (lambda mpc: mpc.publish(np.arange(3), owner=mpc.party), UsageError, "not a plain value"),
    "publish a secret": (lambda mpc: mpc.publish(mpc.constant(1), owner=mpc.party), UsageError, "a SecretArray is not"),
    "publish of nobody": (lambda mpc: mpc.publish(1, owner=2), UsageError, "owner must be an integer from 0 to 1"),
    "negative length": (lambda mpc: mpc.random((2, -1)), UsageError, "negative"),
    "bits of a name": (lambda mpc: mpc.random_bits("3"), UsageError, "a shape is"),
    "prepare fewer than none": (lambda mpc: mpc.prepare(triples=-1), UsageError, "number of triples"),
    "prepare a fraction": (lambda mpc: mpc.prepare(squares=0.5), UsageError, "number of squares"),
    "prepare masks of a list": (lambda mpc: mpc.prepare(input_masks=[1, 2]), UsageError, "dictionary from owner"),
    "prepare two dimensions": (lambda mpc: mpc.prepare(matrix_triples={(2, 3): 1}), UsageError, "three lengths"),
    "prepare what there is not": (lambda mpc: mpc.prepare(triple=1), UsageError, "did you mean triples?"),
    "masked input": (lambda mpc: mpc.input(np.ma.masked_equal([1, 2], 2), owner=mpc.party), UsageError, "masked array"),
    "input of a set": (lambda mpc: mpc.input({1, 2}, owner=mpc.party), UsageError, "a set is not"),
    "prepare for nobody": (lambda mpc: mpc.prepare(input_masks={7: 1}), UsageError, "owner of input masks"),
    "pickle": (pickle.dumps, TypeError, "session"),
    "deepcopy": (copy.deepcopy, TypeError, "session"),
}


def test_every_refusal_is_one_clear_line_and_does_no_harm() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([1, 2, 3], owner=0, shape=3)
        for state in ("asked for", "computed"):
            for name, (attempt, error, words) in {**REVEALING, **UNDEFINED}.items():
                print(state, name)
                assert_refused(lambda attempt=attempt: attempt(x), error, words)
            mpc.reveal(x[0])
        for name, (attempt, error, words) in SESSION.items():
            print(name)
            assert_refused(lambda attempt=attempt: attempt(mpc), error, words)
        return mpc.reveal(x)

    assert_equals(agreed(program), [1, 2, 3])


def test_matrix_triples_are_refused_where_nobody_makes_them() -> None:
    def program(mpc: Mpc) -> Any:
        assert_refused(lambda: mpc.prepare(matrix_triples={(1, 2, 3): 1}), UsageError, "mascot", "does not make")
        return mpc.reveal(mpc.constant(5))

    assert agreed(program, preprocessing="mascot") == 5


@pytest.mark.parametrize(
    "show", [repr, str, "{}".format, lambda x: f"{x!r:>60}".strip()], ids=["repr", "str", "format", "f-string"]
)
def test_a_text_form_shows_shape_and_field_only(show: Callable[[Any], str]) -> None:
    def program(mpc: Mpc) -> list[str]:
        x = mpc.input([123456, 2, 3], owner=0, shape=3)
        before = show(x)
        mpc.reveal(x)
        shown = (x._node.share, x._node.share.value, mpc._party.session.key)
        assert all(str(number) not in repr(shown) for number in x._node.share.value.to_ints())
        return [before, show(x)]

    for texts in local(program):
        assert texts == ["SecretArray(shape=(3,), field=M61)"] * 2


def test_a_shallow_copy_is_the_same_secret() -> None:
    def program(mpc: Mpc) -> bool:
        x = mpc.random(2)
        return copy.copy(x) is x and [*map(id, copy.copy([x]))] == [id(x)]

    assert local(program) == [True, True]


def test_secrets_of_two_sessions_do_not_mix() -> None:
    foreign: dict[int, SecretArray] = {}

    def first(mpc: Mpc) -> None:
        foreign[mpc.party] = mpc.input([1, 2, 3], owner=0, shape=3)
        mpc.reveal(foreign[mpc.party])

    def second(mpc: Mpc) -> Any:
        x, y = mpc.input([4, 5, 6], owner=0, shape=3), foreign[mpc.party]
        for attempt in (
            lambda: x + y,
            lambda: x - y,
            lambda: x * y,
            lambda: x @ y,
            lambda: y**2,
            lambda: mpc.apply(MULTIPLY, x, y),
            lambda: mpc.concatenate([x, y]),
            lambda: mpc.concatenate([y]),
            lambda: mpc.local("copy", (3,), lambda share: share, y),
            lambda: mpc.reveal(y),
            lambda: mpc.reveal_to(x, y, party=0),
        ):
            assert_refused(attempt, UsageError, "session")
        assert_refused(lambda: y + x, UsageError, "session")
        return mpc.reveal(x)

    local(first)
    assert_equals(agreed(second), [4, 5, 6])


def test_a_session_refuses_everything_after_its_end() -> None:
    kept: dict[int, tuple[Mpc, SecretArray]] = {}

    def program(mpc: Mpc) -> Any:
        x = mpc.input([1, 2], owner=0, shape=2)
        result = mpc.reveal(x)
        kept[mpc.party] = mpc, x
        mpc.close()
        mpc.close()
        return result

    assert_equals(agreed(program), [1, 2])
    for mpc, x in kept.values():
        attempts: list[Callable[[], Any]] = [
            lambda mpc=mpc, x=x: mpc.reveal(x),
            lambda mpc=mpc, x=x: mpc.reveal_to(x, party=0),
            lambda x=x: x + 1,
            lambda x=x: x * x,
            lambda x=x: x[0],
            lambda mpc=mpc: mpc.input(1, owner=0, shape=()),
            lambda mpc=mpc: mpc.random(),
            lambda mpc=mpc: mpc.constant(1),
            lambda mpc=mpc: mpc.prepare(triples=1),
            lambda mpc=mpc: mpc.discard_material(),
            lambda mpc=mpc: mpc.publish(1, owner=0),
        ]
        for attempt in attempts:
            assert_refused(attempt, UsageError, "this session has ended", "start a new")
        assert repr(x) == "SecretArray(shape=(2,), field=M61)"
