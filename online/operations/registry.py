"""What an operation is: one description, which the plan, the session, the vectors and the tests read.

A module beside this one holds an operation whole: its steps, its protocol function, its description. Nothing else has
to know it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from spdz.errors import InternalError
from spdz.field import FieldArray
from spdz.online.plan.graph import Node, Result
from spdz.runtime.context import Context
from spdz.runtime.traps import Trap
from spdz.sharing.material import Batch, Kind
from spdz.sharing.shares import AuthShare

Shape = tuple[int, ...]
Batches = tuple[Batch, ...]


@dataclass(frozen=True)
class Call:
    """One use of an operation: shapes of its operands, its public parameters, and what only this party knows."""

    shapes: tuple[Shape, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    private: Any = None

    def __getitem__(self, name: str) -> Any:
        return self.parameters[name]


@dataclass(frozen=True)
class Operation:
    """An operation that talks.

    name      unique
    shape     of the result; UsageError for operands that do not fit
    material  what it takes, by kind; a function of shapes and parameters, the same at every party
    run       (context, call, operands, batches in the order of `material`) -> result; never called for an empty result
    text      its line in the plan that parties compare; nothing private, no public operands
    example   a use of it: the documentation and the tests of costs are made from it
    rounds    that `run` takes
    sends     (call, party) -> field elements that this party sends to each peer
    public    the result is opened, and unchecked like every opening: other operations may take it, no user sees it
    """

    name: str
    shape: Callable[[Call], Shape]
    material: Callable[[Call], Mapping[Kind, int]]
    run: Callable[[Context, Call, tuple[Any, ...], Batches], Coroutine[Trap, Any, Result]]
    text: Callable[[Call], str]
    example: Call
    rounds: int = 1
    sends: Callable[[Call, int], int] = lambda call, party: 0
    public: bool = False

    def node(self, *operands: Node, private: Any = None, **parameters: Any) -> Node:
        """The operation on these operands, as it stands in a plan."""
        call = Call(tuple(operand.shape for operand in operands), parameters, private)
        shape = self.shape(call)
        if math.prod(shape) == 0:
            return Node(self.text(call), shape, operands, talking=lambda ctx, *_: _nothing(ctx, shape, self.public))
        need = {kind: count for kind, count in self.material(call).items() if count}

        async def talk(ctx: Context, given: tuple[Any, ...], batches: Batches) -> Result:
            return await self.run(ctx, call, given, batches)

        return Node(self.text(call), shape, operands, talking=talk, need=need)


async def _nothing(ctx: Context, shape: Shape, public: bool) -> Result:
    """An array without entries, for which nothing is sent and no material is taken."""
    empty = ctx.field.zeros(shape)
    return empty if public else AuthShare(empty, ctx.field.zeros(shape))


_by_name: dict[str, Operation] = {}


def register(operation: Operation) -> Operation:
    """Enter an operation in the registry; names are unique."""
    if operation.name in _by_name:
        raise InternalError(f"operation {operation.name} is registered twice")
    _by_name[operation.name] = operation
    return operation


def withdraw(operation: Operation) -> None:
    """Take an operation back: for tests that register operations of their own."""
    del _by_name[operation.name]


def all_operations() -> dict[str, Operation]:
    """Every registered operation by name."""
    return dict(_by_name)


def shaped(batch: Batch, shape: Shape) -> tuple[AuthShare, ...]:
    """The arrays of a batch of single elements, in the shape of an array of as many entries."""
    return tuple(share.reshape(*shape) for share in batch.shares)


def clear_of(batch: Batch, shape: Shape) -> FieldArray | None:
    """What the owner of input masks knows of them, in that shape; None elsewhere."""
    return None if batch.clear is None else batch.clear.reshape(*shape)
