"""The MASCOT generator: material from oblivious transfer, without trusting anybody [KOS16].

Makes what is asked for, in batches of bounded size, so memory does not grow with the amount. Any abort in here ends the
session and destroys the MAC key share: a selective failure tells the attacker bits of it, and a second attempt under
the same key would be an oracle (PITFALLS 5).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from spdz.errors import InternalError, UsageError
from spdz.params import MascotParams
from spdz.preprocessing.mascot.authenticate import check_key_shares
from spdz.preprocessing.mascot.links import Link, set_up
from spdz.preprocessing.mascot.masks import make_input_masks, make_random_shares
from spdz.preprocessing.mascot.matrix_triples import make_matrix_triples, matrices_in_batch, pays
from spdz.preprocessing.mascot.pipeline import MakeCandidates, make_triples_in_flight
from spdz.preprocessing.mascot.squares_bits import make_random_bits, make_squares
from spdz.preprocessing.mascot.triples import make_candidates
from spdz.preprocessing.vole.code import PLAN
from spdz.runtime.context import Context
from spdz.sharing.material import RANDOM_BITS, RANDOM_SHARES, SQUARES, TRIPLES, Batch, Kind, MaterialStore

TRIPLE_BATCH_BYTES = 8 << 20
"""Size of the largest buffer while making a batch; about six of them exist per peer and batch in flight."""
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
        self._candidates: MakeCandidates = make_candidates
        self._vole_plan = PLAN

    async def set_up(self, ctx: Context) -> None:
        """Make the MAC key share and the base OTs, and check that everyone uses one key share. Once per session."""
        if self._links:
            raise InternalError("the generator is set up twice")
        self._links = await set_up(ctx.child("links"), self.params, self._vole_plan)
        await check_key_shares(ctx.child("key_check"), self._links)

    def supports(self, kind: Kind) -> bool:
        """Matrix triples where they cost much less than triples, by a rule about shapes alone; everything else."""
        return kind.name != "matrix triples" or pays(kind)

    async def produce(self, ctx: Context, demand: Mapping[Kind, int]) -> None:
        """Add material until the store holds at least `demand`. All parties call this with the same demand."""
        for kind in sorted(demand):
            have = self.store.available(kind)
            sizes = batch_sizes(demand[kind] - have, batch_size(ctx, kind))
            take = partial(self._take, have, sum(sizes))
            if kind == TRIPLES:
                await make_triples_in_flight(ctx, self._links, sizes, take, self._candidates)
                continue
            for size in sizes:
                take(await self._make(ctx.child("batch"), kind, size))

    def _take(self, have: int, total: int, batch: Batch) -> None:
        """Store a batch, of what will be `total` more than this party had, and say how far it is."""
        self.store.add(batch)
        if self._progress is not None:
            self._progress(batch.kind, self.store.available(batch.kind) - have, total)

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
        if kind.dims and self.supports(kind):
            return make_matrix_triples(ctx, self._links, kind, count)
        makers = {
            SQUARES: make_squares,
            RANDOM_BITS: make_random_bits,
            RANDOM_SHARES: make_random_shares,
        }
        if kind not in makers:
            raise UsageError(f"the MASCOT generator does not make {kind}; use the dealer, or plain triples")
        return makers[kind](ctx, self._links, count)


def batch_sizes(total: int, largest: int) -> list[int]:
    """`total` cut into batches; nothing if there is nothing to do."""
    return [min(largest, total - start) for start in range(0, total, largest)]


def batch_size(ctx: Context, kind: Kind) -> int:
    """How many elements one batch has at most."""
    if kind.owner >= 0 or kind == RANDOM_SHARES:
        return SHARE_BATCH
    if kind.dims:
        return matrices_in_batch(ctx, kind)
    copies = ctx.session.security.combined_copies(ctx.field.bits)
    per_triple = ctx.field.bits * ctx.field.element_bytes * max(copies, 5)
    return max(128, TRIPLE_BATCH_BYTES // (per_triple * max(1, ctx.parties - 1)))
