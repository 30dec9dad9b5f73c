"""Partial opening: the shares are added up in public, and the MAC is checked later.

Source:    [DPSZ12], "partial opening".
Deviation: everyone sends to everyone (one round, n - 1 messages each) instead of by way of one party (two rounds).
Domains:   shares of every sharing domain of the session are opened by the same functions; the share says which it is.
Unchecked: opened values may be wrong, and for three parties and more differ between parties, until `check_openings`.
           Only values that are masked, or that a check has already covered, may be opened; users reach `output` only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spdz.field import FieldArray
from spdz.protocols.broadcast import broadcast
from spdz.runtime.context import Context
from spdz.sharing.domain import Share, SharingDomain, ValuesT
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Step


async def partial_open(ctx: Context, step: Step, share: Share[ValuesT]) -> ValuesT:
    """Open `share` without checking it; the MAC share is logged in `ctx.unverified`.

    Shapes:    any; returns the same shape.
    Rounds:    1.  Sends: one element per entry to each peer.
    Unchecked: everything, until `check_openings` of the same scope.
    """
    domain = ctx.session.domains.of(share)
    total = await _sum_of_shares(ctx, step, domain, share.value)
    ctx.unverified.record_opening(domain.name, domain.opening(ctx.last_path, total, share))
    return total


async def open_masked(ctx: Context, step: Step, *pairs: tuple[Share[ValuesT], Share[ValuesT]]) -> list[ValuesT]:
    """Open x - a for every pair (x, a) of equal shape, in one message, as `partial_open` of all differences would.

    The MAC shares of x and of a are logged as they are; the check subtracts them while it reads them.

    Shapes:    any, all of one domain; returns the same shapes.
    Rounds:    1.  Sends: one element per entry of every x to each peer.
    Unchecked: everything, until `check_openings` of the same scope.
    """
    domain = ctx.session.domains.of(pairs[0][0])
    total = await _sum_of_shares(ctx, step, domain, domain.differences(*pairs))
    ctx.unverified.record_opening(domain.name, domain.opening(ctx.last_path, total, *pairs))
    opened: list[ValuesT] = []
    start = 0
    for x, _ in pairs:
        opened.append(total[start : start + x.size].reshape(x.shape))
        start += x.size
    return opened


async def open_apart(ctx: Context, step: Step, own: FieldArray, macs: Mapping[int, FieldArray]) -> list[FieldArray]:
    """Every party opens an array of its own, whose value it holds alone; returned by party.

    Such a value is shared among all parties with zero as the share of everybody else, who have nothing to send.

    Shapes:    own: the same shape everywhere; macs: by owner, this party's MAC shares of what the owner opens.
    Rounds:    1.  Sends: one element per entry to each peer.
    Unchecked: everything, until `check_openings` of the same scope.
    """
    domain = ctx.session.field_domain
    opened: list[FieldArray] = await broadcast(ctx, step, domain.codec(own), own)
    for owner, value in enumerate(opened):
        logged = domain.opening(f"{ctx.last_path}.{owner:06d}", value, AuthShare(value, macs[owner]))
        ctx.unverified.record_opening(domain.name, logged)
    return opened


def claim_zero(ctx: Context, share: Share[ValuesT]) -> None:
    """Claim that a shared array is zero, as if it had been opened and everybody had seen zero.

    Nothing is sent: the MAC check of the claim fails if any entry is something else.

    Shapes:    any.
    Rounds:    0.
    Unchecked: everything, until `check_openings` of the same scope.
    """
    domain = ctx.session.domains.of(share)
    claim = domain.opening(f"{ctx.last_path}.zero", domain.zeros(share.shape), share)
    ctx.unverified.record_opening(domain.name, claim)


async def _sum_of_shares(ctx: Context, step: Step, domain: SharingDomain[Any, ValuesT, Any], own: ValuesT) -> ValuesT:
    shares: list[ValuesT] = await broadcast(ctx, step, domain.codec(own), own)
    # What was received belongs to this party; its own share may still be on its way out and is not written to.
    total, *others = [shares[party] for party in (*ctx.peers, ctx.party)]
    for other in others:
        domain.add_into(total, other)
    return total
