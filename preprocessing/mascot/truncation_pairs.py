"""Truncation pairs: private masks below 2^rho with their lowest f bits, checked by sacrificing others.

Realises:  [R] and [lo], sums over the parties of R_i in [0, 2^rho) and lo_i = R_i mod 2^f. For a corrupted party R_i
           and lo_i may lie in (-3, 4) 2^rho and (-3, 4) 2^f; lo_i = R_i mod 2^f holds as integers modulo 2^f.
Source:    docs/security/truncation.md; the matching of lists is as in cut-and-choose with buckets [EGKRS20].
Symbols:   N pairs that are kept (targets), B - 1 lists of N sacrifices (S, lo_S), C samples beside each list.
           kappa the carry of lo_R + lo_S; U = R + S, V = lo_R + lo_S - 2^f kappa. A pair is accepted if U < 2^(rho+1),
           V < 2^f, V = U mod 2^f, and kappa is a bit.
Order:     all R, lo enter and are checked -> [toss: permutations, samples] -> kappa enter and are checked -> [toss:
           coefficients of the proof] -> proof that kappa are bits -> samples, U, V opened -> their MAC check -> blame.
           Each by data flow. kappa comes after the matching, since it belongs to two pairs that are matched.
Permuting: the places come from 64-bit numbers of the toss. Cyclic shifts would not do: a wrong pair costs its maker
           nothing before it is found, so wrong ones at every d-th place would meet with probability 1 / d.
Bound:     a pair out of range is accepted with about N^-(B-1) <= 2^-s, once for a session: a failure ends it.
Hiding:    R is seen in B - 1 sums U when it is made, and in c when it is used; V is U mod 2^f.
Blame:     whose pair is wrong is announced only after the MAC check of what was opened: before, another party may have
           falsified the opening.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spdz.errors import BroadcastMismatch, MacCheckFailed, TruncationCheckFailed
from spdz.field import FieldArray
from spdz.preprocessing.bits.links import BIT_PLAN, BitPlan
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.pairwise import Apart, covers, enter_apart, spread
from spdz.protocols.coin_toss import Coins, declare_toss, toss
from spdz.protocols.field_proof import Claim, declare_proof, degree, prove
from spdz.protocols.mac_check import checked
from spdz.protocols.opening import open_apart
from spdz.runtime.context import Context
from spdz.sharing.material import Batch, Kind, truncation_bits
from spdz.sharing.material.bit_kinds import uniform_below
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Delivery, Outcome, Payload, Step, declare

_SOURCE = "docs/security/truncation.md"
MATCHING_COINS = declare_toss("truncation.matching", source=_SOURCE)
CARRY_PROOF = declare_proof(
    "truncation.carries",
    failure=TruncationCheckFailed,
    meaning="the carries of its truncation masks are bits",
    source=f"[QuickSilver]; {_SOURCE}",
)
_OUTCOMES: tuple[Outcome, ...] = (MacCheckFailed, BroadcastMismatch)


def _opening(name: str) -> Step:
    return declare(name, payload=Payload.ELEMENTS, source=_SOURCE, delivery=Delivery.BROADCAST, tampering=_OUTCOMES)


PAIR_SAMPLES = _opening("truncation.samples")
PAIR_SUMS = _opening("truncation.sums")

BATCH_PAIRS = 1 << 15
"""Pairs that one batch keeps, if the statistical security does not ask for more."""
MAX_LISTS = 8
"""B at most: what is assumed of the number of sums in which a mask is seen (`spdz.online.operations.truncate`)."""

Places = NDArray[np.int64]


class Lists(NamedTuple):
    """How many pairs a batch keeps, and of how many lists it is made."""

    kept: int
    lists: int
    samples: int = BIT_PLAN.samples

    @property
    def pairs(self) -> int:
        """Pairs that each party makes."""
        return self.lists * (self.kept + self.samples)


def lists_for(count: int, statistical_bits: int) -> Lists:
    """N and B for a batch of at least `count`: the least B with N^(B-1) >= 2^s, at most MAX_LISTS.

    N is that of the batch: a short one takes more lists, and one that is too short even for that is filled up.
    """
    kept = max(2, count)
    while kept ** (MAX_LISTS - 1) >> statistical_bits == 0:
        kept = 1 << kept.bit_length()
    lists = next(b for b in range(2, MAX_LISTS + 1) if kept ** (b - 1) >> statistical_bits)
    return Lists(kept, lists)


def pairs_in_batch(ctx: Context, kind: Kind) -> int:
    """How many pairs one batch has at most."""
    return lists_for(BATCH_PAIRS, ctx.session.security.statistical_bits).kept


async def make_truncation_pairs(
    ctx: Context, links: dict[int, Link], kind: Kind, count: int, size: BitPlan = BIT_PLAN
) -> Batch:
    """At least `count` truncation pairs, every check done; more if so few cannot be checked by themselves.

    Rounds:    30, and 3 more for the echoes for three parties and more, and 1 for each further part of what is entered
               (`enter_apart`); with VOLEs those of `replenish`, and 4 less.
               Sends: with N, B, C of above 2 B (N + C) + (B - 1) N values as `enter_apart`, 2 N (B - 1) + 2 B C + 2
               elements, and the checks.
    Raises:    TruncationCheckFailed, which names the party; AuthenticationFailed, MacCheckFailed, BroadcastMismatch,
               CommitmentMismatch; with VOLEs OtConsistencyFailed.
    """
    everyone, [f] = tuple(range(ctx.parties)), kind.dims
    rho = truncation_bits(ctx.field, ctx.parties)
    plan = lists_for(count, size.statistical_bits_of(ctx))._replace(samples=size.samples)
    pairs = draw_pairs(ctx, rho, f, plan)
    entered = await enter_apart(ctx.child("pairs"), links, pairs.size, everyone, pairs.ravel())
    coins = await toss(ctx, MATCHING_COINS, after=entered)
    samples, matching = matched(coins, plan)
    kappa = carries(ctx, pairs, matching, f)
    carried = await enter_apart(ctx.child("carries"), links, kappa.size, everyone, kappa)
    claims = [Claim(2, kappa, carried.tags, carried.keys)]
    hidden = await covers(ctx.child("covers"), links, everyone, degree(claims) - 1)
    await prove(ctx.child("proof"), CARRY_PROOF, claims, hidden, after=carried)
    fault = await checked(
        ctx, "openings", lambda scope: _open_all(scope, (rho, f), (entered, carried), (samples, matching))
    )
    if fault is not None:
        raise fault
    batch = _targets(ctx, links, kind, entered, matching)
    pairs.wipe()
    kappa.wipe()
    return batch


def draw_pairs(ctx: Context, rho: int, f: int, plan: Lists) -> FieldArray:
    """This party's R and lo, side by side: (lists, N + C, 2)."""
    mask = uniform_below(ctx.field, rho, plan.pairs, ctx.randomness.fill)
    pairs = FieldArray.stack([mask, mask.modulo_power(f)], 1)
    mask.wipe()
    return pairs.reshape(plan.lists, -1, 2)


def matched(coins: Coins, plan: Lists) -> tuple[Places, Places]:
    """Places of the samples, (lists, C), and of what is matched, (lists, N): those in one column belong together.

    The same for the lists of all parties: who cheats with several of them meets the same chance.
    """
    places = []
    for number in range(plan.lists):
        words = np.empty(plan.pairs // plan.lists, np.uint64)
        coins.stream(f"list {number}").fill(words.data.cast("B"))
        places.append(np.argsort(words, kind="stable"))
    order = np.stack(places)
    return order[:, : plan.samples], order[:, plan.samples :]


def carries(ctx: Context, pairs: FieldArray, matching: Places, f: int) -> FieldArray:
    """This party's kappa, flat: for every sacrifice of every list, whether lo_R + lo_S reaches 2^f."""
    total = _sums(pairs, matching)[:, :, 1].copy()
    kappa = (total - total.modulo_power(f)) * pow(2, -f, ctx.field.modulus)
    return kappa.ravel()


def _sums(pairs: FieldArray, matching: Places) -> FieldArray:
    """R + S and lo_R + lo_S for every sacrifice of every list: (lists - 1, N, 2)."""
    return pairs[0][matching[:1]] + _at(pairs[1:], matching[1:])


def _at(lists: FieldArray, places: Places) -> FieldArray:
    """Of each list, what stands at its places."""
    return lists[np.arange(len(places))[:, None], places]


def _views(
    pairs: FieldArray, kappa: FieldArray, places: tuple[Places, Places], f: int
) -> tuple[FieldArray, FieldArray]:
    """Samples, (lists, C, 2), and U and V, (lists - 1, N, 2).

    From what one party has entered, or from MAC shares of it: all of this is linear.
    """
    samples, matching = places
    lists, kept = matching.shape
    shaped = pairs.reshape(lists, -1, 2)
    sums = _sums(shaped, matching)
    sums[:, :, 1] = sums[:, :, 1] - kappa.reshape(lists - 1, kept) * (1 << f)
    return _at(shaped, samples), sums


async def _open_all(
    ctx: Context, widths: tuple[int, int], entered: tuple[Apart, Apart], places: tuple[Places, Places]
) -> TruncationCheckFailed | None:
    """Open samples, U and V of every party, and say whose are wrong: to be believed after the check of this scope."""
    pairs, kappa = entered
    rho, f = widths
    samples, sums = _views(_held(pairs), _held(kappa), places, f)
    macs = [_views(pairs.macs[party], kappa.macs[party], places, f) for party in range(ctx.parties)]
    of_samples, of_sums = (dict(enumerate(part)) for part in zip(*macs, strict=True))
    opened_samples, opened_sums = await ctx.gather(
        open_apart(ctx.child("samples"), PAIR_SAMPLES, samples, of_samples),
        open_apart(ctx.child("sums"), PAIR_SUMS, sums, of_sums),
    )
    return fault_of(opened_samples, opened_sums, rho, f)


def fault_of(samples: list[FieldArray], sums: list[FieldArray], rho: int, f: int) -> TruncationCheckFailed | None:
    """The first party whose samples or sums are not those of pairs in range, if there is one."""
    for step, bits, opened in ((PAIR_SAMPLES, rho, samples), (PAIR_SUMS, rho + 1, sums)):
        for party, values in enumerate(opened):
            if not accepted(values, bits, f).all():
                return TruncationCheckFailed(
                    f"truncation masks of party {party} are out of range, or their low parts are not theirs. It has "
                    "cheated, or its state is damaged; this session's key and material are destroyed",
                    step=step.name,
                    blamed=party,
                )
    return None


def accepted(pairs: FieldArray, bits: int, f: int) -> NDArray[np.bool_]:
    """Which of opened pairs, (.., 2), hold a number below 2^bits and its lowest f bits: samples, or U and V."""
    number, low = pairs[..., 0].copy(), pairs[..., 1]
    return (number.modulo_power(bits) == number) & (low == number.modulo_power(f))


def _held(apart: Apart) -> FieldArray:
    assert apart.values is not None, "everyone takes part"
    return apart.values


def _targets(ctx: Context, links: dict[int, Link], kind: Kind, entered: Apart, matching: Places) -> Batch:
    """The sums over all parties of the pairs that are kept."""

    of_party = {party: _targets_of(mac, matching) for party, mac in entered.macs.items()}
    own = Apart(_targets_of(_held(entered), matching), {}, {}, of_party)
    total, *others = spread(ctx, links, tuple(sorted(of_party)), own).values()
    for share in others:
        total = total + share
    return Batch(kind, (_copied(total[:, 0]), _copied(total[:, 1])))


def _targets_of(pairs: FieldArray, matching: Places) -> FieldArray:
    """What is kept of the first list: (N, 2)."""
    return pairs.reshape(len(matching), -1, 2)[0][matching[0]]


def _copied(share: AuthShare) -> AuthShare:
    return AuthShare(share.value.copy(), share.mac.copy())
