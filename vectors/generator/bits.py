"""Shared bits and what is computed with them: docs/wire, sections 17 and 20, on Python integers."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from vectors.generator.field import Field

WORD_BYTES = 8
WORD_MASK = (1 << 64) - 1
GF64 = 1 << 64 | 0b11011
"""x^64 + x^4 + x^3 + x + 1"""
GF128 = 1 << 128 | 0b10000111
"""x^128 + x^7 + x^2 + x + 1"""


# -- encodings


def pack(bits: Sequence[int]) -> bytes:
    """Eight to a byte, the first in the lowest place."""
    number = sum(bit << place for place, bit in enumerate(bits))
    return number.to_bytes(-(-len(bits) // 8), "little")


def unpack(data: bytes, count: int) -> list[int] | None:
    """The bits; None for what is not their encoding."""
    number = int.from_bytes(data, "little")
    if len(data) != -(-count // 8) or number >> count:
        return None
    return [number >> place & 1 for place in range(count)]


def words_of(data: bytes) -> list[int]:
    """Words of 64 bits, little-endian."""
    return [int.from_bytes(data[at : at + WORD_BYTES], "little") for at in range(0, len(data), WORD_BYTES)]


def encode(words: Sequence[int]) -> bytes:
    """The inverse of `words_of`."""
    return b"".join(word.to_bytes(WORD_BYTES, "little") for word in words)


# -- fields of two to some power


def multiply(left: int, right: int, modulus: int) -> int:
    """The product of two polynomials over GF(2), modulo a third; bit i is the coefficient of x^i."""
    degree, product = modulus.bit_length() - 1, 0
    for place in reversed(range(degree)):
        product <<= 1
        if product >> degree:
            product ^= modulus
        if right >> place & 1:
            product ^= left
    return product


def word_hash(kappa: bytes, words: Sequence[int]) -> int:
    """h of section 18: the sum of block_g kappa^(g+1)."""
    key, total = int.from_bytes(kappa, "little"), 0
    padded = [*words, *[0] * (len(words) % 2)]
    for low, high in reversed(list(zip(padded[::2], padded[1::2], strict=True))):
        total = multiply(total ^ low ^ high << 64, key, GF128)
    return total


def sigma(delta: int, kappa: bytes, words: Sequence[int], bits: Sequence[int]) -> bytes:
    """What a party makes of its words and of opened bits."""
    errors = [word ^ (delta if bit else 0) for word, bit in zip(words, bits, strict=True)]
    return word_hash(kappa, errors).to_bytes(16, "little")


# -- proofs


def prover_sums(
    chi: Sequence[int], a: tuple[list[int], list[int]], b: tuple[list[int], list[int]], words_g: Sequence[int]
) -> tuple[int, int]:
    """A0 and A1 of the proof that g = a b; of a and b the words, and the bits."""
    first, second = 0, 0
    for coefficient, word_a, bit_a, word_b, bit_b, word_g in zip(chi, *a, *b, words_g, strict=True):
        first ^= multiply(coefficient, multiply(word_a, word_b, GF64), GF64)
        linear = (word_b if bit_a else 0) ^ (word_a if bit_b else 0) ^ word_g
        second ^= multiply(coefficient, linear, GF64)
    return first, second


def verifier_sum(delta: int, chi: Sequence[int], a: Sequence[int], b: Sequence[int], g: Sequence[int]) -> int:
    """B of the same proof."""
    total = 0
    for coefficient, word_a, word_b, word_g in zip(chi, a, b, g, strict=True):
        relation = multiply(word_a, word_b, GF64) ^ multiply(word_g, delta, GF64)
        total ^= multiply(coefficient, relation, GF64)
    return total


def range_coefficients(field: Field, below: int, value: int, tag: int) -> list[int]:
    """All coefficients, the lowest first, of the product of (v + (u - m) X) over m < t."""
    found = [1]
    for m in range(below):
        slope = (value - m) % field.p
        shifted, kept = [0, *(slope * c for c in found)], [*(tag * c for c in found), 0]
        found = [(x + y) % field.p for x, y in zip(shifted, kept, strict=True)]
    return found


def range_key_product(field: Field, below: int, key: int, alpha: int) -> int:
    """The product of (w - m alpha) over m < t."""
    return prod(key - m * alpha for m in range(below)) % field.p
