"""Bits times field elements, authenticated, from the OTs that authenticated bits are.

Realises:  for every party i private random bits x, as [x]; random [w] for each factor; and [x w]. ("BF": bit times
           field element.)
Source:    products by OT of [KOS16] figure 2 and of Gilboa, CRYPTO 1999, with a single bit as the multiplier, so that
           the choice bit of the OT itself is what is shared; docs/security/bits-over-fields.md.
Symbols:   x the choice of a wide OT of i towards every j; factors (alpha_j, w_j, m_j, ...), where w_j and m_j are j's
           shares of [w]. For each factor c, j sends d = h0 - h1 + c and keeps -h0; i takes h_x + x d = h0 + x c. What i
           and j then hold adds up to x c; with i's own part that makes the MAC of x, and value and MAC of x w.
Tweaks:    every factor of a row is hashed with a tweak of its own.
Leak:      a sender that sends a wrong d makes a MAC wrong exactly where x = 1: one guess of x at even odds, but for
           1/p. The owner has one choice for all factors, and no other value share fits the MAC.
Order:     columns -> their check -> w enters -> payloads -> coefficients of the combination.
Checked:   all of it by one random combination, MAC-checked before this returns. It binds a party's choices towards all
           peers, so that the words of these bits need no check of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spdz.errors import AuthenticationFailed
from spdz.field import FieldArray
from spdz.field.fused import choices
from spdz.preprocessing.bits.cot import Wanted, WideBits, extend_wide
from spdz.preprocessing.bits.links import BitLinks
from spdz.preprocessing.mascot.authenticate import Entered, check_all_entered, enter
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.ot.rows import Bits, Rows
from spdz.runtime.context import Context
from spdz.sharing.shares import AuthShare
from spdz.wire.codec import Elements
from spdz.wire.steps import Harmless, Payload, declare

CHUNK_ROWS = 4096

BF_PAYLOAD = declare(
    "bits.field_payload",
    payload=Payload.ELEMENTS,
    source="docs/security/bits-over-fields.md",
    tampering=(AuthenticationFailed, Harmless.NO_EFFECT),
)


@dataclass(frozen=True, repr=False)
class Items:
    """A layer of items: words of the XOR of all owners' bits (N,); by owner [x] (N,), [w] and [x w] (factors, N)."""

    words: Rows
    x: list[AuthShare]
    w: list[AuthShare]
    product: list[AuthShare]

    def wipe(self) -> None:
        """Overwrite everything."""
        self.words.fill(0)
        for share in (*self.x, *self.w, *self.product):
            share.wipe()


async def make_items(ctx: Context, links: dict[int, Link], bit_links: BitLinks, count: int, factors: int) -> Items:
    """`count` items of every party, a multiple of ROW_UNIT.

    Raises:    OtConsistencyFailed, AuthenticationFailed, CommitmentMismatch, BroadcastMismatch.
    """
    wide = await extend_wide(ctx.child("bits"), bit_links, Wanted(count))
    inside, everybody = ctx.child("authenticate"), tuple(range(ctx.parties))
    drawn = ctx.random(ctx.parties * factors * count)
    entered = await enter(inside, links, drawn.size, everybody, drawn)
    w = _by_owner(ctx, AuthShare(drawn, entered.share.mac[:-1]), factors, count)
    multiplied = await _multiply(ctx.child("payload"), wide, w)
    x = [_bits_of(ctx, wide, owner, macs) for owner, macs in enumerate(multiplied)]
    products = [AuthShare(parts[1::2], parts[2::2]) for parts in multiplied]
    parts = [Entered(_flat(share), multiplied) for share in (*x, *products)]
    # The last value is the mask of the combination: it came in with the factors.
    await check_all_entered(inside, links, [*parts, entered])
    made = Items(wide.share().words, x, w, products)
    wide.finish()
    return made


def _by_owner(ctx: Context, share: AuthShare, factors: int, count: int) -> list[AuthShare]:
    whole = share.reshape(ctx.parties, factors, count)
    return [whole[owner] for owner in range(ctx.parties)]


def _flat(share: AuthShare) -> AuthShare:
    """A copy, flat, and an entry behind it in the place of a mask of its own: the check overwrites what it is given."""
    zero = share.field.zeros(1)
    flat = share.reshape(share.size)
    return AuthShare(FieldArray.concatenate([flat.value, zero]), FieldArray.concatenate([flat.mac, zero]))


def _bits_of(ctx: Context, wide: WideBits, owner: int, macs: FieldArray) -> AuthShare:
    """[x]: the owner's value share is the bit."""
    value = ctx.field.zeros(macs.shape[1])
    if owner == ctx.party:
        choices.times(ctx.field, _packed(wide.choices), 0, ctx.field.array(1), value)
    return AuthShare(value, macs[0])


async def _multiply(ctx: Context, wide: WideBits, w: list[AuthShare]) -> list[FieldArray]:
    """By owner this party's parts of x alpha, x w, x m, ...: (1 + 2 factors, N)."""
    alpha = ctx.session.key.share
    sends, mine = dict[int, FieldArray](), list[FieldArray]()
    for owner in range(ctx.parties):
        elements = _factors(alpha, w[owner])
        if owner == ctx.party:
            mine.append(_own(ctx, wide, elements))
        else:
            sends[owner], kept = _payload(ctx, wide, owner, elements)
            mine.append(kept)
    shape = mine[ctx.party].shape
    received = await ctx.swap(BF_PAYLOAD, Elements(ctx.field, shape), sends)
    for peer in ctx.peers:
        _take(ctx, wide, peer, received[peer], mine[ctx.party])
    return mine


def _factors(alpha: FieldArray, w: AuthShare) -> list[FieldArray]:
    """alpha, and value and MAC of every factor, in the order in which they are hashed."""
    return [alpha, *(part for factor in range(w.shape[0]) for part in (w.value[factor], w.mac[factor]))]


def _own(ctx: Context, wide: WideBits, elements: list[FieldArray]) -> FieldArray:
    """The bits of this party times its own part of every element."""
    out, packed = ctx.field.empty((len(elements), wide.rows)), _packed(wide.choices)
    for use, element in enumerate(elements):
        choices.times(ctx.field, packed, 0, element, out[use])
    return out


def _payload(ctx: Context, wide: WideBits, owner: int, elements: list[FieldArray]) -> tuple[FieldArray, FieldArray]:
    """What the owner is sent under its choices, and what this party keeps."""
    rows, shape = wide.sent[owner], (len(elements), wide.rows)
    d, kept, buffers = ctx.field.empty(shape), ctx.field.empty(shape), rows.buffers(CHUNK_ROWS)
    for start in range(0, wide.rows, CHUNK_ROWS):
        count = min(CHUNK_ROWS, wide.rows - start)
        part = slice(start, start + count)
        for use, element in enumerate(elements):
            index = rows.hash_halves(start, count, buffers, use)
            zero, one = (buffers.halves(which, count) for which in (0, 1))
            factor = element[part] if element.ndim else element
            choices.payload(ctx.field, zero, one, index, factor, d[use][part], kept[use][part])
    buffers.wipe()
    return d, kept


def _take(ctx: Context, wide: WideBits, peer: int, d: FieldArray, out: FieldArray) -> None:
    """Add what this party's choices give it of a peer's elements."""
    rows, packed, buffers = wide.received[peer], _packed(wide.choices), wide.received[peer].buffers(CHUNK_ROWS)
    for start in range(0, wide.rows, CHUNK_ROWS):
        count = min(CHUNK_ROWS, wide.rows - start)
        part = slice(start, start + count)
        for use in range(out.shape[0]):
            index = rows.hash_halves(start, count, buffers, use)
            choices.take(ctx.field, buffers.halves(0, count), index, packed, start, d[use][part], out[use][part])
    buffers.wipe()


def _packed(bits: Bits) -> Bits:
    """A contiguous copy in whole words."""
    return np.ascontiguousarray(bits)
