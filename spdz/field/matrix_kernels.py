"""Fused loops of the products of a bit-decomposed entry with a row: one pass over memory each.

As `ot_kernels.py`, but an OT carries `columns` elements instead of one, made of a seed s: block c is inner ^ s, see
`SeedExpansion.permute`. Arrays are flat; entry i has k OTs, number l standing for 2^l; OT l of entry i is number
i k + l, and its element c is at (i k + l) columns + c. Sums over 2^l run by Horner from the highest bit down, beside
each other for all columns, so no chain waits for its own results.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spdz.field.jit import inlined, kernel
from spdz.field.kernels import Words, constant, load, store
from spdz.field.mersenne import U0, U1, add, double, keep_if, reduce_block, sub, widest_multiple

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]


@inlined
def _element(inner: Any, place: Any, low: Any, high: Any, like: Any, widest: Any, e: Any) -> Any:
    """Block `place` of the seed (low, high) modulo p."""
    at = np.uint64(place)
    return reduce_block(inner[at, U0] ^ low, inner[at, U1] ^ high, like, widest, e)


@inlined
def _clear(out: Any, start: Any, count: Any) -> None:
    for c in range(count):
        store(out, start + c, constant(out, U0))


@kernel
def matrix_sender(
    inner0: Words,
    seeds0: Words,
    inner1: Words,
    seeds1: Words,
    y: Words,
    k: int,
    columns: int,
    d: Words,
    out: Words,
    e: np.uint64,
) -> None:
    """With q0, q1 the expanded seeds: d[i, l, c] = q0 - q1 + y[i, c]; out[i, c] = sum over l of 2^l q0[i, l, c]."""
    widest = widest_multiple(e)
    for i in range(out.shape[0] // columns):
        base = i * columns
        _clear(out, base, columns)
        for down in range(k):
            ot = np.uint64(i * k + k - 1 - down)
            low0, high0, low1, high1 = seeds0[ot, U0], seeds0[ot, U1], seeds1[ot, U0], seeds1[ot, U1]
            row = (i * k + k - 1 - down) * columns
            for c in range(columns):
                first = _element(inner0, row + c, low0, high0, out, widest, e)
                second = _element(inner1, row + c, low1, high1, out, widest, e)
                store(d, row + c, add(sub(first, second, e), load(y, base + c), e))
                store(out, base + c, add(double(load(out, base + c), e), first, e))


@kernel
def matrix_receiver(
    inner: Words, seeds: Words, bits: Bytes, d: Words, k: int, columns: int, out: Words, e: np.uint64
) -> None:
    """With s the expanded seeds: out[i, c] = sum over l of 2^l (s[i, l, c] + bits[i, l] d[i, l, c])."""
    widest = widest_multiple(e)
    for i in range(out.shape[0] // columns):
        base = i * columns
        _clear(out, base, columns)
        for down in range(k):
            ot = np.uint64(i * k + k - 1 - down)
            low, high, chosen = seeds[ot, U0], seeds[ot, U1], constant(d, np.uint64(bits[ot]) & U1)
            row = (i * k + k - 1 - down) * columns
            for c in range(columns):
                own = _element(inner, row + c, low, high, out, widest, e)
                received = add(own, keep_if(load(d, row + c), chosen, e), e)
                store(out, base + c, add(double(load(out, base + c), e), received, e))


@kernel
def add_rows(x: Words, places: Places, columns: int, first: int, stride: int, target: Words, e: np.uint64) -> None:
    """target[places[i], first + c] += x[i, c], for a target of rows of `stride` elements; places may repeat."""
    for i in range(places.shape[0]):
        base = places[i] * stride + first
        for c in range(columns):
            store(target, base + c, add(load(target, base + c), load(x, i * columns + c), e))
