"""Unauthenticated products of what the parties hold: columns of X times rows of Y, by OT on the bits of X.

Realises:  for matrices X (rows x inner), Y (inner x columns), each the sum of what the parties hold, and each column j
           of X: shares of the outer product of X[:, j] and Y[j]. For all rows but the last `spare` the sum over j is
           kept, which is the matrix product; for the spare rows every j for itself, because the combination takes them
           apart.
Source:    [KOS16], figure 6 (Pi_Triple, Multiply), with one OT for a whole row of Y instead of one element.
Symbols:   an *entry* is one element of X, entries count in the order (matrix, j, row). For an ordered pair, receiver R
           with bits of an entry, sender S with the row y = Y[j]; the OT on bit l gives S the seeds (s0, s1), and R the
           one that it chose; q0, q1, s are what the seeds expand to, one element for each column:
           d = q0 - q1 + y,  R: s + bit d = q0 + bit y,  shares sum 2^l (s + bit d) at R and -sum 2^l q0 at S.
Seeds:     the hash H of an OT, under its own index, is the seed; element c is block c of its expansion, modulo p (at
           most 2^-121 from uniform). The key of the expansion is of one extension and one ordered pair only.
Memory:    entries go in slabs, one OT extension each; a slab in groups, the seeds of which are held together; a group
           in pieces of up to PIECE_COLUMNS columns, one message each. A message is sent when the one before it has
           come from every peer, so at most two of them are on their way to any peer.
Checked:   here, that a party's choice bits are the same in all columns of the extension. Not here: a sender who uses
           different Y, a receiver who uses different X towards different peers; see `matrix_triples`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import derive
from spdz.crypto.seed_expansion import CHUNK_BLOCKS, KEY_BYTES, SeedExpansion
from spdz.errors import SacrificeFailed
from spdz.field import Field, FieldArray
from spdz.params import COMPUTATIONAL_BITS
from spdz.preprocessing.extend import extend
from spdz.preprocessing.links import Link
from spdz.preprocessing.ot_extension import ROW_UNIT, Rows
from spdz.runtime.context import Context
from spdz.wire.codec import Elements
from spdz.wire.steps import Harmless, declare

MATRIX_CORRECTIONS = declare(
    "matrix_multiply.corrections",
    source="[KOS16] figure 6, multiply step 2(b), with rows",
    tampering=(SacrificeFailed, Harmless.NO_EFFECT),
)

SLAB_BYTES = 8 << 20
"""Size of the bit matrix of one OT extension, for all peers together."""
PIECE_BYTES = 8 << 20
"""Size of one message and of the seeds behind it, for all peers together."""
PIECE_COLUMNS = 64
"""Columns of Y in one message."""
SEED_BYTES = 48
"""What is held of an OT while its pieces are made: a row and two seeds."""
GROUP_UNIT = 64
"""Entries of a group are a multiple of this, so that their OTs are whole words of the transposition."""


@dataclass(frozen=True)
class Cut:
    """How the entries of products with `columns` columns are cut: the same at all parties."""

    slab: int
    group: int
    width: int


def cut(field: Field, parties: int, columns: int) -> Cut:
    """Entries in a slab, entries in a group, columns in a piece."""
    width = min(columns, PIECE_COLUMNS)
    of_unit = ROW_UNIT * field.bits * (COMPUTATIONAL_BITS // 8) * (parties - 1)
    of_group = GROUP_UNIT * field.bits * (SEED_BYTES + width * field.element_bytes) * (parties - 1)
    return Cut(ROW_UNIT * max(1, SLAB_BYTES // of_unit), GROUP_UNIT * max(1, PIECE_BYTES // of_group), width)


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
    Rounds:    5 for a single slab of a single piece: 4 for every slab and 1 for every piece (`cut`).
               Sends: per entry k (128 / ot_tree_bits bits + columns elements) to each peer; entries of every slab
               count in whole units for the first; and the checks.
    Raises:    OtConsistencyFailed, CommitmentMismatch, BroadcastMismatch.
    Unchecked: the products, until the sacrifice.
    """
    count, rows, inner = x.shape
    columns = y.shape[2]
    factors = Factors(x.transpose(0, 2, 1).ravel(), y.reshape(count * inner, columns), count, rows, spare)
    spare_rows = x[:, rows - spare :].transpose(0, 2, 1).reshape(count, inner, spare, 1)
    own = (x[:, : rows - spare] @ y, spare_rows * y.reshape(count, inner, 1, columns))
    sums = FieldArray.concatenate([part.reshape(-1, columns) for part in own])
    step = cut(ctx.field, ctx.parties, columns).slab
    for start in range(0, factors.entries.size, step):
        await _slab(ctx.child("slab"), links, factors, start, min(step, factors.entries.size - start), sums)
    kept = count * (rows - spare)
    return sums[:kept].reshape(count, rows - spare, columns), sums[kept:].reshape(count, inner, spare, columns)


async def _slab(
    ctx: Context, links: dict[int, Link], factors: Factors, start: int, count: int, sums: FieldArray
) -> None:
    """Add the shares of the products of entries start .. start + count to `sums`: one OT extension."""
    field, columns = ctx.field, factors.y.shape[1]
    cuts = cut(field, ctx.parties, columns)
    entries = factors.entries[start : start + count]
    await extend(ctx, links, FieldArray.concatenate([entries, ctx.random(-count % ROW_UNIT)]))
    capacity = _whole_units(min(cuts.group, count))
    senders = {peer: _Sender(ctx, peer, links[peer], capacity) for peer in ctx.peers}
    receivers = {peer: _Receiver(ctx, peer, links[peer], capacity) for peer in ctx.peers}
    ends = [end for peer in ctx.peers for end in (senders[peer], receivers[peer])]
    for first in range(0, count, cuts.group):
        size = min(cuts.group, count - first)
        for end in ends:
            end.hash(first, _whole_units(size))
        part = entries[first : first + size]
        y = factors.y[factors.rows_of_y(start + first, size)]
        places = factors.places(start + first, size)
        for column in range(0, columns, cuts.width):
            piece = y[:, column : column + cuts.width]
            share = await _piece(ctx, senders, receivers, part, piece, column)
            field.add_rows(share, places, sums, column)
    for end in ends:
        end.wipe()
    for link in links.values():
        link.ot_sender.finish()
        link.ot_receiver.finish()


async def _piece(
    ctx: Context,
    senders: dict[int, _Sender],
    receivers: dict[int, _Receiver],
    entries: FieldArray,
    y: FieldArray,
    column: int,
) -> FieldArray:
    """Shares of entry times row, for some columns of the rows: (entries, width). One message to each peer."""
    codec = Elements(ctx.field, (entries.size * ctx.field.bits, y.shape[1]))
    corrections, total = {}, ctx.field.zeros(y.shape)
    for peer, sender in senders.items():
        payload, share = sender.corrections(y, column)
        corrections[peer] = (codec, payload)
        total = total - share
    received = await ctx.exchange(MATRIX_CORRECTIONS, corrections, dict.fromkeys(ctx.peers, codec))
    for peer, receiver in receivers.items():
        total = total + receiver.share(entries, received[peer], column)
    return total


def _whole_units(entries: int) -> int:
    return -(-entries // GROUP_UNIT) * GROUP_UNIT


def _chunk(field: Field, width: int) -> int:
    """Entries that are expanded at once."""
    return max(1, CHUNK_BLOCKS // (field.bits * width))


class _End:
    """One end of the OTs of a slab with one peer: seeds of the present group, and their expansions under one key."""

    def __init__(self, ctx: Context, receiver: int, sender: int, capacity: int, seeds: int) -> None:
        pair = f"receiver {receiver} sender {sender}"
        # The path is that of the slab, so the key is one for this extension and this ordered pair.
        key = derive(Domain.SEED_EXPANSION, b"", KEY_BYTES, ctx.path, pair, session_id=ctx.session.session_id)
        self._field = ctx.field
        self._expansions = [SeedExpansion(key) for _ in range(seeds)]
        self._scratch, *self._seeds = (np.empty((capacity * ctx.field.bits, 2), np.uint64) for _ in range(1 + seeds))

    def _expanded(self, start: int, stop: int, width: int, column: int) -> list[tuple[Rows, Rows]]:
        """What entries start .. stop of the group expand to, as `Field.matrix_sender` takes it."""
        ots = slice(start * self._field.bits, stop * self._field.bits)
        return [
            (expansion.permute(seeds[ots], width, column), seeds[ots])
            for expansion, seeds in zip(self._expansions, self._seeds, strict=True)
        ]

    def wipe(self) -> None:
        """Overwrite what depends on the rows of the OTs."""
        for expansion in self._expansions:
            expansion.wipe()
        for array in (self._scratch, *self._seeds):
            array.fill(0)


class _Sender(_End):
    """The end that holds y."""

    def __init__(self, ctx: Context, peer: int, link: Link, capacity: int) -> None:
        super().__init__(ctx, peer, ctx.party, capacity, 2)
        self._ots = link.ot_sender

    def hash(self, first: int, count: int) -> None:
        """Make the seeds of entries first .. first + count of the slab, whole units."""
        rows, k = count * self._field.bits, self._field.bits
        zero, one = (seeds[:rows] for seeds in self._seeds)
        self._ots.hashed_rows(first * k, rows, self._scratch[:rows], (zero, one))

    def corrections(self, y: FieldArray, column: int) -> tuple[FieldArray, FieldArray]:
        """d to send, (entries k, width), and sum 2^l q0, (entries, width)."""
        field, k, (count, width) = self._field, self._field.bits, y.shape
        corrections, share = field.empty((count * k, width)), field.empty((count, width))
        step = _chunk(field, width)
        for start in range(0, count, step):
            stop = min(start + step, count)
            zero, one = self._expanded(start, stop, width, column)
            field.matrix_sender(zero, one, y[start:stop], corrections[start * k : stop * k], share[start:stop])
        return corrections, share


class _Receiver(_End):
    """The end that holds the entries."""

    def __init__(self, ctx: Context, peer: int, link: Link, capacity: int) -> None:
        super().__init__(ctx, ctx.party, peer, capacity, 1)
        self._ots = link.ot_receiver

    def hash(self, first: int, count: int) -> None:
        """Make the seeds of entries first .. first + count of the slab, whole units."""
        rows, k = count * self._field.bits, self._field.bits
        self._ots.hashed_rows(first * k, rows, self._scratch[:rows], self._seeds[0][:rows])

    def share(self, entries: FieldArray, corrections: FieldArray, column: int) -> FieldArray:
        """sum 2^l (s + bit d), (entries, width)."""
        field, k, width = self._field, self._field.bits, corrections.shape[1]
        share = field.empty((entries.size, width))
        step = _chunk(field, width)
        for start in range(0, entries.size, step):
            stop = min(start + step, entries.size)
            (own,) = self._expanded(start, stop, width, column)
            bits = field.bit_decompose(entries[start:stop])
            field.matrix_receiver(own, bits, corrections[start * k : stop * k], share[start:stop])
        return share
