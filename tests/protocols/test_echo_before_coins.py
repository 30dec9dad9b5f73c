"""The list that a check covers is the same everywhere before its coins are tossed (PITFALLS 2 and 15)."""

from __future__ import annotations

import pytest

from spdz.field import M61
from spdz.protocols.output import output
from spdz.runtime.context import Context
from tests.support.dealer import IdealDealer
from tests.support.parties import make_sessions, rounds_of, run


@pytest.mark.parametrize("parties", [3, 4])
def test_the_echo_is_over_before_the_coins_of_the_check_are_tossed(parties: int, seed: bytes) -> None:
    """Otherwise somebody who has told different parties different things could still choose, knowing the coins."""
    sessions = make_sessions(parties, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2, 3])

    async def main(ctx: Context) -> None:
        for _ in range(2):
            await output(ctx, shares[ctx.party])

    ended = run(sessions, main)
    assert ended.results == [None] * parties
    for outcome in ended.outcomes:
        opened, echoed, tossed = (
            rounds_of(outcome.trace, step) for step in ("output.open", "broadcast.echo", "mac_check.coins.commit")
        )
        assert len(opened) == len(echoed) == len(tossed) == 2
        for first, second, third in zip(opened, echoed, tossed, strict=True):
            assert first < second < third
