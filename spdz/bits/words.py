"""Loops over the words of shared bits: lowest bits, products with public bits, Beaver products.

Symbols: delta the key share of this party, lsb(w) the lowest bit of a word; `bit & word` is the word where the bit is 1
and 0 elsewhere, computed by a mask. Nothing branches on a word or a bit.

Shapes: all arrays (n,) and contiguous, words uint64 and bits uint8 with entries 0 or 1, unless another shape is given.
Raises: UsageError for other shapes, types or layouts.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.bits.arrays import Bits, Words, bits_in, bits_out, words_in, words_out
from spdz.field.jit import inlined, kernel

U0, U1 = np.uint64(0), np.uint64(1)


@inlined
def mask_of(bit: Any) -> Any:
    """All ones where the bit is 1."""
    return U0 - np.uint64(bit)


@kernel
def _lowest_bits(words: Words, out: Bits) -> None:
    for i in range(out.shape[0]):
        out[i] = np.uint8(words[i] & U1)


@kernel
def _packed_lowest_bits(words: Words, out: Bits) -> None:
    for byte in range(words.shape[0] // 8):
        packed = U0
        for place in range(8):
            packed |= (words[8 * byte + place] & U1) << np.uint64(place)
        out[byte] = np.uint8(packed)
    packed = U0
    for place in range(words.shape[0] % 8):
        packed |= (words[words.shape[0] // 8 * 8 + place] & U1) << np.uint64(place)
    if words.shape[0] % 8:
        out[out.shape[0] - 1] = np.uint8(packed)


@kernel
def _difference_bits(x: Words, a: Words, out: Bits) -> None:
    for i in range(out.shape[0]):
        out[i] = np.uint8((x[i] ^ a[i]) & U1)


@kernel
def _opening_errors(words: Words, bits: Bits, delta: np.uint64, out: Words) -> None:
    for i in range(out.shape[0]):
        out[i] = words[i] ^ (mask_of(bits[i]) & delta)


@kernel
def _difference_errors(x: Words, a: Words, bits: Bits, delta: np.uint64, out: Words) -> None:
    for i in range(out.shape[0]):
        out[i] = x[i] ^ a[i] ^ (mask_of(bits[i]) & delta)


@kernel
def _select(bits: Bits, words: Words, out: Words) -> None:
    for i in range(out.shape[0]):
        out[i] = mask_of(bits[i]) & words[i]


@kernel
def _public_words(bits: Bits, delta: np.uint64, out: Words) -> None:
    for i in range(out.shape[0]):
        out[i] = mask_of(bits[i]) & delta


@kernel
def _add_own(bits: Bits, delta: np.uint64, m: Words, k: Words, out: Words) -> None:
    for i in range(out.shape[0]):
        out[i] ^= (mask_of(bits[i]) & delta) ^ m[i] ^ k[i]


@kernel
def _beaver(x: Words, y: Words, z: Words, d: Bits, e: Bits, delta: np.uint64, out: Words) -> None:
    for i in range(out.shape[0]):
        first, second = mask_of(d[i]), mask_of(e[i])
        out[i] = z[i] ^ (first & y[i]) ^ (second & (x[i] ^ (first & delta)))


@kernel
def _beaver_plus(x: Words, y: Words, z: Words, d: Bits, e: Bits, delta: np.uint64, addend: Words, out: Words) -> None:
    for i in range(out.shape[0]):
        first, second = mask_of(d[i]), mask_of(e[i])
        out[i] = z[i] ^ addend[i] ^ (first & y[i]) ^ (second & (x[i] ^ (first & delta)))


def lowest_bits(words: Words, out: Bits | None = None) -> Bits:
    """lsb(words[i])."""
    written = bits_out(out, len(words))
    _lowest_bits(words_in(words, len(words)), written)
    return written


def packed_lowest_bits(words: Words, out: Bits | None = None) -> Bits:
    """lsb(words[i]), eight to a byte, the first in the lowest place; the last byte is filled up with 0.

    Shapes: words (n,); out (ceil(n / 8),).
    """
    written = bits_out(out, -(-len(words) // 8))
    _packed_lowest_bits(words_in(words, len(words)), written)
    return written


def difference_bits(x: Words, a: Words, out: Bits | None = None) -> Bits:
    """lsb(x[i] ^ a[i]): what this party opens of the difference of two shared bits."""
    written = bits_out(out, len(x))
    _difference_bits(words_in(x, len(x)), words_in(a, len(x)), written)
    return written


def opening_errors(x: Words, a: Words | None, bits: Bits, delta: np.uint64, out: Words | None = None) -> Words:
    """x[i] ^ a[i] ^ (bits[i] & delta): this party's summand of zero, if `bits` is what x ^ a was opened to."""
    count = len(x)
    written, opened, key = words_out(out, count), bits_in(bits, count), np.uint64(delta)
    if a is None:
        _opening_errors(words_in(x, count), opened, key, written)
    else:
        _difference_errors(words_in(x, count), words_in(a, count), opened, key, written)
    return written


def select(bits: Bits, words: Words, out: Words | None = None) -> Words:
    """bits[i] & words[i]: the product of public, or own, bits and shared ones."""
    written = words_out(out, len(words))
    _select(bits_in(bits, len(words)), words_in(words, len(words)), written)
    return written


def public_words(bits: Bits, delta: np.uint64, out: Words | None = None) -> Words:
    """bits[i] & delta: the words of public bits."""
    written = words_out(out, len(bits))
    _public_words(bits_in(bits, len(bits)), np.uint64(delta), written)
    return written


def shared_words(bits: Bits, delta: np.uint64, m: Words, k: Words, out: Words) -> None:
    """out[i] ^= (bits[i] & delta) ^ m[i] ^ k[i]: own bits, their MACs under a peer's key, keys of the peer's bits.

    With several peers, those after the first are entered with delta = 0.
    """
    count = len(bits)
    own = bits_in(bits, count)
    _add_own(own, np.uint64(delta), words_in(m, count), words_in(k, count), words_out(out, count))


def beaver(
    x: Words,
    y: Words,
    z: Words,
    d: Bits,
    e: Bits,
    delta: np.uint64,
    out: Words | None = None,
    addend: Words | None = None,
) -> Words:
    """Words of u & v where z = x & y are shared, d = u ^ x and e = v ^ y opened: z ^ d y ^ e x ^ d e delta, ^ addend.

    d e delta is this party's word of the public bit d e.  Source: [Bea91], over GF(2).
    """
    count = len(x)
    written = words_out(out, count)
    triple = words_in(x, count), words_in(y, count), words_in(z, count)
    opened = bits_in(d, count), bits_in(e, count)
    if addend is None:
        _beaver(*triple, *opened, np.uint64(delta), written)
    else:
        _beaver_plus(*triple, *opened, np.uint64(delta), words_in(addend, count), written)
    return written
