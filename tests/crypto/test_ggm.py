"""GGM trees equal the plain version; a punctured one equals the whole tree but at one leaf, which is zero."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spdz.crypto import Prg, ggm
from spdz.errors import UsageError

from . import references as ref

KEYS = tuple(
    hashlib.sha256(b"spdz: the fixed public AES-128 key of side %d of a GGM tree, version 1" % side).digest()[:16]
    for side in (0, 1)
)
"""Any two keys."""
AES = [ref.Aes128(key) for key in KEYS]


KNOWN_LEAVES = [
    "950ad16f772a38ca4c44604351946574",
    "6a1f85f754a49f6cb85dcd13c9a8f1e8",
    "1571649852e7653048a11d4c5a29f099",
    "3d6efaf6d8addd1f448725d7ea07536f",
]
KNOWN_SUMS = [
    "83c7713adbbc7a52de450e1a3c635bc5",
    "70cff91d2a99914fa1227406028575a2",
    "ff155498238ea7a6f419ad50983c949c",
    "281f9e6e8a4ab82f0c26389bb02ea3f6",
]


def plain_tree(seed: bytes, depth: int) -> tuple[list[int], list[list[int]]]:
    """Leaves, and the sums of both sides at each level, on integers."""
    level, sums = [int.from_bytes(seed, "little")], []
    for _ in range(depth):
        sides = [[plain_child(side, node) for node in level] for side in (0, 1)]
        sums.append([xor_all(nodes) for nodes in sides])
        level = sides[0] + sides[1]
    return level, sums


def plain_child(side: int, node: int) -> int:
    return int.from_bytes(AES[side].encrypt_block(node.to_bytes(16, "little")), "little") ^ node


def xor_all(nodes: list[int]) -> int:
    total = 0
    for node in nodes:
        total ^= node
    return total


def plain_punctured(path: list[int], chosen: list[int]) -> list[int]:
    """All leaves but one, from what the holder of the path has, on integers; None stands for the unknown node."""
    level: list[int | None] = [None]
    for bit, known_sum in zip(path, chosen, strict=True):
        sides = [[None if node is None else plain_child(side, node) for node in level] for side in (0, 1)]
        missing = known_sum ^ xor_all([node for node in sides[1 - bit] if node is not None])
        sides[1 - bit][level.index(None)] = missing
        level = sides[0] + sides[1]
    return [0 if node is None else node for node in level]


def random_bytes(seed: int, *shape: int) -> NDArray[np.uint8]:
    out = np.empty(shape, np.uint8)
    Prg(seed.to_bytes(16, "little")).fill(out)
    return out


def numbers(words: NDArray[np.uint64]) -> list[int]:
    return [int(low) | int(high) << 64 for low, high in words.reshape(-1, 2)]


def chosen_sums(sums: NDArray[np.uint64], paths: NDArray[np.uint8]) -> NDArray[np.uint64]:
    return np.where(paths[:, :, None] == 0, sums[:, :, 1], sums[:, :, 0])


def test_known_answers() -> None:
    # Computed by the plain version once, so that a change of both would show.
    leaves, sums = ggm.expand(np.arange(16, dtype=np.uint8).reshape(1, 16), 2, KEYS)
    assert [leaf.tobytes().hex() for leaf in leaves[0]] == KNOWN_LEAVES
    assert [side.tobytes().hex() for level in sums[0] for side in level] == KNOWN_SUMS


@given(st.integers(0, 4), st.integers(1, 5), st.integers(0, 2**64))
@settings(deadline=None, max_examples=25)
def test_equals_the_plain_version(trees: int, depth: int, seed: int) -> None:
    seeds = random_bytes(seed, trees, 16)
    leaves, sums = ggm.expand(seeds, depth, KEYS)
    assert leaves.shape == (trees, 2**depth, 2)
    for tree in range(trees):
        plain_leaves, plain_sums = plain_tree(seeds[tree].tobytes(), depth)
        assert numbers(leaves[tree]) == plain_leaves
        assert numbers(sums[tree]) == [side for level in plain_sums for side in level]


@given(st.integers(0, 4), st.integers(1, 5), st.integers(0, 2**64))
@settings(deadline=None, max_examples=25)
def test_reconstructs_as_the_plain_version_does_from_any_sums(trees: int, depth: int, seed: int) -> None:
    """Also from sums that belong to no tree: what a cheater's sums lead to is the same everywhere."""
    paths = random_bytes(seed, trees, depth) & 1
    chosen = random_bytes(seed + 1, trees, depth, 16).view(np.uint64)
    leaves = ggm.reconstruct(paths, chosen, KEYS)
    for tree in range(trees):
        assert numbers(leaves[tree]) == plain_punctured(paths[tree].tolist(), numbers(chosen[tree]))


@pytest.mark.parametrize(
    ("trees", "depth"),
    [(1, 1), (2048, 1), (2049, 1), (5000, 3), (64, 2), (32, 4), (16, 8), (129, 8), (3, 11), (9, 12), (3, 16)],
)
def test_a_punctured_tree_misses_one_leaf_and_nothing_else(trees: int, depth: int) -> None:
    """Groups and chunks meet without a seam, at one tree of many leaves and many trees of few."""
    leaves, sums = ggm.expand(random_bytes(1, trees, 16), depth, KEYS)
    paths = random_bytes(2, trees, depth) & 1
    paths[0], paths[-1] = 0, 1
    found = ggm.reconstruct(paths, chosen_sums(sums, paths), KEYS)
    index = (paths.astype(np.int64) << np.arange(depth)).sum(axis=1)
    missing = np.zeros(leaves.shape[:2], bool)
    missing[np.arange(trees), index] = True
    assert not found[missing].any()
    np.testing.assert_array_equal(found[~missing], leaves[~missing])
    assert leaves[missing].any(axis=1).all()


def test_the_last_level_sums_to_all_leaves() -> None:
    leaves, sums = ggm.expand(random_bytes(3, 7, 16), 6, KEYS)
    half = leaves.shape[1] // 2
    np.testing.assert_array_equal(np.bitwise_xor.reduce(leaves[:, :half], axis=1), sums[:, -1, 0])
    np.testing.assert_array_equal(np.bitwise_xor.reduce(leaves[:, half:], axis=1), sums[:, -1, 1])


def test_all_leaves_of_all_trees_are_different() -> None:
    leaves, _ = ggm.expand(random_bytes(4, 50, 16), 8, KEYS)
    assert len(set(numbers(leaves))) == 50 * 256


def test_wrong_shapes_and_types_are_refused() -> None:
    seeds, paths, chosen = np.zeros((2, 16), np.uint8), np.zeros((2, 3), np.uint8), np.zeros((2, 3, 2), np.uint64)
    for depth in (0, ggm.MAX_DEPTH + 1):
        with pytest.raises(UsageError, match="depth from 1"):
            ggm.expand(seeds, depth, KEYS)
    with pytest.raises(UsageError, match="seeds must be uint8"):
        ggm.expand(np.zeros((2, 15), np.uint8), 2, KEYS)
    with pytest.raises(UsageError, match="seeds must be uint8"):
        ggm.expand(np.zeros((2, 16), np.int8), 2, KEYS)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="chosen sums must be uint64"):
        ggm.reconstruct(paths, chosen[:, :2], KEYS)
    with pytest.raises(UsageError, match="paths must be uint8"):
        ggm.reconstruct(paths.astype(np.int64), chosen, KEYS)  # type: ignore[arg-type]


def test_keys_belong_to_one_session_and_one_place() -> None:
    places = [(b"s" * 32, "ot trees", 0, 1), (b"t" * 32, "ot trees", 0, 1), (b"s" * 32, "ot trees", 1, 0)]
    places.append((b"s" * 32, "vole", 0, 1))
    keys = [key for place in places for key in ggm.side_keys(*place)]
    assert len(set(keys)) == len(keys) == 8
    assert {len(key) for key in keys} == {16}


def test_other_keys_make_other_trees() -> None:
    seeds = random_bytes(5, 3, 16)
    leaves, _ = ggm.expand(seeds, 3, KEYS)
    others, _ = ggm.expand(seeds, 3, KEYS[::-1])
    assert not (leaves == others).all(axis=2).any()
