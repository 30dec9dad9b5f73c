"""OT extension: q = t ^ x Delta row by row, for any number of extensions after one set-up, with trees of any size."""

from __future__ import annotations

import numpy as np
import pytest

from spdz.crypto.prg import Prg
from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.errors import InternalError, UsageError
from spdz.preprocessing.ot import streams
from spdz.preprocessing.ot.extension import MASK_ROWS, OtReceiver, OtSender, column_bytes
from tests.support.ot import DEPTHS, PLACE, OtPair

KEY = b"a tossed key 16b"


@DEPTHS
@pytest.mark.parametrize("rows", [128, 256, 1280])
def test_every_row_and_column_satisfies_the_relation(rows: int, depth: int, seed: bytes) -> None:
    pair = OtPair(seed, depth)
    pair.extend(rows)
    t, q = pair.received.columns, pair.sent.columns
    assert t.shape == q.shape == (128, (rows + MASK_ROWS) // 8)
    x, delta = pair.received.choices, np.array(pair.delta, np.uint8)
    assert np.array_equal(t ^ q, np.outer(delta, x))


@DEPTHS
def test_the_receiver_knows_the_chosen_hash_of_each_row_and_not_the_other(depth: int, seed: bytes) -> None:
    pair = OtPair(seed, depth)
    bits = pair.extend(256)
    for start, count in ((0, 256), (64, 128), (192, 64)):
        mine, zero, one = pair.hashed(start, count)
        chosen = bits[start : start + count, None]
        assert np.array_equal(mine, np.where(chosen, one, zero))
        assert not (mine == np.where(chosen, zero, one)).any()


@DEPTHS
def test_an_honest_check_passes_under_any_key_and_after_any_number_of_extensions(depth: int, seed: bytes) -> None:
    pair = OtPair(seed, depth)
    for rows in (128, 256, 128):
        pair.extend(rows)
        key = pair.randomness.bytes(16)
        pair.sent.check(key, memoryview(pair.received.digests(key)), peer=0)
        pair.finish()


@DEPTHS
def test_the_mask_rows_hide_what_the_digest_says_about_the_choices(depth: int, seed: bytes) -> None:
    """The same choices under the same key: the extra rows make the digest of x another one each time."""
    pair = OtPair(seed, depth)
    choices = np.zeros(16, np.uint8)
    digests = set()
    for _ in range(8):
        _, rows = pair.receiver.extend(choices, pair.randomness)
        digests.add(rows.digests(KEY)[-16:])
        rows.finish()
    assert len(digests) == 8


@DEPTHS
def test_streams_go_on_from_one_extension_to_the_next(depth: int, seed: bytes) -> None:
    """Equal choices give other columns: a stream that began anew would give the XOR of the choices away."""
    pair = OtPair(seed, depth)
    seen: list[bytes] = []
    for _ in range(3):
        _, rows = pair.receiver.extend(np.zeros(16, np.uint8), pair.randomness)
        seen += [rows.columns[column].tobytes()[:16] for column in range(128)]
        rows.finish()
    assert len(set(seen)) == 3 * 128


@DEPTHS
def test_what_is_sent_has_one_column_for_each_tree(depth: int, seed: bytes) -> None:
    pair = OtPair(seed, depth)
    message, rows = pair.receiver.extend(np.zeros(16, np.uint8), pair.randomness)
    assert message.shape == (128 // depth, 32)
    assert rows.choices.size == 32
    assert message.nbytes == pair.receiver.message_bytes(128) == pair.sender.message_bytes(128)


@DEPTHS
def test_the_columns_are_the_sums_of_the_leaves(depth: int, seed: bytes) -> None:
    """From the definition, on whole streams: t of bit b from the leaves without it, u from all."""
    pair, length = OtPair(seed, depth), column_bytes(128)
    message, rows = pair.receiver.extend(np.zeros(16, np.uint8), pair.randomness)
    for tree, leaves in enumerate(pair.dealt):
        whole = [np.frombuffer(Prg(leaf.tobytes()).bytes(length), np.uint8) for leaf in leaves]
        for bit in range(depth):
            without = [stream for x, stream in enumerate(whole) if not x >> bit & 1]
            assert np.array_equal(rows.columns[tree * depth + bit], np.bitwise_xor.reduce(without))
        assert np.array_equal(message[tree], np.bitwise_xor.reduce(whole) ^ rows.choices)


def test_trees_of_one_base_ot_are_iknp(seed: bytes) -> None:
    """t = PRG(k0), u = PRG(k0) ^ PRG(k1) ^ x, q = PRG(k_Delta) ^ Delta u."""
    randomness = deterministic_randomness_for_tests(seed, "keys")
    keys = np.frombuffer(randomness.bytes(128 * 2 * 16), np.uint8).reshape(128, 2, 16)
    delta = [byte & 1 for byte in randomness.bytes(128)]
    receiver, sender = OtReceiver(PLACE, keys), OtSender(PLACE, delta, keys[np.arange(128), delta].reshape(128, 1, 16))
    message, received = receiver.extend(np.frombuffer(randomness.bytes(16), np.uint8), randomness)
    sent = sender.extend(memoryview(message.tobytes()), 128)
    first, second = (
        np.array([np.frombuffer(Prg(key.tobytes()).bytes(32), np.uint8) for key in keys[:, side]]) for side in (0, 1)
    )
    assert np.array_equal(received.columns, first)
    assert np.array_equal(message, first ^ second ^ received.choices)
    bits = np.array(delta, np.uint8)[:, None]
    assert np.array_equal(sent.columns, np.where(bits == 1, second ^ message, first))


@DEPTHS
def test_chunks_meet_without_a_seam(depth: int, seed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns do not depend on how the streams are cut, nor on how the trees are shared out."""
    choices = np.frombuffer(bytes(range(160)), np.uint8)
    found = []
    for words, threads in ((None, 1), (4, 1), (3, 5)):
        if words is not None:
            monkeypatch.setattr(streams, "_chunk_words", lambda depth, words=words: words)
        pair = OtPair(seed, depth)
        message, received = pair.receiver.extend(choices, pair.randomness, threads)
        sent = pair.sender.extend(memoryview(message.tobytes()), 1280, threads)
        found.append(message.tobytes() + received.columns.tobytes() + sent.columns.tobytes())
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("rows", [1, 127, 129, 192])
def test_a_number_of_rows_that_leaves_a_tail_is_refused(rows: int) -> None:
    """PITFALLS 9: there is no tail that a check could leave out, because there is no tail."""
    with pytest.raises(UsageError, match="multiple of 128"):
        column_bytes(rows)


@DEPTHS
def test_finishing_overwrites_the_rows(depth: int, seed: bytes) -> None:
    pair = OtPair(seed, depth)
    pair.extend(128)
    held = [pair.received.columns, pair.received.choices, pair.sent.columns]
    held += [piece for end in (pair.receiver, pair.sender) for piece in end.streams._pieces]
    assert all(array.any() for array in held)
    pair.finish()
    assert not any(array.any() for array in held)


def test_rows_of_an_extension_that_is_over_cannot_be_read(seed: bytes) -> None:
    pair = OtPair(seed)
    pair.extend(128)
    pair.finish()
    for rows in (pair.received, pair.sent):
        with pytest.raises(InternalError, match="after it was over"):
            rows.load(0, 128, np.empty((128, 2), np.uint64))
        with pytest.raises(InternalError, match="after it was over"):
            rows.finish()
    assert not pair.receiver.open_rows
    assert not pair.sender.open_rows


def test_each_extension_hashes_under_a_key_of_its_own(seed: bytes) -> None:
    pair, keys = OtPair(seed), []
    for _ in range(2):
        pair.extend(128)
        assert pair.received._hash_key == pair.sent._hash_key
        keys.append(pair.received._hash_key)
        pair.finish()
    assert len(set(keys)) == 2


def test_rows_of_two_extensions_stand_side_by_side(seed: bytes) -> None:
    """Each keeps its own columns and indices, also when the first one is over before the second."""
    pair = OtPair(seed)
    bits, ends = [], []
    for rows in (256, 128):
        bits.append(pair.extend(rows))
        ends.append((pair.received, pair.sent))
    assert [received.first_index for received, _ in ends] == [0, 256 + MASK_ROWS]
    for (pair.received, pair.sent), chosen in zip(ends, bits, strict=True):
        mine, zero, one = pair.hashed(0, len(chosen))
        assert np.array_equal(mine, np.where(chosen[:, None], one, zero))
        pair.finish()


def test_wiping_an_end_overwrites_open_rows(seed: bytes) -> None:
    pair = OtPair(seed)
    pair.extend(128)
    held = [pair.received.columns, pair.received.choices, pair.sent.columns]
    pair.receiver.wipe()
    pair.sender.wipe()
    assert not any(array.any() for array in held)
