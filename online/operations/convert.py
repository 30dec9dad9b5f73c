"""Shared bits as field elements.

Source:    Rotaru and Wood, "MArBled circuits", INDOCRYPT 2019: daBits.
Symbols:   <s> the bit, beta a uniform bit that is shared in both domains, d = s ^ beta opened.
Unchecked: every opening in here is logged; `output` checks all of them before anything is revealed. What is opened is
           masked by material that is used once, so opening it early reveals nothing.
"""

from __future__ import annotations

import math
from typing import Any

from spdz.errors import BroadcastMismatch, MacCheckFailed
from spdz.field import Field, FieldArray
from spdz.online.operations.compare import only_shape
from spdz.online.operations.registry import Batches, Call, Operation, register, shaped
from spdz.protocols.opening import open_masked
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BITS, PackedBits
from spdz.sharing.bit_share import Bits, BitShare
from spdz.sharing.material import DABITS
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Delivery, Payload, declare

CONVERT_MASKED = declare(
    "convert.masked",
    payload=Payload.BITS,
    source="Rotaru-Wood 2019, daBits",
    delivery=Delivery.BROADCAST,
    tampering=(MacCheckFailed, BroadcastMismatch),
)


async def convert(ctx: Context, s: BitShare, beta_bits: BitShare, beta: AuthShare) -> AuthShare:
    """[s] = d + (1 - 2 d) [beta], over the field.

    Shapes:    s and beta, in both domains: equal; returns the same.
    Rounds:    1.  Sends: 1 bit per entry to each peer, packed.  Consumes: one daBit per entry.
    Unchecked: d; a MAC check must run before any output.
    """
    [d] = await open_masked(ctx, CONVERT_MASKED, (s, beta_bits))
    opened = as_elements(ctx.field, d)
    return beta * signs(opened) + ctx.public(opened)


def as_elements(field: Field, bits: Bits) -> FieldArray:
    """Public bits as elements."""
    elements = field.zeros(bits.shape)
    elements.limbs[..., 0] = bits
    return elements


def signs(bits: FieldArray) -> FieldArray:
    """1 - 2 d."""
    return 1 - (bits + bits)


def packed_bytes(bits: int) -> int:
    """How many bytes so many bits take in one message."""
    return PackedBits((bits,)).byte_count


async def _run(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> AuthShare:
    return await convert(ctx, operands[0], *shaped(batches[0], only_shape(call)))


CONVERT = register(
    Operation(
        "convert",
        shape=only_shape,
        material=lambda call: {DABITS: math.prod(only_shape(call))},
        run=_run,
        text=lambda call: f"convert {only_shape(call)}",
        example=Call(((2, 3),)),
        operands=(BITS,),
        sends_bits=lambda call, party: packed_bytes(math.prod(only_shape(call))),
        opens=(BITS,),
        plain=lambda call, s: s,
    )
)
"""Operand: an array of bits. The result is one of field elements 0 and 1."""
