"""What an operation is: one description, which the plan, the session, the vectors and the tests read.

A module beside this one holds an operation whole: its steps, its protocol function, its description. Nothing else has
to know it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from spdz.errors import InternalError
from spdz.field import Field
from spdz.online.plan.graph import Begun, Node, Result, Traffic
from spdz.runtime.context import Context
from spdz.runtime.traps import Trap
from spdz.sharing.field_domain import FIELD
from spdz.sharing.material import Batch, Kind

Shape = tuple[int, ...]
Batches = tuple[Batch, ...]


@dataclass(frozen=True)
class Call:
    """One use of an operation: shapes of its operands, its public parameters, and what only this party knows."""

    shapes: tuple[Shape, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    private: Any = None

    @classmethod
    def on(cls, operands: Sequence[Node], parameters: Mapping[str, Any], private: Any = None) -> Call:
        """The use on these operands."""
        return cls(tuple(operand.shape for operand in operands), parameters, private)

    def __getitem__(self, name: str) -> Any:
        return self.parameters[name]


@dataclass(frozen=True)
class Operation:
    """An operation that talks.

    name      unique
    shape     of the result; UsageError for operands that do not fit
    material  what it takes, by kind; a function of shapes and parameters, the same at every party
    run       (context, call, operands, batches in the order of `material`) -> result; never called for an empty result.
              `Begun` with a result that others may take while it runs on
    text      its line in the plan that parties compare; nothing private, no public operands
    example   a use of it: the documentation and the tests of costs are made from it
    rounds    that `run` takes, for any call; or a function of the call
    beside    rounds that it runs on after that, for any call
    sends     (call, party) -> field elements that this party sends to each peer
    sends_bits  (call, party) -> bytes of packed bits, or of coin tosses, that it sends to each peer besides
    messages  in which it sends them to each peer; or (call, party) -> how many; as many as there are rounds if None
    opens     the sharing domains in which it opens something
    domain    the sharing domain of the result
    operands  those of the operands; the field where nothing is said
    public    the result is opened, and unchecked like every opening: other operations may take it, no user sees it
    assumed   what it says of its operands nobody proves
    gated     what it opens is hidden only if its operands lie in a range: it runs after a check of all that went before
    distance  (field, call) -> how far what it opens is from something that no secret has a part in
    plain     (call, *operands) -> the result in the clear, of arrays of Python ints, signed ones for field elements; an
              array of ints or fractions. None where the result depends on what one party knows, or nobody
    off       call -> a result is nearer than this to the plain one, whatever corrupted parties do; zero: it is equal
    """

    name: str
    shape: Callable[[Call], Shape]
    material: Callable[[Call], Mapping[Kind, int]]
    run: Callable[[Context, Call, tuple[Any, ...], Batches], Coroutine[Trap, Any, Result | Begun]]
    text: Callable[[Call], str]
    example: Call
    rounds: int | Callable[[Call], int] = 1
    beside: int = 0
    sends: Callable[[Call, int], int] = lambda call, party: 0
    sends_bits: Callable[[Call, int], int] = lambda call, party: 0
    messages: int | Callable[[Call, int], int] | None = None
    opens: tuple[str, ...] = ()
    domain: str = FIELD
    operands: tuple[str, ...] = ()
    public: bool = False
    gated: bool = False
    distance: Callable[[Field, Call], Fraction] = lambda field, call: Fraction(0)
    assumed: bool = False
    plain: Callable[..., Any] | None = None
    off: Callable[[Call], Fraction] = lambda call: Fraction(0)

    def rounds_of(self, call: Call) -> int:
        """How many rounds a use of it takes."""
        return self.rounds if isinstance(self.rounds, int) else self.rounds(call)

    def traffic(self, call: Call, party: int) -> Traffic:
        """What a use of it costs this party."""
        rounds, elements, packed = self.rounds_of(call), self.sends(call, party), self.sends_bits(call, party)
        messages = rounds
        if self.messages is not None:
            messages = self.messages if isinstance(self.messages, int) else self.messages(call, party)
        messages = messages if elements or packed else 0
        return Traffic(rounds, messages, elements, packed, frozenset(self.opens), self.beside)

    def node(self, call: Call, operands: tuple[Node, ...]) -> Node:
        """A use of it on operands of these shapes, as it stands in a plan."""
        shape = self.shape(call)
        text, domains = self.text(call), (self.domain,)
        if math.prod(shape) == 0:
            return Node(text, shape, operands, talking=lambda ctx, *_: self._nothing(ctx, shape))
        need = {kind: count for kind, count in self.material(call).items() if count}

        async def talk(ctx: Context, given: tuple[Any, ...], batches: Batches) -> Result | Begun:
            return await self.run(ctx, call, given, batches)

        return Node(
            text,
            shape,
            operands,
            talking=talk,
            need=need,
            domains=domains,
            gated=self.gated,
            traffic=lambda party: self.traffic(call, party),
        )

    async def _nothing(self, ctx: Context, shape: Shape) -> Result:
        """An array without entries, for which nothing is sent and no material is taken."""
        domain = ctx.session.domains[self.domain]
        empty: Result = domain.zeros(shape) if self.public else domain.nothing(shape)
        return empty


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


def shaped(batch: Batch, shape: Shape) -> tuple[Any, ...]:
    """The arrays of a batch, in the shape of an array of as many entries and behind it that of an element."""
    return tuple(share.reshape(*shape, *share.shape[1:]) for share in batch.shares)


def clear_of(batch: Batch, shape: Shape) -> Any:
    """What the owner of masks knows of them, in that shape; None elsewhere."""
    return None if batch.clear is None else batch.clear.reshape(shape)
