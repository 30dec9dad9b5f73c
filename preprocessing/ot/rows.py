"""The rows of one OT extension at one end, and their hashes, chunk by chunk in buffers that stay in the cache.

Rows belong to their extension: they are hashed under its key and indices, read until `finish`, and then gone.

The columns of a batch are megabytes; a chunk takes a little of every column, which no prefetcher follows. So it is
copied first, run by run, and everything after that happens in the second-level cache.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spdz.crypto.bit_matrix import COLUMN_COUNT, transpose_columns
from spdz.crypto.tweakable_hash import HashScratch, TweakableHash
from spdz.errors import InternalError

Bits = NDArray[np.uint8]
Rows = NDArray[np.uint64]


INDEX_BITS = 56
"""Of an index of an OT in the tweak of its hash; the bits above say which use of the row it is."""
USES = 1 << 8


class Room(NamedTuple):
    """Where the columns of an extension are kept."""

    memory: Bits
    columns: int
    length: int
    """Bytes of a column."""
    closed: Callable[[Any], None]
    """Is given the rows, and with them the memory, when the extension is over."""


class ExtensionRows:
    """Columns (count, bytes) of one extension, bit h of a column being row h. There is no way to hash such a row."""

    def __init__(self, room: Room) -> None:
        self.memory = room.memory
        self._columns: Bits | None = room.memory[: room.columns * room.length].reshape(room.columns, room.length)
        self._closed = room.closed

    @property
    def columns(self) -> Bits:
        """The columns. Raises InternalError once the extension is over."""
        if self._columns is None:
            raise InternalError("the rows of an OT extension are read after it was over")
        return self._columns

    def overwrite(self) -> None:
        """Overwrite everything that is held."""
        self.columns.fill(0)

    def finish(self) -> None:
        """Overwrite the rows; the extension is over."""
        self.overwrite()
        self._columns = None
        self._closed(self)


class HashedRows(ExtensionRows):
    """Rows whose block, the bits in the last 128 columns, can be hashed. Other columns never enter a hash."""

    hashes: ClassVar[int]
    """How many hashes there are of each row."""

    def __init__(self, room: Room, first_index: int, hash_key: bytes) -> None:
        super().__init__(room)
        self.first_index = first_index
        self._hash_key = hash_key
        self.hash = TweakableHash(hash_key)

    @property
    def block(self) -> Bits:
        """The columns that are hashed."""
        return self.columns[-COLUMN_COUNT:]

    def load(self, start: int, count: int, rows: Rows) -> None:
        """Write blocks start .. start + count to `rows` (count, 2); both are multiples of 64."""
        transpose_columns(self.block[:, start // 8 : (start + count) // 8], rows)

    def index_of(self, start: int, use: int = 0) -> int:
        """The tweak of row `start`, in one of several uses of the rows. No tweak is used twice under one key."""
        if not 0 <= use < USES or self.first_index + 8 * self.columns.shape[1] > 1 << INDEX_BITS:
            raise InternalError("the rows of an OT extension are hashed more often than there are tweaks for")
        return (use << INDEX_BITS) + self.first_index + start

    def buffers(self, capacity: int) -> RowBuffers:
        """Room for hashes of up to `capacity` rows, for one thread."""
        return RowBuffers(capacity, self.hashes, self._hash_key)

    def overwrite(self) -> None:
        """Overwrite what the hash has left behind too."""
        super().overwrite()
        self.hash.wipe()


class RowBuffers:
    """Room for a chunk of up to `capacity` OTs with `hashes` hashes each; all of it depends on secrets.

    One object for each thread: the hash that it holds is not to be shared.
    """

    def __init__(self, capacity: int, hashes: int, hash_key: bytes) -> None:
        self._columns = np.empty((COLUMN_COUNT, capacity // 8), np.uint8)
        self._rows = np.empty((capacity, 2), np.uint64)
        self._hash = TweakableHash(hash_key)
        self._halves = [HashScratch(capacity) for _ in range(hashes)]

    def load(self, columns: Bits, start: int, count: int) -> Rows:
        """Rows start .. start + count of a matrix with these columns: (count, 2); both are multiples of 64."""
        part = self._columns[:, : count // 8]
        np.copyto(part, columns[:, start // 8 : (start + count) // 8])
        rows = self._rows[:count]
        transpose_columns(part, rows)
        return rows

    def permute(self, rows: Rows, first_index: int, which: int) -> None:
        """Make the halves number `which`: of the hashes of these rows."""
        self._hash.permute(rows, first_index, self._halves[which])

    def hash(self, rows: Rows, first_index: int, out: Rows) -> None:
        """Write the whole hashes of these rows to `out`."""
        self._hash.hash_rows(rows, first_index, out)

    def halves(self, which: int, count: int) -> tuple[Rows, Rows]:
        """The two halves of the first `count` hashes number `which` of the rows that were loaded last."""
        return self._halves[which].halves(count)

    def wipe(self) -> None:
        """Overwrite everything."""
        self._columns.fill(0)
        self._rows.fill(0)
        self._hash.wipe()
        for scratch in self._halves:
            scratch.wipe()
