"""Linear operations on shares are linear on the values and on the MACs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spdz.field import M61
from spdz.runtime.context import Context
from spdz.sharing.shares import concatenate_shares
from tests.support.dealer import IdealDealer, reconstruct
from tests.support.parties import make_sessions

MATRIX = M61.array([[1, 2, 3], [4, 5, 6]])
OTHER = M61.array([[7, 8, 9], [10, 11, 12]])
SQUARE = M61.array([[1, 2, 3], [0, 1, 4], [5, 6, 0]])

OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "negate": lambda x, y: -x,
    "times an integer": lambda x, y: x * 5,
    "an integer times": lambda x, y: 5 * x,
    "times a public array": lambda x, y: x * OTHER,
    "times a public matrix": lambda x, y: x @ SQUARE,
    "a public matrix times": lambda x, y: OTHER.T @ x,
    "slice": lambda x, y: x[:, 1:],
    "sum over an axis": lambda x, y: x.sum(0),
    "sum over all": lambda x, y: x.sum(),
    "reshape": lambda x, y: x.reshape(3, 2),
    "transpose": lambda x, y: x.transpose(),
    "broadcast": lambda x, y: x[0].broadcast_to((4, 3)),
}


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("name", OPERATIONS)
def test_linear_operations(parties: int, name: str, seed: bytes) -> None:
    dealer = IdealDealer(make_sessions(parties, M61, seed), seed)
    operation = OPERATIONS[name]
    shares = [operation(x, y) for x, y in zip(dealer.share(MATRIX), dealer.share(OTHER), strict=True)]
    assert reconstruct(dealer.alpha, shares).equals(operation(MATRIX, OTHER))


def test_joining(seed: bytes) -> None:
    dealer = IdealDealer(make_sessions(3, M61, seed), seed)
    shares = [concatenate_shares([x, y]) for x, y in zip(dealer.share(MATRIX), dealer.share(OTHER), strict=True)]
    joined = reconstruct(dealer.alpha, shares)
    assert joined.reshape(12).equals(M61.array(list(range(1, 13))))


@pytest.mark.parametrize("parties", [2, 5])
def test_a_public_constant_is_counted_once(parties: int, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    dealer = IdealDealer(sessions, seed)
    shares = [Context(session).public(MATRIX) for session in sessions]
    assert reconstruct(dealer.alpha, shares).equals(MATRIX)


def test_shares_of_the_same_value_differ_from_one_sharing_to_the_next(seed: bytes) -> None:
    dealer = IdealDealer(make_sessions(2, M61, seed), seed)
    first, second = dealer.share([1, 2, 3])[0], dealer.share([1, 2, 3])[0]
    assert not (first.value == second.value).any()
    assert not (first.mac == second.mac).any()
