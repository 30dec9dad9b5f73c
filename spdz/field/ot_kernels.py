"""Fused loops of the OT protocols: COPEe and the gadget products of triples.

Each makes one pass over memory. Public constants are powers of two, so that no multiplication is needed; secret bits
select by masks. Arrays are flat as in `kernels.py`; `k` elements per gadget row, entry l standing for 2^l.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spdz.field.jit import inlined, kernel, overload
from spdz.field.kernels import Words, constant, load, store
from spdz.field.mersenne import U0, U1, add, double, keep_if, mul, reduce_block, sub, widest_multiple

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


def _entry(source: Any, j: Any, e: Any) -> Any:
    """Entry j of the gadget rows of a `source`; its kind is told by the number of its members.

    (x,)                          x[j]
    (bits, d)                     bits[j] d[j]
    (h, like, widest)             h[j] mod p, an element of the kind of `like`
    (h0, h1, secret, d, widest)   h0[j] mod p; the entry's message h0[j] - h1[j] + secret is written to d[j]
    """
    raise NotImplementedError("for kernels only")


@overload(_entry)
def _choose_entry(source: Any, j: Any, e: Any) -> Any:
    return {1: _plain_entry, 2: _selected_entry, 3: _block_entry, 5: _sender_entry}[len(source)]


def _plain_entry(source: Any, j: Any, e: Any) -> Any:
    return load(source[0], j)


def _selected_entry(source: Any, j: Any, e: Any) -> Any:
    bits, d = source
    return keep_if(load(d, j), constant(d, np.uint64(bits[np.uint64(j)]) & U1), e)


def _block_entry(source: Any, j: Any, e: Any) -> Any:
    h, like, widest = source
    return reduce_block(h[np.uint64(j), U0], h[np.uint64(j), U1], like, widest, e)


def _sender_entry(source: Any, j: Any, e: Any) -> Any:
    h0, h1, secret, d, widest = source
    first = reduce_block(h0[np.uint64(j), U0], h0[np.uint64(j), U1], d, widest, e)
    second = reduce_block(h1[np.uint64(j), U0], h1[np.uint64(j), U1], d, widest, e)
    store(d, j, add(sub(first, second, e), secret, e))
    return first


@inlined
def _gadget_row(source: Any, start: Any, k: Any, like: Any, e: Any) -> Any:
    """sum over l < k of 2^l (entry start + l of the source), by Horner's rule.

    Two halves of the row advance side by side, because one chain of doublings would wait for its own results.
    """
    half = k // 2
    low, high = constant(like, U0), constant(like, U0)
    for top in range(2 * half, k):
        high = _entry(source, start + top, e)
    for down in range(half):
        j = start + half - 1 - down
        low = add(double(low, e), _entry(source, j, e), e)
        high = add(double(high, e), _entry(source, j + half, e), e)
    return add(low, mul(high, constant(like, U1 << np.uint64(half)), e), e)


@kernel
def gadget_sum(x: Words, k: int, out: Words, e: np.uint64) -> None:
    """out[i] = sum over l of 2^l x[i, l]."""
    for i in range(out.shape[0]):
        store(out, i, _gadget_row((x,), i * k, k, out, e))


@kernel
def ot_sender_gadget(h0: Words, h1: Words, b: Words, k: int, d: Words, out: Words, e: np.uint64) -> None:
    """d[i, l] = h0[i, l] - h1[i, l] + b[i]; out[i] = sum over l of 2^l h0[i, l]."""
    widest = widest_multiple(e)
    for i in range(out.shape[0]):
        store(out, i, _gadget_row((h0, h1, load(b, i), d, widest), i * k, k, out, e))


@kernel
def ot_receiver_gadget(h: Words, k: int, out: Words, e: np.uint64) -> None:
    """out[i] = sum over l of 2^l h[i, l]."""
    widest = widest_multiple(e)
    for i in range(out.shape[0]):
        store(out, i, _gadget_row((h, out, widest), i * k, k, out, e))


@kernel
def select_gadget(bits: Bytes, d: Words, k: int, acc: Words, e: np.uint64) -> None:
    """acc[i] += sum over l of 2^l bits[i, l] d[i, l]."""
    for i in range(acc.shape[0]):
        store(acc, i, add(load(acc, i), _gadget_row((bits, d), i * k, k, acc, e), e))


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
