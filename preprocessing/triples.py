"""Triples: multiply, combine, authenticate, sacrifice.

Realises:  the triple command of F_Prep. Source: [KOS16], figure 6 (Pi_Triple) and figure 7 (Pi_Prep).
Symbols:   tau copies of a; r, r^ combination coins; a = <a_t, r>, a^ = <a_t, r^>, c and c^ alike; t the sacrifice coin;
           rho = t a - a^ is opened, sigma = t c - c^ - rho b must be zero.
Deviation: coins r, r^ per triple, one sacrifice coin t per batch ([KOS16] treats a single triple). A triple that is
           wrong by (e, e^) passes only if t e = e^, so one t finds any number of wrong triples with the same bound 1/p.
Order:     products -> r, r^ -> authenticate -> t -> openings -> MAC check, each by data flow (DESIGN 6.2 step 5).
Checked:   everything, before this returns.
"""

from __future__ import annotations

from typing import NamedTuple

from spdz.errors import BroadcastMismatch, SacrificeFailed
from spdz.field import Field, FieldArray
from spdz.preprocessing.authenticate import authenticate
from spdz.preprocessing.links import Link
from spdz.preprocessing.multiply import multiply
from spdz.protocols.coin_toss import Coins, declare_toss, toss
from spdz.protocols.mac_check import check_openings, declare_check
from spdz.protocols.opening import partial_open
from spdz.runtime.context import Context
from spdz.sharing.material import TRIPLES, Batch
from spdz.sharing.shares import AuthShare
from spdz.sharing.unverified import Unverified
from spdz.wire.steps import Delivery, declare

COMBINE_COINS = declare_toss("combine", source="[KOS16] figure 6, combine step 1")
SACRIFICE_COINS = declare_toss("sacrifice", source="[KOS16] figure 7, sacrifice step 1")
SACRIFICE_CHECK = declare_check(
    "sacrifice.check",
    failure=SacrificeFailed,
    meaning="a triple does not multiply, or an opening of the sacrifice does not fit its MAC",
    source="[KOS16] figure 7, sacrifice step 4",
)
SACRIFICE_RHO = declare(
    "sacrifice.rho",
    source="[KOS16] figure 7, sacrifice step 2",
    delivery=Delivery.BROADCAST,
    tampering=(SacrificeFailed, BroadcastMismatch),
)


class Candidates(NamedTuple):
    """A batch before the sacrifice; all of shape (count,), as field arrays or as authenticated shares."""

    a: FieldArray
    b: FieldArray
    c: FieldArray
    a_hat: FieldArray
    c_hat: FieldArray


async def make_triples(ctx: Context, links: dict[int, Link], count: int) -> Batch:
    """`count` authenticated triples, every check done.

    Rounds:    22, and 2 more for the echoes for three parties and more.
               Sends: per triple tau k (16 bytes + 1 element) + 5 k elements, to each peer, and the checks.
    Raises:    OtConsistencyFailed, AuthenticationFailed, SacrificeFailed, CommitmentMismatch, BroadcastMismatch.
    """
    copies = ctx.session.security.combined_copies(ctx.field.bits)
    a, b = ctx.random((count, copies)), ctx.random(count)
    products = await multiply(ctx.child("multiply"), links, a, b)
    coins = await toss(ctx, COMBINE_COINS, after=products)
    candidates = combine(coins, a, b, products)
    values = FieldArray.concatenate(list(candidates))
    macs = await authenticate(ctx.child("authenticate"), links, values.size, tuple(range(ctx.parties)), values)
    shares = [AuthShare(value, macs[i * count : (i + 1) * count]) for i, value in enumerate(candidates)]
    return await sacrifice(ctx.child("sacrifice", Unverified()), *shares)


def combine(coins: Coins, a: FieldArray, b: FieldArray, c: FieldArray) -> Candidates:
    """Two random combinations of the tau copies of each triple; a, c of shape (count, tau), b of shape (count,)."""
    r, r_hat = coins.elements("r", a.shape), coins.elements("r hat", a.shape)
    return Candidates((r * a).sum(1), b, (r * c).sum(1), (r_hat * a).sum(1), (r_hat * c).sum(1))


async def sacrifice(
    ctx: Context, a: AuthShare, b: AuthShare, c: AuthShare, a_hat: AuthShare, c_hat: AuthShare
) -> Batch:
    """Check a * b = c at the price of a^ * b = c^.

    Shapes:    all (count,); returns triples (a, b, c).
    Rounds:    7, and 1 more for the echo for three parties and more.  Sends: one element per triple to each peer.
    Raises:    SacrificeFailed, BroadcastMismatch, CommitmentMismatch.
    """
    coins = await toss(ctx, SACRIFICE_COINS, after=(a, b, c, a_hat, c_hat))
    t = coins.elements("t", (1,))
    rho = await partial_open(ctx, SACRIFICE_RHO, a * t - a_hat)
    sigma = c * t - c_hat - b * rho
    # sigma is zero for correct triples. It is not sent: claiming zero and checking the MAC of that claim is enough.
    ctx.unverified.record_opening(f"{ctx.last_path}.sigma", _zeros(ctx.field, sigma), sigma.mac)
    await check_openings(ctx, SACRIFICE_CHECK)
    ctx.unverified.require_empty()
    return Batch(TRIPLES, (a, b, c))


def _zeros(field: Field, share: AuthShare) -> FieldArray:
    return field.zeros(share.shape)
