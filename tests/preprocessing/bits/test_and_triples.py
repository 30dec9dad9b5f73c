"""AND triples: right products in valid words, whoever cheats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.errors import BroadcastMismatch, MacCheckFailed, WordCheckFailed
from spdz.preprocessing.bits import buckets
from spdz.preprocessing.bits.buckets import batch_candidates, layers, make_bit_pair_triples, make_bit_triples
from spdz.preprocessing.bits.links import BitLinks
from spdz.preprocessing.bits.word_check import check_bit_keys
from spdz.runtime.context import Context
from tests.preprocessing.bits.support import World, bits_of
from tests.support.interference import flip_bytes
from tests.support.parties import assert_caught

PARTIES = pytest.mark.parametrize("parties", [2, 3])
COUNT = 600
CHEATER = 1


async def singles(ctx: Context, links: BitLinks) -> Any:
    await check_bit_keys(ctx.child("keys"), links)
    return await make_bit_triples(ctx, links, COUNT)


async def pairs(ctx: Context, links: BitLinks) -> Any:
    return await make_bit_pair_triples(ctx, links, COUNT)


def opened(world: World, results: list[Any]) -> list[np.ndarray[Any, Any]]:
    count = len(results[0].shares)
    return [bits_of([batch.shares[array].words for batch in results], world.delta) for array in range(count)]


@PARTIES
def test_products_are_right_and_words_valid(parties: int, seed: bytes) -> None:
    world = World(parties, seed)
    x, y, z = opened(world, world.run(singles).results)
    assert (z == x & y).all()
    assert all(200 < bits.sum() < 400 for bits in (x, y))
    assert 80 < z.sum() < 220


@PARTIES
def test_pairs_have_a_factor_in_common(parties: int, seed: bytes) -> None:
    world = World(parties, seed)
    x, y, z, v, w = opened(world, world.run(pairs).results)
    assert (z == x & y).all()
    assert (w == x & v).all()
    assert (y != v).any()


def test_a_wrong_payload_is_found_or_was_a_right_guess(seed: bytes) -> None:
    """One bit of one payload: the receiver's choice decides, and the product is right either way."""
    passed = 0
    for trial in range(12):
        world = World(2, seed[:-1] + bytes([trial]))
        ended = world.run(singles, flip_bytes("and.payload", CHEATER, [8 * 5], receiver=0))
        if any(outcome.error for outcome in ended.outcomes):
            assert_caught(ended, WordCheckFailed, "and.word_check.sigma.open", cheater=CHEATER, everyone_sees=True)
            assert not any(session.domains.alive for session in world.sessions)
            continue
        x, y, z = opened(world, ended.results)
        assert (z == x & y).all()
        passed += 1
    assert 1 <= passed <= 11


@PARTIES
def test_a_wrong_difference_fails_the_check(parties: int, seed: bytes) -> None:
    world = World(parties, seed)
    ended = world.run(singles, flip_bytes("and.differences", CHEATER, ["last"]))
    # A sender that does not stand by what it said is found by the echo, where there is one.
    error, step = (MacCheckFailed, "mac_check.sigma.open") if parties == 2 else (BroadcastMismatch, "broadcast.echo")
    assert_caught(ended, error, step, cheater=CHEATER, everyone_sees=True)
    assert not any(session.domains.alive for session in world.sessions)


def test_layers_follow_the_batch() -> None:
    assert [layers(1 << power, 60) for power in (19, 14, 11, 9)] == [4, 5, 6, 7]
    for candidates in (512, 640, 1 << 14, 1 << 19):
        for bits in (40, 60, 80):
            found = layers(candidates, bits)
            assert 2**found * candidates ** (found - 1) >= 2 ** (bits + 1)
            assert found == 2 or 2 ** (found - 1) * candidates ** (found - 2) < 2 ** (bits + 1)
    assert [batch_candidates(count) for count in (1, 512, 513, 700)] == [512, 512, 640, 768]


def test_every_layer_has_a_shift_of_its_own(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    shifts, shift_ = list[int](), buckets._shift

    def spying(coin: bytes, size: int) -> int:
        shifts.append(shift_(coin, size))
        return shifts[-1]

    monkeypatch.setattr(buckets, "_shift", spying)
    World(2, seed).run(singles)
    assert len(shifts) == 2 * (layers(640, 60) - 1)
    assert len(set(shifts)) > 3
