"""Products of bits, and what takes bits to field elements, with ideal material."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from spdz.errors import InternalError
from spdz.field import M7, M61, M127, Field
from spdz.online.operations.convert import CONVERT
from spdz.online.operations.logic import AND, CONSTANT_BITS
from spdz.online.operations.registry import Call
from spdz.online.operations.select import SELECT
from spdz.sharing.material import BIT_TRIPLES, DABITS, mux_triples
from tests.online.support import Ideal

from .support import Case

PARTIES = pytest.mark.parametrize("parties", [2, 3])
FIELDS = pytest.mark.parametrize("field", [M7, M61, M127], ids=str)
SHAPE = pytest.mark.parametrize("shape", [(), (1,), (8,), (9,), (129,), (2, 3, 4)], ids=str)


@PARTIES
def test_every_and_with_every_triple(parties: int, seed: bytes) -> None:
    ideal = Ideal(parties, M61, seed)
    u, v, x, y = (np.array(column, np.uint8) for column in zip(*product((0, 1), repeat=4), strict=True))
    triples = ideal.dealer.batches(BIT_TRIPLES, [x, y, x & y])
    assert (Case(ideal, AND, u, v, material=[triples]).result() == u & v).all()


@PARTIES
@SHAPE
def test_and_of_arrays(parties: int, shape: tuple[int, ...], seed: bytes) -> None:
    ideal = Ideal(parties, M61, seed)
    u, v = ideal.dealer.bits.random(*shape), ideal.dealer.bits.random(*shape)
    found = Case(ideal, AND, u, v).result()
    assert found.shape == shape
    assert (found == u & v).all()


def test_operands_of_different_shapes_are_a_bug() -> None:
    with pytest.raises(InternalError):
        AND.shape(Call(((2, 3), (3, 2))))
    with pytest.raises(InternalError):
        SELECT.shape(Call(((2,), (3,)), {"width": None}))
    with pytest.raises(InternalError):
        SELECT.shape(Call(((2,), (2, 3)), {"width": 4}))


@PARTIES
@SHAPE
def test_constants(parties: int, shape: tuple[int, ...], seed: bytes) -> None:
    ideal = Ideal(parties, M61, seed)
    bits = ideal.dealer.bits.random(*shape)
    found = Case(ideal, CONSTANT_BITS, bits=bits).result()
    assert found.shape == shape
    assert (found == bits).all()


@PARTIES
@FIELDS
def test_every_bit_as_an_element_with_every_dabit(parties: int, field: Field, seed: bytes) -> None:
    ideal = Ideal(parties, field, seed)
    s, beta = np.array([0, 0, 1, 1], np.uint8), np.array([0, 1, 0, 1], np.uint8)
    dealt = ideal.dealer.batches(DABITS, [beta, field.array(beta)])
    assert Case(ideal, CONVERT, s, material=[dealt]).result().to_ints() == [0, 0, 1, 1]


@PARTIES
@SHAPE
def test_conversion_of_arrays(parties: int, shape: tuple[int, ...], seed: bytes) -> None:
    ideal = Ideal(parties, M127, seed)
    s = ideal.dealer.bits.random(*shape)
    found = Case(ideal, CONVERT, s).result()
    assert found.shape == shape
    assert found.equals(M127.array(s))


def test_every_selection_in_a_toy_field(seed: bytes) -> None:
    ideal, values = Ideal(2, M7, seed), range(0, 127, 9)
    grid = zip(*product((0, 1), (0, 1), values, values), strict=True)
    s, beta, x, v = (np.array(column) for column in grid)
    elements = M7.array(v).reshape(-1, 1)
    switched = M7.array(beta).reshape(-1, 1) * elements
    bits = beta.astype(np.uint8)
    dealt = ideal.dealer.batches(mux_triples(1), [bits, M7.array(beta), elements, switched])
    found = Case(ideal, SELECT, s.astype(np.uint8), M7.array(x), material=[dealt], width=None).result()
    assert found.to_ints() == (s * x).tolist()


@PARTIES
@FIELDS
@SHAPE
@pytest.mark.parametrize("width", [None, 1, 5])
def test_selection_of_arrays(
    parties: int, field: Field, shape: tuple[int, ...], width: int | None, seed: bytes
) -> None:
    ideal = Ideal(parties, field, seed)
    s = ideal.dealer.bits.random(*shape)
    x = ideal.dealer.random(*shape, *([] if width is None else [width]))
    found = Case(ideal, SELECT, s, x, width=width).result()
    spread = s if width is None else np.broadcast_to(s[..., None], x.shape)
    assert found.shape == x.shape
    assert found.equals(x * field.array(spread))
