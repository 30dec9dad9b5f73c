"""A sealed-bid auction of the second price, without an auctioneer.

Every party holds the bids of some bidders. All learn which bidder has won, and the second highest bid, which is what
the winner pays; nobody learns anything else about the bids of others, the highest one included. Of equal bids the first
wins.

    python -m spdz.examples.auction                         # three parties in one process
    spdz run auction.py --config net/party-0/parties.toml --party 0 -- 310 275       # this party's bids, and so on

Public:   how many bids each party has, the winner, the price.
Secret:   all bids. Their parties prove that they have 32 bits: what is larger could win, and have another price.
"""

from __future__ import annotations

from typing import NamedTuple

import spdz

BID = spdz.Int(32)


class Sold(NamedTuple):
    """What everybody learns."""

    party: int
    bidder: int
    """Of this party's bids, from 0."""
    price: int


def main(mpc: spdz.Mpc) -> str:
    """One party's program; arguments: its bids, whole numbers."""
    sold = auction(mpc, [_bid(text) for text in mpc.args or mpc.inputs])
    return f"sold to bidder {sold.bidder} of party {sold.party} for {sold.price}"


def auction(mpc: spdz.Mpc, bids: list[int]) -> Sold:
    """Sell to the highest of all parties' bids, for the second highest."""
    counts = [int(mpc.publish(len(bids), owner=owner)) for owner in range(mpc.parties)]
    if sum(counts) < 2:
        raise spdz.UsageError("an auction of the second price takes two bids")
    parts = [mpc.input(bids, owner=owner, shape=count, type=BID) for owner, count in enumerate(counts)]
    highest, places = mpc.concatenate(parts).top_k(2)
    winner, price = (int(value) for value in mpc.reveal(places[0], highest[1]))
    for party, count in enumerate(counts):
        if winner < count:
            return Sold(party, winner, price)
        winner -= count
    raise AssertionError("the winner is one of the bidders")


def _bid(value: str | int) -> int:
    try:
        bid = int(value)
    except ValueError:
        raise spdz.UsageError(f"a bid is a whole number, not {value!r}") from None
    if bid < 0:
        raise spdz.UsageError("a bid is not below zero")
    return bid


if __name__ == "__main__":
    print(spdz.run_local(main, parties=3, field="M61", inputs=[[310, 275], [355], [340, 120, 90]])[0])
