"""Ideal functionalities in the place of the operations on bits: what they compute, without how.

Each opens its operands to all parties and shares the result as a constant. For tests of what is built on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from spdz.field import FieldArray
from spdz.online.operations.bit_inputs import BIT_INPUT
from spdz.online.operations.compare import SIGN
from spdz.online.operations.convert import CONVERT
from spdz.online.operations.equality import EQUAL
from spdz.online.operations.logic import AND
from spdz.online.operations.registry import Batches, Call, Operation
from spdz.online.operations.select import SELECT
from spdz.protocols.broadcast import broadcast_from
from spdz.protocols.opening import partial_open
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BITS, PackedBits
from spdz.sharing.shares import AuthShare
from spdz.wire import steps
from spdz.wire.steps import Delivery, Payload, Step

SHOWN = {
    payload: Step(f"ideal.shown.{payload.value}", payload, Delivery.BROADCAST, "this module", ())
    for payload in (Payload.ELEMENTS, Payload.BITS)
}


def _ideal(compute: Callable[..., Any], domain: str) -> Any:
    async def run(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> Any:
        opened = [_plain(await partial_open(ctx, _step_for(operand), operand)) for operand in operands]
        bits_or_numbers = compute(call, *opened)
        if domain == BITS:
            return ctx.session.bit_domain.public(np.asarray(bits_or_numbers).astype(np.uint8))
        return ctx.public(ctx.field.signed(np.asarray(bits_or_numbers)))

    return run


def _step_for(operand: Any) -> Step:
    return SHOWN[Payload.ELEMENTS if isinstance(operand, AuthShare) else Payload.BITS]


def _plain(opened: Any) -> Any:
    return opened.to_signed().astype(object) if isinstance(opened, FieldArray) else opened


def _sign(call: Call, x: Any) -> Any:
    half = 1 << call["width"] - 1
    assert ((x >= -half) & (x < half)).all(), "an operand of a comparison is wider than was said"
    return x < 0


def _equal(call: Call, x: Any) -> Any:
    _sign(call, x)
    return x == 0


def _select(call: Call, bit: Any, x: Any) -> Any:
    return (bit if call["width"] is None else bit[..., None]).astype(object) * x


async def _bit_input(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> Any:
    values = call.private if ctx.party == call["owner"] else None
    told = await broadcast_from(ctx, SHOWN[Payload.BITS], PackedBits(call["shape"]), call["owner"], values)
    return ctx.session.bit_domain.public(told)


def _substitutes() -> list[tuple[Operation, Any]]:
    return [
        (SIGN, _ideal(_sign, BITS)),
        (EQUAL, _ideal(_equal, BITS)),
        (AND, _ideal(lambda call, x, y: x & y, BITS)),
        (CONVERT, _ideal(lambda call, x: x, "field")),
        (SELECT, _ideal(_select, "field")),
        (BIT_INPUT, _bit_input),
    ]


@contextmanager
def ideal_operations() -> Iterator[None]:
    """Inside of this, the operations on bits are ideal, and take no material."""
    kept = [(operation, operation.run, operation.material) for operation, _ in _substitutes()]
    steps._by_wire_id.update({step.wire_id: step for step in SHOWN.values()})
    for operation, run in _substitutes():
        _replace(operation, run, lambda call: {})
    try:
        yield
    finally:
        for operation, run, material in kept:
            _replace(operation, run, material)
        for step in SHOWN.values():
            del steps._by_wire_id[step.wire_id]


def _replace(operation: Operation, run: Any, material: Any) -> None:
    object.__setattr__(operation, "run", run)
    object.__setattr__(operation, "material", material)
