"""Sign of a shared integer: whether it is negative, as a shared bit.

Realises:  [x < 0] for -2^(l-1) <= x < 2^(l-1), exactly, with perfect hiding whatever x is.
Source:    open-and-compare of Catrina and de Hoogh, SCN 2010, and Damgard et al., TCC 2006, with bits that are shared
           over GF(2) as in Escudero, Ghosh, Keller, Rachuri, Scholl, CRYPTO 2020.
Symbols:   p = 2^k - 1; R a uniform mask, the sum of `terms` masks of which each is uniform if its party is honest;
           r its lowest m + 1 bits, as the sum of the lowest bits of all terms; c = 2^t x + o + R is opened.
Deviation: the mask is uniform modulo p, instead of larger than x by a statistical margin, and r is a sum of integers
           instead of the bits of R: what is opened is uniform, and a sum that wraps costs one unit.
Exact:     let w in [-1, terms] be the number of wraps, 2^t x + o + sum R_i = c + w p, where every R_i lies in [0, p).
           Let the bits of a term be those of R_i - d_i, |d_i| <= faults. As p = -1 modulo 2^(m+1), c - r is the integer
           v = 2^t x + o + w + sum d_i modulo 2^(m+1). With o = 1 + terms faults and 2^t > o + terms + terms faults what
           is added to 2^t x lies in [0, 2^t). So v lies in [-2^m, 2^m) for m = l - 1 + t: its bit m is [x < 0], and
           v >> t is x modulo 2^l.
Order:     c is opened; [c < r] on the m lower bits comes from a tree; bit m of c - r is c_m ^ r_m ^ [c < r].
Unchecked: every opening in here is logged; `output` checks all of them before anything is revealed. What is opened is
           masked by material that is used once, so opening it early reveals nothing.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from spdz.errors import BroadcastMismatch, MacCheckFailed, UsageError
from spdz.field import Field
from spdz.online.operations.bit_tree import (
    BitProducts,
    Level,
    Masked,
    bits_of_difference,
    bytes_of,
    compare,
    comparison_levels,
    leaf_count,
    leaves,
    material_of,
)
from spdz.online.operations.registry import Batches, Call, Operation, Shape, register
from spdz.protocols.opening import partial_open
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BITS
from spdz.sharing.bit_share import BitShare
from spdz.sharing.field_domain import FIELD
from spdz.sharing.material import DEALT, Batch, Kind, MaskSlack, compare_masks
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Delivery, Outcome, Payload, declare

_CHECKED: tuple[Outcome, ...] = (MacCheckFailed, BroadcastMismatch)
COMPARE_MASKED = declare(
    "compare.masked",
    payload=Payload.ELEMENTS,
    source="Catrina-de Hoogh 2010, with a uniform mask",
    delivery=Delivery.BROADCAST,
    tampering=_CHECKED,
)
COMPARE_LEVEL = declare(
    "compare.level",
    payload=Payload.BITS,
    source="[Bea91] over GF(2)",
    delivery=Delivery.BROADCAST,
    tampering=_CHECKED,
)


class Parameters(NamedTuple):
    """t, o and m of the module's text."""

    t: int
    offset: int
    m: int


def comparison(slack: MaskSlack, l: int) -> Parameters:  # noqa: E741  # the letter of the papers
    """The least room for all wraps and faults, the offset that keeps them positive, and the place of the sign."""
    if l < 1:
        raise UsageError(f"a signed number has at least one bit, not {l}")
    terms, faults = slack
    offset = 1 + terms * faults
    t = (offset + terms + terms * faults).bit_length()
    return Parameters(t, offset, l - 1 + t)


def require_room(field: Field, slack: MaskSlack, width: int) -> Parameters:
    """The parameters, if the field has room for them.  Raises: UsageError naming the largest width, or the field."""
    found = comparison(slack, width)
    if field.modulus != (1 << field.bits) - 1:
        raise UsageError(
            f"comparisons need a Mersenne prime, in which a sum that wraps costs one unit, not {field.name}"
        )
    if found.m + 1 > field.bits:
        raise UsageError(
            f"numbers of {width} bits are too wide for a comparison in {field.name}: with these masks there is room "
            f"for {field.bits - found.t} bits"
        )
    return found


async def open_masked_number(ctx: Context, x: AuthShare, slack: MaskSlack, width: int, batches: Batches) -> Masked:
    """Open c = 2^t x + o + R.

    Shapes:    x: any; c and the bits of the masks come flat.
    Rounds:    1.  Sends: one element per entry to each peer.  Consumes: one compare mask of m + 1 bits per entry.
    Unchecked: c; a MAC check must run before any output.
    Raises:    UsageError if the field has no room for numbers of this width.
    """
    t, offset, _ = require_room(ctx.field, slack, width)
    mask, r, q = _masks(batches).shares
    # R is uniform and used once: c tells nothing of x, in range or not. The offset is public and added afterwards.
    shifted: AuthShare = x.reshape(x.size) * (1 << t) + mask
    c = await partial_open(ctx, COMPARE_MASKED, shifted) + offset
    return Masked(c.limbs, np.ascontiguousarray(r.words), np.ascontiguousarray(q.words))


def _masks(batches: Batches) -> Batch:
    [found] = [batch for batch in batches if batch.kind.name == _MASKS]
    return found


_MASKS = compare_masks(1).name


async def sign(ctx: Context, x: AuthShare, slack: MaskSlack, width: int, batches: Batches) -> BitShare:
    """[x < 0] for signed integers of `width` bits.

    Shapes:    x: any; returns the same.
    Rounds:    1, and one for each level of the tree.
               Sends: one element per entry, and the bits of the tree's products, to each peer.
               Consumes: a compare mask of m + 1 bits per entry, and the triples of the tree.
    Unchecked: what is opened; a MAC check must run before any output.
    """
    m = comparison(slack, width).m
    masked = await open_masked_number(ctx, x, slack, width, batches)
    products, delta = BitProducts(ctx, COMPARE_LEVEL, x.size, batches), ctx.session.bit_domain.key.share.word
    less = await compare(products, leaves(masked, 0, m, delta))
    words = bits_of_difference(masked, m, less[None], delta)
    return BitShare(words.reshape(x.shape))


def only_shape(call: Call) -> Shape:
    """The shape of the only operand."""
    [shape] = call.shapes
    return shape


def with_masks(call: Call, levels: list[Level]) -> dict[Kind, int]:
    """A compare mask for each entry, and the triples of the levels."""
    entries, m = math.prod(only_shape(call)), comparison(call["slack"], call["width"]).m
    return {compare_masks(m + 1): entries, **material_of(levels, entries)}


def _levels(call: Call) -> list[Level]:
    m = comparison(call["slack"], call["width"]).m
    return comparison_levels(leaf_count(0, m, m + 1))


async def _run(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> BitShare:
    return await sign(ctx, operands[0], call["slack"], call["width"], batches)


SIGN = register(
    Operation(
        "sign",
        shape=only_shape,
        material=lambda call: with_masks(call, _levels(call)),
        run=_run,
        text=lambda call: f"sign {only_shape(call)} of {call['width']} bits",
        example=Call(((2, 3),), {"width": 33, "slack": DEALT}),
        rounds=lambda call: 1 + len(_levels(call)),
        sends=lambda call, party: math.prod(only_shape(call)),
        sends_bits=lambda call, party: bytes_of(_levels(call), math.prod(only_shape(call))),
        opens=(FIELD, BITS),
        domain=BITS,
        plain=lambda call, x: x < 0,
    )
)
"""Operand: an array of signed integers in the field. Parameters: width, their bits, the sign among them; slack, what
the session's masks are made of. What lies outside of the range gets some bit, and is hidden all the same."""
