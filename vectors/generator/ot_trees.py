"""The trees of the OT extension: docs/wire, section 13, "OT trees". Source: [Roy22], punctured PRF and its check.

Both ends give seeds by tree and leaf; the holder's missing ones are None.
"""

from __future__ import annotations

from functools import reduce
from operator import xor
from typing import NamedTuple

from vectors.generator import ggm
from vectors.generator.hashing import derive, digest

BASE_OTS = 128
SEED_BYTES = 16
CHECK_BYTES = 32
SUMS_BYTES = 2 * BASE_OTS * SEED_BYTES

Seeds = list[list[bytes]]
HeldSeeds = list[list[bytes | None]]


class Pair(NamedTuple):
    """Whose trees."""

    session_id: bytes
    holder: int
    dealer: int

    @property
    def keys(self) -> ggm.Keys:
        """Of the two sides."""
        return ggm.side_keys(self.session_id, "ot trees", self.holder, self.dealer)

    def open_leaf(self, leaf: int, tree: int, index: int) -> tuple[int, bytes]:
        """(c, seed) of one leaf."""
        secret, where = leaf.to_bytes(SEED_BYTES, "little"), (self.holder, self.dealer, tree, index)
        both = derive("ot tree leaf", secret, CHECK_BYTES + SEED_BYTES, *where, session_id=self.session_id)
        return int.from_bytes(both[:CHECK_BYTES], "little"), both[CHECK_BYTES:]

    def check(self, checks: list[list[int]]) -> bytes:
        """The hash of every c of every tree."""
        joined = b"".join(c.to_bytes(CHECK_BYTES, "little") for row in checks for c in row)
        return digest("ot tree check", self.holder, self.dealer, joined, session_id=self.session_id)


def deal(pair: Pair, depth: int, roots: list[bytes], keys: list[tuple[bytes, bytes]]) -> tuple[bytes, Seeds]:
    """(message, all seeds), from the keys of base OTs 0 to 127."""
    sums, totals, checks, seeds = b"", b"", [], []
    for tree, root in enumerate(roots):
        leaves, levels = ggm.grow(pair.keys, root, depth)
        for level, both in enumerate(levels):
            for key, total in zip(keys[tree * depth + level], both, strict=True):
                sums += (total ^ int.from_bytes(key, "little")).to_bytes(SEED_BYTES, "little")
        opened = [pair.open_leaf(leaf, tree, y) for y, leaf in enumerate(leaves)]
        checks.append([c for c, _ in opened])
        seeds.append([seed for _, seed in opened])
        totals += reduce(xor, checks[-1]).to_bytes(CHECK_BYTES, "little")
    return sums + totals + pair.check(checks), seeds


def hold(pair: Pair, depth: int, delta: list[int], chosen: list[bytes], message: bytes) -> tuple[HeldSeeds, bool]:
    """(seeds, whether the trees pass), from the keys that the bits of Delta chose."""
    numbers = [int.from_bytes(message[i : i + SEED_BYTES], "little") for i in range(0, SUMS_BYTES, SEED_BYTES)]
    checks, seeds = [], list[list[bytes | None]]()
    for tree in range(BASE_OTS // depth):
        known, path = [], []
        for i in range(tree * depth, (tree + 1) * depth):
            known.append(numbers[2 * i + delta[i]] ^ int.from_bytes(chosen[i], "little"))
            path.append(1 - delta[i])
        leaves = ggm.grow_punctured(pair.keys, path, known)
        opened = [(0, None) if leaf is None else pair.open_leaf(leaf, tree, y) for y, leaf in enumerate(leaves)]
        row, at = [c for c, _ in opened], SUMS_BYTES + tree * CHECK_BYTES
        row[leaves.index(None)] = reduce(xor, row, int.from_bytes(message[at : at + CHECK_BYTES], "little"))
        checks.append(row)
        seeds.append([seed for _, seed in opened])
    return seeds, pair.check(checks) == message[-CHECK_BYTES:]
