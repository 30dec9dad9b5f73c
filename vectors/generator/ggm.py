"""GGM trees, whole and punctured: docs/wire, section 13, "OT trees". Nodes are little-endian numbers.

Sources: Goldreich, Goldwasser, Micali, J. ACM 33(4), 1986; [BCGIKRS19] for the sums of levels.
"""

from __future__ import annotations

from functools import reduce
from operator import xor

from vectors.generator.aes import encrypt_block
from vectors.generator.hashing import Part, derive

SEED_BYTES = 16

Keys = tuple[bytes, bytes]


def side_keys(session_id: bytes, *place: Part) -> Keys:
    """K_0, K_1 of one use and one ordered pair."""
    both = derive("ggm keys", b"", 2 * SEED_BYTES, *place, session_id=session_id)
    return both[:SEED_BYTES], both[SEED_BYTES:]


def _child(key: bytes, node: int) -> int:
    return int.from_bytes(encrypt_block(key, node.to_bytes(SEED_BYTES, "little")), "little") ^ node


def grow(keys: Keys, root: bytes, depth: int) -> tuple[list[int], list[tuple[int, int]]]:
    """The leaves, and for every level the XOR of all children of each side."""
    level, sums = [int.from_bytes(root, "little")], []
    for _ in range(depth):
        left, right = ([_child(key, node) for node in level] for key in keys)
        sums.append((reduce(xor, left), reduce(xor, right)))
        level = left + right
    return level, sums


def grow_punctured(keys: Keys, path: list[int], chosen: list[int]) -> list[int | None]:
    """The leaves but the one whose bits are `path`, from the sums of the sides that the path does not take."""
    level: list[int | None] = [None]
    for bit, total in zip(path, chosen, strict=True):
        sides = [[None if node is None else _child(key, node) for node in level] for key in keys]
        other = sides[1 - bit]
        other[level.index(None)] = reduce(xor, (node for node in other if node is not None), total)
        level = sides[0] + sides[1]
    return level
