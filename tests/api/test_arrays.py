"""What an array is expected to do besides arithmetic, against numpy; nothing of it reveals anything."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from spdz.field import M61
from spdz.online.session import Mpc
from spdz.sessions.local import run_local

from .support import agreed, assert_equals

DATA = np.arange(-12, 12).reshape(2, 3, 4)
OTHER = (np.arange(24) * 5 % 7).reshape(2, 3, 4)

EXPECTED: dict[str, Callable[[Any], Any]] = {
    "unary plus": lambda x: +x,
    "flatten": lambda x: x.flatten(),
    "transpose of axes": lambda x: x.transpose(2, 0, 1),
    "transpose of a tuple": lambda x: x.transpose((1, 2, 0)),
    "np.transpose": lambda x: np.transpose(x, (2, 1, 0)),
    "swapaxes": lambda x: x.swapaxes(0, -1),
    "transpose of a numpy array": lambda x: x.transpose(np.array([0, 2, 1])),
    "np.transpose without axes": lambda x: np.transpose(x),
    "reshape of a numpy array": lambda x: x.reshape(np.array([6, 4])),
    "dot": lambda x: x[0].dot(OTHER[0].T),
    "np.dot of vectors": lambda x: np.dot(x[0, 0], OTHER[1, 1]),
    "np.dot with a number": lambda x: np.dot(3, x[0]),
    "reshape of a list": lambda x: x.reshape([4, 6]),
    "sum of axes": lambda x: x.sum(axis=(0, 2)),
    "sum of all axes": lambda x: x.sum(axis=(0, 1, 2)),
    "sum kept": lambda x: x.sum(axis=1, keepdims=True),
    "sum of axes kept": lambda x: x.sum(axis=(0, -1), keepdims=True),
    "sum of everything kept": lambda x: x.sum(keepdims=True),
    "np.sum": lambda x: np.sum(x, 1),
    "prod of an axis": lambda x: x[:, :2, :2].prod(axis=1),
    "prod of three": lambda x: x[0, :, 0].prod(),
    "prod kept": lambda x: x[:, :, :1].prod(axis=(0, 2), keepdims=True),
    "prod of nothing": lambda x: x[:, :0].prod(axis=1),
    "cumsum": lambda x: x.cumsum(),
    "cumsum of an axis": lambda x: x.cumsum(axis=1),
    "cumsum of the last": lambda x: x.cumsum(-1),
    "cumsum of nothing": lambda x: x[:, :0].cumsum(1),
    "np.prod": lambda x: np.prod(x[0, 0, :3]),
    "np.add": lambda x: np.add(x, 1),
    "np.add from the left": lambda x: np.add(OTHER, x),
    "np.subtract from the left": lambda x: np.subtract(OTHER, x),
    "np.multiply": lambda x: np.multiply(x, OTHER),
    "np.negative": lambda x: np.negative(x),
    "np.square": lambda x: np.square(x),
    "np.power": lambda x: np.power(x, 3),
    "np.matmul": lambda x: np.matmul(x, OTHER.swapaxes(1, 2)),
    "np.int64 *": lambda x: np.int64(3) * x,
    "** np.int64": lambda x: x ** np.int64(2),
    "np.concatenate": lambda x: np.concatenate([x, OTHER], 1),
    "np.stack": lambda x: np.stack([x, OTHER, x], -1),
    "np.broadcast_to": lambda x: np.broadcast_to(x[0, 0], (2, 4)),
    "np.shape": lambda x: np.array(np.shape(x)),
    "np.size": lambda x: np.array(np.size(x)),
    "stacks of public matrices": lambda x: x @ OTHER.swapaxes(1, 2),
    "stacks of public matrices from the left": lambda x: OTHER.swapaxes(1, 2) @ x,
}


@pytest.mark.parametrize("name", EXPECTED)
def test_as_numpy(name: str) -> None:
    work = EXPECTED[name]

    def program(mpc: Mpc) -> Any:
        result = work(mpc.input(DATA, owner=0, shape=DATA.shape))
        return result if isinstance(result, np.ndarray) else mpc.reveal(result)

    assert_equals(agreed(program), work(DATA))


@pytest.mark.parametrize("preprocessing", ["dealer", "mascot"])
@pytest.mark.parametrize("shapes", [((2, 3, 4), (2, 4, 2)), ((2, 3, 4), (4,)), ((3, 4), (2, 4, 3)), ((4,), (2, 4, 1))])
def test_stacks_of_secret_matrices(preprocessing: str, shapes: tuple[tuple[int, ...], ...]) -> None:
    left, right = (np.resize(DATA, shape) for shape in shapes)

    def program(mpc: Mpc) -> Any:
        x, y = mpc.input(left, owner=0, shape=left.shape), mpc.input(right, owner=1, shape=right.shape)
        return mpc.reveal(x @ y)

    assert_equals(agreed(program, preprocessing=preprocessing), left @ right)


def test_iterating_and_unpacking_reveal_nothing() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([[1, 2], [3, 4], [5, 6]], owner=0, shape=(3, 2))
        first, second, third = x
        assert first.shape == (2,)
        return mpc.reveal(sum(x), first * second + third, mpc.stack(list(x)))

    for total, mixed, same in run_local(program, 2, M61, "dealer"):
        assert_equals(total, [9, 12])
        assert_equals(mixed, [8, 14])
        assert_equals(same, [[1, 2], [3, 4], [5, 6]])


def test_public_arrays_among_secret_ones() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([1, 2], owner=0, shape=2)
        return mpc.reveal(mpc.concatenate([[7], x, np.array([8, 9])]), mpc.stack([x, [3, 4]], 1))

    for joined, stacked in run_local(program, 2, M61, "dealer"):
        assert_equals(joined, [7, 1, 2, 8, 9])
        assert_equals(stacked, [[1, 3], [2, 4]])


def test_what_is_an_array_of_integers_in_another_form_is_taken() -> None:
    class Column:
        """As a data frame has it: numpy can read it, and it says nothing else."""

        def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
            return np.array([5, 6], dtype=dtype)

    objects = np.array([np.bool_(True), np.int8(7)], dtype=object)
    forms: list[Any] = [Column(), objects, [np.array(3), np.uint64(4)], deque([1, 2]), array("q", [8, 9]), range(2)]

    def program(mpc: Mpc) -> Any:
        x = mpc.input(forms[0], owner=0, shape=2)
        return mpc.reveal(x, *(x - form for form in forms))

    x, *differences = agreed(program)
    assert_equals(x, [5, 6])
    for found, wanted in zip(differences, ([5, 6], [1, 7], [3, 4], [1, 2], [8, 9], [0, 1]), strict=True):
        assert_equals(found, np.array([5, 6]) - wanted)


def test_integers_of_numpy_count_as_integers() -> None:
    def program(mpc: Mpc) -> Any:
        zero = np.int64(0)
        x = mpc.input([3, 4], owner=zero, shape=np.int64(2))
        mpc.prepare(triples=np.int64(2), input_masks={zero: np.uint8(1)})
        flag = mpc.input(np.bool_(True), owner=0, shape=())
        flags = mpc.input([np.bool_(True), False], owner=0, shape=2)
        shown = mpc.reveal_to(x, party=zero)
        return mpc.reveal(x.sum(zero), flag, flags), None if shown is None else shown.tolist()

    results = run_local(program, np.int64(2), M61, "dealer")
    for party, ((total, flag, flags), shown) in enumerate(results):
        assert (int(total), int(flag), flags.tolist()) == (7, 1, [1, 0])
        assert shown == ([3, 4] if party == 0 else None)


def test_a_pandas_series_leaves_the_operator_to_the_secret() -> None:
    """pandas asks for the priority of the other operand; a Series that computed itself would try to read the secret."""

    class Series:
        """The part of pandas that matters here."""

        __pandas_priority__ = 3000

        def __init__(self, values: list[int]) -> None:
            self.values = values

        def __len__(self) -> int:
            return len(self.values)

        def __getitem__(self, index: int) -> int:
            return self.values[index]

        def __mul__(self, other: Any) -> Any:
            if getattr(other, "__pandas_priority__", 0) > self.__pandas_priority__:
                return NotImplemented
            raise AssertionError("the Series has taken the operation for itself")

        __add__ = __mul__

    def program(mpc: Mpc) -> Any:
        x = mpc.input([3, 4], owner=0, shape=2)
        return mpc.reveal(Series([1, 2]) * x + Series([5, 5]))

    assert_equals(agreed(program), [8, 13])
