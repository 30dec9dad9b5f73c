"""Arithmetic modulo a prime q < 2^62 inside kernels, lazily reduced: sums of two products still fit into a word.

A residue is *reduced* in [0, q), *lazy* in [0, 2 q). `reduce_once` takes a word from [0, 2 m) to [0, m): where x < m,
x - m wraps around to something greater than x, so the smaller of the two is the residue; the compiler makes a minimum
of it and no branch. A constant factor w comes with its companion floor(2^64 w / q) (Shoup, in Harvey 2014,
"Faster arithmetic for number-theoretic transforms").
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.field.jit import inlined
from spdz.lattice.words import mulhi

_HALF, _LOW = np.uint64(32), np.uint64(2**32 - 1)


@inlined
def reduce_once(x: Any, m: Any) -> Any:
    """x mod m for x in [0, 2 m), m <= 2^63."""
    return min(x, x - m)


@inlined
def multiply_constant(x: Any, w: Any, companion: Any, q: Any) -> Any:
    """Lazy x w for any word x and w < q.

    The exact quotient floor(x w / q) exceeds floor(x companion / 2^64) by at most 1, and that exceeds `quotient` by at
    most 2: the sum of three halves of words is below 3 * 2^32. So the remainder is in [0, 4 q), below 2^64. Products of
    halves are done with vectors; a full upper word is not, and takes half as long again.
    """
    quotient = (x >> _HALF) * (companion >> _HALF)
    quotient += ((x >> _HALF) * (companion & _LOW)) >> _HALF
    quotient += ((x & _LOW) * (companion >> _HALF)) >> _HALF
    return reduce_once(x * w - quotient * q, q + q)


@inlined
def multiply_montgomery(x: Any, y: Any, q: Any, q_inverse: Any) -> Any:
    """x y / 2^64 mod q, in (0, 2 q), for x y < 2^64 q and q_inverse = 1 / q mod 2^64.

    The lower word of x y and that of m q are equal, so the difference of the upper words is exact.
    """
    m = (x * y) * q_inverse
    return mulhi(x, y) + q - mulhi(m, q)
