"""OT extension: q = t ^ x Delta row by row, for any number of extensions after one set-up."""

from __future__ import annotations

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.preprocessing.ot_extension import MASK_ROWS, column_bytes
from tests.support.ot import OtPair

KEY = b"a tossed key 16b"


@pytest.mark.parametrize("rows", [128, 256, 1280])
def test_every_row_and_column_satisfies_the_relation(rows: int, seed: bytes) -> None:
    pair = OtPair(seed)
    pair.extend(rows)
    t, q = pair.receiver._columns, pair.sender._columns
    assert t.shape == q.shape == (128, (rows + MASK_ROWS) // 8)
    x, delta = pair.receiver._choices, np.array(pair.delta, np.uint8)
    assert np.array_equal(t ^ q, np.outer(delta, x))


def test_the_receiver_knows_the_chosen_hash_of_each_row_and_not_the_other(seed: bytes) -> None:
    pair = OtPair(seed)
    bits = pair.extend(256)
    for start, count in ((0, 256), (64, 128), (192, 64)):
        mine, zero, one = pair.hashed(start, count)
        chosen = bits[start : start + count, None]
        assert np.array_equal(mine, np.where(chosen, one, zero))
        assert not (mine == np.where(chosen, zero, one)).any()


def test_an_honest_check_passes_under_any_key_and_after_any_number_of_extensions(seed: bytes) -> None:
    pair = OtPair(seed)
    for rows in (128, 256, 128):
        pair.extend(rows)
        key = pair.randomness.bytes(16)
        pair.sender.check(key, memoryview(pair.receiver.digests(key)), peer=0)
        pair.sender.finish()
        pair.receiver.finish()


def test_the_mask_rows_hide_what_the_digest_says_about_the_choices(seed: bytes) -> None:
    """The same choices under the same key: the extra rows make the digest of x another one each time."""
    pair = OtPair(seed)
    choices = np.zeros(16, np.uint8)
    digests = set()
    for _ in range(8):
        pair.receiver.extend(choices, pair.randomness)
        digests.add(pair.receiver.digests(KEY)[-16:])
        pair.receiver.finish()
    assert len(digests) == 8


def test_streams_go_on_from_one_extension_to_the_next(seed: bytes) -> None:
    """Equal choices give other columns: a stream that began anew would give the XOR of the choices away."""
    pair = OtPair(seed)
    seen: list[bytes] = []
    for _ in range(3):
        pair.receiver.extend(np.zeros(16, np.uint8), pair.randomness)
        seen += [pair.receiver._columns[column].tobytes()[:16] for column in range(128)]
        pair.receiver.finish()
    assert len(set(seen)) == 3 * 128


@pytest.mark.parametrize("rows", [1, 127, 129, 192])
def test_a_number_of_rows_that_leaves_a_tail_is_refused(rows: int) -> None:
    """PITFALLS 9: there is no tail that a check could leave out, because there is no tail."""
    with pytest.raises(UsageError, match="multiple of 128"):
        column_bytes(rows)


def test_finishing_overwrites_the_columns(seed: bytes) -> None:
    pair = OtPair(seed)
    pair.extend(128)
    held = (pair.receiver._columns, pair.receiver._choices, pair.sender._columns)
    assert all(array.any() for array in held)
    pair.receiver.finish()
    pair.sender.finish()
    assert not any(array.any() for array in held)
