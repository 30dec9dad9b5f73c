"""daBits and mux triples from OTs: one bit in both domains, whoever cheats; nobody knows it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.errors import AuthenticationFailed, BroadcastMismatch, MacCheckFailed, UsageError
from spdz.field import M5, M61, M127, Field, FieldArray
from spdz.preprocessing.bits import bf_items, chains
from spdz.preprocessing.bits.bf_items import Items, make_items
from spdz.preprocessing.bits.buckets import layers
from spdz.preprocessing.bits.cot import extend_wide
from spdz.preprocessing.bits.links import BitPlan
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.protocols.coin_toss import Coins
from spdz.runtime.context import Context
from spdz.sharing.bit_share import Bits
from spdz.sharing.material import DABITS, Batch, mux_triples
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Step
from tests.preprocessing.bits.chain_support import (
    CHECKED,
    LAYERS,
    SIZE,
    Choices,
    OpenedItems,
    change_payload,
    dabits,
    muxes,
    one_more,
    shift_by,
)
from tests.preprocessing.bits.mask_support import SMALL, MaskWorld
from tests.support.cheaters import with_added
from tests.support.dealer import mac_key_of, reconstruct
from tests.support.interference import add_to_element, equivocate
from tests.support.parties import Run, assert_caught, rounds_of
from tests.support.statistics import assert_uniform
from tests.support.vole import with_vole

PARTIES = pytest.mark.parametrize("parties", [2, 3, 4])


FIELDS = pytest.mark.parametrize("field", [M5, M61, M127], ids=str)
CHEATER, COUNT = 1, 100


def copied(shares: list[AuthShare]) -> list[AuthShare]:
    return [AuthShare(share.value.copy(), share.mac.copy()) for share in shares]


def opened(world: MaskWorld, batches: list[Batch]) -> list[Any]:
    """beta as bits; and as elements, v and beta v, as many as there are. Words and MACs must fit."""
    bit, *elements = zip(*(batch.shares for batch in batches), strict=True)
    alpha = mac_key_of(world.sessions)
    return [world.dealer.reconstruct(bit), *(reconstruct(alpha, shares) for shares in elements)]


def assert_dabits(world: MaskWorld, ended: Run) -> Bits:
    bits, beta = opened(world, ended.results)
    assert beta.equals(world.sessions[0].field.array(bits))
    found: Bits = bits
    return found


def assert_muxes(world: MaskWorld, ended: Run) -> FieldArray:
    field = world.sessions[0].field
    bits, beta, v, product = opened(world, ended.results)
    assert beta.equals(field.array(bits))
    assert product.equals(v * field.array(bits).reshape(-1, 1))
    found: FieldArray = v
    return found


@FIELDS
@PARTIES
def test_dabits_are_the_same_bit_in_both_domains(parties: int, field: Field, seed: bytes) -> None:
    world = MaskWorld(parties, seed, field)
    ended = world.run(dabits(COUNT))
    assert {batch.kind for batch in ended.results} == {DABITS}
    bits = assert_dabits(world, ended)
    assert bits.shape == (COUNT,)
    assert 25 < bits.sum() < 75


@pytest.mark.parametrize("width", [1, 3])
@FIELDS
@PARTIES
def test_switches_are_right(parties: int, field: Field, width: int, seed: bytes) -> None:
    world = MaskWorld(parties, seed, field)
    v = assert_muxes(world, world.run(muxes(COUNT, width)))
    assert v.shape == (COUNT, width)
    if field.bits > 60:
        assert len(set(v.ravel().to_ints())) == COUNT * width


def test_by_voles(seed: bytes) -> None:
    world = MaskWorld(3, seed)
    world.links = with_vole(world.links)
    assert_dabits(world, world.run(dabits(COUNT)))


def test_more_than_the_least_of_a_batch(seed: bytes) -> None:
    """N is that of the batch, in whole units of the OT extension."""
    world = MaskWorld(2, seed)
    trace = world.run(dabits(SIZE + 1)).trace
    assert trace.steps["chain.opening"].bytes_sent == 8 * 2 * SIZE * (2 * LAYERS - 1)


def test_the_plan_decides_about_layers(seed: bytes) -> None:
    plan = BitPlan(candidates=SIZE, masks=8, samples=4, statistical_bits=13)
    assert layers(SIZE, SMALL.statistical_bits or 0) == LAYERS
    assert layers(SIZE, 13) == LAYERS + 1
    world = MaskWorld(2, seed, plan=plan)
    ended = world.run(dabits(COUNT))
    assert_dabits(world, ended)
    assert len(rounds_of(ended.trace, "chain.shift.coins.open")) == LAYERS


def test_a_switch_of_more_elements_than_a_row_has_tweaks_for_is_refused_beforehand() -> None:
    """Regression: it ended within a payload, as an error of the package's own."""
    source = MascotPreprocessing()
    assert source.supports(mux_triples(126))
    assert not source.supports(mux_triples(127))
    with pytest.raises(UsageError, match="does not make mux triples 127"):
        source._maker(mux_triples(127))


def test_as_many_elements_as_a_row_has_tweaks_for(seed: bytes) -> None:
    world = MaskWorld(2, seed, M5)
    assert_muxes(world, world.run(muxes(3, 126)))


# -- who joins what ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [0, 1, 77, SIZE - 1])
@pytest.mark.parametrize("parties", [2, 3])
def test_a_chain_is_the_xor_of_its_items_for_any_shift(
    shift: int, parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[list[Items]] = [[] for _ in range(parties)]

    async def recording(ctx: Context, *rest: Any) -> Items:
        made = await make_items(ctx, *rest)
        kept[ctx.party].append(Items(made.words.copy(), *map(copied, (made.x, made.w, made.product))))
        return made

    monkeypatch.setattr(chains, "make_items", recording)
    shift_by(monkeypatch, shift)
    world = MaskWorld(parties, seed)
    bits = assert_dabits(world, world.run(dabits(SIZE)))
    first, second = (OpenedItems(world, layer).total for layer in zip(*kept, strict=True))
    np.testing.assert_array_equal(bits, first ^ np.roll(second, -shift))


def test_items_that_have_joined_are_overwritten(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Items] = []

    async def recording(*arguments: Any) -> Items:
        kept.append(await make_items(*arguments))
        return kept[-1]

    monkeypatch.setattr(chains, "make_items", recording)
    world = MaskWorld(2, seed)
    assert_muxes(world, world.run(muxes(COUNT, 2)))
    assert len(kept) == 2 * LAYERS
    for made in kept:
        assert not made.words.any()
        for share in (*made.x, *made.w, *made.product):
            assert share.value.is_zero().all()
            assert share.mac.is_zero().all()


def test_every_layer_has_a_shift_of_its_own_and_the_first_has_none(
    seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = BitPlan(candidates=SIZE, masks=8, samples=4, statistical_bits=30)
    coins, original = list[bytes](), chains.toss

    async def watching(ctx: Context, steps: Any, *, after: object) -> Coins:
        assert isinstance(after, Items)
        tossed = await original(ctx, steps, after=after)
        if ctx.party == 0:
            coins.append(tossed.key("shift"))
        return tossed

    monkeypatch.setattr(chains, "toss", watching)
    world = MaskWorld(2, seed, plan=plan)
    assert_dabits(world, world.run(dabits(COUNT)))
    assert len(coins) == len(set(coins)) == layers(SIZE, 30) - 1 == 4


@PARTIES
def test_a_layer_is_complete_and_checked_before_its_shift_is_tossed(parties: int, seed: bytes) -> None:
    """And the shift before anything of the layer is opened; all openings before the check."""
    trace = MaskWorld(parties, seed).run(muxes(COUNT, 2)).trace
    steps = ("bits.columns", "bits.digests", "bits.field_payload", CHECKED)
    per_layer = {step: rounds_of(trace, step)[-LAYERS:] for step in steps}
    openings = rounds_of(trace, "chain.opening")
    assert len(openings) == parties * LAYERS
    (shift,) = rounds_of(trace, "chain.shift.coins.commit")
    (opened_shift,) = rounds_of(trace, "chain.shift.coins.open")
    for layer in range(LAYERS):
        order = [per_layer[step][layer] for step in steps]
        assert order == sorted(set(order))
    assert max(per_layer[CHECKED]) < shift < opened_shift < openings[parties]
    assert max(openings[:parties]) < per_layer["bits.columns"][1]
    (check,) = rounds_of(trace, "mac_check.coins.commit")
    assert check > max(openings)


# -- cheats -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layer", range(LAYERS))
@pytest.mark.parametrize("use", range(5))
def test_a_wrong_guess_ends_the_session(layer: int, use: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, turn = Choices(monkeypatch, 0), list[int]()

    def change(sent: FieldArray) -> FieldArray:
        turn.append(len(turn))
        return one_more(use, chosen.place_of(1))(sent) if turn[-1] == layer else sent

    change_payload(monkeypatch, CHEATER, 0, change)
    ended = MaskWorld(2, seed).run(muxes(COUNT, 1))
    assert len(turn) >= layer + 1
    assert_caught(ended, AuthenticationFailed, CHECKED, cheater=CHEATER, everyone_sees=True)


@pytest.mark.parametrize("index", ["first", "middle", "last"])
@pytest.mark.parametrize("skip", range(4))
@pytest.mark.parametrize("parties", [2, 3])
def test_a_changed_opening(parties: int, skip: int, index: str, seed: bytes) -> None:
    cheat = add_to_element("chain.opening", CHEATER, M61, index=index, skip=skip)
    ended = MaskWorld(parties, seed).run(muxes(COUNT, 1), cheat)
    cheat.assert_fired()
    error, step = (MacCheckFailed, "mac_check.sigma.open") if parties == 2 else (BroadcastMismatch, "broadcast.echo")
    assert_caught(ended, error, step, cheater=CHEATER, everyone_sees=True, blamed=None)


@pytest.mark.parametrize("place", [0, SIZE - 1])
@PARTIES
def test_an_opening_that_the_cheater_stands_by(
    place: int, parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, fired = chains.partial_open, list[int]()

    async def cheating(ctx: Context, step: Step, share: Any) -> Any:
        if ctx.party == CHEATER and not fired:
            fired.append(place)
            share = type(share)(with_added(share.value, place, 3), share.mac)
        return await original(ctx, step, share)

    monkeypatch.setattr(chains, "partial_open", cheating)
    ended = MaskWorld(parties, seed).run(dabits(SIZE))
    assert fired
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER, everyone_sees=True, blamed=None)


@pytest.mark.parametrize("skip", range(3))
def test_two_peers_are_told_different_shares(skip: int, seed: bytes) -> None:
    cheat = equivocate("chain.opening", CHEATER, 2, skip=skip)
    ended = MaskWorld(3, seed).run(dabits(SIZE), cheat)
    cheat.assert_fired()
    assert_caught(ended, BroadcastMismatch, "broadcast.echo", cheater=CHEATER, everyone_sees=True, blamed=None)


# -- what is opened ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bit", [0, 1])
@pytest.mark.parametrize("parties", [2, 3])
def test_what_is_opened_is_uniform_whatever_the_bits_are(
    parties: int, bit: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All bits of all items are the same; V - w is uniform, for V of beta and of v, since each w is fresh."""
    number: list[int] = []
    original = chains.partial_open

    async def watching(ctx: Context, step: Step, share: Any) -> Any:
        found = await original(ctx, step, share)
        if ctx.party == 0:
            number.extend(found.ravel().to_ints())
        return found

    async def constant(ctx: Context, links: Any, wanted: Any, choosers: Any = None) -> Any:
        choices = np.full(wanted.rows // 8, 255 * bit, np.uint8)
        return await extend_wide(ctx, links, wanted._replace(choices=choices), choosers)

    monkeypatch.setattr(bf_items, "extend_wide", constant)
    monkeypatch.setattr(chains, "partial_open", watching)
    world = MaskWorld(parties, seed, M5)
    beta = assert_dabits(world, world.run(dabits(SIZE)))
    assert set(beta.tolist()) == {bit * parties * LAYERS % 2}
    assert len(number) == SIZE * (parties * LAYERS - 1)
    assert_uniform(number, M5.modulus)


def test_several_batches_have_nothing_in_common(seed: bytes) -> None:
    world = MaskWorld(2, seed)
    first, second = (assert_dabits(world, world.run(dabits(COUNT))) for _ in range(2))
    assert (first != second).any()
