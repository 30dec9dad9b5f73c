"""Loops over fractions in [0, 1) of F words, tuples of F rows: exact modulo 1 on the grid of 2^-(64 F)."""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.field.jit import inlined, kernel, overload
from spdz.field.memory import Words
from spdz.field.mersenne.arrays import constant, store
from spdz.field.mersenne.element import add, sub
from spdz.lattice.modular import multiply_constant, reduce_once
from spdz.lattice.words import add_product, cut_rows, is_below, load_words, shift_left, store_words

Rows = tuple[Words, ...]

_U0, _U1, _U63, _U64 = np.uint64(0), np.uint64(1), np.uint64(63), np.uint64(64)

_BLOCK = 256
"""Coefficients worked on at once: their fractions stay in the first-level cache over all primes."""


@kernel
def start(total: Rows, value: Rows) -> None:
    """total = value, one entry for all."""
    for j in range(total[0].shape[0]):
        store_words(total, j, load_words(value, 0))


@inlined
def _add_row(total: Any, row: Any, factor: Any, companion: Any, weight: Any, q: Any) -> None:
    for j in range(row.shape[0]):
        residue = reduce_once(multiply_constant(row[j], factor, companion, q), q)
        store_words(total, j, add_product(load_words(total, j), residue, weight))


@kernel
def add_residues(total: Rows, x: Words, factors: Words, companions: Words, weights: Rows, moduli: Words) -> None:
    """total += sum over l of weights[l] * (factors[l] x[l] mod q_l), for coefficients x of shape (L, N)."""
    size = x.shape[1]
    for first in range(0, size, _BLOCK):
        last = min(first + _BLOCK, size)
        part = cut_rows(total, first, last)
        for limb in range(x.shape[0]):
            row, weight = x[limb][first:last], load_words(weights, limb)
            _add_row(part, row, factors[limb], companions[limb], weight, moduli[limb])


@kernel
def add_numbers(total: Rows, numbers: Words, weights: Rows) -> None:
    """total += sum over w of weights[w] * numbers[j, w]."""
    for w in range(numbers.shape[1]):
        weight = load_words(weights, w)
        for j in range(numbers.shape[0]):
            store_words(total, j, add_product(load_words(total, j), numbers[j, w], weight))


@kernel
def top_words(total: Rows, out: Words) -> None:
    """out[j] = the upper words of total[j], least significant first."""
    count, skipped = out.shape[1], len(total) - out.shape[1]
    for w in range(count):
        for j in range(out.shape[0]):
            out[j, w] = total[skipped + w][j]


def _times_power(v: Any, out: Any, e: Any) -> Any:
    """2^e v modulo 1."""
    raise NotImplementedError("for kernels only")


@overload(_times_power)
def _choose_times_power(v: Any, out: Any, e: Any) -> Any:
    if out.ndim == 1:
        return lambda v, out, e: shift_left(v, e)
    # e = 127: one word and 63 bits.
    return lambda v, out, e: (_U0, *shift_left(v, _U63)[:-1])


def _top_element(v: Any, out: Any, e: Any) -> Any:
    """floor(2^e v)."""
    raise NotImplementedError("for kernels only")


@overload(_top_element)
def _choose_top_element(v: Any, out: Any, e: Any) -> Any:
    if out.ndim == 1:
        return lambda v, out, e: v[-1] >> (_U64 - e)
    return lambda v, out, e: ((v[-2] >> _U1) | (v[-1] << _U63), v[-1] >> _U1)


def _plus_half(v: Any) -> Any:
    """v + 1/2 modulo 1: the top bit turned over."""
    raise NotImplementedError("for kernels only")


@overload(_plus_half)
def _choose_plus_half(v: Any) -> Any:
    return lambda v: (*v[:-1], v[-1] ^ (_U1 << _U63))


@kernel
def round_times_p(total: Rows, out: Words, e: np.uint64) -> None:
    """out = the integer nearest to p v, modulo p = 2^e - 1, for v = total: exact, by comparison of all words.

    p v + 1/2 = floor(2^e v) + (frac(2^e v) + 1/2 - v): one more where frac(2^e v) >= 1/2, then one less where what is
    left of that, modulo 1, is below v.
    """
    for j in range(total[0].shape[0]):
        v = load_words(total, j)
        shifted = _times_power(v, out, e)
        more = shifted[-1] >> _U63
        less = is_below(_plus_half(shifted), v)
        whole = add(_top_element(v, out, e), constant(out, more), e)
        store(out, j, sub(whole, constant(out, less), e))
