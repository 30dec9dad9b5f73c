"""GF(2^64): polynomials over GF(2) modulo x^64 + x^4 + x^3 + x + 1; bit i of a word is the coefficient of x^i."""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.bits.arrays import Words, words_in, words_out
from spdz.bits.clmul import clmul
from spdz.field.jit import inlined, kernel

_U0, _U1, _U3, _U4, _U63 = np.uint64(0), np.uint64(1), np.uint64(3), np.uint64(4), np.uint64(63)
_U60, _U61 = np.uint64(60), np.uint64(61)


@inlined
def gf64_reduce(low: Any, high: Any) -> Any:
    """low + high x^64. What the first four shifts lose is (high >> 60, 61, 63), below x^4, and enters once more."""
    high ^= (high >> _U60) ^ (high >> _U61) ^ (high >> _U63)
    return low ^ high ^ (high << _U1) ^ (high << _U3) ^ (high << _U4)


@inlined
def gf64_mul(a: Any, b: Any) -> Any:
    """a b."""
    low, high = clmul(a, b)
    return gf64_reduce(low, high)


@kernel
def _multiply(a: Words, b: Words, out: Words) -> None:
    for i in range(out.shape[0]):
        out[i] = gf64_mul(a[i], b[i])


@kernel
def _evaluate(words: Words, point: np.uint64) -> Any:
    total = _U0
    for i in range(words.shape[0]):
        total = gf64_mul(total, point) ^ words[words.shape[0] - 1 - i]
    return total


def multiply(a: Words, b: Words, out: Words | None = None) -> Words:
    """Products of words (n,), elementwise.

    Raises: UsageError for other shapes, types or layouts.
    """
    written = words_out(out, len(a))
    _multiply(words_in(a, len(a)), words_in(b, len(a)), written)
    return written


def compose(words: Words) -> np.uint64:
    """The sum of words[j] x^j: what the words of 64 bits make of the element that the bits are.

    Shapes: words (n,).  Raises: UsageError for other shapes, types or layouts.
    """
    return np.uint64(_evaluate(words_in(words, len(words)), np.uint64(2)))
