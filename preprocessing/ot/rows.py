"""Rows of an OT extension and the halves of their hashes, chunk by chunk in buffers that stay in the cache.

The columns of a batch are megabytes; a chunk takes a little of every column, which no prefetcher follows. So it is
copied first, run by run, and everything after that happens in the second-level cache.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spdz.crypto.bit_matrix import COLUMN_COUNT, transpose_columns
from spdz.crypto.tweakable_hash import HashScratch, TweakableHash

Rows = NDArray[np.uint64]


class RowBuffers:
    """Room for a chunk of up to `capacity` OTs with `hashes` hashes each; all of it depends on secrets.

    One object for each thread: the hash that it holds is not to be shared.
    """

    def __init__(self, capacity: int, hashes: int) -> None:
        self._columns = np.empty((COLUMN_COUNT, capacity // 8), np.uint8)
        self._rows = np.empty((capacity, 2), np.uint64)
        self._hash = TweakableHash()
        self._halves = [HashScratch(capacity) for _ in range(hashes)]

    def load(self, columns: NDArray[np.uint8], start: int, count: int) -> Rows:
        """Rows start .. start + count of a matrix with these columns: (count, 2); both are multiples of 64."""
        part = self._columns[:, : count // 8]
        np.copyto(part, columns[:, start // 8 : (start + count) // 8])
        rows = self._rows[:count]
        transpose_columns(part, rows)
        return rows

    def permute(self, rows: Rows, first_index: int, which: int) -> None:
        """Make the halves number `which`: of the hashes of these rows."""
        self._hash.permute(rows, first_index, self._halves[which])

    def halves(self, which: int, count: int) -> tuple[Rows, Rows]:
        """The two halves of the first `count` hashes number `which` of the rows that were loaded last."""
        return self._halves[which].halves(count)

    def wipe(self) -> None:
        """Overwrite everything."""
        self._columns.fill(0)
        self._rows.fill(0)
        for scratch in self._halves:
            scratch.wipe()
