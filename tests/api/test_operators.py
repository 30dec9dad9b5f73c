"""Every operator of secret arrays against numpy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spdz
from spdz.field import M5, M61, M127, Field
from spdz.online.session import Mpc

from .support import agreed, assert_equals, exact, signed

FIELDS = pytest.mark.parametrize("field", [M5, M61, M127], ids=str)
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda x, y: x + y,
    "-": lambda x, y: x - y,
    "*": lambda x, y: x * y,
}
SHAPES = [
    ((), ()),
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((2, 1), (1, 4)),
    ((), (5,)),
    ((4, 1, 2), (3, 1)),
    ((0,), (1,)),
    ((2, 0), (1,)),
    ((0, 3), (3,)),
    ((129,), (129,)),
]
DTYPES = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.bool_, object)


def integers(shape: tuple[int, ...], start: int) -> np.ndarray[Any, Any]:
    """Small integers of both signs, different for different starts; those of M5 fit too."""
    size = int(np.prod(shape, dtype=int))
    return ((np.arange(start, start + size) * 7919) % 31 - 15).reshape(shape)


def shared(mpc: Mpc, values: np.ndarray[Any, Any], owner: int) -> spdz.SecretArray:
    """An input that only its owner sees."""
    return mpc.input(values if mpc.party == owner else None, owner=owner, shape=values.shape)


@FIELDS
@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("shapes", SHAPES, ids=str)
def test_secret_and_public_operands_on_both_sides(
    field: Field, parties: int, shapes: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    left, right = integers(shapes[0], 1), integers(shapes[1], 1000)

    def program(mpc: Mpc) -> Any:
        x, y = shared(mpc, left, 0), shared(mpc, right, 1)
        return [
            mpc.reveal(operator(x, y), operator(x, right), operator(left, y), operator(x, x), -operator(y, left))
            for operator in OPERATORS.values()
        ]

    result = agreed(program, parties, field)
    for (name, operator), found in zip(OPERATORS.items(), result, strict=True):
        product, square = operator(left, right), operator(left, left)
        for number, expected in enumerate((product, product, product, square, -operator(right, left))):
            assert_equals(found[number], signed(field, expected), (name, number))


@FIELDS
def test_public_operands_of_every_kind(field: Field) -> None:
    secret = integers((3,), 5)
    arrays = [np.array([0, 1, 1]).astype(dtype) for dtype in DTYPES]
    publics: list[Any] = [
        2,
        -1,
        0,
        True,
        np.int64(-3),
        np.uint8(3),
        [1, -2, 3],
        (0, 1, 0),
        [[1], [2]],
        range(3),
        *arrays,
    ]

    def program(mpc: Mpc) -> Any:
        x = shared(mpc, secret, 1)
        return [mpc.reveal(x + y, y + x, x - y, y - x, x * y, y * x) for y in publics]

    for y, found in zip(publics, agreed(program, field=field), strict=True):
        public = exact(y)
        expected = (
            secret + public,
            public + secret,
            secret - public,
            public - secret,
            secret * public,
            public * secret,
        )
        for number, wanted in enumerate(expected):
            assert_equals(found[number], signed(field, wanted), (y, number))


def test_large_public_and_secret_values_do_not_wrap_around_in_numpy() -> None:
    top = (M127.modulus - 1) // 2
    values = [top, -top, 2**64, -(2**63), 2**63 - 1, 0]

    def program(mpc: Mpc) -> Any:
        x = mpc.input(values, owner=0, shape=6)
        return mpc.reveal(x, x * 2, x - np.array(values, object), x * np.uint64(2**64 - 1), x[4:])

    same, double, zero, scaled, small = agreed(program, field=M127)
    assert_equals(same, values)
    assert same.dtype == object, "one of them does not fit 64 bits"
    assert all(type(value) is int for value in same)
    assert_equals(double, signed(M127, np.array(values, object) * 2))
    assert_equals(zero, np.zeros(6, int))
    assert zero.dtype == np.int64
    assert_equals(scaled, signed(M127, np.array(values, object) * (2**64 - 1)))
    assert_equals(small, [2**63 - 1, 0])
    assert small.dtype == np.int64


MATMULS = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((1, 1), (1, 1)),
    ((1, 129), (129, 1)),
    ((0,), (0,)),
    ((2, 0), (0, 3)),
    ((0, 3), (3, 2)),
    ((3,), (3, 0)),
]


@pytest.mark.parametrize(
    ("preprocessing", "parties", "field"), [("dealer", 2, M61), ("dealer", 3, M127), ("mascot", 2, M61)], ids=str
)
def test_matrix_products(preprocessing: str, parties: int, field: Field) -> None:
    pairs = [(integers(x, 3), integers(y, 77)) for x, y in MATMULS]

    def program(mpc: Mpc) -> Any:
        outputs = []
        for left, right in pairs:
            x, y = shared(mpc, left, 0), shared(mpc, right, 1)
            outputs += [x @ y, x @ right, left @ y, x.dot(y)]
        return mpc.reveal(*outputs)

    result = agreed(program, parties, field, preprocessing=preprocessing)
    for number, (left, right) in enumerate(pairs):
        for found in result[4 * number : 4 * number + 4]:
            assert_equals(found, left @ right, (left.shape, right.shape))


CUBE = integers((2, 3, 4), 9)
INDICES: list[Any] = [
    0,
    -1,
    np.int64(1),
    np.s_[:, 1:],
    np.s_[::-1],
    np.s_[:, ::2, 1],
    np.s_[..., 1],
    ...,
    None,
    np.s_[:, None],
    np.s_[..., None],
    [1, 0],
    np.array([0, 0, 1]),
    np.array([True, False]),
    CUBE > 5,
    ([0, 1], [1, 2]),
    (1, 2, 3),
    np.s_[0:0],
    np.s_[[0, 1], :, [1, 2]],
    (),
]
SHAPINGS: dict[str, Callable[[Any], Any]] = {
    "sum": lambda x: x.sum(),
    "sum of the first axis": lambda x: x.sum(0),
    "sum of a middle axis": lambda x: x.sum(axis=1),
    "sum of the last axis": lambda x: x.sum(-1),
    "sum by a numpy integer": lambda x: x.sum(np.int64(2)),
    "reshape": lambda x: x.reshape(4, 6),
    "reshape by a tuple": lambda x: x.reshape((3, 8)),
    "reshape with a free length": lambda x: x.reshape(-1, 2, 3),
    "ravel": lambda x: x.ravel(),
    "T": lambda x: x.T,
    "transpose": lambda x: x.transpose(),
    "negate": lambda x: -x,
    "chain": lambda x: (x.T[1:] * 3 - x.T[:-1]).reshape(6, -1).sum(0)[::2],
}


def test_indices_and_shapes() -> None:
    def program(mpc: Mpc) -> Any:
        x = shared(mpc, CUBE, 0)
        assert (x.shape, x.ndim, x.size, len(x)) == (CUBE.shape, 3, 24, 2)
        outputs = [x[index] for index in INDICES] + [shaping(x) for shaping in SHAPINGS.values()]
        before = mpc.reveal(*outputs)
        # The same again on a secret that has been computed already.
        return before, mpc.reveal(*(x[index] for index in INDICES), *(shaping(x) for shaping in SHAPINGS.values()))

    expected = [CUBE[index] for index in INDICES] + [shaping(CUBE) for shaping in SHAPINGS.values()]
    for result in agreed(program):
        for found, wanted, what in zip(result, expected, [*INDICES, *SHAPINGS], strict=True):
            assert_equals(found, wanted, what)


def test_joining_and_broadcasting() -> None:
    left, right = integers((2, 3), 2), integers((2, 1), 8)

    def program(mpc: Mpc) -> Any:
        x, y = shared(mpc, left, 0), shared(mpc, right, 1)
        return mpc.reveal(
            mpc.concatenate([x, x]),
            mpc.concatenate((x, y, x), axis=1),
            mpc.concatenate([y], axis=-1),
            y.broadcast_to((4, 2, 3)),
            x[0, 0].broadcast_to((2, 2)),
            mpc.concatenate([x[0:0], x]),
            mpc.concatenate([mpc.constant(right), y]),
        )

    expected = (
        np.concatenate([left, left]),
        np.concatenate([left, right, left], 1),
        right,
        np.broadcast_to(right, (4, 2, 3)),
        np.full((2, 2), left[0, 0]),
        left,
        np.concatenate([right, right]),
    )
    for found, wanted in zip(agreed(program), expected, strict=True):
        assert_equals(found, wanted)


@FIELDS
def test_powers(field: Field) -> None:
    base = np.array([0, 1, -1, 2, 3, -15, 15])

    def program(mpc: Mpc) -> Any:
        x = shared(mpc, base, 0)
        return mpc.reveal(*(x**exponent for exponent in range(1, 12)))

    for exponent, found in enumerate(agreed(program, field=field), 1):
        assert_equals(found, signed(field, base.astype(object) ** exponent), exponent)


def test_a_chain_over_several_reveals() -> None:
    start = integers((4,), 20)

    def program(mpc: Mpc) -> Any:
        x, seen = shared(mpc, start, 1), []
        for number in range(4):
            y = x * x - number
            seen.append(mpc.reveal(y.sum()))
            x = x + y[::-1] * int(seen[-1] % 3)
        return (*seen, mpc.reveal(x))

    x, expected = start.copy(), []
    for number in range(4):
        y = x * x - number
        expected.append(y.sum())
        x = x + y[::-1] * int(expected[-1] % 3)
    *sums, last = agreed(program)
    assert_equals(np.array(sums), expected)
    assert_equals(last, x)


STEPS = st.lists(
    st.tuples(
        st.sampled_from([*OPERATORS, "public", "sum", "reverse", "square", "reveal"]),
        st.integers(0, 9),
        st.integers(0, 9),
        st.integers(-(2**70), 2**70),
    ),
    min_size=1,
    max_size=15,
)


@settings(max_examples=40, deadline=None)
@given(
    steps=STEPS, values=st.lists(st.integers(-15, 15), min_size=3, max_size=3), field=st.sampled_from([M5, M61, M127])
)
def test_programs_made_at_random(steps: list[tuple[str, int, int, int]], values: list[int], field: Field) -> None:
    """The same steps on secrets and on Python integers modulo p; a reveal anywhere changes nothing."""

    def follow(stack: list[Any], reveal: Callable[[Any], Any]) -> Any:
        for name, first, second, number in steps:
            x, y = stack[first % len(stack)], stack[second % len(stack)]
            small = number % 31 - 15
            if name in OPERATORS:
                stack.append(OPERATORS[name](x, y))
            elif name == "public":
                stack.append(small - x * small)
            elif name == "sum":
                stack.append(x + y.sum())
            elif name == "reverse":
                stack.append(x[::-1])
            elif name == "square":
                stack.append(x * x)
            else:
                stack.append(x + reveal(y)[0] % 7)
        return stack[-1]

    def program(mpc: Mpc) -> Any:
        return mpc.reveal(follow([shared(mpc, np.array(values), 0)], mpc.reveal))

    expected = follow([np.array(values, object)], lambda array: signed(field, array))
    assert_equals(agreed(program, field=field), signed(field, expected))
