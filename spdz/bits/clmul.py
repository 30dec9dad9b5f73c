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
_WORD, _PLACE = ir.IntType(64), ir.IntType(32)
_PAIR = ir.VectorType(_WORD, 2)


def _split(context: Any, builder: Any, kind: Any, product: Any) -> Any:
    """A vector of two words as a tuple."""
    words = [builder.extract_element(product, ir.Constant(_PLACE, place)) for place in range(2)]
    return context.make_tuple(builder, kind, words)


def _function(builder: Any, result: Any, arguments: list[Any], name: str) -> Any:
    module = builder.module
    return module.globals.get(name) or ir.Function(module, ir.FunctionType(result, arguments), name)


@intrinsic
def _clmul_x86(typingctx: Any, a: Any, b: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = _function(builder, _PAIR, [_PAIR, _PAIR, ir.IntType(8)], "llvm.x86.pclmulqdq")
        empty, first = ir.Constant(_PAIR, ir.Undefined), ir.Constant(_PLACE, 0)
        factors = [builder.insert_element(empty, word, first) for word in args]
        product = builder.call(function, [*factors, ir.Constant(ir.IntType(8), 0)])
        return _split(context, builder, signature.return_type, product)

    return types.UniTuple(types.uint64, 2)(types.uint64, types.uint64), codegen


@intrinsic
def _clmul_aarch64(typingctx: Any, a: Any, b: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        sixteen_bytes = ir.VectorType(ir.IntType(8), 16)
        function = _function(builder, sixteen_bytes, [_WORD, _WORD], "llvm.aarch64.neon.pmull64")
        product = builder.bitcast(builder.call(function, list(args)), _PAIR)
        return _split(context, builder, signature.return_type, product)

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


def _choice(triple: str, features: str) -> Any:
    """The multiplication for a target: its triple and the list of its features as LLVM writes them."""
    architecture, present = triple.split("-")[0], features.split(",")
    if architecture == "x86_64" and "+pclmul" in present:
        return _clmul_x86
    if architecture in ("aarch64", "arm64") and "+aes" in present:
        return _clmul_aarch64
    return clmul_portable


def _target() -> tuple[str, str]:
    """Triple and features, as they stand in the keys of the cache."""
    triple, _, features = cpu_target.target_context.codegen().magic_tuple()
    return triple, features


clmul: Final = _choice(*_target())
"""clmul(a, b) -> (low word, high word)."""

HAVE_CLMUL: Final = clmul is not clmul_portable
"""Whether `clmul` is one instruction."""
