"""Output: check, open, check, release. The only way in which a secret leaves a session.

Source: [DPSZ12], output phase: all openings so far are checked first, so a value computed from a wrong opening is never
revealed; then the output itself is checked, so a wrong output is never released.
"""

from __future__ import annotations

from spdz.errors import BroadcastMismatch, MacCheckFailed
from spdz.field import FieldArray
from spdz.protocols.mac_check import check_openings
from spdz.protocols.opening import partial_open
from spdz.runtime.context import Context
from spdz.sharing.domain import Share, ValuesT
from spdz.sharing.material import InputMasks
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Delivery, Payload, declare

OUTPUT = declare(
    "output.open",
    payload=Payload.ELEMENTS,
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
    opened = await partial_open(ctx, OUTPUT, share)
    await check_openings(ctx)
    return opened


async def output_to(ctx: Context, share: AuthShare, receiver: int, masks: InputMasks) -> FieldArray | None:
    """Reveal an array to one party, who is the only one to learn it; the others get None.

    Source:    [DPSZ12], output to one party: x - r is opened, where only the receiver knows r.
    Shapes:    share and masks of equal shape.  Consumes: one input mask of the receiver per entry.
    Rounds and errors as in `output`; a wrong opening is found before the receiver uses it.
    """
    opened = await output(ctx, share - masks.share)
    return opened + masks.clear if ctx.party == receiver and masks.clear is not None else None
