"""Loops over arrays of elements: one source for one-word and two-word fields.

An array of n elements is flat: shape (n,) of uint64 for one word per element, (n, 2) for two. `load` and `store`
choose by the number of dimensions; everything between them is `element.py`. Every kernel takes the exponent e last.

A binary operation takes a step of 0 or 1 per operand, so that a scalar needs no copy. Outputs may be the inputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spdz.field.jit import kernel, overload
from spdz.field.mersenne.element import (
    U0,
    U1,
    add,
    exceeds_word,
    is_reduced,
    low_bits,
    mul,
    mul_add,
    plus,
    reduce_block,
    reduce_sum,
    sub,
    symmetric,
    widest_multiple,
)

Words = npt.NDArray[np.uint64]


def load(array: Any, index: Any) -> Any:
    """Element `index` of a flat array. Unsigned indices spare numba's test for negative ones."""
    raise NotImplementedError("for kernels only")


@overload(load)
def _choose_load(array: Any, index: Any) -> Any:
    if array.ndim == 1:
        return lambda array, index: array[np.uint64(index)]
    return lambda array, index: (array[np.uint64(index), U0], array[np.uint64(index), U1])


def store(array: Any, index: Any, value: Any) -> None:
    """Write element `index` of a flat array."""
    raise NotImplementedError("for kernels only")


@overload(store)
def _choose_store(array: Any, index: Any, value: Any) -> Any:
    if array.ndim == 1:

        def store_one_word(array: Any, index: Any, value: Any) -> None:
            array[np.uint64(index)] = value

        return store_one_word

    def store_two_words(array: Any, index: Any, value: Any) -> None:
        array[np.uint64(index), U0] = value[0]
        array[np.uint64(index), U1] = value[1]

    return store_two_words


def constant(array: Any, word: Any) -> Any:
    """The element with this low word, of the kind that `array` holds."""
    raise NotImplementedError("for kernels only")


@overload(constant)
def _choose_constant(array: Any, word: Any) -> Any:
    if array.ndim == 1:
        return lambda array, word: np.uint64(word)
    return lambda array, word: (np.uint64(word), U0)


def empty_sum(array: Any) -> Any:
    """The accumulator zero for products of elements of `array`."""
    raise NotImplementedError("for kernels only")


@overload(empty_sum)
def _choose_empty_sum(array: Any) -> Any:
    if array.ndim == 1:
        return lambda array: (U0, U0, U0)
    return lambda array: (U0, U0, U0, U0, U0)


@kernel
def add_arrays(x: Words, x_step: int, y: Words, y_step: int, out: Words, e: np.uint64) -> None:
    """out[i] = x[i] + y[i]."""
    for i in range(out.shape[0]):
        store(out, i, add(load(x, i * x_step), load(y, i * y_step), e))


@kernel
def sub_arrays(x: Words, x_step: int, y: Words, y_step: int, out: Words, e: np.uint64) -> None:
    """out[i] = x[i] - y[i]."""
    for i in range(out.shape[0]):
        store(out, i, sub(load(x, i * x_step), load(y, i * y_step), e))


@kernel
def mul_arrays(x: Words, x_step: int, y: Words, y_step: int, out: Words, e: np.uint64) -> None:
    """out[i] = x[i] * y[i]."""
    for i in range(out.shape[0]):
        store(out, i, mul(load(x, i * x_step), load(y, i * y_step), e))


@kernel
def power_array(x: Words, exponent: Words, out: Words, e: np.uint64) -> None:
    """out[i] = x[i] ** exponent, for a public exponent given as its bits, most significant first, one per word."""
    for i in range(out.shape[0]):
        base = load(x, i)
        result = constant(x, U1)
        for bit in exponent:
            result = mul(result, result, e)
            if bit == U1:
                result = mul(result, base, e)
        store(out, i, result)


@kernel
def sum_middle(x: Words, outer: int, middle: int, inner: int, out: Words, e: np.uint64) -> None:
    """out[o, i] = sum over m of x[o, m, i], for x of outer * middle * inner elements."""
    if inner == 1:
        for o in range(outer):
            total = empty_sum(x)
            for m in range(middle):
                total = plus(total, load(x, o * middle + m))
            store(out, o, reduce_sum(total, e))
        return
    for o in range(outer):
        for i in range(inner):
            store(out, o * inner + i, constant(x, U0))
        for m in range(middle):
            for i in range(inner):
                target = o * inner + i
                store(out, target, add(load(out, target), load(x, (o * middle + m) * inner + i), e))


@kernel
def matmul_rows(x: Words, y: Words, rows: int, inner: int, columns: int, tile: int, out: Words, e: np.uint64) -> None:
    """out[r, c] = sum over k of x[r, k] * y[c, k]: both factors by rows, `tile` rows of y stay in the cache."""
    for first in range(0, columns, tile):
        last = min(first + tile, columns)
        for r in range(rows):
            for c in range(first, last):
                total = empty_sum(x)
                for k in range(inner):
                    total = mul_add(total, load(x, r * inner + k), load(y, c * inner + k))
                store(out, r * columns + c, reduce_sum(total, e))


@kernel
def count_unreduced(x: Words, e: np.uint64) -> int:
    """The number of elements whose words are not below p."""
    reduced = U0
    for i in range(x.shape[0]):
        reduced += is_reduced(load(x, i), e)
    return int(x.shape[0] - np.int64(reduced))


@kernel
def to_symmetric(x: Words, out: Words, e: np.uint64) -> int:
    """out[i] = x[i] or x[i] - p, whichever is nearer to zero, in two's complement; return how many exceed 64 bits."""
    wide = U0
    for i in range(out.shape[0]):
        value = symmetric(load(x, i), e)
        store(out, i, value)
        wide += exceeds_word(value)
    return int(wide)


@kernel
def mask_and_count(x: Words, e: np.uint64) -> int:
    """Cut every element to e bits, in place; return how many are p and have to be drawn again."""
    reduced = U0
    for i in range(x.shape[0]):
        word = low_bits(load(x, i), e)
        store(x, i, word)
        reduced += is_reduced(word, e)
    return int(x.shape[0] - np.int64(reduced))


@kernel
def reduce_blocks(blocks: Words, out: Words, e: np.uint64) -> None:
    """out[i] = blocks[i, 0] + 2^64 blocks[i, 1] mod p."""
    widest = widest_multiple(e)
    for i in range(out.shape[0]):
        store(out, i, reduce_block(blocks[np.uint64(i), U0], blocks[np.uint64(i), U1], out, widest, e))
