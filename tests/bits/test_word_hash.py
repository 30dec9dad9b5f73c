"""The hash of words equals its definition however they are cut, is linear, and knows words of bits from others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spdz.bits import gf128
from spdz.bits.arrays import Words
from spdz.bits.word_hash import _CHUNK_BLOCKS, WordHasher
from spdz.errors import InternalError, UsageError

from . import references as ref

KAPPA = bytes(range(100, 116))
CHUNK_WORDS = 2 * _CHUNK_BLOCKS
LENGTHS = st.integers(0, 9) | st.sampled_from([CHUNK_WORDS - 1, CHUNK_WORDS, CHUNK_WORDS + 1, 3 * CHUNK_WORDS + 2])


def digests(words: Words, *, cuts: tuple[int, ...] = (), kappa: bytes = KAPPA) -> tuple[bytes, bytes]:
    hasher = WordHasher(kappa, with_bits=True)
    for part in np.split(words, cuts):
        hasher.update(part)
    return hasher.digest(), hasher.digest_of_bits()


def as_bytes(element: int) -> bytes:
    return element.to_bytes(16, "little")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5, 200, CHUNK_WORDS, CHUNK_WORDS + 3])
def test_equals_the_definition(count: int) -> None:
    words = ref.random_words(count, count)
    kappa = int.from_bytes(KAPPA, "little")
    h = as_bytes(ref.hash_of(words.tolist(), kappa))
    z = as_bytes(ref.hash_of([word & 1 for word in words.tolist()], kappa))
    assert digests(words) == (h, z)
    alone = WordHasher(KAPPA)
    alone.update(words)
    assert alone.digest() == h


@given(st.lists(LENGTHS, max_size=6), st.integers(0, 2**64))
@settings(deadline=None, max_examples=60)
def test_arrays_count_as_one(lengths: list[int], seed: int) -> None:
    words = ref.random_words(seed, sum(lengths))
    assert digests(words, cuts=tuple(np.cumsum(lengths)[:-1])) == digests(words)


def test_a_digest_in_between_changes_nothing() -> None:
    words = ref.random_words(7, 11)
    hasher = WordHasher(KAPPA, with_bits=True)
    for count, word in enumerate(words, 1):
        hasher.update(np.array([word]))
        for _ in range(2):
            assert (hasher.digest(), hasher.digest_of_bits()) == digests(words[:count])


@given(st.integers(0, 40), st.integers(0, 2**64))
@settings(deadline=None)
def test_linear(count: int, seed: int) -> None:
    a, b = ref.random_words(seed, 2, count)
    for first, second, total in zip(digests(a), digests(b), digests(a ^ b), strict=True):
        assert bytes(x ^ y for x, y in zip(first, second, strict=True)) == total


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("count", [1, 2, 63, 2 * CHUNK_WORDS + 5])
def test_words_of_bits_are_known_from_others(parties: int, count: int) -> None:
    world = ref.Parties.make(parties, 10 * count + parties)
    words = world.share(ref.random_bits(count, count))

    def error() -> int:
        pairs = [digests(own) for own in words]
        h, z = (np.bitwise_xor.reduce([np.frombuffer(pair[place], np.uint64) for pair in pairs]) for place in range(2))
        product = gf128.multiply(z.tobytes(), gf128.from_word(world.delta))
        return int.from_bytes(h.tobytes(), "little") ^ int.from_bytes(product, "little")

    assert error() == 0
    for place in sorted({0, count // 2, count - 1}):
        for change in (1, 2, 1 << 63, int(ref.random_words(5, 1)[0])):
            words[-1][place] ^= np.uint64(change)
            assert error() != 0
            words[-1][place] ^= np.uint64(change)
    # Only the key turns a right word into another right one.
    words[-1][0] ^= world.delta
    assert error() == 0


def test_the_key_zero_and_keys_of_another_length_are_refused() -> None:
    with pytest.raises(UsageError, match="zero"):
        WordHasher(bytes(16))
    for length in (0, 15, 17):
        with pytest.raises(UsageError, match="16 bytes"):
            WordHasher(bytes(length))


def test_without_bits_there_is_no_digest_of_bits() -> None:
    with pytest.raises(InternalError):
        WordHasher(KAPPA).digest_of_bits()


def test_nothing_of_the_words_is_shown_or_left() -> None:
    hasher = WordHasher(KAPPA, with_bits=True)
    hasher.update(np.full(3, 0xABCDEF, np.uint64))
    assert repr(hasher) == "<WordHasher>"
    hasher.wipe()
    assert (hasher.digest(), hasher.digest_of_bits()) == (bytes(16), bytes(16))


def test_other_arrays_are_refused() -> None:
    words = np.zeros((4, 4), np.uint64)
    for wrong in (words, words[0, ::2], words[0].astype(np.int64), words[0].astype(np.uint8)):
        with pytest.raises(UsageError, match="contiguous"):
            WordHasher(KAPPA).update(wrong)
