"""AND triples of which nobody knows a factor: leaky ones, combined in buckets by cyclic shifts.

Realises:  kinds "bit triples" and "bit pair triples".
Source:    bucketing of Nielsen, Nordholt, Orlandi, Burra, CRYPTO 2012; combining as in Wang, Ranellucci, Katz,
           "Global-Scale Secure Multiparty Computation", CCS 2017, with shifts in the place of permutations.
Symbols:   N candidates in each of B layers; candidate (i + rho_b) mod N of layer b joins bucket i: D = y_1 ^ y_b is
           opened, X ^= X_b, Z ^= Z_b ^ D X_b, Y stays that of layer 1.
Why shifts do: each guess of a factor costs half the chances, so the best a cheater can do is one guess in every layer
           that meet in one bucket: 2^-B N^-(B-1) (docs/security/bits.md). A shift needs no gather.
B:         the least with B + (B - 1) log2 N >= s + 1: a session may be attacked in several batches, which together are
           worth less than 4/3 of one. N is that of the batch, never of what was asked for.
Order:     a layer's payloads and its word check -> rho_b -> its openings. Layers share no toss.
Checked:   all openings, before this returns.
"""

from __future__ import annotations

import numpy as np

from spdz.bits import leaky_and
from spdz.errors import BroadcastMismatch, MacCheckFailed
from spdz.preprocessing.bits.and_candidates import Candidates, make_candidates
from spdz.preprocessing.bits.links import BIT_PLAN, BitLinks, BitPlan
from spdz.preprocessing.ot.extension import ROW_UNIT
from spdz.preprocessing.ot.rows import Rows
from spdz.protocols.coin_toss import declare_toss, toss
from spdz.protocols.mac_check import checked
from spdz.protocols.opening import open_masked
from spdz.runtime.context import Context
from spdz.sharing.bit_share import BitShare
from spdz.sharing.material import BIT_PAIR_TRIPLES, BIT_TRIPLES, Batch
from spdz.wire.steps import Delivery, Payload, declare

LARGEST_BATCH = 3 << 18
"""Candidates in a layer at most. From 2^19 on four layers do, and with room for half as many again what is left over is
seldom a small batch, which would need more."""

SHIFT_COINS = declare_toss("and.shift", source="docs/security/bits.md, buckets")
DIFFERENCES = declare(
    "and.differences",
    payload=Payload.BITS,
    source="docs/security/bits.md, buckets",
    delivery=Delivery.BROADCAST,
    tampering=(MacCheckFailed, BroadcastMismatch),
)


def batch_candidates(count: int, plan: BitPlan = BIT_PLAN) -> int:
    """N for a batch of `count` triples: whole units of the OT extension, and not too few."""
    return max(plan.candidates, -(-count // ROW_UNIT) * ROW_UNIT)


def layers(candidates: int, statistical_bits: int) -> int:
    """B: the least with 2^B N^(B-1) >= 2^(s+1)."""
    count = 2
    while candidates ** (count - 1) << count < 1 << (statistical_bits + 1):
        count += 1
    return count


def even_batches(count: int) -> list[int]:
    """`count` triples cut into as few batches as there can be, of nearly the same size."""
    batches = max(1, -(-count // LARGEST_BATCH))
    return [count * (number + 1) // batches - count * number // batches for number in range(batches)]


async def make_bit_triples(ctx: Context, links: BitLinks, count: int) -> Batch:
    """A batch of `count` AND triples. Costs and errors: `_make`."""
    made = await _make(ctx, links, count, products=1)
    return Batch(BIT_TRIPLES, tuple(BitShare(array) for array in (made.x, made.ys[0], made.zs[0])))


async def make_bit_pair_triples(ctx: Context, links: BitLinks, count: int) -> Batch:
    """A batch of `count` pairs of AND triples with one factor in common. Costs and errors: `_make`."""
    made = await _make(ctx, links, count, products=2)
    (y, v), (z, w) = made.ys, made.zs
    return Batch(BIT_PAIR_TRIPLES, tuple(BitShare(array) for array in (made.x, y, z, v, w)))


async def _make(ctx: Context, links: BitLinks, count: int, products: int) -> Candidates:
    """`count` buckets.

    Rounds:    10 B + 3 (B - 1) + 4, and B + 1 more for the echoes for three parties and more.
               Sends: B layers of `batch_candidates(count)`, as `make_candidates`; an eighth of a byte for each layer
               but the first and product, the tosses and the check.
    Raises:    OtConsistencyFailed, WordCheckFailed, MacCheckFailed, CommitmentMismatch, BroadcastMismatch.
    """
    size = batch_candidates(count, links.plan)
    depth = layers(size, links.plan.statistical_bits_of(ctx))

    async def combined(scope: Context) -> Candidates:
        total = await make_candidates(scope.child("layer"), links, size, products)
        for _ in range(depth - 1):
            more = await make_candidates(scope.child("layer"), links, size, products)
            coins = await toss(scope, SHIFT_COINS, after=more)
            await _join(scope, total, more, _shift(coins.key("shift"), size))
        return total

    made = await checked(ctx.child("buckets"), "differences", combined)
    return _first(made, count)


def _shift(coin: bytes, size: int) -> int:
    """Uniform below `size`, up to 2^-100."""
    return int.from_bytes(coin, "little") % size


async def _join(ctx: Context, total: Candidates, more: Candidates, shift: int) -> None:
    """The candidates of a layer join the buckets. What they are opened with is kept for the check, the rest wiped."""
    pairs = [(BitShare(own), BitShare(np.roll(new, -shift))) for own, new in zip(total.ys, more.ys, strict=True)]
    opened = await open_masked(ctx, DIFFERENCES, *pairs)
    if len(opened) == 1:
        [z], [d], [z_total] = more.zs, opened, total.zs
        leaky_and.bucket_combine(more.x, z, d, shift, total.x, z_total)
    else:
        (z, w), (d, e), (z_total, w_total) = more.zs, opened, total.zs
        leaky_and.bucket_combine_pair(more.x, z, w, d, e, shift, total.x, z_total, w_total)
    more.wipe()


def _first(made: Candidates, count: int) -> Candidates:
    """The first `count` buckets; what is left is overwritten."""

    def cut(array: Rows) -> Rows:
        array[count:] = 0
        return array[:count]

    return Candidates(cut(made.x), [cut(y) for y in made.ys], [cut(z) for z in made.zs])
