"""Parties with bit links, and what the words of all of them say."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import numpy as np

from spdz.adversary.ideal_base_ots import ideal_base_ots
from spdz.field import M61
from spdz.params import MascotParams
from spdz.preprocessing.bits.links import BitLinks, Deltas, draw_delta, set_up_bits
from spdz.preprocessing.ot.base import RunBaseOts
from spdz.runtime.context import Context, SessionState
from spdz.sharing.bit_share import Bits, Words
from tests.support.parties import Run, make_sessions, run

SET_UP_ROUNDS = 1
"""The trees; ideal base OTs take none."""

Body = Callable[[Context, BitLinks], Coroutine[Any, Any, Any]]


class World:
    """Sessions of some parties; `run` sets the links up and runs `body` at each.

    Base OTs are ideal if nothing is said.
    """

    def __init__(
        self,
        parties: int,
        seed: bytes,
        params: MascotParams | None = None,
        draws: Mapping[int, Callable[[Context], Deltas]] | None = None,
        base_ots: RunBaseOts = ideal_base_ots,
    ) -> None:
        """`draws` is how cheaters draw what they use as keys."""
        self.sessions: list[SessionState] = make_sessions(parties, M61, seed)
        self.params = params or MascotParams()
        self.draws = draws or {}
        self.base_ots = base_ots
        self.links: dict[int, BitLinks] = {}

    def run(self, body: Body, cheat: Any = None, **more: Any) -> Run:
        async def main(ctx: Context) -> Any:
            self.links[ctx.party] = await set_up_bits(
                ctx.child("set_up"),
                self.params,
                self.draws.get(ctx.party, draw_delta),
                run_base_ots=self.base_ots,
            )
            return await body(ctx, self.links[ctx.party])

        return run(self.sessions, main, cheat, **more)

    @property
    def delta(self) -> np.uint64:
        """The key of all parties."""
        return xor([session.bit_domain.key.share.word for session in self.sessions])


def xor(arrays: Sequence[Any]) -> Any:
    total = arrays[0]
    for array in arrays[1:]:
        total = total ^ array
    return total


def bits_of(words: Sequence[Words], delta: np.uint64) -> Bits:
    """The bits that the words of all parties stand for; fails unless each is its bit times delta."""
    total = xor(words)
    bits: Bits = (total & np.uint64(1)).astype(np.uint8)
    assert (total == np.where(bits == 1, delta, np.uint64(0))).all()
    return bits
