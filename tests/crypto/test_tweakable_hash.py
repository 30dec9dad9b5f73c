"""The hash of OT rows equals H(x, i) = P(P(x) ^ i) ^ P(x) computed plainly; tweak and final XOR are both there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spdz.crypto import Prg
from spdz.crypto.domains import Domain
from spdz.crypto.hashing import derive
from spdz.crypto.tweakable_hash import HashScratch, TweakableHash, hash_key, xor_to_rows
from spdz.errors import UsageError

from . import references as ref

FIXED_KEY = bytes.fromhex("b14e730afc8af11a183b35cd6075a32a")


def reference(rows: NDArray[np.uint64], first_index: int, key: bytes = FIXED_KEY) -> NDArray[np.uint64]:
    aes = ref.Aes128(key)
    hashes = []
    for offset, row in enumerate(rows):
        inner = aes.encrypt_block(row.tobytes())
        index = (first_index + offset).to_bytes(16, "little")
        hashes.append(ref.xor(aes.encrypt_block(ref.xor(inner, index)), inner))
    return np.frombuffer(b"".join(hashes), np.uint64).reshape(-1, 2)


def random_rows(count: int, seed: int = 0) -> NDArray[np.uint64]:
    rows = np.empty((count, 2), np.uint64)
    Prg(seed.to_bytes(16, "little")).fill(rows)
    return rows


def hashed(rows: NDArray[np.uint64], first_index: int) -> NDArray[np.uint64]:
    out = np.zeros_like(rows)
    TweakableHash(FIXED_KEY).hash_rows(rows, first_index, out)
    return out


def test_the_key_belongs_to_session_pair_direction_and_extension() -> None:
    """Regression: one key served the whole world, so one table of images served against every OT ever made."""
    keys = [
        hash_key(session_id, receiver, sender, first)
        for session_id in (b"", bytes(32), b"\1" + bytes(31))
        for receiver, sender in ((0, 1), (1, 0), (0, 2), (2, 1))
        for first in (0, 256, 384)
    ]
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {16}
    assert hash_key(bytes(32), 0, 1, 256) == derive(Domain.OT_HASH_KEY, b"", 16, 0, 1, 256, session_id=bytes(32))


def test_known_answers() -> None:
    # Computed by the plain version once, so that a change of both would show.
    rows = np.array([[0, 0], [0, 0], [1, 0], [0x0706050403020100, 0x0F0E0D0C0B0A0908]], np.uint64)
    expected = [
        "57b6bc94bd4b433cc58b6ec607e76064",
        "be9a496f993735a3fc7d9c1566efdc3d",
        "1993cfd69fee547d92e804afd6b06f3c",
        "5be7c5aea1950ff820995ff240b76492",
    ]
    assert [row.tobytes().hex() for row in hashed(rows, 0)] == expected


@given(st.integers(0, 30), st.integers(0, 2**64 - 31), st.integers(0, 2**64))
@settings(deadline=None, max_examples=30)
def test_equals_the_plain_version(count: int, first_index: int, seed: int) -> None:
    rows = random_rows(count, seed)
    np.testing.assert_array_equal(hashed(rows, first_index), reference(rows, first_index))


@pytest.mark.parametrize("count", [2047, 2048, 2049, 4096, 5001])
def test_chunks_meet_without_a_seam(count: int) -> None:
    rows = random_rows(count)
    whole = hashed(rows, 2**40)
    np.testing.assert_array_equal(whole[::997], _every_997th(rows, 2**40))
    np.testing.assert_array_equal(whole[-1:], reference(rows[-1:], 2**40 + count - 1))
    pieces = [hashed(rows[start : start + 100], 2**40 + start) for start in range(0, count, 100)]
    np.testing.assert_array_equal(whole, np.concatenate(pieces))


def _every_997th(rows: NDArray[np.uint64], first_index: int) -> NDArray[np.uint64]:
    return np.concatenate([reference(rows[i : i + 1], first_index + i) for i in range(0, len(rows), 997)])


def test_one_object_serves_many_calls_and_in_place() -> None:
    hasher = TweakableHash(FIXED_KEY)
    for count in (3000, 5, 2048):
        rows = random_rows(count, count)
        expected = hashed(rows, 7)
        hasher.hash_rows(rows, 7, rows)
        np.testing.assert_array_equal(rows, expected)


def test_pitfall_10_the_tweak_and_the_final_xor_are_there() -> None:
    rows = np.zeros((2, 2), np.uint64)
    out = hashed(rows, 5)
    assert (out[0] != out[1]).all(), "equal rows at different indices hash differently"
    aes = ref.Aes128(FIXED_KEY)
    inner = aes.encrypt_block(bytes(16))
    without_final_xor = aes.encrypt_block(ref.xor(inner, (5).to_bytes(16, "little")))
    assert out[0].tobytes() != without_final_xor
    assert out[0].tobytes() == ref.xor(without_final_xor, inner)


def test_the_ends_of_the_index_range() -> None:
    rows = random_rows(4)
    np.testing.assert_array_equal(hashed(rows, 2**64 - 4), reference(rows, 2**64 - 4))
    for first_index in (-1, 2**64 - 3, 2**64, 2**70):
        with pytest.raises(UsageError, match="index"):
            hashed(rows, first_index)


def test_unfit_arrays_are_refused() -> None:
    good = np.zeros((4, 2), np.uint64)
    read_only = np.zeros((4, 2), np.uint64)
    read_only.flags.writeable = False
    hasher = TweakableHash(FIXED_KEY)
    for bad in (
        np.zeros((4, 2), np.int64),
        np.zeros((4, 3), np.uint64),
        np.zeros(8, np.uint64),
        np.zeros((4, 4), np.uint64)[:, ::2],
        np.zeros((8, 2), np.uint64)[::2],
        np.zeros((3, 2), np.uint64),
    ):
        with pytest.raises(UsageError):
            hasher.hash_rows(bad, 0, good)  # type: ignore[arg-type]
        with pytest.raises(UsageError):
            hasher.hash_rows(good, 0, bad)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="writable"):
        hasher.hash_rows(good, 0, read_only)
    hasher.hash_rows(read_only, 0, good)
    np.testing.assert_array_equal(good, reference(read_only, 0))


def test_another_key_is_another_hash() -> None:
    rows, out = random_rows(3), np.zeros((3, 2), np.uint64)
    TweakableHash(b"k" * 16).hash_rows(rows, 9, out)
    np.testing.assert_array_equal(out, reference(rows, 9, b"k" * 16))
    with pytest.raises(UsageError):
        TweakableHash(b"k" * 15)


def test_wipe_clears_the_scratch_buffers() -> None:
    hasher = TweakableHash(FIXED_KEY)
    rows = random_rows(10)
    hasher.hash_rows(rows, 0, np.zeros_like(rows))
    halves = hasher._scratch.halves(10)
    assert all(half.any() for half in halves)
    hasher.wipe()
    assert not any(half.any() for half in halves)
    assert repr(hasher) == "<TweakableHash>"


def test_the_hash_is_the_xor_of_its_halves_and_the_index() -> None:
    hasher, rows = TweakableHash(FIXED_KEY), random_rows(300)
    scratch, hashed = HashScratch(300), np.empty_like(rows)
    hasher.hash_rows(rows, 77, hashed)
    hasher.permute(rows, 77, scratch)
    inner, outer = scratch.halves(300)
    together = inner ^ outer
    together[:, 0] ^= np.arange(77, 377, dtype=np.uint64)
    assert (together == hashed).all()
    for misuse in (lambda: hasher.permute(random_rows(301), 0, scratch), lambda: hasher.permute(rows, -1, scratch)):
        with pytest.raises(UsageError):
            misuse()


def test_a_row_is_added_to_all_rows() -> None:
    rows, row = random_rows(5), random_rows(1)
    expected = rows ^ row
    xor_to_rows(rows, row)
    assert (rows == expected).all()
    with pytest.raises(UsageError):
        xor_to_rows(rows, row[0])
