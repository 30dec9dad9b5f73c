"""The auction: who wins and for how much, and who is refused."""

from __future__ import annotations

import pytest

import spdz
from spdz.examples import auction


def sold(inputs: list[list[int]], preprocessing: str = "dealer") -> auction.Sold:
    """What all parties say that everybody learns."""

    def program(mpc: spdz.Mpc) -> auction.Sold:
        return auction.auction(mpc, mpc.inputs)

    first, *others = spdz.run_local(program, len(inputs), "M61", preprocessing, inputs=inputs)
    assert all(other == first for other in others)
    return first


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ([[310, 275], [355], [340, 120, 90]], (1, 0, 340)),
        ([[1], [2]], (1, 0, 1)),
        ([[7, 9], []], (0, 1, 7)),
        ([[], [0, 0], [0]], (1, 0, 0)),
        ([[5], [5]], (0, 0, 5)),
        ([[2**31 - 1, 3], [2**31 - 2]], (0, 0, 2**31 - 2)),
    ],
)
def test_the_highest_wins_and_pays_the_second_highest(inputs: list[list[int]], expected: tuple[int, ...]) -> None:
    assert sold(inputs) == expected


def test_without_a_dealer() -> None:
    assert sold([[310, 275], [355]], "mascot") == (1, 0, 310)


def test_what_is_no_bid_is_refused() -> None:
    for bids, words in ((["many"], "whole number"), (["-3"], "below zero"), ([], "takes two bids")):
        with pytest.raises(spdz.UsageError, match=words):
            spdz.run_local(auction.main, 2, "M61", "dealer", inputs=[bids, bids])


def test_a_bid_that_is_too_high_is_refused_where_it_is_made() -> None:
    with pytest.raises(spdz.UsageError, match="one is outside"):
        sold([[2**31], [1]])
