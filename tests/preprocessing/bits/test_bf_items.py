"""Bits times field elements from OTs: right whoever is honest, found whoever is not, but for one guess of a bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.errors import AuthenticationFailed
from spdz.field import M5, M13, M61, M127, Field, FieldArray
from spdz.preprocessing.bits import bf_items
from spdz.preprocessing.bits.cot import WideBits
from spdz.preprocessing.ot.rows import USES, HashedRows
from spdz.runtime.context import Context
from spdz.sharing.bit_share import Bits
from spdz.sharing.shares import AuthShare
from tests.preprocessing.bits.chain_support import (
    CHECKED,
    SIZE,
    Choices,
    OpenedItems,
    change_payload,
    items,
    one_more,
)
from tests.preprocessing.bits.mask_support import MaskWorld
from tests.support.cheaters import with_added
from tests.support.costs import bytes_per_peer, check_bytes, toss_bytes
from tests.support.interference import add_to_element
from tests.support.parties import Run, assert_caught, rounds_of
from tests.support.vole import with_vole

PARTIES = pytest.mark.parametrize("parties", [2, 3, 4])
CHEATER = 1
USED = ["alpha", "w", "MAC of w", "second w", "MAC of second w"]
"""What an item of two factors is multiplied with, in the order in which it is hashed."""


def caught(ended: Run) -> None:
    assert_caught(ended, AuthenticationFailed, CHECKED, cheater=CHEATER, everyone_sees=True)


@PARTIES
@pytest.mark.parametrize("field", [M5, M13, M61, M127], ids=str)
def test_items_are_right(parties: int, field: Field, seed: bytes) -> None:
    world = MaskWorld(parties, seed, field)
    found = OpenedItems(world, world.run(items(2)).results)
    total = np.zeros(SIZE, np.uint8)
    for bits, w, product in zip(found.bits, found.w, found.product, strict=True):
        assert 30 < bits.sum() < 98
        assert product.equals(w * field.array(bits))
        total ^= bits
    np.testing.assert_array_equal(found.total, total)


def test_factors_have_nothing_in_common(seed: bytes) -> None:
    """Neither those of several owners, nor those of one item: each w masks one opening."""
    world = MaskWorld(3, seed)
    found = OpenedItems(world, world.run(items(2)).results)
    numbers = [number for w in found.w for number in w.ravel().to_ints()]
    assert len(set(numbers)) == len(numbers) == 3 * 2 * SIZE


def test_items_by_voles(seed: bytes) -> None:
    world = MaskWorld(3, seed)
    world.links = with_vole(world.links)
    found = OpenedItems(world, world.run(items(1)).results)
    for bits, w, product in zip(found.bits, found.w, found.product, strict=True):
        assert product.equals(w * M61.array(bits))


# -- payloads ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("guess", [0, 1])
@pytest.mark.parametrize("use", range(len(USED)), ids=USED)
def test_a_wrong_element_is_found_where_the_bit_is_one(
    use: int, guess: int, parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a sender may guess a bit at even odds. Where it is zero all is right; the test knows which it is."""
    chosen = Choices(monkeypatch, 0)
    fired = change_payload(monkeypatch, CHEATER, 0, one_more(use, lambda: chosen.place_of(guess)))
    world = MaskWorld(parties, seed)
    ended = world.run(items(2))
    assert fired
    if guess:
        caught(ended)
        return
    found = OpenedItems(world, ended.results)
    assert found.product[0].equals(found.w[0] * M61.array(found.bits[0]))


@pytest.mark.parametrize("known", [True, False], ids=["key known", "key unknown"])
def test_value_and_mac_may_be_off_together_by_who_knows_the_key(
    known: bool, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of the bound 1/p: (e, alpha e) passes for either bit, and then the product is wrong."""
    world, chosen = MaskWorld(2, seed), Choices(monkeypatch, 0)
    alpha = int(world.sessions[0].key.share.to_ints()) + int(world.sessions[1].key.share.to_ints())
    error = 7

    def change(sent: FieldArray) -> FieldArray:
        place = chosen.place_of(1)
        return one_more(2, place, error * (alpha + (not known)))(one_more(1, place, error)(sent))

    change_payload(monkeypatch, CHEATER, 0, change)
    ended = world.run(items(1))
    if not known:
        caught(ended)
        return
    found = OpenedItems(world, ended.results)
    assert not found.product[0].equals(found.w[0] * M61.array(found.bits[0]))


@pytest.mark.parametrize("place", ["first", "middle", "last"])
@pytest.mark.parametrize("receiver", [0, 2])
def test_payloads_changed_on_the_way(place: str, receiver: int, seed: bytes) -> None:
    """Elements of all items, of one use: some bit is one."""
    index = {"first": range(SIZE), "middle": range(SIZE, 2 * SIZE), "last": range(2 * SIZE, 3 * SIZE)}[place]
    cheat = add_to_element("bits.field_payload", CHEATER, M61, index=index, receiver=receiver)
    ended = MaskWorld(3, seed).run(items(1), cheat)
    cheat.assert_fired()
    caught(ended)


@pytest.mark.parametrize("parties", [2, 3])
def test_another_w_in_the_payload_than_has_entered(parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = bf_items._factors

    def cheating(alpha: FieldArray, w: AuthShare) -> list[FieldArray]:
        alpha, value, mac = honest(alpha, w)
        return [alpha, value + 1, mac]

    factors = {party: cheating if party == CHEATER else honest for party in range(parties)}
    multiply = bf_items._multiply

    async def of_party(ctx: Context, wide: WideBits, w: list[AuthShare]) -> list[FieldArray]:
        monkeypatch.setattr(bf_items, "_factors", factors[ctx.party])
        return await multiply(ctx, wide, w)

    monkeypatch.setattr(bf_items, "_multiply", of_party)
    caught(MaskWorld(parties, seed).run(items(1)))


# -- owners -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parties", [2, 3])
def test_an_owner_that_shares_another_bit_than_it_chose(
    parties: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = bf_items._bits_of

    def cheating(ctx: Context, wide: WideBits, owner: int, macs: FieldArray) -> AuthShare:
        share = honest(ctx, wide, owner, macs)
        if ctx.party == owner == CHEATER:
            share = AuthShare(with_added(share.value, 17, 1), with_added(share.mac, 17, 0) + 0)
            share.mac[17] = share.mac[17] + ctx.session.key.share
        return share

    monkeypatch.setattr(bf_items, "_bits_of", cheating)
    caught(MaskWorld(parties, seed).run(items(1)))


@pytest.mark.parametrize("victim", [0, 2])
def test_an_owner_that_chooses_another_bit_towards_one_of_two(
    victim: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """These words have no check of their own: the MAC of x is wrong."""
    choose = WideBits.choose

    def other(bits: WideBits, peer: int, link: Any, chosen: Bits) -> Bits:
        if bits._session.party == CHEATER and peer == victim:
            chosen = chosen.copy()
            chosen[5] ^= 1
        return choose(bits, peer, link, chosen)

    monkeypatch.setattr(WideBits, "choose", other)
    caught(MaskWorld(3, seed).run(items(1)))


def test_an_owner_that_computes_with_another_bit_than_it_chose(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = bf_items._take

    def cheating(ctx: Context, wide: WideBits, *rest: Any) -> None:
        rows = wide.received[rest[0]]
        if ctx.party == CHEATER:
            rows.choices[0] ^= 1
        honest(ctx, wide, *rest)
        if ctx.party == CHEATER:
            rows.choices[0] ^= 1

    monkeypatch.setattr(bf_items, "_take", cheating)
    caught(MaskWorld(2, seed).run(items(1)))


# -- order, cost, tweaks ----------------------------------------------------------------------------------------------


@PARTIES
def test_coefficients_are_tossed_after_everything(parties: int, seed: bytes) -> None:
    trace = MaskWorld(parties, seed).run(items(1)).trace
    (coins,) = rounds_of(trace, "authenticate.coins.commit")
    for step in ("bits.columns", "bits.digests", "copee.corrections", "bits.field_payload"):
        assert max(rounds_of(trace, step)) < coins


@pytest.mark.parametrize("factors", [1, 3])
@PARTIES
def test_costs(factors: int, parties: int, seed: bytes) -> None:
    found = bytes_per_peer(MaskWorld(parties, seed).run(items(factors)))
    expected = {
        "bits.columns": 192 * (SIZE + 128) // 4 // 8,
        **toss_bytes("bits.check", parties),
        "bits.digests": 193 * 16,
        "copee.corrections": (parties * factors * SIZE + 1) * 61 * 8,
        "bits.field_payload": (1 + 2 * factors) * SIZE * 8,
        **toss_bytes("authenticate", parties),
        "authenticate.combination": 8,
        **check_bytes("authenticate.check", parties, 8),
    }
    assert found == expected


def test_no_tweak_is_used_twice(seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every factor of every row has one of its own, towards every peer, and no other row has it."""
    seen: dict[tuple[int, int], list[int]] = {}
    original = HashedRows.index_of

    def watching(rows: HashedRows, start: int, use: int = 0) -> int:
        index = original(rows, start, use)
        seen.setdefault((id(rows), start), []).append(index)
        return index

    monkeypatch.setattr(HashedRows, "index_of", watching)
    MaskWorld(2, seed).run(items(2))
    assert len(seen) == 4
    for indices in seen.values():
        assert len(indices) == len(set(indices)) == len(USED) < USES
