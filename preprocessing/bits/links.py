"""What a party keeps to make authenticated bits with each peer, and the set-up that makes it.

An instance of the OT extension of its own. Every party has *one* Delta_i of 192 bits towards all peers:

    bits 0-63     delta_i, its share of the MAC key. Bit 0 is pinned: 1 at party 0, 0 at all others.
    bits 64-191   the key that protects hashes, and nothing else.

They are independent, and must be: what a failed check shows is a multiple of delta, public from then on. Were a bit of
it in the hashed block as well, everything that was ever sent under these hashes would be open to a search over what is
left. Nor does a narrow extension, which uses the first 64 columns only, say anything about the hashed part.

Unchecked: that a party uses one delta_i towards all peers, with the right lowest bit: `word_check.check_bit_keys`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from spdz.crypto.domains import Domain
from spdz.errors import MalformedMessage, OtConsistencyFailed
from spdz.params import COMPUTATIONAL_BITS, MascotParams
from spdz.preprocessing.ot.base import RunBaseOts, base_ots
from spdz.preprocessing.ot.extension import OtReceiver, OtSender, Place
from spdz.preprocessing.ot.instance import OtInstance, declare_ot_steps
from spdz.preprocessing.ot.trees import grow_trees
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BitKey
from spdz.sharing.mac_key import MacKey

WORD_BITS = 64
DELTA_BITS = WORD_BITS + COMPUTATIONAL_BITS

BIT_OTS = OtInstance(
    ("bits",),
    Domain.BIT_HASH_KEY,
    DELTA_BITS,
    declare_ot_steps(
        ("bits.receiver_points", "bits.sender_points"),
        "bits.trees",
        "bits",
        different_keys=(MalformedMessage, OtConsistencyFailed),
    ),
)
"""The OTs of bits."""

Deltas = dict[int, list[int]]
"""Bits of Delta_i by peer: for whoever is honest the same towards all."""


@dataclass(frozen=True, repr=False)
class BitLink:
    """Both ends of the OTs with one peer."""

    sender: OtSender
    receiver: OtReceiver


@dataclass(frozen=True)
class BitPlan:
    """How much is made at least, and what it is checked with. Every session runs `BIT_PLAN`.

    The attack harness and recordings run smaller ones, of no security, with which a tiny program gets through soon.
    """

    candidates: int = 512
    """Leaky AND triples in a layer at least, a multiple of ROW_UNIT."""
    masks: int = 1024
    """Masks in a list at least, besides those that are opened."""
    samples: int = 128
    """C: masks of every list that are opened."""
    statistical_bits: int | None = None
    """s for the number of layers and lists; None is that of the session."""

    def statistical_bits_of(self, ctx: Context) -> int:
        """s of the plan, or of the session."""
        return ctx.session.security.statistical_bits if self.statistical_bits is None else self.statistical_bits


BIT_PLAN = BitPlan()


class BitLinks(dict[int, BitLink]):
    """The links to all peers."""

    def __init__(self, plan: BitPlan = BIT_PLAN) -> None:
        super().__init__()
        self.plan = plan

    def wipe(self) -> None:
        """Overwrite everything, rows of extensions that are not over included."""
        for link in self.values():
            link.sender.wipe()
            link.receiver.wipe()

    def __repr__(self) -> str:
        return f"BitLinks({len(self)} peers)"


def draw_delta(ctx: Context) -> Deltas:
    """Draw Delta_i, and store its MAC bits in the session."""
    number = int.from_bytes(ctx.randomness.bytes(DELTA_BITS // 8), "little") & ~1 | (ctx.party == 0)
    ctx.session.bit_domain.install(MacKey(BitKey(number & (1 << WORD_BITS) - 1)))
    delta = [number >> position & 1 for position in range(DELTA_BITS)]
    return {peer: list(delta) for peer in ctx.peers}


async def set_up_bits(
    ctx: Context,
    params: MascotParams,
    draw: Callable[[Context], Deltas] = draw_delta,
    plan: BitPlan = BIT_PLAN,
    run_base_ots: RunBaseOts = base_ots,
) -> BitLinks:
    """Build a link to every peer on a Delta_i that is drawn here.

    Rounds:    3, 2 without trees.  Sends: 96 * 192 bytes to each peer, and the trees.
    Unchecked: the keys, until `check_bit_keys`.
    Raises:    MalformedMessage, OtConsistencyFailed.
    """
    deltas = draw(ctx)
    ots = await run_base_ots(ctx.child("base_ots"), deltas, BIT_OTS)
    trees = await grow_trees(ctx.child("ot_trees"), params.ot_tree_bits, deltas, ots, BIT_OTS)
    links, session_id = BitLinks(plan), ctx.session.session_id
    for peer in ctx.peers:
        links[peer] = BitLink(
            OtSender(Place(session_id, peer, ctx.party), deltas[peer], trees[peer].held, BIT_OTS),
            OtReceiver(Place(session_id, ctx.party, peer), trees[peer].dealt, BIT_OTS),
        )
    return links
