"""Operations that have been asked for and not yet run.

An operation returns at once. It is run, together with everything asked for before it, when something is revealed:
first the material for all of them is made, then all start together, each waiting only for its own operands. So a
program costs one round per level of multiplicative depth, however it is written.

Every operation asked for is run, used or not: what runs must not depend on when Python collects garbage.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from typing import Any
from weakref import WeakSet

from spdz.errors import InternalError
from spdz.online.plan.agreement import agree_on_plan
from spdz.protocols.material_source import MaterialSource
from spdz.runtime.context import Context
from spdz.runtime.task import Task
from spdz.runtime.traps import Join, Spawn, Trap
from spdz.sharing.material import Batch, Kind
from spdz.sharing.shares import AuthShare

Local = Callable[..., AuthShare]
"""(operand shares) -> share, without messages."""
Talking = Callable[..., Coroutine[Trap, Any, AuthShare]]
"""(context, operand shares, batch of material) -> share."""


class Node:
    """One operation and, once it has run, its result."""

    __slots__ = (
        "__weakref__",
        "_count",
        "_kind",
        "_local",
        "_material",
        "_operands",
        "_talking",
        "description",
        "shape",
        "share",
        "task",
    )

    def __init__(
        self,
        description: str,
        shape: tuple[int, ...],
        operands: tuple[Node, ...] = (),
        *,
        local: Local | None = None,
        talking: Talking | None = None,
        kind: Kind | None = None,
        count: int = 0,
    ) -> None:
        self.description = description
        self.shape = shape
        self.share: AuthShare | None = None
        self.task: Task | None = None
        self._operands = operands
        self._local = local
        self._talking = talking
        self._kind = kind
        self._count = count
        self._material: Batch | None = None

    @property
    def need(self) -> dict[Kind, int]:
        """Material that running this takes."""
        return {} if self._kind is None or self._count == 0 else {self._kind: self._count}

    @property
    def result(self) -> AuthShare:
        """The share; only after it has run."""
        if self.share is None:
            raise InternalError(f"the result of {self.description} is used before it has run")
        return self.share

    def destroy(self) -> None:
        """Overwrite the result, and material that was taken and not used."""
        if self._material is not None:
            self._material.wipe()
        if self.share is not None:
            self.share.wipe()

    def run_if_local(self) -> bool:
        """Compute at once what needs no message and whose operands are there."""
        if self._local is None or any(operand.share is None for operand in self._operands):
            return False
        self._finish(self._local(*(operand.share for operand in self._operands)))
        return True

    def reserve(self, source: MaterialSource) -> None:
        """Take the material out of the store, in program order, which is the same at every party."""
        if self._kind is not None and self._count:
            self._material = source.store.take(self._kind, self._count)

    async def run(self, ctx: Context) -> None:
        """Wait for the operands, then compute."""
        for operand in self._operands:
            # Also when the result is there already: the depth must not depend on what happened to arrive first.
            if operand.task is not None:
                await Join(operand.task)
        shares = [operand.share for operand in self._operands]
        if self._local is not None:
            self._finish(self._local(*shares))
        elif self._talking is not None:
            self._finish(await self._talking(ctx, *shares, self._material))

    def _finish(self, share: AuthShare) -> None:
        self.share = share
        self._operands, self._local, self._talking, self._material = (), None, None, None


class Graph:
    """The operations of one session that have not run yet."""

    def __init__(self, source: MaterialSource) -> None:
        self._source = source
        self._pending: list[Node] = []
        self._nodes: WeakSet[Node] = WeakSet()
        self._lent: list[Batch] = []
        self._notes: list[str] = []

    def note(self, description: str) -> None:
        """Something that has been done without a node, to be compared with the peers all the same."""
        self._notes.append(description)

    def destroy(self) -> None:
        """Overwrite every share that is left, results included, and forget everything that has not run.

        The share of a known constant holds a multiple of the MAC key share, so results must not survive the key.
        """
        with ExitStack() as steps:
            for node in list(self._nodes):
                steps.callback(node.destroy)
            for batch in self._lent:
                steps.callback(batch.wipe)
        self._pending, self._lent = [], []

    def take(self, kind: Kind, count: int) -> Batch:
        """Material for what happens outside of a node; it is overwritten with the rest when the session ends."""
        self._lent = [self._source.store.take(kind, count)]
        return self._lent[0]

    def add(self, node: Node) -> Node:
        """Remember an operation, or compute it right away if that needs nobody."""
        self._nodes.add(node)
        if not node.run_if_local():
            self._pending.append(node)
        return node

    def demand(self, extra: dict[Kind, int]) -> dict[Kind, int]:
        """Material that the pending operations and `extra` take."""
        total: Counter[Kind] = Counter(extra)
        for node in self._pending:
            total.update(node.need)
        return dict(total)

    def plan(self, ending: str) -> list[str]:
        """The pending operations as text, for the comparison with the peers."""
        return [*self._notes, *(node.description for node in self._pending), ending]

    async def prepare(self, ctx: Context, ending: str, extra: dict[Kind, int]) -> None:
        """Agree on what comes, and make the material for it."""
        await agree_on_plan(ctx.child("plan"), self.plan(ending))
        self._notes.clear()
        demand = self.demand(extra)
        self._source.store.expect(demand)
        await self._source.produce(ctx.child("material"), demand)

    async def run(self, ctx: Context) -> None:
        """Run everything pending. `prepare` has made the material."""
        pending, self._pending = self._pending, []
        for node in pending:
            node.reserve(self._source)
        for node in pending:
            node.task = await Spawn(node.run(ctx.child("operation")))
        for node in pending:
            if node.task is not None:
                await Join(node.task)
        for node in pending:
            node.task = None
