"""Corrupted MASCOT generators that run a protocol of their own: other keys, other triples. Each wraps one step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from spdz.adversary.programs import Altered, Fired
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.preprocessing.mascot.links import Link, Secrets
from spdz.preprocessing.mascot.triples import MadeCandidates
from spdz.runtime.context import Context


@dataclass(frozen=True)
class WrongTriples(Altered):
    """Add `error` to c and `error * guess` to c^ before they are authenticated.

    Every MAC is right; the sacrifice passes only if the coin t equals `guess`.
    """

    step: str = "sacrifice.rho"
    error: int = 1
    guess: int = 1

    def alter(self, maker: MascotPreprocessing, fired: Fired) -> None:
        honest = maker.protocols.make_candidates

        async def make_candidates(ctx: Context, links: dict[int, Link], count: int) -> MadeCandidates:
            fired()
            made = await honest(ctx, links, count)
            c, c_hat = made.candidates.c + self.error, made.candidates.c_hat + self.error * self.guess
            return made._replace(candidates=made.candidates._replace(c=c, c_hat=c_hat))

        maker.protocols = replace(maker.protocols, make_candidates=make_candidates)


@dataclass(frozen=True)
class OtherKeyPerPeer(Altered):
    """Use the MAC key share plus one towards one peer (`to`, or the lowest); there must be two peers."""

    step: str = "base_ot.receiver_points"

    def alter(self, maker: MascotPreprocessing, fired: Fired) -> None:
        honest = maker.protocols.draw_secrets

        def draw_secrets(ctx: Context) -> Secrets:
            fired()
            secrets, victim = honest(ctx), self.targets(ctx.peers)[0]
            other = ctx.session.key.share + 1
            secrets.key_bits[victim] = other.reshape(1).bits()[0]
            return secrets

        maker.protocols = replace(maker.protocols, draw_secrets=draw_secrets)
