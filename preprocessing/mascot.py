"""The MASCOT generator: material from oblivious transfer, without trusting anybody [KOS16].

Makes what is asked for, in batches of bounded size, so memory does not grow with the amount. Any abort in here ends the
session and destroys the MAC key share: a selective failure tells the attacker bits of it, and a second attempt under
the same key would be an oracle (PITFALLS 5).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from spdz.errors import InternalError, UsageError
from spdz.params import MascotParams
from spdz.preprocessing.authenticate import check_key_shares
from spdz.preprocessing.links import Link, set_up
from spdz.preprocessing.shares import make_input_masks, make_random_shares
from spdz.preprocessing.squares_bits import make_random_bits, make_squares
from spdz.preprocessing.triples import make_triples
from spdz.runtime.context import Context
from spdz.sharing.material import RANDOM_BITS, RANDOM_SHARES, SQUARES, TRIPLES, Batch, Kind, MaterialStore

TRIPLE_BATCH_BYTES = 8 << 20
"""Size of the largest buffer while making a batch; about six of them exist per peer."""
SHARE_BATCH = 1 << 14
"""Input masks or random shares in one batch."""

Progress = Callable[[Kind, int, int], None]


class MascotPreprocessing:
    """One party's generator and what it has made and not yet used."""

    name = "mascot"

    def __init__(self, progress: Progress | None = None, params: MascotParams | None = None) -> None:
        self.params = params or MascotParams()
        self.store = MaterialStore()
        self._links: dict[int, Link] = {}
        self._progress = progress

    async def set_up(self, ctx: Context) -> None:
        """Make the MAC key share and the base OTs, and check that everyone uses one key share. Once per session."""
        if self._links:
            raise InternalError("the generator is set up twice")
        self._links = await set_up(ctx.child("links"), self.params)
        await check_key_shares(ctx.child("key_check"), self._links)

    def supports(self, kind: Kind) -> bool:
        """Matrix triples are made by the dealer only; matrix products use triples here."""
        return kind.name != "matrix triples"

    async def produce(self, ctx: Context, demand: Mapping[Kind, int]) -> None:
        """Add material until the store holds at least `demand`. All parties call this with the same demand."""
        for kind in sorted(demand):
            missing = total = demand[kind] - self.store.available(kind)
            while missing > 0:
                batch = await self._make(ctx.child("batch"), kind, min(missing, batch_size(ctx, kind)))
                self.store.add(batch)
                missing -= batch.count
                if self._progress is not None:
                    self._progress(kind, total - missing, total)

    def destroy(self) -> None:
        """Overwrite and forget material, OT correlations, streams and the bits of the MAC key share."""
        self.store.destroy()
        for link in self._links.values():
            link.wipe()
        self._links = {}

    async def finish(self, ctx: Context) -> None:
        """Nothing to say to anybody at the end."""

    def _make(self, ctx: Context, kind: Kind, count: int) -> Awaitable[Batch]:
        if kind.owner >= 0:
            return make_input_masks(ctx, self._links, kind.owner, count)
        makers = {
            TRIPLES: make_triples,
            SQUARES: make_squares,
            RANDOM_BITS: make_random_bits,
            RANDOM_SHARES: make_random_shares,
        }
        if kind not in makers:
            raise UsageError(f"the MASCOT generator does not make {kind}; use the dealer, or plain triples")
        return makers[kind](ctx, self._links, count)


def batch_size(ctx: Context, kind: Kind) -> int:
    """How many elements one batch has at most."""
    if kind.owner >= 0 or kind == RANDOM_SHARES:
        return SHARE_BATCH
    copies = ctx.session.security.combined_copies(ctx.field.bits)
    per_triple = ctx.field.bits * ctx.field.element_bytes * max(copies, 5)
    return max(128, TRIPLE_BATCH_BYTES // (per_triple * max(1, ctx.parties - 1)))
