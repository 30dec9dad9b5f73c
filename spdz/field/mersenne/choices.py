"""Fused loops of products of a bit with elements, one OT for each bit, and of the chains that join such products.

Arrays are flat as in `arrays.py`. Bits are packed in words, least significant first; they select by masks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.field.family import Hashes
from spdz.field.jit import inlined, kernel
from spdz.field.mersenne.arrays import Words, constant, load, store
from spdz.field.mersenne.element import U0, U1, add, double, keep_if, mul, reduce_block, sub, widest_multiple
from spdz.field.mersenne.gadget import hash_words

_SIX, _LOW_SIX = np.uint64(6), np.uint64(63)


@inlined
def _element(h: Any, j: Any, array: Any, widest: Any, e: Any) -> Any:
    """Hash j modulo p."""
    low, high = hash_words(h, j)
    return reduce_block(low, high, array, widest, e)


@inlined
def _bit(bits: Any, at: Any, array: Any) -> Any:
    """Bit number `at` as an element of the kind that `array` holds."""
    place = np.uint64(at)
    return constant(array, (bits[place >> _SIX] >> (place & _LOW_SIX)) & U1)


@kernel
def choice_payload(h0: Hashes, h1: Hashes, x: Words, x_step: int, d: Words, out: Words, e: np.uint64) -> None:
    """d[i] = h0[i] - h1[i] + x[i]; out[i] = -h0[i]."""
    widest = widest_multiple(e)
    for i in range(out.shape[0]):
        first, other = _element(h0, i, d, widest, e), _element(h1, i, d, widest, e)
        store(d, i, add(sub(first, other, e), load(x, i * x_step), e))
        store(out, i, sub(constant(out, U0), first, e))


@kernel
def choice_take(h: Hashes, bits: Words, first: int, d: Words, out: Words, e: np.uint64) -> None:
    """out[i] += h[i] + bit first + i times d[i]."""
    widest = widest_multiple(e)
    for i in range(out.shape[0]):
        chosen = keep_if(load(d, i), _bit(bits, first + i, d), e)
        store(out, i, add(load(out, i), add(_element(h, i, d, widest, e), chosen, e), e))


@kernel
def choice_times(bits: Words, first: int, x: Words, x_step: int, out: Words, e: np.uint64) -> None:
    """out[i] = bit first + i times x[i]."""
    for i in range(out.shape[0]):
        store(out, i, keep_if(load(x, i * x_step), _bit(bits, first + i, x), e))


@kernel
def chain_difference(start: Words, start_step: int, total: Words, w: Words, out: Words, e: np.uint64) -> None:
    """out[i] = start[i] - 2 total[i] - w[i]."""
    for i in range(out.shape[0]):
        taken = add(double(load(total, i), e), load(w, i), e)
        store(out, i, sub(load(start, i * start_step), taken, e))


@kernel
def chain_add(product: Words, epsilon: Words, x: Words, total: Words, e: np.uint64) -> None:
    """total[i] += product[i] + epsilon[i] x[i]."""
    for i in range(total.shape[0]):
        switched = mul(load(epsilon, i), load(x, i), e)
        store(total, i, add(load(total, i), add(load(product, i), switched, e), e))
