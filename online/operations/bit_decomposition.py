"""The bits of a shared integer.

Realises:  the l bits of x modulo 2^l, in two's complement, for -2^(l-1) <= x < 2^(l-1), exactly, with perfect hiding
           whatever x is.
Source:    the opening of `compare`; Damgard et al., TCC 2006, for bits by a subtraction; Sklansky, IRE Trans. 1960, for
           the prefixes.
Symbols:   as in `compare`; the bits of x are bits t to m of v = c - r, and bit j of v is c_j ^ r_j ^ b_j, where b_j is
           the borrow into place j: [the j lowest bits of c are less than those of r].
Order:     c is opened; leaves of two bits give borrows at even places, by a ripple that carries the place in between
           along (depth "work"), or by prefixes of all leaves and one more round for the places in between ("rounds").
Unchecked: every opening in here is logged; `output` checks all of them before anything is revealed. What is opened is
           masked by material that is used once, so opening it early reveals nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from spdz.errors import UsageError
from spdz.online.operations.bit_tree import (
    BitProducts,
    Job,
    Level,
    Node,
    bits_of_difference,
    bytes_of,
    joined_node,
    leaf_count,
    leaves,
    single_leaf,
)
from spdz.online.operations.compare import COMPARE_LEVEL, comparison, only_shape, open_masked_number, with_masks
from spdz.online.operations.registry import Batches, Call, Operation, Shape, register
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BITS as BIT_DOMAIN
from spdz.sharing.bit_share import BitShare, Words
from spdz.sharing.field_domain import FIELD
from spdz.sharing.material import DEALT, MaskSlack
from spdz.sharing.shares import AuthShare

ROUNDS, WORK = "rounds", "work"
"""The two depths: few rounds, or few triples."""


async def bits_of(ctx: Context, x: AuthShare, slack: MaskSlack, width: int, depth: str, batches: Batches) -> BitShare:
    """The bits of signed integers of `width` bits, the lowest first; the last one is the sign.

    Shapes:    x: any; returns (*shape, width).
    Rounds:    1, and one for each leaf but the first (work), or log2 of the leaves and 1 (rounds).
               Sends: one element per entry, and the bits of all products, to each peer.
               Consumes: a compare mask of m + 1 bits per entry, and the triples of the products.
    Unchecked: what is opened; a MAC check must run before any output.
    """
    t, _, m = comparison(slack, width)
    masked = await open_masked_number(ctx, x, slack, width, batches)
    products, delta = BitProducts(ctx, COMPARE_LEVEL, x.size, batches), ctx.session.bit_domain.key.share.word
    nodes = leaves(masked, 0, m, delta)
    inner = {place: single_leaf(masked, place, delta) for place in _places_between(t, m)}
    borrows = await (_ripple if depth == WORK else _prefixes)(products, nodes, inner, m)
    planes = np.stack([borrows[place] for place in range(t, m + 1)])
    words = bits_of_difference(masked, t, planes, delta)
    return BitShare(words.reshape(*x.shape, width))


def _places_between(t: int, m: int) -> list[int]:
    """The even places from which the borrow into the next one is wanted, and does not follow from a leaf."""
    return [place for place in range(2, m - 1, 2) if place + 1 >= t]


def _ends(nodes: Sequence[Node], m: int) -> list[int]:
    """Up to which place each leaf reaches."""
    return [min(2 * leaf + 2, m) for leaf in range(len(nodes))]


async def _ripple(products: BitProducts, nodes: Sequence[Node], inner: dict[int, Node], m: int) -> dict[int, Words]:
    """Borrows by place, one leaf after the other."""
    place, borrow = 2, nodes[0].less
    borrows = {place: borrow}
    for node, end in zip(nodes[1:], _ends(nodes, m)[1:], strict=True):
        half = inner.get(place)
        job: Job = (borrow, node.equal) if half is None else (borrow, node.equal, half.equal)
        [done] = await products.of([job])
        if half is not None:
            borrows[place + 1] = done[1] ^ half.less
        place, borrow = end, done[0] ^ node.less
        borrows[place] = borrow
    return borrows


async def _prefixes(products: BitProducts, nodes: Sequence[Node], inner: dict[int, Node], m: int) -> dict[int, Words]:
    """Borrows by place: prefixes of all leaves in a logarithmic number of rounds, then the places in between."""
    found, step = list(nodes), 1
    while step < len(found):
        places = [leaf for leaf in range(len(found)) if leaf & step]
        done = await products.of([_joining(found[leaf], found[leaf // step * step - 1], leaf, step) for leaf in places])
        for leaf, product in zip(places, done, strict=True):
            found[leaf] = joined_node(found[leaf], product)
        step *= 2
    borrows = {end: node.less for end, node in zip(_ends(found, m), found, strict=True)}
    done = await products.of([(borrows[place], half.equal) for place, half in inner.items()])
    for (place, half), product in zip(inner.items(), done, strict=True):
        borrows[place + 1] = product[0] ^ half.less
    return borrows


def _joining(upper: Node, lower: Node, leaf: int, step: int) -> Job:
    """What joins a leaf to the block below it; once it reaches the lowest place nobody asks whether it is equal."""
    return (upper.equal, lower.less) if leaf < 2 * step else (upper.equal, lower.less, lower.equal)


def _levels(call: Call) -> list[Level]:
    t, _, m = comparison(call["slack"], call["width"])
    count, between = leaf_count(0, m, m + 1), _places_between(t, m)
    if call["depth"] == WORK:
        return [Level(0, 1) if 2 * leaf in between else Level(1, 0) for leaf in range(1, count)]
    if call["depth"] != ROUNDS:
        raise UsageError(f"depth is {ROUNDS!r} or {WORK!r}, not {call['depth']!r}")
    levels, step = [], 1
    while step < count:
        joined = sum(leaf & step > 0 for leaf in range(count))
        last = min(2 * step, count) - step
        levels.append(Level(last, joined - last))
        step *= 2
    return [*levels, Level(len(between), 0)] if between else levels


def _shape(call: Call) -> Shape:
    return (*only_shape(call), call["width"])


async def _run(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> BitShare:
    return await bits_of(ctx, operands[0], call["slack"], call["width"], call["depth"], batches)


BITS = register(
    Operation(
        "bits",
        shape=_shape,
        material=lambda call: with_masks(call, _levels(call)),
        run=_run,
        text=lambda call: f"bits {only_shape(call)} of {call['width']} bits in few {call['depth']}",
        example=Call(((2, 3),), {"width": 33, "slack": DEALT, "depth": ROUNDS}),
        rounds=lambda call: 1 + len(_levels(call)),
        sends=lambda call, party: math.prod(only_shape(call)),
        sends_bits=lambda call, party: bytes_of(_levels(call), math.prod(only_shape(call))),
        opens=(FIELD, BIT_DOMAIN),
        domain=BIT_DOMAIN,
        plain=lambda call, x: x[..., None] >> np.arange(call["width"]).astype(object) & 1,
    )
)
"""Operand: an array of signed integers in the field. Parameters: width and slack as for a sign; depth, "rounds" or
"work", for few rounds or few triples."""
