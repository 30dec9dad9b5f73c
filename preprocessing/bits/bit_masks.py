"""Masks of bits that an owner inputs: private bits of one party.

Realises:  kind "bit masks": uniform bits that their owner knows. For three parties and more a word check makes sure
           that they are the same towards all; for two there is nobody else.
Source:    authenticated bits of Nielsen, Nordholt, Orlandi, Burra, CRYPTO 2012.
Checked:   everything, before this returns.
"""

from __future__ import annotations

import numpy as np

from spdz.preprocessing.bits.cot import Wanted, extend_narrow
from spdz.preprocessing.bits.links import BitLinks
from spdz.preprocessing.bits.word_check import MASK_BITS, declare_word_check, word_check
from spdz.preprocessing.ot.extension import ROW_UNIT
from spdz.runtime.context import Context
from spdz.sharing.material import Batch, bit_masks

OWNER_WORDS = declare_word_check("bit_masks.word_check", meaning="an owner's bits differ between its peers")


async def make_bit_masks(ctx: Context, links: BitLinks, owner: int, count: int) -> Batch:
    """`count` bits that `owner` knows.

    Rounds:    4; 14 for three parties and more.
               Sends: as `extend_narrow` at the owner; for three parties and more also as `word_check` and its mask.
    Raises:    OtConsistencyFailed, WordCheckFailed, CommitmentMismatch, BroadcastMismatch.
    """
    rows = -(-count // ROW_UNIT) * ROW_UNIT
    extension = await extend_narrow(ctx.child("bits"), links, Wanted(rows), (owner,))
    share = extension.share()
    clear = np.unpackbits(extension.choices, bitorder="little")[:count] if ctx.party == owner else None
    extension.finish()
    if ctx.parties > 2:
        masking = await extend_narrow(ctx.child("mask"), links, Wanted(MASK_BITS))
        mask = masking.share()
        masking.finish()
        await word_check(ctx, OWNER_WORDS, [share], mask)
    return Batch(bit_masks(owner), (share[:count],), clear)
