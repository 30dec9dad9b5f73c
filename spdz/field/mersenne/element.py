"""Arithmetic of one element of a Mersenne field, p = 2^e - 1, inside kernels.

An element is a canonical integer in [0, p). Inside a kernel it is one unsigned 64-bit word when e <= 61, and a pair
(low word, high word) when e = 127. Both are integers of the LLVM type iW, W = 64 or 128, and every operation below is
written once on that type. The exponent `e` is a run-time argument, so that M61 and the small fields share compiled
code; for two words it is the constant 127 whatever is passed.

Nothing here branches on a value. The one idea that is used everywhere: 2^e = 1 mod p, so the bits above position e
are added to those below; and for s in [0, 2p - 1], (s + 1) >> e is 1 exactly when s >= p, so

    s mod p  =  (s + ((s + 1) >> e)) & p.

The functions are used by kernels only. Their parameters `x, y` are elements, `e` is the exponent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir

from spdz.field.jit import inlined, intrinsic, overload

types: Any = numba.types

# Constants of kernels. Beside a signed integer, a plain 1 included, a word does not stay one: the result of a scalar
# operation is an int64, that of an array a float64 which takes the word for signed, and comparisons round both sides
# to doubles (numba 0.68). A test looks for such places in the types of all kernels.
U0, U1, U62, U64 = np.uint64(0), np.uint64(1), np.uint64(62), np.uint64(64)

WORD = ir.IntType(64)


def word_count(numba_type: Any) -> int:
    """The number of 64-bit words of a value of this numba type: an integer or a tuple of words."""
    return len(numba_type) if isinstance(numba_type, types.UniTuple) else 1


def pack(builder: Any, numba_type: Any, value: Any) -> Any:
    """A word or a tuple of words, least significant first, as one LLVM integer."""
    if not isinstance(numba_type, types.UniTuple):
        return value
    wide = ir.IntType(64 * len(numba_type))
    packed = builder.zext(builder.extract_value(value, 0), wide)
    for index in range(1, len(numba_type)):
        word = builder.zext(builder.extract_value(value, index), wide)
        packed = builder.or_(packed, builder.shl(word, ir.Constant(wide, 64 * index)))
    return packed


def unpack(builder: Any, numba_type: Any, packed: Any) -> Any:
    """The inverse of `pack`."""
    if not isinstance(numba_type, types.UniTuple):
        return packed
    value = ir.Constant(ir.ArrayType(WORD, len(numba_type)), ir.Undefined)
    for index in range(len(numba_type)):
        word = builder.trunc(builder.lshr(packed, ir.Constant(packed.type, 64 * index)), WORD)
        value = builder.insert_value(value, word, index)
    return value


class Ring:
    """The instructions of one operation: a builder, the width W, the exponent and the modulus as W-bit integers."""

    def __init__(self, builder: Any, words: int, exponent: Any) -> None:
        self.builder = builder
        self.words = words
        self.type = ir.IntType(64 * words)
        self.one = ir.Constant(self.type, 1)
        self.width = ir.Constant(self.type, 64 * words)
        self.e = ir.Constant(self.type, 127) if words == 2 else exponent
        self.p = builder.sub(builder.shl(self.one, self.e), self.one)

    def canonical(self, s: Any) -> Any:
        """The residue of s in [0, 2p - 1]. It would turn 2p into p."""
        b = self.builder
        above = b.lshr(b.add(s, self.one), self.e)
        return b.and_(b.add(s, above), self.p)

    def fold(self, s: Any) -> Any:
        """A number congruent to s, at most p + (s >> e)."""
        b = self.builder
        return b.add(b.and_(s, self.p), b.lshr(s, self.e))

    def narrow(self, wide: Any) -> Any:
        """The low W bits."""
        return self.builder.trunc(wide, self.type)

    def split(self, wide: Any) -> tuple[Any, Any]:
        """The low e bits of 2W bits, and those above, of which W are kept."""
        b = self.builder
        low = self.narrow(wide)
        high = self.narrow(b.lshr(wide, ir.Constant(wide.type, self.type.width)))
        return b.and_(low, self.p), b.or_(b.lshr(low, self.e), b.shl(high, b.sub(self.width, self.e)))

    def product(self, x: Any, y: Any) -> Any:
        """The integer product of 2W bits. Two words: schoolbook, in four multiplications of 64 bits."""
        b = self.builder
        if self.words == 1:
            wide = ir.IntType(128)
            return b.mul(b.zext(x, wide), b.zext(y, wide))
        half, wide = ir.IntType(128), ir.IntType(256)
        shift = ir.Constant(half, 64)
        low = ir.Constant(half, 2**64 - 1)
        x0, x1 = b.and_(x, low), b.lshr(x, shift)
        y0, y1 = b.and_(y, low), b.lshr(y, shift)
        # The high words have 63 bits, so that the two cross products fit into 128 bits together.
        cross = b.zext(b.add(b.mul(x0, y1), b.mul(x1, y0)), wide)
        outer = b.or_(b.zext(b.mul(x0, y0), wide), b.shl(b.zext(b.mul(x1, y1), wide), ir.Constant(wide, 128)))
        return b.add(outer, b.shl(cross, ir.Constant(wide, 64)))


Emit = Callable[..., Any]


def _unary(emit: Emit) -> Any:
    """Make `emit(ring, x) -> element` callable from kernels as `f(x, e)`."""

    def typed(typingctx: Any, x: Any, e: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            ring = Ring(builder, word_count(x), args[1])
            return unpack(builder, x, emit(ring, pack(builder, x, args[0])))

        return x(x, types.uint64), codegen

    typed.__name__ = emit.__name__
    return intrinsic(typed)


def _binary(emit: Emit) -> Any:
    """Make `emit(ring, x, y) -> element` callable from kernels as `f(x, y, e)`."""

    def typed(typingctx: Any, x: Any, y: Any, e: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            ring = Ring(builder, word_count(x), args[2])
            return unpack(builder, x, emit(ring, pack(builder, x, args[0]), pack(builder, y, args[1])))

        return x(x, x, types.uint64), codegen

    typed.__name__ = emit.__name__
    return intrinsic(typed)


@_binary
def add(ring: Ring, x: Any, y: Any) -> Any:
    """x + y mod p."""
    return ring.canonical(ring.builder.add(x, y))


@_binary
def sub(ring: Ring, x: Any, y: Any) -> Any:
    """x - y mod p: a negative difference d becomes d + p, which is d - 1 in its low e bits."""
    b = ring.builder
    difference = b.sub(x, y)
    negative = b.lshr(difference, b.sub(ring.width, ring.one))
    return b.and_(b.sub(difference, negative), ring.p)


@_binary
def mul(ring: Ring, x: Any, y: Any) -> Any:
    """x * y mod p."""
    below, above = ring.split(ring.product(x, y))
    return ring.canonical(ring.builder.add(below, above))


@intrinsic
def mul_mul_add(typingctx: Any, x: Any, y: Any, z: Any, w: Any, c: Any, e: Any) -> Any:
    """x y + z w + c mod p, reduced once: as an integer it is at most 2 (p - 1)^2 + p - 1, that is below 2 p 2^e."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        ring = Ring(builder, word_count(x), args[5])
        first, second, third, fourth, last = (pack(builder, x, value) for value in args[:5])
        products = builder.add(ring.product(first, second), ring.product(third, fourth))
        total = builder.add(products, builder.zext(last, products.type))
        below, above = ring.split(total)
        return unpack(builder, x, ring.canonical(builder.add(below, ring.canonical(above))))

    return x(x, x, x, x, x, types.uint64), codegen


@_unary
def double(ring: Ring, x: Any) -> Any:
    """2 x mod p: a rotation of e bits."""
    b = ring.builder
    top = b.lshr(x, b.sub(ring.e, ring.one))
    return b.or_(b.and_(b.shl(x, ring.one), ring.p), top)


@_unary
def low_bits(ring: Ring, x: Any) -> Any:
    """The low e bits of a word or a pair of words; the result may be p."""
    return ring.builder.and_(x, ring.p)


@_unary
def symmetric(ring: Ring, x: Any) -> Any:
    """The representative in [-(p-1)/2, (p-1)/2] in two's complement: x - p where the top one of the e bits is set."""
    b = ring.builder
    negative = b.lshr(x, b.sub(ring.e, ring.one))
    return b.sub(x, b.and_(ring.p, b.sub(ir.Constant(ring.type, 0), negative)))


@intrinsic
def exceeds_word(typingctx: Any, x: Any) -> Any:
    """1 if a two's complement number of one or two words does not fit into one, else 0."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = pack(builder, x, args[0])
        if value.type == WORD:
            return ir.Constant(WORD, 0)
        again = builder.sext(builder.trunc(value, WORD), value.type)
        return builder.zext(builder.icmp_unsigned("!=", value, again), WORD)

    return types.uint64(x), codegen


@_binary
def keep_if(ring: Ring, x: Any, bit: Any) -> Any:
    """x if `bit` (an element that is 0 or 1) is 1, else 0, by a mask."""
    b = ring.builder
    return b.and_(x, b.sub(ir.Constant(ring.type, 0), bit))


@intrinsic
def is_reduced(typingctx: Any, x: Any, e: Any) -> Any:
    """1 if a word or a pair of words is below p, else 0."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        ring = Ring(builder, word_count(x), args[1])
        below = builder.icmp_unsigned("<", pack(builder, x, args[0]), ring.p)
        return builder.zext(below, WORD)

    return types.uint64(x, types.uint64), codegen


@intrinsic
def mul_add(typingctx: Any, accumulator: Any, x: Any, y: Any) -> Any:
    """accumulator + x * y as integers, without reduction.

    The accumulator has 192 bits for elements of one word and 320 bits for two: room for 2^64 products.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        ring = Ring(builder, word_count(x), ir.Constant(WORD, 0))
        total = pack(builder, accumulator, args[0])
        product = ring.product(pack(builder, x, args[1]), pack(builder, y, args[2]))
        return unpack(builder, accumulator, builder.add(total, builder.zext(product, total.type)))

    return accumulator(accumulator, x, y), codegen


@intrinsic
def plus(typingctx: Any, accumulator: Any, x: Any) -> Any:
    """accumulator + x as integers, for an accumulator as of `mul_add`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        total = pack(builder, accumulator, args[0])
        added = builder.zext(pack(builder, x, args[1]), total.type)
        return unpack(builder, accumulator, builder.add(total, added))

    return accumulator(accumulator, x), codegen


@inlined
def _reduce_word(word: Any, e: Any) -> Any:
    """A word modulo p = 2^e - 1, e <= 61. After 64 // e folds it is at most 2 p, after another one at most p + 1."""
    p = (U1 << e) - U1
    for _ in range(U64 // e + U1):
        word = (word & p) + (word >> e)
    return (word + ((word + U1) >> e)) & p


@inlined
def widest_multiple(e: Any) -> Any:
    """The largest multiple w of e up to 62, and how many folds lead from w bits to e: w / e, or none if w = e.

    As p divides 2^w - 1, reducing modulo that first disposes of most of 128 bits whatever e is.
    """
    pieces = U62 // e
    return e * pieces, pieces if pieces > U1 else U0


@inlined
def _fold_block(low: Any, high: Any, w: Any) -> Any:
    """A number congruent to low + 2^64 high modulo 2^w - 1, at most 2^w + 1, for 43 <= w <= 62.

    Three pieces of w bits cover 128; their sum is at most 3 (2^w - 1).
    """
    mask = (U1 << w) - U1
    s = (low & mask) + (((low >> w) | (high << (U64 - w))) & mask) + (high >> (w + w - U64))
    return (s & mask) + (s >> w)


@inlined
def reduce_block_at_once(low: Any, high: Any, e: Any) -> Any:
    """low + 2^64 high mod p, for one word and 43 <= e: without a loop, so that the loop around it vectorises."""
    s = _fold_block(low, high, e)
    return (s + ((s + U1) >> e)) & ((U1 << e) - U1)


@inlined
def add_lazily(total: Any, x: Any, e: Any) -> Any:
    """A number congruent to total + x, at most 2^e + 3, for `total` like that and x at most 3 (2^e - 1).

    For one word and 43 <= e <= 61, so that the sum has less than 64 bits; `settle` makes an element of it.
    """
    s = total + x
    return (s & ((U1 << e) - U1)) + (s >> e)


@inlined
def add_block_lazily(total: Any, low: Any, high: Any, e: Any) -> Any:
    """`add_lazily` for low + 2^64 high."""
    mask = (U1 << e) - U1
    s = (low & mask) + (((low >> e) | (high << (U64 - e))) & mask) + (high >> (e + e - U64))
    return add_lazily(total, s, e)


@inlined
def settle(total: Any, e: Any) -> Any:
    """The element that a result of `add_lazily` stands for."""
    return (total + ((total + U1) >> e)) & ((U1 << e) - U1)


@inlined
def _reduce_block_of_one(low: Any, high: Any, widest: Any, e: Any) -> Any:
    w, folds = widest
    s = _fold_block(low, high, w)
    # Where w = e, that is below 2 p already. Otherwise w / e - 1 folds leave at most 2 p and one more makes it p + 1.
    p = (U1 << e) - U1
    for _ in range(folds):
        s = (s & p) + (s >> e)
    return (s + ((s + U1) >> e)) & p


@_unary
def _reduce_block_of_two(ring: Ring, x: Any) -> Any:
    """A pair of words modulo 2^127 - 1."""
    return ring.canonical(ring.fold(x))


def reduce_block(low: Any, high: Any, array: Any, widest: Any, e: Any) -> Any:
    """low + 2^64 high mod p as an element of the kind that the flat `array` holds; `widest` is `widest_multiple(e)`."""
    raise NotImplementedError("for kernels only")


@overload(reduce_block)
def _choose_reduce_block(low: Any, high: Any, array: Any, widest: Any, e: Any) -> Any:
    if array.ndim == 1:
        return lambda low, high, array, widest, e: _reduce_block_of_one(low, high, widest, e)
    return lambda low, high, array, widest, e: _reduce_block_of_two((low, high), e)


def reduce_sum(accumulator: Any, e: Any) -> Any:
    """An accumulator of `mul_add` modulo p."""
    raise NotImplementedError("for kernels only")


@overload(reduce_sum)
def _choose_reduce_sum(accumulator: Any, e: Any) -> Any:
    if len(accumulator) == 3:
        return _reduce_three_words
    return _reduce_five_words


def _reduce_three_words(accumulator: Any, e: Any) -> Any:
    top = mul(_reduce_word(accumulator[2], e), U1 << (U64 % e), e)
    middle = add(top, _reduce_word(accumulator[1], e), e)
    return add(mul(middle, U1 << (U64 % e), e), _reduce_word(accumulator[0], e), e)


def _reduce_five_words(accumulator: Any, e: Any) -> Any:
    # The words from the third on weigh 2^128 = 2 mod p and more; 2^256 = 4.
    low = _reduce_block_of_two((accumulator[0], accumulator[1]), e)
    middle = _reduce_block_of_two((accumulator[2], accumulator[3]), e)
    top = (accumulator[4], U0)
    return add(double(add(double(top, e), middle, e), e), low, e)
