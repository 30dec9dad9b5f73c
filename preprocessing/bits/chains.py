"""Bits in both domains, and switches: chains of products with private bits, of which nobody knows the sum.

Realises:  kinds "daBits" (a random bit beta as a bit and as a field element) and "mux triples" (such a beta, random v,
           and beta v).
Source:    daBits of Rotaru and Wood, INDOCRYPT 2019; here beta is the XOR of private bits, joined over F_p by
           T ^ x = T + x (1 - 2 T), with products by OT in the place of triples; docs/security/bits-over-fields.md.
Symbols:   items of every party in B layers of N; candidate (j + rho_b) mod N of layer b joins chain j, of every owner.
           Chain of beta: T <- T + x (1 - 2 T). Chain of v: T <- T + x (v - 2 T), from 0 on: its end is beta v. With V
           the factor in brackets V - w is opened, and T <- T + x w + (V - w) x.
B:         as for AND triples (`buckets.layers`), and for the same reason: an item tells its bit at a guess only.
Order:     a layer's payloads and their check -> rho_b -> its openings. Each w is used once.
Checked:   all openings, before this returns.
"""

from __future__ import annotations

import numpy as np

from spdz.errors import BroadcastMismatch, MacCheckFailed
from spdz.field import FieldArray
from spdz.preprocessing.bits.bf_items import Items, make_items
from spdz.preprocessing.bits.buckets import batch_candidates, layers
from spdz.preprocessing.bits.links import BitLinks
from spdz.preprocessing.mascot.authenticate import authenticate
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.ot.rows import USES, Rows
from spdz.protocols.coin_toss import declare_toss, toss
from spdz.protocols.mac_check import checked
from spdz.protocols.opening import partial_open
from spdz.runtime.context import Context
from spdz.sharing.bit_share import BitShare
from spdz.sharing.material import DABITS, Batch, Kind
from spdz.sharing.shares import AuthShare, concatenate_shares
from spdz.wire.steps import Delivery, Payload, declare

CHAIN_ELEMENTS = 1 << 16
"""Elements in the chains of one batch: enough for five layers, and not too much memory."""
WIDEST_SWITCH = (USES - 1) // 2 - 1
"""Elements that one bit may switch: a row is hashed once for the key share, and twice for each factor."""

_SOURCE = "docs/security/bits-over-fields.md"

CHAIN_COINS = declare_toss("chain.shift", source=_SOURCE)
CHAIN_OPENING = declare(
    "chain.opening",
    payload=Payload.ELEMENTS,
    source=_SOURCE,
    delivery=Delivery.BROADCAST,
    tampering=(MacCheckFailed, BroadcastMismatch),
)


async def make_dabits(ctx: Context, links: dict[int, Link], bit_links: BitLinks, count: int) -> Batch:
    """A batch of `count` daBits. Costs and errors: `_make`."""
    words, [beta], _ = await _make(ctx, links, bit_links, count, 0)
    return Batch(DABITS, (BitShare(words[:count]), beta[:count]))


async def make_mux_triples(ctx: Context, links: dict[int, Link], bit_links: BitLinks, kind: Kind, count: int) -> Batch:
    """A batch of `count` mux triples of the kind's width. Costs and errors: `_make`."""
    words, (beta, *switched), v = await _make(ctx, links, bit_links, count, kind.dims[0])
    of_v, of_product = (_stacked(parts)[:count] for parts in (v, switched))
    return Batch(kind, (BitShare(words[:count]), beta[:count], of_v, of_product))


def _stacked(rows: list[AuthShare]) -> AuthShare:
    """Arrays (N,) as the columns of one."""
    return AuthShare(*(FieldArray.stack([getattr(row, part) for row in rows], 1) for part in ("value", "mac")))


async def _make(
    ctx: Context, links: dict[int, Link], bit_links: BitLinks, count: int, width: int
) -> tuple[Rows, list[AuthShare], list[AuthShare]]:
    """Words of beta; beta, beta v_1, ... over the field; and v_1, ...: all of the size of the batch.

    Raises:    OtConsistencyFailed, AuthenticationFailed, MacCheckFailed, CommitmentMismatch, BroadcastMismatch.
    """
    size = batch_candidates(count, bit_links.plan)
    depth = layers(size, bit_links.plan.statistical_bits_of(ctx))
    v = await _random(ctx.child("factors"), links, size, width)

    async def chained(scope: Context) -> tuple[Rows, list[AuthShare]]:
        chains, words = _Chains(scope, v, size), np.zeros(size, np.uint64)
        for layer in range(depth):
            items = await make_items(scope.child("layer"), links, bit_links, size, 1 + width)
            shift = 0
            if layer:
                coins = await toss(scope, CHAIN_COINS, after=items)
                shift = int.from_bytes(coins.key("shift"), "little") % size
            words ^= np.roll(items.words, -shift)
            for owner in range(scope.parties):
                await chains.join(items, owner, shift)
            items.wipe()
        return words, chains.totals

    words, totals = await checked(ctx.child("chains"), "openings", chained)
    return words, totals, v


async def _random(ctx: Context, links: dict[int, Link], size: int, width: int) -> list[AuthShare]:
    """Random elements that nobody knows, (N,) for each of the factors."""
    if width == 0:
        return []
    drawn = ctx.random(width * size)
    macs = await authenticate(ctx, links, drawn.size, tuple(range(ctx.parties)), drawn)
    return [AuthShare(drawn[start : start + size], macs[start : start + size]) for start in range(0, drawn.size, size)]


class _Chains:
    """The chains of a batch: that of beta, and one for each v."""

    def __init__(self, ctx: Context, v: list[AuthShare], size: int) -> None:
        self._ctx, self._v = ctx, v
        zero = ctx.field.zeros(size)
        self._one = ctx.public(ctx.field.ones(size))
        self.totals = [AuthShare(zero, zero) for _ in range(1 + len(v))]
        self._begun = False

    async def join(self, items: Items, owner: int, shift: int) -> None:
        """The items of one owner join all chains, in one round; the first one of all joins that of beta without any."""
        x, w, product = (_rolled(share, shift) for share in (items.x[owner], items.w[owner], items.product[owner]))
        first = 0 if self._begun else 1
        if first:
            self.totals[0] = x
        self._begun = True
        chains = range(first, len(self.totals))
        if not chains:
            return
        masked = [(self._start(chain) - self.totals[chain] * 2) - w[chain] for chain in chains]
        opened = await partial_open(self._ctx, CHAIN_OPENING, concatenate_shares(masked))
        for place, chain in enumerate(chains):
            epsilon = opened[place * x.size : (place + 1) * x.size]
            self.totals[chain] = self.totals[chain] + product[chain] + x * epsilon

    def _start(self, chain: int) -> AuthShare:
        return self._v[chain - 1] if chain else self._one


def _rolled(share: AuthShare, shift: int) -> AuthShare:
    """Entry (j + shift) mod N of the last axis in the place of entry j."""
    if not shift:
        return share
    arrays = (FieldArray.concatenate([part[..., shift:], part[..., :shift]], -1) for part in (share.value, share.mac))
    return AuthShare(*arrays)
