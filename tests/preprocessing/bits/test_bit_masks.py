"""Masks of bits that an owner inputs: it alone knows them, and they are the same towards all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.errors import OtConsistencyFailed, WordCheckFailed
from spdz.preprocessing.bits import bit_masks, word_check
from spdz.preprocessing.bits.bit_masks import make_bit_masks
from spdz.preprocessing.bits.cot import NarrowBits
from spdz.runtime.context import Context
from spdz.sharing.bit_share import Bits
from spdz.sharing.material import Batch
from spdz.sharing.material import bit_masks as kind_of
from tests.preprocessing.bits.chain_support import Body
from tests.preprocessing.bits.mask_support import MaskWorld
from tests.support.costs import bytes_per_peer, commit_bytes, stated_rounds, toss_bytes
from tests.support.interference import flip_bytes
from tests.support.parties import assert_caught, rounds_of

PARTIES = pytest.mark.parametrize("parties", [2, 3, 4])
OWNER, CHEATER = 1, 1
ROWS = 256
FOUND = "bit_masks.word_check.sigma.open"


def masks(count: int, owner: int = OWNER) -> Body:
    return lambda ctx, links, bits: make_bit_masks(ctx, bits, owner, count)


def opened(world: MaskWorld, batches: list[Batch]) -> Bits:
    found: Bits = world.dealer.reconstruct([batch.shares[0] for batch in batches])
    return found


@pytest.mark.parametrize("count", [1, 127, 128, 200, 1000])
@pytest.mark.parametrize("owner", [0, 1])
@PARTIES
def test_the_owner_knows_them_and_nobody_else(parties: int, owner: int, count: int, seed: bytes) -> None:
    world = MaskWorld(parties, seed)
    batches = world.run(masks(count, owner)).results
    for party, batch in enumerate(batches):
        assert batch.kind == kind_of(owner)
        assert (batch.clear is None) == (party != owner)
    bits = opened(world, batches)
    np.testing.assert_array_equal(bits, batches[owner].clear)
    assert bits.shape == (count,)
    if count == 1000:
        assert 400 < bits.sum() < 600


def test_batches_and_owners_have_nothing_in_common(seed: bytes) -> None:
    world = MaskWorld(2, seed)
    found = [opened(world, world.run(masks(ROWS, owner)).results) for owner in (0, 0, 1)]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert 80 < (found[first] ^ found[second]).sum() < 176


# -- cost and order ---------------------------------------------------------------------------------------------------


@PARTIES
def test_costs(parties: int, seed: bytes) -> None:
    ended = MaskWorld(parties, seed).run(masks(200))
    of_owner, of_other = (bytes_per_peer(ended, party) for party in (OWNER, 0))
    columns, digests = 64 * (ROWS + 128) // 4 // 8, 65 * 16
    if parties == 2:
        assert ended.rounds == stated_rounds(make_bit_masks) == 4
        assert of_owner == {"bits.columns": columns, "bits.digests": digests, **toss_bytes("bits.check", 2)}
        assert of_other == {"bits.columns": 0, "bits.digests": 0, **toss_bytes("bits.check", 2)}
        return
    assert ended.rounds == 14
    tosses = {name: 2 * cost for name, cost in toss_bytes("bits.check", parties).items()}
    name = "bit_masks.word_check"
    checks = {
        **tosses,
        **toss_bytes(name, parties),
        f"{name}.bits": 16,
        **commit_bytes(f"{name}.sigma", 16, parties),
        "broadcast.echo": 32,
    }
    masking = 64 * (128 + 128) // 4 // 8
    assert of_owner == {**checks, "bits.columns": columns + masking, "bits.digests": 2 * digests}
    assert of_other == {**checks, "bits.columns": masking, "bits.digests": digests}


@pytest.mark.parametrize("parties", [3, 4])
def test_the_key_of_the_check_is_tossed_after_all_bits_and_their_mask(parties: int, seed: bytes) -> None:
    trace = MaskWorld(parties, seed).run(masks(200)).trace
    (kappa,) = rounds_of(trace, "bit_masks.word_check.coins.commit")
    (z,) = rounds_of(trace, "bit_masks.word_check.bits")
    (sigma,) = rounds_of(trace, "bit_masks.word_check.sigma.commit")
    echoes = rounds_of(trace, "broadcast.echo")
    assert max(rounds_of(trace, "bits.columns") + rounds_of(trace, "bits.check.coins.open")) < kappa < z
    assert any(z < echo < sigma for echo in echoes)


# -- cheats -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [0, 100, ROWS - 1])
@pytest.mark.parametrize("parties", [3, 4])
def test_an_owner_with_other_bits_towards_one_of_its_peers(
    parties: int, place: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in bits that nobody asked for: they would tell something of a key."""
    choose, fired = NarrowBits.choose, list[int]()

    def other(bits: NarrowBits, peer: int, link: Any, choices: Bits) -> Bits:
        if bits._session.party == CHEATER and peer == 0 and bits.rows == ROWS:
            choices = choices.copy()
            choices[place // 8] ^= 1 << place % 8
            fired.append(peer)
        return choose(bits, peer, link, choices)

    monkeypatch.setattr(NarrowBits, "choose", other)
    ended = MaskWorld(parties, seed).run(masks(200))
    assert fired
    assert_caught(ended, WordCheckFailed, FOUND, cheater=CHEATER, everyone_sees=True)


def test_without_the_check_the_words_would_not_fit(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: nothing else notices."""
    choose = NarrowBits.choose

    def other(bits: NarrowBits, peer: int, link: Any, choices: Bits) -> Bits:
        if bits._session.party == CHEATER and peer == 0 and bits.rows == ROWS:
            choices = choices.copy()
            choices[3] ^= 1
        return choose(bits, peer, link, choices)

    async def nothing(*_: object) -> None:
        pass

    monkeypatch.setattr(NarrowBits, "choose", other)
    monkeypatch.setattr(bit_masks, "word_check", nothing)
    world = MaskWorld(3, seed)
    batches = world.run(masks(200)).results
    with pytest.raises(AssertionError, match="the words do not fit"):
        opened(world, batches)


@PARTIES
def test_different_bits_in_different_columns(parties: int, seed: bytes) -> None:
    cheat = flip_bytes("bits.columns", CHEATER, range(0, 16 * (ROWS + 128) // 8, 3))
    ended = MaskWorld(parties, seed).run(masks(200), cheat)
    cheat.assert_fired()
    assert_caught(ended, OtConsistencyFailed, "bits.digests", cheater=CHEATER)


@pytest.mark.parametrize("step", ["bits", "sigma.open"])
def test_a_lie_in_the_check_to_one_of_two(step: str, seed: bytes) -> None:
    cheat = flip_bytes(f"bit_masks.word_check.{step}", 2, ["last"], receiver=0)
    ended = MaskWorld(3, seed).run(masks(200), cheat)
    cheat.assert_fired()
    assert ended.outcomes[0].error is not None
    assert not ended.sessions[0].domains.alive


def test_a_party_that_commits_to_another_sigma(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    original = word_check.commit_and_open

    async def cheating(ctx: Context, steps: Any, payload: bytes) -> list[bytes]:
        if ctx.party == CHEATER:
            payload = bytes([payload[0] ^ 1, *payload[1:]])
        return await original(ctx, steps, payload)

    monkeypatch.setattr(word_check, "commit_and_open", cheating)
    ended = MaskWorld(3, seed).run(masks(200))
    assert_caught(ended, WordCheckFailed, FOUND, cheater=CHEATER, everyone_sees=True)
