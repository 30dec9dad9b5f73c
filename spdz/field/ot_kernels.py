"""Fused loops of the OT protocols: COPEe and the gadget products of triples.

Each makes one pass over memory. Public constants are powers of two, so that no multiplication is needed; secret bits
select by masks. Arrays are flat as in `kernels.py`; `k` elements per gadget row, entry l standing for 2^l.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spdz.field.jit import inlined, kernel
from spdz.field.kernels import Words, constant, load, reduce_run, store
from spdz.field.mersenne import U0, U1, add, double, keep_if, mul, sub

Bytes = npt.NDArray[np.uint8]


@kernel
def copee_sender_step(acc: Words, x: Words, t0: Words, t1: Words, u: Words, e: np.uint64) -> None:
    """u = t0 - t1 + x; acc = 2 acc + t0."""
    for i in range(acc.shape[0]):
        first = load(t0, i)
        store(u, i, add(sub(first, load(t1, i), e), load(x, i), e))
        store(acc, i, add(double(load(acc, i), e), first, e))


@kernel
def copee_receiver_step(acc: Words, t: Words, u: Words, bit: np.uint64, e: np.uint64) -> None:
    """acc = 2 acc + t + bit * u."""
    chosen = constant(acc, bit)
    for i in range(acc.shape[0]):
        received = add(load(t, i), keep_if(load(u, i), chosen, e), e)
        store(acc, i, add(double(load(acc, i), e), received, e))


@inlined
def _gadget_row(x: Any, row: int, k: int, e: Any) -> Any:
    """sum over l < k of 2^l x[row * k + l], by Horner's rule.

    Two halves of the row advance side by side, because one chain of doublings would wait for its own results.
    """
    half = k // 2
    low, high = constant(x, U0), constant(x, U0)
    start = row * k
    for top in range(2 * half, k):
        high = load(x, start + top)
    for down in range(half):
        j = start + half - 1 - down
        low = add(double(low, e), load(x, j), e)
        high = add(double(high, e), load(x, j + half), e)
    return add(low, mul(high, constant(x, U1 << np.uint64(half)), e), e)


@kernel
def gadget_sum(x: Words, k: int, out: Words, e: np.uint64) -> None:
    """out[i] = sum over l of 2^l x[i, l]."""
    for i in range(out.shape[0]):
        store(out, i, _gadget_row(x, i, k, e))


@kernel
def ot_sender_gadget(h0: Words, h1: Words, b: Words, scratch: Words, d: Words, out: Words, e: np.uint64) -> None:
    """d[i, l] = h0[i, l] - h1[i, l] + b[i]; out[i] = sum over l of 2^l h0[i, l]. `scratch` has two rows of k."""
    k = scratch.shape[0] // 2
    first, second = scratch[:k], scratch[k:]
    for i in range(out.shape[0]):
        secret = load(b, i)
        reduce_run(h0, i * k, first, e)
        reduce_run(h1, i * k, second, e)
        for l in range(k):
            store(d, i * k + l, add(sub(load(first, l), load(second, l), e), secret, e))
        store(out, i, _gadget_row(first, 0, k, e))


@kernel
def ot_receiver_gadget(h: Words, scratch: Words, out: Words, e: np.uint64) -> None:
    """out[i] = sum over l of 2^l h[i, l]. `scratch` has one row of k."""
    k = scratch.shape[0]
    for i in range(out.shape[0]):
        reduce_run(h, i * k, scratch, e)
        store(out, i, _gadget_row(scratch, 0, k, e))


@kernel
def select_gadget(bits: Bytes, d: Words, scratch: Words, acc: Words, e: np.uint64) -> None:
    """acc[i] += sum over l of 2^l bits[i, l] d[i, l]. `scratch` has one row of k."""
    k = scratch.shape[0]
    for i in range(acc.shape[0]):
        for l in range(k):
            chosen = constant(acc, np.uint64(bits[np.uint64(i * k + l)]) & U1)
            store(scratch, l, keep_if(load(d, i * k + l), chosen, e))
        store(acc, i, add(load(acc, i), _gadget_row(scratch, 0, k, e), e))


@kernel
def pack_bits(words: Words, limbs: int, k: int, out: Words) -> None:
    """The k low bits of every element (of `limbs` consecutive words), one after the other, least significant first.

    `out` has room for all bits; its last word is padded with zeros.
    """
    pending, filled, position = U0, 0, 0
    for i in range(words.shape[0]):
        word = words[np.uint64(i)]
        count = 64 if i % limbs < limbs - 1 else k - 64 * (limbs - 1)
        pending |= word << np.uint64(filled)
        filled += count
        if filled >= 64:
            out[position] = pending
            position += 1
            filled -= 64
            # What did not fit; a shift by 64 is undefined, hence the two steps.
            pending = (word >> U1) >> np.uint64(count - filled - 1)
    if filled:
        out[position] = pending
