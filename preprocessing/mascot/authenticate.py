"""Authenticate: give MAC shares to values that the parties hold.

Realises:  the input command of F_[[.]], for values x = sum of x_i over the contributing parties.
Source:    [KOS16], figure 4 (protocol Pi_[[.]], Input), with COPEe of figure 2.
Symbols:   x_i this party's part, m_i = alpha_i x_i + sum over peers (t towards the peer + q from the peer),
           chi_h coins, y = sum chi_h x_h + x_mask.
Deviation: one combination over the sum of all contributors is opened instead of one for each. All corrupted
           contributors together are one virtual inputter, and the honest parts are constants of it, so the argument of
           the paper for one inputter applies to the sum; see docs/security/authentication.md.
Masking:   every contributor adds one random value with coefficient 1: the opened combination is uniform (PITFALLS 17).
Deviation: the opened shares are re-randomised by a sharing of zero (see `check_key_shares`).
Order:     the coins are tossed when all corrections have been received, by data flow.
Checked:   the opened combination is MAC-checked before this returns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from spdz.errors import AuthenticationFailed, BroadcastMismatch
from spdz.field import FieldArray
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.vole_extend import end, replenish
from spdz.preprocessing.vole.copee import COPEE_CORRECTIONS
from spdz.preprocessing.vole.ends import VOLE_CORRECTIONS
from spdz.protocols.coin_toss import declare_toss, toss
from spdz.protocols.mac_check import checked, declare_check
from spdz.protocols.opening import partial_open
from spdz.runtime.context import Context
from spdz.runtime.task import Task
from spdz.sharing.shares import AuthShare
from spdz.wire.codec import Elements
from spdz.wire.steps import Delivery, Payload, declare

AUTHENTICATE_COINS = declare_toss("authenticate", source="[KOS16] figure 4, input step 5")
AUTHENTICATE_CHECK = declare_check(
    "authenticate.check",
    failure=AuthenticationFailed,
    meaning="the values given to COPEe are inconsistent",
    source="[KOS16] figure 4, input step 7",
)
COMBINATION = declare(
    "authenticate.combination",
    payload=Payload.ELEMENTS,
    source="[KOS16] figure 4, input step 6",
    delivery=Delivery.BROADCAST,
    tampering=(AuthenticationFailed, BroadcastMismatch),
)


class Entered(NamedTuple):
    """What this party holds of values that have gone through COPEe or VOLEs and are not checked: the last is a mask."""

    share: AuthShare
    received: object
    """From whom corrections have come: what the coins of the check are tossed after. The messages are large."""


class Crossed(NamedTuple):
    """What COPEe or VOLEs make of values x of contributors and the key shares of the others: q + t = x alpha."""

    towards: dict[int, FieldArray]
    """t by key holder, of what this party has contributed."""
    of: dict[int, FieldArray]
    """q by contributor."""


async def authenticate(
    ctx: Context, links: dict[int, Link], count: int, contributors: tuple[int, ...], values: FieldArray | None
) -> FieldArray:
    """MAC shares of `count` values, each the sum of what the contributors hold.

    Shapes:    values: (count,), None at a party that does not contribute; returns (count,).
    Rounds:    8, and 1 more for the echo for three parties and more; with VOLEs also those of `replenish`.
               Sends: (count + 1) k elements to each peer if contributing, count + 1 with VOLEs; and the check.
    Raises:    AuthenticationFailed, BroadcastMismatch, CommitmentMismatch; with VOLEs OtConsistencyFailed.
    """
    entered = await enter(ctx, links, count, contributors, values)
    return await check_entered(ctx, links, entered)


async def enter(
    ctx: Context, links: dict[int, Link], count: int, contributors: tuple[int, ...], values: FieldArray | None
) -> Entered:
    """The first part of `authenticate`, which goes on with the streams and VOLEs of the links: the corrections."""
    own = ctx.field.zeros((count + 1,)) if values is None else FieldArray.concatenate([values, ctx.random(1)])
    crossed = await cross(ctx, links, contributors, own)
    macs = own * ctx.session.key.share
    for share in (*crossed.towards.values(), *crossed.of.values()):
        macs = macs + share
    return Entered(AuthShare(own, macs), tuple(crossed.of))


async def cross(ctx: Context, links: dict[int, Link], contributors: tuple[int, ...], own: FieldArray) -> Crossed:
    """The products of what contributors enter with the key shares of all others, unchecked.

    Shapes:    own: (count,) at every party, zeros if it does not contribute.
    One round, and with VOLEs those of `replenish`; count k elements to each peer if contributing, count with VOLEs.
    """
    through = _through_vole if _vole_is_due(links, own.size) else _through_copee
    return await through(ctx, links, contributors, own)


async def check_entered(ctx: Context, links: dict[int, Link], entered: Entered, turn: Task | None = None) -> FieldArray:
    """The second part of `authenticate`: the check, whose MAC check waits for `turn` to end. Returns the MAC shares."""
    await _check(ctx, links, entered.share, turn, after=entered.received)
    entered.share.value.wipe()
    return entered.share.mac[:-1]


async def check_all_entered(
    ctx: Context, links: dict[int, Link], parts: Sequence[Entered], turn: Task | None = None
) -> list[FieldArray]:
    """`check_entered` for several parts in one combination, in which all masks but the last are values like others."""
    values, macs = ([getattr(part.share, name) for part in parts] for name in ("value", "mac"))
    share = AuthShare(FieldArray.concatenate(values), FieldArray.concatenate(macs))
    await _check(ctx, links, share, turn, after=[part.received for part in parts])
    share.wipe()
    for part in parts:
        part.share.value.wipe()
    return [part.share.mac[:-1] for part in parts]


def _vole_is_due(links: dict[int, Link], count: int) -> bool:
    """Count what is authenticated, and tell whether it is so much by now that extending VOLEs is worth while.

    The count is the same at all parties, whoever contributes.
    """
    due = False
    for vole in (link.vole for link in links.values()):
        if vole is not None:
            vole.authenticated += count
            due = vole.authenticated > vole.plan.threshold
    return due


async def _through_copee(
    ctx: Context, links: dict[int, Link], contributors: tuple[int, ...], own: FieldArray
) -> Crossed:
    sends, crossed = dict[int, FieldArray](), Crossed({}, {})
    for peer in ctx.peers if ctx.party in contributors else ():
        sends[peer], crossed.towards[peer] = links[peer].inputter.extend(own)
    senders = [peer for peer in ctx.peers if peer in contributors]
    received = await ctx.swap(COPEE_CORRECTIONS, Elements(ctx.field, (ctx.field.bits, own.size)), sends, senders)
    for peer in senders:
        crossed.of[peer] = links[peer].key_holder.extend(received[peer])
    return crossed


async def _through_vole(
    ctx: Context, links: dict[int, Link], contributors: tuple[int, ...], own: FieldArray
) -> Crossed:
    """As `_through_copee`: d = x - u is sent; t = -v, q = w + d alpha."""
    await replenish(ctx.child("voles"), links, contributors, own.size)
    sends, crossed = dict[int, FieldArray](), Crossed({}, {})
    for peer in ctx.peers if ctx.party in contributors else ():
        u, v = end(links, ctx.party, (ctx.party, peer)).take(own.size)
        crossed.towards[peer] = -v
        sends[peer] = own - u
    senders = [peer for peer in ctx.peers if peer in contributors]
    received = await ctx.swap(VOLE_CORRECTIONS, Elements(ctx.field, own.shape), sends, senders)
    for peer in senders:
        (w,) = end(links, ctx.party, (peer, ctx.party)).take(own.size)
        crossed.of[peer] = w + received[peer] * ctx.session.key.share
    return crossed


async def check_key_shares(ctx: Context, links: dict[int, Link]) -> None:
    """For three parties and more, once after set-up: every party uses one key share towards all others.

    Every party contributes one random value, and only the sum is opened. Somebody whose key share towards j differs by
    e_j makes the MACs wrong by sum e_j y_j, of which it knows sum y_j only: it passes with probability 1/p unless all
    e_j are equal, and then they are one other key share (docs/security/authentication.md).

    Rounds:    9 for three parties and more, else 0.  Sends: k elements to each peer, and the check.
    Raises:    AuthenticationFailed, BroadcastMismatch, CommitmentMismatch.
    """
    if ctx.parties > 2:
        await authenticate(ctx, links, 0, tuple(range(ctx.parties)), ctx.field.zeros(0))


async def _check(ctx: Context, links: dict[int, Link], share: AuthShare, turn: Task | None, *, after: object) -> None:
    """Open and MAC-check a random combination of all values; the last one is the mask."""

    async def open_combination(scope: Context) -> None:
        coins = await toss(scope, AUTHENTICATE_COINS, after=after)
        chi = coins.elements("chi", share.shape)
        chi[-1] = 1
        value, mac = (chi.dot(part) for part in (share.value, share.mac))
        await partial_open(scope, COMBINATION, AuthShare(_with_zero_share(scope, links, value), mac))

    await checked(ctx, "check", open_combination, AUTHENTICATE_CHECK, turn=turn)


def _with_zero_share(ctx: Context, links: dict[int, Link], value: FieldArray) -> FieldArray:
    """Add a share of zero, so that the opened shares show their sum only and not what each party contributed."""
    for link in links.values():
        added = ctx.field.sample(link.zeros_to.fill, value.shape)
        subtracted = ctx.field.sample(link.zeros_from.fill, value.shape)
        value = value + added - subtracted
    return value
