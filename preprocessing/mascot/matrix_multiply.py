"""Unauthenticated products of what the parties hold: columns of X times rows of Y, by OT on the digits of X.

Realises:  for matrices X (rows x inner), Y (inner x columns), each the sum of what the parties hold, and each column j
           of X: shares of the outer product of X[:, j] and Y[j]. For all rows but the last `spare` the sum over j is
           kept, which is the matrix product; for the spare rows every j for itself, because the combination takes them
           apart.
Source:    [KOS16], figure 6 (Pi_Triple, Multiply), with a whole row of Y instead of one element, and with the digits of
           an entry instead of its bits: VOLE over a small set, [Roy22] section 3.
Symbols:   an *entry* is one element of X, entries count in the order (matrix, j, row). For an ordered pair, receiver R
           with an entry of digits v_j to the base 2^D, sender S with the row y = Y[j]. Of each digit S has seeds s_x
           for all x < 2^D, and R all but the one at 2^D - 1 - v (`digits`). g_x is what a seed expands to, one element
           for each column; U = sum g_x, T = sum (2^D - 1 - x) g_x, d = y - U is sent,
           R: v (U' + d) - T' = v y - T, whatever stands for the seed that it lacks,  S: T; and sums over 2^(D j).
Deviation: with digits of one bit the shares are those of [KOS16] but for signs. More bits make d shorter, D-fold, and
           the work longer, (2^D / 2 D)-fold: 21 elements instead of 61 for an entry at M61.
Seeds:     the hash H of an OT, under its own index, is the seed, or with wider digits masks the tree that seeds are
           leaves of; element c is block c of a seed's expansion, modulo p (at most 2^-122 from uniform). The keys of
           trees are of one extension and one ordered pair, those of the expansion also of one message.
Memory:    entries go in slabs, one OT extension each; a slab in groups, the seeds of which are held together; a group
           in pieces of up to PIECE_COLUMNS columns, one message each. A message is sent when the one before it has
           come from every peer, so at most two of them are on their way to any peer.
Checked:   here, that a party's choice bits are the same in all columns of the extension. Not here: a sender who uses
           different Y, a receiver who uses different X towards different peers; see `matrix_triples`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spdz.crypto import ggm
from spdz.crypto.domains import Domain
from spdz.crypto.hashing import derive
from spdz.crypto.seed_expansion import CHUNK_BLOCKS, KEY_BYTES, ExpansionScratch, SeedExpansion
from spdz.errors import SacrificeFailed
from spdz.field import Field, FieldArray
from spdz.field.fused import rows as fused_rows
from spdz.params import COMPUTATIONAL_BITS
from spdz.preprocessing.mascot.extend import extend_choices
from spdz.preprocessing.mascot.links import Link
from spdz.preprocessing.ot.digits import Digits, bits_of, digits_of, grow, puncture, values_of
from spdz.preprocessing.ot.extension import ROW_UNIT, ReceiverRows, SenderRows
from spdz.preprocessing.ot.rows import Bits, Rows
from spdz.runtime.context import Context
from spdz.runtime.workers import share_out
from spdz.wire.codec import Blob, Elements
from spdz.wire.steps import Harmless, Payload, declare

MATRIX_TREES = declare(
    "matrix_multiply.trees",
    payload=Payload.BYTES,
    source="[Roy22] section 3: all-but-one OT on digits",
    tampering=(SacrificeFailed, Harmless.NO_EFFECT),
)
MATRIX_CORRECTIONS = declare(
    "matrix_multiply.corrections",
    payload=Payload.ELEMENTS,
    source="[KOS16] figure 6, multiply step 2(b), with rows and digits",
    tampering=(SacrificeFailed, Harmless.NO_EFFECT),
)

SLAB_BYTES = 8 << 20
"""Size of the bit matrix of one OT extension, for all peers together."""
PIECE_BYTES = 8 << 20
"""Size of one message and of the seeds behind it, for all peers together. It bounds what is masked under one key of the
expansion, to less than 2^20 blocks (docs/security/matrix-triples.md)."""
PIECE_COLUMNS = 64
"""Columns of Y in one message."""
GROUP_UNIT = 64
"""Entries of a group are a multiple of this, so that their OTs are whole words of the transposition."""


@dataclass(frozen=True)
class Cut:
    """How the entries of products with `columns` columns are cut: the same at all parties."""

    digits: Digits
    slab: int
    group: int
    width: int


def cut(field: Field, parties: int, columns: int) -> Cut:
    """Digits of an entry, entries in a slab, entries in a group, columns in a piece."""
    digits, width = digits_of(field, columns), min(columns, PIECE_COLUMNS)
    of_unit = ROW_UNIT * digits.ots * (COMPUTATIONAL_BITS // 8) * (parties - 1)
    of_entry = digits.held_bytes + digits.count * width * field.element_bytes
    group = PIECE_BYTES // (GROUP_UNIT * of_entry * (parties - 1))
    return Cut(digits, ROW_UNIT * max(1, SLAB_BYTES // of_unit), GROUP_UNIT * max(1, group), width)


@dataclass(frozen=True)
class Factors:
    """This party's parts of X and Y for all matrices of a batch, and where products go.

    entries  (count inner rows,), in the order (matrix, j, row)
    y        (count inner, columns)
    """

    entries: FieldArray
    y: FieldArray
    count: int
    rows: int
    spare: int

    def rows_of_y(self, start: int, count: int) -> npt.NDArray[np.int64]:
        """The row of `y` that each of `count` entries is multiplied with."""
        return np.arange(start, start + count, dtype=np.int64) // self.rows

    def places(self, start: int, count: int) -> npt.NDArray[np.int64]:
        """The row of the sums that the product of each entry belongs to: first products, then spare outer products."""
        column, row = np.divmod(np.arange(start, start + count, dtype=np.int64), self.rows)
        kept = self.rows - self.spare
        inner = len(self.y) // self.count
        return np.where(row < kept, column // inner * kept + row, self.count * kept + column * self.spare + row - kept)


async def multiply_matrices(
    ctx: Context, links: dict[int, Link], x: FieldArray, y: FieldArray, spare: int
) -> tuple[FieldArray, FieldArray]:
    """This party's shares of X[:-spare] @ Y, and of the outer products of the last `spare` rows, column by column.

    Shapes:    x: (count, rows, inner), y: (count, inner, columns); returns (count, rows - spare, columns) and
               (count, inner, spare, columns), the latter [.., j, i, c] = X[rows - spare + i, j] Y[j, c].
    Rounds:    5 for a single slab of a single piece: 4 for every slab, 1 for every piece (`cut`), and with digits of
               several bits 1 for the trees of every group.
               Sends: per digit D OTs of 128 / ot_tree_bits bits, columns elements, and 32 D bytes if D > 1; to each
               peer. Entries of every slab count in whole units for the first, of every group for the last; and the
               checks.
    Raises:    OtConsistencyFailed, CommitmentMismatch, BroadcastMismatch.
    Unchecked: the products, until the sacrifice.
    """
    count, rows, inner = x.shape
    columns = y.shape[2]
    factors = Factors(x.transpose(0, 2, 1).copy().ravel(), y.reshape(count * inner, columns), count, rows, spare)
    spare_rows = x[:, rows - spare :].transpose(0, 2, 1).copy().reshape(count, inner, spare, 1)
    own = (x[:, : rows - spare] @ y, spare_rows * y.reshape(count, inner, 1, columns))
    sums = FieldArray.concatenate([part.reshape(-1, columns) for part in own])
    for array in (spare_rows, *own):
        array.wipe()
    step = cut(ctx.field, ctx.parties, columns).slab
    for start in range(0, factors.entries.size, step):
        await _slab(ctx.child("slab"), links, factors, start, min(step, factors.entries.size - start), sums)
    factors.entries.wipe()
    kept = count * (rows - spare)
    return sums[:kept].reshape(count, rows - spare, columns), sums[kept:].reshape(count, inner, spare, columns)


async def _slab(
    ctx: Context, links: dict[int, Link], factors: Factors, start: int, count: int, sums: FieldArray
) -> None:
    """Add the shares of the products of entries start .. start + count to `sums`: one OT extension."""
    cuts = cut(ctx.field, ctx.parties, factors.y.shape[1])
    padded = FieldArray.concatenate([factors.entries[start : start + count], ctx.random(-count % ROW_UNIT)])
    bits = bits_of(cuts.digits, padded)
    choices = np.packbits(bits, bitorder="little")
    capacity = _whole_units(min(cuts.group, count))
    everyone, ends = tuple(range(ctx.parties)), _Ends({}, {}, cuts.digits)
    try:
        extension = await extend_choices(ctx, links, everyone, dict.fromkeys(ctx.peers, choices), bits.size)
        for peer in ctx.peers:
            ends.senders[peer] = _Sender(ctx, peer, extension.sent[peer], cuts, capacity)
            ends.receivers[peer] = _Receiver(ctx, peer, extension.received[peer], cuts, capacity)
        for first in range(0, count, cuts.group):
            size = min(cuts.group, count - first)
            await _trees(ctx, ends, first, bits[first : first + _whole_units(size)])
            await _pieces(ctx, ends, factors, cuts.width, range(start + first, start + first + size), sums)
    finally:
        ends.wipe()
        padded.wipe()
        for array in (bits, choices):
            array.fill(0)
    extension.finish()


async def _pieces(ctx: Context, ends: _Ends, factors: Factors, width: int, entries: range, sums: FieldArray) -> None:
    """Add the shares of the products of one group to `sums`, some columns after the other."""
    y = factors.y[factors.rows_of_y(entries.start, len(entries))]
    places = factors.places(entries.start, len(entries))
    for column in range(0, factors.y.shape[1], width):
        share = await _piece(ctx, ends, y[:, column : column + width], column)
        fused_rows.add_rows(ctx.field, share, places, sums, column)
        share.wipe()
    y.wipe()


async def _trees(ctx: Context, ends: _Ends, first: int, bits: Bits) -> None:
    """Make the seeds of a group at both ends, whole units. One message to each peer if digits have several bits."""
    payloads = {peer: sender.grow(first, len(bits)) for peer, sender in ends.senders.items()}
    received: dict[int, memoryview] = {}
    if ends.digits.bits > 1:
        codec = Blob(len(bits) * ends.digits.sums_bytes)
        received = await ctx.swap(MATRIX_TREES, codec, payloads)
    for peer, receiver in ends.receivers.items():
        receiver.puncture(first, bits, received.get(peer))


async def _piece(ctx: Context, ends: _Ends, y: FieldArray, column: int) -> FieldArray:
    """Shares of entry times row, for some columns of the rows: (entries, width). One message to each peer."""
    codec = Elements(ctx.field, (len(y) * ends.digits.count, y.shape[1]))
    corrections, total = {}, ctx.field.zeros(y.shape)
    for peer, sender in ends.senders.items():
        corrections[peer], share = sender.corrections(y, column)
        total = total + share
    received = await ctx.swap(MATRIX_CORRECTIONS, codec, corrections)
    for peer, receiver in ends.receivers.items():
        total = total + receiver.share(y.shape, received[peer], column)
    return total


def _whole_units(entries: int) -> int:
    return -(-entries // GROUP_UNIT) * GROUP_UNIT


RunWork = Callable[[tuple[Rows, Rows], slice, int], None]
"""(leaves as `fused_rows.sender_products` takes them, which entries, first column)."""


def _runs(digits: Digits, count: int, width: int) -> list[tuple[slice, slice]]:
    """Entries and columns that are expanded at once."""
    columns = -(-width // -(-width * digits.leaves // CHUNK_BLOCKS))
    entries = max(1, CHUNK_BLOCKS // (digits.leaves * columns))
    return [
        (slice(start, min(start + entries, count)), slice(column, min(column + columns, width)))
        for start in range(0, count, entries)
        for column in range(0, width, columns)
    ]


class _End:
    """One end of the OTs of a slab with one peer: seeds of the present group, and their expansion."""

    def __init__(self, ctx: Context, receiver: int, sender: int, cuts: Cut, capacity: int, hashes: int) -> None:
        # The path is that of the slab, so what is derived from it is of one extension.
        self._session_id, self._place = ctx.session.session_id, (ctx.path, receiver, sender)
        self._field, self._digits, self._threads = ctx.field, cuts.digits, ctx.session.threads
        self._tree_keys = ggm.side_keys(self._session_id, "matrix trees", *self._place)
        self._scratches: list[ExpansionScratch] = []
        """Those that no thread uses just now; each thread makes one if there is none."""
        rows = capacity * cuts.digits.ots
        self._scratch, *self._hashes = (np.empty((rows, 2), np.uint64) for _ in range(1 + hashes))
        self._seeds: Rows = np.empty((0, 2), np.uint64)
        self._group = 0
        """The entry of the slab with which the present group begins."""

    def _ots(self, first: int, count: int) -> tuple[int, int]:
        """The first OT of the entries first .. first + count of the slab, and how many they have."""
        return first * self._digits.ots, count * self._digits.ots

    def _in_runs(self, shape: tuple[int, ...], column: int, work: RunWork) -> None:
        """Expand the leaves of the group run by run, for columns of rows from `column` on, under the key of this piece;
        runs are shared out among threads."""
        label = (*self._place, self._group, column)
        key = derive(Domain.SEED_EXPANSION, b"", KEY_BYTES, *label, session_id=self._session_id)

        def work_on(runs: Iterable[tuple[slice, slice]]) -> None:
            try:
                scratch = self._scratches.pop()
            except IndexError:
                scratch = ExpansionScratch()
            try:
                expansion = SeedExpansion(key, scratch)
                for entries, columns in runs:
                    seeds = self._seeds[entries.start * self._digits.leaves : entries.stop * self._digits.leaves]
                    inner = expansion.permute(seeds, columns.stop - columns.start, column + columns.start)
                    work((inner, seeds), entries, columns.start)
            finally:
                self._scratches.append(scratch)

        share_out(_runs(self._digits, *shape), self._threads, work_on)

    def wipe(self) -> None:
        """Overwrite what depends on the rows of the OTs."""
        for scratch in self._scratches:
            scratch.wipe()
        for array in (self._scratch, *self._hashes, self._seeds):
            array.fill(0)


class _Sender(_End):
    """The end that holds y."""

    def __init__(self, ctx: Context, peer: int, rows: SenderRows, cuts: Cut, capacity: int) -> None:
        super().__init__(ctx, peer, ctx.party, cuts, capacity, rows.hashes)
        self._rows, self._randomness = rows, ctx.randomness

    def grow(self, first: int, count: int) -> memoryview:
        """Make the seeds of entries first .. first + count of the slab, whole units; returns what to send for them."""
        self._group, (start, rows) = first, self._ots(first, count)
        hashes = self._hashes[0][:rows], self._hashes[1][:rows]
        self._rows.hashed(start, rows, self._scratch[:rows], hashes)
        self._seeds.fill(0)
        self._seeds, masked = grow(self._digits, hashes, self._tree_keys, self._randomness)
        return memoryview(b"") if masked is None else masked.data.cast("B")

    def corrections(self, y: FieldArray, column: int) -> tuple[FieldArray, FieldArray]:
        """d to send, (entries digits, width), and this end's share, (entries, width)."""
        field, per_entry, (count, width) = self._field, self._digits.count, y.shape
        corrections, share = field.empty((count * per_entry, width)), field.empty((count, width))

        def work(own: tuple[Rows, Rows], part: slice, first: int) -> None:
            d = corrections[part.start * per_entry : part.stop * per_entry]
            fused_rows.sender_products(field, own, self._digits.bits, y[part], d, share[part], first)

        self._in_runs(y.shape, column, work)
        return corrections, share


class _Receiver(_End):
    """The end that holds the entries."""

    def __init__(self, ctx: Context, peer: int, rows: ReceiverRows, cuts: Cut, capacity: int) -> None:
        super().__init__(ctx, ctx.party, peer, cuts, capacity, rows.hashes)
        self._rows = rows
        self._values: Bits = np.empty((0, 0), np.uint8)

    def puncture(self, first: int, bits: Bits, message: memoryview | None) -> None:
        """Make the seeds of entries with these bits, from `first` on in the slab, whole units."""
        self._group, (start, rows) = first, self._ots(first, len(bits))
        hashes = self._hashes[0][:rows]
        self._rows.hashed(start, rows, self._scratch[:rows], hashes)
        masked = None if message is None else np.frombuffer(message, np.uint64).reshape(rows, 2, 2)
        self._seeds.fill(0)
        self._values.fill(0)
        self._seeds = puncture(self._digits, bits.ravel(), hashes, self._tree_keys, masked)
        self._values = values_of(self._digits, bits)

    def share(self, shape: tuple[int, ...], corrections: FieldArray, column: int) -> FieldArray:
        """This end's share, (entries, width), from what came."""
        field, per_entry = self._field, self._digits.count
        share = field.empty(shape)

        def work(own: tuple[Rows, Rows], part: slice, first: int) -> None:
            d = corrections[part.start * per_entry : part.stop * per_entry]
            fused_rows.receiver_products(field, own, self._digits.bits, self._values[part], d, share[part], first)

        self._in_runs(shape, column, work)
        return share

    def wipe(self) -> None:
        """Overwrite the digits too."""
        super().wipe()
        self._values.fill(0)


@dataclass(frozen=True)
class _Ends:
    """Both ends of the OTs of a slab with every peer."""

    senders: dict[int, _Sender]
    receivers: dict[int, _Receiver]
    digits: Digits

    def wipe(self) -> None:
        """Overwrite everything."""
        for end in (*self.senders.values(), *self.receivers.values()):
            end.wipe()
