"""Truncation: division of shared signed values by 2^f, with an error of about one unit.

Realises:  [y] with y = floor((x + centre + sum lo_i) / 2^f), where the lo_i are the lowest f bits of the masks' terms.
           c mod 2^f is uniform, public, and together with x it decides the rounding: nobody may take the rounding for
           a coin that is independent of what is seen. Corrupted parties shift y by a little (`worst_error`).
Source:    Escudero et al., CRYPTO 2020 [EGKRS20], truncation by opening a masked value; here the mask is a sum of
           private terms with authenticated low parts, so no bits of it are needed (docs/security/truncation.md).
Symbols:   x in [-2^(l-1), 2^(l-1)); R = sum R_i with R_i in [0, 2^rho), lo = sum lo_i; off a public multiple of 2^f
           that keeps everything positive; centre = -(terms - 1) 2^(f-1), which makes errors as often positive as
           negative.
Hiding:    c is the only opened value whose secret is hidden statistically: its highest bits are not masked at all if x
           is out of range. A party that has cheated in an opening before could set x to b 2^j for a secret b and read
           five bits of b in c; ten products in one round gave a 48-bit secret in full. So the operation is *gated*: no
           party sends its share of c before a check of all openings that x depends on has passed at that party.
           What c tells is counted for the whole run (`distance`, `spdz.online.plan.hiding`).
Unchecked: c; a MAC check must run before any output.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from spdz.errors import BroadcastMismatch, MacCheckFailed, UsageError
from spdz.field import Field
from spdz.online.operations.registry import Batches, Call, Operation, Shape, register, shaped
from spdz.online.plan.hiding import STATISTICAL_BITS, bits_of
from spdz.protocols.opening import partial_open
from spdz.runtime.context import Context
from spdz.sharing.field_domain import FIELD
from spdz.sharing.material import DEALT, truncation_bits, truncation_pairs
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Delivery, Payload, declare

TRUNCATE_MASKED = declare(
    "truncate.masked",
    payload=Payload.ELEMENTS,
    source="[EGKRS20], truncation; docs/security/truncation.md",
    delivery=Delivery.BROADCAST,
    tampering=(MacCheckFailed, BroadcastMismatch),
)

SUMS = 8
"""A mask is seen in the sums of at most so many openings: c, and those in which it was checked while it was made."""


def distance(field: Field, terms: int, width: int, count: int) -> Fraction:
    """How far what is opened in `count` truncations of values of `width` bits is from what x has no part in."""
    return SUMS * count * Fraction(2) ** (width - truncation_bits(field, terms))


def offset(field: Field, terms: int, width: int, f: int) -> int:
    """off: the smallest multiple of 2^f that keeps c positive, whatever the terms of corrupted parties are."""
    least = (3 * (terms - 1) << truncation_bits(field, terms)) + (1 << width - 1) + (terms << f)
    return -(-least >> f) << f


def require_truncation(
    field: Field, terms: int, width: int, f: int, count: int, statistical_bits: int = STATISTICAL_BITS
) -> None:
    """UsageError, in one line, for a truncation of `count` values that would wrap or hide too little."""
    rho = truncation_bits(field, terms)
    if not 1 <= f <= width:
        raise UsageError(f"a value of {width} bits is truncated by 1 to {width} bits, not by {f}")
    top = offset(field, terms, width, f) + (4 * (terms - 1) + 1 << rho) + (1 << width - 1)
    if f >= rho or top >= field.modulus:
        raise UsageError(f"{field.name} is too small for a truncation of {width} bits by {f} among {terms} masks")
    hidden = bits_of(distance(field, terms, width, max(count, 1)))
    if hidden < statistical_bits:
        largest = width + hidden - statistical_bits
        advice = f"at most {largest} bits do" if largest >= f else "no width does in this field"
        raise UsageError(
            f"{count} values of {width} bits cannot be truncated in {field.name}: they would be hidden with {hidden} "
            f"bits of statistical security, and {statistical_bits} are asked for; {advice}"
        )


def honest_error(terms: int) -> Fraction:
    """A bound: |y - x / 2^f| is smaller if nobody has cheated."""
    return Fraction(terms + 1, 2)


def worst_error(terms: int) -> Fraction:
    """A bound: |y - x / 2^f| is smaller whatever corrupted parties have done in making the pairs."""
    return honest_error(terms) + 3 * (terms - 1)


async def truncate(
    ctx: Context, x: AuthShare, mask: AuthShare, low: AuthShare, terms: int, width: int, f: int
) -> AuthShare:
    """Divide a shared array by 2^f.

    Shapes:    x, mask and low: equal; returns the same.
    Rounds:    1.  Sends: 1 element per entry to each peer.  Consumes: one truncation pair per entry.
    Unchecked: c. All openings that x depends on must have been checked before: see above.
    """
    field = ctx.field
    shift, centre = offset(field, terms, width, f), (terms - 1) << f - 1
    positive = x + ctx.public(field.full(x.shape, shift - centre))
    c = await partial_open(ctx, TRUNCATE_MASKED, positive + mask)
    remainder = positive + low - ctx.public(c.modulo_power(f))
    return remainder * pow(2, -f, field.modulus) - ctx.public(field.full(x.shape, shift >> f))


def _same(call: Call) -> Shape:
    [shape] = call.shapes
    return shape


async def _run(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> AuthShare:
    [x], [batch], terms = operands, batches, call["slack"].terms
    # Whoever asked has asked this as well; nothing is sent if not.
    require_truncation(ctx.field, terms, call["width"], call["f"], x.size, call["statistical_bits"])
    mask, low = shaped(batch, _same(call))
    return await truncate(ctx, x, mask, low, terms, call["width"], call["f"])


def _text(call: Call) -> str:
    security = "" if call["statistical_bits"] == STATISTICAL_BITS else f", hidden by {call['statistical_bits']} bits"
    return f"truncate {_same(call)} of {call['width']} bits by {call['f']}{security}"


TRUNCATE = register(
    Operation(
        "truncate",
        shape=_same,
        material=lambda call: {truncation_pairs(call["f"]): math.prod(_same(call))},
        run=_run,
        text=_text,
        example=Call(((2, 3),), {"width": 13, "f": 4, "slack": DEALT, "statistical_bits": STATISTICAL_BITS}),
        sends=lambda call, party: math.prod(_same(call)),
        opens=(FIELD,),
        gated=True,
        distance=lambda field, call: distance(field, call["slack"].terms, call["width"], math.prod(_same(call))),
        plain=lambda call, x: x * Fraction(1, 1 << call["f"]),
        off=lambda call: worst_error(call["slack"].terms),
    )
)
"""Operand: an array of values in [-2^(width-1), 2^(width-1)). Parameters: width, f; slack, of the maker of the pairs;
statistical_bits, as the session's `hiding` says. Whoever asks calls `require_truncation` before, and adds `worst_error`
to what is known about the range of the result."""
