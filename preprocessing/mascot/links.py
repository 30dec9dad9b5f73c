"""What the MASCOT generator keeps for each peer, and the set-up that makes it.

Per session, once: the MAC key share alpha_i; per peer a fresh OT correlation Delta, base OTs on the bits of Delta and
of alpha_i in one go, and PRG seeds shared with the peer for shares that need not be sent. The same alpha_i enters
towards every peer and every batch, because there is one set-up (PITFALLS 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import derive
from spdz.crypto.prg import SEED_BYTES, Prg
from spdz.errors import AuthenticationFailed, MacCheckFailed
from spdz.params import COMPUTATIONAL_BITS, MascotParams
from spdz.preprocessing.bits.links import BitLinks
from spdz.preprocessing.ot.base import RunBaseOts, base_ots
from spdz.preprocessing.ot.extension import OtReceiver, OtSender, Place
from spdz.preprocessing.ot.instance import FIELD_OTS
from spdz.preprocessing.ot.rows import Bits
from spdz.preprocessing.ot.trees import grow_trees
from spdz.preprocessing.vole.code import VolePlan
from spdz.preprocessing.vole.copee import CopeeInputter, CopeeKeyHolder
from spdz.preprocessing.vole.ends import VoleLink
from spdz.runtime.context import Context
from spdz.sharing.mac_key import MacKey
from spdz.wire.codec import Blob
from spdz.wire.steps import Harmless, Payload, declare

# A party that sends another seed than it uses opens a wrong combination, or gives wrong shares of its own input.
SHARE_SEEDS = declare(
    "setup.share_seeds",
    payload=Payload.BYTES,
    source="[KOS16] section 3: additive shares of an input, here from a PRG",
    tampering=(AuthenticationFailed, MacCheckFailed, Harmless.INPUT_SUBSTITUTION),
)


@dataclass(frozen=True, repr=False)
class Link:
    """The state shared with one peer."""

    ot_sender: OtSender
    ot_receiver: OtReceiver
    key_holder: CopeeKeyHolder
    inputter: CopeeInputter
    shares_to: Prg
    """Stream of the peer's shares of this party's masks."""
    shares_from: Prg
    """Stream of this party's shares of the peer's masks."""
    zeros_to: Prg
    """What this party adds, and the peer subtracts, to share zero."""
    zeros_from: Prg
    """What the peer adds, and this party subtracts."""
    vole: VoleLink | None = None
    """Silent VOLE, where it is to take the place of COPEe."""

    def wipe(self) -> None:
        """Overwrite and forget everything."""
        for part in (self.ot_sender, self.ot_receiver, self.key_holder, self.inputter):
            part.wipe()
        for stream in (self.shares_to, self.shares_from, self.zeros_to, self.zeros_from):
            stream.wipe()
        if self.vole is not None:
            self.vole.wipe()


class Links(dict[int, Link]):
    """The links to all peers, and those of bits, where there are any: they are made when bits are asked for."""

    def __init__(self, links: Mapping[int, Link]) -> None:
        super().__init__(links)
        self.of_bits = BitLinks()
        """Empty until bits are asked for; its plan holds for truncation pairs too."""

    def wipe(self) -> None:
        """Overwrite everything."""
        for link in self.values():
            link.wipe()
        self.of_bits.wipe()


@dataclass(frozen=True, repr=False)
class Secrets:
    """What a party chooses in its base OTs, by peer."""

    deltas: dict[int, list[int]]
    """Bits of the OT correlation, which is another one for each peer."""
    key_bits: dict[int, Bits]
    """Bits of the MAC key share, which is the same towards all."""


def draw_secrets(ctx: Context) -> Secrets:
    """Draw the MAC key share, store it in the session, and draw the OT correlations."""
    alpha = ctx.random(())
    ctx.session.field_domain.install(MacKey(alpha))
    alpha_bits = alpha.reshape(1).bits()[0]
    alpha.wipe()
    deltas = {peer: _random_bits(ctx, COMPUTATIONAL_BITS) for peer in ctx.peers}
    key_bits = {peer: alpha_bits.copy() for peer in ctx.peers}
    alpha_bits.fill(0)
    return Secrets(deltas, key_bits)


async def set_up(
    ctx: Context, secrets: Secrets, params: MascotParams, plan: VolePlan, run_base_ots: RunBaseOts = base_ots
) -> Links:
    """Build a link to every peer on what this party has drawn; the links own it from now on.

    Rounds:    3 (the seeds travel beside the base OTs), 2 without trees.
               Sends: 96 (128 + k) + 16 bytes to each peer, and the trees.
    """
    deltas, key_bits = secrets.deltas, secrets.key_bits
    choices = {peer: [*deltas[peer], *key_bits[peer].tolist()] for peer in ctx.peers}
    ots, seeds = await ctx.gather(
        run_base_ots(ctx.child("base_ots"), choices, FIELD_OTS),
        _share_seeds(ctx.child("share_seeds")),
    )
    trees = await grow_trees(ctx.child("ot_trees"), params.ot_tree_bits, deltas, ots)
    links, session_id = Links({}), ctx.session.session_id
    for peer in ctx.peers:
        chosen, pairs = ots[peer].chosen, ots[peer].pairs
        links[peer] = Link(
            OtSender(Place(session_id, peer, ctx.party), deltas[peer], trees[peer].held),
            OtReceiver(Place(session_id, ctx.party, peer), trees[peer].dealt),
            CopeeKeyHolder(ctx.field, key_bits[peer], chosen[COMPUTATIONAL_BITS:]),
            CopeeInputter(ctx.field, pairs[COMPUTATIONAL_BITS:]),
            *_streams(seeds[peer]),
            VoleLink(plan) if params.authentication == "vole" else None,
        )
    return links


def _streams(seeds: tuple[bytes, bytes]) -> tuple[Prg, Prg, Prg, Prg]:
    to_peer, from_peer = seeds
    shares, zeros = "input shares", "zero shares"
    return _stream(to_peer, shares), _stream(from_peer, shares), _stream(to_peer, zeros), _stream(from_peer, zeros)


def _stream(seed: bytes, use: str) -> Prg:
    return Prg(derive(Domain.PRG_KEY, seed, SEED_BYTES, use))


def _random_bits(ctx: Context, count: int) -> list[int]:
    data = int.from_bytes(ctx.randomness.bytes(-(-count // 8)), "little")
    return [data >> position & 1 for position in range(count)]


async def _share_seeds(ctx: Context) -> dict[int, tuple[bytes, bytes]]:
    """One seed in each direction with each peer: (to the peer, from the peer)."""
    own = {peer: ctx.randomness.bytes(SEED_BYTES) for peer in ctx.peers}
    received = await ctx.swap(SHARE_SEEDS, Blob(SEED_BYTES), own)
    return {peer: (own[peer], bytes(received[peer])) for peer in ctx.peers}
