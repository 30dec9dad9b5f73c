"""Leaky AND triples: products that are authenticated as they are made, of which a cheater may guess a factor.

Realises:  words X, Y, Z of shared bits with z = x y; or of x, y, z, v, w with z = x y and w = x v ("pairs").
Source:    leaky ANDs of Nielsen, Nordholt, Orlandi, Burra, CRYPTO 2012, and of Katz, Ranellucci, Rosulek, Wang,
           "Optimizing Authenticated Garbling", CRYPTO 2018, in words: the payload is the other's *word* of y, so that
           the product comes with its MAC.
Symbols:   X_i, Y_i, Z_i party i's words; x_i its own part of x, the choice of a wide OT towards every j, with M_ij at i
           and K_ji at j. j sends G = H(K) ^ H(K ^ Delta) ^ Y_j, 64 bits, and keeps H(K); i takes H(M) ^ x_i G, which is
           H(K) ^ x_i Y_j. So Z_i = x_i Y_i ^ what it takes ^ what it keeps, and XOR Z_i = x y delta.
Pairs:     one choice, two payloads, each under a half of the same 128-bit hash.
Leak:      a sender that adds e to G makes the words of Z wrong exactly where x_i is 1. If it guesses x_i it can correct
           its own word, and learns that it was right; otherwise the word check fails. So one bit x_i for each guess at
           even odds, nothing about y, and never a wrong product.
Order:     columns -> key of their check -> payloads -> kappa of the word check.
Checked:   the OTs and all words, before this returns. What was guessed is dealt with in `buckets`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from spdz.bits import leaky_and, words
from spdz.errors import WordCheckFailed
from spdz.preprocessing.bits.cot import Wanted, WideBits, extend_bits
from spdz.preprocessing.bits.links import BitLinks
from spdz.preprocessing.bits.word_check import MASK_BITS, declare_word_check, word_check
from spdz.preprocessing.ot.rows import Bits, RowBuffers, Rows
from spdz.runtime.context import Context
from spdz.runtime.workers import share_out
from spdz.sharing.bit_share import BitShare
from spdz.wire.codec import Blob
from spdz.wire.steps import Harmless, Payload, declare

WORD_BYTES = 8
CHUNK_ROWS = 4096
"""OTs whose hashes are made at once: they stay in the second-level cache."""

AND_PAYLOAD = declare(
    "and.payload",
    payload=Payload.BYTES,
    source="docs/security/bits.md, AND triples",
    tampering=(WordCheckFailed, Harmless.NO_EFFECT),
)
AND_CHECK = declare_word_check("and.word_check", meaning="the payload of an AND triple was wrong")


@dataclass(frozen=True, repr=False)
class Candidates:
    """This party's words of a layer of candidates; `ys` and `zs` hold one array of words, or two for pairs."""

    x: Rows
    ys: list[Rows]
    zs: list[Rows]

    def wipe(self) -> None:
        """Overwrite everything."""
        for array in (self.x, *self.ys, *self.zs):
            array.fill(0)


async def make_candidates(ctx: Context, links: BitLinks, count: int, products: int) -> Candidates:
    """A layer of `count` candidates with one product each, or two for pairs. count is a multiple of ROW_UNIT.

    Rounds:    10, and 1 more for the echo for three parties and more.
               Sends: per candidate 192 / ot_tree_bits bits, and for each product 64 / ot_tree_bits bits and 8 bytes, to
               each peer; the checks.
    Raises:    OtConsistencyFailed, WordCheckFailed, CommitmentMismatch, BroadcastMismatch.
    """
    wide, narrow = await extend_bits(ctx.child("bits"), links, Wanted(count), Wanted(products * count + MASK_BITS))
    shared = narrow.share()
    narrow.finish()
    mask = shared[products * count :]
    ys = [shared.words[start : start + count] for start in range(0, products * count, count)]
    zs = await _multiply(ctx.child("payload"), wide, ys)
    made = Candidates(wide.share().words, ys, zs)
    wide.finish()
    await word_check(ctx, AND_CHECK, [BitShare(array) for array in (made.x, *ys, *zs)], mask)
    mask.wipe()
    return made


async def _multiply(ctx: Context, wide: WideBits, ys: list[Rows]) -> list[Rows]:
    """This party's words of the products of the wide bits with all these words, unchecked."""
    own = np.unpackbits(wide.choices, bitorder="little")
    zs = [words.select(own, y) for y in ys]
    sends = {peer: _payload(wide, peer, ys, zs, ctx.session.threads) for peer in ctx.peers}
    codec = Blob(len(own) * len(ys) * WORD_BYTES)
    received = await ctx.swap(AND_PAYLOAD, codec, {peer: array.data for peer, array in sends.items()})
    for peer in ctx.peers:
        _take(wide, peer, own, np.frombuffer(received[peer], np.uint64), zs, ctx.session.threads)
    own.fill(0)
    return zs


def _payload(wide: WideBits, peer: int, ys: list[Rows], zs: list[Rows], threads: int) -> Rows:
    """What the peer is sent under its choices; what this party keeps is added to its words of the products."""
    rows, payload = wide.sent[peer], np.empty((wide.rows, len(ys)), np.uint64)

    def work(starts: Iterable[int]) -> None:
        buffers = rows.buffers(CHUNK_ROWS)
        first, second = (np.empty((CHUNK_ROWS, 2), np.uint64) for _ in range(2))
        for start in starts:
            count = min(CHUNK_ROWS, wide.rows - start)
            part, hashes = slice(start, start + count), (first[:count], second[:count])
            rows.hashed_in(start, count, buffers, hashes)
            if len(ys) == 1:
                leaky_and.payload(*hashes, ys[0][part], payload[part, 0], zs[0][part])
            else:
                leaky_and.payload_pair(*hashes, ys[0][part], ys[1][part], payload[part], zs[0][part], zs[1][part])
        _overwrite(buffers, first, second)

    share_out(range(0, wide.rows, CHUNK_ROWS), threads, work)
    return payload


def _take(wide: WideBits, peer: int, own: Bits, payload: Rows, zs: list[Rows], threads: int) -> None:
    """Add what this party's choices give it of a peer's payload."""
    rows, payload = wide.received[peer], payload.reshape(wide.rows, len(zs))

    def work(starts: Iterable[int]) -> None:
        buffers, hashes = rows.buffers(CHUNK_ROWS), np.empty((CHUNK_ROWS, 2), np.uint64)
        for start in starts:
            count = min(CHUNK_ROWS, wide.rows - start)
            part = slice(start, start + count)
            rows.hashed_in(start, count, buffers, hashes[:count])
            if len(zs) == 1:
                leaky_and.take(hashes[:count], own[part], payload[part, 0], zs[0][part])
            else:
                leaky_and.take_pair(hashes[:count], own[part], payload[part], zs[0][part], zs[1][part])
        _overwrite(buffers, hashes)

    share_out(range(0, wide.rows, CHUNK_ROWS), threads, work)


def _overwrite(buffers: RowBuffers, *hashes: Rows) -> None:
    buffers.wipe()
    for array in hashes:
        array.fill(0)
