"""A family of fields is added by its folder and a call of `register`: sessions run in it, and nothing else changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import spdz
from spdz.field import Field, register

F65537 = register(Field("F65537", 65537, np.uint64(65537), family="tests.house.small_primes"))


def products(mpc: Any) -> Any:
    mine = np.arange(6).reshape(2, 3) - 2 * mpc.party
    first, second = (mpc.input(mine if mpc.party == owner else None, owner=owner, shape=(2, 3)) for owner in (0, 1))
    product = first * second + first * first - 7
    return mpc.reveal(product), mpc.reveal(first @ second.T)


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("preprocessing", ["dealer", "mascot"])
def test_a_session_runs_in_a_new_field(parties: int, preprocessing: str) -> None:
    first, second = np.arange(6).reshape(2, 3), np.arange(6).reshape(2, 3) - 2
    for elementwise, matrix in spdz.run_local(products, parties, F65537, preprocessing):
        assert np.array_equal(elementwise, first * second + first * first - 7)
        assert np.array_equal(matrix, first @ second.T)


def test_its_arithmetic_is_that_of_the_integers() -> None:
    p, x = F65537.modulus, F65537.array([0, 1, 2, 65535, 65536])
    assert (x * x).to_ints() == [value * value % p for value in x.to_ints()]
    assert (x[1:] * x[1:].inverse()).to_ints() == [1] * 4
    assert x.to_signed().tolist() == [0, 1, 2, -2, -1]
    assert F65537.reduce_blocks(np.array([[5, 7], [2**64 - 1] * 2], np.uint64)).to_ints() == [
        value % p for value in (5 + 7 * 2**64, 2**128 - 1)
    ]
