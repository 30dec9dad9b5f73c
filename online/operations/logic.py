"""Logic on shared bits: AND takes triples; XOR and NOT are local and need no operation.

Source:    [Bea91], over GF(2), with the authenticated triples of Nielsen, Nordholt, Orlandi, Burra, CRYPTO 2012.
Symbols:   <u>, <v> factors, (x, y, z = x y) a triple, d = u ^ x and e = v ^ y opened.
Unchecked: every opening in here is logged; `output` checks all of them before anything is revealed. What is opened is
           masked by material that is used once, so opening it early reveals nothing.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from spdz.errors import BroadcastMismatch, InternalError, MacCheckFailed
from spdz.online.operations.bit_tree import BitProducts, Level, bytes_of, flat, material_of
from spdz.online.operations.registry import Batches, Call, Operation, Shape, register
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BITS
from spdz.sharing.bit_share import BitShare
from spdz.wire.steps import Delivery, Payload, declare

AND_MASKED = declare(
    "and.masked",
    payload=Payload.BITS,
    source="[Bea91] over GF(2)",
    delivery=Delivery.BROADCAST,
    tampering=(MacCheckFailed, BroadcastMismatch),
)

_LEVELS = (Level(1, 0),)


async def conjunction(ctx: Context, u: BitShare, v: BitShare, batches: Batches) -> BitShare:
    """u and v, elementwise.

    Shapes:    u, v: equal; returns the same.
    Rounds:    1.  Sends: 2 bits per entry to each peer, packed.  Consumes: one bit triple per entry.
    Unchecked: what is opened; a MAC check must run before any output.
    """
    [(words,)] = await BitProducts(ctx, AND_MASKED, u.size, batches).of([(flat(u), flat(v))])
    return BitShare(words.reshape(u.shape))


def _common(call: Call) -> Shape:
    """The operands have been broadcast to one shape before."""
    first, second = call.shapes
    if first != second:
        raise InternalError(f"operands of an elementwise AND have the shapes {call.shapes}")
    return first


async def _run(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> BitShare:
    u, v = operands
    return await conjunction(ctx, u, v, batches)


async def _run_constant(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> BitShare:
    return ctx.session.bit_domain.public(call["bits"])


AND = register(
    Operation(
        "and",
        shape=_common,
        material=lambda call: material_of(_LEVELS, math.prod(_common(call))),
        run=_run,
        text=lambda call: f"and {_common(call)}",
        example=Call(((2, 3), (2, 3))),
        operands=(BITS, BITS),
        sends_bits=lambda call, party: bytes_of(_LEVELS, math.prod(_common(call))),
        opens=(BITS,),
        domain=BITS,
        plain=lambda call, u, v: u & v,
    )
)
"""Operands: two arrays of bits of one shape."""

CONSTANT_BITS = register(
    Operation(
        "constant bits",
        shape=lambda call: call["bits"].shape,
        material=lambda call: {},
        run=_run_constant,
        text=lambda call: f"constant bits {call['bits'].shape}",
        example=Call((), {"bits": np.array([[0, 1, 1], [1, 0, 1]], np.uint8)}),
        rounds=0,
        domain=BITS,
        plain=lambda call: call["bits"],
    )
)
"""Parameter: bits, a public array of uint8, each 0 or 1, which nobody may write to afterwards. It is an operation since
the shares are made of the key of bits, which a session makes when it first needs bits."""
