"""A failed check shows the MAC key, and nothing that was ever hashed is exposed by it.

The cheater keeps everything that it was sent for AND triples, lies in an opening, and learns delta_0 from the sigma of
the honest party. If a hashed block had bits in common with that key, it would search the rest. Here the rest has ten
unknown bits, so the search is over at once: it finds the block that was shared, and in the real one nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.bits import gf128
from spdz.crypto.tweakable_hash import TweakableHash
from spdz.errors import MacCheckFailed
from spdz.preprocessing.bits import and_candidates
from spdz.preprocessing.bits.and_candidates import make_candidates
from spdz.preprocessing.bits.buckets import DIFFERENCES
from spdz.preprocessing.bits.cot import WideBits
from spdz.preprocessing.bits.links import DELTA_BITS, WORD_BITS, BitKey, BitLinks, Deltas
from spdz.protocols import mac_check
from spdz.protocols.coin_toss import Coins
from spdz.protocols.mac_check import check_openings
from spdz.protocols.opening import partial_open
from spdz.runtime.context import Context
from spdz.sharing.bit_share import Bits, BitShare, Words
from spdz.sharing.mac_key import MacKey
from tests.preprocessing.bits.support import World
from tests.support.parties import assert_caught

HONEST, CHEATER = 0, 1
SIZE, TRIED = 128, 4
UNKNOWN = 10
"""Bits of the honest party's block that the cheater lacks, if the others are those of the MAC key."""


class Session:
    """Candidates are made, the cheater lies about one bit, and the check fails: what it keeps, and looks for."""

    def __init__(self, shared: bool, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        self.words: dict[int, Words] = {}
        """Words of y of both parties."""
        self.deltas: dict[int, np.uint64] = {}
        """Key shares: the check destroys them."""
        self._watch(monkeypatch)
        ended = World(2, seed, draws={HONEST: draw_with_block(shared)}).run(self._main)
        assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER, everyone_sees=True)

    async def _main(self, ctx: Context, links: BitLinks) -> None:
        self.deltas[ctx.party] = ctx.session.bit_domain.key.share.word
        made = await make_candidates(ctx.child("layer"), links, SIZE, 1)
        word = made.x[:1].copy()
        if ctx.party == CHEATER:
            self.word = word[0]
            word ^= np.uint64(1)
        opened = await partial_open(ctx, DIFFERENCES, BitShare(word))
        self.bit = 1 - int(opened[0])
        await check_openings(ctx)

    def _watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        take, multiply = and_candidates._take, and_candidates._multiply
        commit, stream = mac_check.commit_and_open, Coins.stream

        def taking(wide: WideBits, peer: int, own: Bits, payload: Words, *rest: Any) -> None:
            if wide._session.party == CHEATER:
                rows, blocks = wide.received[peer], np.empty((SIZE, 2), np.uint64)
                rows.load(0, SIZE, blocks)
                self.blocks, self.payload = blocks[:TRIED].copy(), payload[:TRIED].copy()
                self.hash, self.first_index = TweakableHash(rows._hash_key), rows.first_index
            take(wide, peer, own, payload, *rest)

        async def multiplying(ctx: Context, wide: WideBits, ys: list[Words]) -> list[Words]:
            self.words[ctx.party] = ys[0][:TRIED].copy()
            return await multiply(ctx, wide, ys)

        async def committing(ctx: Context, *arguments: Any) -> list[bytes]:
            opened = await commit(ctx, *arguments)
            self.told = bytes(opened[HONEST])
            return opened

        def streaming(coins: Coins, label: str) -> Any:
            self.kappa = stream(coins, label).bytes(16)
            return stream(coins, label)

        monkeypatch.setattr(and_candidates, "_take", taking)
        monkeypatch.setattr(and_candidates, "_multiply", multiplying)
        monkeypatch.setattr(mac_check, "commit_and_open", committing)
        monkeypatch.setattr(Coins, "stream", streaming)

    def key_from_the_check(self) -> int:
        """delta_0 as the cheater finds it: sigma_0 is kappa (W_0 ^ o delta_0), and W_0 = b delta ^ its own word."""
        error = int.from_bytes(gf128.multiply(self.told, inverse(self.kappa)), "little")
        return error ^ int(self.word) ^ self.bit * int(self.deltas[CHEATER])

    def hashed(self, blocks: Words) -> Words:
        """The hashes of these blocks, in the places of the candidates."""
        out = np.empty_like(blocks)
        self.hash.hash_rows(blocks, self.first_index, out)
        return out[:, 0]

    def search(self) -> list[Words]:
        """The honest party's words of y under all blocks that begin with the MAC key and give words that fit."""
        key, own = self.key_from_the_check(), self.hashed(self.blocks)
        delta, found = np.uint64(key) ^ self.deltas[CHEATER], []
        for high in range(1 << UNKNOWN):
            other = self.hashed(self.blocks ^ np.array([key, high], np.uint64))
            words = self.payload ^ own ^ other
            if np.isin(words ^ self.words[CHEATER], (np.uint64(0), delta)).all():
                found.append(words)
        return found


def draw_with_block(shared: bool) -> Any:
    """Delta_0: the MAC key, and a block of the same bits and ten more, or of 64 bits of its own and ten more."""

    def draw(ctx: Context) -> Deltas:
        word = int.from_bytes(ctx.randomness.bytes(8), "little") | 1
        low = word if shared else int.from_bytes(ctx.randomness.bytes(8), "little")
        high = int.from_bytes(ctx.randomness.bytes(2), "little") % (1 << UNKNOWN)
        ctx.session.bit_domain.install(MacKey(BitKey(word)))
        number = word | (low | high << 64) << WORD_BITS
        return {peer: [number >> place & 1 for place in range(DELTA_BITS)] for peer in ctx.peers}

    return draw


def inverse(element: bytes) -> bytes:
    """To the power of 2^128 - 2."""
    power, result = element, (1).to_bytes(16, "little")
    for _ in range(127):
        power = gf128.multiply(power, power)
        result = gf128.multiply(result, power)
    return result


def test_a_search_under_a_hash_key_that_is_part_of_the_mac_key_finds_every_factor(
    seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: this is why a wide extension has 192 columns."""
    session = Session(True, seed, monkeypatch)
    assert session.key_from_the_check() == session.deltas[HONEST]
    (found,) = session.search()
    np.testing.assert_array_equal(found, session.words[HONEST])


def test_the_mac_key_is_public_after_an_abort_and_a_search_finds_nothing(
    seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(False, seed, monkeypatch)
    assert session.key_from_the_check() == session.deltas[HONEST]
    assert session.search() == []
