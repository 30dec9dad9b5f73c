"""The MASCOT generator: material from oblivious transfer, without trusting anybody [KOS16].

Makes what is asked for, in batches of bounded size, so memory does not grow with the amount. Any abort in here ends the
session and destroys the MAC key share: a selective failure tells the attacker bits of it, and a second attempt under
the same key would be an oracle (PITFALLS 5).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from spdz.errors import InternalError, UsageError
from spdz.params import MascotParams
from spdz.preprocessing.bits.bit_masks import make_bit_masks
from spdz.preprocessing.bits.buckets import LARGEST_BATCH, make_bit_pair_triples, make_bit_triples
from spdz.preprocessing.bits.chains import CHAIN_ELEMENTS, WIDEST_SWITCH, make_dabits, make_mux_triples
from spdz.preprocessing.bits.compare_masks import make_compare_masks
from spdz.preprocessing.bits.links import BIT_PLAN, BitLinks, BitPlan, Deltas, draw_delta, set_up_bits
from spdz.preprocessing.bits.word_check import check_bit_keys
from spdz.preprocessing.mascot.authenticate import check_key_shares
from spdz.preprocessing.mascot.links import Links, Secrets, draw_secrets, set_up
from spdz.preprocessing.mascot.masks import make_input_masks, make_random_shares
from spdz.preprocessing.mascot.matrix_triples import make_matrix_triples, matrices_in_batch, pays
from spdz.preprocessing.mascot.pairwise import VALUES_AT_ONCE_BY_VOLE, make_proof_masks
from spdz.preprocessing.mascot.pipeline import MakeCandidates, make_triples_in_flight
from spdz.preprocessing.mascot.squares_bits import make_random_bits, make_squares
from spdz.preprocessing.mascot.triples import make_candidates, make_triples
from spdz.preprocessing.mascot.truncation_pairs import make_truncation_pairs, pairs_in_batch
from spdz.preprocessing.ot.base import RunBaseOts, base_ots
from spdz.preprocessing.vole.code import PLAN, VolePlan
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BITS
from spdz.sharing.material import (
    BIT_PAIR_TRIPLES,
    BIT_TRIPLES,
    DABITS,
    RANDOM_BITS,
    RANDOM_SHARES,
    SQUARES,
    TRIPLES,
    Batch,
    Kind,
    MaskSlack,
    MaterialStore,
)
from spdz.sharing.material.bit_kinds import BIT_MASKS, COMPARE_MASKS, MUX_TRIPLES, TRUNCATION_PAIRS
from spdz.sharing.material.kinds import INPUT_MASKS, MATRIX_TRIPLES, PROOF_MASKS

TRIPLE_BATCH_BYTES = 8 << 20
"""Size of the largest buffer while making a batch; about six of them exist per peer and batch in flight."""
SHARE_BATCH = 1 << 14
"""Input masks or random shares in one batch."""
MASK_BATCH = 1 << 15
"""Masks of comparisons in one batch of two parties, the least for which five lists do; with more parties, in all peers'
lists together."""

MASK_FAULTS = 3
"""The bits of a private mask may be those of a number that differs by so many units from the mask."""

Progress = Callable[[Kind, int, int], None]


class MascotPreprocessing:
    """One party's generator and what it has made and not yet used."""

    name = "mascot"

    def __init__(
        self,
        progress: Progress | None = None,
        params: MascotParams | None = None,
        protocols: MascotProtocols | None = None,
    ) -> None:
        self.params = params or MascotParams()
        self.protocols = protocols or MascotProtocols()
        self.store = MaterialStore()
        self._links = Links({})
        self._progress = progress

    async def set_up(self, ctx: Context) -> None:
        """Make the MAC key share and the base OTs, and check that everyone uses one key share. Once per session."""
        if self._links:
            raise InternalError("the generator is set up twice")
        inside, protocols = ctx.child("links"), self.protocols
        secrets = protocols.draw_secrets(inside)
        self._links = await set_up(inside, secrets, self.params, protocols.vole_plan, protocols.base_ots)
        self._links.of_bits = BitLinks(protocols.bit_plan)
        await check_key_shares(ctx.child("key_check"), self._links)

    def mask_slack(self, parties: int) -> MaskSlack:
        """Every party contributes a mask; see `MASK_FAULTS`."""
        return MaskSlack(parties, MASK_FAULTS)

    async def open_domain(self, ctx: Context, name: str) -> None:
        """Bits: make the links and check everybody's keys, once, when bits are first asked for."""
        if name != BITS:
            raise UsageError(f"the MASCOT generator makes no {name}; use the dealer")
        if not self._links.of_bits:
            protocols = self.protocols
            inside = ctx.child("links")
            self._links.of_bits = await set_up_bits(
                inside, self.params, protocols.draw_delta, protocols.bit_plan, protocols.base_ots
            )
            await check_bit_keys(ctx.child("key_check"), self._links.of_bits)

    def supports(self, kind: Kind) -> bool:
        """Every kind that there is a maker for; matrix triples where they cost much less than plain ones."""
        maker = self.protocols.makers.get(kind.name)
        return maker is not None and maker.makes(kind)

    async def produce(self, ctx: Context, demand: Mapping[Kind, int]) -> None:
        """Add material until the store holds at least `demand`. All parties call this with the same demand."""
        for kind in sorted(demand):
            have = self.store.available(kind)
            if demand[kind] <= have:
                continue
            sizes = batch_sizes(demand[kind] - have, self._maker(kind).batch_size(ctx, kind))
            take = partial(self._take, have, sum(sizes))
            if kind == TRIPLES:
                await make_triples_in_flight(ctx, self._links, sizes, take, self.protocols.make_candidates)
                continue
            for size in sizes:
                take(await self._maker(kind).make(ctx.child("batch"), self._links, kind, size))

    def _take(self, have: int, total: int, batch: Batch) -> None:
        """Store a batch, of what will be `total` more than this party had, and say how far it is."""
        self.store.add(batch)
        if self._progress is not None:
            self._progress(batch.kind, min(self.store.available(batch.kind) - have, total), total)

    def destroy(self) -> None:
        """Overwrite and forget material, OT correlations, streams and the bits of the MAC key share."""
        self.store.destroy()
        self._links.wipe()
        self._links = Links({})

    async def finish(self, ctx: Context) -> None:
        """Nothing to say to anybody at the end."""

    def _maker(self, kind: Kind) -> Maker:
        if not self.supports(kind):
            raise UsageError(f"the MASCOT generator does not make {kind}; use the dealer, or plain triples")
        return self.protocols.makers[kind.name]


@dataclass(frozen=True)
class Maker:
    """How one kind is made: a batch of at least so many elements, and how many a batch is asked for at most."""

    make: Callable[[Context, Links, Kind, int], Awaitable[Batch]]
    batch_size: Callable[[Context, Kind], int]
    makes: Callable[[Kind], bool] = lambda kind: True


def batch_sizes(total: int, largest: int) -> list[int]:
    """`total` cut into batches."""
    return [min(largest, total - start) for start in range(0, total, largest)]


def triples_in_batch(ctx: Context, kind: Kind) -> int:
    """How many triples, or what is made from them, one batch has at most."""
    copies = ctx.session.security.combined_copies(ctx.field.bits, ctx.parties)
    per_triple = ctx.field.bits * ctx.field.element_bytes * max(copies, 5)
    return max(128, TRIPLE_BATCH_BYTES // (per_triple * max(1, ctx.parties - 1)))


def shares_in_batch(ctx: Context, kind: Kind) -> int:
    """How many values one batch of what is only authenticated has at most."""
    return SHARE_BATCH


def proof_masks_in_batch(ctx: Context, kind: Kind) -> int:
    """How many proof masks one batch has at most: what goes through VOLEs at once, with the mask of the check."""
    return VALUES_AT_ONCE_BY_VOLE - 1


def bits_in_batch(ctx: Context, kind: Kind) -> int:
    """How many AND triples one batch has at most."""
    return LARGEST_BATCH


def switches_in_batch(ctx: Context, kind: Kind) -> int:
    """How many daBits or mux triples one batch has at most."""
    width = kind.dims[0] if kind.dims else 0
    return max(BIT_PLAN.candidates, CHAIN_ELEMENTS // (1 + width))


def masks_in_batch(ctx: Context, kind: Kind) -> int:
    """How many masks of comparisons one batch has at most: what is held for them grows with the peers."""
    return MASK_BATCH // (ctx.parties - 1)


MAKERS = {
    TRIPLES.name: Maker(lambda ctx, links, kind, count: make_triples(ctx, links, count), triples_in_batch),
    SQUARES.name: Maker(lambda ctx, links, kind, count: make_squares(ctx, links, count), triples_in_batch),
    RANDOM_BITS.name: Maker(lambda ctx, links, kind, count: make_random_bits(ctx, links, count), triples_in_batch),
    RANDOM_SHARES.name: Maker(lambda ctx, links, kind, count: make_random_shares(ctx, links, count), shares_in_batch),
    INPUT_MASKS: Maker(
        lambda ctx, links, kind, count: make_input_masks(ctx, links, kind.owner, count), shares_in_batch
    ),
    PROOF_MASKS: Maker(
        lambda ctx, links, kind, count: make_proof_masks(ctx, links, kind.owner, count), proof_masks_in_batch
    ),
    MATRIX_TRIPLES: Maker(make_matrix_triples, matrices_in_batch, pays),
    BIT_TRIPLES.name: Maker(lambda ctx, links, kind, count: make_bit_triples(ctx, links.of_bits, count), bits_in_batch),
    BIT_PAIR_TRIPLES.name: Maker(
        lambda ctx, links, kind, count: make_bit_pair_triples(ctx, links.of_bits, count), bits_in_batch
    ),
    BIT_MASKS: Maker(
        lambda ctx, links, kind, count: make_bit_masks(ctx, links.of_bits, kind.owner, count), bits_in_batch
    ),
    DABITS.name: Maker(
        lambda ctx, links, kind, count: make_dabits(ctx, links, links.of_bits, count), switches_in_batch
    ),
    MUX_TRIPLES: Maker(
        lambda ctx, links, kind, count: make_mux_triples(ctx, links, links.of_bits, kind, count),
        switches_in_batch,
        lambda kind: kind.dims[0] <= WIDEST_SWITCH,
    ),
    COMPARE_MASKS: Maker(
        lambda ctx, links, kind, count: make_compare_masks(ctx, links, links.of_bits, kind, count), masks_in_batch
    ),
    TRUNCATION_PAIRS: Maker(
        lambda ctx, links, kind, count: make_truncation_pairs(ctx, links, kind, count, links.of_bits.plan),
        pairs_in_batch,
    ),
}
"""By the name of the kind."""


@dataclass(frozen=True)
class MascotProtocols:
    """What the generator is composed of, step by step. Every session runs these.

    A replayed recording brings the LPN parameters that it was made with; a corrupted party of the attack harness wraps
    one of the steps, and where it attacks another one all parties have ideal base OTs.
    """

    base_ots: RunBaseOts = base_ots
    draw_secrets: Callable[[Context], Secrets] = draw_secrets
    draw_delta: Callable[[Context], Deltas] = draw_delta
    make_candidates: MakeCandidates = make_candidates
    makers: Mapping[str, Maker] = field(default_factory=lambda: MAKERS)
    vole_plan: VolePlan = PLAN
    bit_plan: BitPlan = BIT_PLAN
