"""Which types numba gives to the values inside kernels, and whether words are mixed with signed integers.

Run as a module it compiles every kernel anew, by sessions that use them all, and prints what it found as JSON.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import numba
import numpy as np
from numba.core import ir, typed_passes

import spdz
from spdz.crypto.bit_matrix import transpose_words
from spdz.field import M61, M127, Field
from spdz.field.fused import choices, code

OPERATIONS = ("binop", "inplace_binop")


@dataclass
class Compiled:
    """What was compiled: names of functions, and the places where the types are wrong."""

    functions: set[str] = field(default_factory=set)
    mistakes: set[str] = field(default_factory=set)


@contextlib.contextmanager
def watched() -> Iterator[Compiled]:
    """Look at every function that is compiled meanwhile, helpers of kernels and overloads included."""
    found = Compiled()
    original = typed_passes.NopythonTypeInference.run_pass

    def run_pass(self: Any, state: Any) -> Any:
        done = original(self, state)
        if state.func_id.modname.startswith(("spdz.", "tests.")):
            found.functions.add(f"{state.func_id.modname}.{state.func_id.func_name}")
            found.mistakes.update(mistakes_in(state))
        return done

    with mock.patch.object(typed_passes.NopythonTypeInference, "run_pass", run_pass):
        yield found


def mistakes_in(state: Any) -> Iterator[str]:
    """Operations on a word and a signed integer, variables that are now one and now the other, and floats."""
    name = f"{state.func_id.modname}.{state.func_id.func_name}"
    for variable, kind in state.typemap.items():
        if _holds_float(kind):
            yield f"{name}: {variable.split('.')[0]} is {kind}"
    for block in state.func_ir.blocks.values():
        for statement in block.find_insts(ir.Assign):
            kinds = [_scalar(state.typemap[operand.name]) for operand in _operands(statement)]
            if len(set(map(_is_word, kinds))) > 1 and all(map(_is_integer, kinds)):
                yield f"{name}: line {statement.loc.line} mixes {' and '.join(map(str, kinds))}"


def _operands(statement: Any) -> list[Any]:
    """The variables that must have types of one sort."""
    value = statement.value
    if isinstance(value, ir.Var):
        return [statement.target, value]
    if isinstance(value, ir.Expr) and value.op in OPERATIONS:
        return [value.lhs, value.rhs]
    if isinstance(value, ir.Expr) and value.op == "phi":
        defined = [incoming for incoming in value.incoming_values if isinstance(incoming, ir.Var)]
        return [statement.target, *defined]
    return []


def _scalar(kind: Any) -> Any:
    kind = numba.types.unliteral(kind)
    return _scalar(kind.dtype) if isinstance(kind, numba.types.Array) else kind


def _is_word(kind: Any) -> bool:
    return kind == numba.types.uint64


def _is_integer(kind: Any) -> bool:
    return isinstance(kind, numba.types.Integer | numba.types.Boolean)


def _holds_float(kind: Any) -> bool:
    if isinstance(kind, numba.types.BaseTuple):
        return any(map(_holds_float, kind))
    return isinstance(_scalar(kind), numba.types.Float)


def kernels() -> set[str]:
    """Every function of the package that is compiled by itself or called by one that is."""
    names = set[str]()
    for found in pkgutil.walk_packages(spdz.__path__, "spdz."):
        if found.name.startswith(("spdz.field.mersenne", "spdz.crypto")):
            module = importlib.import_module(found.name)
            dispatchers = [value for value in vars(module).values() if hasattr(value, "py_func")]
            own = [value for value in dispatchers if value.py_func.__module__ == module.__name__]
            names |= {f"{module.__name__}.{value.py_func.__name__}" for value in own}
    return names


def use_all() -> None:
    """A session in a field of one word and in one of two, and what a session as small as that leaves out."""

    def program(mpc: Any) -> Any:
        x, y, matrix = mpc.random(2), mpc.random(2), mpc.random((8, 8))
        mpc.prepare(random_bits=1)
        return mpc.reveal((x * y).sum() + (x * x).sum() + (matrix @ matrix).sum())

    for chosen in (M61, M127):
        spdz.run_local(program, 2, chosen)
        out = chosen.reduce_blocks(np.ones((2, 2), np.uint64))
        code.add_code_rows(chosen, chosen.ones(3), np.ones((2, code.ROW_WORDS), np.uint64), out)
        code.add_noise(chosen, chosen.ones(1), np.ones(1, np.uint64), out)
        use_choices(chosen)
        transpose_words(np.ones((64, 8), np.uint8), np.ones(64, np.uint64))
        _ = (chosen.ones((2, 2, 3)).sum(1), out.inverse(), out - 1, out.to_signed())


def use_choices(chosen: Field) -> None:
    """Products of bits, which no session of triples needs."""
    bits, halves, x, out = np.ones(8, np.uint8), (np.ones((2, 2), np.uint64),) * 2, chosen.ones(2), chosen.ones(2)
    choices.payload(chosen, halves, halves, 0, x, chosen.ones(2), out)
    choices.take(chosen, halves, 0, bits, 0, x, out)
    choices.times(chosen, bits, 0, x, out)
    choices.difference(chosen, x, x, x, out)
    choices.add_product(chosen, x, x, x, out)


if __name__ == "__main__":
    with watched() as compiled:
        use_all()
    missed = kernels() - compiled.functions
    json.dump(
        {"seen": len(compiled.functions), "missed": sorted(missed), "mistakes": sorted(compiled.mistakes)}, sys.stdout
    )
