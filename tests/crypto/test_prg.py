"""The PRG is AES-128-CTR from counter zero, whatever the buffer and however the stream is cut."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CTR, ECB
from hypothesis import given, settings
from hypothesis import strategies as st

from spdz.crypto import Prg
from spdz.errors import UsageError

from . import references as ref

SEED = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")


def _stream(seed: bytes, count: int) -> bytes:
    """The stream by the library in one call, apart from everything the class does."""
    return Cipher(AES128(seed), CTR(bytes(16))).encryptor().update(bytes(count))


def test_published_blocks_of_the_zero_key() -> None:
    # McGrew and Viega, GCM test case 1: E(0, 0) is the hash key and E(0, 1) masks the tag.
    assert Prg(bytes(16)).bytes(32).hex() == "66e94bd4ef8a2c3b884cfa59ca342b2e58e2fccefa7e3061367f1d57a4e7455a"


def test_equals_plain_aes() -> None:
    assert Prg(SEED).bytes(1000) == ref.Aes128(SEED).ctr_stream(0, 63)[:1000]


@given(st.lists(st.one_of(st.integers(0, 40), st.sampled_from([65535, 65536, 65537, 200_001])), max_size=5))
@settings(deadline=None, max_examples=50)
def test_the_stream_does_not_depend_on_the_cuts(cuts: list[int]) -> None:
    prg = Prg(SEED)
    assert b"".join(prg.bytes(cut) for cut in cuts) == _stream(SEED, sum(cuts))


@pytest.mark.parametrize("first_block", [1, 5, 12_800])
def test_a_stream_can_be_entered_at_any_block(first_block: int) -> None:
    assert Prg(SEED, first_block).bytes(50) == _stream(SEED, 16 * first_block + 50)[16 * first_block :]


def test_every_kind_of_buffer() -> None:
    expected = _stream(SEED, 240)
    words = np.zeros((5, 6), np.uint64)
    Prg(SEED).fill(words)
    assert words.tobytes() == expected
    array = bytearray(240)
    Prg(SEED).fill(array)
    assert array == expected
    signed = np.zeros(30, np.int64)
    Prg(SEED).fill(signed.data)
    assert signed.tobytes() == expected
    matrix = np.zeros((2, 240), np.uint8)
    Prg(SEED).fill(matrix[1])
    assert matrix[1].tobytes() == expected
    assert not matrix[0].any()
    Prg(SEED).fill(memoryview(array)[100:100])
    Prg(SEED).fill(np.empty((0, 3), np.uint64))


def test_nothing_beyond_the_buffer_is_written() -> None:
    buffer = bytearray(b"\xaa" * 70_000)
    Prg(SEED).fill(memoryview(buffer)[5:68_005])
    assert buffer[:5] == b"\xaa" * 5
    assert buffer[68_005:] == b"\xaa" * 1995
    assert buffer[5:68_005] == _stream(SEED, 68_000)


@pytest.mark.parametrize("buffer", [bytes(8), memoryview(bytes(8)), np.zeros((4, 4))[:, ::2], np.zeros((4, 4)).T])
def test_unfit_buffers_are_refused(buffer: object) -> None:
    with pytest.raises(UsageError):
        Prg(SEED).fill(buffer)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [b"", bytes(15), bytes(17), bytes(32)])
def test_seeds_of_other_lengths_are_refused(seed: bytes) -> None:
    with pytest.raises(UsageError):
        Prg(seed)


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(UsageError):
        Prg(SEED).bytes(-1)


def test_a_wiped_prg_is_dead() -> None:
    prg = Prg(SEED)
    prg.wipe()
    prg.close()
    with pytest.raises(UsageError, match="wiped"):
        prg.bytes(1)


def test_the_seed_does_not_show() -> None:
    prg = Prg(SEED)
    assert repr(prg) == str(prg) == "<Prg>"
    with pytest.raises(TypeError):
        pickle.dumps(prg)


def test_what_update_into_asks_of_its_output_buffer() -> None:
    # The package relies on this: no slack for a stream mode, one block less one byte for a block mode.
    Cipher(AES128(SEED), CTR(bytes(16))).encryptor().update_into(bytes(37), bytearray(37))
    ecb = Cipher(AES128(SEED), ECB()).encryptor()
    assert ecb.update_into(bytes(32), bytearray(32 + 15)) == 32


def test_bits_are_balanced_at_every_position() -> None:
    # PITFALLS 13: a constant bit or a repeating pattern. 2^14 keys, 128 positions, six standard deviations.
    keys = np.frombuffer(Prg(SEED).bytes(16 << 14), np.uint8).reshape(1 << 14, 16)
    ones = np.unpackbits(keys, axis=1).sum(axis=0, dtype=np.int64)
    assert np.abs(ones - (1 << 13)).max() < 6 * 64
    assert len(np.unique(keys, axis=0)) == 1 << 14
