"""Whether a shared integer is zero, as a shared bit.

Realises:  [x = 0] for -2^(l-1) <= x < 2^(l-1), exactly, with perfect hiding whatever x is.
Source:    the opening of `compare`, and equality of bits by a tree of products.
Symbols:   as in `compare`; c', r' the numbers c and r without their t lowest bits, modulo 2^l.
Exact:     v = c - r modulo 2^(m+1) has v >> t = x modulo 2^l, so x = 0 is v < 2^t. Without a borrow from the t lowest
           bits this is r' = c', with one it is r' = c' - 1: [x = 0] = E ^ b (E ^ E'), where E and E' are the two
           equalities and b = [the t lowest bits of c are less than those of r].
Order:     c is opened; all three trees go on side by side; the last product selects.
Cost:      two trees of l/2 leaves cost as much as one of l leaves, in which b would be a part of every leaf, and take a
           round less.
Unchecked: every opening in here is logged; `output` checks all of them before anything is revealed. What is opened is
           masked by material that is used once, so opening it early reveals nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from spdz.online.operations.bit_tree import (
    BitProducts,
    Job,
    Level,
    bytes_of,
    compared,
    comparison_jobs,
    leaf_count,
    leaves,
)
from spdz.online.operations.compare import COMPARE_LEVEL, comparison, only_shape, open_masked_number, with_masks
from spdz.online.operations.registry import Batches, Call, Operation, register
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BITS
from spdz.sharing.bit_share import BitShare, Words
from spdz.sharing.field_domain import FIELD
from spdz.sharing.material import DEALT, MaskSlack
from spdz.sharing.shares import AuthShare


async def is_zero(ctx: Context, x: AuthShare, slack: MaskSlack, width: int, batches: Batches) -> BitShare:
    """[x = 0] for signed integers of `width` bits.

    Shapes:    x: any; returns the same.
    Rounds:    2, and one for each level of the deepest of the trees.
               Sends: one element per entry, and the bits of all products, to each peer.
               Consumes: a compare mask of m + 1 bits per entry, and the triples of the products.
    Unchecked: what is opened; a MAC check must run before any output.
    """
    t, _, m = comparison(slack, width)
    masked = await open_masked_number(ctx, x, slack, width, batches)
    products, delta = BitProducts(ctx, COMPARE_LEVEL, x.size, batches), ctx.session.bit_domain.key.share.word
    low = leaves(masked, 0, t, delta)
    above = [masked, masked._replace(c=_less(masked.c, 1 << t))]
    trees = [[node.equal for node in leaves(numbers, t, m + 1, delta)] for numbers in above]
    while len(low) > 1 or len(trees[0]) > 1:
        jobs = [comparison_jobs(low), *(_equality_jobs(tree) for tree in trees)]
        done = iter(await products.of([job for part in jobs for job in part]))
        low = compared(low, [next(done) for _ in jobs[0]]) if jobs[0] else low
        trees = [_halved(tree, [next(done)[0] for _ in part]) for tree, part in zip(trees, jobs[1:], strict=True)]
    ([same], [one_more]), borrow = trees, low[0].less
    [(selected,)] = await products.of([(borrow, same ^ one_more)])
    selected ^= same
    return BitShare(selected.reshape(x.shape))


def _less(numbers: Words, amount: int) -> Words:
    """Public numbers of one or several words, less a small amount, modulo a power of two."""
    out = numbers.copy()
    out[:, 0] -= np.uint64(amount)
    borrow = numbers[:, 0] < np.uint64(amount)
    for limb in range(1, numbers.shape[1]):
        out[:, limb] -= borrow
        borrow &= numbers[:, limb] == 0
    return out


def _equality_jobs(tree: Sequence[Words]) -> list[Job]:
    return list(zip(tree[::2], tree[1::2], strict=False))


def _halved(tree: Sequence[Words], products: list[Words]) -> list[Words]:
    return products if len(tree) % 2 == 0 else [*products, tree[-1]]


def _levels(call: Call) -> list[Level]:
    t, _, m = comparison(call["slack"], call["width"])
    low, high = leaf_count(0, t, m + 1), leaf_count(t, m + 1, m + 1)
    levels = []
    while low > 1 or high > 1:
        levels.append(Level(2 * (high // 2) + (low > 1), max(0, low // 2 - 1)))
        low, high = -(-low // 2), -(-high // 2)
    return [*levels, Level(1, 0)]


async def _run(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> BitShare:
    return await is_zero(ctx, operands[0], call["slack"], call["width"], batches)


EQUAL = register(
    Operation(
        "equal to zero",
        shape=only_shape,
        material=lambda call: with_masks(call, _levels(call)),
        run=_run,
        text=lambda call: f"equal to zero {only_shape(call)} of {call['width']} bits",
        example=Call(((2, 3),), {"width": 33, "slack": DEALT}),
        rounds=lambda call: 1 + len(_levels(call)),
        sends=lambda call, party: math.prod(only_shape(call)),
        sends_bits=lambda call, party: bytes_of(_levels(call), math.prod(only_shape(call))),
        opens=(FIELD, BITS),
        domain=BITS,
        plain=lambda call, x: x == 0,
    )
)
"""Operand and parameters as for a sign. What lies outside of the range gets some bit, and is hidden all the same."""
