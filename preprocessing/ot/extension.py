"""OT extension: from 128 base OTs between two parties to any number of correlated OTs, with a sound check.

Realises:  correlated OT over GF(2)^128: the *receiver* holds choice bits x_h and rows t_h, the *sender* holds Delta and
           rows q_h = t_h ^ x_h Delta. Some instances (`instance`) have more columns, which are never hashed.
Source:    [Roy22], sections 3 and 4: VOLE over GF(2^k) from trees of k base OTs (`ot_trees`), 128 / k of them, and a
           universal hash of every column, made with a key that is tossed after all columns have arrived, which must
           satisfy t_i = q_i ^ Delta_i x. With k = 1 the columns are those of IKNP (Ishai, Kilian, Nissim, Petrank,
           CRYPTO 2003). The check of [KOS15] as published is not used: its proof is wrong ([Roy22], section 1).
Symbols:   s_x = PRG(r_x) the stream of leaf x of tree j; column i = j k + b belongs to bit b of the tree;
           t_i = sum of the s_x with x_b = 0, u_j = sum of all s_x ^ x (the choice bits), sent;
           q_i = sum of the s_x with x_b = Delta_i ^ Delta_i u_j. The leaf that the sender lacks is the complement of
           Delta, whose stream is in none of its sums.
Masking:   the last 128 rows are extra and have random choice bits. The hash is GHASH, in which a block enters
           through a bijection, so the hash of the extra rows masks the hash of the others.
Rows:      an extension gives each end an object with its rows (`rows`): they are read until `finish`, and then gone.
Narrow:    an extension may leave the hashed block out: the first trees only, whose streams alone advance, at both ends.
           Columns of the trees that are used, the choice bits and the mask are checked as in any other extension.
Layout:    columns are rows of an array: 128 x `length_bytes`, bit h of a column at byte h // 8, bit h % 8.
"""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from spdz.crypto.bit_sums import add_selected
from spdz.crypto.randomness import Randomness
from spdz.crypto.tweakable_hash import hash_key, xor_to_rows
from spdz.crypto.universal_hash import UniversalHash
from spdz.errors import InternalError, OtConsistencyFailed, UsageError
from spdz.preprocessing.ot.instance import FIELD_OTS, OtInstance
from spdz.preprocessing.ot.rows import Bits, ExtensionRows, HashedRows, Room, RowBuffers, Rows
from spdz.preprocessing.ot.streams import LeafStreams

MASK_ROWS = 128
DIGEST_BYTES = 16
ROW_UNIT = 128
"""Rows of one extension are a multiple of this: whole blocks of the hash and whole words of the transposition."""

R = TypeVar("R", bound=ExtensionRows)


def column_bytes(rows: int) -> int:
    """Bytes of one column for `rows` OTs and the rows that mask the check."""
    if rows % ROW_UNIT:
        raise UsageError(f"an extension makes a multiple of {ROW_UNIT} OTs, got {rows}")
    return (rows + MASK_ROWS) // 8


def check_bytes(columns: int) -> int:
    """Bytes of the digests of so many columns and of the choice bits."""
    return (columns + 1) * DIGEST_BYTES


class Place(NamedTuple):
    """Which OTs: it enters the key under which their rows are hashed."""

    session_id: bytes
    receiver: int
    sender: int


class ChosenRows(ExtensionRows):
    """The rows t_h of one extension, and the choice bits x_h."""

    choices: Bits

    def digests(self, key: bytes) -> bytes:
        """Hashes of all columns t_i and of x, for the sender's check."""
        hasher = UniversalHash(key, self.choices.size)
        columns = b"".join(hasher.digest(t.data) for t in self.columns)
        return columns + hasher.digest(self.choices.data)

    def overwrite(self) -> None:
        """Overwrite the choice bits too."""
        super().overwrite()
        self.choices.fill(0)


class NarrowReceiverRows(ChosenRows):
    """Rows without a block, which nothing can hash."""

    def __init__(self, choices: Bits, room: Room) -> None:
        super().__init__(room)
        self.choices = choices


class ReceiverRows(ChosenRows, HashedRows):
    """Rows with a block."""

    hashes = 1

    def __init__(self, choices: Bits, room: Room, first_index: int, key: bytes) -> None:
        HashedRows.__init__(self, room, first_index, key)
        self.choices = choices

    def hashed(self, start: int, count: int, rows: Rows, out: Rows) -> None:
        """Write H(t_h, h) of OTs start .. start + count to `out`; `rows` is scratch space of the same shape."""
        self.load(start, count, rows)
        self.hash.hash_rows(rows, self.first_index + start, out)

    def hashed_in(self, start: int, count: int, buffers: RowBuffers, out: Rows) -> None:
        """As `hashed`, in the buffers of one thread."""
        buffers.hash(buffers.load(self.block, start, count), self.index_of(start), out)

    def hash_halves(self, start: int, count: int, buffers: RowBuffers, use: int = 0) -> int:
        """The halves of H(t_h, h) of OTs start .. start + count, in `buffers`, for that use; returns the first h."""
        first_index = self.index_of(start, use)
        buffers.permute(buffers.load(self.block, start, count), first_index, 0)
        return first_index


class CorrelatedRows(ExtensionRows):
    """The rows q_h of one extension."""

    _end: OtSender

    def check(self, key: bytes, digests: memoryview, peer: int) -> None:
        """The consistency check: h(t_i) = h(q_i) ^ Delta_i h(x) for all columns.

        Raises OtConsistencyFailed. The peer's choice bits then differ between columns; whether a guess at bits of
        Delta goes through tells the peer those bits, at a price of half its chances each.
        """
        hasher = UniversalHash(key, self.columns.shape[1])
        received = np.frombuffer(digests, np.uint8).reshape(len(self.columns) + 1, DIGEST_BYTES)
        own = np.frombuffer(b"".join(hasher.digest(q.data) for q in self.columns), np.uint8)
        masks = self._end.masks[: len(self.columns)]
        difference = own.reshape(-1, DIGEST_BYTES) ^ received[:-1] ^ (received[-1] & masks)
        if difference.any():
            raise OtConsistencyFailed(
                f"party {peer} used different choice bits in different columns of an OT extension. It has cheated, or "
                "its state is damaged; this session's key and material are destroyed",
                step=self._end.instance.steps.digests.name,
                blamed=peer,
            )


class NarrowSenderRows(CorrelatedRows):
    """Rows without a block, which nothing can hash."""

    def __init__(self, room: Room, end: OtSender) -> None:
        super().__init__(room)
        self._end = end


class SenderRows(CorrelatedRows, HashedRows):
    """Rows with a block; with Delta they give both outputs of an OT."""

    hashes = 2

    def __init__(self, room: Room, first_index: int, key: bytes, end: OtSender) -> None:
        HashedRows.__init__(self, room, first_index, key)
        self._end = end

    def hashed(self, start: int, count: int, rows: Rows, out: tuple[Rows, Rows]) -> None:
        """Write H(q_h, h) and H(q_h ^ Delta, h) of OTs start .. start + count; `rows` is scratch space."""
        self.load(start, count, rows)
        self.hash.hash_rows(rows, self.first_index + start, out[0])
        xor_to_rows(rows, self._end.delta_row)
        self.hash.hash_rows(rows, self.first_index + start, out[1])

    def hashed_in(self, start: int, count: int, buffers: RowBuffers, out: tuple[Rows, Rows]) -> None:
        """As `hashed`, in the buffers of one thread."""
        rows, first_index = buffers.load(self.block, start, count), self.index_of(start)
        buffers.hash(rows, first_index, out[0])
        xor_to_rows(rows, self._end.delta_row)
        buffers.hash(rows, first_index, out[1])

    def hash_halves(self, start: int, count: int, buffers: RowBuffers, use: int = 0) -> int:
        """The halves of H(q_h, h) and of H(q_h ^ Delta, h) of OTs start .. start + count; returns the first index."""
        first_index = self.index_of(start, use)
        rows = buffers.load(self.block, start, count)
        buffers.permute(rows, first_index, 0)
        xor_to_rows(rows, self._end.delta_row)
        buffers.permute(rows, first_index, 1)
        return first_index


class OtEnd(Generic[R]):
    """What both ends keep from extension to extension: streams of leaves, the next OT index, memory for columns."""

    def __init__(self, place: Place, seeds: Bits, instance: OtInstance) -> None:
        self._place = place
        self.instance = instance
        self.streams = LeafStreams(seeds, instance.delta_bits)
        self._next_index = 0
        self._memory: dict[int, Bits] = {}
        """Of an extension before, by its number of columns."""
        self.open_rows: list[R] = []
        """Of extensions that are not over."""

    def message_bytes(self, rows: int, *, narrow: bool = False) -> int:
        """Bytes of the columns that travel for `rows` OTs."""
        return self._columns(narrow) // self.streams.depth * column_bytes(rows)

    def _columns(self, narrow: bool) -> int:
        """How many columns an extension has."""
        if not narrow:
            return self.instance.delta_bits
        if not self.instance.word_columns:
            raise InternalError("all columns of these OTs are hashed: there is no narrow extension")
        return self.instance.word_columns

    def _new_room(self, length: int, *, narrow: bool = False) -> Room:
        """Room for columns: that of an extension before, if it is enough. New memory costs more to get than to fill."""
        columns = self._columns(narrow)
        memory = self._memory.pop(columns, None)
        if memory is None or memory.size < columns * length:
            memory = np.empty(columns * length, np.uint8)
        return Room(memory, columns, length, self.closed)

    def _new_index(self, length: int) -> tuple[int, bytes]:
        """The first index of an extension, and its hash key; an index is never used twice under one correlation."""
        first, self._next_index = self._next_index, self._next_index + 8 * length
        return first, hash_key(*self._place, first, self.instance.hash_domain)

    def closed(self, rows: R) -> None:
        """An extension is over: its memory, overwritten, serves the next one."""
        self.open_rows.remove(rows)
        columns = self._columns(not isinstance(rows, HashedRows))
        self._memory[columns] = max(self._memory.get(columns, rows.memory), rows.memory, key=len)
        self.streams.clear()

    def wipe(self) -> None:
        """Overwrite rows that are still open, and forget the streams."""
        for rows in list(self.open_rows):
            rows.finish()
        self.streams.wipe()


class OtReceiver(OtEnd[ChosenRows]):
    """Holds all leaves of its trees with one peer; its choice bits stay hidden from the peer."""

    def __init__(self, place: Place, dealt: Bits, instance: OtInstance = FIELD_OTS) -> None:
        """`dealt` (trees, 2^k, 16): seeds in the order of x."""
        # Row y is leaf x = ~y, so y has a bit exactly where x has none.
        super().__init__(place, dealt[:, ::-1], instance)

    def extend(self, choices: Bits, randomness: Randomness, threads: int = 1) -> tuple[Bits, ReceiverRows]:
        """Start an extension for packed choice bits; returns the columns u to send, and the rows."""
        own = _with_mask(choices, randomness)
        rows = ReceiverRows(own, self._new_room(own.size), *self._new_index(own.size))
        return self._add_up(rows, threads), rows

    def extend_narrow(self, choices: Bits, randomness: Randomness, threads: int = 1) -> tuple[Bits, NarrowReceiverRows]:
        """As `extend`, without the block that is hashed."""
        own = _with_mask(choices, randomness)
        rows = NarrowReceiverRows(own, self._new_room(own.size, narrow=True))
        return self._add_up(rows, threads), rows

    def _add_up(self, rows: ChosenRows, threads: int) -> Bits:
        """Compute the columns t, and u, which is returned."""
        self.open_rows.append(rows)
        message = np.empty((len(rows.columns) // self.streams.depth, rows.choices.size), np.uint8)
        choice_words, corrections = _words(rows.choices), _words(message)

        def correct(tree: int, part: slice, total: Rows) -> None:
            np.bitwise_xor(total, choice_words[part], out=corrections[tree, part])

        self.streams.add_up(_words(rows.columns), threads, correct)
        return message


class OtSender(OtEnd[CorrelatedRows]):
    """Holds the correlation Delta towards one peer and all leaves but one of the peer's trees."""

    def __init__(self, place: Place, delta: list[int], held: Bits, instance: OtInstance = FIELD_OTS) -> None:
        """`held` (trees, 2^k - 1, 16): seeds in the order of x ^ ~Delta from 1 on."""
        # Row y is leaf x = y ^ ~Delta: y has a bit exactly where x agrees with Delta.
        super().__init__(place, held, instance)
        bits = np.array(delta, np.uint8)
        block = np.packbits(bits[instance.word_columns :], bitorder="little")
        self.delta_row: Rows = block.view(np.uint64).reshape(1, 2)
        """The bits of Delta in the block that is hashed."""
        self.masks: Bits = np.negative(bits).reshape(-1, 1)
        """0x00 or 0xff per column: Delta_i spread over a byte, so nothing branches on it."""

    def extend(self, message: memoryview, count: int, threads: int = 1) -> SenderRows:
        """Take the peer's columns u for `count` OTs and compute q."""
        length = column_bytes(count)
        rows = SenderRows(self._new_room(length), *self._new_index(length), self)
        self._add_up(rows, message, threads)
        return rows

    def extend_narrow(self, message: memoryview, count: int, threads: int = 1) -> NarrowSenderRows:
        """As `extend`, without the block that is hashed."""
        rows = NarrowSenderRows(self._new_room(column_bytes(count), narrow=True), self)
        self._add_up(rows, message, threads)
        return rows

    def _add_up(self, rows: CorrelatedRows, message: memoryview, threads: int) -> None:
        """Compute the columns q."""
        self.open_rows.append(rows)
        depth, columns = self.streams.depth, _words(rows.columns)
        corrections = np.frombuffer(message, np.uint64).reshape(len(columns) // depth, -1)
        masks = _words(np.repeat(self.masks, 8, axis=1)).ravel()

        def select(tree: int, part: slice, _: Rows) -> None:
            own = slice(tree * depth, (tree + 1) * depth)
            add_selected(columns, tree * depth, part.start, masks[own], corrections[tree, part])

        self.streams.add_up(columns, threads, select)
        masks.fill(0)

    def wipe(self) -> None:
        """Overwrite Delta too."""
        super().wipe()
        self.delta_row.fill(0)
        self.masks.fill(0)


def _with_mask(choices: Bits, randomness: Randomness) -> Bits:
    """Choice bits, and those of the rows that mask the check."""
    own = np.empty(column_bytes(8 * choices.size), np.uint8)
    own[: choices.size] = choices
    randomness.fill(own[choices.size :].data)
    return own


def _words(column: NDArray[Any]) -> Rows:
    return column.view(np.uint64)
