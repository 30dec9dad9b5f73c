"""Input and multiplication: the protocols of the online phase that talk. Linear operations are local.

Source:    [DPSZ12], online phase. Outputs are in `spdz.protocols.output`.
Symbols:   [x], [y] factors, (a, b, c = a b) a triple, epsilon = x - a and delta = y - b opened.
Unchecked: every opening in here is logged; `output` checks all of them before anything is revealed. What is opened is
           masked by material that is used once, so opening it early reveals nothing.
"""

from __future__ import annotations

from spdz.errors import BroadcastMismatch, MacCheckFailed
from spdz.field import FieldArray
from spdz.field.memory import is_output
from spdz.protocols.broadcast import broadcast_from
from spdz.protocols.opening import open_masked
from spdz.runtime.context import Context
from spdz.sharing.material import InputMasks, Squares, Triples
from spdz.sharing.shares import AuthShare
from spdz.wire.codec import Elements
from spdz.wire.steps import Delivery, Harmless, Outcome, Payload, declare

INPUT_MASKED = declare(
    "input.masked",
    payload=Payload.ELEMENTS,
    source="[DPSZ12] input; masks known to the owner as in [KOS16]",
    delivery=Delivery.BROADCAST,
    # For two parties a changed broadcast is another input; for more, a different one to each is caught by the echo.
    # A sender that does not stand by its own message makes its share of the input wrong.
    tampering=(Harmless.INPUT_SUBSTITUTION, BroadcastMismatch, MacCheckFailed),
)
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
MATMUL_MASKED = declare(
    "matmul.masked",
    payload=Payload.ELEMENTS,
    source="[MZ17] section IV, matrix triples",
    delivery=Delivery.BROADCAST,
    tampering=_CHECKED,
)

REUSED_ELEMENTS = 1 << 14
"""Products of at least this size overwrite the third array of their triples."""


async def share_input(ctx: Context, owner: int, values: FieldArray | None, masks: InputMasks) -> AuthShare:
    """Share the owner's array: x - r is broadcast, and [x] = [r] + (x - r).

    Shapes:    values: any at the owner, None elsewhere; masks of the same shape.
    Rounds:    1.  Sends: one element per entry to each peer, at the owner.  Consumes: one input mask per entry.
    Unchecked: the owner may say different things to different peers until the next echo (three parties and more).
    """
    codec = Elements(ctx.field, masks.share.shape)
    difference = None if values is None or masks.clear is None else values - masks.clear
    opened: FieldArray = await broadcast_from(ctx, INPUT_MASKED, codec, owner, difference)
    return masks.share + ctx.public(opened)


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
    product = ctx.field.beaver_product
    return AuthShare(
        product(a.value, b.value, c.value, epsilon, delta, adds_public, _used_up(c.value)),
        product(a.mac, b.mac, c.mac, epsilon, delta, alpha, _used_up(c.mac)),
    )


def _used_up(c: FieldArray) -> FieldArray | None:
    """`c` as the place of the product, because fresh memory costs more than all the arithmetic.

    Not if it is small: the product would keep alive the whole batch of which c is a part.
    """
    return c if c.size >= REUSED_ELEMENTS and is_output(c.limbs) else None


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
