"""Unauthenticated products of what the parties hold, by OT on the bits of a.

Realises:  shares of c_t = a_t * b for tau copies a_1 .. a_tau of each triple; a = sum a^i, b = sum b^i, c = sum c^i.
Source:    [KOS16], figure 6 (Pi_Triple, Multiply).
Symbols:   for an ordered pair, receiver R with bits of a, sender S with b; the OT on bit l gives S (q0, q1), and R the
           one s that it chose:
           d = q0 - q1 + b,  R: s + bit * d = q0 + bit * b,  shares sum 2^l (s + bit d) at R and -sum 2^l q0 at S.
Outputs of the OT are 128-bit hashes reduced mod p: statistically 2^(k - 128) from uniform at worst, in fact
           (2^128 mod p) / 2^128: 2^-122 at M61, 2^-127 at M127.
Checked:   here, that a party's choice bits are the same in all columns (before d is sent). Not here: a sender who uses
           different b, a receiver who uses different a towards different peers; the sacrifice finds wrong products, and
           the combination makes a selective failure tell next to nothing about a.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from spdz.errors import SacrificeFailed
from spdz.field import Field, FieldArray
from spdz.field.fused import gadget
from spdz.preprocessing.mascot.extend import extend
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.ot.extension import ROW_UNIT, ReceiverRows, SenderRows
from spdz.preprocessing.ot.rows import HashedRows, RowBuffers
from spdz.runtime.context import Context
from spdz.runtime.workers import share_out
from spdz.wire.codec import Elements
from spdz.wire.steps import Harmless, Payload, declare

PRODUCT_CORRECTIONS = declare(
    "multiply.corrections",
    payload=Payload.ELEMENTS,
    source="[KOS16] figure 6, multiply step 2(b)",
    tampering=(SacrificeFailed, Harmless.NO_EFFECT),
)

CHUNK_ROWS = 8192
"""OTs worked on at once: their rows and hashes stay in the second-level cache."""


async def multiply(ctx: Context, links: dict[int, Link], a: FieldArray, b: FieldArray) -> FieldArray:
    """This party's shares of a_t * b.

    Shapes:    a: (count, tau), b: (count,); returns (count, tau).
    Rounds:    5.  Sends: per OT 128 / ot_tree_bits bits and one element, to each peer, and the check.
    Raises:    OtConsistencyFailed, CommitmentMismatch, BroadcastMismatch.
    Unchecked: the products, until the sacrifice.
    """
    padded = _padded(ctx, a)
    extension = await extend(ctx, links, padded)
    padded.wipe()
    own_b = b.reshape(-1, 1).broadcast_to(a.shape).ravel()
    flat = a.ravel()
    codec = Elements(ctx.field, (flat.size * ctx.field.bits,))
    corrections, total = {}, flat * own_b
    for peer in ctx.peers:
        corrections[peer], share = _as_sender(ctx.field, extension.sent[peer], own_b, ctx.session.threads)
        total = total - share
    received = await ctx.swap(PRODUCT_CORRECTIONS, codec, corrections)
    for peer in ctx.peers:
        total = total + _as_receiver(ctx.field, extension.received[peer], flat, received[peer], ctx.session.threads)
    return total.reshape(*a.shape)


def _padded(ctx: Context, a: FieldArray) -> FieldArray:
    """`a`, flat, with random elements added so that its bits fill whole units of rows."""
    return FieldArray.concatenate([a.ravel(), ctx.random(-a.size % ROW_UNIT)])


def _chunks(field: Field, elements: int) -> list[tuple[int, int]]:
    """Cut into (first element, count): whole transposition words, about CHUNK_ROWS rows each."""
    step = max(1, CHUNK_ROWS // (64 * field.bits)) * 64
    return [(start, min(step, elements - start)) for start in range(0, elements, step)]


def _in_chunks(
    field: Field, elements: int, rows: HashedRows, threads: int, work: Callable[[RowBuffers, int, int], None]
) -> None:
    """Call `work(buffers, first element, count)` for every chunk; the chunks are shared out among threads."""
    chunks = _chunks(field, elements)
    largest = max((count for _, count in chunks), default=0)

    def work_on(given: Iterable[tuple[int, int]]) -> None:
        buffers = rows.buffers(_padded_rows(field, largest))
        try:
            for start, count in given:
                work(buffers, start, count)
        finally:
            buffers.wipe()

    share_out(chunks, threads, work_on)


def _padded_rows(field: Field, elements: int) -> int:
    return -(-elements // 64) * 64 * field.bits


def _as_sender(field: Field, rows: SenderRows, b: FieldArray, threads: int = 1) -> tuple[FieldArray, FieldArray]:
    """The corrections d to send, (count * k,), and sum 2^l q0, (count,); forgets the extension."""
    k, corrections, share = field.bits, field.empty((b.size * field.bits,)), field.empty((b.size,))

    def work(buffers: RowBuffers, start: int, count: int) -> None:
        index = rows.hash_halves(start * k, _padded_rows(field, count), buffers)
        part, ots = slice(start, start + count), slice(start * k, (start + count) * k)
        zero, one = buffers.halves(0, count * k), buffers.halves(1, count * k)
        gadget.sender_products(field, zero, one, index, b[part], corrections[ots], share[part])

    _in_chunks(field, b.size, rows, threads, work)
    rows.finish()
    return corrections, share


def _as_receiver(
    field: Field, rows: ReceiverRows, a: FieldArray, corrections: FieldArray, threads: int = 1
) -> FieldArray:
    """sum 2^l (s + bit d), (count,); forgets the extension."""
    k, share = field.bits, field.empty((a.size,))

    def work(buffers: RowBuffers, start: int, count: int) -> None:
        index = rows.hash_halves(start * k, _padded_rows(field, count), buffers)
        part, ots = slice(start, start + count), slice(start * k, (start + count) * k)
        gadget.receiver_products(field, buffers.halves(0, count * k), index, a[part], corrections[ots], share[part])

    _in_chunks(field, a.size, rows, threads, work)
    rows.finish()
    return share
