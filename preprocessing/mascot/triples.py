"""Triples: multiply, combine, authenticate, sacrifice.

Realises:  the triple command of F_Prep. Source: [KOS16], figure 6 (Pi_Triple) and figure 7 (Pi_Prep).
Symbols:   tau copies of a; r, r^ combination coins; a = <a_t, r>, a^ = <a_t, r^>, c and c^ alike; t the sacrifice coin;
           rho = t a - a^ is opened, sigma = t c - c^ - rho b must be zero.
Deviation: coins r, r^ per triple, one sacrifice coin t per batch ([KOS16] treats a single triple). A triple that is
           wrong by (e, e^) passes only if t e = e^, so one t finds any number of wrong triples with the same bound 1/p.
Order:     products, b enters -> r, r^ -> the others enter, check -> t -> openings -> MAC check, each by data flow
           (docs/security/order.md). b is fixed before r is known, or a cheater could choose its error by r.
Checked:   everything, before this returns.
"""

from __future__ import annotations

from typing import NamedTuple

from spdz.errors import BroadcastMismatch, SacrificeFailed
from spdz.field import FieldArray
from spdz.preprocessing.mascot.authenticate import Entered, check_all_entered, enter
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.multiply import multiply
from spdz.protocols.coin_toss import Coins, declare_toss, toss
from spdz.protocols.mac_check import checked, declare_check
from spdz.protocols.opening import claim_zero, partial_open
from spdz.runtime.context import Context
from spdz.runtime.task import Task
from spdz.sharing.material import TRIPLES, Batch
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Delivery, Payload, declare

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
    payload=Payload.ELEMENTS,
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

    Rounds:    23, and 2 more for the echoes for three parties and more.
               Sends: per triple tau k OTs of 128 / ot_tree_bits bits + 1 element, and 5 elements (5 k with
               COPEe); the checks.
    Raises:    OtConsistencyFailed, AuthenticationFailed, SacrificeFailed, CommitmentMismatch, BroadcastMismatch.
    """
    entered = await enter_candidates(ctx, links, await make_candidates(ctx, links, count))
    shares = await authenticate_candidates(links, entered)
    return await sacrifice(ctx, *shares)


class MadeCandidates(NamedTuple):
    """A batch as combined; of its values b alone has entered the authentication."""

    candidates: Candidates
    entered_b: Entered


class EnteredCandidates(NamedTuple):
    """A batch on its way through authentication."""

    ctx: Context
    candidates: Candidates
    entered: tuple[Entered, Entered]
    """b, before the coins of the combination; a, c, a^, c^ after them."""


async def make_candidates(ctx: Context, links: dict[int, Link], count: int) -> MadeCandidates:
    """Products of what the parties hold, combined; nothing is checked but the OTs.

    Only b is on its way through the authentication when this returns: see the order above.
    Rounds:    8, and those of `replenish` with VOLEs.
               Sends: as `multiply` for (count, tau) products and `enter` for b, and the toss.
    Raises:    OtConsistencyFailed, CommitmentMismatch, BroadcastMismatch; with VOLEs AuthenticationFailed.
    """
    copies = ctx.session.security.combined_copies(ctx.field.bits, ctx.parties)
    a, b = ctx.random((count, copies)), ctx.random(count)
    products = await multiply(ctx.child("multiply"), links, a, b)
    entered_b = await enter(ctx.child("authenticate"), links, count, tuple(range(ctx.parties)), b)
    coins = await toss(ctx, COMBINE_COINS, after=(products, entered_b))
    candidates = combine(coins, a, b, products)
    a.wipe()
    products.wipe()
    return MadeCandidates(candidates, entered_b)


async def enter_candidates(ctx: Context, links: dict[int, Link], made: MadeCandidates) -> EnteredCandidates:
    """The first part of the authentication of what is left of a batch: a, c, a^, c^.

    With it, all that `links` keep from batch to batch has been used, but for the shares of zero.
    Rounds:    1, and those of `replenish` with VOLEs.  Sends: as `enter` for four values each.
    Raises:    with VOLEs OtConsistencyFailed, AuthenticationFailed, CommitmentMismatch, BroadcastMismatch.
    """
    a, _, c, a_hat, c_hat = made.candidates
    values = FieldArray.concatenate([a, c, a_hat, c_hat])
    entered = await enter(ctx.child("authenticate"), links, values.size, tuple(range(ctx.parties)), values)
    values.wipe()
    return EnteredCandidates(ctx.child("authenticate"), made.candidates, (made.entered_b, entered))


async def authenticate_candidates(
    links: dict[int, Link], made: EnteredCandidates, turn: Task | None = None
) -> list[AuthShare]:
    """The five values of every candidate with checked MACs; see `check_all_entered`."""
    of_b, others = await check_all_entered(made.ctx, links, made.entered, turn)
    count = of_b.size
    a, c, a_hat, c_hat = (others[start : start + count] for start in range(0, 4 * count, count))
    macs = (a, of_b, c, a_hat, c_hat)
    return [AuthShare(value, mac) for value, mac in zip(made.candidates, macs, strict=True)]


def combine(coins: Coins, a: FieldArray, b: FieldArray, c: FieldArray) -> Candidates:
    """Two random combinations of the tau copies of each triple; a, c of shape (count, tau), b of shape (count,)."""
    r, r_hat = coins.elements("r", a.shape), coins.elements("r hat", a.shape)
    return Candidates((r * a).sum(1), b, (r * c).sum(1), (r_hat * a).sum(1), (r_hat * c).sum(1))


async def sacrifice(
    ctx: Context,
    a: AuthShare,
    b: AuthShare,
    c: AuthShare,
    a_hat: AuthShare,
    c_hat: AuthShare,
    *,
    turn: Task | None = None,
) -> Batch:
    """Check a * b = c at the price of a^ * b = c^.

    Shapes:    all (count,); returns triples (a, b, c). The check waits for `turn`, if there is one.
    Rounds:    7, and 1 more for the echo for three parties and more.  Sends: one element per triple to each peer.
    Raises:    SacrificeFailed, BroadcastMismatch, CommitmentMismatch.
    """

    async def compare(scope: Context) -> None:
        coins = await toss(scope, SACRIFICE_COINS, after=(a, b, c, a_hat, c_hat))
        t = coins.elements("t", (1,))
        rho = await partial_open(scope, SACRIFICE_RHO, a * t - a_hat)
        sigma = c * t - c_hat - b * rho
        claim_zero(scope, sigma)

    await checked(ctx, "sacrifice", compare, SACRIFICE_CHECK, turn=turn)
    a_hat.wipe()
    c_hat.wipe()
    return Batch(TRIPLES, (a, b, c))
