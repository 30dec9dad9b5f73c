"""The operations that talk, as nodes of the graph: which protocol, which material, how many of it."""

from __future__ import annotations

import math

from spdz.field import FieldArray
from spdz.online.operations import arithmetic
from spdz.online.plan.graph import Node
from spdz.runtime.context import Context
from spdz.sharing.material import (
    SQUARES,
    TRIPLES,
    Batch,
    InputMasks,
    Kind,
    Squares,
    Triples,
    input_masks,
    matrix_triples,
)
from spdz.sharing.shares import AuthShare

Shape = tuple[int, ...]


def input_of(owner: int, shape: Shape, values: FieldArray | None) -> Node:
    """Share `values` of the owner; None elsewhere."""

    async def talk(ctx: Context, batch: Batch | None) -> AuthShare:
        if batch is None:
            return _nothing(ctx, shape)
        clear = None if batch.clear is None else batch.clear.reshape(*shape)
        masks = InputMasks(batch.shares[0].reshape(*shape), clear)
        return await arithmetic.share_input(ctx, owner, values, masks)

    name = f"input of party {owner} {shape}"
    return Node(name, shape, talking=talk, kind=input_masks(owner), count=math.prod(shape))


def straight_from_material(name: str, shape: Shape, kind: Kind) -> Node:
    """Random shares and random bits: the material is the result."""

    async def talk(ctx: Context, batch: Batch | None) -> AuthShare:
        return _nothing(ctx, shape) if batch is None else batch.shares[0].reshape(*shape)

    return Node(f"{name} {shape}", shape, talking=talk, kind=kind, count=math.prod(shape))


def product(x: Node, y: Node) -> Node:
    """Elementwise product of operands of equal shape."""
    shape = x.shape

    async def talk(ctx: Context, left: AuthShare, right: AuthShare, batch: Batch | None) -> AuthShare:
        if batch is None:
            return _nothing(ctx, shape)
        a, b, c = (share.reshape(*shape) for share in batch.shares)
        return await arithmetic.multiply(ctx, left, right, Triples(a, b, c))

    return Node(f"multiply {shape}", shape, (x, y), talking=talk, kind=TRIPLES, count=math.prod(shape))


def square_of(x: Node) -> Node:
    """Elementwise square."""
    shape = x.shape

    async def talk(ctx: Context, value: AuthShare, batch: Batch | None) -> AuthShare:
        if batch is None:
            return _nothing(ctx, shape)
        a, b = (share.reshape(*shape) for share in batch.shares)
        return await arithmetic.square(ctx, value, Squares(a, b))

    return Node(f"square {shape}", shape, (x,), talking=talk, kind=SQUARES, count=math.prod(shape))


def matrix_product(x: Node, y: Node, shape: Shape, *, whole: bool) -> Node:
    """(m, l) times (l, n), none of them zero, as an array of `shape`; by a matrix triple if `whole`."""
    (m, inner), n = x.shape, y.shape[1]
    dims = (m, inner, n)

    async def talk(ctx: Context, left: AuthShare, right: AuthShare, batch: Batch) -> AuthShare:
        if whole:
            a, b, c = (share[0] for share in batch.shares)
            result = await arithmetic.matmul(ctx, left, right, Triples(a, b, c))
        else:
            a, b, c = (share.reshape(*dims) for share in batch.shares)
            result = await arithmetic.matmul_by_triples(ctx, left, right, Triples(a, b, c))
        return result.reshape(*shape)

    kind, count = (matrix_triples(*dims), 1) if whole else (TRIPLES, math.prod(dims))
    return Node(f"matmul {dims}", shape, (x, y), talking=talk, kind=kind, count=count)


def _nothing(ctx: Context, shape: Shape) -> AuthShare:
    """A share of an array without entries, for which no material is taken."""
    return AuthShare(ctx.field.zeros(shape), ctx.field.zeros(shape))
