"""Carry-less multiplication: the 127-bit product of two words as polynomials over GF(2), inside kernels.

Where the compiler's target has an instruction for it (PCLMULQDQ of x86-64, PMULL of AArch64), `clmul` is that
instruction; elsewhere it is `clmul_portable`, 64 masked shifts. Either takes the same time for all words.

The choice depends on the target that numba compiles for, CPU name and features, and on nothing else. Both are part of
the key of every entry of numba's cache on disk, so a kernel that was compiled with the instruction is never run where
it is missing, in a home directory that machines share for instance.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import numba
import numpy as np
from llvmlite import ir
from numba.core.registry import cpu_target

from spdz.errors import InternalError
from spdz.field.jit import inlined, intrinsic

if sys.byteorder != "little":
    raise InternalError("blocks are read as little-endian words, which this machine does not have")

types: Any = numba.types

_U0, _U1, _U63 = np.uint64(0), np.uint64(1), np.uint64(63)
WORD, _PLACE = ir.IntType(64), ir.IntType(32)
PAIR: Final = ir.VectorType(WORD, 2)
"""Two words in one register."""


def _function(builder: Any, result: Any, arguments: list[Any], name: str) -> Any:
    module = builder.module
    return module.globals.get(name) or ir.Function(module, ir.FunctionType(result, arguments), name)


def _product_x86(builder: Any, a: Any, i: int, b: Any, j: int) -> Any:
    function = _function(builder, PAIR, [PAIR, PAIR, ir.IntType(8)], "llvm.x86.pclmulqdq")
    return builder.call(function, [a, b, ir.Constant(ir.IntType(8), i + 16 * j)])


def _product_aarch64(builder: Any, a: Any, i: int, b: Any, j: int) -> Any:
    sixteen_bytes = ir.VectorType(ir.IntType(8), 16)
    function = _function(builder, sixteen_bytes, [WORD, WORD], "llvm.aarch64.neon.pmull64")
    words = [builder.extract_element(pair, ir.Constant(_PLACE, place)) for pair, place in ((a, i), (b, j))]
    return builder.bitcast(builder.call(function, words), PAIR)


def _choice(triple: str, features: str) -> Any:
    """The instruction for a target, which has a triple and a list of features as LLVM writes them; None without."""
    architecture, present = triple.split("-")[0], features.split(",")
    if architecture == "x86_64" and "+pclmul" in present:
        return _product_x86
    if architecture in ("aarch64", "arm64") and "+aes" in present:
        return _product_aarch64
    return None


def _target() -> tuple[str, str]:
    """Triple and features, as they stand in the keys of the cache."""
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    return triple, features


pair_product: Final = _choice(*_target())
"""pair_product(builder, a, i, b, j) emits the product of word i of the PAIR a and word j of the PAIR b, a PAIR."""

HAVE_CLMUL: Final = pair_product is not None
"""Whether the target has the instruction."""


@intrinsic
def clmul_fast(typingctx: Any, a: Any, b: Any) -> Any:
    """The product of two words as (low word, high word), by the instruction."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        empty, places = ir.Constant(PAIR, ir.Undefined), [ir.Constant(_PLACE, place) for place in range(2)]
        first, second = (builder.insert_element(empty, word, places[0]) for word in args)
        product = pair_product(builder, first, 0, second, 0)
        words = [builder.extract_element(product, place) for place in places]
        return context.make_tuple(builder, signature.return_type, words)

    return types.UniTuple(types.uint64, 2)(types.uint64, types.uint64), codegen


@inlined
def clmul_portable(a: Any, b: Any) -> Any:
    """The product of two words as (low word, high word), by masked shifts."""
    low, high = _U0, _U0
    for place in range(64):
        shift = np.uint64(place)
        mask = _U0 - ((b >> shift) & _U1)
        low ^= (a << shift) & mask
        high ^= ((a >> _U1) >> (_U63 - shift)) & mask
    return low, high


clmul: Final = clmul_fast if HAVE_CLMUL else clmul_portable
"""clmul(a, b) -> (low word, high word)."""
