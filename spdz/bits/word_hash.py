"""A linear universal hash of words over GF(2^128), and of the bits in them.

Source: polynomial hashing of [CW79], as in GHASH (NIST SP 800-38D) but with the usual order of bits.

Symbols: kappa the key, W_0, W_1, ... the words of all arrays one after the other, delta the key of the words.

Two words make a block, B_g = W_2g + W_(2g+1) x^64; a last word without a partner is paired with 0. The hashes are

    h = sum over g of B_g kappa^(g+1)        and        z = the same of the lowest bits, b_2g + b_(2g+1) x^64.

Both are linear over XOR. If W_i = b_i delta for all i then B_g is (b_2g + b_(2g+1) x^64) delta without any reduction,
since delta has a degree below 64: so h = z delta. For words that are not of this form, N of them, h = z delta holds for
at most N/2 + 1 of the 2^128 values of kappa. **kappa must be tossed after the words are fixed**: it is public, and
whoever knows it first makes collisions at will.

Order: powers of kappa are made as they are needed, up to those of one chunk; the sum of a chunk is reduced once and
multiplied by the power at which the chunk begins.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from spdz.bits.arrays import Words, words_in
from spdz.bits.clmul import clmul
from spdz.bits.gf128 import ELEMENT_BYTES, gf128_mul, gf128_reduce, to_words
from spdz.errors import UsageError
from spdz.field.jit import inlined, kernel

KEY_BYTES: Final = ELEMENT_BYTES
DIGEST_BYTES: Final = ELEMENT_BYTES

_CHUNK_BLOCKS: Final = 512

_U0, _U1 = np.uint64(0), np.uint64(1)


@kernel
def _extend_powers(powers: Words, known: int, wanted: int) -> None:
    """powers[g] = kappa^(g+1) for g from `known` on, which is not 0."""
    kappa = powers[0, 0], powers[0, 1]
    last = powers[known - 1, 0], powers[known - 1, 1]
    for g in range(known, wanted):
        last = gf128_mul(last, kappa)
        powers[g, 0], powers[g, 1] = last


@inlined
def _add_scaled(total: Any, part: Any, scale: Any) -> None:
    """total += part scale."""
    low, high = gf128_mul(part, (scale[0], scale[1]))
    total[0] ^= low
    total[1] ^= high


@inlined
def _sum_of_blocks(words: Any, powers: Any) -> Any:
    a, b, c, d, e, f = _U0, _U0, _U0, _U0, _U0, _U0
    for g in range(powers.shape[0]):
        first, second, low, high = words[2 * g], words[2 * g + 1], powers[g, 0], powers[g, 1]
        p, q = clmul(first, low)
        a, b = a ^ p, b ^ q
        p, q = clmul(second, high)
        c, d = c ^ p, d ^ q
        p, q = clmul(first, high)
        e, f = e ^ p, f ^ q
        p, q = clmul(second, low)
        e, f = e ^ p, f ^ q
    return gf128_reduce(a, b ^ e, c ^ f, d)


@inlined
def _sum_of_bits(words: Any, powers: Any) -> Any:
    """A product with a bit is a mask, so no multiplication is needed."""
    a, b, c, d = _U0, _U0, _U0, _U0
    for g in range(powers.shape[0]):
        first, second = _U0 - (words[2 * g] & _U1), _U0 - (words[2 * g + 1] & _U1)
        a ^= first & powers[g, 0]
        b ^= first & powers[g, 1]
        c ^= second & powers[g, 0]
        d ^= second & powers[g, 1]
    return gf128_reduce(a, b ^ c, d, _U0)


@kernel
def _absorb(words: Words, powers: Words, scale: Words, h: Words, z: Words, with_bits: bool) -> None:
    _add_scaled(h, _sum_of_blocks(words, powers), scale)
    if with_bits:
        _add_scaled(z, _sum_of_bits(words, powers), scale)


@kernel
def _advance(scale: Words, powers: Words, blocks: int) -> None:
    """scale *= kappa^blocks."""
    low, high = gf128_mul((scale[0], scale[1]), (powers[blocks - 1, 0], powers[blocks - 1, 1]))
    scale[0], scale[1] = low, high


class WordHasher:
    """The hashes of one key, fed array by array as if all of them were one.

    h of all words, and z of their lowest bits if `with_bits`. Holds what depends on secret words until it is gone.
    """

    __slots__ = ("_h", "_known", "_odd", "_powers", "_scale", "_with_bits", "_z")

    def __init__(self, kappa: bytes, *, with_bits: bool = False) -> None:
        """`kappa`: 16 bytes.  Raises: UsageError for another length, and for zero: everything would hash to zero."""
        key = to_words(kappa)
        if not key.any():
            raise UsageError("a key of the hash of words must not be zero")
        self._powers = np.empty((_CHUNK_BLOCKS, 2), np.uint64)
        self._powers[0] = key
        self._known = 1
        self._scale = np.array([1, 0], np.uint64)
        self._h, self._z = np.zeros(2, np.uint64), np.zeros(2, np.uint64)
        self._odd = np.empty(0, np.uint64)
        self._with_bits = with_bits

    def update(self, words: Words) -> None:
        """Go on with these words.

        Shapes: words (n,), contiguous.  Raises: UsageError for other shapes, types or layouts.
        """
        words = words_in(words, len(words))
        if self._odd.size and words.size:
            self._absorb(np.array([self._odd[0], words[0]], np.uint64))
            self._odd, words = self._odd[:0], words[1:]
        even = len(words) // 2 * 2
        for start in range(0, even, 2 * _CHUNK_BLOCKS):
            self._absorb(words[start : min(even, start + 2 * _CHUNK_BLOCKS)])
        if even < len(words):
            self._odd = words[even:].copy()

    def digest(self) -> bytes:
        """h of everything so far, 16 bytes."""
        return self._digests()[0]

    def bits_digest(self) -> bytes:
        """z of everything so far, 16 bytes."""
        if not self._with_bits:
            raise UsageError("this hash was not asked to hash the bits")
        return self._digests()[1]

    def _digests(self) -> tuple[bytes, bytes]:
        if not self._odd.size:
            return self._h.tobytes(), self._z.tobytes()
        h, z = self._h.copy(), self._z.copy()
        last = np.array([self._odd[0], 0], np.uint64)
        _absorb(last, self._powers[:1], self._scale, h, z, self._with_bits)
        return h.tobytes(), z.tobytes()

    def _absorb(self, words: Words) -> None:
        """An even number of words, at most a chunk."""
        blocks = len(words) // 2
        if blocks > self._known:
            _extend_powers(self._powers, self._known, blocks)
            self._known = blocks
        _absorb(words_in(words, len(words)), self._powers[:blocks], self._scale, self._h, self._z, self._with_bits)
        _advance(self._scale, self._powers, blocks)
