"""Matrix products, with one matrix triple or with triples.

Source:    [MZ17], section IV: matrix triples.
Symbols:   as in `products`, with matrices.
Unchecked: every opening in here is logged; `output` checks all of them before anything is revealed.
"""

from __future__ import annotations

import math
from typing import Any

from spdz.errors import BroadcastMismatch, MacCheckFailed
from spdz.online.operations.products import multiply
from spdz.online.operations.registry import Batches, Call, Operation, Shape, register, shaped
from spdz.protocols.opening import open_masked
from spdz.runtime.context import Context
from spdz.sharing.field_domain import FIELD
from spdz.sharing.material import TRIPLES, Triples, matrix_triples
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Delivery, Payload, declare

MATMUL_MASKED = declare(
    "matmul.masked",
    payload=Payload.ELEMENTS,
    source="[MZ17] section IV, matrix triples",
    delivery=Delivery.BROADCAST,
    tampering=(MacCheckFailed, BroadcastMismatch),
)


async def matmul(ctx: Context, x: AuthShare, y: AuthShare, triple: Triples) -> AuthShare:
    """Multiply two shared matrices with one matrix triple.

    Shapes:    x: (m, l), y: (l, n), triple likewise with c: (m, n); returns (m, n).
    Rounds:    1.  Sends: m l + l n elements to each peer.  Consumes: one matrix triple.
    Unchecked: epsilon, delta; a MAC check must run before any output.
    """
    a, b, c = triple
    epsilon, delta = await open_masked(ctx, MATMUL_MASKED, (x, a), (y, b))
    return c + b.__rmatmul__(epsilon) + a @ delta + ctx.public(epsilon @ delta)


async def matmul_by_triples(ctx: Context, x: AuthShare, y: AuthShare, triples: Triples) -> AuthShare:
    """Multiply two shared matrices with one triple per product of entries, where no matrix triples are to be had.

    Shapes:    x: (m, l), y: (l, n), triples: (m, l, n); returns (m, n).
    Rounds:    1.  Sends: 2 m l n elements to each peer.  Consumes: m l n triples.
    Unchecked: as `multiply`.
    """
    shape = (*x.shape, y.shape[1])
    left = x.reshape(*x.shape, 1).broadcast_to(shape)
    right = y.reshape(1, *y.shape).broadcast_to(shape)
    products = await multiply(ctx, left, right, triples)
    return products.sum(1)


def _dims(call: Call) -> Shape:
    """(m, l, n) of (m, l) times (l, n); none of them is zero unless the result is empty."""
    (m, inner), (_, n) = call.shapes
    return m, inner, n


def _sends(call: Call, party: int) -> int:
    m, inner, n = _dims(call)
    return m * inner + inner * n if call["whole"] else 2 * m * inner * n


async def _run(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> AuthShare:
    dims, [batch], (x, y) = _dims(call), batches, operands
    if call["whole"]:
        product = await matmul(ctx, x, y, Triples(*(share[0] for share in batch.shares)))
    else:
        product = await matmul_by_triples(ctx, x, y, Triples(*shaped(batch, dims)))
    return product.reshape(*call["shape"])


MATMUL = register(
    Operation(
        "matmul",
        shape=lambda call: call["shape"],
        material=lambda call: {matrix_triples(*_dims(call)): 1} if call["whole"] else {TRIPLES: math.prod(_dims(call))},
        run=_run,
        text=lambda call: f"matmul {_dims(call)}",
        example=Call(((2, 3), (3, 4)), {"whole": True, "shape": (2, 4)}),
        sends=_sends,
        opens=(FIELD,),
        plain=lambda call, x, y: (x @ y).reshape(call["shape"]),
    )
)
"""Operands: two matrices. Parameters: shape, of the result, with as many entries as the product; whole, whether a
matrix triple is taken."""
