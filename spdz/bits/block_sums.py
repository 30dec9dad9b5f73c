"""The inner loops of the word hash: sums over blocks of two words, kept in vector registers from end to end.

Symbols: B_g = words[2 g] + words[2 g + 1] x^64, b_g the same of the lowest bits, and
k_g = powers[g, 0] + powers[g, 1] x^64.

Written as loops of numba the sums of products cost twice as much: every product would go through general registers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numba
import numba.core.cgutils
import numpy as np
from llvmlite import ir

from spdz.bits.clmul import HAVE_CLMUL, PAIR, clmul_portable, pair_product
from spdz.field.jit import inlined, intrinsic

types: Any = numba.types
cgutils: Any = numba.core.cgutils

_U0 = np.uint64(0)
_PLACE = ir.IntType(32)


def _loop(builder: Any, count: Any, sums: int, terms: Callable[[Any], list[Any]]) -> list[Any]:
    """The XOR over index = 0 .. count - 1 of `terms(index)`: so many vectors of two words."""
    totals = [cgutils.alloca_once_value(builder, ir.Constant(PAIR, None)) for _ in range(sums)]
    with cgutils.for_range(builder, count) as loop:
        for total, term in zip(totals, terms(loop.index), strict=True):
            builder.store(builder.xor(builder.load(total), term), total)
    return [builder.load(total) for total in totals]


def _reader(context: Any, builder: Any, kind: Any, array: Any) -> Callable[[Any], Any]:
    """Loads the pair of words at an index; pairs begin at multiples of 8 bytes."""
    data = context.make_array(kind)(context, builder, array).data
    pairs = builder.bitcast(data, PAIR.as_pointer())
    return lambda index: builder.load(builder.gep(pairs, [index]), align=8)


def _count(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    return builder.extract_value(context.make_array(kind)(context, builder, array).shape, 0)


def _tuple_of(context: Any, builder: Any, kind: Any, vectors: list[Any]) -> Any:
    places = [ir.Constant(_PLACE, place) for place in range(2)]
    words = [builder.extract_element(vector, place) for vector in vectors for place in places]
    return context.make_tuple(builder, kind, words)


@intrinsic
def _products(typingctx: Any, words: Any, powers: Any) -> Any:
    """The sums of low by low, high by high, low by high and high by low words: four products of two words each."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        blocks, keys = (
            _reader(context, builder, kind, array) for kind, array in zip(signature.args, args, strict=True)
        )

        def terms(index: Any) -> list[Any]:
            block, key = blocks(index), keys(index)
            return [pair_product(builder, block, i, key, j) for i, j in ((0, 0), (1, 1), (0, 1), (1, 0))]

        sums = _loop(builder, _count(context, builder, signature.args[1], args[1]), 4, terms)
        return _tuple_of(context, builder, signature.return_type, sums)

    return types.UniTuple(types.uint64, 8)(words, powers), codegen


@intrinsic
def _selected(typingctx: Any, words: Any, powers: Any) -> Any:
    """The sums of the same four products for lowest bits in the place of words; a product with a bit is a mask."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        blocks, keys = (
            _reader(context, builder, kind, array) for kind, array in zip(signature.args, args, strict=True)
        )
        ones, zeros = ir.Constant(PAIR, [1, 1]), ir.Constant(PAIR, None)
        exchange = ir.Constant(ir.VectorType(_PLACE, 2), [1, 0])

        def terms(index: Any) -> list[Any]:
            mask, key = builder.sub(zeros, builder.and_(blocks(index), ones)), keys(index)
            return [builder.and_(mask, key), builder.and_(mask, builder.shuffle_vector(key, key, exchange))]

        sums = _loop(builder, _count(context, builder, signature.args[1], args[1]), 2, terms)
        return _tuple_of(context, builder, signature.return_type, sums)

    return types.UniTuple(types.uint64, 4)(words, powers), codegen


@inlined
def sum_of_products_fast(words: Any, powers: Any) -> Any:
    """The sum of B_g k_g over all g, not reduced: four words, the lowest first."""
    a, b, c, d, e, f, g, h = _products(words, powers)
    return a, b ^ e ^ g, c ^ f ^ h, d


@inlined
def sum_of_products_portable(words: Any, powers: Any) -> Any:
    """The same by masked shifts."""
    a, b, c, d = _U0, _U0, _U0, _U0
    for g in range(powers.shape[0]):
        for place in range(2):
            low, high = clmul_portable(powers[g, 0], words[2 * g + place])
            more_low, more_high = clmul_portable(powers[g, 1], words[2 * g + place])
            middle = high ^ more_low
            if place == 0:
                a, b, c = a ^ low, b ^ middle, c ^ more_high
            else:
                b, c, d = b ^ low, c ^ middle, d ^ more_high
    return a, b, c, d


sum_of_products: Final = sum_of_products_fast if HAVE_CLMUL else sum_of_products_portable


@inlined
def sum_of_bits(words: Any, powers: Any) -> Any:
    """The sum of b_g k_g over all g, not reduced: three words, the lowest first."""
    a, c, b, more = _selected(words, powers)
    return a, b ^ more, c
