"""Input: a party shares an array of its own.

Source:    [DPSZ12], online phase; masks known to the owner as in [KOS16].
Symbols:   [x] the input, r a mask that its owner knows; x - r is broadcast.
Unchecked: what the owner says to different peers, until the next echo; `output` checks it before anything is revealed.
"""

from __future__ import annotations

import math
from typing import Any

from spdz.errors import BroadcastMismatch, MacCheckFailed
from spdz.field import FieldArray
from spdz.online.operations.registry import Batches, Call, Operation, clear_of, register, shaped
from spdz.protocols.broadcast import broadcast_from
from spdz.runtime.context import Context
from spdz.sharing.material import InputMasks, input_masks
from spdz.sharing.shares import AuthShare
from spdz.wire.codec import Elements
from spdz.wire.steps import Delivery, Harmless, Payload, declare

INPUT_MASKED = declare(
    "input.masked",
    payload=Payload.ELEMENTS,
    source="[DPSZ12] input; masks known to the owner as in [KOS16]",
    delivery=Delivery.BROADCAST,
    # For two parties a changed broadcast is another input; for more, a different one to each is caught by the echo.
    # A sender that does not stand by its own message makes its share of the input wrong.
    tampering=(Harmless.INPUT_SUBSTITUTION, BroadcastMismatch, MacCheckFailed),
)


async def share_input(ctx: Context, owner: int, values: FieldArray | None, masks: InputMasks) -> AuthShare:
    """Share the owner's array: x - r is broadcast, and [x] = [r] + (x - r).

    Shapes:    values: any at the owner, None elsewhere; masks of the same shape.
    Rounds:    1.  Sends: one element per entry to each peer, at the owner.  Consumes: one input mask per entry.
    Unchecked: the owner may say different things to different peers until the next echo (three parties and more).
    """
    codec = Elements(ctx.field, masks.share.shape)
    difference = None if values is None or masks.clear is None else values - masks.clear
    opened: FieldArray = await broadcast_from(ctx, INPUT_MASKED, codec, owner, difference)
    return masks.share + ctx.public(opened)


async def _run(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> AuthShare:
    shape, [batch] = call["shape"], batches
    masks = InputMasks(shaped(batch, shape)[0], clear_of(batch, shape))
    return await share_input(ctx, call["owner"], call.private, masks)


INPUT = register(
    Operation(
        "input",
        shape=lambda call: call["shape"],
        material=lambda call: {input_masks(call["owner"]): math.prod(call["shape"])},
        run=_run,
        text=lambda call: f"input of party {call['owner']} {call['shape']}",
        example=Call((), {"owner": 1, "shape": (2, 3)}),
        sends=lambda call, party: math.prod(call["shape"]) if party == call["owner"] else 0,
    )
)
"""Parameters: owner, shape. Private: the values, at their owner."""
