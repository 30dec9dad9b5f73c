"""Squares and random bits, made from triples by one and two openings.

Source:    squares: b = a - delta turns a triple into a square, c + delta a = a b + (a - b) a = a^2; delta = a - b is
           uniform and independent of a. Bits: [DFKNT06], open a^2, take its canonical root, a / root is 1 or -1.
Checked:   all openings, before anything is returned. A bit whose a is zero is dropped and made again; that it was zero
           is public and says nothing about the others.
"""

from __future__ import annotations

from spdz.errors import BroadcastMismatch, MacCheckFailed
from spdz.field import FieldArray
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.triples import make_triples
from spdz.protocols.mac_check import checked
from spdz.protocols.opening import partial_open
from spdz.runtime.context import Context
from spdz.sharing.material import RANDOM_BITS, SQUARES, Batch
from spdz.sharing.shares import AuthShare, concatenate_shares
from spdz.wire.steps import Delivery, Outcome, Payload, declare

_CHECKED: tuple[Outcome, ...] = (MacCheckFailed, BroadcastMismatch)
SQUARE_DIFFERENCE = declare(
    "squares.difference",
    payload=Payload.ELEMENTS,
    source="this module",
    delivery=Delivery.BROADCAST,
    tampering=_CHECKED,
)
BIT_SQUARE = declare(
    "bits.square", payload=Payload.ELEMENTS, source="[DFKNT06]", delivery=Delivery.BROADCAST, tampering=_CHECKED
)


async def make_squares(ctx: Context, links: dict[int, Link], count: int) -> Batch:
    """`count` pairs a, a^2. Rounds: those of `make_triples` and 5."""
    triples = await make_triples(ctx.child("triples"), links, count)
    return await checked(ctx, "openings", lambda scope: _squares(scope, triples))


async def _squares(ctx: Context, triples: Batch) -> Batch:
    a, b, c = triples.shares
    delta = await partial_open(ctx, SQUARE_DIFFERENCE, a - b)
    return Batch(SQUARES, (a, c + a * delta))


async def make_random_bits(ctx: Context, links: dict[int, Link], count: int) -> Batch:
    """`count` uniform bits. Rounds: those of `make_triples` and 6, and again if some a were zero."""
    found: list[AuthShare] = []
    missing = count
    while missing > 0:
        triples = await make_triples(ctx.child("triples"), links, missing)
        bits = await _bits(ctx, triples)
        found.append(bits)
        missing -= bits.size
    return Batch(RANDOM_BITS, (concatenate_shares(found),))


async def _bits(ctx: Context, triples: Batch) -> AuthShare:
    """One bit for each triple whose a is not zero."""

    async def open_squares(scope: Context) -> tuple[AuthShare, FieldArray]:
        a, square = (await _squares(scope, triples)).shares
        return a, await partial_open(scope, BIT_SQUARE, square)

    # The check comes before the root: a wrong square may have none, and nothing may depend on it.
    a, opened = await checked(ctx, "openings", open_squares)
    kept = ~opened.is_zero()
    sign = a[kept] * opened[kept].sqrt().inverse()
    half = (ctx.field.modulus + 1) // 2
    return (sign + ctx.public(ctx.field.ones(sign.shape))) * half
