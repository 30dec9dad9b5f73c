"""GF(2^128): polynomials over GF(2) modulo x^128 + x^7 + x^2 + x + 1; bit i of an integer is the coefficient of x^i.

An element is a pair of words (low, high) or 16 bytes, little-endian. It is the field of GHASH, with its bits in the
usual order: GHASH has them reversed in each byte.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from spdz.bits.arrays import Words, words_in
from spdz.bits.clmul import clmul
from spdz.errors import UsageError
from spdz.field.jit import inlined, kernel

ELEMENT_BYTES: Final = 16

_U0, _U1, _U2, _U7, _U63 = np.uint64(0), np.uint64(1), np.uint64(2), np.uint64(7), np.uint64(63)
_TAIL = np.uint64(0x87)

Pair = tuple[np.uint64, np.uint64]


@inlined
def gf128_reduce(a: Any, b: Any, c: Any, d: Any) -> Any:
    """a + b x^64 + c x^128 + d x^192, as (low, high)."""
    low, high = clmul(d, _TAIL)
    b, c = b ^ low, c ^ high
    low, high = clmul(c, _TAIL)
    return a ^ low, b ^ high


@inlined
def gf128_mul(x: Any, y: Any) -> Any:
    """x y for pairs (low, high)."""
    a, b = clmul(x[0], y[0])
    c, d = clmul(x[1], y[1])
    low, high = clmul(x[0], y[1])
    more_low, more_high = clmul(x[1], y[0])
    return gf128_reduce(a, b ^ low ^ more_low, c ^ high ^ more_high, d)


@inlined
def gf128_double(x: Any) -> Any:
    """x times the polynomial x."""
    carried = (_U0 - (x[1] >> _U63)) & _TAIL
    return (x[0] << _U1) ^ carried, (x[1] << _U1) ^ (x[0] >> _U63)


@kernel
def _multiply(x: Words, y: Words, out: Words) -> None:
    out[0], out[1] = gf128_mul((x[0], x[1]), (y[0], y[1]))


@kernel
def _compose(words: Words, out: Words) -> None:
    low, high = _U0, _U0
    for i in range(words.shape[0]):
        low, high = gf128_double((low, high))
        low ^= words[words.shape[0] - 1 - i]
    out[0], out[1] = low, high


def to_words(element: bytes) -> Words:
    """An element as its two words.  Raises: UsageError for another length."""
    if len(element) != ELEMENT_BYTES:
        raise UsageError(f"an element of GF(2^128) has {ELEMENT_BYTES} bytes, got {len(element)}")
    return np.frombuffer(element, "<u8").astype(np.uint64)


def multiply(x: bytes, y: bytes) -> bytes:
    """x y.  Raises: UsageError for other lengths."""
    out = np.empty(2, np.uint64)
    _multiply(words_in(to_words(x), 2), words_in(to_words(y), 2), out)
    return out.tobytes()


def from_word(word: np.uint64) -> bytes:
    """A polynomial of degree below 64, a key share delta_i for instance, as an element."""
    return int(word).to_bytes(ELEMENT_BYTES, "little")


def compose(words: Words) -> bytes:
    """The sum of words[j] x^j: what the words of 128 bits make of the element that the bits are.

    Shapes: words (n,).  Raises: UsageError for other shapes, types or layouts.
    """
    out = np.empty(2, np.uint64)
    _compose(words_in(words, len(words)), out)
    return out.tobytes()
