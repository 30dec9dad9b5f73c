"""The universal hash is GHASH without its constant parts: equal to plain arithmetic, linear, of one length."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spdz.crypto import UniversalHash, universal_hash
from spdz.errors import UsageError

from . import references as ref

KEY = bytes.fromhex("feffe9928665731c6d6a8f9467308308")

BLOCKS = st.integers(1, 20).flatmap(
    lambda blocks: st.tuples(*[st.binary(min_size=16 * blocks, max_size=16 * blocks)] * 2)
)


def _reference(key: bytes, data: bytes) -> bytes:
    h = ref.Aes128(key).encrypt_block(bytes(16))
    # GHASH of the data followed by a zero block: A_1 H^(m+1) + ... + A_m H^2.
    return ref.ghash(h, data + bytes(16))


def test_published_hash_point() -> None:
    # GCM specification, test cases 2 and 3. The digest of the block "1" is H^2.
    for key, h in ((bytes(16), "66e94bd4ef8a2c3b884cfa59ca342b2e"), (KEY, "b83b533708bf535d0aa6e52980d53b78")):
        point = int(h, 16)
        one = (1 << 127).to_bytes(16, "big")
        assert UniversalHash(key, 16).digest(one) == ref.gf128_multiply(point, point).to_bytes(16, "big")


def test_published_ghash() -> None:
    # Test case 2: GHASH(C, lengths) = C H^2 + lengths H, so it is the digest of C plus the length block times H.
    h = int("66e94bd4ef8a2c3b884cfa59ca342b2e", 16)
    digest = int.from_bytes(
        UniversalHash(bytes(16), 16).digest(bytes.fromhex("0388dace60b6a392f328c2b971b2fe78")), "big"
    )
    assert digest ^ ref.gf128_multiply(128, h) == int("f38cbb1ad69223dcc3457ae5b6b0f885", 16)


@given(st.binary(min_size=16, max_size=16), BLOCKS)
@settings(deadline=None)
def test_equals_plain_arithmetic_and_is_linear(key: bytes, pair: tuple[bytes, bytes]) -> None:
    a, b = pair
    hasher = UniversalHash(key, len(a))
    assert hasher.digest(a) == _reference(key, a)
    assert hasher.digest(ref.xor(a, b)) == ref.xor(hasher.digest(a), hasher.digest(b))


def test_zero_hashes_to_zero_and_one_bit_does_not() -> None:
    for length in (16, 160, 100_000):
        hasher = UniversalHash(KEY, length)
        assert hasher.length_bytes == length
        assert hasher.digest(bytes(length)) == bytes(16)
        digests = set()
        for position in (0, 1, 8 * length // 2, 8 * length - 128, 8 * length - 1):
            data = bytearray(length)
            data[position // 8] |= 1 << position % 8
            digests.add(hasher.digest(data))
        assert len(digests | {bytes(16)}) == len({0, 1, 4 * length, 8 * length - 128, 8 * length - 1}) + 1


def test_the_position_of_a_block_counts() -> None:
    a, b = bytes(range(16)), bytes(range(16, 32))
    hasher = UniversalHash(KEY, 32)
    assert hasher.digest(a + b) != hasher.digest(b + a)


def test_arrays_hash_as_their_bytes() -> None:
    array = np.arange(400, dtype=np.uint64).reshape(4, 100)
    hasher = UniversalHash(KEY, array.nbytes)
    assert hasher.digest(array) == hasher.digest(array.tobytes()) == hasher.digest(array.data)
    with pytest.raises(UsageError):
        hasher.digest(np.zeros((100, 8), np.uint64)[:, ::2])


@pytest.mark.parametrize("length", [-16, 0, 1, 15, 17, 100_001, (1 << 30) + 16])
def test_other_object_lengths_are_refused(length: int) -> None:
    with pytest.raises(UsageError, match="multiple of 16"):
        UniversalHash(KEY, length)


@pytest.mark.parametrize("length", [0, 16, 31, 33, 48])
def test_other_data_lengths_are_refused(length: int) -> None:
    with pytest.raises(UsageError, match="expected 32 bytes"):
        UniversalHash(KEY, 32).digest(bytes(length))


def test_other_key_lengths_are_refused() -> None:
    for length in (0, 15, 24, 32):
        with pytest.raises(UsageError):
            UniversalHash(bytes(length), 32)


def test_the_hash_point_zero_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert universal_hash._hash_point(KEY).hex() == "b83b533708bf535d0aa6e52980d53b78"
    monkeypatch.setattr(universal_hash, "_hash_point", lambda key: bytes(16))
    with pytest.raises(UsageError, match="zero"):
        UniversalHash(KEY, 32)
