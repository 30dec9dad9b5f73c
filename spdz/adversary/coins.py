"""Corrupted parties that play with the coin tosses: the same share every time, and a share opened too early."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from spdz.adversary.programs import Altered, Fired
from spdz.crypto.randomness import Randomness
from spdz.protocols.coin_toss import SEED_BYTES
from spdz.protocols.material_source import MaterialSource
from spdz.runtime.context import Context
from spdz.runtime.party import Party
from spdz.runtime.traps import Exchange, Spawn
from spdz.sharing.unverified import Unverified
from spdz.wire.codec import Blob, Codec
from spdz.wire.steps import Step, all_steps

if TYPE_CHECKING:
    from spdz.crypto.buffers import AnyBuffer


@dataclass(frozen=True)
class ReusedCoins(Altered):
    """Draw the same 32 bytes whenever the party's code draws 32 bytes: in vain, as long as one party is honest.

    So all its shares of all coin tosses of the session are one value, whatever `step` says, and so are all nonces of
    its commitments, those of the sigmas included. Field elements, seeds of other lengths and keys are not repeated.
    """

    step: str = "mac_check.coins.commit"

    def install(self, party: Party, source: MaterialSource, fired: Fired) -> MaterialSource:
        party.session.randomness = _Repeating(party.session.randomness, fired)
        return source


@dataclass(frozen=True)
class EarlyCoins(Altered):
    """Open the share of a toss together with its commitment, before the peer's commitment is there (two parties).

    In vain: the peer's share is its own. Among three an opening repeats all commitments, so it cannot come early.
    """

    step: str = "mac_check.coins.commit"

    replaces_context: ClassVar[bool] = True

    def install(self, party: Party, source: MaterialSource, fired: Fired) -> MaterialSource:
        drawn = _Remembering(party.session.randomness)
        party.session.randomness = drawn
        party.context = _EarlyContext(party.context, _Early(self, drawn, fired))
        return source


class _Repeating:
    """Random bytes of which those that have the length of a coin share are always the same."""

    tainted = False

    def __init__(self, honest: Randomness, fired: Fired) -> None:
        self._honest = honest
        self._fired = fired
        self._kept: builtins.bytes | None = None

    def fill(self, buffer: AnyBuffer) -> None:
        self._honest.fill(buffer)

    def bytes(self, count: int) -> builtins.bytes:
        if count != SEED_BYTES:
            return self._honest.bytes(count)
        if self._kept is None:
            self._kept = self._honest.bytes(count)
        else:
            self._fired()
        return self._kept


class _Remembering:
    """Random bytes that are remembered: the share of a toss, then the nonce of its commitment."""

    tainted = False

    def __init__(self, honest: Randomness) -> None:
        self._honest = honest
        self.drawn: list[builtins.bytes] = []

    def fill(self, buffer: AnyBuffer) -> None:
        self._honest.fill(buffer)

    def bytes(self, count: int) -> builtins.bytes:
        self.drawn.append(self._honest.bytes(count))
        return self.drawn[-1]


@dataclass(frozen=True)
class _Early:
    cheat: EarlyCoins
    randomness: _Remembering
    fired: Fired


class _EarlyContext(Context):
    """A context all of whose children open the shares of one kind of toss early."""

    def __init__(self, honest: Context, early: _Early) -> None:
        super().__init__(honest.session, honest.path, honest.unverified)
        self._early = early
        self._opened = False

    def child(self, name: str, unverified: Unverified | None = None) -> Context:
        return _EarlyContext(super().child(name, unverified), self._early)

    async def exchange(
        self, step: Step, sends: Mapping[int, tuple[Codec, Any]], receives: Mapping[int, Codec]
    ) -> dict[int, Any]:
        opening = self._early.cheat.step.replace(".commit", ".open")
        if step.name == self._early.cheat.step and self.parties == 2:
            self._opened = True
            self._early.fired()
            # The commitment takes the next place of this context, its opening the one after that.
            place = f"{self.path}/{self._count + 2:06d}.{opening}"
            await Spawn(self._open(all_steps()[opening], place))
        elif step.name == opening and self._opened:
            sends = {}
        return await super().exchange(step, sends, receives)

    async def _open(self, step: Step, place: str) -> None:
        share, nonce = self._early.randomness.drawn[-2:]
        # An exchange with nobody makes this task as deep as the honest opening, whose round the peer knows.
        await Exchange(step, f"{place}.early", {}, {})
        await Exchange(step, place, {peer: (Blob(len(nonce + share)), nonce + share) for peer in self.peers}, {})
