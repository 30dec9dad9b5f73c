"""OT extension: from 128 base OTs between two parties to any number of correlated OTs, with a sound check.

Realises:  correlated OT over GF(2)^128: the *receiver* holds choice bits x_h and rows t_h, the *sender* holds Delta and
           rows q_h = t_h ^ x_h Delta.
Source:    IKNP (Ishai, Kilian, Nissim, Petrank, CRYPTO 2003) with the consistency check of [Roy22], section 4, in the
           case of one bit per base OT: a universal hash of every column, made with a key that is tossed after all
           columns have arrived, must satisfy t_i = q_i ^ Delta_i x. The check of [KOS15] as published is not used: its
           proof is wrong ([Roy22], section 1).
Symbols:   t_i = PRG(k0_i), q_i, u_i columns (bit strings over all OTs), u_i = t_i ^ PRG(k1_i) ^ x,
           q_i = PRG(k_Delta_i) ^ Delta_i u_i.
Masking:   the last 128 rows are extra and have random choice bits. The hash is GHASH, in which a block enters
           through a bijection, so the hash of the extra rows masks the hash of the others.
Layout:    columns are rows of an array: 128 x `length_bytes`, bit h of a column at byte h // 8, bit h % 8.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spdz.crypto.bit_matrix import transpose_columns
from spdz.crypto.prg import Prg
from spdz.crypto.randomness import Randomness
from spdz.crypto.tweakable_hash import TweakableHash
from spdz.crypto.universal_hash import UniversalHash
from spdz.errors import OtConsistencyFailed, UsageError
from spdz.params import COMPUTATIONAL_BITS
from spdz.wire.steps import Harmless, declare

MASK_ROWS = 128
DIGEST_BYTES = 16
CHECK_BYTES = (COMPUTATIONAL_BITS + 1) * DIGEST_BYTES
ROW_UNIT = 128
"""Rows of one extension are a multiple of this: whole blocks of the hash and whole words of the transposition."""

OT_COLUMNS = declare(
    "ot_extension.columns", source="IKNP; [Roy22] section 4", tampering=(OtConsistencyFailed, Harmless.NO_EFFECT)
)
OT_DIGESTS = declare("ot_extension.digests", source="[Roy22] section 4", tampering=(OtConsistencyFailed,))

Bits = NDArray[np.uint8]
Rows = NDArray[np.uint64]


def column_bytes(rows: int) -> int:
    """Bytes of one column for `rows` OTs and the rows that mask the check."""
    if rows % ROW_UNIT:
        raise UsageError(f"an extension makes a multiple of {ROW_UNIT} OTs, got {rows}")
    return (rows + MASK_ROWS) // 8


class OtReceiver:
    """Holds both seeds of every base OT with one peer; its choice bits stay hidden from the peer."""

    def __init__(self, pairs: list[tuple[bytes, bytes]]) -> None:
        self._prgs = [(Prg(first), Prg(second)) for first, second in pairs]
        self._hash = TweakableHash()
        self._next_index = 0
        self._columns: Bits = np.empty((0, 0), np.uint8)
        self._choices: Bits = np.empty(0, np.uint8)

    def extend(self, choices: Bits, randomness: Randomness) -> Bits:
        """Start an extension for packed choice bits; returns the columns u to send."""
        length = column_bytes(8 * choices.size)
        self._choices = np.empty(length, np.uint8)
        self._choices[: choices.size] = choices
        randomness.fill(self._choices[choices.size :].data)
        self._columns = np.empty((COMPUTATIONAL_BITS, length), np.uint8)
        message = np.empty_like(self._columns)
        for (first, second), t, u in zip(self._prgs, self._columns, message, strict=True):
            first.fill(t.data)
            second.fill(u.data)
            _xor_into(u, t)
            _xor_into(u, self._choices)
        return message

    def digests(self, key: bytes) -> bytes:
        """Hashes of all columns t_i and of x, for the sender's check."""
        hasher = UniversalHash(key, self._choices.size)
        columns = b"".join(hasher.digest(t.data) for t in self._columns)
        return columns + hasher.digest(self._choices.data)

    def hashed_rows(self, start: int, count: int, rows: Rows, out: Rows) -> None:
        """Write H(t_h, h) of OTs start .. start + count to `out`; `rows` is scratch space of the same shape."""
        transpose_columns(self._columns[:, start // 8 : (start + count) // 8], rows)
        self._hash.hash_rows(rows, self._next_index + start, out)

    def wipe(self) -> None:
        """Overwrite what is held and forget the streams."""
        self._columns.fill(0)
        self._choices.fill(0)
        self._hash.wipe()
        for first, second in self._prgs:
            first.wipe()
            second.wipe()

    def finish(self) -> None:
        """Forget the columns and move the OT index on: an index is never used twice under one correlation."""
        self._next_index += 8 * self._choices.size
        self._columns.fill(0)
        self._choices.fill(0)
        self._columns = np.empty((0, 0), np.uint8)


class OtSender:
    """Holds the correlation Delta towards one peer and the chosen seed of every base OT."""

    def __init__(self, delta: list[int], chosen: list[bytes]) -> None:
        bits = np.array(delta, np.uint8)
        self._delta_row: Rows = np.packbits(bits, bitorder="little").view(np.uint64).reshape(1, 2)
        self._masks: Bits = np.negative(bits).reshape(-1, 1)
        """0x00 or 0xff per column: Delta_i spread over a byte, so nothing branches on it."""
        self._prgs = [Prg(seed) for seed in chosen]
        self._hash = TweakableHash()
        self._next_index = 0
        self._columns: Bits = np.empty((0, 0), np.uint8)

    def receive_columns(self, message: memoryview, rows: int) -> None:
        """Take the peer's columns u and compute q."""
        length = column_bytes(rows)
        columns_u = np.frombuffer(message, np.uint8).reshape(COMPUTATIONAL_BITS, length)
        self._columns = np.empty((COMPUTATIONAL_BITS, length), np.uint8)
        masked = np.empty(length, np.uint8)
        for prg, mask, u, q in zip(self._prgs, self._masks, columns_u, self._columns, strict=True):
            prg.fill(q.data)
            np.bitwise_and(_words(u), np.repeat(mask, 8).view(np.uint64), out=_words(masked))
            _xor_into(q, masked)

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
        np.bitwise_xor(rows, self._delta_row, out=rows)
        self._hash.hash_rows(rows, self._next_index + start, out[1])

    def wipe(self) -> None:
        """Overwrite Delta and what is held, and forget the streams."""
        self._delta_row.fill(0)
        self._masks.fill(0)
        self._columns.fill(0)
        self._hash.wipe()
        for prg in self._prgs:
            prg.wipe()

    def finish(self) -> None:
        """Forget the columns and move the OT index on."""
        self._next_index += 8 * self._columns.shape[1]
        self._columns.fill(0)
        self._columns = np.empty((0, 0), np.uint8)


def _words(column: NDArray[Any]) -> Rows:
    return column.view(np.uint64)


def _xor_into(target: Bits, other: Bits) -> None:
    np.bitwise_xor(_words(target), _words(other), out=_words(target))
