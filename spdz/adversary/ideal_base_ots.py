"""Ideal base OTs: what they give, without how. Both ends read it off what is public, so they protect nothing.

A generator makes nothing before they are over, and they cost most of a tiny session, so a case of the whole matrix that
cheats in another step has them ideal. Those that cheat in base OTs have real ones.
"""

from __future__ import annotations

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import Part, derive
from spdz.preprocessing.bits.links import BIT_OTS
from spdz.preprocessing.ot.base import KEY_BYTES, BaseOts
from spdz.preprocessing.ot.instance import FIELD_OTS, OtInstance
from spdz.runtime.context import Context

BASE_OT_STEPS = frozenset(
    step.name
    for instance in (FIELD_OTS, BIT_OTS)
    for step in (instance.steps.receiver_points, instance.steps.sender_points)
)
"""The messages that real ones send."""


async def ideal_base_ots(ctx: Context, choices: dict[int, list[int]], instance: OtInstance) -> dict[int, BaseOts]:
    """As `base_ots`.  Rounds: 0.  Sends: nothing."""

    def pairs(receiver: int, sender: int, count: int) -> list[tuple[bytes, bytes]]:
        place: tuple[Part, ...] = (*instance.name, receiver, sender)
        size, session_id = 2 * KEY_BYTES * count, ctx.session.session_id
        keys = derive(Domain.BASE_OT_KEY, b"ideal", size, *place, session_id=session_id)
        halves = [keys[start : start + KEY_BYTES] for start in range(0, size, KEY_BYTES)]
        return list(zip(halves[::2], halves[1::2], strict=True))

    return {
        peer: BaseOts(
            [pair[bit] for pair, bit in zip(pairs(ctx.party, peer, len(bits)), bits, strict=True)],
            pairs(peer, ctx.party, len(bits)),
        )
        for peer, bits in choices.items()
    }
