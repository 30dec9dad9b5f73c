"""Partial opening: the shares are added up in public, and the MAC is checked later.

Source:    [DPSZ12], "partial opening".
Deviation: everyone sends to everyone (one round, n - 1 messages each) instead of by way of one party (two rounds).
Unchecked: opened values may be wrong, and for three parties and more differ between parties, until `check_openings`.
           Only values that are masked, or that a check has already covered, may be opened; users reach `output` only.
"""

from __future__ import annotations

from spdz.field import FieldArray
from spdz.field.fused import beaver
from spdz.protocols.broadcast import broadcast
from spdz.runtime.context import Context
from spdz.sharing.shares import AuthShare
from spdz.wire.codec import Elements
from spdz.wire.steps import Step


async def partial_open(ctx: Context, step: Step, share: AuthShare) -> FieldArray:
    """Open `share` without checking it; the MAC share is logged in `ctx.unverified`.

    Shapes:    any; returns the same shape.
    Rounds:    1.  Sends: one element per entry to each peer.
    Unchecked: everything, until `check_openings` of the same scope.
    """
    total = await _sum_of_shares(ctx, step, share.value)
    ctx.unverified.record_opening(ctx.last_path, total, share.mac)
    return total


async def open_masked(ctx: Context, step: Step, *pairs: tuple[AuthShare, AuthShare]) -> list[FieldArray]:
    """Open x - a for every pair (x, a) of equal shape, in one message, as `partial_open` of all differences would.

    The MAC shares of x and of a are logged as they are; the check subtracts them while it reads them.

    Shapes:    any; returns the same shapes.
    Rounds:    1.  Sends: one element per entry of every x to each peer.
    Unchecked: everything, until `check_openings` of the same scope.
    """
    total = await _sum_of_shares(ctx, step, beaver.differences(ctx.field, *((x.value, a.value) for x, a in pairs)))
    ctx.unverified.record_opening(ctx.last_path, total, *((x.mac, a.mac) for x, a in pairs))
    opened: list[FieldArray] = []
    start = 0
    for x, _ in pairs:
        opened.append(total[start : start + x.size].reshape(*x.shape))
        start += x.size
    return opened


async def _sum_of_shares(ctx: Context, step: Step, own: FieldArray) -> FieldArray:
    shares: list[FieldArray] = await broadcast(ctx, step, Elements(ctx.field, own.shape), own)
    # What was received belongs to this party; its own share may still be on its way out and is not written to.
    total, *others = [shares[party] for party in (*ctx.peers, ctx.party)]
    for other in others:
        beaver.add_into(ctx.field, total, other)
    return total
