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

import copy
from typing import Any, Final

import numpy as np

from spdz.bits.arrays import Words, words_in
from spdz.bits.clmul_sums import sum_of_bit_blocks, sum_of_blocks
from spdz.bits.gf128 import ELEMENT_BYTES, gf128_mul, gf128_reduce, to_words
from spdz.errors import InternalError, UsageError
from spdz.field.jit import inlined, kernel

KEY_BYTES: Final = ELEMENT_BYTES
DIGEST_BYTES: Final = ELEMENT_BYTES

_CHUNK_BLOCKS: Final = 512

_U0 = np.uint64(0)


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


@kernel
def _absorb(words: Words, powers: Words, at: int, scale: Words, h: Words, z: Words, with_bits: bool) -> int:
    """Hash blocks from place `at` of a chunk on; returns the place after the last."""
    done, blocks = 0, words.shape[0] // 2
    while done < blocks:
        count = min(blocks - done, _CHUNK_BLOCKS - at)
        part, weights = words[2 * done : 2 * (done + count)], powers[at : at + count]
        a, b, c, d = sum_of_blocks(part, weights)
        _add_scaled(h, gf128_reduce(a, b, c, d), scale)
        if with_bits:
            a, b, c = sum_of_bit_blocks(part, weights)
            _add_scaled(z, gf128_reduce(a, b, c, _U0), scale)
        done, at = done + count, at + count
        if at == _CHUNK_BLOCKS:
            at = 0
            last = powers[_CHUNK_BLOCKS - 1, 0], powers[_CHUNK_BLOCKS - 1, 1]
            scale[0], scale[1] = gf128_mul((scale[0], scale[1]), last)
    return at


class WordHasher:
    """The hash of one public key over words that come in arrays; it depends on secrets until `wipe`.

    `with_bits` hashes the lowest bits too, in the same pass: `digest_of_bits`.
    """

    __slots__ = ("_at", "_h", "_known", "_powers", "_scale", "_waiting", "_waits", "_with_bits", "_z")

    def __init__(self, kappa: bytes, *, with_bits: bool = False) -> None:
        key = to_words(kappa)
        # With kappa = 0 every digest is zero and a check on digests checks nothing. One key in 2^128 does that.
        if not key.any():
            raise UsageError("this key of the word hash is zero")
        self._powers = np.zeros((_CHUNK_BLOCKS, 2), np.uint64)
        self._powers[0] = key
        self._known, self._at = 1, 0
        self._scale = np.array([1, 0], np.uint64)
        self._h, self._z = np.zeros(2, np.uint64), np.zeros(2, np.uint64)
        self._waiting, self._waits = np.zeros(2, np.uint64), False
        self._with_bits = with_bits

    def update(self, words: Words) -> None:
        """Hash what follows.

        Shapes: words (n,), any n.  Raises: UsageError for other shapes, types or layouts.
        """
        rest = words_in(words, len(words))
        if self._waits and len(rest):
            self._waiting[1], self._waits = rest[0], False
            self._absorb(words_in(self._waiting, 2))
            rest = rest[1:]
        if len(rest) % 2:
            self._waiting[0], self._waiting[1], self._waits = rest[-1], 0, True
        self._absorb(rest[: len(rest) // 2 * 2])

    def digest(self) -> bytes:
        """h of all words so far, 16 bytes."""
        return self._finished()._h.tobytes()

    def digest_of_bits(self) -> bytes:
        """z of all words so far, 16 bytes.  Raises: InternalError if the object was made without bits."""
        if not self._with_bits:
            raise InternalError("this object does not hash bits")
        return self._finished()._z.tobytes()

    def _finished(self) -> WordHasher:
        """An object that has hashed the last word without a partner as well: more words may follow here."""
        if not self._waits:
            return self
        other = copy.copy(self)
        other._h, other._z, other._scale = self._h.copy(), self._z.copy(), self._scale.copy()
        other._absorb(words_in(self._waiting, 2))
        return other

    def _absorb(self, words: Words) -> None:
        wanted = min(self._at + len(words) // 2, _CHUNK_BLOCKS)
        if wanted > self._known:
            _extend_powers(self._powers, self._known, wanted)
            self._known = wanted
        state = self._scale, self._h, self._z
        self._at = _absorb(words, self._powers, self._at, *state, self._with_bits)

    def wipe(self) -> None:
        """Overwrite all that depends on the words."""
        for array in (self._h, self._z, self._waiting):
            array.fill(0)

    def __repr__(self) -> str:
        return "<WordHasher>"
