"""The MAC check combines big openings run by run; an error in any run is found, and runs do not share coins."""

from __future__ import annotations

import itertools

import pytest

from spdz.errors import MacCheckFailed
from spdz.field import M5, M61, FieldArray
from spdz.protocols.coin_toss import Coins
from spdz.protocols.mac_check import check_openings
from spdz.protocols.opening import open_masked, partial_open
from spdz.protocols.output import OUTPUT
from spdz.runtime.context import Context
from spdz.sharing import field_domain
from spdz.sharing.field_domain import Opening, combine
from spdz.sharing.shares import AuthShare
from tests.support.cheaters import with_added
from tests.support.dealer import IdealDealer
from tests.support.parties import Run, assert_caught, make_sessions, run

SIZES = (1, 2, 8, 3, 1, 9, 8, 1)
"""Sizes of openings around a limit of 8 elements: runs of several small ones, of one big one, and a small rest."""

PLACES = [(number, index) for number, size in enumerate(SIZES) for index in {0, size - 1}]
CHEATER = 1


@pytest.fixture(autouse=True)
def short_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field_domain, "RUN_ELEMENTS", 8)


def check(seed: bytes, errors: dict[tuple[int, int], int]) -> Run:
    """Open everything and check it; the cheater adds `errors[number, index]` to its shares."""
    sessions = make_sessions(2, M61, seed)
    dealer = IdealDealer(sessions, seed)
    dealt = [dealer.share(range(size)) for size in SIZES]

    async def main(ctx: Context) -> None:
        for number, shares in enumerate(dealt):
            share = shares[ctx.party]
            for (place, index), delta in errors.items():
                if ctx.party == CHEATER and place == number:
                    share = AuthShare(with_added(share.value, index, delta), share.mac)
            await partial_open(ctx, OUTPUT, share)
        await check_openings(ctx)

    return run(sessions, main)


def test_honest_openings_pass(seed: bytes) -> None:
    assert check(seed, {}).results == [None, None]


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_an_error_in_any_run_is_found(place: tuple[int, int], seed: bytes) -> None:
    ended = check(seed, {place: 1})
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER)


def test_errors_in_two_places_do_not_cancel(seed: bytes) -> None:
    for one, other in itertools.combinations(PLACES, 2):
        ended = check(seed, {one: 1, other: -1})
        assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER)


def check_masked(seed: bytes, errors: dict[tuple[int, int], int], scope: str = "value") -> Run:
    """Open x - a for pairs of all sizes in one message and check it; `errors` go to the cheater's shares of the x."""
    sessions = make_sessions(2, M61, seed)
    dealer = IdealDealer(sessions, seed)
    dealt = [(dealer.share(range(size)), dealer.share(range(3, 3 + size))) for size in SIZES]

    async def main(ctx: Context) -> list[list[int]]:
        pairs = [(x[ctx.party], a[ctx.party]) for x, a in dealt]
        if ctx.party == CHEATER:
            for (number, index), delta in errors.items():
                x, a = pairs[number]
                arrays = {"value": x.value, "mac": x.mac}
                arrays[scope] = with_added(arrays[scope], index, delta)
                pairs[number] = AuthShare(**arrays), a
        await partial_open(ctx, OUTPUT, dealt[1][0][ctx.party])
        opened = await open_masked(ctx, OUTPUT, *pairs)
        await check_openings(ctx)
        return [array.to_signed().tolist() for array in opened]

    return run(sessions, main)


def test_honest_masked_openings_pass(seed: bytes) -> None:
    assert check_masked(seed, {}).results == [[[-3] * size for size in SIZES]] * 2


@pytest.mark.parametrize("scope", ["value", "mac"])
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_an_error_in_any_piece_of_a_masked_opening_is_found(place: tuple[int, int], scope: str, seed: bytes) -> None:
    ended = check_masked(seed, {place: 1}, scope)
    assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER)


def test_errors_in_two_pieces_do_not_cancel(seed: bytes) -> None:
    for one, other in itertools.combinations(PLACES, 2):
        ended = check_masked(seed, {one: 1, other: -1})
        assert_caught(ended, MacCheckFailed, "mac_check.sigma.open", cheater=CHEATER)


@pytest.mark.parametrize("size", SIZES)
def test_the_coins_do_not_depend_on_how_the_openings_are_cut(
    size: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a toy field, where words are rejected, the pieces of the stream are the elements that docs/wire names."""
    [session, _] = make_sessions(2, M5, seed)
    ctx = Context(session)
    coins = Coins(ctx, bytes(32))
    value, mac = (ctx.random(100) for _ in range(2))
    first = Opening.of("a", value[:70], (mac[:30], value[:30]), mac[30:70])
    second = Opening.of("b", value[70:], mac[70:])
    chi = coins.elements("chi", (100,))
    chi[0] = 1
    macs = FieldArray.concatenate([mac[:30] - value[:30], mac[30:]])
    monkeypatch.setattr(field_domain, "RUN_ELEMENTS", size)
    opened, combined = combine(M5, [first, second], coins.stream("chi"))
    assert opened.equals(chi.dot(value))
    assert combined.equals(chi.dot(macs))
