"""OT extension: from 128 base OTs between two parties to any number of correlated OTs, with a sound check.

Realises:  correlated OT over GF(2)^128: the *receiver* holds choice bits x_h and rows t_h, the *sender* holds Delta and
           rows q_h = t_h ^ x_h Delta.
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
Layout:    columns are rows of an array: 128 x `length_bytes`, bit h of a column at byte h // 8, bit h % 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spdz.crypto.bit_matrix import transpose_columns
from spdz.crypto.bit_sums import add_selected, bit_sums
from spdz.crypto.prg import Prg
from spdz.crypto.randomness import Randomness
from spdz.crypto.tweakable_hash import TweakableHash, xor_to_rows
from spdz.crypto.universal_hash import UniversalHash
from spdz.errors import OtConsistencyFailed, UsageError
from spdz.params import COMPUTATIONAL_BITS
from spdz.preprocessing.ot.rows import RowBuffers
from spdz.runtime.workers import share_out
from spdz.wire.steps import Harmless, declare

MASK_ROWS = 128
DIGEST_BYTES = 16
CHECK_BYTES = (COMPUTATIONAL_BITS + 1) * DIGEST_BYTES
ROW_UNIT = 128
"""Rows of one extension are a multiple of this: whole blocks of the hash and whole words of the transposition."""

OT_COLUMNS = declare(
    "ot_extension.columns", source="[Roy22] section 3; IKNP", tampering=(OtConsistencyFailed, Harmless.NO_EFFECT)
)
OT_DIGESTS = declare("ot_extension.digests", source="[Roy22] section 4", tampering=(OtConsistencyFailed,))

Bits = NDArray[np.uint8]
Rows = NDArray[np.uint64]
UseOfTotal = Callable[[int, slice, Rows], None]
"""(tree, place in the streams, sum of all streams of the tree there)."""

_NO_COLUMNS: Bits = np.empty((0, 0), np.uint8)
"""Between two extensions."""


def column_bytes(rows: int) -> int:
    """Bytes of one column for `rows` OTs and the rows that mask the check."""
    if rows % ROW_UNIT:
        raise UsageError(f"an extension makes a multiple of {ROW_UNIT} OTs, got {rows}")
    return (rows + MASK_ROWS) // 8


class LeafStreams:
    """The streams of the leaves of all trees with one peer; they go on from extension to extension."""

    def __init__(self, seeds: Bits) -> None:
        """`seeds` (trees, N, 16) or (trees, N - 1, 16): without row 0, which then counts as zero."""
        self.trees = len(seeds)
        self.depth = COMPUTATIONAL_BITS // self.trees
        self.prgs = [[Prg(seed.tobytes()) for seed in tree] for tree in seeds]
        self._pieces: list[Rows] = []
        """Room for a piece of every stream of a tree, for each thread; those that are not in use."""

    def add_up(self, columns: Rows, threads: int, use: UseOfTotal) -> None:
        """Write the sums by bits of the next words of all streams to `columns`; `use` gets the sum of all of a tree.

        The trees are shared out among threads: `use` may write to what belongs to its tree and its place only.
        """
        while len(self._pieces) < min(threads, self.trees):
            self._pieces.append(np.zeros((1 << self.depth, _chunk_words(self.depth)), np.uint64))

        def work(trees: Iterable[int]) -> None:
            piece = self._pieces.pop()
            views = [memoryview(row).cast("B") for row in piece]
            try:
                for tree in trees:
                    self._add_up(piece, views, tree, columns, use)
            finally:
                self._pieces.append(piece)

        share_out(range(self.trees), threads, work)

    def _add_up(self, piece: Rows, views: list[memoryview], tree: int, columns: Rows, use: UseOfTotal) -> None:
        step, words = piece.shape[1], columns.shape[1]
        for start in range(0, words, step):
            count, missing = min(step, words - start), len(piece) - len(self.prgs[tree])
            piece[:missing] = 0
            for prg, view in zip(self.prgs[tree], views[missing:], strict=True):
                prg.fill(view[: count * columns.itemsize])
            bit_sums(piece, count, columns, tree * self.depth, start)
            use(tree, slice(start, start + count), piece[0, :count])

    def clear(self) -> None:
        """Overwrite the pieces of streams that were used last."""
        for piece in self._pieces:
            piece.fill(0)

    def wipe(self) -> None:
        """Forget the streams."""
        self.clear()
        for tree in self.prgs:
            for prg in tree:
                prg.wipe()


def _chunk_words(depth: int) -> int:
    """Short pieces cost calls of the cipher, long ones leave the cache: 64 KiB, 2 MiB for all streams of a tree."""
    return min((1 << 21) >> depth, 1 << 16) // 8


class OtReceiver:
    """Holds all leaves of its trees with one peer; its choice bits stay hidden from the peer."""

    def __init__(self, dealt: Bits) -> None:
        """`dealt` (128 / k, 2^k, 16): seeds in the order of x."""
        # Row y is leaf x = ~y, so y has a bit exactly where x has none.
        self._streams = LeafStreams(dealt[:, ::-1])
        self._hash = TweakableHash()
        self._next_index = 0
        self._columns, self._memory = _NO_COLUMNS, _NO_COLUMNS.ravel()
        self._choices: Bits = np.empty(0, np.uint8)

    def extend(self, choices: Bits, randomness: Randomness, threads: int = 1) -> Bits:
        """Start an extension for packed choice bits; returns the columns u to send."""
        length = column_bytes(8 * choices.size)
        self._choices = np.empty(length, np.uint8)
        self._choices[: choices.size] = choices
        randomness.fill(self._choices[choices.size :].data)
        self._memory = _room(self._memory, length)
        self._columns = _cut(self._memory, length)
        message = np.empty((self._streams.trees, length), np.uint8)
        choice_words, corrections = _words(self._choices), _words(message)

        def correct(tree: int, part: slice, total: Rows) -> None:
            np.bitwise_xor(total, choice_words[part], out=corrections[tree, part])

        self._streams.add_up(_words(self._columns), threads, correct)
        return message

    def message_bytes(self, rows: int) -> int:
        """Bytes of the columns to send for `rows` OTs."""
        return self._streams.trees * column_bytes(rows)

    def digests(self, key: bytes) -> bytes:
        """Hashes of all columns t_i and of x, for the sender's check."""
        hasher = UniversalHash(key, self._choices.size)
        columns = b"".join(hasher.digest(t.data) for t in self._columns)
        return columns + hasher.digest(self._choices.data)

    def hashed_rows(self, start: int, count: int, rows: Rows, out: Rows) -> None:
        """Write H(t_h, h) of OTs start .. start + count to `out`; `rows` is scratch space of the same shape."""
        transpose_columns(self._columns[:, start // 8 : (start + count) // 8], rows)
        self._hash.hash_rows(rows, self._next_index + start, out)

    def hash_halves(self, start: int, count: int, buffers: RowBuffers) -> int:
        """The halves of H(t_h, h) of OTs start .. start + count, in `buffers`; returns the first index h."""
        first_index = self._next_index + start
        buffers.permute(buffers.load(self._columns, start, count), first_index, 0)
        return first_index

    def wipe(self) -> None:
        """Overwrite what is held and forget the streams."""
        self._columns.fill(0)
        self._choices.fill(0)
        self._hash.wipe()
        self._streams.wipe()

    def finish(self) -> None:
        """Forget the columns and move the OT index on: an index is never used twice under one correlation."""
        self._next_index += 8 * self._choices.size
        self._columns.fill(0)
        self._choices.fill(0)
        self._hash.wipe()
        self._streams.clear()
        self._columns = _NO_COLUMNS


class OtSender:
    """Holds the correlation Delta towards one peer and all leaves but one of the peer's trees."""

    def __init__(self, delta: list[int], held: Bits) -> None:
        """`held` (128 / k, 2^k - 1, 16): seeds in the order of x ^ ~Delta from 1 on."""
        bits = np.array(delta, np.uint8)
        self._delta_row: Rows = np.packbits(bits, bitorder="little").view(np.uint64).reshape(1, 2)
        self._masks: Bits = np.negative(bits).reshape(-1, 1)
        """0x00 or 0xff per column: Delta_i spread over a byte, so nothing branches on it."""
        # Row y is leaf x = y ^ ~Delta: y has a bit exactly where x agrees with Delta.
        self._streams = LeafStreams(held)
        self._hash = TweakableHash()
        self._next_index = 0
        self._columns, self._memory = _NO_COLUMNS, _NO_COLUMNS.ravel()

    def receive_columns(self, message: memoryview, rows: int, threads: int = 1) -> None:
        """Take the peer's columns u and compute q."""
        length = column_bytes(rows)
        corrections = np.frombuffer(message, np.uint64).reshape(self._streams.trees, length // 8)
        self._memory = _room(self._memory, length)
        self._columns = _cut(self._memory, length)
        columns, masks = _words(self._columns), _words(np.repeat(self._masks, 8, axis=1)).ravel()
        depth = self._streams.depth

        def select(tree: int, part: slice, _: Rows) -> None:
            own = slice(tree * depth, (tree + 1) * depth)
            add_selected(columns, tree * depth, part.start, masks[own], corrections[tree, part])

        self._streams.add_up(columns, threads, select)
        masks.fill(0)

    def message_bytes(self, rows: int) -> int:
        """Bytes of the columns to receive for `rows` OTs."""
        return self._streams.trees * column_bytes(rows)

    def check(self, key: bytes, digests: memoryview, peer: int) -> None:
        """The consistency check: h(t_i) = h(q_i) ^ Delta_i h(x) for all columns.

        Raises OtConsistencyFailed. The peer's choice bits then differ between columns; whether a guess at bits of
        Delta goes through tells the peer those bits, at a price of half its chances each.
        """
        hasher = UniversalHash(key, self._columns.shape[1])
        received = np.frombuffer(digests, np.uint8).reshape(COMPUTATIONAL_BITS + 1, DIGEST_BYTES)
        own = np.frombuffer(b"".join(hasher.digest(q.data) for q in self._columns), np.uint8)
        difference = own.reshape(COMPUTATIONAL_BITS, DIGEST_BYTES) ^ received[:-1] ^ (received[-1] & self._masks)
        if difference.any():
            raise OtConsistencyFailed(
                f"party {peer} used different choice bits in different columns of an OT extension. It has cheated, or "
                "its state is damaged; this session's key and material are destroyed",
                step=OT_DIGESTS.name,
                blamed=peer,
            )

    def hashed_rows(self, start: int, count: int, rows: Rows, out: tuple[Rows, Rows]) -> None:
        """Write H(q_h, h) and H(q_h ^ Delta, h) of OTs start .. start + count; `rows` is scratch space."""
        transpose_columns(self._columns[:, start // 8 : (start + count) // 8], rows)
        self._hash.hash_rows(rows, self._next_index + start, out[0])
        xor_to_rows(rows, self._delta_row)
        self._hash.hash_rows(rows, self._next_index + start, out[1])

    def hash_halves(self, start: int, count: int, buffers: RowBuffers) -> int:
        """The halves of H(q_h, h) and of H(q_h ^ Delta, h) of OTs start .. start + count; returns the first index."""
        first_index = self._next_index + start
        rows = buffers.load(self._columns, start, count)
        buffers.permute(rows, first_index, 0)
        xor_to_rows(rows, self._delta_row)
        buffers.permute(rows, first_index, 1)
        return first_index

    def wipe(self) -> None:
        """Overwrite Delta and what is held, and forget the streams."""
        self._delta_row.fill(0)
        self._masks.fill(0)
        self._columns.fill(0)
        self._hash.wipe()
        self._streams.wipe()

    def finish(self) -> None:
        """Forget the columns and move the OT index on."""
        self._next_index += 8 * self._columns.shape[1]
        self._columns.fill(0)
        self._hash.wipe()
        self._streams.clear()
        self._columns = _NO_COLUMNS


def _room(memory: Bits, length: int) -> Bits:
    """Memory for columns of `length` bytes: that of extensions before, if it is enough. New one costs more to get from
    the operating system than to fill."""
    return memory if memory.size >= COMPUTATIONAL_BITS * length else np.empty(COMPUTATIONAL_BITS * length, np.uint8)


def _cut(memory: Bits, length: int) -> Bits:
    return memory[: COMPUTATIONAL_BITS * length].reshape(COMPUTATIONAL_BITS, length)


def _words(column: NDArray[Any]) -> Rows:
    return column.view(np.uint64)
