"""Publishing: a party tells the others a plain value, such as the shape of what it is going to input.

The value is no secret: whoever takes part sees it. Its owner says what it likes, and nothing vouches for it; for three
parties and more the echo makes sure that all were told the same before any of them goes on.
Source:    Goldwasser and Lindell 2005, broadcast with abort (`spdz.protocols.broadcast`).
"""

from __future__ import annotations

from typing import Any

from spdz.errors import BroadcastMismatch, MalformedMessage
from spdz.protocols.broadcast import broadcast_from
from spdz.protocols.mac_check import checked
from spdz.runtime.context import Context
from spdz.wire.plain import Length, Plain, encode_plain
from spdz.wire.steps import Delivery, Harmless, Payload, declare

PUBLISHED_LENGTH = declare(
    "publish.length",
    payload=Payload.BYTES,
    source="this module",
    delivery=Delivery.BROADCAST,
    # The value that follows has another length than was said.
    tampering=(MalformedMessage, BroadcastMismatch),
)
PUBLISHED_VALUE = declare(
    "publish.value",
    payload=Payload.BYTES,
    source="this module",
    delivery=Delivery.BROADCAST,
    # Another value is one that the owner was free to publish; different ones are caught by the echo.
    tampering=(Harmless.INPUT_SUBSTITUTION, BroadcastMismatch),
)


async def publish(ctx: Context, owner: int, value: Any = None) -> Any:
    """Receive the owner's plain value, whose size the others need not know; only the owner passes one.

    Rounds:    2, and 1 for the echo for three parties and more.
               Sends: 4 bytes and the encoded value to each peer, at the owner.
    Unchecked: nothing that could be checked: the owner is free in what it says.
    Raises:    MalformedMessage for what is no plain value, BroadcastMismatch.
    """

    async def body(scope: Context) -> Any:
        own = len(encode_plain(value)) if ctx.party == owner else None
        length = await broadcast_from(scope, PUBLISHED_LENGTH, Length(), owner, own)
        return await broadcast_from(scope, PUBLISHED_VALUE, Plain(length), owner, value)

    return await checked(ctx, "publish", body)
