"""Between coefficients modulo p and slots: a transform of N / 2 points over F_{p^2} = F_p[i], for p = 2^e - 1.

A flat array of N elements is the polynomial f; its halves are the real and the imaginary parts of f modulo
x^{N/2} - i, of which butterflies make the values at N / 2 roots. Nothing branches on a value.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.field.jit import inlined, kernel
from spdz.field.memory import Words
from spdz.field.mersenne.arrays import constant, load, store
from spdz.field.mersenne.element import add, mul, mul_mul_add, sub

_U0 = np.uint64(0)


@inlined
def _twist(x: Any, y: Any, c: Any, d: Any, minus_d: Any, zero: Any, e: Any) -> Any:
    """(x + y i)(c + d i)."""
    return mul_mul_add(x, c, y, minus_d, zero, e), mul_mul_add(x, d, y, c, zero, e)


@kernel
def to_slots(real: Words, imaginary: Words, root_real: Words, root_imaginary: Words, e: np.uint64) -> None:
    """In place, from coefficients: natural order of coefficients to bit-reversed order of roots."""
    zero = constant(real, _U0)
    blocks, half = 1, real.shape[0]
    while half > 1:
        half >>= 1
        for i in range(blocks):
            c, d = load(root_real, blocks + i), load(root_imaginary, blocks + i)
            minus_d = sub(zero, d, e)
            for j in range(2 * i * half, (2 * i + 1) * half):
                v, w = _twist(load(real, j + half), load(imaginary, j + half), c, d, minus_d, zero, e)
                x, y = load(real, j), load(imaginary, j)
                store(real, j, add(x, v, e))
                store(imaginary, j, add(y, w, e))
                store(real, j + half, sub(x, v, e))
                store(imaginary, j + half, sub(y, w, e))
        blocks <<= 1


@kernel
def from_slots(
    real: Words, imaginary: Words, root_real: Words, root_imaginary: Words, scale: Words, e: np.uint64
) -> None:
    """The inverse of `to_slots`, with the inverse roots; `scale` holds one element, a factor over N / 2."""
    zero, factor = constant(real, _U0), load(scale, 0)
    blocks, half = real.shape[0] >> 1, 1
    while blocks >= 1:
        for i in range(blocks):
            c, d = load(root_real, blocks + i), load(root_imaginary, blocks + i)
            minus_d = sub(zero, d, e)
            for j in range(2 * i * half, (2 * i + 1) * half):
                x, y, v, w = load(real, j), load(imaginary, j), load(real, j + half), load(imaginary, j + half)
                store(real, j, add(x, v, e))
                store(imaginary, j, add(y, w, e))
                v, w = _twist(sub(x, v, e), sub(y, w, e), c, d, minus_d, zero, e)
                store(real, j + half, v)
                store(imaginary, j + half, w)
        blocks >>= 1
        half <<= 1
    for j in range(real.shape[0]):
        store(real, j, mul(load(real, j), factor, e))
        store(imaginary, j, mul(load(imaginary, j), factor, e))
