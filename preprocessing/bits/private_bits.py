"""Bits that their owner knows, authenticated towards everybody: a narrow extension in which every party chooses.

Symbols:   b a bit of party i; i holds M_j towards each peer j, who holds K_j = M_j ^ b delta_j. The words of the shared
           bit are W_i = b delta_i ^ XOR_j M_j and W_j = K_j.
Unchecked: whether an owner's bits are the same towards all peers (three parties and more): `word_check`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spdz.bits import words
from spdz.preprocessing.bits.cot import Wanted, extend_narrow
from spdz.preprocessing.bits.links import BitLinks
from spdz.preprocessing.bits.matching import Indices
from spdz.preprocessing.ot.extension import ROW_UNIT
from spdz.preprocessing.ot.rows import Bits, Rows
from spdz.runtime.context import Context
from spdz.sharing.bit_share import BitShare


@dataclass(frozen=True, repr=False)
class PrivateBits:
    """Private bits of all parties, as many of each, at one party."""

    own: Bits
    """This party's bits."""
    macs: dict[int, Rows]
    """M of this party's bits towards every peer."""
    keys: dict[int, Rows]
    """K of every peer's bits."""

    def share(self, ctx: Context, owner: int, rows: slice | Indices) -> BitShare:
        """This party's words of some of the owner's bits."""
        if owner != ctx.party:
            return BitShare(self.keys[owner][rows])
        shared = words.public_words(self.own[rows], ctx.session.bit_domain.key.share.word)
        for mac in self.macs.values():
            shared ^= mac[rows]
        return BitShare(shared)

    def shared(self, ctx: Context, rows: slice) -> BitShare:
        """This party's words of the XOR of everybody's bits: shared random bits, if they are random."""
        total = self.share(ctx, ctx.party, rows)
        for peer in ctx.peers:
            total.words[...] ^= self.keys[peer][rows]
        return total

    def wipe(self) -> None:
        """Overwrite everything."""
        self.own.fill(0)
        for array in (*self.macs.values(), *self.keys.values()):
            array.fill(0)


async def private_bits(ctx: Context, links: BitLinks, own: Bits, spare: int = 0) -> PrivateBits:
    """Make these bits of this party private bits, and as many of every other one, then `spare` random ones of each.

    Shapes:    own (rows,), which is overwritten.
    Rounds:    4.  Sends: as `extend_narrow` for rows + spare bits, filled up to units with more random ones.
    Raises:    OtConsistencyFailed, CommitmentMismatch, BroadcastMismatch.
    """
    count = -(-(own.size + spare) // ROW_UNIT) * ROW_UNIT
    packed = np.empty(count // 8, np.uint8)
    ctx.randomness.fill(packed.data)
    filled = np.unpackbits(packed, bitorder="little")
    filled[: own.size] = own
    own.fill(0)
    packed[:] = np.packbits(filled, bitorder="little")
    extension = await extend_narrow(ctx, links, Wanted(count, packed))
    packed.fill(0)
    made = PrivateBits(
        filled,
        {peer: extension.macs_from(peer) for peer in ctx.peers},
        {peer: extension.keys_for(peer) for peer in ctx.peers},
    )
    extension.finish()
    return made
