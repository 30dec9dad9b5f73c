"""Integers of several words inside kernels: tuples of uint64, least significant first, in two's complement.

Carries are comparisons of words, and never wider machine integers: so the loops around them vectorise. Nothing here
branches on a value. A polynomial of such integers is an array of shape (words, N), one row for each word; kernels take
it as the tuple of its rows, so that numba knows the number of words when it compiles.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir

from spdz.field.jit import intrinsic, overload

types: Any = numba.types

WORD = ir.IntType(64)
_ZERO, _ONE, _TOP = ir.Constant(WORD, 0), ir.Constant(WORD, 1), ir.Constant(WORD, 63)


def _high_product(builder: Any, x: Any, y: Any) -> Any:
    wide = ir.IntType(128)
    product = builder.mul(builder.zext(x, wide), builder.zext(y, wide))
    return builder.trunc(builder.lshr(product, ir.Constant(wide, 64)), WORD)


def _less(builder: Any, x: Any, y: Any) -> Any:
    return builder.zext(builder.icmp_unsigned("<", x, y), WORD)


def _words(builder: Any, value: Any, count: int) -> list[Any]:
    return [builder.extract_value(value, index) for index in range(count)]


def _tuple(builder: Any, words: list[Any]) -> Any:
    value = ir.Constant(ir.ArrayType(WORD, len(words)), ir.Undefined)
    for index, word in enumerate(words):
        value = builder.insert_value(value, word, index)
    return value


@intrinsic
def mulhi(typingctx: Any, x: Any, y: Any) -> Any:
    """The upper word of the product of two words."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _high_product(builder, *args)

    return types.uint64(types.uint64, types.uint64), codegen


@intrinsic
def count_bits(typingctx: Any, x: Any) -> Any:
    """How many bits of a word are set."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ctpop(args[0])

    return types.uint64(types.uint64), codegen


@intrinsic
def add_words(typingctx: Any, x: Any, y: Any) -> Any:
    """x + y, modulo 2 to the number of bits."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        carry, sums = _ZERO, []
        for first, second in zip(_words(builder, args[0], len(x)), _words(builder, args[1], len(x)), strict=True):
            partial = builder.add(first, second)
            total = builder.add(partial, carry)
            # At most one of the two additions wraps around.
            carry = builder.or_(_less(builder, partial, first), _less(builder, total, partial))
            sums.append(total)
        return _tuple(builder, sums)

    return x(x, y), codegen


@intrinsic
def is_below(typingctx: Any, x: Any, y: Any) -> Any:
    """1 if x < y as unsigned integers, else 0."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        borrow = _ZERO
        for first, second in zip(_words(builder, args[0], len(x)), _words(builder, args[1], len(x)), strict=True):
            difference = builder.sub(first, second)
            borrow = builder.or_(_less(builder, first, second), _less(builder, difference, borrow))
        return borrow

    return types.uint64(x, y), codegen


@intrinsic
def negate_if(typingctx: Any, x: Any, bit: Any) -> Any:
    """-x if `bit` is 1, x if it is 0: all bits inverted, plus one."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        mask, carry, out = builder.sub(_ZERO, args[1]), args[1], []
        for word in _words(builder, args[0], len(x)):
            inverted = builder.xor(word, mask)
            total = builder.add(inverted, carry)
            carry = _less(builder, total, inverted)
            out.append(total)
        return _tuple(builder, out)

    return x(x, types.uint64), codegen


@intrinsic
def extend_sign(typingctx: Any, word: Any, like: Any) -> Any:
    """One word in two's complement with as many words as `like` has."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        sign = builder.ashr(args[0], _TOP)
        return _tuple(builder, [args[0], *[sign] * (len(like) - 1)])

    return like(types.uint64, like), codegen


@intrinsic
def shift_left(typingctx: Any, x: Any, bits: Any) -> Any:
    """x * 2^bits modulo 2 to the number of bits, for 1 <= bits <= 63."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        words, back = _words(builder, args[0], len(x)), builder.sub(ir.Constant(WORD, 64), args[1])
        out, below = [], _ZERO
        for word in words:
            out.append(builder.or_(builder.shl(word, args[1]), below))
            below = builder.lshr(word, back)
        return _tuple(builder, out)

    return x(x, types.uint64), codegen


@intrinsic
def add_product(typingctx: Any, total: Any, factor: Any, x: Any) -> Any:
    """total + factor * x modulo 2 to the number of bits, for one word `factor`.

    Neither factor * x_i + carry + total_i nor its upper word overflows, as (2^64 - 1)^2 + 2 (2^64 - 1) < 2^128.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        count, carry, out = len(total), _ZERO, []
        pairs = zip(_words(builder, args[0], count), _words(builder, args[2], count), strict=True)
        for index, (word, weight) in enumerate(pairs):
            product = builder.add(builder.mul(args[1], weight), carry)
            summed = builder.add(word, product)
            if index + 1 < count:
                wrapped = builder.add(_less(builder, product, carry), _less(builder, summed, word))
                carry = builder.add(_high_product(builder, args[1], weight), wrapped)
            out.append(summed)
        return _tuple(builder, out)

    return total(total, types.uint64, x), codegen


def load_words(rows: Any, index: Any) -> Any:
    """Entry `index` of a tuple of rows, as a tuple of words."""
    raise NotImplementedError("for kernels only")


@overload(load_words)
def _choose_load_words(rows: Any, index: Any) -> Any:
    if len(rows) == 1:
        return lambda rows, index: (rows[0][index],)
    return lambda rows, index: (rows[0][index], *load_words(rows[1:], index))


def store_words(rows: Any, index: Any, value: Any) -> None:
    """Write entry `index` of a tuple of rows."""
    raise NotImplementedError("for kernels only")


@overload(store_words)
def _choose_store_words(rows: Any, index: Any, value: Any) -> Any:
    if len(rows) == 1:

        def store_last(rows: Any, index: Any, value: Any) -> None:
            rows[0][index] = value[0]

        return store_last

    def store_first(rows: Any, index: Any, value: Any) -> None:
        rows[0][index] = value[0]
        store_words(rows[1:], index, value[1:])

    return store_first


def cut_rows(rows: Any, start: Any, stop: Any) -> Any:
    """Entries from `start` to `stop` of every row. A loop over whole rows vectorises, one with an offset does not."""
    raise NotImplementedError("for kernels only")


@overload(cut_rows)
def _choose_cut_rows(rows: Any, start: Any, stop: Any) -> Any:
    if len(rows) == 1:
        return lambda rows, start, stop: (rows[0][start:stop],)
    return lambda rows, start, stop: (rows[0][start:stop], *cut_rows(rows[1:], start, stop))
