"""Expansion of many 128-bit seeds into blocks: block c of seed s is `P(s ^ c) ^ s`, P = AES under a public key.

For seeds that are the outputs of the tweakable hash, so uniform and independent of each other, and of which a few
blocks each are wanted: a key schedule for every seed would cost more than the blocks. P alone could be inverted, hence
the XOR with s (Davies and Meyer's way of making a one-way function of a permutation).

Source: with P an ideal permutation and N seeds of B blocks, the blocks look uniform to an attacker with q evaluations
of P except with probability at most (q N B + (N B)^2) / 2^127: it must hit one of the N B points s ^ c, or two of
these points, or of the outputs, must fall together. P's key makes these N count for themselves: **use a key for one
set of seeds only**, so that evaluations under it are of no use against any other set. A seed may serve under several
keys. A key may be known to everybody, before the seeds are.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from spdz.crypto.buffers import readable_bytes, writable_bytes
from spdz.errors import UsageError
from spdz.field.jit import kernel

KEY_BYTES: Final = 16
CHUNK_BLOCKS: Final = 1 << 14
"""Blocks made at once: they and the scratch space stay in the second-level cache."""

_BLOCK_BYTES: Final = 16
# `update_into` asks for one block less one byte beyond the input, whatever it writes, for every block mode.
_SLACK_BYTES: Final = _BLOCK_BYTES - 1
BLOCK_LIMIT: Final = 1 << 64


@kernel
def _write_points(seeds: NDArray[np.uint64], blocks: int, first: np.uint64, out: NDArray[np.uint64]) -> None:
    for row in range(seeds.shape[0]):
        for column in range(blocks):
            place = row * blocks + column
            out[place, 0] = seeds[row, 0] ^ (first + np.uint64(column))
            out[place, 1] = seeds[row, 1]


class ExpansionScratch:
    """Room for CHUNK_BLOCKS blocks, which depend on secrets until `wipe`: one object for each thread."""

    __slots__ = ("inner", "inner_bytes", "points")

    def __init__(self) -> None:
        words = np.zeros(2 * CHUNK_BLOCKS + 2, dtype=np.uint64)
        self.inner_bytes = writable_bytes(words)[: CHUNK_BLOCKS * _BLOCK_BYTES + _SLACK_BYTES]
        self.inner = words[: 2 * CHUNK_BLOCKS].reshape(CHUNK_BLOCKS, 2)
        self.points = np.zeros((CHUNK_BLOCKS, 2), dtype=np.uint64)

    def wipe(self) -> None:
        """Overwrite it."""
        self.inner.fill(0)
        self.points.fill(0)


class SeedExpansion:
    """The expansion under one key. Several keys may use one scratch space, one after the other."""

    __slots__ = ("_permutation", "_scratch")

    def __init__(self, key: bytes, scratch: ExpansionScratch) -> None:
        if len(key) != KEY_BYTES:
            raise UsageError(f"the key of the permutation has {KEY_BYTES} bytes")
        self._permutation = Cipher(AES128(key), ECB()).encryptor()  # noqa: S305 - the bare permutation is wanted
        self._scratch = scratch

    def permute(self, seeds: NDArray[np.uint64], blocks: int, first: int) -> NDArray[np.uint64]:
        """P(s ^ (first + c)) at place r * blocks + c, for s = seeds[r] and every c < blocks: the block without its XOR.

        Kernels that go on with it XOR s themselves. What is returned lies in the scratch space: the next call writes
        over it.

        Shapes: seeds (n, 2), C-contiguous uint64, word 0 holds bits 0 to 63; returns (n * blocks, 2).
        Raises: UsageError for another layout, for more than CHUNK_BLOCKS blocks in all, and beyond block 2^64 - 1.
        """
        if seeds.dtype != np.uint64 or seeds.ndim != 2 or seeds.shape[1] != 2 or not seeds.flags.c_contiguous:
            raise UsageError(f"seeds are a contiguous uint64 array of shape (n, 2), not {seeds.dtype} {seeds.shape}")
        count = seeds.shape[0] * blocks
        if blocks < 1 or count > CHUNK_BLOCKS or first < 0 or first + blocks > BLOCK_LIMIT:
            raise UsageError(f"up to {CHUNK_BLOCKS} blocks are made at once, numbered from 0 to 2^64 - 1")
        points = self._scratch.points[:count]
        _write_points(seeds, blocks, np.uint64(first), points)
        self._permutation.update_into(readable_bytes(points), self._scratch.inner_bytes)
        return self._scratch.inner[:count]

    def __repr__(self) -> str:
        return "<SeedExpansion>"
