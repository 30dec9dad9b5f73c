"""What making material costs a party: the messages of the generator, counted and not sent.

`MascotPrices` goes through the set-up and the batches of `generator` as a party does, and adds up the frames that it
sends to all peers together, headers included, and the rounds, one batch after the other. Whatever decides what is sent
is asked where the generator asks it: sizes of batches, layers, lists, slabs. Of a session it keeps what later batches
depend on: how much has been authenticated, which VOLEs are left, whether there are keys of bits.

`tests/preprocessing/test_price.py` holds bytes and rounds equal to those of runs, for every kind. Two things are not in
it. Batches of triples in flight share rounds, so several of them take fewer than is said here. A random bit whose
number happens to be zero is made again, with probability 1/p.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from spdz.crypto.hashing import HASH_BYTES as DIGEST_OF_TREES
from spdz.crypto.prg import SEED_BYTES as PRG_SEED_BYTES
from spdz.params import COMPUTATIONAL_BITS
from spdz.preprocessing.bits import and_candidates, compare_masks, mask_proof
from spdz.preprocessing.bits.buckets import batch_candidates, even_batches, layers
from spdz.preprocessing.bits.links import BIT_OTS, DELTA_BITS, WORD_BITS
from spdz.preprocessing.bits.matching import lists
from spdz.preprocessing.bits.word_check import KEY_BITS, MASK_BITS
from spdz.preprocessing.mascot.generator import MascotPreprocessing, batch_sizes
from spdz.preprocessing.mascot.matrix_multiply import GROUP_UNIT, cut
from spdz.preprocessing.mascot.matrix_triples import AUTHENTICATED_AT_ONCE, dims_of, spare_rows
from spdz.preprocessing.mascot.messages import Messages, Voles
from spdz.preprocessing.mascot.truncation_pairs import lists_for
from spdz.preprocessing.ot import base as base_ots
from spdz.preprocessing.ot.extension import DIGEST_BYTES, ROW_UNIT, column_bytes
from spdz.preprocessing.ot.instance import FIELD_OTS
from spdz.preprocessing.ot.trees import CHECK_BYTES
from spdz.runtime.context import Context
from spdz.sharing.bit_domain import BITS, HASH_BYTES
from spdz.sharing.field_domain import FIELD
from spdz.sharing.material import (
    BIT_PAIR_TRIPLES,
    BIT_TRIPLES,
    DABITS,
    RANDOM_BITS,
    RANDOM_SHARES,
    SQUARES,
    TRIPLES,
    Kind,
)
from spdz.sharing.material.bit_kinds import BIT_MASKS, COMPARE_MASKS, MUX_TRIPLES, TRUNCATION_PAIRS
from spdz.sharing.material.kinds import INPUT_MASKS, MATRIX_TRIPLES, PROOF_MASKS

_ONE_BY_ONE = 1 << 12


class MascotPrices:
    """The bill of one party's generator.

    bytes_sent   to all peers together, frame headers included
    rounds       if one batch is made after the other

    Both are None for material that the generator does not make, and in one case that no program gets to: more than
    `_ONE_BY_ONE` batches that have to be counted one by one, because parties have used up VOLEs at different times.
    """

    def __init__(self, ctx: Context, source: MascotPreprocessing) -> None:
        self._ctx = ctx
        self._protocols = source.protocols
        self._to = Messages(ctx)
        self._voles = Voles(self._to, source.params, self._protocols.vole_plan)
        self._depth = source.params.ot_tree_bits
        self._with_bits = False
        self._store = Counter[Kind]()
        self._known = True
        """Whether everything so far could be told."""
        self._set_up()

    @property
    def bytes_sent(self) -> int | None:
        """So far."""
        return self._to.bytes_sent if self._known else None

    @property
    def rounds(self) -> int | None:
        """So far."""
        return self._to.rounds if self._known else None

    # -- as the generator -----------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        self._base_ots(FIELD_OTS.delta_bits, self._to.bits)
        self._to.beside(PRG_SEED_BYTES)
        if self._ctx.parties > 2:
            self._authenticate(0, self._to.everyone)

    def open_domain(self, name: str) -> None:
        """The keys of bits, the first time."""
        if name != BITS or self._with_bits:
            return
        self._with_bits = True
        self._base_ots(BIT_OTS.delta_bits)
        self._bit_extension(self._to.everyone, (WORD_BITS, _units(KEY_BITS + MASK_BITS)))
        self._word_check()

    def produce(self, demand: Mapping[Kind, int]) -> None:
        """Make what is missing of a demand."""
        for kind in sorted(demand):
            missing = demand[kind] - self._store[kind]
            if missing > 0:
                self._make(kind, missing)

    def _make(self, kind: Kind, missing: int) -> None:
        """In batches as the generator's."""
        batch = _BATCHES.get(kind.name)
        if batch is None or kind.name not in self._protocols.makers:
            self._known = False
            return
        largest = self._protocols.makers[kind.name].batch_size(self._ctx, kind)
        whole, rest = divmod(missing, largest)
        for _ in range(min(whole, _ONE_BY_ONE)):
            if self._voles.settled(_contributors(kind, self._ctx.parties)):
                break
            self._store[kind] += batch(self, kind, largest)
            whole -= 1
        if whole and not self._voles.settled(_contributors(kind, self._ctx.parties)):
            self._known = False
            return
        if whole:
            self._to.times = whole
            self._store[kind] += whole * batch(self, kind, largest)
            self._to.times = 1
        if rest:
            self._store[kind] += batch(self, kind, rest)

    def take(self, need: Mapping[Kind, int]) -> None:
        """Use what has been made."""
        self._store.subtract(need)

    def discard(self) -> None:
        """Throw away what has been made."""
        self._store.clear()

    # -- kinds, each one batch; returns how many it has -----------------------------------------------------------

    def triples(self, kind: Kind, count: int) -> int:
        """`triples.make_triples`."""
        copies = self._ctx.session.security.combined_copies(self._to.bits, self._ctx.parties)
        self._voles.extension(self._to.everyone, _units(count * copies) * self._to.bits)
        self._to.elements(count * copies * self._to.bits)
        self._enter(count)
        self._to.toss()
        self._enter(4 * count)
        self._check_entered()
        self._to.toss()
        self._to.elements(count)
        self._to.check(self._to.element)
        return count

    def squares(self, kind: Kind, count: int) -> int:
        """`squares_bits.make_squares`."""
        self.triples(kind, count)
        self._to.elements(count)
        self._to.check(self._to.element)
        return count

    def random_bits(self, kind: Kind, count: int) -> int:
        """`squares_bits.make_random_bits`."""
        self.triples(kind, count)
        self._to.elements(count)
        self._to.elements(count)
        self._to.check(self._to.element)
        return count

    def random_shares(self, kind: Kind, count: int) -> int:
        """`masks.make_random_shares`."""
        self._authenticate(count, self._to.everyone)
        return count

    def input_masks(self, kind: Kind, count: int) -> int:
        """`masks.make_input_masks`."""
        self._authenticate(count, (kind.owner,))
        return count

    def proof_masks(self, kind: Kind, count: int) -> int:
        """`pairwise.make_proof_masks`."""
        self._enter_apart(count, (kind.owner,))
        return count

    def matrix_triples(self, kind: Kind, count: int) -> int:
        """`matrix_triples.make_matrix_triples`."""
        rows, inner, columns, _ = dims_of(kind)
        statistical_bits = self._ctx.session.security.statistical_bits
        spare = spare_rows(self._ctx.field, statistical_bits, count * inner, self._ctx.parties)
        self._multiply_matrices(count * (rows + 1 + spare) * inner, columns)
        self._enter_in_parts(count * inner * columns)
        self._to.toss()
        self._enter_in_parts(count * (rows + 1) * (inner + columns))
        self._check_entered()
        self._to.toss()
        self._to.elements(count * inner)
        self._to.check(self._to.element)
        return count

    def bit_triples(self, kind: Kind, count: int) -> int:
        """`buckets.make_bit_triples`."""
        self._buckets(count, 1)
        return count

    def bit_pair_triples(self, kind: Kind, count: int) -> int:
        """`buckets.make_bit_pair_triples`."""
        self._buckets(count, 2)
        return count

    def bit_masks(self, kind: Kind, count: int) -> int:
        """`bit_masks.make_bit_masks`."""
        self._bit_extension((kind.owner,), (WORD_BITS, _units(count)))
        if self._ctx.parties > 2:
            self._bit_extension(self._to.everyone, (WORD_BITS, MASK_BITS))
            self._word_check()
        return count

    def switches(self, kind: Kind, count: int) -> int:
        """`chains.make_dabits`, `chains.make_mux_triples`."""
        width, parties, element = kind.dims[0] if kind.dims else 0, self._ctx.parties, self._to.element
        size = batch_candidates(count, self._protocols.bit_plan)
        if width:
            self._authenticate(width * size, self._to.everyone)
        for layer in range(layers(size, self._bits_of_plan())):
            self._bit_extension(self._to.everyone, (DELTA_BITS, size))
            self._enter(parties * (1 + width) * size)
            self._to.elements((3 + 2 * width) * size)
            self._check_entered()
            if layer:
                self._to.toss()
            for owner in range(parties):
                chains = width + (layer > 0 or owner > 0)
                if chains:
                    self._to.elements(chains * size)
        self._to.check(element)
        return count

    def compare_masks(self, kind: Kind, count: int) -> int:
        """`compare_masks.make_compare_masks`."""
        [bits], parties = kind.dims, self._ctx.parties
        for size in even_batches(count * compare_masks.ands_per_mask(bits, parties)):
            self._buckets(size, 1)
        self._masks(bits, count)
        pairs = (bits - 1) // 2
        for _ in range((parties - 1) * (bits - 1)):
            self._to.send(_packed(2 * count))
        if pairs:
            self._to.send(_packed(2 * pairs * count))
        if bits > 1:
            self._to.check(HASH_BYTES)
        return count

    def truncation_pairs(self, kind: Kind, count: int) -> int:
        """`truncation_pairs.make_truncation_pairs`."""
        everyone, samples = self._to.everyone, self._protocols.bit_plan.samples
        plan = lists_for(count, self._bits_of_plan())._replace(samples=samples)
        sacrifices = (plan.lists - 1) * plan.kept
        self._enter_apart(2 * plan.pairs, everyone)
        self._to.toss()
        self._enter_apart(sacrifices, everyone)
        self._voles.raw(everyone, 1)
        self._to.toss()
        self._to.elements(2)
        self._to.elements(2 * plan.lists * samples)
        self._to.beside(2 * sacrifices * self._to.element)
        self._to.check(self._to.element)
        return plan.kept

    # -- parts ----------------------------------------------------------------------------------------------------

    def _base_ots(self, delta_bits: int, more: int = 0) -> None:
        """`base.base_ots` for Delta and for other choices, and `trees.grow_trees` for Delta."""
        for points in (2, 1):
            self._to.send(points * base_ots.POINT_BYTES * (delta_bits + more))
        if self._depth > 1:
            sums = 2 * delta_bits * base_ots.KEY_BYTES
            self._to.send(sums + delta_bits // self._depth * CHECK_BYTES + DIGEST_OF_TREES)

    def _enter(self, count: int, contributors: Sequence[int] | None = None) -> None:
        self._voles.cross(self._to.everyone if contributors is None else contributors, count + 1)

    def _check_entered(self) -> None:
        self._to.toss()
        self._to.elements(1)
        self._to.check(self._to.element)

    def _authenticate(self, count: int, contributors: Sequence[int]) -> None:
        self._enter(count, contributors)
        self._check_entered()

    def _enter_apart(self, count: int, contributors: Sequence[int]) -> None:
        for size in batch_sizes(count + 1, self._voles.values_at_once):
            self._voles.cross(contributors, size)
        self._check_entered()

    def _enter_in_parts(self, count: int) -> None:
        for size in batch_sizes(count, AUTHENTICATED_AT_ONCE):
            self._enter(size)

    def _multiply_matrices(self, entries: int, columns: int) -> None:
        cuts = cut(self._ctx.field, self._ctx.parties, columns)
        for slab in batch_sizes(entries, cuts.slab):
            self._voles.extension(self._to.everyone, _units(slab) * cuts.digits.ots)
            for group in batch_sizes(slab, cuts.group):
                if cuts.digits.bits > 1:
                    self._to.send(_units(group, GROUP_UNIT) * cuts.digits.sums_bytes)
                for width in batch_sizes(columns, cuts.width):
                    self._to.elements(group * cuts.digits.count * width)

    def _bits_of_plan(self) -> int:
        return self._protocols.bit_plan.statistical_bits_of(self._ctx)

    def _bit_extension(self, choosers: Sequence[int], *parts: tuple[int, int]) -> None:
        """`cot.extend_bits`: extensions of so many columns and rows, which travel together."""
        self._to.by(choosers, sum(columns // self._depth * column_bytes(rows) for columns, rows in parts))
        self._to.toss()
        self._to.by(choosers, sum((columns + 1) * DIGEST_BYTES for columns, _ in parts))

    def _word_check(self) -> None:
        self._to.toss()
        self._to.send(COMPUTATIONAL_BITS // 8)
        self._to.echo()
        self._to.commit_and_open(COMPUTATIONAL_BITS // 8)

    def _buckets(self, count: int, products: int) -> None:
        size = batch_candidates(count, self._protocols.bit_plan)
        for layer in range(layers(size, self._bits_of_plan())):
            self._bit_extension(self._to.everyone, (DELTA_BITS, size), (WORD_BITS, products * size + MASK_BITS))
            self._to.send(size * products * and_candidates.WORD_BYTES)
            self._word_check()
            if layer:
                self._to.toss()
                self._to.send(_packed(products * size))
        self._to.check(HASH_BYTES)

    def _masks(self, bits: int, count: int) -> None:
        """`masks.make_masks`."""
        plan, parties = self._protocols.bit_plan, self._ctx.parties
        size = max(plan.masks, count)
        wanted = lists(size, self._bits_of_plan())
        numbers = wanted * (size + plan.samples)
        spare = parties * mask_proof.MASK_BITS + MASK_BITS
        self._bit_extension(self._to.everyone, (WORD_BITS, _units(numbers * bits + spare)))
        self._enter_apart(numbers, self._to.everyone)
        self._to.toss()
        self._to.elements(wanted * plan.samples)
        self._to.beside(_packed(parties * bits * wanted * plan.samples))
        self._to.beside((wanted - 1) * size * self._to.element)
        self._to.check(self._to.element, HASH_BYTES)
        if parties > 2:
            self._word_check()
        self._to.toss()
        self._to.send(mask_proof.PROOF_BYTES)


_BATCHES: dict[str, Callable[[MascotPrices, Kind, int], int]] = {
    TRIPLES.name: MascotPrices.triples,
    SQUARES.name: MascotPrices.squares,
    RANDOM_BITS.name: MascotPrices.random_bits,
    RANDOM_SHARES.name: MascotPrices.random_shares,
    INPUT_MASKS: MascotPrices.input_masks,
    PROOF_MASKS: MascotPrices.proof_masks,
    MATRIX_TRIPLES: MascotPrices.matrix_triples,
    BIT_TRIPLES.name: MascotPrices.bit_triples,
    BIT_PAIR_TRIPLES.name: MascotPrices.bit_pair_triples,
    BIT_MASKS: MascotPrices.bit_masks,
    DABITS.name: MascotPrices.switches,
    MUX_TRIPLES: MascotPrices.switches,
    COMPARE_MASKS: MascotPrices.compare_masks,
    TRUNCATION_PAIRS: MascotPrices.truncation_pairs,
}
"""By the name of the kind."""


def priced_kinds() -> Iterable[str]:
    """The names of the kinds that have a price."""
    return _BATCHES.keys()


def _contributors(kind: Kind, parties: int) -> tuple[int, ...]:
    """Who enters values in a batch."""
    if FIELD not in kind.declaration.domains:
        return ()
    return tuple(range(parties)) if kind.owner < 0 else (kind.owner,)


def _units(count: int, unit: int = ROW_UNIT) -> int:
    """Filled up to whole units."""
    return -(-count // unit) * unit


def _packed(bits: int) -> int:
    """Bytes of packed bits."""
    return -(-bits // 8)
