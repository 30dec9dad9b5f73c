"""Masks of comparisons: the sum of everybody's masks, the lowest bits of that sum, and products of neighbouring bits.

Realises:  kind "compare masks": R = sum R_i as [R]; r = sum r_i mod 2^bits as words, where r_i are the bits of R_i up
           to the tolerance of `masks`; q_j = r_(2j+1) r_(2j) for the pairs below the highest bit.
Source:    ripple-carry addition, one AND for each carry: k_(j+1) = k_j ^ (a_j ^ k_j)(b_j ^ k_j).
Checked:   the openings of all ANDs, before this returns. Their check begins after the proofs of the masks, and only
           with it do these count (docs/security/masks.md, order).
"""

from __future__ import annotations

import numpy as np

from spdz.bits import words
from spdz.errors import BroadcastMismatch, MacCheckFailed, UsageError
from spdz.preprocessing.bits.buckets import even_batches, make_bit_triples
from spdz.preprocessing.bits.links import BitLinks
from spdz.preprocessing.bits.masks import Masks, make_masks
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.ot.rows import Rows
from spdz.protocols.mac_check import checked
from spdz.protocols.opening import open_masked
from spdz.runtime.context import Context
from spdz.sharing.bit_share import BitShare
from spdz.sharing.material import Batch, Kind
from spdz.sharing.material.batch import join_batches
from spdz.wire.steps import Delivery, Payload, declare

ADDER = declare(
    "masks.adder",
    payload=Payload.BITS,
    source="docs/security/masks.md",
    delivery=Delivery.BROADCAST,
    tampering=(MacCheckFailed, BroadcastMismatch),
)


async def make_compare_masks(
    ctx: Context, links: dict[int, Link], bit_links: BitLinks, kind: Kind, count: int
) -> Batch:
    """`count` masks of comparisons with so many bits as the kind says, l.

    Rounds:    those of `make_masks` and, for each of `even_batches`, of `make_bit_triples`, (n - 1)(l - 1) + 5, and 1
               more for the echo for three parties and more.
               Sends: as `make_masks`, and as `make_bit_triples` for `ands_per_mask` triples for each mask; 2 bits for
               each of these, and the check.
    Raises:    what `make_masks` and `make_bit_triples` raise; UsageError for more bits than an element has.
    """
    [bits] = kind.dims
    if bits > ctx.field.bits:
        raise UsageError(
            f"an element of {ctx.field.name} has {ctx.field.bits} bits, and masks of {bits} were asked for"
        )
    triples = await _triples(ctx, bit_links, count * ands_per_mask(bits, ctx.parties))
    masks = await make_masks(ctx.child("masks"), links, bit_links, bits, count)
    products = _Products(triples, count)
    planes, neighbours = await checked(ctx, "sums", lambda scope: _summed(scope, masks, products))
    total = masks.numbers[0]
    for number in masks.numbers[1:]:
        total = total + number
    batch = Batch(kind, (total, _by_mask(planes), _by_mask(neighbours)))
    triples.wipe()
    masks.wipe()
    return batch


def ands_per_mask(bits: int, parties: int) -> int:
    """AND triples for one mask of so many bits: the carries of n - 1 additions, and the pairs."""
    return (bits - 1) * (parties - 1) + (bits - 1) // 2


async def _triples(ctx: Context, bit_links: BitLinks, count: int) -> Batch:
    """AND triples for a batch of masks, in batches of their own."""
    made = [await make_bit_triples(ctx.child("triples"), bit_links, size) for size in even_batches(count)]
    joined = join_batches(made)
    if len(made) > 1:
        for batch in made:
            batch.wipe()
    return joined


class _Products:
    """ANDs of planes of `count` bits, each with triples that are used once."""

    def __init__(self, triples: Batch, count: int) -> None:
        self._triples, self._count = triples, count

    async def of(self, ctx: Context, *factors: tuple[Rows, Rows]) -> list[Rows]:
        """The products of these pairs of planes, in one round."""
        taken, self._triples = self._triples.split(len(factors) * self._count)
        pairs = [BitShare(np.concatenate(side)) for side in zip(*factors, strict=True)]
        x, y, z = taken.shares
        d, e = await open_masked(ctx, ADDER, *zip(pairs, (x, y), strict=True))
        product = words.beaver(x.words, y.words, z.words, d, e, ctx.session.bit_domain.key.share.word)
        return [product[start : start + self._count] for start in range(0, product.size, self._count)]


async def _summed(ctx: Context, masks: Masks, products: _Products) -> tuple[Rows, Rows]:
    """Planes of r and of q."""
    planes = masks.bits[0]
    for more in masks.bits[1:]:
        planes = await _add(ctx, planes, more, products)
    pairs = [(planes[2 * j + 1], planes[2 * j]) for j in range((len(planes) - 1) // 2)]
    neighbours = await products.of(ctx, *pairs) if pairs else []
    return planes, np.array(neighbours, np.uint64).reshape(len(pairs), planes.shape[1])


async def _add(ctx: Context, a: Rows, b: Rows, products: _Products) -> Rows:
    """The sum modulo 2^bits of two numbers in planes."""
    total, carry = np.empty_like(a), np.zeros_like(a[0])
    for j in range(len(a)):
        total[j] = a[j] ^ b[j] ^ carry
        if j + 1 < len(a):
            [product] = await products.of(ctx, (a[j] ^ carry, b[j] ^ carry))
            carry = carry ^ product
    return total


def _by_mask(planes: Rows) -> BitShare:
    """One row for each mask."""
    return BitShare(np.ascontiguousarray(planes.T))
