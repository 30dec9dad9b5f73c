"""Broadcast: everyone sends, everyone receives the same.

Realises:  broadcast with abort, by sending and echoing (Goldwasser and Lindell, "Secure Multi-Party Computation
           without Agreement", J. Cryptology 18(3), 2005: a hash of what was received is compared).
Checked:   for three parties and more `echo` compares a digest of all broadcasts of a scope. Every MAC check starts with
           it, so it runs before anything is output. With two parties there is nobody to be told something else.
"""

from __future__ import annotations

import hashlib
from typing import Any

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import labelled_hash
from spdz.errors import BroadcastMismatch
from spdz.runtime.context import Context
from spdz.wire.codec import Blob, Codec
from spdz.wire.steps import Delivery, Payload, Step, declare

DIGEST_BYTES = 32

ECHO = declare(
    "broadcast.echo", payload=Payload.BYTES, source="Goldwasser-Lindell 2005, echo", tampering=(BroadcastMismatch,)
)


async def broadcast(ctx: Context, step: Step, codec: Codec, value: Any) -> list[Any]:
    """Send `value` to everyone and return every party's value, this party's own included, by party index.

    Rounds:    1.  Sends: `codec.byte_count` bytes to each peer.
    Unchecked: who sent different values to different peers, until the next `echo` (three parties and more).
    """
    received = await ctx.tell_all(step, codec, value)
    received[ctx.party] = value
    values = [received[party] for party in range(ctx.parties)]
    record_broadcast(ctx, step, {party: (codec, value) for party, value in enumerate(values)})
    return values


async def broadcast_from(ctx: Context, step: Step, codec: Codec, sender: int, value: Any = None) -> Any:
    """Receive `sender`'s value; only the sender passes one.

    Rounds:    1.  Sends: `codec.byte_count` bytes to each peer if this party is the sender, else nothing.
    Unchecked: as in `broadcast`.
    """
    if ctx.party == sender:
        await ctx.swap(step, codec, dict.fromkeys(ctx.peers, value), senders=())
    else:
        value = (await ctx.swap(step, codec, {}, senders=(sender,)))[sender]
    record_broadcast(ctx, step, {sender: (codec, value)})
    return value


def record_broadcast(ctx: Context, step: Step, values: dict[int, tuple[Codec, Any]]) -> None:
    """Log what each sender said, to be compared by the next echo. Nothing to do for two parties."""
    assert step.delivery is Delivery.BROADCAST, step.name
    if ctx.parties == 2:
        return
    digest = hashlib.sha256()
    for sender in sorted(values):
        codec, value = values[sender]
        digest.update(sender.to_bytes(4, "little") + codec.byte_count.to_bytes(8, "little"))
        digest.update(codec.encode(value))
    ctx.unverified.record_broadcast(ctx.last_path, digest.digest())


async def echo(ctx: Context) -> None:
    """Compare all broadcasts of this scope since the last echo with every peer.

    Rounds:    1 for three parties and more, else 0.  Sends: 32 bytes to each peer.
    Raises:    BroadcastMismatch. Who lied to whom cannot be known: the liar may be the sender or the one who echoes.
    """
    if ctx.parties == 2:
        return
    parts = [part for path, digest in ctx.unverified.close_broadcasts() for part in (path, digest)]
    own = labelled_hash(Domain.TRANSCRIPT, *parts, session_id=ctx.session.session_id)
    received = await ctx.tell_all(ECHO, Blob(DIGEST_BYTES), own)
    for peer, digest in received.items():
        if bytes(digest) != own:
            raise BroadcastMismatch(
                f"this party and party {peer} received different contents of a broadcast. Somebody sent different "
                "values to different parties; who cannot be known. Nothing unchecked was output; do not retry with the "
                "same parties before finding out",
                step=ECHO.name,
            )
