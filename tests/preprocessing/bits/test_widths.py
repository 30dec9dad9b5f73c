"""OT extensions of 192 and of 64 columns after one set-up: the relation, streams in step, what is hashed, the check."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spdz.crypto.prg import Prg
from spdz.crypto.tweakable_hash import TweakableHash
from spdz.crypto.universal_hash import UniversalHash
from spdz.errors import InternalError, OtConsistencyFailed
from spdz.preprocessing.bits.links import BIT_OTS, DELTA_BITS, WORD_BITS
from spdz.preprocessing.ot import trees as ot_trees
from spdz.preprocessing.ot.extension import (
    DIGEST_BYTES,
    MASK_ROWS,
    NarrowReceiverRows,
    NarrowSenderRows,
    OtReceiver,
    OtSender,
    Place,
    ReceiverRows,
    SenderRows,
    column_bytes,
)
from spdz.preprocessing.ot.instance import FIELD_OTS
from tests.support.interference import POSITIONS, position
from tests.support.ot import DEPTHS, OtPair, TreeBase
from tests.support.statistics import assert_probability

ORDERS = pytest.mark.parametrize("order", ["wn", "nw", "wnnw", "nnw", "wwn"])
NARROW = pytest.mark.parametrize("narrow", [False, True], ids=["wide", "narrow"])
KEY = b"a tossed key 16b"


class Ends:
    """One extension at both ends."""

    def __init__(self, pair: OtPair, rows: int, *, narrow: bool, flip: tuple[list[int], bytes] | None = None) -> None:
        """`flip` is XORed to what the trees that it names are sent."""
        choices = np.frombuffer(pair.randomness.bytes(rows // 8), np.uint8)
        self.received: ReceiverRows | NarrowReceiverRows
        self.sent: SenderRows | NarrowSenderRows
        if narrow:
            message, self.received = pair.receiver.extend_narrow(choices, pair.randomness)
        else:
            message, self.received = pair.receiver.extend(choices, pair.randomness)
        if flip is not None:
            message[flip[0]] ^= np.frombuffer(flip[1], np.uint8)
        self.message = message.tobytes()
        extend = pair.sender.extend_narrow if narrow else pair.sender.extend
        self.sent = extend(memoryview(self.message), rows)
        self.columns = WORD_BITS if narrow else DELTA_BITS

    def finish(self) -> None:
        self.received.finish()
        self.sent.finish()


@DEPTHS
@ORDERS
def test_both_widths_satisfy_the_relation_in_any_order(order: str, depth: int, seed: bytes) -> None:
    """Streams that were out of step after a narrow extension would spoil all that follow."""
    pair = OtPair(seed, depth, BIT_OTS)
    for turn, width in enumerate(order):
        ends = Ends(pair, 128 * (1 + turn % 3), narrow=width == "n")
        assert ends.received.columns.shape == (ends.columns, column_bytes(128 * (1 + turn % 3)))
        expected = np.outer(np.array(pair.delta, np.uint8)[: ends.columns], ends.received.choices)
        assert np.array_equal(ends.received.columns ^ ends.sent.columns, expected)
        assert len(ends.message) == pair.sender.message_bytes(ends.received.choices.size * 8 - 128, narrow=width == "n")
        key = pair.randomness.bytes(16)
        ends.sent.check(key, memoryview(ends.received.digests(key)), peer=0)
        ends.finish()


@DEPTHS
def test_a_narrow_extension_moves_the_streams_of_the_first_trees_only(depth: int, seed: bytes) -> None:
    """From the definition: where each column of a wide extension begins in the streams of its leaves."""
    pair, length = OtPair(seed, depth, BIT_OTS), column_bytes(128)
    for narrow in (True, False, True):
        Ends(pair, 128, narrow=narrow).finish()
    ends = Ends(pair, 128, narrow=False)
    for tree, leaves in enumerate(pair.dealt):
        skipped = length * (3 if tree * depth < WORD_BITS else 1)
        streams = [Prg(leaf.tobytes()).bytes(skipped + length)[skipped:] for leaf in leaves]
        whole = [np.frombuffer(stream, np.uint8) for stream in streams]
        for bit in range(depth):
            without = [stream for x, stream in enumerate(whole) if not x >> bit & 1]
            assert np.array_equal(ends.received.columns[tree * depth + bit], np.bitwise_xor.reduce(without))


def test_nothing_of_a_narrow_extension_can_be_hashed(seed: bytes) -> None:
    """Neither end has a hash, a key or an index for it, nor a way to get at blocks."""
    pair = OtPair(seed, 4, BIT_OTS)
    narrow, wide = Ends(pair, 128, narrow=True), Ends(pair, 128, narrow=False)
    for name in ("hash", "hashed", "hash_halves", "buffers", "load", "block", "first_index", "_hash_key"):
        for ends, has in ((narrow, False), (wide, True)):
            assert hasattr(ends.received, name) == hasattr(ends.sent, name) == has, name
    # Nor does it use up indices: those of both ends belong to wide extensions alone.
    assert isinstance(wide.received, ReceiverRows)
    assert wide.received.first_index == 0
    assert pair.receiver._next_index == pair.sender._next_index == 128 + MASK_ROWS


def test_the_field_has_no_narrow_extension(seed: bytes) -> None:
    pair = OtPair(seed, 4)
    with pytest.raises(InternalError, match="no narrow extension"):
        pair.receiver.extend_narrow(np.zeros(16, np.uint8), pair.randomness)
    with pytest.raises(InternalError, match="no narrow extension"):
        pair.sender.extend_narrow(memoryview(bytes(512)), 128)
    with pytest.raises(InternalError, match="no narrow extension"):
        pair.sender.message_bytes(128, narrow=True)


def rows_of(columns: NDArray[np.uint8]) -> NDArray[np.uint64]:
    bits = np.unpackbits(columns, axis=1, bitorder="little").T
    return np.ascontiguousarray(np.packbits(bits, axis=1, bitorder="little")).view(np.uint64)


@DEPTHS
def test_blocks_are_the_last_128_columns_and_no_mac_bit_enters_a_hash(depth: int, seed: bytes) -> None:
    pair = OtPair(seed, depth, BIT_OTS)
    Ends(pair, 128, narrow=True).finish()
    ends = Ends(pair, 256, narrow=False)
    pair.received, pair.sent = ends.received, ends.sent  # type: ignore[assignment]  # wide
    mine, zero, one = pair.hashed(64, 128)
    chosen = np.unpackbits(ends.received.choices, bitorder="little")[64:192, None]
    assert np.array_equal(mine, np.where(chosen, one, zero))
    assert not (mine == np.where(chosen, zero, one)).any()
    hash_, delta = TweakableHash(pair.sent._hash_key), np.packbits(pair.delta[WORD_BITS:], bitorder="little")
    blocks, expected = (
        np.ascontiguousarray(rows_of(ends.sent.columns[WORD_BITS:])[64:192]),
        np.empty((128, 2), np.uint64),
    )
    for out, difference in ((zero, 0), (one, delta.view(np.uint64))):
        hash_.hash_rows(blocks ^ difference, 64, expected)
        assert np.array_equal(out, expected)


# -- the check --------------------------------------------------------------------------------------------------------


def survives(pair: OtPair, trees: list[int], guesses: list[int], *, narrow: bool, place: int = 5) -> bool:
    """Flip a choice bit in the columns of `trees`, and send digests that fit if Delta is `guesses` there."""
    row = np.zeros(32, np.uint8)
    row[place] = 1
    ends = Ends(pair, 128, narrow=narrow, flip=(trees, row.tobytes()))
    key = pair.randomness.bytes(16)
    error = np.frombuffer(UniversalHash(key, 32).digest(memoryview(row)), np.uint8)
    digests = np.frombuffer(ends.received.digests(key), np.uint8).reshape(-1, DIGEST_BYTES).copy()
    assert len(digests) == ends.columns + 1
    columns = [tree * pair.depth + bit for tree in trees for bit in range(pair.depth)]
    for column, guess in zip(columns, guesses, strict=True):
        digests[column] ^= guess * error
    try:
        ends.sent.check(key, memoryview(digests.tobytes()), peer=0)
    except OtConsistencyFailed as failed:
        return (failed.step, failed.blamed) != ("bits.digests", 0)
    finally:
        ends.finish()
    return True


@DEPTHS
@NARROW
@pytest.mark.parametrize("place", POSITIONS)
def test_another_choice_bit_in_a_single_tree(place: str, narrow: bool, depth: int, seed: bytes) -> None:
    """The first, the middle and the last tree: found exactly if one of its bits of Delta is not zero."""
    found = set()
    for turn in range(24 // depth):
        pair = OtPair(bytes([turn]) + seed[1:], depth, BIT_OTS)
        tree = position(place, (WORD_BITS if narrow else DELTA_BITS) // depth)
        passed = survives(pair, [tree], [0] * depth, narrow=narrow, place=turn % 32)
        assert passed == (not any(pair.delta[tree * depth : (tree + 1) * depth]))
        found.add(not passed)
    assert True in found


@DEPTHS
@NARROW
@pytest.mark.parametrize("place", POSITIONS)
def test_a_digest_that_fits_all_columns_of_a_tree_but_one(place: str, narrow: bool, depth: int, seed: bytes) -> None:
    pair = OtPair(seed, depth, BIT_OTS)
    tree = position(place, (WORD_BITS if narrow else DELTA_BITS) // depth)
    for wrong in range(depth):
        guesses = pair.delta[tree * depth : (tree + 1) * depth]
        assert survives(pair, [tree], guesses, narrow=narrow)
        guesses[wrong] ^= 1
        assert not survives(pair, [tree], guesses, narrow=narrow)


@pytest.mark.parametrize(
    ("narrow", "column"), [(True, 0), (True, 63), (False, 0), (False, 63), (False, 64), (False, 191)]
)
def test_a_changed_digest_of_any_column(narrow: bool, column: int, seed: bytes) -> None:
    pair = OtPair(seed, 4, BIT_OTS)
    ends = Ends(pair, 128, narrow=narrow)
    digests = bytearray(ends.received.digests(KEY))
    digests[column * DIGEST_BYTES + 3] ^= 16
    with pytest.raises(OtConsistencyFailed):
        ends.sent.check(KEY, memoryview(digests), peer=0)
    digests[column * DIGEST_BYTES + 3] ^= 16
    ends.sent.check(KEY, memoryview(digests), peer=0)
    digests[-1] ^= 1
    with pytest.raises(OtConsistencyFailed):
        ends.sent.check(KEY, memoryview(digests), peer=0)


@NARROW
@pytest.mark.parametrize(("depth", "trees"), [(1, 1), (1, 3), (2, 1), (4, 1)])
def test_guessing_bits_of_delta_halves_the_chances_with_each_bit(
    depth: int, trees: int, narrow: bool, seed: bytes
) -> None:
    trials, bits, pair, survived = 400, trees * depth, OtPair(seed, depth, BIT_OTS), 0
    for _ in range(trials):
        noise = pair.randomness.bytes(1 + bits)
        chosen = [(noise[0] + 7 * step) % ((WORD_BITS if narrow else DELTA_BITS) // depth) for step in range(trees)]
        guesses = [byte & 1 for byte in noise[1:]]
        passed = survives(pair, chosen, guesses, narrow=narrow)
        assert passed == (guesses == [pair.delta[tree * depth + bit] for tree in chosen for bit in range(depth)])
        survived += passed
    assert_probability(survived, trials, 2.0**-bits)


@NARROW
def test_the_mask_rows_hide_what_the_digest_says_about_the_choices(narrow: bool, seed: bytes) -> None:
    pair, digests = OtPair(seed, 4, BIT_OTS), set()
    extend = pair.receiver.extend_narrow if narrow else pair.receiver.extend
    for _ in range(8):
        _, rows = extend(np.zeros(16, np.uint8), pair.randomness)
        digests.add(rows.digests(KEY)[-16:])
        rows.finish()
    assert len(digests) == 8


# -- apart from everything else ---------------------------------------------------------------------------------------


def test_hash_keys_differ_between_instances_extensions_pairs_and_sessions(seed: bytes) -> None:
    keys = []
    places = (Place(b"one", 0, 1), Place(b"one", 1, 0), Place(b"one", 0, 2), Place(b"two", 0, 1))
    for instance in (FIELD_OTS, BIT_OTS):
        pair = OtPair(seed, 4, instance)
        for place in places:
            ends = [OtReceiver(place, pair.dealt, instance), OtSender(place, pair.delta, pair.dealt[:, 1:], instance)]
            for _ in range(2):
                (first, key), same = (end._new_index(256) for end in ends)
                assert (first, key) == same
                keys.append(key)
    assert len(set(keys)) == len(keys) == 2 * 4 * 2


def test_trees_of_two_instances_from_the_same_keys_and_roots_have_nothing_in_common(seed: bytes) -> None:
    """Nodes, leaves' seeds, what is sent, and the hash of the check."""
    pairs = TreeBase(2, seed).ots[0][1].pairs
    roots = np.frombuffer(seed * 16, np.uint8).reshape(32, 16)
    (message, seeds), (other, others) = (
        ot_trees.deal(ot_trees.Place(b"session", 0, 1, instance), roots, 4, pairs) for instance in (FIELD_OTS, BIT_OTS)
    )
    assert len(message) == len(other)
    assert not {message[at : at + 16] for at in range(0, len(message), 16)} & {
        other[at : at + 16] for at in range(0, len(other), 16)
    }
    assert not {row.tobytes() for row in seeds.reshape(-1, 16)} & {row.tobytes() for row in others.reshape(-1, 16)}


def test_a_holder_refuses_trees_of_the_other_instance(seed: bytes) -> None:
    base = TreeBase(2, seed)
    place = ot_trees.Place(b"session", 0, 1, BIT_OTS)
    roots = np.frombuffer(seed * 16, np.uint8).reshape(32, 16)
    message, _ = ot_trees.deal(ot_trees.Place(b"session", 0, 1), roots, 4, base.ots[1][0].pairs)
    delta = np.array(base.deltas[0][1], np.uint8).reshape(-1, 4)
    with pytest.raises(OtConsistencyFailed) as caught:
        ot_trees.hold(place, delta, base.ots[0][1].chosen, memoryview(message))
    assert caught.value.step == "bits.trees"


@NARROW
def test_finishing_and_wiping_overwrite_the_rows(narrow: bool, seed: bytes) -> None:
    pair = OtPair(seed, 4, BIT_OTS)
    first, second = Ends(pair, 128, narrow=narrow), Ends(pair, 128, narrow=narrow)
    for ends, end in ((first, first.finish), (second, lambda: (pair.receiver.wipe(), pair.sender.wipe()))):
        held = [ends.received.columns, ends.received.choices, ends.sent.columns]
        assert all(array.any() for array in held)
        end()
        assert not any(array.any() for array in held)
    assert not pair.sender.masks.any()
    assert not pair.sender.delta_row.any()


def test_memory_of_each_width_is_used_again(seed: bytes) -> None:
    pair, memories = OtPair(seed, 4, BIT_OTS), []
    for _ in range(2):
        both = [Ends(pair, 128, narrow=narrow) for narrow in (False, True)]
        memories.append([id(ends.received.memory) for ends in both])
        for ends in both:
            ends.finish()
    assert memories[0] == memories[1]
    assert len(set(memories[0])) == 2
