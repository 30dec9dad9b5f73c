"""Sums of carry-less products that stay in vector registers from end to end, inside kernels.

Written as loops of numba they cost two to three times as much: every product would go through general registers. So
the loops are built of instructions here; without an instruction for products (`clmul`) the portable ones serve.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numba
import numba.core.cgutils
import numpy as np
from llvmlite import ir

from spdz.bits.clmul import HAVE_CLMUL, PAIR, WORD, clmul_portable, pair_product
from spdz.errors import InternalError
from spdz.field.jit import inlined, intrinsic

types: Any = numba.types
cgutils: Any = numba.core.cgutils

_U0 = np.uint64(0)
_PLACE = ir.IntType(32)
_ZEROS, _ONES = ir.Constant(PAIR, None), ir.Constant(PAIR, [1, 1])
_FIRST, _SECOND = ir.Constant(_PLACE, 0), ir.Constant(_PLACE, 1)
_EXCHANGED = ir.Constant(ir.VectorType(_PLACE, 2), [1, 0])

Terms = Callable[..., list[Any]]


def _data(context: Any, builder: Any, kind: Any, array: Any) -> Any:
    return context.make_array(kind)(context, builder, array).data


def _loop(sums: int, terms: Terms, item: Any) -> Any:
    """The code of a sum: `terms(builder, *items)` gives PAIRs for the items at one index, WORDs or PAIRs of words.

    Its length is that of the last array, and the result the words of all sums.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if any(kind.layout != "C" for kind in signature.args):
            raise InternalError("sums are taken over contiguous arrays")
        data = [_data(context, builder, kind, array) for kind, array in zip(signature.args, args, strict=True)]
        items = [builder.bitcast(pointer, item.as_pointer()) for pointer in data]
        last = context.make_array(signature.args[-1])(context, builder, args[-1])
        totals = [cgutils.alloca_once_value(builder, _ZEROS) for _ in range(sums)]
        with cgutils.for_range(builder, builder.extract_value(last.shape, 0)) as loop:
            here = [builder.load(builder.gep(pointer, [loop.index]), align=8) for pointer in items]
            for total, term in zip(totals, terms(builder, *here), strict=True):
                builder.store(builder.xor(builder.load(total), term), total)
        pairs = [builder.load(total) for total in totals]
        words = [builder.extract_element(pair, place) for pair in pairs for place in (_FIRST, _SECOND)]
        return context.make_tuple(builder, signature.return_type, words)

    return codegen


def _lone(builder: Any, word: Any) -> Any:
    """A PAIR whose first word is this one."""
    return builder.insert_element(ir.Constant(PAIR, ir.Undefined), word, _FIRST)


@intrinsic
def _block_products(typingctx: Any, words: Any, powers: Any) -> Any:
    """The four products of two words each: low by low, high by high, low by high and high by low."""

    def terms(builder: Any, block: Any, power: Any) -> list[Any]:
        return [pair_product(builder, block, i, power, j) for i, j in ((0, 0), (1, 1), (0, 1), (1, 0))]

    return types.UniTuple(types.uint64, 8)(words, powers), _loop(4, terms, PAIR)


@intrinsic
def _block_masks(typingctx: Any, words: Any, powers: Any) -> Any:
    """The same for lowest bits in the place of words: a product with a bit is a mask."""

    def terms(builder: Any, block: Any, power: Any) -> list[Any]:
        mask = builder.sub(_ZEROS, builder.and_(block, _ONES))
        exchanged = builder.shuffle_vector(power, power, _EXCHANGED)
        return [builder.and_(mask, power), builder.and_(mask, exchanged)]

    return types.UniTuple(types.uint64, 4)(words, powers), _loop(2, terms, PAIR)


@intrinsic
def _products(typingctx: Any, a: Any, b: Any) -> Any:
    def terms(builder: Any, a: Any, b: Any) -> list[Any]:
        return [pair_product(builder, _lone(builder, a), 0, _lone(builder, b), 0)]

    return types.UniTuple(types.uint64, 2)(a, b), _loop(1, terms, WORD)


@intrinsic
def _triple_products(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    def terms(builder: Any, a: Any, b: Any, c: Any) -> list[Any]:
        product = pair_product(builder, _lone(builder, a), 0, _lone(builder, b), 0)
        return [pair_product(builder, _lone(builder, c), 0, product, place) for place in range(2)]

    return types.UniTuple(types.uint64, 4)(a, b, c), _loop(2, terms, WORD)


@inlined
def sum_of_blocks_fast(words: Any, powers: Any) -> Any:
    """The sum of B_g k_g, B_g = words[2 g] + words[2 g + 1] x^64 and k_g = powers[g, 0] + powers[g, 1] x^64.

    Like all sums here it is not reduced: four words, the lowest first.
    """
    a, b, c, d, e, f, g, h = _block_products(words, powers)
    return a, b ^ e ^ g, c ^ f ^ h, d


@inlined
def sum_of_blocks_portable(words: Any, powers: Any) -> Any:
    """`sum_of_blocks_fast` without the instruction."""
    a, b, c, d = _U0, _U0, _U0, _U0
    for g in range(powers.shape[0]):
        p, q = clmul_portable(words[2 * g], powers[g, 0])
        r, s = clmul_portable(words[2 * g], powers[g, 1])
        t, u = clmul_portable(words[2 * g + 1], powers[g, 0])
        v, w = clmul_portable(words[2 * g + 1], powers[g, 1])
        a, b, c, d = a ^ p, b ^ q ^ r ^ t, c ^ s ^ u ^ v, d ^ w
    return a, b, c, d


@inlined
def sum_of_bit_blocks(words: Any, powers: Any) -> Any:
    """The same sum for the lowest bits of the words: three words."""
    a, c, b, more = _block_masks(words, powers)
    return a, b ^ more, c


@inlined
def sum_of_pairs_portable(a: Any, b: Any) -> Any:
    """The sum of a[i] b[i]: two words."""
    low, high = _U0, _U0
    for i in range(b.shape[0]):
        p, q = clmul_portable(a[i], b[i])
        low, high = low ^ p, high ^ q
    return low, high


@inlined
def sum_of_triples_fast(a: Any, b: Any, c: Any) -> Any:
    """The sum of a[i] b[i] c[i]: three words."""
    p, q, r, s = _triple_products(a, b, c)
    return p, q ^ r, s


@inlined
def sum_of_triples_portable(a: Any, b: Any, c: Any) -> Any:
    """`sum_of_triples_fast` without the instruction."""
    x, y, z = _U0, _U0, _U0
    for i in range(c.shape[0]):
        low, high = clmul_portable(a[i], b[i])
        p, q = clmul_portable(c[i], low)
        r, s = clmul_portable(c[i], high)
        x, y, z = x ^ p, y ^ q ^ r, z ^ s
    return x, y, z


sum_of_pairs_fast: Final = _products
sum_of_blocks: Final = sum_of_blocks_fast if HAVE_CLMUL else sum_of_blocks_portable
sum_of_pairs: Final = sum_of_pairs_fast if HAVE_CLMUL else sum_of_pairs_portable
sum_of_triples: Final = sum_of_triples_fast if HAVE_CLMUL else sum_of_triples_portable
