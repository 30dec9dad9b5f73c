"""GGM trees: many seeds grown to 2^depth leaves each, and the same trees known everywhere but at one leaf.

Realises:  puncturable PRFs, for many trees of one depth at once.
Source:    Goldreich, Goldwasser, Micali, J. ACM 33(4), 1986; the punctured tree from the sums of each level as in
           [BCGIKRS19].
Symbols:   node j of level d has the children j (side 0) and j + 2^d (side 1) of level d + 1, so bit d of a leaf's index
           is the side that its path takes below level d, and the first half of a level are the children of side 0.
           G_b(x) = AES_{K_b}(x) ^ x is the child of side b; K_0 and K_1 are public, different, and belong to one
           session, one use and one ordered pair of parties (`side_keys`).
Assumed:   (G_0, G_1) is a length-doubling PRG. With AES under two public keys modelled as two independent random
           permutations, N unknown nodes and T evaluations by the attacker, the advantage is about (N T + N^2) / 2^128:
           the same model that [GKWY20] uses for fixed-key hashes, and their pi(x) ^ x. The two keys separate the
           sides. N counts the nodes that stay hidden in the trees of one pair of keys, and T evaluations under these:
           nothing can be computed before the session, and none of it serves against another pair or session.
Secrets:   the path of a punctured tree is secret to its holder. Nothing branches on it or indexes with it: what is
           missing is put in its place by masks, in a pass over the whole level.
Checked:   nothing. Whoever reconstructs from wrong sums gets wrong leaves, and which of them are wrong depends on its
           path: protocols must check their trees.
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
from spdz.crypto.hashing import Part, derive
from spdz.errors import UsageError
from spdz.field.jit import kernel

SEED_BYTES: Final = 16
MAX_DEPTH: Final = 24

# Nodes worked on at once: with the outputs of both permutations they are 96 KiB and stay in the second-level cache.
_CHUNK_NODES: Final = 2048
# Leaves of the trees that grow together: 512 KiB.
_GROUP_LEAVES: Final = 1 << 15
# `update_into` asks for one block less one byte beyond the input, whatever it writes, for every block mode.
_SLACK_BYTES: Final = SEED_BYTES - 1

Nodes = NDArray[np.uint64]
SideKeys = tuple[bytes, bytes]
"""The public keys of the two sides."""


def side_keys(session_id: bytes, *place: Part) -> SideKeys:
    """The keys for the trees of one use and one ordered pair of parties in one session."""
    both = derive(Domain.GGM_KEYS, b"", 2 * SEED_BYTES, *place, session_id=session_id)
    return both[:SEED_BYTES], both[SEED_BYTES:]


@kernel
def _add_feed_forward(own: Nodes, right: Nodes, left_image: Nodes, right_image: Nodes, trees: int, sums: Nodes) -> None:
    """From AES under both keys to children, and their XOR for each tree; `own` becomes the children of side 0.

    Nodes of `trees` trees alternate: row r belongs to tree r % trees.
    """
    rows = own.shape[0] // trees
    for tree in range(trees):
        left_low, left_high = sums[tree, 0, 0], sums[tree, 0, 1]
        right_low, right_high = sums[tree, 1, 0], sums[tree, 1, 1]
        for row in range(rows):
            at = row * trees + tree
            low, high = own[at, 0], own[at, 1]
            first_low, first_high = left_image[at, 0] ^ low, left_image[at, 1] ^ high
            second_low, second_high = right_image[at, 0] ^ low, right_image[at, 1] ^ high
            own[at, 0], own[at, 1] = first_low, first_high
            right[at, 0], right[at, 1] = second_low, second_high
            left_low, left_high = left_low ^ first_low, left_high ^ first_high
            right_low, right_high = right_low ^ second_low, right_high ^ second_high
        sums[tree, 0, 0], sums[tree, 0, 1] = left_low, left_high
        sums[tree, 1, 0], sums[tree, 1, 1] = right_low, right_high


@kernel
def _put_right(nodes: Nodes, width: int, punctured: Nodes, bits: Nodes, missing: Nodes, images: Nodes) -> None:
    """After a level has grown out of punctured nodes that were zero: their known child, and zero for the other.

    The children of zero are `images`, whatever the tree. `bits` and `punctured` are secret.
    """
    trees = punctured.shape[0]
    for tree in range(trees):
        left = np.uint64(0) - bits[tree]
        fix_00, fix_01 = images[0, 0] ^ (missing[tree, 0] & left), images[0, 1] ^ (missing[tree, 1] & left)
        fix_10, fix_11 = images[1, 0] ^ (missing[tree, 0] & ~left), images[1, 1] ^ (missing[tree, 1] & ~left)
        target = punctured[tree]
        for row in range(width):
            # 0 where they agree; otherwise one of x and -x has its top bit set.
            differs = np.uint64(row) ^ target
            mask = ((differs | (np.uint64(0) - differs)) >> np.uint64(63)) - np.uint64(1)
            at = row * trees + tree
            other = at + width * trees
            nodes[at, 0] ^= mask & fix_00
            nodes[at, 1] ^= mask & fix_01
            nodes[other, 0] ^= mask & fix_10
            nodes[other, 1] ^= mask & fix_11


@kernel
def _separate(nodes: Nodes, leaves: Nodes) -> None:
    """Leaves that alternate between trees, to one row for each tree."""
    trees, width = leaves.shape[0], leaves.shape[1]
    for tree in range(trees):
        for leaf in range(width):
            leaves[tree, leaf, 0] = nodes[leaf * trees + tree, 0]
            leaves[tree, leaf, 1] = nodes[leaf * trees + tree, 1]


class _Grower:
    """Grows trees side by side, level by level in place; holds the buffers, which keep secrets until `wipe`."""

    def __init__(self, group: int, depth: int, keys: SideKeys) -> None:
        self.nodes: Nodes = np.zeros((group << depth, 2), np.uint64)
        self._permutations = [Cipher(AES128(key), ECB()).encryptor() for key in keys]  # noqa: S305 - see Symbols
        words = [np.zeros(2 * _CHUNK_NODES + 2, np.uint64) for _ in keys]
        self._as_bytes = [writable_bytes(each)[: _CHUNK_NODES * SEED_BYTES + _SLACK_BYTES] for each in words]
        self._images = [each[: 2 * _CHUNK_NODES].reshape(_CHUNK_NODES, 2) for each in words]

    def grow(self, trees: int, level: int, sums: Nodes) -> None:
        """Replace the nodes of a level of `trees` trees by the next level; adds their sums to `sums` (trees, 2, 2)."""
        count = trees << level
        step = max(_CHUNK_NODES // trees, 1) * trees
        for start in range(0, count, step):
            stop = min(start + step, count)
            own = self.nodes[start:stop]
            for permutation, image in zip(self._permutations, self._as_bytes, strict=True):
                permutation.update_into(readable_bytes(own), image)
            left, right = (image[: stop - start] for image in self._images)
            _add_feed_forward(own, self.nodes[count + start : count + stop], left, right, trees, sums)

    def wipe(self) -> None:
        self.nodes.fill(0)
        for image in self._images:
            image.fill(0)


def expand(seeds: NDArray[np.uint8], depth: int, keys: SideKeys) -> tuple[Nodes, Nodes]:
    """Grow a tree from each seed; returns its leaves, and for each level and side the XOR of all nodes of that side.

    `sums[i, d, side]` covers the children of `side` that level d has in level d + 1: with the sums of the sides that a
    leaf's path does *not* take, `reconstruct` computes all other leaves.

    Shapes: seeds (m, 16) uint8; leaves (m, 2^depth, 2), sums (m, depth, 2 sides, 2), uint64, word 0 with bits 0 to 63.
    """
    _check(seeds, np.uint8, (len(seeds), SEED_BYTES), "seeds")
    group = _group(len(seeds), depth)
    leaves = np.empty((len(seeds), 1 << depth, 2), np.uint64)
    sums = np.zeros((len(seeds), depth, 2, 2), np.uint64)
    grower = _Grower(group, depth, keys)
    for start in range(0, len(seeds), group):
        part = slice(start, min(start + group, len(seeds)))
        trees = part.stop - start
        grower.nodes[:trees] = np.ascontiguousarray(seeds[part]).view(np.uint64)
        for level in range(depth):
            grower.grow(trees, level, sums[part, level])
        _separate(grower.nodes, leaves[part])
    grower.wipe()
    return leaves, sums


def reconstruct(paths: NDArray[np.uint8], chosen: Nodes, keys: SideKeys) -> Nodes:
    """The leaves of each tree, from the sums of the sides that the path to one leaf does not take; that leaf is zero.

    The punctured leaf of tree i has the index sum over d of paths[i, d] 2^d. `paths` is secret.

    Shapes: paths (m, depth) uint8 of 0 and 1; chosen (m, depth, 2), chosen[i, d] = sums[i, d, 1 - paths[i, d]] of
            `expand`; returns (m, 2^depth, 2).
    """
    _check(paths, np.uint8, (len(paths), paths.shape[-1]), "paths")
    _check(chosen, np.uint64, (*paths.shape, 2), "chosen sums")
    depth = paths.shape[1]
    group = _group(len(paths), depth)
    leaves = np.empty((len(paths), 1 << depth, 2), np.uint64)
    grower = _Grower(group, depth, keys)
    images = _children_of_zero(keys)
    bits = paths.astype(np.uint64)
    for start in range(0, len(paths), group):
        part = slice(start, min(start + group, len(paths)))
        trees = part.stop - start
        grower.nodes[:trees] = 0
        punctured = np.zeros(trees, np.uint64)
        for level in range(depth):
            sums = np.zeros((trees, 2, 2), np.uint64)
            grower.grow(trees, level, sums)
            bit = bits[part, level]
            sums ^= images
            known = sums[:, 1] ^ ((sums[:, 0] ^ sums[:, 1]) & (0 - bit)[:, None])
            _put_right(grower.nodes, 1 << level, punctured, bit, chosen[part, level] ^ known, images)
            punctured |= bit << np.uint64(level)
        _separate(grower.nodes, leaves[part])
        punctured.fill(0)
    grower.wipe()
    bits.fill(0)
    return leaves


def _group(trees: int, depth: int) -> int:
    """How many trees grow together."""
    if not 1 <= depth <= MAX_DEPTH:
        raise UsageError(f"a tree has a depth from 1 to {MAX_DEPTH}, got {depth}")
    return max(1, min(trees, _CHUNK_NODES, _GROUP_LEAVES >> depth))


def _children_of_zero(keys: SideKeys) -> Nodes:
    images = [Cipher(AES128(key), ECB()).encryptor().update(bytes(SEED_BYTES)) for key in keys]  # noqa: S305
    return np.frombuffer(b"".join(images), np.uint64).reshape(2, 2)


def _check(array: NDArray[np.generic], dtype: type, shape: tuple[int, ...], name: str) -> None:
    if array.dtype != dtype or array.shape != shape:
        raise UsageError(f"{name} must be {np.dtype(dtype)} of shape {shape}, got {array.dtype} {array.shape}")
