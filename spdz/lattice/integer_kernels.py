"""Loops over polynomials with integer coefficients: tuples of rows, one for each word (`words.py`).

Sampling and arithmetic of secrets: nothing branches on a value or indexes with one. What is public, exponents of
monomials and bounds, may be branched on.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.field.jit import inlined, kernel, overload
from spdz.field.memory import Words
from spdz.lattice.modular import multiply_constant, reduce_once
from spdz.lattice.words import (
    add_words,
    count_bits,
    cut_rows,
    extend_sign,
    is_below,
    load_words,
    negate_if,
    shift_left,
    store_words,
)

Rows = tuple[Words, ...]

_U0, _U1, _U63, _U64 = np.uint64(0), np.uint64(1), np.uint64(63), np.uint64(64)


@kernel
def ternary(low: Words, high: Words, out: Words) -> None:
    """out = floor(3 w / 2^128) - 1 for uniform w = low + 2^64 high: -1, 0, 1 but for 2^-127 uniform."""
    for j in range(out.shape[0]):
        x, y = low[j], high[j]
        # 3 x = 2 x + x: its upper word is the bit that doubling pushes out, and what the addition carries.
        carried = (x >> _U63) + np.uint64((x << _U1) + x < x)
        partial = (y << _U1) + y
        out[j] = (y >> _U63) + np.uint64(partial < y) + np.uint64(partial + carried < partial) - _U1


@kernel
def centred_binomial(words: Words, eta: np.uint64, out: Words) -> None:
    """out = set bits among the lowest eta of a uniform word, less those among the next eta; eta <= 32."""
    mask = (_U1 << eta) - _U1
    for j in range(out.shape[0]):
        out[j] = count_bits(words[j] & mask) - count_bits((words[j] >> eta) & mask)


@kernel
def keep_low_bits(word: Words, bits: np.uint64) -> None:
    """The lowest `bits` of 1 to 64 bits of uniform words as integers in [-2^(bits-1), 2^(bits-1)), in place."""
    unused = _U64 - bits
    for j in range(word.shape[0]):
        word[j] = np.uint64(np.int64(word[j] << unused) >> np.int64(unused))


@kernel
def spread_sign(word: Words, out: Words) -> None:
    """out = -1 where `word` is negative, else 0: the next word."""
    for j in range(word.shape[0]):
        out[j] = _U0 - (word[j] >> _U63)


def _widen(message: Any, index: Any, rows: Any) -> Any:
    """Element `index` of a flat array, unsigned, with as many words as `rows`."""
    raise NotImplementedError("for kernels only")


@overload(_widen)
def _choose_widen(message: Any, index: Any, rows: Any) -> Any:
    if message.ndim == 1:
        return lambda message, index, rows: (message[index], _U0)
    return lambda message, index, rows: (message[index, 0], message[index, 1], _U0)


def _top_word(message: Any, index: Any) -> Any:
    raise NotImplementedError("for kernels only")


@overload(_top_word)
def _choose_top_word(message: Any, index: Any) -> Any:
    if message.ndim == 1:
        return lambda message, index: message[index]
    return lambda message, index: message[index, 1]


def _skip_word(x: Any, message: Any) -> Any:
    """x times 2^64 for elements of two words, x itself for those of one."""
    raise NotImplementedError("for kernels only")


@overload(_skip_word)
def _choose_skip_word(x: Any, message: Any) -> Any:
    if message.ndim == 1:
        return lambda x, message: x
    return lambda x, message: (_U0, x[0], x[1])


@kernel
def lift(message: Words, multiple: Words, rows: Rows, e: np.uint64) -> None:
    """rows = m + p k, m the representative of an element of F_p that is nearest to zero, p = 2^e - 1, k of one word.

    An element above p / 2 has bit e - 1 set: then k is one less. p k = 2^e k - k. `rows` has one word more than
    elements have.
    """
    bits = e & _U63
    for j in range(multiple.shape[0]):
        k = multiple[j] - ((_top_word(message, j) >> (bits - _U1)) & _U1)
        small = extend_sign(k, load_words(rows, j))
        shifted = _skip_word(shift_left(small, bits), message)
        total = add_words(add_words(shifted, negate_if(small, _U1)), _widen(message, j, rows))
        store_words(rows, j, total)


@inlined
def _add_turned(total: Any, x: Any, sign: Any) -> None:
    for j in range(x[0].shape[0]):
        turned = negate_if(load_words(x, j), sign)
        store_words(total, j, add_words(load_words(total, j), turned))


@kernel
def add_monomial(total: Rows, x: Rows, exponent: int) -> None:
    """total += w x modulo x^N + 1, for w = x^exponent, 0 <= exponent < 2 N: a rotation, and a sign where it wraps."""
    size = x[0].shape[0]
    shift, sign = exponent % size, np.uint64(exponent >= size)
    _add_turned(cut_rows(total, shift, size), cut_rows(x, 0, size - shift), sign)
    _add_turned(cut_rows(total, 0, shift), cut_rows(x, size - shift, size), _U1 - sign)


@kernel
def is_outside(rows: Rows, offset: Rows, span: Rows) -> np.uint64:
    """1 if some coefficient z has z + offset outside [0, span), else 0, in a time that does not depend on which."""
    shift, limit = load_words(offset, 0), load_words(span, 0)
    outside = _U0
    for j in range(rows[0].shape[0]):
        outside |= _U1 - is_below(add_words(load_words(rows, j), shift), limit)
    return outside


@kernel
def residues(words: Words, weights: Words, companions: Words, offsets: Words, moduli: Words, out: Words) -> None:
    """out[l, j] = coefficient j modulo q_l, reduced.

    Shapes: words (W, N); weights (W, L), 2^(64 w) mod q_l, with companions; offsets (L,): -2^(64 W - 1) mod q_l. The
    top word is read as unsigned after its sign bit is turned over, which adds 2^(64 W - 1).
    """
    count = words.shape[0]
    for limb in range(out.shape[0]):
        q, row = moduli[limb], out[limb]
        row[:] = offsets[limb]
        for w in range(count):
            weight, companion, word = weights[w, limb], companions[w, limb], words[w]
            turned = _U1 << _U63 if w == count - 1 else _U0
            for j in range(row.shape[0]):
                row[j] = reduce_once(row[j] + multiply_constant(word[j] ^ turned, weight, companion, q), q + q)
        for j in range(row.shape[0]):
            row[j] = reduce_once(row[j], q)
