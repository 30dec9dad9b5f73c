"""Elementwise products and squares.

Source:    [DPSZ12], multiplication; [DKLPSS13], squaring.
Symbols:   [x], [y] factors, (a, b, c = a b) a triple, epsilon = x - a and delta = y - b opened.
Unchecked: every opening in here is logged; `output` checks all of them before anything is revealed. What is opened is
           masked by material that is used once, so opening it early reveals nothing.
"""

from __future__ import annotations

import math
from typing import Any

from spdz.errors import BroadcastMismatch, InternalError, MacCheckFailed
from spdz.field import FieldArray
from spdz.field.fused import beaver
from spdz.field.memory import is_output
from spdz.online.operations.registry import Batches, Call, Operation, Shape, register, shaped
from spdz.protocols.opening import open_masked
from spdz.runtime.context import Context
from spdz.sharing.field_domain import FIELD
from spdz.sharing.material import SQUARES, TRIPLES, Squares, Triples
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Delivery, Outcome, Payload, declare

_CHECKED: tuple[Outcome, ...] = (MacCheckFailed, BroadcastMismatch)
MULTIPLY_MASKED = declare(
    "multiply.masked",
    payload=Payload.ELEMENTS,
    source="[DPSZ12] multiplication",
    delivery=Delivery.BROADCAST,
    tampering=_CHECKED,
)
SQUARE_MASKED = declare(
    "square.masked",
    payload=Payload.ELEMENTS,
    source="[DKLPSS13] squaring",
    delivery=Delivery.BROADCAST,
    tampering=_CHECKED,
)

REUSED_ELEMENTS = 1 << 14
"""Products of at least this size overwrite the third array of their triples."""


async def multiply(ctx: Context, x: AuthShare, y: AuthShare, triples: Triples) -> AuthShare:
    """Multiply two shared arrays elementwise with Beaver triples.

    Shapes:    x, y and the triples: equal; returns the same.
    Rounds:    1.  Sends: 2 elements per entry to each peer.  Consumes: one triple per entry; c may be overwritten.
    Unchecked: epsilon, delta; a MAC check must run before any output.
    """
    a, b, c = triples
    epsilon, delta = await open_masked(ctx, MULTIPLY_MASKED, (x, a), (y, b))
    return _product(ctx, a, b, c, epsilon, delta)


async def square(ctx: Context, x: AuthShare, squares: Squares) -> AuthShare:
    """Square a shared array elementwise: x^2 = a^2 + 2 epsilon a + epsilon^2.

    Shapes:    x and the squares: equal; returns the same.
    Rounds:    1.  Sends: 1 element per entry to each peer.  Consumes: one square per entry; it may be overwritten.
    Unchecked: epsilon; a MAC check must run before any output.
    """
    a, a_squared = squares
    [epsilon] = await open_masked(ctx, SQUARE_MASKED, (x, a))
    return _product(ctx, a, a, a_squared, epsilon, epsilon)


def _product(
    ctx: Context, a: AuthShare, b: AuthShare, c: AuthShare, epsilon: FieldArray, delta: FieldArray
) -> AuthShare:
    """(a + epsilon) (b + delta) = c + epsilon b + delta a + epsilon delta, where c = a b."""
    # The last term is public, so party 0 alone adds it to its value.
    adds_public, alpha = ctx.party == 0, ctx.session.key.share
    return AuthShare(
        beaver.product(ctx.field, a.value, b.value, c.value, epsilon, delta, adds_public, _used_up(c.value)),
        beaver.product(ctx.field, a.mac, b.mac, c.mac, epsilon, delta, alpha, _used_up(c.mac)),
    )


def _used_up(c: FieldArray) -> FieldArray | None:
    """`c` as the place of the product, because fresh memory costs more than all the arithmetic.

    Not if it is small: the product would keep alive the whole batch of which c is a part.
    """
    return c if c.size >= REUSED_ELEMENTS and is_output(c.limbs) else None


def _common(call: Call) -> Shape:
    """The operands have been broadcast to one shape before."""
    first, *others = call.shapes
    if any(other != first for other in others):
        raise InternalError(f"operands of an elementwise product have the shapes {call.shapes}")
    return first


async def _run_multiply(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> AuthShare:
    x, y = operands
    return await multiply(ctx, x, y, Triples(*shaped(batches[0], _common(call))))


async def _run_square(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> AuthShare:
    return await square(ctx, operands[0], Squares(*shaped(batches[0], _common(call))))


MULTIPLY = register(
    Operation(
        "multiply",
        shape=_common,
        material=lambda call: {TRIPLES: math.prod(_common(call))},
        run=_run_multiply,
        text=lambda call: f"multiply {_common(call)}",
        example=Call(((2, 3), (2, 3))),
        sends=lambda call, party: 2 * math.prod(_common(call)),
        opens=(FIELD,),
        plain=lambda call, x, y: x * y,
    )
)
"""Operands: two of one shape."""

SQUARE = register(
    Operation(
        "square",
        shape=_common,
        material=lambda call: {SQUARES: math.prod(_common(call))},
        run=_run_square,
        text=lambda call: f"square {_common(call)}",
        example=Call(((2, 3),)),
        sends=lambda call, party: math.prod(_common(call)),
        opens=(FIELD,),
        plain=lambda call, x: x * x,
    )
)
"""Operands: one."""
