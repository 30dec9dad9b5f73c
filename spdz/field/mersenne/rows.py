"""Fused loops of the products of an entry, digit by digit, with a row: one pass over memory each.

A digit of `depth` bits has 2^depth leaves, each a seed s that stands for `width` elements: block c is inner ^ s.
Arrays are flat; digit j of entry i, which stands for 2^(depth j), is number i digits + j, and its leaf x has the seed
(number 2^depth + x). g_x is an element of leaf x. Sums over digits run by Horner from the highest one down, beside each
other for all columns, so no chain waits for its own results.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spdz.field.jit import inlined, kernel, overload
from spdz.field.mersenne.arrays import Words, constant, load, store
from spdz.field.mersenne.element import (
    U0,
    U1,
    add,
    add_block_lazily,
    add_lazily,
    double,
    keep_if,
    mul,
    reduce_block,
    settle,
    sub,
    widest_multiple,
)

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

_LONG = np.uint64(43)
"""From this exponent on a block is reduced without a loop."""


@inlined
def _clear(out: Any, start: Any, count: Any) -> None:
    for c in range(count):
        store(out, start + c, constant(out, U0))


@inlined
def _double_often(out: Any, start: Any, width: Any, times: Any, e: Any) -> None:
    for c in range(width):
        value = load(out, start + c)
        for _ in range(times):
            value = double(value, e)
        store(out, start + c, value)


@inlined
def _sum_digit_step_by_step(
    inner: Any, seeds: Any, number: Any, depth: Any, width: Any, total: Any, out: Any, start: Any, widest: Any, e: Any
) -> None:
    leaves = 1 << depth
    for x in range(leaves):
        leaf = number * leaves + x
        low, high = seeds[np.uint64(leaf), U0], seeds[np.uint64(leaf), U1]
        weighted = constant(out, np.uint64(x < leaves - 1))
        for c in range(width):
            at = np.uint64(leaf * width + c)
            element = reduce_block(inner[at, U0] ^ low, inner[at, U1] ^ high, total, widest, e)
            element = add(load(total, c), element, e)
            store(total, c, element)
            store(out, start + c, add(load(out, start + c), keep_if(element, weighted, e), e))


@inlined
def _sum_digit_lazily(
    inner: Any, seeds: Any, number: Any, depth: Any, width: Any, total: Any, out: Any, start: Any, e: Any
) -> None:
    """For one word and 43 <= e: the inner loop has no loop in it, reduces late, and vectorises."""
    leaves, sums = 1 << depth, out[start : start + width]
    for x in range(leaves):
        leaf = number * leaves + x
        low, high = seeds[np.uint64(leaf), U0], seeds[np.uint64(leaf), U1]
        row, weighted = inner[leaf * width : (leaf + 1) * width], U0 - np.uint64(x < leaves - 1)
        for c in range(width):
            so_far = add_block_lazily(total[c], row[c, 0] ^ low, row[c, 1] ^ high, e)
            total[c] = so_far
            sums[c] = add_lazily(sums[c], so_far & weighted, e)
    for c in range(width):
        total[c] = settle(total[c], e)
        sums[c] = settle(sums[c], e)


def _sum_digit(
    inner: Any, seeds: Any, number: Any, depth: Any, width: Any, total: Any, out: Any, start: Any, widest: Any, e: Any
) -> None:
    """Add the sum of g_x to total[c], and the sum of (2^depth - 1 - x) g_x to out[start + c], over all leaves x.

    The weights come from adding up the sums of the first leaves, for all leaves but the last.
    """
    raise NotImplementedError("for kernels only")


@overload(_sum_digit)
def _choose_sum_digit(
    inner: Any, seeds: Any, number: Any, depth: Any, width: Any, total: Any, out: Any, start: Any, widest: Any, e: Any
) -> Any:
    def one_word(
        inner: Any,
        seeds: Any,
        number: Any,
        depth: Any,
        width: Any,
        total: Any,
        out: Any,
        start: Any,
        widest: Any,
        e: Any,
    ) -> None:
        if e >= _LONG:
            _sum_digit_lazily(inner, seeds, number, depth, width, total, out, start, e)
        else:
            _sum_digit_step_by_step(inner, seeds, number, depth, width, total, out, start, widest, e)

    def two_words(
        inner: Any,
        seeds: Any,
        number: Any,
        depth: Any,
        width: Any,
        total: Any,
        out: Any,
        start: Any,
        widest: Any,
        e: Any,
    ) -> None:
        _sum_digit_step_by_step(inner, seeds, number, depth, width, total, out, start, widest, e)

    return one_word if total.ndim == 1 else two_words


@kernel
def matrix_sender(
    inner: Words,
    seeds: Words,
    y: Words,
    shape: tuple[int, int, int, int, int],
    d: Words,
    out: Words,
    total: Words,
    e: np.uint64,
) -> None:
    """d[i, j, c] = y[i, c] - sum of g_x;  out[i, c] = sum over j of 2^(depth j) sum of (2^depth - 1 - x) g_x.

    `shape` is (digits, depth, width, first, stride): columns first .. first + width of rows of `stride` elements.
    """
    digits, depth, width, first, stride = shape
    widest = widest_multiple(e)
    for i in range(out.shape[0] // stride):
        start = i * stride + first
        _clear(out, start, width)
        for down in range(digits):
            number = i * digits + digits - 1 - down
            _clear(total, 0, width)
            _double_often(out, start, width, depth, e)
            _sum_digit(inner, seeds, number, depth, width, total, out, start, widest, e)
            for c in range(width):
                store(d, number * stride + first + c, sub(load(y, start + c), load(total, c), e))


@kernel
def matrix_receiver(
    inner: Words,
    seeds: Words,
    values: Bytes,
    shape: tuple[int, int, int, int, int],
    d: Words,
    out: Words,
    total: Words,
    e: np.uint64,
) -> None:
    """out[i, c] = sum over j of 2^(depth j) (v (sum of g_x + d[i, j, c]) - sum of (2^depth - 1 - x) g_x), v the digit.

    `shape` as in `matrix_sender`. The weight of the leaf 2^depth - 1 - v in this is zero, whatever its seed is.
    """
    digits, depth, width, first, stride = shape
    widest = widest_multiple(e)
    for i in range(out.shape[0] // stride):
        start = i * stride + first
        _clear(out, start, width)
        for down in range(digits):
            number = i * digits + digits - 1 - down
            _clear(total, 0, width)
            _double_often(out, start, width, depth, e)
            _sum_digit(inner, seeds, number, depth, width, total, out, start, widest, e)
            value = constant(d, np.uint64(values[number]))
            for c in range(width):
                # `out` holds the negative so far, so that its sums over leaves are added like the sender's.
                taken = mul(value, add(load(total, c), load(d, number * stride + first + c), e), e)
                store(out, start + c, sub(load(out, start + c), taken, e))
        for c in range(width):
            store(out, start + c, sub(constant(d, U0), load(out, start + c), e))


@kernel
def add_rows(x: Words, places: Places, columns: int, first: int, stride: int, target: Words, e: np.uint64) -> None:
    """target[places[i], first + c] += x[i, c], for a target of rows of `stride` elements; places may repeat."""
    for i in range(places.shape[0]):
        base = places[i] * stride + first
        for c in range(columns):
            store(target, base + c, add(load(target, base + c), load(x, i * columns + c), e))
