"""OT extension of one ordered pair: docs/wire, section 14. Sources: IKNP; [Roy22] section 4; [GKWY20].

Columns are Python ints, bit h of a column being bit h of the number.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from operator import xor
from typing import NamedTuple

from vectors.generator.aes import Prg, encrypt_block
from vectors.generator.ghash import universal_hash
from vectors.generator.hashing import derive

BASE_OTS = 128
EXTRA_ROWS = 128


@lru_cache(maxsize=1 << 15)
def _permuted(key: bytes, block: bytes) -> bytes:
    return encrypt_block(key, block)


def tweakable_hash(key: bytes, value: int, index: int) -> int:
    """C(x, i) = A(A(x) ^ i) ^ A(x), A under `key`; blocks are little-endian numbers."""
    inner = int.from_bytes(_permuted(key, value.to_bytes(16, "little")), "little")
    outer = int.from_bytes(_permuted(key, (inner ^ index).to_bytes(16, "little")), "little")
    return outer ^ inner


class Pair(NamedTuple):
    """Which OTs."""

    session_id: bytes
    receiver: int
    sender: int

    def hash_key(self, first_index: int) -> bytes:
        """The key of A for the extension that begins with this index."""
        return derive("ot hash key", b"", 16, self.receiver, self.sender, first_index, session_id=self.session_id)


def row(columns: list[int], h: int) -> int:
    """Row h of the matrix with these columns."""
    value = 0
    for i, column in enumerate(columns):
        value |= (column >> h & 1) << i
    return value


def _digests(columns: list[int], length: int, key: bytes) -> list[bytes]:
    return [universal_hash(key, column.to_bytes(length, "little")) for column in columns]


class Receiver:
    """Knows the seeds of all leaves of its trees, and has the choice bits."""

    def __init__(self, pair: Pair, seeds: list[list[bytes]]) -> None:
        self._pair = pair
        self._streams = [[Prg(seed) for seed in tree] for tree in seeds]
        self._depth = BASE_OTS // len(seeds)
        self._columns: list[int] = []
        self._choices = 0
        self._length = 0
        self._first_index = 0

    def extend(self, choices: int, rows: int) -> bytes:
        """The columns u for `rows` choice bits, the random ones included."""
        self._length, self._choices = rows // 8, choices
        self._columns, message = [], []
        for tree in self._streams:
            s = [int.from_bytes(prg.read(self._length), "little") for prg in tree]
            for bit in range(self._depth):
                self._columns.append(reduce(xor, (x for y, x in enumerate(s) if not y >> bit & 1)))
            message.append((reduce(xor, s) ^ choices).to_bytes(self._length, "little"))
        return b"".join(message)

    def digests(self, key: bytes) -> bytes:
        """h(t_0) || ... || h(t_127) || h(x)."""
        return b"".join(_digests([*self._columns, self._choices], self._length, key))

    def hashed(self, h: int) -> int:
        """s of OT h."""
        key = self._pair.hash_key(self._first_index)
        return tweakable_hash(key, row(self._columns, h), self._first_index + h)

    def finish(self) -> None:
        """The next extension counts on."""
        self._first_index += 8 * self._length


class Sender:
    """Knows Delta and the seeds of all leaves but one of each of the receiver's trees, which is None."""

    def __init__(self, pair: Pair, delta: list[int], seeds: list[list[bytes | None]]) -> None:
        self._pair = pair
        self._delta = delta
        self._streams = [[None if seed is None else Prg(seed) for seed in tree] for tree in seeds]
        self._depth = BASE_OTS // len(seeds)
        self._columns: list[int] = []
        self._length = 0
        self._first_index = 0

    def receive(self, message: bytes) -> None:
        """The peer's columns u."""
        self._length = length = len(message) // len(self._streams)
        self._columns = []
        for j, tree in enumerate(self._streams):
            u = int.from_bytes(message[j * length : (j + 1) * length], "little")
            s = [0 if prg is None else int.from_bytes(prg.read(length), "little") for prg in tree]
            for bit, kept in enumerate(self._delta[j * self._depth : (j + 1) * self._depth]):
                self._columns.append(
                    reduce(xor, (x for y, x in enumerate(s) if y >> bit & 1 == kept), u if kept else 0)
                )

    def accepts(self, key: bytes, digests: bytes) -> bool:
        """The consistency check."""
        theirs = [int.from_bytes(digests[16 * i : 16 * i + 16], "little") for i in range(BASE_OTS + 1)]
        own = [int.from_bytes(part, "little") for part in _digests(self._columns, self._length, key)]
        rows = zip(self._delta, theirs[:-1], own, strict=True)
        return all(t == q ^ (theirs[-1] if bit else 0) for bit, t, q in rows)

    def hashed(self, h: int) -> tuple[int, int]:
        """(q0, q1) of OT h."""
        q = row(self._columns, h)
        delta = sum(bit << i for i, bit in enumerate(self._delta))
        index = self._first_index + h
        key = self._pair.hash_key(self._first_index)
        return tweakable_hash(key, q, index), tweakable_hash(key, q ^ delta, index)

    def finish(self) -> None:
        """The next extension counts on."""
        self._first_index += 8 * self._length
