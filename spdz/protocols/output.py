"""Output: check, open, check, release. The only way in which a secret leaves a session.

Source: [DPSZ12], output phase: all openings so far are checked first, so a value computed from a wrong opening is never
revealed; then the output itself is checked, so a wrong output is never released.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from spdz.errors import BroadcastMismatch, MacCheckFailed
from spdz.field import FieldArray
from spdz.protocols.mac_check import check_openings
from spdz.protocols.opening import partial_open
from spdz.runtime.context import Context
from spdz.sharing.bit_share import BitShare
from spdz.sharing.domain import Share, ValuesT
from spdz.sharing.material import BitMasks, InputMasks
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Delivery, Payload, Step, declare

AnyShare = Share[Any]
AnyMasks = InputMasks | BitMasks

OUTPUT = declare(
    "output.open",
    payload=Payload.ELEMENTS,
    source="[DPSZ12] output",
    delivery=Delivery.BROADCAST,
    tampering=(MacCheckFailed, BroadcastMismatch),
)


OUTPUT_BITS = declare(
    "output.open_bits",
    payload=Payload.BITS,
    source="[DPSZ12] output",
    delivery=Delivery.BROADCAST,
    tampering=(MacCheckFailed, BroadcastMismatch),
)


async def output(ctx: Context, share: Share[ValuesT]) -> ValuesT:
    """Reveal an array to everyone, after checking everything opened in this scope, and the opening itself.

    Shapes:    any, of any sharing domain; returns the same shape.
    Rounds:    9 (one more for each echo, three parties and more; 4 fewer if nothing was unchecked).
               Sends: one element per entry to each peer, and the checks.
    Raises:    MacCheckFailed, BroadcastMismatch, CommitmentMismatch.
    """
    await check_openings(ctx)
    opened = await partial_open(ctx, _step(share), share)
    await check_openings(ctx)
    return opened


def _step(share: object) -> Step:
    return OUTPUT_BITS if isinstance(share, BitShare) else OUTPUT


async def output_together(ctx: Context, shares: Sequence[AnyShare]) -> list[Any]:
    """`output` of one array of each of several sharing domains, at the price of one."""
    if len(shares) == 1:
        return [await output(ctx, shares[0])]
    await check_openings(ctx)
    opened = await ctx.gather(*(partial_open(ctx.child("part"), _step(share), share) for share in shares))
    await check_openings(ctx)
    return opened


async def output_together_to(
    ctx: Context, shares: Sequence[AuthShare | BitShare], receiver: int, masks: Sequence[AnyMasks]
) -> list[Any] | None:
    """Reveal arrays of several sharing domains to one party, who is the only one to learn them; the others get None.

    Source:    [DPSZ12], output to one party: x - r is opened, where only the receiver knows r.
    Shapes:    each share and its masks of equal shape.  Consumes: one mask of the receiver per entry.
    Rounds and errors as in `output`; a wrong opening is found before the receiver uses it.
    """
    pairs: list[tuple[Any, Any]] = [(share, mask.share) for share, mask in zip(shares, masks, strict=True)]
    hidden = [share - mask for share, mask in pairs]
    opened = await output_together(ctx, hidden)
    if ctx.party != receiver:
        return None
    for share, values, mask in zip(hidden, opened, masks, strict=True):
        ctx.session.domains.of(share).add_into(values, mask.clear)
    return opened


async def output_to(ctx: Context, share: AuthShare, receiver: int, masks: InputMasks) -> FieldArray | None:
    """`output_together_to` of one array of the field domain."""
    opened = await output_together_to(ctx, [share], receiver, [masks])
    return None if opened is None else opened[0]
