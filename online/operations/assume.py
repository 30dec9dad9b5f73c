"""What a program says of a secret and nobody proves: a public statement, which the parties compare with their plans."""

from __future__ import annotations

from typing import Any

from spdz.online.operations.registry import Batches, Call, Operation, register
from spdz.online.values.intervals import Interval
from spdz.runtime.context import Context


async def _run(ctx: Context, call: Call, operands: tuple[Any, ...], batches: Batches) -> Any:
    return operands[0]


ASSUME = register(
    Operation(
        "assume",
        shape=lambda call: call.shapes[0],
        material=lambda call: {},
        run=_run,
        text=lambda call: f"assume {Interval(call['lo'], call['hi'])} {call.shapes[0]}",
        example=Call(((2, 3),), {"lo": -128, "hi": 127}),
        rounds=0,
        assumed=True,
        plain=lambda call, x: x,
    )
)
"""Operand: an array, which is the result. Parameters: lo and hi, between which its entries are said to lie.

An operation and no local node, so that it stands in the plan also when the operand has been computed.
"""
