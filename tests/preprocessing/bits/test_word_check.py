"""The word check, and the check of keys that is made of it: words, bits and keys that are not what they should be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.errors import BroadcastMismatch, WordCheckFailed
from spdz.preprocessing.bits.cot import Wanted, extend_narrow
from spdz.preprocessing.bits.links import BitLinks
from spdz.preprocessing.bits.word_check import KEY_CHECK, check_bit_keys, word_check
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BitKey
from spdz.sharing.bit_share import BitShare
from spdz.sharing.mac_key import MacKey
from tests.preprocessing.bits.support import World, bits_of
from tests.support.interference import equivocate, flip_bytes, silent
from tests.support.parties import assert_caught

PARTIES = pytest.mark.parametrize("parties", [2, 3])
CHEATER = 1
SIGMA = "bits.key_check.sigma.open"


async def fresh(ctx: Context, links: BitLinks) -> BitShare:
    extension = await extend_narrow(ctx.child("bits"), links, Wanted(384))
    share = extension.share()
    extension.finish()
    return share


def checking(change: Any = None) -> Any:
    async def body(ctx: Context, links: BitLinks) -> Any:
        share = await fresh(ctx, links)
        if change is not None and ctx.party == CHEATER:
            change(share.words)
        await word_check(ctx, KEY_CHECK, [share[:100], share[100:201]], share[256:])
        return share[:201]

    return body


@PARTIES
def test_words_of_shared_bits_pass(parties: int, seed: bytes) -> None:
    world = World(parties, seed)
    bits = bits_of([share.words for share in world.run(checking()).results], world.delta)
    assert 60 < bits.sum() < 140
    assert all(session.domains.alive for session in world.sessions)


@PARTIES
@pytest.mark.parametrize("place", [0, 99, 200, 256, 383])
def test_a_word_that_is_changed_is_found(parties: int, place: int, seed: bytes) -> None:
    def change(words: np.ndarray[Any, Any]) -> None:
        words[place] ^= np.uint64(1 << 40)

    ended = World(parties, seed).run(checking(change))
    assert_caught(ended, WordCheckFailed, SIGMA, cheater=CHEATER, everyone_sees=True)


def test_a_lie_about_the_bits_is_found(seed: bytes) -> None:
    cheat = silent(CHEATER, flip_bytes("bits.key_check.bits", CHEATER, ["first"]))
    assert_caught(World(2, seed).run(checking(), cheat), WordCheckFailed, SIGMA, cheater=CHEATER)


def test_different_bits_to_different_parties_are_found_before_anybody_commits(seed: bytes) -> None:
    ended = World(3, seed).run(checking(), equivocate("bits.key_check.bits", CHEATER, 2))
    assert_caught(ended, BroadcastMismatch, "broadcast.echo", cheater=CHEATER)
    assert "bits.key_check.sigma.commit" not in ended.trace.steps


@PARTIES
def test_honest_keys_pass(parties: int, seed: bytes) -> None:
    ended = World(parties, seed).run(lambda ctx, links: check_bit_keys(ctx, links))
    assert ended.results == [None] * parties


@pytest.mark.parametrize("flipped", [0, 63])
def test_another_key_than_that_of_the_columns_is_found(flipped: int, seed: bytes) -> None:
    """Bit 0 is the pinned one: without it all openings would be zero."""

    async def body(ctx: Context, links: BitLinks) -> None:
        if ctx.party == CHEATER:
            word = int(ctx.session.bit_domain.key.share.word) ^ 1 << flipped
            ctx.session.bit_domain.install(MacKey(BitKey(word)))
        await check_bit_keys(ctx, links)

    assert_caught(World(2, seed).run(body), WordCheckFailed, SIGMA, cheater=CHEATER, everyone_sees=True)
