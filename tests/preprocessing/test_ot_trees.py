"""The trees of the OT extension: the holder has all seeds but those at the complement of its Delta."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import pytest

from spdz.crypto import ggm
from spdz.crypto.ggm import expand
from spdz.crypto.hashing import derive, labelled_hash
from spdz.field import M61
from spdz.params import OT_TREE_BITS
from spdz.preprocessing.ot import trees as ot_trees
from spdz.preprocessing.ot.base import BaseOts
from spdz.preprocessing.ot.trees import Place, Trees, by_distance, deal, grow_trees, hold
from spdz.runtime.context import Context
from tests.support.costs import bytes_per_peer, stated_rounds
from tests.support.ot import DEPTHS, TreeBase
from tests.support.parties import Run, make_sessions, run

TREES = pytest.mark.parametrize("depth", [depth for depth in OT_TREE_BITS if depth > 1])


def grown(parties: int, depth: int, seed: bytes) -> tuple[Run, TreeBase]:
    """`grow_trees` after ideal base OTs."""
    base = TreeBase(parties, seed)

    async def main(ctx: Context) -> dict[int, Trees]:
        return await grow_trees(ctx, depth, base.deltas[ctx.party], base.ots[ctx.party])

    return run(make_sessions(parties, M61, seed), main), base


def natural(trees: Trees, delta: list[int], depth: int) -> np.ndarray:  # type: ignore[type-arg]
    """What is held, in the order of x, with zeros where nothing is known."""
    held = np.concatenate([np.zeros_like(trees.held[:, :1]), trees.held], axis=1)
    return by_distance(held, np.array(delta, np.uint8).reshape(-1, depth))


@DEPTHS
@pytest.mark.parametrize("parties", [2, 3])
def test_the_holder_lacks_one_leaf_of_each_tree_and_has_the_others(parties: int, depth: int, seed: bytes) -> None:
    ended, base = grown(parties, depth, seed)
    for holder, dealer in itertools.permutations(range(parties), 2):
        dealt = ended.results[dealer][holder].dealt
        delta = base.deltas[holder][dealer]
        assert dealt.shape == (128 // depth, 1 << depth, 16)
        assert ended.results[holder][dealer].held.shape == (128 // depth, (1 << depth) - 1, 16)
        found = natural(ended.results[holder][dealer], delta, depth)
        for tree in range(128 // depth):
            bits = delta[tree * depth : (tree + 1) * depth]
            missing = sum((1 - bit) << place for place, bit in enumerate(bits))
            for leaf in range(1 << depth):
                if leaf == missing:
                    assert not found[tree, leaf].any()
                else:
                    assert np.array_equal(found[tree, leaf], dealt[tree, leaf])


@DEPTHS
def test_no_two_seeds_are_equal(depth: int, seed: bytes) -> None:
    ended, _ = grown(3, depth, seed)
    seeds = [row.tobytes() for own in ended.results for trees in own.values() for row in trees.dealt.reshape(-1, 16)]
    assert len(seeds) == 6 * (128 // depth << depth)
    assert len(set(seeds)) == len(seeds)


def test_the_seeds_of_trees_of_one_base_ot_are_its_keys(seed: bytes) -> None:
    ended, base = grown(2, 1, seed)
    pairs, chosen = base.ots[0][1].pairs, base.ots[0][1].chosen
    trees = ended.results[0][1]
    assert [(first.tobytes(), second.tobytes()) for first, second in trees.dealt] == pairs
    assert [row.tobytes() for row in trees.held] == chosen
    assert ended.rounds == 0
    assert bytes_per_peer(ended) == {}


@TREES
def test_every_tree_has_a_fresh_root(depth: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """PITFALLS 13: drawn by the dealer for this peer and this session, also if all that is hashed were the same."""
    roots: list[bytes] = []
    original = ot_trees.ggm.expand

    def spy(seeds: ot_trees.Seeds, depth: int, keys: ggm.SideKeys) -> object:
        roots.extend(row.tobytes() for row in seeds)
        return original(seeds, depth, keys)

    monkeypatch.setattr(ot_trees.ggm, "expand", spy)
    for turn in range(2):
        base = TreeBase(3, seed)
        run(
            make_sessions(3, M61, bytes([turn]) + seed[1:]),
            lambda ctx, base=base: grow_trees(ctx, depth, base.deltas[ctx.party], base.ots[ctx.party]),
        )
    assert len(set(roots)) == len(roots) == 2 * 6 * (128 // depth)


@TREES
@pytest.mark.parametrize("parties", [2, 3])
def test_what_is_sent(parties: int, depth: int, seed: bytes) -> None:
    ended, _ = grown(parties, depth, seed)
    assert ended.rounds == stated_rounds(grow_trees) == 1
    assert bytes_per_peer(ended) == {"setup.ot_trees": 4096 + 32 * (128 // depth) + 32}


@TREES
def test_the_message_is_what_the_wire_document_says(depth: int, seed: bytes) -> None:
    """Computed anew from the trees of `ggm`, with the hashes spelled out."""
    place, base = Place(b"session", 4, 2), TreeBase(2, seed)
    roots = np.frombuffer(hashlib.shake_128(seed).digest(128 // depth * 16), np.uint8).reshape(-1, 16)
    message, seeds = deal(place, roots, depth, base.ots[0][1].pairs)
    sides = ggm.side_keys(b"session", "ot trees", 4, 2)
    leaves, sums = expand(roots, depth, sides)
    keys = [key for pair in base.ots[0][1].pairs for key in pair]
    expected, checks, totals = b"", b"", b""
    for tree, level, side in np.ndindex(128 // depth, depth, 2):
        key = np.frombuffer(keys[2 * (tree * depth + level) + side], np.uint64)
        expected += (sums[tree, level, side] ^ key).tobytes()
    for tree in range(128 // depth):
        total = 0
        for leaf in range(1 << depth):
            data = leaves[tree, leaf].tobytes()
            value = derive(ot_trees.Domain.OT_TREE_LEAF, data, 48, 4, 2, tree, leaf, session_id=b"session")
            assert seeds[tree, leaf].tobytes() == value[32:]
            checks += value[:32]
            total ^= int.from_bytes(value[:32], "little")
        totals += total.to_bytes(32, "little")
    digest = labelled_hash(ot_trees.Domain.OT_TREE_CHECK, 4, 2, checks, session_id=b"session")
    assert message == expected + totals + digest


@TREES
def test_session_and_both_parties_are_in_every_seed_and_in_the_check(depth: int, seed: bytes) -> None:
    """The same trees at another place have other seeds, and their message is refused there."""
    base = TreeBase(2, seed)
    roots = np.zeros((128 // depth, 16), np.uint8)
    pairs = base.ots[0][1].pairs
    places = [Place(b"a", 0, 1), Place(b"b", 0, 1), Place(b"a", 2, 1), Place(b"a", 0, 2), Place(b"a", 1, 0)]
    messages, seeds = zip(*(deal(place, roots, depth, pairs) for place in places), strict=True)
    assert len({each.tobytes() for each in seeds}) == len({message[-32:] for message in messages}) == len(places)
    delta = np.array(base.deltas[1][0], np.uint8).reshape(-1, depth)
    for place, message in zip(places, messages, strict=True):
        for other in places:
            if other == place:
                assert hold(other, delta, base.ots[1][0].chosen, memoryview(message)).any()
            else:
                with pytest.raises(ot_trees.OtConsistencyFailed):
                    hold(other, delta, base.ots[1][0].chosen, memoryview(message))


@DEPTHS
def test_by_distance_is_the_xor_with_the_complement(depth: int, seed: bytes) -> None:
    base = TreeBase(2, seed)
    delta = np.array(base.deltas[0][1], np.uint8).reshape(-1, depth)
    rows = np.arange(delta.shape[0] * (1 << depth), dtype=np.uint32).reshape(delta.shape[0], -1)
    wide = np.zeros((*rows.shape, 16), np.uint8)
    wide[:, :, :4] = rows[:, :, None].view(np.uint8)
    ordered = np.ascontiguousarray(by_distance(wide, delta)[:, :, :4]).view(np.uint32)[:, :, 0]
    for tree, bits in enumerate(delta):
        alpha = sum(int(1 - bit) << place for place, bit in enumerate(bits))
        assert [int(ordered[tree, distance]) for distance in range(1 << depth)] == [
            int(rows[tree, distance ^ alpha]) for distance in range(1 << depth)
        ]


def test_base_ots_beyond_the_first_128_are_left_alone(seed: bytes) -> None:
    """They belong to the key share."""
    base = TreeBase(2, seed)
    more = {1: BaseOts([*base.ots[0][1].chosen, bytes(16)], [*base.ots[0][1].pairs, (bytes(16), bytes(16))])}
    place, roots = Place(b"session", 0, 1), np.zeros((64, 16), np.uint8)
    assert deal(place, roots, 2, more[1].pairs)[0] == deal(place, roots, 2, base.ots[0][1].pairs)[0]
