"""Cheating with private masks: what survives, what fails, at which step, and who is blamed (docs/security/masks.md)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.errors import BroadcastMismatch, MacCheckFailed, MaskCheckFailed, WordCheckFailed
from spdz.field import M61
from spdz.preprocessing.bits import masks as module
from spdz.preprocessing.bits.cot import NarrowBits
from spdz.preprocessing.bits.links import BitPlan
from spdz.runtime.context import Context
from spdz.sharing.bit_share import Bits
from spdz.sharing.material.bit_kinds import low_bits
from tests.preprocessing.bits.mask_support import (
    KEPT,
    LISTS,
    SMALL,
    MaskWorld,
    give_other_bits,
    levels,
    match_in_order,
    number_of,
)
from tests.support.interference import Tampering, add_to_element, equivocate, flip_bytes, replace_payload
from tests.support.parties import Run, assert_caught, rounds_of

PARTIES = pytest.mark.parametrize("parties", [2, 3])
BITS, CHEATER = 7, 1
SMALL_ELEMENT, LARGE_ELEMENT = 12345, M61.modulus - 12345
"""Two of the first do not wrap, two of the second do."""
TARGET = {(0, 0): 1}
BACKED = range(1, LISTS)


def backed(level: int, partner: int) -> dict[tuple[int, int], int]:
    """A target at this level and the sacrifices at its place of every list at another."""
    return {(0, 0): level} | {(b, 0): partner for b in BACKED}


def faults(world: MaskWorld, ended: Run) -> list[int]:
    """By how much the cheater's kept elements exceed what their bits say."""
    numbers, bits = world.opened(ended.results)[CHEATER]
    difference = number_of(low_bits(numbers, BITS).T) - number_of(bits)
    return [int(d + (1 << BITS - 1)) % (1 << BITS) - (1 << BITS - 1) for d in difference]


def assert_blamed(ended: Run, step: str) -> None:
    assert_caught(ended, MaskCheckFailed, step, cheater=CHEATER, blamed=CHEATER)


# -- levels: what a mask may be off by --------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5, -1, -2, 40])
def test_alone_a_mask_may_be_off_by_the_wrap_that_is_not_there(
    level: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against right sacrifices, without wraps, d in {0, 1} passes; k_0 is a wrap that is claimed and not there."""
    match_in_order(monkeypatch)
    give_other_bits(monkeypatch, CHEATER, levels({(0, 0): level}), SMALL_ELEMENT)
    world = MaskWorld(2, seed)
    ended = world.make(BITS, KEPT)
    if level == 1:
        assert faults(world, ended) == [1] + [0] * (KEPT - 1)
    else:
        assert_blamed(ended, "masks.proof")


@pytest.mark.parametrize("level", [1, -1, -2])
def test_with_wraps_it_may_be_off_the_other_way(level: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    match_in_order(monkeypatch)
    give_other_bits(monkeypatch, CHEATER, levels({(0, 0): level}), LARGE_ELEMENT)
    world = MaskWorld(2, seed)
    ended = world.make(BITS, KEPT)
    if level == -1:
        assert faults(world, ended)[0] == -1
    else:
        assert_blamed(ended, "masks.proof")


@PARTIES
@pytest.mark.parametrize("level", [2, 3, 4, 5])
def test_wrong_partners_pass_where_the_matching_is_known_beforehand(
    level: int, parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sum check cannot see it: only that nobody knows who will meet whom keeps masks within their tolerance."""
    match_in_order(monkeypatch)
    give_other_bits(monkeypatch, CHEATER, levels(backed(level, 1 - level)), SMALL_ELEMENT)
    world = MaskWorld(parties, seed)
    assert faults(world, world.make(BITS, KEPT)) == [level] + [0] * (KEPT - 1)


@pytest.mark.parametrize("level", [2, 3, 4, 5])
def test_wrong_partners_do_not_meet_by_chance(level: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = BitPlan(candidates=128, masks=64, samples=4, statistical_bits=12)
    give_other_bits(monkeypatch, CHEATER, levels(backed(level, 1 - level), length=68), SMALL_ELEMENT)
    ended = MaskWorld(2, seed, plan=plan).make(BITS, KEPT)
    assert ended.outcomes[0].error is not None
    assert_blamed(ended, ended.outcomes[0].error.step)  # type: ignore[attr-defined]  # the proof, or a sample


def test_partners_must_be_wrong_in_every_list(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    match_in_order(monkeypatch)
    cheat = backed(4, -3)
    del cheat[LISTS - 1, 0]
    give_other_bits(monkeypatch, CHEATER, levels(cheat), SMALL_ELEMENT)
    assert_blamed(MaskWorld(2, seed).make(BITS, KEPT), "masks.proof")


@PARTIES
@pytest.mark.parametrize("level", [1, -1, 3])
@pytest.mark.parametrize("b", range(LISTS))
def test_a_sample_must_be_right_to_the_unit(
    b: int, level: int, parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PITFALLS: compared up to one unit, all lists could drift together. Who is right is not hurt: it is opened."""
    match_in_order(monkeypatch)
    give_other_bits(monkeypatch, CHEATER, levels({(b, KEPT): level}))
    ended = MaskWorld(parties, seed).make(BITS, KEPT)
    assert_caught(ended, MaskCheckFailed, "masks.sample", cheater=CHEATER, blamed=CHEATER, everyone_sees=True)


def test_a_list_that_is_off_as_a_whole_is_found_by_its_samples(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = levels({})
    everywhere[0] = 1
    give_other_bits(monkeypatch, CHEATER, everywhere)
    assert_blamed(MaskWorld(2, seed).make(BITS, KEPT), "masks.sample")


# -- openings ---------------------------------------------------------------------------------------------------------


def openings(receiver: int | None = None) -> list[Tampering]:
    return [
        add_to_element("masks.sample", CHEATER, M61, index="last", receiver=receiver),
        add_to_element("masks.sum", CHEATER, M61, index="first", receiver=receiver),
        flip_bytes("masks.sample_bits", CHEATER, ["first"], receiver=receiver),
    ]


@PARTIES
@pytest.mark.parametrize("which", range(3))
def test_a_falsified_opening_fails_its_check_and_nobody_is_blamed_for_a_mask(
    which: int, parties: int, seed: bytes
) -> None:
    """The first sampled bit is one of party 0: without the check before, it would be blamed for what party 1 does.

    And no proof leaves: that of a false sum would tell carries.
    """
    cheat = openings()[which]
    ended = MaskWorld(parties, seed).make(BITS, KEPT, cheat)
    cheat.assert_fired()
    error, step = (MacCheckFailed, "mac_check.sigma.open") if parties == 2 else (BroadcastMismatch, "broadcast.echo")
    assert_caught(ended, error, step, cheater=CHEATER, everyone_sees=True, blamed=None)
    assert not rounds_of(ended.trace, "masks.proof")


@pytest.mark.parametrize("which", range(3))
def test_an_equivocated_opening_is_found_by_the_echo(which: int, seed: bytes) -> None:
    cheat = openings(receiver=2)[which]
    ended = MaskWorld(3, seed).make(BITS, KEPT, cheat)
    cheat.assert_fired()
    assert_caught(ended, BroadcastMismatch, "broadcast.echo", cheater=CHEATER, everyone_sees=True, blamed=None)


def test_the_seed_of_the_matching_cannot_be_changed_after_the_others_are_known(seed: bytes) -> None:
    cheat = flip_bytes("masks.match.coins.open", CHEATER, ["last"])
    ended = MaskWorld(2, seed).make(BITS, KEPT, cheat)
    assert ended.outcomes[0].error is not None
    assert not ended.sessions[0].domains.alive


# -- proofs -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["first", 7, 8, "last"])
def test_a_false_proof_is_refused(place: int | str, seed: bytes) -> None:
    ended = MaskWorld(2, seed).make(BITS, KEPT, flip_bytes("masks.proof", CHEATER, [place]))
    assert_blamed(ended, "masks.proof")


def test_a_proof_of_nothing_is_refused(seed: bytes) -> None:
    ended = MaskWorld(2, seed).make(BITS, KEPT, replace_payload("masks.proof", CHEATER, lambda sent: bytes(len(sent))))
    assert_blamed(ended, "masks.proof")


@pytest.mark.parametrize("victim", [0, 2])
def test_a_lie_towards_one_verifier_ends_the_session_of_all(victim: int, seed: bytes) -> None:
    ended = MaskWorld(3, seed).make(BITS, KEPT, equivocate("masks.proof", CHEATER, victim))
    error = ended.outcomes[victim].error
    assert isinstance(error, MaskCheckFailed)
    assert error.blamed == CHEATER
    assert not ended.sessions[victim].domains.alive


def test_a_proof_for_one_verifier_is_none_for_another(seed: bytes) -> None:
    seen: list[bytes] = []

    def swap(messages: list[Any]) -> list[Any]:
        own = {m.receiver: m for m in messages if m.step == "masks.proof" and m.sender == CHEATER}
        if own:
            seen.extend(bytes(m.payload) for m in own.values())
            own[0].payload, own[2].payload = own[2].payload, own[0].payload
        return messages

    ended = MaskWorld(3, seed).make(BITS, KEPT, swap)
    assert len(set(seen)) == 2
    assert_caught(ended, MaskCheckFailed, "masks.proof", cheater=CHEATER, everyone_sees=True, blamed=CHEATER)


# -- other bits towards one of two verifiers --------------------------------------------------------------------------


def choose_otherwise(monkeypatch: pytest.MonkeyPatch, place: int, victim: int) -> None:
    """The cheater's choice at this row is another one towards the victim than towards the others."""
    honest = NarrowBits.choose

    def choose(self: NarrowBits, peer: int, link: Any, choices: Bits) -> Bits:
        if self._session.party == CHEATER and peer == victim:
            choices = choices.copy()
            choices[place // 8] ^= 1 << place % 8
        return honest(self, peer, link, choices)

    monkeypatch.setattr(NarrowBits, "choose", choose)


@pytest.mark.parametrize("place", [0, 5, LISTS * BITS * 12 + 70])
def test_other_bits_towards_one_verifier_fail_the_word_check(
    place: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bit of a mask, or of what masks a proof. Nobody can say whose it is."""
    match_in_order(monkeypatch)
    choose_otherwise(monkeypatch, place, victim=2)
    ended = MaskWorld(3, seed).make(BITS, KEPT)
    assert_caught(ended, WordCheckFailed, "masks.word_check.sigma.open", cheater=CHEATER, everyone_sees=True)
    assert not rounds_of(ended.trace, "masks.proof")


def test_without_the_word_check_both_proofs_pass(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """An odd small element, with its lowest bit towards party 0 and without it towards party 2: d = 0 and d = 1."""

    honest, victim = module._message, 2

    def message(ctx: Context, made: Any, places: Any, totals: Any, coins: Any, peer: int) -> bytes:
        flip = ctx.party == CHEATER and peer == victim
        made.bits.own[0] ^= flip
        sent = honest(ctx, made, places, totals, coins, peer)
        made.bits.own[0] ^= flip
        return sent

    async def nothing(*_: object) -> None:
        pass

    match_in_order(monkeypatch)
    monkeypatch.setattr(module, "_message", message)
    give_other_bits(monkeypatch, CHEATER, levels({}), SMALL_ELEMENT)
    choose_otherwise(monkeypatch, 0, victim)
    monkeypatch.setattr(module, "_check_words", nothing)
    world = MaskWorld(3, seed)
    results = world.make(BITS, KEPT).results
    with pytest.raises(AssertionError, match="the words do not fit"):
        world.opened(results)


def test_small_lists_are_what_the_tests_say() -> None:
    assert module.lists(SMALL.masks, SMALL.statistical_bits or 0) == LISTS
    assert np.log2(KEPT) * (LISTS - 1) == SMALL.statistical_bits
