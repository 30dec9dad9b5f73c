"""The sparse code of learning parity with noise, and vectors with one entry in each block.

A row of the code takes ten elements of the secret vector, each times a coefficient of 32 bits. Products are summed as
integers and reduced once: a product has at most 61 + 32 (two words: 127 + 32) bits, a sum of ten 4 more.

The rows of the code are public, so `gather` may index with them. Positions of noise are secret: `add_noise` passes
over the whole vector and selects by masks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir

from spdz.field.jit import intrinsic, kernel, overload
from spdz.field.mersenne.arrays import Words, constant, load, store
from spdz.field.mersenne.element import (
    U0,
    U1,
    Ring,
    add,
    keep_if,
    pack,
    reduce_block,
    types,
    unpack,
    widest_multiple,
    word_count,
)

ROW_WORDS = 10
"""Entries of one row of the code: the locality of the code."""

_U32 = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_U63 = np.uint64(63)


@intrinsic
def _multiply_word(typingctx: Any, accumulator: Any, x: Any, coefficient: Any) -> Any:
    """accumulator + x * coefficient as integers of 128 bits, for single words x and coefficient."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(args[1], wide), builder.zext(args[2], wide))
        return unpack(builder, accumulator, builder.add(pack(builder, accumulator, args[0]), product))

    return accumulator(accumulator, x, coefficient), codegen


@intrinsic
def _reduce_shifted(typingctx: Any, low: Any, high: Any, e: Any) -> Any:
    """low + 2^64 high modulo 2^127 - 1, for pairs of words below 2^100.

    2^64 high = (high >> 63) + 2^64 (high mod 2^63).
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        ring = Ring(builder, word_count(low), args[2])
        b = ring.builder
        first, second = pack(b, low, args[0]), pack(b, high, args[1])
        kept = b.shl(b.and_(second, ir.Constant(ring.type, 2**63 - 1)), ir.Constant(ring.type, 64))
        total = b.add(b.add(first, b.lshr(second, ir.Constant(ring.type, 63))), kept)
        return unpack(b, low, ring.canonical(ring.fold(total)))

    return low(low, high, types.uint64), codegen


def _row(secret: Any, words: Any, i: Any, size: Any, widest: Any, e: Any) -> Any:
    """Row i of the code times the secret vector."""
    raise NotImplementedError("for kernels only")


@overload(_row)
def _choose_row(secret: Any, words: Any, i: Any, size: Any, widest: Any, e: Any) -> Any:
    return _row_of_one if secret.ndim == 1 else _row_of_two


def _row_of_one(secret: Any, words: Any, i: Any, size: Any, widest: Any, e: Any) -> Any:
    total = (U0, U0)
    for j in range(ROW_WORDS):
        word = words[np.uint64(i), np.uint64(j)]
        total = _multiply_word(total, secret[((word & _LOW) * size) >> _U32], word >> _U32)
    return reduce_block(total[0], total[1], secret, widest, e)


def _row_of_two(secret: Any, words: Any, i: Any, size: Any, widest: Any, e: Any) -> Any:
    low, high = (U0, U0), (U0, U0)
    for j in range(ROW_WORDS):
        word = words[np.uint64(i), np.uint64(j)]
        place = ((word & _LOW) * size) >> _U32
        low = _multiply_word(low, secret[place, U0], word >> _U32)
        high = _multiply_word(high, secret[place, U1], word >> _U32)
    return _reduce_shifted(low, high, e)


@kernel
def gather(secret: Words, words: npt.NDArray[np.uint64], out: Words, e: np.uint64) -> None:
    """out[i] += sum over j of (words[i, j] >> 32) * secret[(words[i, j] mod 2^32) * size >> 32]."""
    size = np.uint64(secret.shape[0])
    widest = widest_multiple(e)
    for i in range(out.shape[0]):
        store(out, i, add(load(out, i), _row(secret, words, i, size, widest, e), e))


@kernel
def add_noise(values: Words, places: npt.NDArray[np.uint64], out: Words, e: np.uint64) -> None:
    """out[block, places[block]] += values[block], for equal blocks; places are secret."""
    width = out.shape[0] // values.shape[0]
    for block in range(values.shape[0]):
        value, place = load(values, block), places[np.uint64(block)]
        for row in range(width):
            # 0 where they agree; otherwise one of x and -x has its top bit set.
            differs = np.uint64(row) ^ place
            equal = U1 - ((differs | (U0 - differs)) >> _U63)
            at = block * width + row
            store(out, at, add(load(out, at), keep_if(value, constant(out, equal), e), e))
