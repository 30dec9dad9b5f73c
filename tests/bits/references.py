"""Plain Python integers and lists instead of words and loops, and shared bits of several parties for the tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spdz.bits.arrays import Bits, Words
from spdz.crypto import Prg


def random_words(seed: int, *shape: int) -> Words:
    out = np.empty(shape, np.uint64)
    Prg(seed.to_bytes(16, "little")).fill(out)
    return out


def random_bits(seed: int, *shape: int) -> Bits:
    return (random_words(seed, *shape) & np.uint64(1)).astype(np.uint8)


def carryless(a: int, b: int) -> int:
    product = 0
    for place in range(b.bit_length()):
        if b >> place & 1:
            product ^= a << place
    return product


def reduced(value: int, degree: int, tail: int) -> int:
    """Modulo x^degree + tail."""
    while value >> degree:
        value ^= (1 << degree | tail) << (value.bit_length() - 1 - degree)
    return value


def gf64(a: int, b: int) -> int:
    return reduced(carryless(a, b), 64, 0x1B)


def gf128(a: int, b: int) -> int:
    return reduced(carryless(a, b), 128, 0x87)


def hash_of(words: list[int], kappa: int) -> int:
    padded = words + [0] * (len(words) % 2)
    total, power = 0, 1
    for low, high in zip(padded[::2], padded[1::2], strict=True):
        power = gf128(power, kappa)
        total ^= gf128(low | high << 64, power)
    return total


def xor(arrays: list[Words]) -> Words:
    return np.bitwise_xor.reduce(np.array(arrays))


@dataclass
class Parties:
    """Key shares of n parties, and sharings of bits that are right under them."""

    keys: Words
    seed: int

    @classmethod
    def make(cls, count: int, seed: int) -> Parties:
        keys = random_words(seed, count) & ~np.uint64(1)
        keys[0] |= np.uint64(1)
        return cls(keys, seed)

    @property
    def delta(self) -> np.uint64:
        return np.uint64(np.bitwise_xor.reduce(self.keys))

    def share(self, bits: Bits) -> list[Words]:
        """Words of each party whose XOR is bit times delta."""
        self.seed += 1
        words = random_words(self.seed, len(self.keys), len(bits))
        words[0] ^= xor(list(words)) ^ bits.astype(np.uint64) * self.delta
        return list(words)

    def value(self, words: list[Words]) -> Bits:
        """The bits that words stand for, which must be right."""
        total = xor(words)
        bits = (total & np.uint64(1)).astype(np.uint8)
        np.testing.assert_array_equal(total, bits.astype(np.uint64) * self.delta)
        return bits


def all_bits(count: int) -> list[Bits]:
    """All values of so many bits, an array for each bit."""
    values = np.arange(1 << count)
    return [(values >> place & 1).astype(np.uint8) for place in range(count)]
