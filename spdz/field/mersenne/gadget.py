"""Fused loops over the bits of elements: steps of COPEe and gadget products [KOS16].

Each makes one pass over memory. Public constants are powers of two, so that no multiplication is needed; secret bits
select by masks. Arrays are flat as in `arrays.py`; `k` elements per gadget row, entry l standing for 2^l.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.field.family import Hashes
from spdz.field.jit import inlined, kernel, overload
from spdz.field.mersenne.arrays import Words, constant, load, store
from spdz.field.mersenne.element import (
    U0,
    U1,
    add,
    double,
    keep_if,
    mul,
    reduce_block,
    reduce_block_at_once,
    sub,
    widest_multiple,
)

_LONG = np.uint64(43)
_HALF, _LOW_HALF = np.uint64(32), np.uint64(0xFFFFFFFF)
_SIX, _LOW_SIX = np.uint64(6), np.uint64(63)


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
def hash_words(h: Any, j: Any) -> Any:
    """The two words of hash j: inner ^ outer ^ (index + j)."""
    inner, outer, index = h
    at = np.uint64(j)
    return inner[at, U0] ^ outer[at, U0] ^ (index + at), inner[at, U1] ^ outer[at, U1]


def _entry(source: Any, j: Any, e: Any) -> Any:
    """Entry j of the gadget rows of a `source`; its kind is told by the number of its members.

    (h0, h1, secret, d, widest)              h0[j] mod p; the message h0[j] - h1[j] + secret is written to d[j]
    (h, words, word, start, d, widest)       h[j] mod p, plus d[j] if bit j - start of words[word ...] is 1
    """
    raise NotImplementedError("for kernels only")


@overload(_entry)
def _choose_entry(source: Any, j: Any, e: Any) -> Any:
    return {5: _sender_entry, 6: _receiver_entry}[len(source)]


def _sender_entry(source: Any, j: Any, e: Any) -> Any:
    h0, h1, secret, d, widest = source
    low, high = hash_words(h0, j)
    first = reduce_block(low, high, d, widest, e)
    low, high = hash_words(h1, j)
    store(d, j, add(sub(first, reduce_block(low, high, d, widest, e), e), secret, e))
    return first


def _receiver_entry(source: Any, j: Any, e: Any) -> Any:
    h, words, word, start, d, widest = source
    low, high = hash_words(h, j)
    place = np.uint64(j - start)
    bit = (words[np.uint64(word) + (place >> _SIX)] >> (place & _LOW_SIX)) & U1
    return add(reduce_block(low, high, d, widest, e), keep_if(load(d, j), constant(d, bit), e), e)


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


@inlined
def _reduce_halves(low: Any, high: Any, e: Any) -> Any:
    """low + 2^32 high mod 2^e - 1 for sums of at most 61 halves, 43 <= e <= 61."""
    p, above = (U1 << e) - U1, e - _HALF
    total = low + ((high & ((U1 << above) - U1)) << _HALF) + (high >> above)
    total = (total & p) + (total >> e)
    return (total + ((total + U1) >> e)) & p


@inlined
def _sender_row_at_once(h0: Any, h1: Any, secret: Any, start: Any, k: Any, d: Any, e: Any) -> Any:
    """As `_gadget_row`, for one-word fields with 43 <= e: 2^l x is a rotation, so the loop has no chain and vectorises.

    The halves of the rotated words are summed apart and reduced once.
    """
    low_sum, high_sum, p = U0, U0, (U1 << e) - U1
    for bit in range(np.uint64(k)):
        j = np.uint64(start) + bit
        low, high = hash_words(h0, j)
        first = reduce_block_at_once(low, high, e)
        low, high = hash_words(h1, j)
        d[j] = add(sub(first, reduce_block_at_once(low, high, e), e), secret, e)
        rotated = ((first << bit) | (first >> (e - bit))) & p
        low_sum += rotated & _LOW_HALF
        high_sum += rotated >> _HALF
    return _reduce_halves(low_sum, high_sum, e)


@inlined
def _receiver_row_at_once(h: Any, value: Any, start: Any, k: Any, d: Any, e: Any) -> Any:
    """The receiver's counterpart of `_sender_row_at_once`."""
    low_sum, high_sum, p = U0, U0, (U1 << e) - U1
    for bit in range(np.uint64(k)):
        j = np.uint64(start) + bit
        low, high = hash_words(h, j)
        chosen = d[j] & (U0 - ((value >> bit) & U1))
        entry = add(reduce_block_at_once(low, high, e), chosen, e)
        rotated = ((entry << bit) | (entry >> (e - bit))) & p
        low_sum += rotated & _LOW_HALF
        high_sum += rotated >> _HALF
    return _reduce_halves(low_sum, high_sum, e)


def _sender_row(h0: Any, h1: Any, b: Any, i: Any, k: Any, d: Any, widest: Any, e: Any) -> Any:
    """Row i of `ot_sender_products`."""
    raise NotImplementedError("for kernels only")


@overload(_sender_row)
def _choose_sender_row(h0: Any, h1: Any, b: Any, i: Any, k: Any, d: Any, widest: Any, e: Any) -> Any:
    def one_word(h0: Any, h1: Any, b: Any, i: Any, k: Any, d: Any, widest: Any, e: Any) -> Any:
        if e >= _LONG:
            return _sender_row_at_once(h0, h1, b[np.uint64(i)], i * k, k, d, e)
        return _gadget_row((h0, h1, load(b, i), d, widest), i * k, k, d, e)

    def two_words(h0: Any, h1: Any, b: Any, i: Any, k: Any, d: Any, widest: Any, e: Any) -> Any:
        return _gadget_row((h0, h1, load(b, i), d, widest), i * k, k, d, e)

    return one_word if d.ndim == 1 else two_words


def _receiver_row(h: Any, words: Any, i: Any, k: Any, d: Any, widest: Any, e: Any) -> Any:
    """Row i of `ot_receiver_products`."""
    raise NotImplementedError("for kernels only")


@overload(_receiver_row)
def _choose_receiver_row(h: Any, words: Any, i: Any, k: Any, d: Any, widest: Any, e: Any) -> Any:
    def one_word(h: Any, words: Any, i: Any, k: Any, d: Any, widest: Any, e: Any) -> Any:
        if e >= _LONG:
            return _receiver_row_at_once(h, words[np.uint64(i)], i * k, k, d, e)
        return _gadget_row((h, words, i, i * k, d, widest), i * k, k, d, e)

    def two_words(h: Any, words: Any, i: Any, k: Any, d: Any, widest: Any, e: Any) -> Any:
        return _gadget_row((h, words, 2 * i, i * k, d, widest), i * k, k, d, e)

    return one_word if d.ndim == 1 else two_words


@kernel
def ot_sender_products(h0: Hashes, h1: Hashes, b: Words, k: int, d: Words, out: Words, e: np.uint64) -> None:
    """d[i, l] = h0[i, l] - h1[i, l] + b[i]; out[i] = sum over l of 2^l h0[i, l]."""
    widest = widest_multiple(e)
    for i in range(out.shape[0]):
        store(out, i, _sender_row(h0, h1, b, i, k, d, widest, e))


@kernel
def ot_receiver_products(h: Hashes, words: Words, k: int, d: Words, out: Words, e: np.uint64) -> None:
    """out[i] = sum over l of 2^l (h[i, l] + bit l of a[i] times d[i, l]); `words` are the words of a."""
    widest = widest_multiple(e)
    for i in range(out.shape[0]):
        store(out, i, _receiver_row(h, words, i, k, d, widest, e))


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
