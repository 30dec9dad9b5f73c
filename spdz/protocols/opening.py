"""Partial opening: the shares are added up in public, and the MAC is checked later.

Source:    [DPSZ12], "partial opening".
Deviation: everyone sends to everyone (one round, n - 1 messages each) instead of by way of one party (two rounds).
Unchecked: opened values may be wrong, and for three parties and more differ between parties, until `check_openings`.
           Only values that are masked, or that a check has already covered, may be opened; users reach `output` only.
"""

from __future__ import annotations

from spdz.field import FieldArray
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
    shares: list[FieldArray] = await broadcast(ctx, step, Elements(ctx.field, share.shape), share.value)
    total = shares[0]
    for other in shares[1:]:
        total = total + other
    ctx.unverified.record_opening(ctx.last_path, total, share.mac)
    return total
