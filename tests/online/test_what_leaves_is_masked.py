"""PITFALLS 17 and 18: what the online phase opens before a check is uniform, whatever the inputs; in a tiny field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from spdz.field import M5, FieldArray
from spdz.online.operations.inputs import share_input
from spdz.online.operations.matrices import matmul, matmul_by_triples
from spdz.online.operations.products import multiply, square
from spdz.protocols.output import output_to
from spdz.runtime.context import Context
from spdz.runtime.lockstep import Message
from tests.support.statistics import assert_uniform

from .support import Ideal

COUNT = 2500
VALUES = (0, 1, 17)


class Overheard:
    """Adds up, element by element, what all parties sent in one step: the value that was opened."""

    def __init__(self, step: str) -> None:
        self._step = step
        self._payloads: dict[int, bytes] = {}

    def __call__(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            if message.step == self._step:
                self._payloads[message.sender] = bytes(message.payload)
        return messages

    def opened(self) -> list[int]:
        """The sum over the senders."""
        width = M5.element_bytes
        arrays = [M5.from_bytes(bytearray(data), (len(data) // width,)) for data in self._payloads.values()]
        total = arrays[0]
        for array in arrays[1:]:
            total = total + array
        values: list[int] = total.to_ints()
        return values


def overheard(ideal: Ideal, step: str, protocol: Callable[[Context], Any]) -> list[int]:
    heard = Overheard(step)
    assert len(ideal.run(protocol, heard).results) == ideal.parties
    return heard.opened()


def constant(value: int, *shape: int) -> FieldArray:
    return M5.full(shape, value)


@pytest.mark.parametrize("value", VALUES)
def test_an_input(value: int, seed: bytes) -> None:
    ideal = Ideal(2, M5, seed)
    masks, values = ideal.masks(0, (COUNT,)), constant(value, COUNT)
    sent = overheard(
        ideal,
        "input.masked",
        lambda ctx: share_input(ctx, 0, values if ctx.party == 0 else None, masks[ctx.party]),
    )
    assert len(sent) == COUNT
    assert_uniform(sent, 31)


@pytest.mark.parametrize("value", VALUES)
def test_the_factors_of_products_and_squares(value: int, seed: bytes) -> None:
    ideal = Ideal(2, M5, seed)
    x, y = (ideal.dealer.share(constant(value, COUNT)) for _ in range(2))
    triples, squares = ideal.triples((COUNT,)), ideal.squares((COUNT,))
    sent = overheard(
        ideal, "multiply.masked", lambda ctx: multiply(ctx, x[ctx.party], y[ctx.party], triples[ctx.party])
    )
    assert len(sent) == 2 * COUNT
    assert_uniform(sent[:COUNT], 31)
    assert_uniform(sent[COUNT:], 31)
    sent = overheard(ideal, "square.masked", lambda ctx: square(ctx, x[ctx.party], squares[ctx.party]))
    assert len(sent) == COUNT
    assert_uniform(sent, 31)


@pytest.mark.parametrize("value", VALUES)
def test_the_factors_of_matrix_products(value: int, seed: bytes) -> None:
    ideal = Ideal(2, M5, seed)
    x, y = ideal.dealer.share(constant(value, 50, 50)), ideal.dealer.share(constant(value, 50, 2))
    triple, triples = ideal.matrix_triple(50, 50, 2), ideal.triples((50, 50, 2))
    sent = overheard(ideal, "matmul.masked", lambda ctx: matmul(ctx, x[ctx.party], y[ctx.party], triple[ctx.party]))
    assert len(sent) == 50 * 50 + 50 * 2
    assert_uniform(sent, 31)
    by_triples = overheard(
        ideal,
        "multiply.masked",
        lambda ctx: matmul_by_triples(ctx, x[ctx.party], y[ctx.party], triples[ctx.party]),
    )
    assert len(by_triples) == 2 * 50 * 50 * 2
    assert_uniform(by_triples, 31)


@pytest.mark.parametrize("value", VALUES)
def test_a_private_output(value: int, seed: bytes) -> None:
    """Everybody hears the opening; only the receiver can take the mask off."""
    ideal = Ideal(3, M5, seed)
    share, masks = ideal.dealer.share(constant(value, COUNT)), ideal.masks(1, (COUNT,))
    sent = overheard(ideal, "output.open", lambda ctx: output_to(ctx, share[ctx.party], 1, masks[ctx.party]))
    assert len(sent) == COUNT
    assert_uniform(sent, 31)
