"""OT extension with all peers at once: columns, the toss of the key, the check.

Order:     the key is tossed when all columns have been received, by data flow (docs/security/order.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from spdz.field import FieldArray
from spdz.field.fused import gadget
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.ot.extension import ReceiverRows, SenderRows, check_bytes
from spdz.preprocessing.ot.instance import FIELD_OTS
from spdz.preprocessing.ot.rows import Bits
from spdz.protocols.coin_toss import Coins, declare_toss, toss
from spdz.runtime.context import Context
from spdz.wire.codec import Blob

OT_COLUMNS, OT_DIGESTS = FIELD_OTS.steps.columns, FIELD_OTS.steps.digests
OT_CHECK_COINS = declare_toss("ot_extension.check", source="[Roy22] section 4; docs/security/order.md")


@dataclass(frozen=True)
class Extension:
    """The rows of one extension with all peers, until `finish`."""

    sent: dict[int, SenderRows]
    """Towards peers who chose."""
    received: dict[int, ReceiverRows]
    """Towards all peers, if this party chose."""

    def finish(self) -> None:
        """Overwrite all rows."""
        for rows in (*self.sent.values(), *self.received.values()):
            rows.finish()


async def extend(ctx: Context, links: dict[int, Link], padded: FieldArray) -> Extension:
    """Correlated OTs with all peers in both directions, this party's choices being the bits of `padded`, (count,).

    count is a multiple of ROW_UNIT.
    Rounds:    4.  Sends: 128 / ot_tree_bits bits per OT to each peer, and the check.
    Raises:    OtConsistencyFailed, CommitmentMismatch, BroadcastMismatch.
    """
    bits = gadget.packed_bits(ctx.field, padded)
    extension = await extend_choices(
        ctx, links, tuple(range(ctx.parties)), dict.fromkeys(ctx.peers, bits), padded.size * ctx.field.bits
    )
    bits.fill(0)
    return extension


async def extend_choices(
    ctx: Context, links: dict[int, Link], choosers: tuple[int, ...], choices: dict[int, Bits], rows: int
) -> Extension:
    """Correlated OTs in which only the `choosers` are receivers; `choices[peer]` are packed bits, one per row.

    rows is a multiple of ROW_UNIT.
    Rounds:    4.  Sends: 128 / ot_tree_bits bits per OT to each peer if choosing, and the check.
    Raises:    OtConsistencyFailed, CommitmentMismatch, BroadcastMismatch.
    """
    receivers = ctx.peers if ctx.party in choosers else ()
    senders = [peer for peer in ctx.peers if peer in choosers]
    threads, columns, extension = ctx.session.threads, {}, Extension({}, {})
    for peer in receivers:
        receiver = links[peer].ot_receiver
        message, extension.received[peer] = receiver.extend(choices[peer], ctx.randomness, threads)
        columns[peer] = (Blob(receiver.message_bytes(rows)), message)
    codecs = {peer: Blob(links[peer].ot_sender.message_bytes(rows)) for peer in senders}
    received = await ctx.exchange(OT_COLUMNS, columns, codecs)
    for peer in senders:
        extension.sent[peer] = links[peer].ot_sender.extend(received[peer], rows, threads)

    coins = await toss(ctx, OT_CHECK_COINS, after=received)
    digests = {peer: extension.received[peer].digests(_key(coins, ctx.party, peer)) for peer in receivers}
    received = await ctx.swap(OT_DIGESTS, Blob(check_bytes(FIELD_OTS.delta_bits)), digests, senders)
    for peer in senders:
        extension.sent[peer].check(_key(coins, peer, ctx.party), received[peer], peer)
    return extension


def _key(coins: Coins, receiver: int, sender: int) -> bytes:
    return coins.key(f"receiver {receiver} sender {sender}")
