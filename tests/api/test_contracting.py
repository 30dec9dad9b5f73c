"""Sums of products by subscripts, and the largest of windows, against numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import spdz
from spdz.errors import UsageError
from spdz.online.session import Mpc

from .support import agreed, assert_equals, assert_refused, local
from .test_comparisons import shared

X = np.arange(24).reshape(2, 3, 4) - 11
Y = np.arange(20).reshape(4, 5) * 3 - 20
V, W = np.array([1, -2, 3, 4]), np.array([5, 0, -7])

ONE = ["abc->abc", "abc->cab", "abc->a", "abc->", "abc->ca"]
TWO: list[tuple[str, Any, Any]] = [
    ("abc,cd->abd", X, Y),
    ("abc,cd->dba", X, Y),
    ("abc,cd->", X, Y),
    ("abc,cd->bd", X, Y),
    ("abc,abc->abc", X, X),
    ("abc,abc->b", X, X),
    ("abc,abd->acd", X, X),
    ("abc, abd -> bdc", X, X),
    ("a,b->ab", V, W),
    ("a,b->ba", V, W),
    ("a,a->", V, V),
    ("a,->a", V, np.array(7)),
    ("ab,b->a", Y.T, V),
    ("abc,b->", X, W),
]


@pytest.mark.parametrize("subscripts", ONE)
def test_one_operand(subscripts: str) -> None:
    found = agreed(lambda mpc: mpc.reveal(np.einsum(subscripts, shared(mpc, X).astype(spdz.Int(16)))))
    assert_equals(found, np.einsum(subscripts, X))


@pytest.mark.parametrize(("subscripts", "x", "y"), TWO)
def test_two_operands(subscripts: str, x: Any, y: Any) -> None:
    def program(mpc: Mpc) -> Any:
        one, other = (shared(mpc, each, owner).astype(spdz.Int(32)) for owner, each in enumerate((x, y)))
        operands = [(one, other), (one, y), (x, other), (one.raw, other.raw)]
        results = [np.einsum(subscripts, *pair) for pair in operands]
        for result in results[:3]:
            expected = np.einsum(subscripts, x, y)
            assert result.interval.lo <= expected.min() <= expected.max() <= result.interval.hi
        return mpc.reveal(*results)

    for found in agreed(program):
        assert_equals(found, np.einsum(subscripts, x, y))


def reals(mpc: Mpc, values: Any, owner: int = 0) -> spdz.SecretFixed:
    mine = values if mpc.party == owner else None
    return mpc.input(mine, owner=owner, shape=np.shape(values), type=spdz.Fixed(16, 24)).astype(spdz.Fixed(16, 44))


def test_sums_of_products_of_reals_are_truncated_once() -> None:
    x, y = X / 8, Y / 16

    def program(mpc: Mpc) -> Any:
        return mpc.reveal(np.einsum("abc,cd->bd", reals(mpc, x), reals(mpc, y, 1)))

    assert np.abs(agreed(program, field="M127") - np.einsum("abc,cd->bd", x, y)).max() < 2**-14
    material = spdz.plan(program, 2, "M127", "dealer").material
    assert [count for kind, count in material.items() if kind.startswith("truncation")] == [15]


@pytest.mark.parametrize(
    ("subscripts", "words"),
    [
        ("abc", "explicit"),
        ("...a->a", "explicit"),
        ("aab->b", "each letter once"),
        ("abc->aa", "each letter once"),
        ("abc->d", "stands in no operand"),
        ("ab->a", "stand for 2 axes"),
        ("abc,abc->a", "one or two operands"),
        (5, "explicit"),
    ],
)
def test_subscripts_that_are_refused(subscripts: Any, words: str) -> None:
    def program(mpc: Mpc) -> None:
        x = shared(mpc, X)
        from spdz.online.values.contracting import einsum

        assert_refused(lambda: einsum(subscripts, x), UsageError, words)

    local(program)


def test_operands_that_are_refused() -> None:
    def program(mpc: Mpc) -> None:
        x = shared(mpc, X)
        assert_refused(lambda: np.einsum("abc,ab->c", x, Y), UsageError, "lengths")
        assert_refused(lambda: np.einsum("abc,de,f->a", x, Y, V), UsageError, "one or two operands")

    local(program)


# -- windows ----------------------------------------------------------------------------------------------------------

IMAGE = (np.arange(84).reshape(2, 6, 7) * 37) % 101 - 50
POOLS: list[tuple[Any, Any]] = [(2, None), (3, 1), ((2, 3), None), ((1, 2), (3, 1)), (1, None), ((6, 7), None), (2, 3)]


def pooled(image: Any, window: Any, stride: Any) -> Any:
    lengths = window if isinstance(window, tuple) else (window, window)
    steps = lengths if stride is None else stride if isinstance(stride, tuple) else (stride, stride)
    windows = np.lib.stride_tricks.sliding_window_view(image, lengths, (-2, -1))
    return windows[..., :: steps[0], :: steps[1], :, :].max((-1, -2))


@pytest.mark.parametrize(("window", "stride"), POOLS, ids=str)
def test_max_pool(window: Any, stride: Any) -> None:
    def program(mpc: Mpc) -> Any:
        result = spdz.max_pool(shared(mpc, IMAGE), window, stride)
        assert type(result) is spdz.SecretInt
        return mpc.reveal(result)

    assert_equals(agreed(program), pooled(IMAGE, window, stride))


@pytest.mark.parametrize("parties", [2, 3])
def test_max_pool_of_reals(parties: int) -> None:
    image = IMAGE[0] / 8

    def program(mpc: Mpc) -> Any:
        return mpc.reveal(spdz.max_pool(reals(mpc, image), 2))

    assert np.array_equal(agreed(program, parties, "M127"), pooled(image, 2, None))


def test_windows_that_are_refused() -> None:
    def program(mpc: Mpc) -> None:
        x = shared(mpc, IMAGE)
        for window, stride in ((7, None), (0, None), (2, 0), ((2, 2, 2), None), (2, (1,)), (1.5, None)):
            assert_refused(lambda w=window, s=stride: spdz.max_pool(x, w, s), UsageError, "max_pool")
        assert_refused(lambda: spdz.max_pool(x[0, 0], 2), UsageError, "two last axes")
        assert_refused(lambda: spdz.max_pool(x.raw, 2), TypeError, "declared type")

    local(program)
