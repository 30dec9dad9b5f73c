"""The tweakable correlation-robust hash of the OT extension: `H(x, i) = P(P(x) ^ i) ^ P(x)`, P = AES, a public key.

Source: [GKWY20] (their TMMO): tweakable circular correlation robust when P is an ideal permutation. `i` is the index
of the OT, as a little-endian 128-bit block. **Under one correlation no index may serve two different OTs**; both
parties give the same index to the same OT. The final XOR with P(x) and the tweak are what libOTe once left out
(PITFALLS 10); the tests pin both by vectors.

The key of P is public, and belongs to one extension of one ordered pair in one session (`hash_key`). H(x, i) ^ i is
P(z) ^ z at z = P(x) ^ i: with one key for all, evaluations of that function would serve against every OT ever made. As
it is they serve against one extension, and only from the moment on at which the session id is known
(docs/security/ot-extension.md). AES runs in ECB mode because ECB *is* the bare permutation.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from spdz.crypto.buffers import readable_bytes, writable_bytes
from spdz.crypto.domains import Domain
from spdz.crypto.hashing import derive
from spdz.errors import UsageError
from spdz.field.jit import kernel

KEY_BYTES: Final = 16
_BLOCK_BYTES: Final = 16

# Four buffers of this many rows of 16 bytes, two of them the caller's, make 256 KiB: they stay in the second-level
# cache, and the calls cost little beside their work.
_CHUNK_ROWS: Final = 4096
# `update_into` asks for one block less one byte beyond the input, whatever it writes, for every block mode.
_SLACK_BYTES: Final = _BLOCK_BYTES - 1

INDEX_LIMIT: Final = 1 << 64


def hash_key(
    session_id: bytes, receiver: int, sender: int, first_index: int, domain: Domain = Domain.OT_HASH_KEY
) -> bytes:
    """The key of P for the extension of this ordered pair that begins with this index, of the instance of `domain`."""
    place = (receiver, sender, first_index)
    return derive(domain, b"", KEY_BYTES, *place, session_id=session_id)


@kernel
def _xor_indices(blocks: NDArray[np.uint64], first_index: np.uint64) -> None:
    for row in range(blocks.shape[0]):
        blocks[row, 0] ^= first_index + np.uint64(row)


@kernel
def _xor_row(rows: NDArray[np.uint64], row: NDArray[np.uint64]) -> None:
    low, high = row[0, 0], row[0, 1]
    for at in range(rows.shape[0]):
        rows[at, 0] ^= low
        rows[at, 1] ^= high


@kernel
def _combine(
    inner: NDArray[np.uint64], outer: NDArray[np.uint64], first_index: np.uint64, out: NDArray[np.uint64]
) -> None:
    # `inner` is P(x) ^ i, so P(x) is had back by a second XOR with the index.
    for row in range(out.shape[0]):
        out[row, 0] = outer[row, 0] ^ inner[row, 0] ^ (first_index + np.uint64(row))
        out[row, 1] = outer[row, 1] ^ inner[row, 1]


class HashScratch:
    """Room for both halves of the hashes of up to `capacity` rows, which depend on secrets until `wipe`."""

    __slots__ = ("_inner_bytes", "_outer_bytes", "inner", "outer")

    def __init__(self, capacity: int) -> None:
        self._inner_bytes, self.inner = _scratch(capacity)
        self._outer_bytes, self.outer = _scratch(capacity)

    def halves(self, count: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """The halves of the first `count` hashes, (count, 2) each."""
        return self.inner[:count], self.outer[:count]

    def wipe(self) -> None:
        """Overwrite both."""
        self.inner.fill(0)
        self.outer.fill(0)


class TweakableHash:
    """The hash, with the scratch buffers that it needs: one object for each thread.

    The buffers keep what depends on secret rows until the next call; `wipe` clears them.
    """

    __slots__ = ("_permutation", "_scratch")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise UsageError(f"the key of the permutation has {KEY_BYTES} bytes")
        self._permutation = Cipher(AES128(key), ECB()).encryptor()  # noqa: S305 - the bare permutation is wanted
        self._scratch = HashScratch(_CHUNK_ROWS)

    def hash_rows(self, rows: NDArray[np.uint64], first_index: int, out: NDArray[np.uint64]) -> None:
        """Write `H(rows[r], first_index + r)` to `out[r]` for every row r.

        `out` may be `rows`; it must not overlap `rows` in any other way.

        Shapes: rows, out (n, 2), C-contiguous uint64; word 0 holds bits 0 to 63.
        Raises: UsageError for other shapes, types or layouts, and for an index that is not in [0, 2^64).
        """
        _check_rows(rows, "rows")
        _check_rows(out, "out")
        count = rows.shape[0]
        if out.shape[0] != count:
            raise UsageError(f"{count} rows do not fit an output of {out.shape[0]}")
        if not out.flags.writeable:
            raise UsageError("the output must be writable")
        _check_index(first_index, count)
        for start in range(0, count, _CHUNK_ROWS):
            stop = min(start + _CHUNK_ROWS, count)
            self.permute(rows[start:stop], first_index + start, self._scratch)
            _combine(*self._scratch.halves(stop - start), np.uint64(first_index + start), out[start:stop])

    def permute(self, rows: NDArray[np.uint64], first_index: int, scratch: HashScratch) -> None:
        """Write P(x) ^ i to the inner and P(P(x) ^ i) to the outer half, i = first_index + r for x = rows[r].

        So the hash is inner ^ outer ^ i: kernels that go on with it need not store it.

        Shapes: rows (n, 2), C-contiguous uint64, with room for n in `scratch`.
        Raises: UsageError as `hash_rows`.
        """
        _check_rows(rows, "rows")
        count = rows.shape[0]
        if count > len(scratch.inner):
            raise UsageError(f"{count} rows do not fit a scratch of {len(scratch.inner)}")
        _check_index(first_index, count)
        inner_bytes, outer_bytes = scratch._inner_bytes, scratch._outer_bytes
        self._permutation.update_into(readable_bytes(rows), inner_bytes)
        _xor_indices(scratch.inner[:count], np.uint64(first_index))
        self._permutation.update_into(inner_bytes[: count * _BLOCK_BYTES], outer_bytes)

    def wipe(self) -> None:
        """Overwrite the scratch buffers."""
        self._scratch.wipe()

    def __repr__(self) -> str:
        return "<TweakableHash>"


def xor_to_rows(rows: NDArray[np.uint64], row: NDArray[np.uint64]) -> None:
    """rows[r] ^= row[0] for every r; rows (n, 2) and row (1, 2), both contiguous uint64."""
    _check_rows(rows, "rows")
    _check_rows(row, "row")
    _xor_row(rows, row)


def _check_index(first_index: int, count: int) -> None:
    if first_index < 0 or first_index + count > INDEX_LIMIT:
        raise UsageError("an OT index lies between 0 and 2^64 - 1 and does not wrap around")


def _scratch(capacity: int) -> tuple[memoryview, NDArray[np.uint64]]:
    """One buffer, seen twice: as bytes with the slack that the cipher asks for, and as rows."""
    words = np.zeros(2 * capacity + 2, dtype=np.uint64)
    as_bytes = writable_bytes(words)[: capacity * _BLOCK_BYTES + _SLACK_BYTES]
    return as_bytes, words[: 2 * capacity].reshape(capacity, 2)


def _check_rows(array: NDArray[np.uint64], name: str) -> None:
    if array.dtype != np.uint64 or array.ndim != 2 or array.shape[1] != 2 or not array.flags.c_contiguous:
        raise UsageError(f"{name} must be a contiguous uint64 array of shape (n, 2), got {array.dtype} {array.shape}")
