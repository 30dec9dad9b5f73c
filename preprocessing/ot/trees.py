"""The trees of the OT extension: from base OTs to seeds of which one end lacks exactly one in each tree.

Realises:  b / k times "all but one of N = 2^k" random OT between each ordered pair, for Delta of b = 128 bits (or what
           the instance has): the *dealer* knows N seeds r_x of each tree, the *holder* those with x != alpha, where
           alpha is the complement of k bits of its Delta. A corrupted dealer may also guess: it names a set for each
           alpha, and everything aborts if one is outside.
Source:    [Roy22]: all-but-one OT as a punctured PRF from k base OTs, and its consistency check for a corrupted dealer,
           both after [BCGIKRS19].
Symbols:   depth k; base OT j k + d belongs to bit d of tree j; key0, key1 its keys, of which the holder has the one
           that bit Delta_{jk + d} chooses; S_{d,b} sum of the nodes of side b in level d + 1; c_x || r_x = RO(leaf_x);
           t = XOR of all c_x, s = RO(all c_x of all trees).
Messages:  the dealer sends S_{d,b} ^ key_b, t for each tree, and s. The holder gets all leaves but alpha, computes
           c_alpha out of t, and compares s.
Why:       s fixes every c_x, and so every leaf, before the holder's answer shows anything: whoever passes has leaves of
           *one* vector, whatever its alpha is. Without it a corrupted dealer's sums would give other leaves for other
           alpha. c_alpha tells nothing about r_alpha, another output of the oracle (docs/security/ot-extension.md).
Deviation: one hash s over all trees instead of one for each: the abort tells one bit instead of which tree failed. All
           levels are corrected; the paper takes the two nodes of the first one from the first base OT.
Secrets:   Delta. Nothing here branches on it or indexes with it.
k = 1:     a tree is a base OT and its leaves are the two keys (IKNP). Nothing is sent.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spdz.crypto import ggm
from spdz.crypto.domains import Domain
from spdz.crypto.hashing import HASH_BYTES, Deriver, Part, encoded, labelled_hash
from spdz.errors import OtConsistencyFailed
from spdz.preprocessing.ot import all_but_one
from spdz.preprocessing.ot.base import KEY_BYTES, BaseOts
from spdz.preprocessing.ot.instance import FIELD_OTS, OtInstance
from spdz.runtime.context import Context
from spdz.wire.codec import Blob

CHECK_BYTES = 32
"""Of c_x: twice the computational level, since it must not have collisions."""

Seeds = NDArray[np.uint8]


@dataclass(frozen=True, repr=False)
class Trees:
    """The seeds of the trees with one peer."""

    dealt: Seeds
    """All of the trees that this party dealt, (b / k, N, 16), in the order of x."""
    held: Seeds
    """What it knows of the peer's trees, (b / k, N - 1, 16), in the order of x ^ alpha from 1 on."""


@dataclass(frozen=True)
class Place:
    """Which trees: inside every hash."""

    session_id: bytes
    holder: int
    dealer: int
    instance: OtInstance = FIELD_OTS


async def grow_trees(
    ctx: Context,
    depth: int,
    deltas: dict[int, list[int]],
    ots: dict[int, BaseOts],
    instance: OtInstance = FIELD_OTS,
) -> dict[int, Trees]:
    """Trees of `depth` with every peer in both directions, from the first base OTs, chosen by the b bits of Delta.

    Rounds:    1; none for depth 1.  Sends: 32 b + 32 (b / depth) + 32 bytes to each peer; nothing for depth 1.
    Raises:    OtConsistencyFailed.
    """
    if depth == 1:
        return {peer: _single(ots[peer], instance.delta_bits) for peer in ctx.peers}
    count = instance.delta_bits // depth
    dealt, payloads = {}, {}
    for peer in ctx.peers:
        roots = np.frombuffer(ctx.randomness.bytes(count * ggm.SEED_BYTES), np.uint8).reshape(count, ggm.SEED_BYTES)
        place = Place(ctx.session.session_id, peer, ctx.party, instance)
        payloads[peer], dealt[peer] = deal(place, roots, depth, ots[peer].pairs)
    codec = Blob(2 * instance.delta_bits * KEY_BYTES + count * CHECK_BYTES + HASH_BYTES)
    received = await ctx.swap(instance.steps.trees, codec, payloads)
    trees = {}
    for peer in ctx.peers:
        place = Place(ctx.session.session_id, ctx.party, peer, instance)
        delta = np.array(deltas[peer], np.uint8).reshape(count, depth)
        trees[peer] = Trees(dealt[peer], hold(place, delta, ots[peer].chosen, received[peer]))
    return trees


def deal(place: Place, roots: Seeds, depth: int, pairs: list[tuple[bytes, bytes]]) -> tuple[bytes, Seeds]:
    """The dealer's message and its seeds, from the roots of the trees and the keys of the base OTs."""
    first, second = (_blocks([pair[side] for pair in pairs[: len(roots) * depth]]) for side in (0, 1))
    leaves, masked = all_but_one.deal(roots, depth, _keys(place), (first, second))
    checks, seeds = _open_leaves(place, leaves)
    totals = np.bitwise_xor.reduce(checks, axis=1)
    return masked.tobytes() + totals.tobytes() + _digest(place, checks), seeds


def hold(place: Place, delta: Seeds, chosen: list[bytes], message: memoryview) -> Seeds:
    """The holder's seeds, in the order of x ^ alpha from 1 on; `delta` (b / k, k) are the bits that chose the keys.

    Raises: OtConsistencyFailed if the dealer's trees are not what it has hashed.
    """
    count, depth = delta.shape
    size = 2 * delta.size * KEY_BYTES
    masked = np.frombuffer(message[:size], np.uint64).reshape(-1, 2, 2)
    totals = np.frombuffer(message[size:-HASH_BYTES], np.uint8).reshape(count, CHECK_BYTES)
    # The punctured path takes the other side everywhere: alpha is the complement of Delta.
    leaves = all_but_one.hold(delta, _blocks(chosen[: delta.size]), masked, _keys(place))
    checks, seeds = _open_leaves(place, leaves)
    alpha = ((1 - delta).astype(np.int64) << np.arange(depth)).sum(axis=1)
    missing = (0 - (np.arange(1 << depth) == alpha[:, None]).astype(np.uint8))[:, :, None]
    checks = checks & ~missing
    checks |= (totals ^ np.bitwise_xor.reduce(checks, axis=1))[:, None] & missing
    if not hmac.compare_digest(_digest(place, checks), bytes(message[-HASH_BYTES:])):
        raise OtConsistencyFailed(
            f"party {place.dealer} sent sums of OT trees that do not fit the trees. It has cheated, or its state is "
            "damaged; this session's key and material are destroyed",
            step=place.instance.steps.trees.name,
            blamed=place.dealer,
        )
    return by_distance(seeds, delta)[:, 1:]


def by_distance(seeds: Seeds, delta: Seeds) -> Seeds:
    """The rows x of each tree in the order of x ^ alpha, alpha the complement of Delta: halves are swapped by masks."""
    count, depth = delta.shape
    ordered = seeds.copy()
    for bit in range(depth):
        halves = ordered.reshape(count, 1 << (depth - bit - 1), 2, 1 << bit, ggm.SEED_BYTES)
        low, high = halves[:, :, 0], halves[:, :, 1]
        # Bit b of alpha is one where that of Delta is zero.
        swap = (low ^ high) & (delta[:, bit] - 1).reshape(count, 1, 1, 1)
        low ^= swap
        high ^= swap
    return ordered


def _blocks(keys: list[bytes]) -> NDArray[np.uint64]:
    return np.frombuffer(b"".join(keys), np.uint64).reshape(-1, 2)


def _keys(place: Place) -> ggm.SideKeys:
    return ggm.side_keys(place.session_id, *place.instance.name, "ot trees", place.holder, place.dealer)


def _single(ots: BaseOts, count: int) -> Trees:
    """Trees of two leaves: the leaf of bit b is key b. alpha ^ 1 = Delta is the leaf at distance one."""
    dealt = b"".join(key for pair in ots.pairs[:count] for key in pair)
    held = b"".join(ots.chosen[:count])
    return Trees(
        np.frombuffer(dealt, np.uint8).reshape(count, 2, KEY_BYTES),
        np.frombuffer(held, np.uint8).reshape(count, 1, KEY_BYTES),
    )


def _open_leaves(place: Place, leaves: NDArray[np.uint64]) -> tuple[Seeds, Seeds]:
    """c_x and r_x of every leaf; where a leaf is in the hash, so no two leaves anywhere give related values."""
    count, width = leaves.shape[:2]
    opened = Deriver(Domain.OT_TREE_LEAF, CHECK_BYTES + ggm.SEED_BYTES, session_id=place.session_id)
    trees = [encoded(*place.instance.name, place.holder, place.dealer, tree) for tree in range(count)]
    indices = [encoded(leaf) for leaf in range(width)]
    values = b"".join(
        opened(leaves[tree, leaf].tobytes(), trees[tree] + indices[leaf])
        for tree in range(count)
        for leaf in range(width)
    )
    both = np.frombuffer(values, np.uint8).reshape(count, width, CHECK_BYTES + ggm.SEED_BYTES)
    return both[:, :, :CHECK_BYTES], both[:, :, CHECK_BYTES:]


def _digest(place: Place, checks: Seeds) -> bytes:
    parts: tuple[Part, ...] = (*place.instance.name, place.holder, place.dealer, np.ascontiguousarray(checks).tobytes())
    return labelled_hash(Domain.OT_TREE_CHECK, *parts, session_id=place.session_id)
