"""Unauthenticated products of what the parties hold, by OT on the bits of a.

Realises:  shares of c_t = a_t * b for tau copies a_1 .. a_tau of each triple; a = sum a^i, b = sum b^i, c = sum c^i.
Source:    [KOS16], figure 6 (Pi_Triple, Multiply).
Symbols:   for an ordered pair, receiver R with bits of a, sender S with b; the OT on bit l gives S (q0, q1), and R the
           one s that it chose:
           d = q0 - q1 + b,  R: s + bit * d = q0 + bit * b,  shares sum 2^l (s + bit d) at R and -sum 2^l q0 at S.
Outputs of the OT are 128-bit hashes reduced mod p: statistically 2^(k - 128) from uniform at worst, in fact
           (2^128 mod p) / 2^128, below 2^-120 in every Mersenne field here.
Checked:   here, that a party's choice bits are the same in all columns (before d is sent). Not here: a sender who uses
           different b, a receiver who uses different a towards different peers; the sacrifice finds wrong products, and
           the combination makes a selective failure tell next to nothing about a.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spdz.errors import SacrificeFailed
from spdz.field import Field, FieldArray
from spdz.preprocessing.extend import extend
from spdz.preprocessing.links import Link
from spdz.preprocessing.ot_extension import ROW_UNIT, Rows
from spdz.runtime.context import Context
from spdz.wire.codec import Elements
from spdz.wire.steps import Harmless, declare

PRODUCT_CORRECTIONS = declare(
    "multiply.corrections",
    source="[KOS16] figure 6, multiply step 2(b)",
    tampering=(SacrificeFailed, Harmless.NO_EFFECT),
)

CHUNK_ROWS = 8192
"""OTs worked on at once: their rows and hashes stay in the second-level cache."""


async def multiply(ctx: Context, links: dict[int, Link], a: FieldArray, b: FieldArray) -> FieldArray:
    """This party's shares of a_t * b.

    Shapes:    a: (count, tau), b: (count,); returns (count, tau).
    Rounds:    5.  Sends: per OT 16 bytes of columns and one element, to each peer, and the check.
    Raises:    OtConsistencyFailed, CommitmentMismatch, BroadcastMismatch.
    Unchecked: the products, until the sacrifice.
    """
    await extend(ctx, links, _padded(ctx, a))
    own_b = b.reshape(-1, 1).broadcast_to(a.shape).ravel()
    flat = a.ravel()
    codec = Elements(ctx.field, (flat.size * ctx.field.bits,))
    corrections, total = {}, flat * own_b
    for peer in ctx.peers:
        payload, share = _as_sender(ctx.field, links[peer], own_b)
        corrections[peer] = (codec, payload)
        total = total - share
    received = await ctx.exchange(PRODUCT_CORRECTIONS, corrections, dict.fromkeys(ctx.peers, codec))
    for peer in ctx.peers:
        total = total + _as_receiver(ctx.field, links[peer], flat, received[peer])
    return total.reshape(*a.shape)


def _padded(ctx: Context, a: FieldArray) -> FieldArray:
    """`a`, flat, with random elements added so that its bits fill whole units of rows."""
    return FieldArray.concatenate([a.ravel(), ctx.random(-a.size % ROW_UNIT)])


def _chunks(field: Field, elements: int) -> Iterator[tuple[int, int]]:
    """Cut into (first element, count): whole transposition words, about CHUNK_ROWS rows each."""
    step = max(1, CHUNK_ROWS // (64 * field.bits)) * 64
    for start in range(0, elements, step):
        yield start, min(step, elements - start)


def _scratch(field: Field, elements: int, arrays: int) -> list[Rows]:
    rows = min(elements, next(_chunks(field, 1 << 30))[1])
    return [np.empty((-(-rows // 64) * 64 * field.bits, 2), np.uint64) for _ in range(arrays)]


def _as_sender(field: Field, link: Link, b: FieldArray) -> tuple[FieldArray, FieldArray]:
    """The corrections d to send, (count * k,), and sum 2^l q0, (count,); forgets the extension."""
    corrections = field.empty((b.size * field.bits,))
    share = field.empty((b.size,))
    rows, first, second = _scratch(field, b.size, 3)
    for start, count in _chunks(field, b.size):
        ots, padded = count * field.bits, -(-count // 64) * 64 * field.bits
        link.ot_sender.hashed_rows(start * field.bits, padded, rows[:padded], (first[:padded], second[:padded]))
        field.ot_sender_gadget(
            first[:ots],
            second[:ots],
            b[start : start + count],
            corrections[start * field.bits : start * field.bits + ots],
            share[start : start + count],
        )
    link.ot_sender.finish()
    return corrections, share


def _as_receiver(field: Field, link: Link, a: FieldArray, corrections: FieldArray) -> FieldArray:
    """sum 2^l (s + bit d), (count,); forgets the extension."""
    share = field.empty((a.size,))
    rows, hashed = _scratch(field, a.size, 2)
    for start, count in _chunks(field, a.size):
        ots, padded = count * field.bits, -(-count // 64) * 64 * field.bits
        part = share[start : start + count]
        link.ot_receiver.hashed_rows(start * field.bits, padded, rows[:padded], hashed[:padded])
        field.ot_receiver_gadget(hashed[:ots], part)
        bits = field.bit_decompose(a[start : start + count])
        field.select_gadget(bits, corrections[start * field.bits : start * field.bits + ots], part)
    link.ot_receiver.finish()
    return share
