"""A second sharing domain, made of nothing but the interface: bits with word MACs under a key of their own.

The 64-bit words W_i of the parties XOR to b delta, where delta is the XOR of the key shares and has lowest bit 1: the
lowest bits of the words XOR to b. The check is a random combination with coefficients in GF(2^64).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from spdz.crypto.prg import Prg
from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.runtime.context import SessionState
from spdz.sharing.domain import SharingDomain
from spdz.sharing.mac_key import MacKey
from spdz.wire.codec import Blob
from spdz.wire.steps import Payload

BITS = "toy bits"
WORD_BYTES = 8

Bits = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, eq=False, repr=False)
class BitShare:
    """One party's words of an array of bits."""

    words: Words

    @property
    def value(self) -> Bits:
        return (self.words & np.uint64(1)).astype(np.uint8)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.words.shape

    @property
    def size(self) -> int:
        return self.words.size

    def __xor__(self, other: BitShare) -> BitShare:
        return BitShare(self.words ^ other.words)


class Delta:
    """A key share: one word."""

    def __init__(self, word: int) -> None:
        self.word = word

    def copy(self) -> Delta:
        return Delta(self.word)

    def wipe(self) -> None:
        self.word = 0


class OpenedBits(NamedTuple):
    """Opened bits and this party's words of them, flat."""

    path: str
    bits: Bits
    words: Words


@dataclass(frozen=True)
class BitCodec:
    """A byte for each bit."""

    shape: tuple[int, ...]

    payload: ClassVar[Payload] = Payload.ELEMENTS

    @property
    def byte_count(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    def encode(self, value: Bits) -> memoryview:
        return memoryview(np.ascontiguousarray(value).reshape(-1)).toreadonly()

    def decode(self, buffer: memoryview) -> Bits:
        bits = np.frombuffer(buffer, np.uint8).reshape(self.shape).copy()
        if (bits > 1).any():
            raise ValueError("a bit is 0 or 1")
        return bits


class BitDomain(SharingDomain[BitShare, Bits, OpenedBits]):
    """Bits at one party."""

    def __init__(self) -> None:
        super().__init__(BITS, "chi of bits")

    def owns(self, share: object) -> bool:
        return isinstance(share, BitShare)

    def public(self, value: Bits) -> BitShare:
        return BitShare(value.astype(np.uint64) * np.uint64(self.key.share.word))

    def nothing(self, shape: tuple[int, ...]) -> BitShare:
        return BitShare(np.zeros(shape, np.uint64))

    def zeros(self, shape: tuple[int, ...]) -> Bits:
        return np.zeros(shape, np.uint8)

    def differences(self, *pairs: tuple[BitShare, BitShare]) -> Bits:
        return np.concatenate([(x ^ a).value.ravel() for x, a in pairs])

    def codec(self, like: Bits) -> BitCodec:
        return BitCodec(like.shape)

    def add_into(self, total: Bits, other: Bits) -> None:
        total ^= other

    def opening(self, path: str, value: Bits, *pieces: BitShare | tuple[BitShare, BitShare]) -> OpenedBits:
        words = [piece.words if isinstance(piece, BitShare) else (piece[0] ^ piece[1]).words for piece in pieces]
        return OpenedBits(path, value.ravel(), np.concatenate([part.ravel() for part in words]))

    @property
    def sigma_codec(self) -> Blob:
        return Blob(WORD_BYTES)

    def sigma(self, openings: Sequence[OpenedBits], coins: Prg) -> bytes:
        total, delta = 0, self.key.share.word
        for opening in openings:
            for bit, word in zip(opening.bits.tolist(), opening.words.tolist(), strict=True):
                total ^= times(int.from_bytes(coins.bytes(WORD_BYTES), "little"), word ^ bit * delta)
        return total.to_bytes(WORD_BYTES, "little")

    def sum_is_zero(self, sigmas: Sequence[Any]) -> bool:
        total = 0
        for sigma in sigmas:
            total ^= int.from_bytes(sigma, "little")
        return total == 0


def times(left: int, right: int) -> int:
    """The product in GF(2^64), modulo x^64 + x^4 + x^3 + x + 1."""
    product = 0
    while right:
        product ^= left if right & 1 else 0
        left = left << 1 ^ (0x1_0000_0000_0000_001B if left >> 63 else 0)
        right >>= 1
    return product


class BitDealer:
    """Adds the domain to all sessions, with a key, and hands out shares."""

    def __init__(self, sessions: Sequence[SessionState], seed: bytes) -> None:
        self._randomness = deterministic_randomness_for_tests(seed, "ideal dealer of bits")
        self._parties = len(sessions)
        self.delta = 0
        for party, session in enumerate(sessions):
            word = self._word() & ~1 | (party == 0)
            self.delta ^= word
            domain = BitDomain()
            domain.install(MacKey(Delta(word)))
            session.domains.add(domain)

    def _word(self) -> int:
        return int.from_bytes(self._randomness.bytes(WORD_BYTES), "little")

    def share(self, bits: Sequence[int]) -> list[BitShare]:
        """Shares of a vector of bits, by party."""
        words = [[self._word() for _ in bits] for _ in range(self._parties - 1)]
        last = [bit * self.delta for bit in bits]
        for others in words:
            last = [left ^ right for left, right in zip(last, others, strict=True)]
        return [BitShare(np.array(row, np.uint64)) for row in (*words, last)]
