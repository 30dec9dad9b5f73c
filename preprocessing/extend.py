"""OT extension with all peers at once: columns, the toss of the key, the check.

Order:     the key is tossed when all columns have been received, by data flow (DESIGN 6.2 step 1).
"""

from __future__ import annotations

from spdz.field import FieldArray
from spdz.params import COMPUTATIONAL_BITS
from spdz.preprocessing.links import Link
from spdz.preprocessing.ot_extension import CHECK_BYTES, OT_COLUMNS, OT_DIGESTS, column_bytes
from spdz.protocols.coin_toss import Coins, declare_toss, toss
from spdz.runtime.context import Context
from spdz.wire.codec import Blob

OT_CHECK_COINS = declare_toss("ot_extension.check", source="[Roy22] section 4; DESIGN 6.2 step 1")


async def extend(ctx: Context, links: dict[int, Link], padded: FieldArray) -> None:
    """Correlated OTs with all peers in both directions, this party's choices being the bits of `padded`, (count,).

    count is a multiple of ROW_UNIT; the rows wait in the links until `finish`.
    Rounds:    4.  Sends: 16 bytes per OT to each peer, and the check.
    Raises:    OtConsistencyFailed, CommitmentMismatch, BroadcastMismatch.
    """
    choices = ctx.field.packed_bits(padded)
    rows = padded.size * ctx.field.bits
    codec = Blob(COMPUTATIONAL_BITS * column_bytes(rows))
    columns = {peer: (codec, links[peer].ot_receiver.extend(choices, ctx.randomness)) for peer in ctx.peers}
    received = await ctx.exchange(OT_COLUMNS, columns, dict.fromkeys(ctx.peers, codec))
    for peer in ctx.peers:
        links[peer].ot_sender.receive_columns(received[peer], rows)

    coins = await toss(ctx, OT_CHECK_COINS, after=received)
    codec = Blob(CHECK_BYTES)
    digests = {peer: (codec, links[peer].ot_receiver.digests(_key(coins, ctx.party, peer))) for peer in ctx.peers}
    received = await ctx.exchange(OT_DIGESTS, digests, dict.fromkeys(ctx.peers, codec))
    for peer in ctx.peers:
        links[peer].ot_sender.check(_key(coins, peer, ctx.party), received[peer], peer)


def _key(coins: Coins, receiver: int, sender: int) -> bytes:
    return coins.key(f"receiver {receiver} sender {sender}")
