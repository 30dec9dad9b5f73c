"""The negacyclic number-theoretic transform modulo primes q < 2^62, q = 1 mod 2 N, over all residues of an element.

Forward: Cooley and Tukey's butterflies from natural to bit-reversed order; row position j holds the value at
psi^(2 j' + 1), j' being j with its bits reversed. Inverse: Gentleman and Sande's, back. Between butterflies the words
of the forward transform stay below 4 q < 2^64 and those of the inverse below 2 q. Two levels are done in one pass over
memory. No branch and no address depends on what is transformed.

The four levels with the smallest blocks would leave vectors of four words and of one. There sixteen neighbours are one
*column* of a table of COLUMNS columns in the first-level cache, and vectors run along its rows; the roots they need are
stored in that order (`column_roots`).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.field.jit import inlined, kernel
from spdz.field.memory import Words
from spdz.lattice.modular import multiply_constant, reduce_once

COLUMN = 16
"""Neighbours that make a column."""
COLUMNS = 64
"""Columns worked on at once: 8 KiB."""

_ODD_LEVELS = 0xAAAAAAAA
"""Powers of two with an odd exponent."""


def column_roots(roots: Words) -> Words:
    """The roots of the last four levels, from those in bit-reversed order: shape (15, N / 16), for N >= 16.

    Rows 0 to 2 belong to the levels of N / 16 and N / 8 blocks; rows 3 + 3 b to 5 + 3 b to block b of four in a column.
    """
    count = len(roots) // COLUMN
    starts = [count, *(4 * count + b for b in range(4))]
    steps = [1, 4, 4, 4, 4]
    rows = []
    for start, step in zip(starts, steps, strict=True):
        blocks = start + step * np.arange(count)
        rows += [roots[blocks], roots[2 * blocks], roots[2 * blocks + 1]]
    return np.array(rows, dtype=np.uint64).reshape(15, count)


@inlined
def _first_level(row: Any, w: Any, companion: Any, q: Any) -> None:
    """One level alone, where the number of levels is odd."""
    half = row.size >> 1
    low, high = row[:half], row[half:]
    for j in range(half):
        x = reduce_once(low[j], q + q)
        y = multiply_constant(high[j], w, companion, q)
        low[j] = x + y
        high[j] = x + (q + q) - y


@inlined
def _forward_pass(row: Any, blocks: Any, quarter: Any, roots: Any, companions: Any, q: Any) -> None:
    """Levels with `blocks` and twice as many blocks; a block has four quarters."""
    q2 = q + q
    for i in range(blocks):
        w0, s0 = roots[blocks + i], companions[blocks + i]
        w1, s1 = roots[2 * (blocks + i)], companions[2 * (blocks + i)]
        w2, s2 = roots[2 * (blocks + i) + 1], companions[2 * (blocks + i) + 1]
        start = 4 * i * quarter
        p0, p1 = row[start : start + quarter], row[start + quarter : start + 2 * quarter]
        p2, p3 = row[start + 2 * quarter : start + 3 * quarter], row[start + 3 * quarter : start + 4 * quarter]
        for j in range(quarter):
            a, b = reduce_once(p0[j], q2), reduce_once(p1[j], q2)
            c, d = multiply_constant(p2[j], w0, s0, q), multiply_constant(p3[j], w0, s0, q)
            e, f = reduce_once(a + c, q2), reduce_once(a + q2 - c, q2)
            g, h = multiply_constant(b + d, w1, s1, q), multiply_constant(b + q2 - d, w2, s2, q)
            p0[j], p1[j] = e + g, e + q2 - g
            p2[j], p3[j] = f + h, f + q2 - h


@inlined
def _last_level(row: Any, w: Any, companion: Any, q: Any) -> None:
    """The inverse of `_first_level`, but for a factor of 2."""
    half = row.size >> 1
    low, high = row[:half], row[half:]
    for j in range(half):
        x, y = low[j], high[j]
        low[j] = reduce_once(x + y, q + q)
        high[j] = multiply_constant(x + (q + q) - y, w, companion, q)


@inlined
def _inverse_pass(row: Any, blocks: Any, quarter: Any, roots: Any, companions: Any, q: Any) -> None:
    """The inverse of `_forward_pass`, but for a factor of 4."""
    q2 = q + q
    for i in range(blocks):
        w0, s0 = roots[blocks + i], companions[blocks + i]
        w1, s1 = roots[2 * (blocks + i)], companions[2 * (blocks + i)]
        w2, s2 = roots[2 * (blocks + i) + 1], companions[2 * (blocks + i) + 1]
        start = 4 * i * quarter
        p0, p1 = row[start : start + quarter], row[start + quarter : start + 2 * quarter]
        p2, p3 = row[start + 2 * quarter : start + 3 * quarter], row[start + 3 * quarter : start + 4 * quarter]
        for j in range(quarter):
            a, b, c, d = p0[j], p1[j], p2[j], p3[j]
            e, f = reduce_once(a + b, q2), multiply_constant(a + q2 - b, w1, s1, q)
            g, h = reduce_once(c + d, q2), multiply_constant(c + q2 - d, w2, s2, q)
            p0[j], p1[j] = reduce_once(e + g, q2), reduce_once(f + h, q2)
            p2[j] = multiply_constant(e + q2 - g, w0, s0, q)
            p3[j] = multiply_constant(f + q2 - h, w0, s0, q)


@inlined
def _forward_columns(table: Any, first: Any, step: Any, w: Any, s: Any, at: Any, start: Any, stop: Any, q: Any) -> None:
    """`_forward_pass` of one block in each column: its quarters are four rows, and each column has its own roots."""
    q2 = q + q
    p0, p1, p2, p3 = table[first], table[first + step], table[first + 2 * step], table[first + 3 * step]
    w0, w1, w2 = w[at][start:stop], w[at + 1][start:stop], w[at + 2][start:stop]
    s0, s1, s2 = s[at][start:stop], s[at + 1][start:stop], s[at + 2][start:stop]
    for j in range(w0.size):
        a, b = reduce_once(p0[j], q2), reduce_once(p1[j], q2)
        c, d = multiply_constant(p2[j], w0[j], s0[j], q), multiply_constant(p3[j], w0[j], s0[j], q)
        e, f = reduce_once(a + c, q2), reduce_once(a + q2 - c, q2)
        g, h = multiply_constant(b + d, w1[j], s1[j], q), multiply_constant(b + q2 - d, w2[j], s2[j], q)
        p0[j], p1[j] = e + g, e + q2 - g
        p2[j], p3[j] = f + h, f + q2 - h


@inlined
def _inverse_columns(table: Any, first: Any, step: Any, w: Any, s: Any, at: Any, start: Any, stop: Any, q: Any) -> None:
    """The inverse of `_forward_columns`, but for a factor of 4."""
    q2 = q + q
    p0, p1, p2, p3 = table[first], table[first + step], table[first + 2 * step], table[first + 3 * step]
    w0, w1, w2 = w[at][start:stop], w[at + 1][start:stop], w[at + 2][start:stop]
    s0, s1, s2 = s[at][start:stop], s[at + 1][start:stop], s[at + 2][start:stop]
    for j in range(w0.size):
        a, b, c, d = p0[j], p1[j], p2[j], p3[j]
        e, f = reduce_once(a + b, q2), multiply_constant(a + q2 - b, w1[j], s1[j], q)
        g, h = reduce_once(c + d, q2), multiply_constant(c + q2 - d, w2[j], s2[j], q)
        p0[j], p1[j] = reduce_once(e + g, q2), reduce_once(f + h, q2)
        p2[j] = multiply_constant(e + q2 - g, w0[j], s0[j], q)
        p3[j] = multiply_constant(f + q2 - h, w0[j], s0[j], q)


@inlined
def _take_columns(columns: Any, table: Any) -> None:
    for k in range(table.shape[0]):
        for i in range(columns.shape[0]):
            table[k, i] = columns[i, k]


@inlined
def _put_columns(table: Any, columns: Any) -> None:
    for i in range(columns.shape[0]):
        for k in range(table.shape[0]):
            columns[i, k] = table[k, i]


@inlined
def _forward_tail(row: Any, w: Any, s: Any, table: Any, q: Any) -> None:
    """The last four levels, and full reduction."""
    columns = row.reshape(row.size // COLUMN, COLUMN)
    for start in range(0, columns.shape[0], COLUMNS):
        taken = columns[start : start + COLUMNS]
        stop = start + taken.shape[0]
        _take_columns(taken, table)
        for k in range(4):
            _forward_columns(table, k, 4, w, s, 0, start, stop, q)
        for b in range(4):
            _forward_columns(table, 4 * b, 1, w, s, 3 + 3 * b, start, stop, q)
        for k in range(COLUMN):
            for j in range(COLUMNS):
                table[k, j] = reduce_once(reduce_once(table[k, j], q + q), q)
        _put_columns(table, taken)


@inlined
def _inverse_head(row: Any, w: Any, s: Any, table: Any, q: Any) -> None:
    """The inverse of `_forward_tail`, but for a factor of 16."""
    columns = row.reshape(row.size // COLUMN, COLUMN)
    for start in range(0, columns.shape[0], COLUMNS):
        taken = columns[start : start + COLUMNS]
        stop = start + taken.shape[0]
        _take_columns(taken, table)
        for b in range(4):
            _inverse_columns(table, 4 * b, 1, w, s, 3 + 3 * b, start, stop, q)
        for k in range(4):
            _inverse_columns(table, k, 4, w, s, 0, start, stop, q)
        _put_columns(table, taken)


@kernel
def forward(x: Words, roots: Words, companions: Words, columns: Words, column_companions: Words, moduli: Words) -> None:
    """Transform elements x, shape (count, L, N), N >= 16, in place: reduced residues of coefficients to reduced values.

    Shapes: roots (L, N) in bit-reversed order and their `column_roots`, each with companions.
    """
    size, table = x.shape[2], np.zeros((COLUMN, COLUMNS), np.uint64)
    levels = 0
    while (1 << levels) < size:
        levels += 1
    for at in range(x.shape[0]):
        for limb in range(x.shape[1]):
            row, w, s, q = x[at, limb], roots[limb], companions[limb], moduli[limb]
            blocks = 1
            if levels & 1:
                _first_level(row, w[1], s[1], q)
                blocks = 2
            while COLUMN * blocks < size:
                _forward_pass(row, blocks, size // (4 * blocks), w, s, q)
                blocks *= 4
            _forward_tail(row, columns[limb], column_companions[limb], table, q)
    table[:] = np.uint64(0)


@kernel
def inverse(
    x: Words, roots: Words, companions: Words, columns: Words, column_companions: Words,
    scales: Words, scale_companions: Words, moduli: Words,
) -> None:  # fmt: skip
    """The inverse of `forward`, with the inverse roots; `scales` are 1 / N modulo each prime."""
    size, table = x.shape[2], np.zeros((COLUMN, COLUMNS), np.uint64)
    for at in range(x.shape[0]):
        for limb in range(x.shape[1]):
            row, w, s, q = x[at, limb], roots[limb], companions[limb], moduli[limb]
            _inverse_head(row, columns[limb], column_companions[limb], table, q)
            blocks = size // (4 * COLUMN)
            while blocks >= 1:
                _inverse_pass(row, blocks, size // (4 * blocks), w, s, q)
                blocks //= 4
            if size & _ODD_LEVELS:
                _last_level(row, w[1], s[1], q)
            scale, scale_companion = scales[limb], scale_companions[limb]
            for j in range(size):
                row[j] = reduce_once(multiply_constant(row[j], scale, scale_companion, q), q)
    table[:] = np.uint64(0)
