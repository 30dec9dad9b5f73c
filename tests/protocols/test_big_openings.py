"""The MAC check combines big openings run by run; an error in any run is found, and runs do not share coins."""

from __future__ import annotations

import itertools

import pytest

from spdz.errors import MacCheckFailed
from spdz.field import M61
from spdz.protocols import mac_check
from spdz.protocols.mac_check import check_openings
from spdz.protocols.opening import partial_open
from spdz.protocols.output import OUTPUT
from spdz.runtime.context import Context
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
    monkeypatch.setattr(mac_check, "RUN_ELEMENTS", 8)


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
