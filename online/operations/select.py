"""Selection: a shared bit times field elements.

Source:    the daBits of Rotaru and Wood, INDOCRYPT 2019, with products of the bit and masks; the product of a bit and
           elements then takes one round and no triple.
Symbols:   <s> the bit, [X] the elements; beta a uniform bit that is shared in both domains, v uniform elements,
           [beta v]; d = s ^ beta and epsilon = X - v opened. beta X = [beta v] + epsilon [beta], and s X is that where
           d = 0 and X less that where d = 1.
Unchecked: every opening in here is logged; `output` checks all of them before anything is revealed. What is opened is
           masked by material that is used once, so opening it early reveals nothing.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from spdz.errors import BroadcastMismatch, InternalError, MacCheckFailed
from spdz.online.operations.convert import as_elements, packed_bytes, signs
from spdz.online.operations.registry import Batches, Call, Operation, Shape, register
from spdz.protocols.opening import open_masked
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BITS
from spdz.sharing.bit_share import BitShare
from spdz.sharing.field_domain import FIELD
from spdz.sharing.material import Kind, mux_triples
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Delivery, Outcome, Payload, declare

_CHECKED: tuple[Outcome, ...] = (MacCheckFailed, BroadcastMismatch)
SELECT_BIT = declare(
    "select.bit",
    payload=Payload.BITS,
    source="Rotaru-Wood 2019, daBits",
    delivery=Delivery.BROADCAST,
    tampering=_CHECKED,
)
SELECT_MASKED = declare(
    "select.masked",
    payload=Payload.ELEMENTS,
    source="[DPSZ12] multiplication",
    delivery=Delivery.BROADCAST,
    tampering=_CHECKED,
)


class MuxTriples(NamedTuple):
    """Shares of beta in both domains, v, and beta v."""

    bit: BitShare
    beta: AuthShare
    v: AuthShare
    product: AuthShare


async def select(ctx: Context, s: BitShare, x: AuthShare, triples: MuxTriples) -> AuthShare:
    """s x: each bit times the elements that belong to it.

    Shapes:    s: (n,), x: (n, width), triples of the same shapes; returns (n, width).
    Rounds:    1.  Sends: one element per entry of x, and 1 bit per entry of s, packed, to each peer.
               Consumes: one mux triple of that width per bit.
    Unchecked: d, epsilon; a MAC check must run before any output.
    """
    bit, beta, v, product = triples
    [d], [epsilon] = await ctx.gather(
        open_masked(ctx.child("bit"), SELECT_BIT, (s, bit)),
        open_masked(ctx.child("elements"), SELECT_MASKED, (x, v)),
    )
    opened = as_elements(ctx.field, d).reshape(-1, 1)
    switched = product + beta.reshape(-1, 1) * epsilon
    selected: AuthShare = x * opened + switched * signs(opened)
    return selected


def _split(call: Call) -> tuple[int, int]:
    """How many bits there are, and how many elements belong to each."""
    bits, elements = call.shapes
    width = call["width"]
    if elements != (bits if width is None else (*bits, width)):
        raise InternalError(f"bits {bits} select among elements {elements} of width {width}")
    return math.prod(bits), 1 if width is None else width


def _material(call: Call) -> dict[Kind, int]:
    count, width = _split(call)
    return {mux_triples(width): count} if count * width else {}


def _shape(call: Call) -> Shape:
    _split(call)
    return call.shapes[1]


async def _run(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> AuthShare:
    (s, x), (count, width) = operands, _split(call)
    triples = MuxTriples(*batches[0].shares)
    chosen = await select(ctx, s.reshape(count), x.reshape(count, width), triples)
    return chosen.reshape(*call.shapes[1])


SELECT = register(
    Operation(
        "select",
        shape=_shape,
        material=_material,
        run=_run,
        text=lambda call: f"select {call.shapes[1]} by {call.shapes[0]}",
        example=Call(((2, 3), (2, 3, 4)), {"width": 4}),
        sends=lambda call, party: math.prod(_split(call)),
        sends_bits=lambda call, party: packed_bytes(_split(call)[0]),
        messages=2,
        opens=(FIELD, BITS),
        operands=(BITS,),
        plain=lambda call, c, x: (c if call["width"] is None else c[..., None]) * x,
    )
)
"""Operands: bits, and elements of their shape, or of that shape and one more axis for elements that belong to one bit.
Parameter: width, the length of that axis; None for no axis."""
