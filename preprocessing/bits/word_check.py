"""The word check: words that came out of payloads, or of several peers' columns, are bits times delta.

Realises:  for words W_h,i of the parties i: XOR_i W_h,i = b_h delta with b_h = XOR_i lsb(W_h,i), for all h at once.
Source:    a random combination over GF(2^128), masked as in [KOS16], figure 4 (input); docs/security/bits.md.
Symbols:   kappa the coins; h_i the hash of party i's words and z_i that of their lowest bits (`spdz.bits.word_hash`),
           both with 128 fresh shared bits added as one element of GF(2^128); z = XOR z_i is opened;
           sigma_i = h_i ^ z delta_i. All sigma_i XOR to zero if the words are what they should be.
Masking:   z is uniform because of the 128 bits, which are used for nothing else.
Order:     words -> kappa -> z is opened, and echoed for three parties and more -> sigma is committed to -> opened.
Bound:     a word that is off by e passes if delta is guessed, 2^-63, or with (blocks + 1) / 2^128; e may depend on
           guesses of an honest party's bits, at even odds for each bit.
Checked:   here; a failure ends the session, and with it both MAC keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from spdz.bits import gf128
from spdz.bits.word_hash import WordHasher
from spdz.errors import BroadcastMismatch, WordCheckFailed
from spdz.preprocessing.bits.cot import Wanted, extend_narrow
from spdz.preprocessing.bits.links import BitLinks
from spdz.preprocessing.ot.extension import ROW_UNIT
from spdz.protocols.broadcast import broadcast
from spdz.protocols.coin_toss import declare_toss, toss
from spdz.protocols.commit import CommitAndOpen, commit_and_open, declare_commit_and_open
from spdz.protocols.mac_check import checked
from spdz.runtime.context import Context
from spdz.sharing.bit_share import BitShare
from spdz.wire.codec import Blob
from spdz.wire.steps import Delivery, Payload, Step, declare

MASK_BITS = 128
"""Fresh shared bits that a word check takes."""
KEY_BITS = 192
"""Shared bits whose words show that all see the same key shares."""

_SOURCE = "docs/security/bits.md, word check"


@dataclass(frozen=True)
class WordCheck:
    """The steps of one purpose of the check."""

    coins: CommitAndOpen
    bits: Step
    sigma: CommitAndOpen
    meaning: str


def declare_word_check(name: str, *, meaning: str) -> WordCheck:
    """Register the steps of a word check for one purpose."""
    return WordCheck(
        declare_toss(name, source=_SOURCE),
        declare(
            f"{name}.bits",
            payload=Payload.BYTES,
            source=_SOURCE,
            delivery=Delivery.BROADCAST,
            tampering=(WordCheckFailed, BroadcastMismatch),
        ),
        declare_commit_and_open(f"{name}.sigma", source=_SOURCE),
        meaning,
    )


KEY_CHECK = declare_word_check("bits.key_check", meaning="a party uses different keys of bits towards different peers")


async def word_check(ctx: Context, steps: WordCheck, words: Sequence[BitShare], mask: BitShare) -> None:
    """Check all these words; `mask` are 128 fresh shared bits, which are spent.

    Shapes:    words: any; mask (128,).
    Rounds:    5, and 1 more for the echo for three parties and more.
               Sends: 16 bytes, the toss, and 32 + 48 bytes of sigma (80 for three parties and more), to each peer.
    Raises:    WordCheckFailed, BroadcastMismatch, CommitmentMismatch. Both MAC keys are destroyed by any of them.
    """
    ctx = ctx.child("word_check")
    coins = await toss(ctx, steps.coins, after=words)
    h, own = _hashes(coins.key("kappa"), words, mask)

    async def opened(scope: Context) -> list[memoryview]:
        return await broadcast(scope, steps.bits, Blob(gf128.ELEMENT_BYTES), own)

    # Of a broadcast the check is the echo: everybody has the same z before anybody commits.
    z = _sum(await checked(ctx, "bits", opened))
    with ctx.session.domains.checking():
        delta = gf128.from_word(ctx.session.bit_domain.key.share.word)
        sigma = _sum([h, gf128.multiply(z, delta)])
        if any(_sum(await commit_and_open(ctx.child("sigma"), steps.sigma, sigma))):
            raise WordCheckFailed(
                f"{steps.meaning}. A party has cheated; which one cannot be known. Nothing of it was used, and this "
                "session's key and material are destroyed",
                step=steps.sigma.open.name,
            )


def _hashes(kappa: bytes, words: Sequence[BitShare], mask: BitShare) -> tuple[bytes, bytes]:
    """h_i and z_i."""
    hasher = WordHasher(kappa, with_bits=True)
    for share in words:
        hasher.update(share.words.reshape(-1))
    h = _sum([hasher.digest(), gf128.compose(mask.words)])
    z = _sum([hasher.digest_of_bits(), np.packbits(mask.value, bitorder="little").tobytes()])
    hasher.wipe()
    return h, z


def _sum(elements: Sequence[bytes | memoryview]) -> bytes:
    total = 0
    for element in elements:
        total ^= int.from_bytes(element, "little")
    return total.to_bytes(gf128.ELEMENT_BYTES, "little")


async def check_bit_keys(ctx: Context, links: BitLinks) -> None:
    """Once, after set-up: every party uses one delta_i towards all others, and the lowest bits are as they should be.

    Fresh shared bits, one part of each made with every party's delta: whoever uses another one towards some peer, or
    another lowest bit, makes words that are no multiples of delta (docs/security/bits.md).

    Rounds:    9, and 1 more for the echo for three parties and more.
               Sends: as `extend_narrow` for 384 bits and `word_check`.
    Raises:    WordCheckFailed, OtConsistencyFailed, BroadcastMismatch, CommitmentMismatch.
    """
    rows = -(-(KEY_BITS + MASK_BITS) // ROW_UNIT) * ROW_UNIT
    extension = await extend_narrow(ctx, links, Wanted(rows))
    share = extension.share()
    extension.finish()
    await word_check(ctx, KEY_CHECK, [share[:KEY_BITS]], share[KEY_BITS : KEY_BITS + MASK_BITS])
    share.wipe()
