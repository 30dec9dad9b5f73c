"""An operation that is refused has asked for nothing: neither nodes of a plan, nor hiding, nor a truncation."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.errors import RangeError
from spdz.online.plan.graph import Graph
from spdz.online.session import Mpc
from spdz.online.values import comparing
from spdz.online.values.array import SecretArray
from spdz.online.values.ordered import OrderedByUnits

from .support import agreed, assert_refused, local


def integers(mpc: Mpc, width: int = 8) -> spdz.SecretInt:
    return mpc.input([3, -4, 5, 2, 1], owner=0, type=spdz.Int(width))


def reals(mpc: Mpc, owner: int = 0) -> spdz.SecretFixed:
    return mpc.input([0.5, -1.25, 2.0], owner=owner, type=spdz.Fixed(16, 20)).astype(spdz.Fixed(16, 48))


def wide(mpc: Mpc) -> spdz.SecretInt:
    """So wide that a difference of two cannot be looked at."""
    return integers(mpc, comparing.most_bits(mpc))


LATE: dict[str, tuple[Callable[[Any], Any], Callable[[Mpc], Any]]] = {
    "a product of many entries": (lambda x: x.prod(), lambda mpc: integers(mpc).astype(spdz.Int(20))),
    "a power": (lambda x: x**25, lambda mpc: reals(mpc)),
    "a product of reals": (lambda x: x.prod(), lambda mpc: reals(mpc).astype(spdz.Fixed(16, 24))),
    "a comparison": (lambda x: x < -1, wide),
    "an equality": (lambda x: x == -1, wide),
    "abs": (lambda x: abs(x), wide),
    "clip": (lambda x: x.clip(-3, 5), wide),
    "max": (lambda x: x.max(), wide),
    "argmax": (lambda x: x.argmax(), wide),
    "sort": (lambda x: x.sort(), wide),
    "argsort": (lambda x: x.argsort(), wide),
    "top_k": (lambda x: x.top_k(2), wide),
    "too narrow a type": (lambda c: c.as_int(1), lambda mpc: mpc.input([True], owner=0, type=spdz.Bool())),
    "stack": (lambda x: x._mpc.stack([x[0], 2**70]), wide),
    "stack of numbers": (lambda x: np.stack([1, 2**70, x]), lambda mpc: wide(mpc)[0]),
}
"""What is refused after something has been asked for: a call, and its operand."""


def state(mpc: Mpc) -> tuple[list[str], int | None]:
    """What is asked for, and how well it hides."""
    return mpc._graph.plan(mpc._graph.pending(), "end"), mpc.hiding.bits


@pytest.mark.parametrize("name", LATE)
def test_what_is_refused_late_leaves_the_plan_as_it_was(name: str) -> None:
    """One party tries and is refused, the other one does not try: their plans are the same."""
    attempt, operand = LATE[name]

    def program(mpc: Mpc) -> Any:
        x = operand(mpc)
        before = state(mpc)
        if mpc.party == 0:
            with pytest.raises(spdz.UsageError):
                attempt(x)
            if name != "stack":
                assert state(mpc) == before
        elif name == "stack":
            x[0]  # which stands, at both
        return mpc.reveal(x) is not None

    assert local(program, field="M127" if name in ("a power", "a product of reals") else "M61") == [True, True]


@contextmanager
def _nothing_is_taken_back(self: Graph) -> Iterator[None]:
    yield


def test_without_taking_back_something_would_be_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the tests of this folder see it."""
    monkeypatch.setattr(Graph, "whole", _nothing_is_taken_back)

    def program(mpc: Mpc) -> None:
        x = integers(mpc).astype(spdz.Int(20))
        with pytest.raises(AssertionError, match="the result may lie anywhere"):
            assert_refused(lambda: x.prod(), RangeError)

    local(program)


def test_a_truncation_of_a_refused_reveal_is_not_counted() -> None:
    """The second array may not be truncated any more; the first one is not either, and can be later."""

    def program(mpc: Mpc) -> Any:
        x, y = reals(mpc), reals(mpc, 1)
        first, second = x * y, x * x
        before = state(mpc)
        mpc.hiding.least = 128
        assert_refused(lambda: mpc.reveal(first, second), RangeError, "statistical security")
        assert state(mpc) == before
        mpc.hiding.least = 40
        return mpc.reveal(first, second)

    first, second = agreed(program, field="M127")
    np.testing.assert_allclose(first, [0.25, 1.5625, 4.0], atol=1e-3)
    np.testing.assert_allclose(second, [0.25, 1.5625, 4.0], atol=1e-3)


def test_what_a_refused_operation_has_truncated_is_truncated_later() -> None:
    def program(mpc: Mpc) -> Any:
        product = reals(mpc) * reals(mpc, 1)
        other = mpc.input([1.0, 2.0, 3.0], owner=0, type=spdz.Fixed(8, 20))
        before = state(mpc)
        assert_refused(lambda: product < other, TypeError, "bits after the point")
        assert state(mpc) == before
        counted = product.raw, mpc.hiding.bits
        assert product.raw is counted[0]
        assert mpc.hiding.bits is not None
        return mpc.reveal(product)

    np.testing.assert_allclose(agreed(program, field="M127"), [0.25, 1.5625, 4.0], atol=1e-3)


def test_a_plan_does_not_count_what_is_refused() -> None:
    def honest(mpc: Mpc) -> Any:
        return mpc.reveal(integers(mpc))

    def refused(mpc: Mpc) -> Any:
        x = integers(mpc)
        with pytest.raises(RangeError):
            x.astype(spdz.Int(20)).prod()
        return mpc.reveal(x)

    assert spdz.plan(refused).material == spdz.plan(honest).material


def test_all_operations_of_all_classes_are_whole() -> None:
    """By their definition: a new class or method needs nothing for it."""
    for kind in (SecretArray, spdz.SecretInt, spdz.SecretFixed, spdz.SecretBool, OrderedByUnits):
        operations = {
            name: method
            for name, method in vars(kind).items()
            if inspect.isfunction(method) and not (name.startswith("_") and not name.endswith("__"))
        }
        bare = {name for name, method in operations.items() if not hasattr(method, "__wrapped__")}
        assert bare <= {"__init__", "__repr__"}, (kind, bare)
