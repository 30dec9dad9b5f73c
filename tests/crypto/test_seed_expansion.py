"""The expansion of seeds: block c of seed s is P(s ^ c) ^ s, whatever the cuts; wrong calls are refused."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spdz.crypto.seed_expansion import BLOCK_LIMIT, CHUNK_BLOCKS, ExpansionScratch, SeedExpansion
from spdz.errors import UsageError

from . import references as ref

KEY = bytes(range(16))


def seeds(count: int) -> NDArray[np.uint64]:
    data = b"".join(ref.Aes128(bytes(16)).encrypt_block(i.to_bytes(16, "little")) for i in range(count))
    return np.frombuffer(data, np.uint64).reshape(count, 2)


def expanded(expansion: SeedExpansion, some: NDArray[np.uint64], blocks: int, first: int) -> NDArray[np.uint64]:
    """What kernels make of it: the XOR with the seed is theirs."""
    inner = expansion.permute(some, blocks, first)
    return inner.reshape(len(some), blocks, 2) ^ some[:, None, :]


@pytest.mark.parametrize("first", [0, 1, 255, 2**64 - 3])
def test_equals_plain_aes(first: int) -> None:
    some, permutation = seeds(5), ref.Aes128(KEY).encrypt_block
    made = expanded(SeedExpansion(KEY, ExpansionScratch()), some, 3, first)
    for row, seed in enumerate(some):
        for column in range(3):
            point = int.from_bytes(seed.tobytes(), "little") ^ (first + column)
            inner = permutation(point.to_bytes(16, "little"))
            assert made[row, column].tobytes() == ref.xor(inner, seed.tobytes())


def test_blocks_do_not_depend_on_how_they_are_asked_for() -> None:
    expansion, some = SeedExpansion(KEY, ExpansionScratch()), seeds(8)
    whole = expanded(expansion, some, 9, 0).copy()
    parts = [expanded(expansion, some[start : start + 4], 3, first) for start in (0, 4) for first in (0, 3, 6)]
    assert np.array_equal(whole, np.concatenate([np.concatenate(parts[:3], 1), np.concatenate(parts[3:], 1)]))


def test_no_two_blocks_are_alike() -> None:
    made = np.concatenate(
        [expanded(SeedExpansion(key, ExpansionScratch()), seeds(64), 64, 0).reshape(-1, 2) for key in (KEY, bytes(16))]
    )
    assert len(np.unique(made, axis=0)) == 2 * 64 * 64


def test_as_many_as_fit_and_not_one_more() -> None:
    expansion = SeedExpansion(KEY, ExpansionScratch())
    assert expansion.permute(seeds(128), CHUNK_BLOCKS // 128, 0).shape == (CHUNK_BLOCKS, 2)
    assert expansion.permute(seeds(0), 3, 0).shape == (0, 2)
    for some, blocks, first in (
        (seeds(129), CHUNK_BLOCKS // 128, 0),
        (seeds(1), 0, 0),
        (seeds(1), 1, -1),
        (seeds(1), 2, BLOCK_LIMIT - 1),
        (seeds(2)[:, :1], 1, 0),
        (seeds(4)[::2], 1, 0),
        (seeds(1).view(np.int64), 1, 0),
    ):
        with pytest.raises(UsageError):
            expansion.permute(some, blocks, first)
    with pytest.raises(UsageError):
        SeedExpansion(bytes(15), ExpansionScratch())


def test_wiping_leaves_nothing() -> None:
    scratch = ExpansionScratch()
    inner = SeedExpansion(KEY, scratch).permute(seeds(4), 4, 0)
    assert inner.any()
    assert scratch.points.any()
    scratch.wipe()
    assert not inner.any()
    assert not scratch.points.any()
    assert repr(SeedExpansion(KEY, ExpansionScratch())) == "<SeedExpansion>"


def test_scratch_space_is_used_by_one_key_after_the_other() -> None:
    scratch, other = ExpansionScratch(), bytes(16)
    for key in (KEY, other, KEY):
        assert np.array_equal(
            expanded(SeedExpansion(key, scratch), seeds(4), 4, 0),
            expanded(SeedExpansion(key, ExpansionScratch()), seeds(4), 4, 0),
        )
