"""Corrupted MASCOT generators that follow a protocol of their own: other keys, other triples."""

from __future__ import annotations

from dataclasses import dataclass

from spdz.adversary.programs import Altered, Fired
from spdz.field import FieldArray
from spdz.params import COMPUTATIONAL_BITS
from spdz.preprocessing.mascot import links as honest_links
from spdz.preprocessing.mascot.authenticate import check_key_shares, enter
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.mascot.multiply import multiply
from spdz.preprocessing.mascot.triples import COMBINE_COINS, EnteredCandidates, combine
from spdz.preprocessing.ot.base import base_ots
from spdz.preprocessing.ot.extension import OtReceiver, OtSender, Place
from spdz.preprocessing.ot.trees import grow_trees
from spdz.preprocessing.vole.copee import CopeeInputter, CopeeKeyHolder
from spdz.protocols.coin_toss import toss
from spdz.runtime.context import Context
from spdz.sharing.mac_key import MacKey


@dataclass(frozen=True)
class WrongTriples(Altered):
    """Add `error` to c and `error * guess` to c^ before they are authenticated.

    Every MAC is right; the sacrifice passes only if the coin t equals `guess`.
    """

    step: str = "sacrifice.rho"
    error: int = 1
    guess: int = 1

    def alter(self, maker: MascotPreprocessing, fired: Fired) -> None:
        async def make(ctx: Context, links: dict[int, Link], count: int) -> EnteredCandidates:
            fired()
            return await self.make_candidates(ctx, links, count)

        maker._candidates = make

    async def make_candidates(self, ctx: Context, links: dict[int, Link], count: int) -> EnteredCandidates:
        """As the honest `make_candidates`, but for the errors."""
        copies = ctx.session.security.combined_copies(ctx.field.bits)
        a, b, everyone = ctx.random((count, copies)), ctx.random(count), tuple(range(ctx.parties))
        products = await multiply(ctx.child("multiply"), links, a, b)
        entered_b = await enter(ctx.child("authenticate"), links, count, everyone, b)
        coins = await toss(ctx, COMBINE_COINS, after=(products, entered_b))
        right = combine(coins, a, b, products)
        wrong = right._replace(c=right.c + self.error, c_hat=right.c_hat + self.error * self.guess)
        values = FieldArray.concatenate([wrong.a, wrong.c, wrong.a_hat, wrong.c_hat])
        entered = await enter(ctx.child("authenticate"), links, values.size, everyone, values)
        return EnteredCandidates(ctx.child("authenticate"), wrong, (entered_b, entered))


@dataclass(frozen=True)
class OtherKeyPerPeer(Altered):
    """Use the MAC key share plus one towards one peer (`to`, or the lowest); there must be two peers."""

    step: str = "base_ot.receiver_points"

    def alter(self, maker: MascotPreprocessing, fired: Fired) -> None:
        async def set_up(ctx: Context) -> None:
            fired()
            maker._links = await self.make_links(ctx.child("links"), maker.params.ot_tree_bits)
            await check_key_shares(ctx.child("key_check"), maker._links)

        maker.set_up = set_up  # type: ignore[method-assign]

    async def make_links(self, ctx: Context, tree_bits: int) -> dict[int, Link]:
        """As the honest `set_up`, but with a key share for each peer."""
        alpha = ctx.random(())
        ctx.session.field_domain.install(MacKey(alpha))
        victim = self.targets(ctx.peers)[0]
        keys = {peer: alpha + (peer == victim) for peer in ctx.peers}
        bits = {peer: key.reshape(1).bits()[0] for peer, key in keys.items()}
        deltas = {peer: honest_links._random_bits(ctx, COMPUTATIONAL_BITS) for peer in ctx.peers}
        ots, seeds = await ctx.gather(
            base_ots(ctx.child("base_ots"), {peer: [*deltas[peer], *bits[peer].tolist()] for peer in ctx.peers}),
            honest_links._share_seeds(ctx.child("share_seeds")),
        )
        trees, session_id = await grow_trees(ctx.child("ot_trees"), tree_bits, deltas, ots), ctx.session.session_id
        return {
            peer: Link(
                OtSender(Place(session_id, peer, ctx.party), deltas[peer], trees[peer].held),
                OtReceiver(Place(session_id, ctx.party, peer), trees[peer].dealt),
                CopeeKeyHolder(ctx.field, bits[peer].copy(), ots[peer].chosen[COMPUTATIONAL_BITS:]),
                CopeeInputter(ctx.field, ots[peer].pairs[COMPUTATIONAL_BITS:]),
                *honest_links._streams(seeds[peer]),
            )
            for peer in ctx.peers
        }
