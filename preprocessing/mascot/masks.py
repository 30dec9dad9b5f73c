"""Input masks and random shares: values that are authenticated and need no sacrifice.

Source:    [KOS16], figure 4 (Input) for masks; section 5 for random shares.
Symbols:   r the mask of an owner; r = sum r_i, where the r_i of the others come from PRG streams shared with the owner.
The MAC is made on the whole r, which the owner alone inputs to COPEe; the additive shares are as in [KOS16] figure 4,
step 1, so that opening a sum of several parties' inputs does not reveal the single ones.
"""

from __future__ import annotations

from spdz.field import FieldArray
from spdz.preprocessing.mascot.authenticate import authenticate
from spdz.preprocessing.mascot.links import Link
from spdz.runtime.context import Context
from spdz.sharing.material import RANDOM_SHARES, Batch, input_masks
from spdz.sharing.shares import AuthShare


async def make_input_masks(ctx: Context, links: dict[int, Link], owner: int, count: int) -> Batch:
    """`count` masks that `owner` knows.

    Rounds:    8, and 1 more for the echo for three parties and more.
               Sends: at the owner as `authenticate`, to each peer, and the check.
    Raises:    AuthenticationFailed, BroadcastMismatch, CommitmentMismatch.
    """
    mine = ctx.party == owner
    clear = ctx.random(count) if mine else None
    macs = await authenticate(ctx.child("authenticate"), links, count, (owner,), clear)
    value = additive(ctx, links, owner, clear, count)
    return Batch(input_masks(owner), (AuthShare(value, macs),), clear)


def additive(ctx: Context, links: dict[int, Link], owner: int, clear: FieldArray | None, count: int) -> FieldArray:
    """This party's summand of `count` values that the owner knows and the others draw from its streams."""
    if clear is None:
        return ctx.field.sample(links[owner].shares_from.fill, (count,))
    value = clear
    for peer in ctx.peers:
        value = value - ctx.field.sample(links[peer].shares_to.fill, (count,))
    return value


async def make_random_shares(ctx: Context, links: dict[int, Link], count: int) -> Batch:
    """`count` uniform values that nobody knows. Cost as `make_input_masks`, for every party."""
    value = ctx.random(count)
    macs = await authenticate(ctx.child("authenticate"), links, count, tuple(range(ctx.parties)), value)
    return Batch(RANDOM_SHARES, (AuthShare(value, macs),))
