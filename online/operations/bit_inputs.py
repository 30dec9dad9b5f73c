"""Input of bits: a party shares an array of bits of its own, which are bits whatever it does.

Source:    [DPSZ12], online phase, over GF(2); masks known to the owner as in Nielsen, Nordholt, Orlandi, Burra, CRYPTO
           2012.
Symbols:   <x> the input, r a mask that its owner knows; x ^ r is broadcast.
Unchecked: what the owner says to different peers, until the next echo; `output` checks it before anything is revealed.
"""

from __future__ import annotations

import math
from typing import Any

from spdz.errors import BroadcastMismatch, MacCheckFailed
from spdz.online.operations.registry import Batches, Call, Operation, clear_of, register, shaped
from spdz.protocols.broadcast import broadcast_from
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BITS, PackedBits
from spdz.sharing.bit_share import Bits, BitShare
from spdz.sharing.material import BitMasks, bit_masks
from spdz.wire.steps import Delivery, Harmless, Payload, declare

INPUT_MASKED_BITS = declare(
    "input.masked_bits",
    payload=Payload.BITS,
    source="[DPSZ12] input, over GF(2)",
    delivery=Delivery.BROADCAST,
    # As with an input of elements: another bit is another input, and different ones are caught by the echo.
    tampering=(Harmless.INPUT_SUBSTITUTION, BroadcastMismatch, MacCheckFailed),
)


async def share_bits(ctx: Context, owner: int, bits: Bits | None, masks: BitMasks) -> BitShare:
    """Share the owner's bits: x ^ r is broadcast, and <x> = <r> ^ (x ^ r).

    Shapes:    bits: any at the owner, None elsewhere; masks of the same shape.
    Rounds:    1.  Sends: one bit per entry, packed, to each peer, at the owner.  Consumes: one bit mask per entry.
    Unchecked: the owner may say different things to different peers until the next echo (three parties and more).
    """
    difference = None if bits is None or masks.clear is None else bits ^ masks.clear
    opened: Bits = await broadcast_from(ctx, INPUT_MASKED_BITS, PackedBits(masks.share.shape), owner, difference)
    return masks.share ^ ctx.session.bit_domain.public(opened)


async def _run(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> BitShare:
    shape, [batch] = call["shape"], batches
    masks = BitMasks(shaped(batch, shape)[0], clear_of(batch, shape))
    return await share_bits(ctx, call["owner"], call.private, masks)


def _sends_bits(call: Call, party: int) -> int:
    return PackedBits(call["shape"]).byte_count if party == call["owner"] else 0


BIT_INPUT = register(
    Operation(
        "input of bits",
        shape=lambda call: call["shape"],
        material=lambda call: {bit_masks(call["owner"]): math.prod(call["shape"])},
        run=_run,
        text=lambda call: f"input of bits of party {call['owner']} {call['shape']}",
        example=Call((), {"owner": 1, "shape": (2, 3)}),
        sends_bits=_sends_bits,
        domain=BITS,
    )
)
"""Parameters: owner, shape. Private: the bits, uint8 of 0 and 1, at their owner."""
