"""The domain of bits: `BitShare`, word MACs under delta, and the hash that checks them.

Realises:  partial openings of bits and the check that all of them fit their words.
Source:    Nielsen, Nordholt, Orlandi, Burra, CRYPTO 2012 (bits with MACs under one key for each party); the check is a
           random combination as in [DKLPSS13], figure 10, over GF(2^128), two words to a block.
Symbols:   W_h,i party i's word of opening h, o_h the opened bit, kappa the coins. E_h,i = W_h,i ^ o_h delta_i adds up
           to zero for a right opening; sigma_i is the hash of all E_h,i with key kappa (`spdz.bits.word_hash`).
Bound:     a wrong opening passes with 2^-63 (a guess of delta, whose lowest bit is known) + (blocks + 1) / 2^128.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from spdz.bits.word_hash import WordHasher
from spdz.bits.words import difference_bits, opening_errors
from spdz.crypto.prg import Prg
from spdz.sharing.bit_share import Bits, BitShare, Words, spread
from spdz.sharing.domain import SharingDomain
from spdz.wire.codec import Blob, Buffer
from spdz.wire.steps import Payload

BITS = "bits"
"""The name of this domain."""

HASH_BYTES = 16

RUN_BITS = 1 << 14
"""Words of which the check works on so many at a time, while they are in the cache."""


class BitKey:
    """delta_i: 64 bits, of which the lowest is 1 at party 0 and 0 at all others."""

    __slots__ = ("_word",)

    def __init__(self, word: int | np.uint64) -> None:
        self._word = np.array([word], np.uint64)

    @property
    def word(self) -> np.uint64:
        """delta_i as a number."""
        return np.uint64(self._word[0])

    def copy(self) -> BitKey:
        """The same share in memory of its own."""
        return BitKey(self._word[0])

    def wipe(self) -> None:
        """Overwrite it in place."""
        self._word.fill(0)

    def __repr__(self) -> str:
        return "<BitKey>"

    def __reduce__(self) -> str:
        raise TypeError("a MAC key share is never pickled")


def pinned(word: int, party: int) -> int:
    """A uniform word as a key share: the lowest bits of all shares XOR to one."""
    return word & ~1 | (party == 0)


class OpenedBits(NamedTuple):
    """A partially opened array, flat, and this party's words of its consecutive pieces: minuend, subtrahend."""

    path: str
    bits: Bits
    pieces: tuple[tuple[Words, Words | None], ...]

    def parts(self, size: int) -> Iterator[tuple[Words, Words | None, Bits]]:
        """Minuends, subtrahends and bits in order, at most `size` of each at a time."""
        start = 0
        for words, mask in self.pieces:
            bits = self.bits[start : start + words.size]
            start += words.size
            for cut in (slice(at, at + size) for at in range(0, words.size, size)):
                yield words[cut], None if mask is None else mask[cut], bits[cut]


@dataclass(frozen=True)
class PackedBits:
    """An array of bits of known shape: eight to a byte, the first in the lowest place, the rest of the last byte 0."""

    shape: tuple[int, ...]

    payload: ClassVar[Payload] = Payload.BITS

    @property
    def count(self) -> int:
        """How many bits."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def byte_count(self) -> int:
        return -(-self.count // 8)

    def encode(self, value: Bits) -> Buffer:
        return memoryview(np.packbits(value.reshape(-1), bitorder="little").data).toreadonly()

    def decode(self, buffer: Buffer) -> Bits:
        bits = np.unpackbits(np.frombuffer(buffer, np.uint8), bitorder="little")
        if bits[self.count :].any():
            raise ValueError("bits beyond the last one are not zero")
        return bits[: self.count].reshape(self.shape)


def _flat(share: BitShare) -> Words:
    return np.ascontiguousarray(share.words.reshape(-1))


class BitDomain(SharingDomain[BitShare, Bits, OpenedBits]):
    """Shares of bits, at one party."""

    def __init__(self) -> None:
        super().__init__(BITS, "kappa")

    def owns(self, share: object) -> bool:
        return isinstance(share, BitShare)

    def public(self, value: Bits) -> BitShare:
        """Every party holds its key share where the bit is one: their lowest bits XOR to one."""
        return BitShare(spread(value) & self.key.share.word)

    def nothing(self, shape: tuple[int, ...]) -> BitShare:
        return BitShare(np.zeros(shape, np.uint64))

    def zeros(self, shape: tuple[int, ...]) -> Bits:
        return np.zeros(shape, np.uint8)

    def differences(self, *pairs: tuple[BitShare, BitShare]) -> Bits:
        out, start = np.empty(sum(x.size for x, _ in pairs), np.uint8), 0
        for x, a in pairs:
            difference_bits(_flat(x), _flat(a), out[start : start + x.size])
            start += x.size
        return out

    def codec(self, like: Bits) -> PackedBits:
        return PackedBits(like.shape)

    def add_into(self, total: Bits, other: Bits) -> None:
        np.bitwise_xor(total, other, out=total)

    def opening(self, path: str, value: Bits, *pieces: BitShare | tuple[BitShare, BitShare]) -> OpenedBits:
        pairs = [(piece, None) if isinstance(piece, BitShare) else piece for piece in pieces]
        flat = tuple((_flat(x), None if a is None else _flat(a)) for x, a in pairs)
        return OpenedBits(path, value.reshape(-1), flat)

    @property
    def sigma_codec(self) -> Blob:
        return Blob(HASH_BYTES)

    def sigma(self, openings: Sequence[OpenedBits], coins: Prg) -> bytes:
        hasher, delta = WordHasher(coins.bytes(HASH_BYTES)), self.key.share.word
        for words, mask, bits in (part for opening in openings for part in opening.parts(RUN_BITS)):
            hasher.update(opening_errors(words, mask, bits, delta))
        return hasher.digest()

    def sum_is_zero(self, sigmas: Sequence[Any]) -> bool:
        total = np.zeros(HASH_BYTES, np.uint8)
        for sigma in sigmas:
            total ^= np.frombuffer(sigma, np.uint8)
        return not total.any()
