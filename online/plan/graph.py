"""Operations that have been asked for and not yet run.

An operation returns at once. It is run, together with everything asked for before it, when something is revealed:
first the material for all of them is made, then all start together, each waiting only for its own operands. So a
program costs one round per level of multiplicative depth, however it is written.

Every operation asked for is run, used or not: what runs must not depend on when Python collects garbage.

What a thread asks for waits for a reveal of that thread, or for one that needs it: what another thread asks for at some
moment of its own at each party would make the plans of the parties differ.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple
from weakref import WeakSet

import numpy as np

from spdz.errors import InternalError, UsageError
from spdz.field import FieldArray
from spdz.online.plan.agreement import agree_on_plan
from spdz.protocols.mac_check import check_openings
from spdz.protocols.material_source import MaterialSource
from spdz.runtime.context import Context
from spdz.runtime.task import Task
from spdz.runtime.traps import Join, Spawn, Trap, wait_for
from spdz.sharing.bit_share import Bits, BitShare, wipe_bits
from spdz.sharing.field_domain import FIELD
from spdz.sharing.material import Batch, Kind
from spdz.sharing.shares import AuthShare

Result = AuthShare | BitShare | FieldArray | Bits
"""A share of any domain, or an opened array that other operations of the plan may take."""
Local = Callable[..., Result]
"""(operand results) -> result, without messages."""


class Begun(NamedTuple):
    """A result that others may compute with already, and what runs on beside them.

    For proofs: a stage ends, and its check begins, when these have passed as well.
    """

    result: Result
    rest: Callable[[Context], Coroutine[Trap, Any, None]]
    secrets: tuple[FieldArray, ...] = ()
    """What only this party knows and the rest needs: it is overwritten when that has ended, however it ends."""


Talking = Callable[[Context, tuple[Any, ...], tuple[Batch, ...]], Coroutine[Trap, Any, Result | Begun]]
"""(context, operand results, batches of material) -> result."""


class Traffic(NamedTuple):
    """What an operation costs one party, towards each peer."""

    rounds: int = 0
    messages: int = 0
    elements: int = 0
    """Field elements."""
    packed: int = 0
    """Bytes of packed bits."""
    opens: frozenset[str] = frozenset()
    """Sharing domains in which something is opened, which a check must cover."""
    beside: int = 0
    """Rounds that it runs on when others have its result."""


_numbers = itertools.count()


class Node:
    """One operation and, once it has run, its result."""

    __slots__ = (
        "__weakref__",
        "_local",
        "_material",
        "_result",
        "_secrets",
        "_talking",
        "description",
        "domains",
        "gated",
        "need",
        "number",
        "operands",
        "rest",
        "shape",
        "taken",
        "task",
        "traffic",
    )

    def __init__(
        self,
        description: str,
        shape: tuple[int, ...],
        operands: tuple[Node, ...] = (),
        *,
        local: Local | None = None,
        talking: Talking | None = None,
        need: Mapping[Kind, int] | None = None,
        domains: Iterable[str] = (),
        gated: bool = False,
        traffic: Callable[[int], Traffic] = lambda party: Traffic(),
    ) -> None:
        self.description = description
        self.shape = shape
        self.operands = operands
        self.need = dict(need or {})
        """Material that running this takes."""
        self.domains = {*domains, *(domain for kind in self.need for domain in kind.declaration.domains)}
        """Sharing domains whose keys running this needs."""
        self.gated = gated
        """Whether all openings that it depends on must have been checked before it runs."""
        self.traffic = traffic
        """What running this costs a party."""
        self.number = next(_numbers)
        self.taken = False
        """True once a reveal has begun to run it, or if nobody asks for it any more."""
        self.task: Task | None = None
        self.rest: Task | None = None
        """What still runs of it when the result is there."""
        self._secrets: tuple[FieldArray, ...] = ()
        """Of what still runs."""
        self._local = local
        self._talking = talking
        self._material: tuple[Batch, ...] = ()
        self._result: Result | None = None

    def withdraw(self) -> None:
        """Nobody has asked for it."""
        self.taken = True

    @property
    def has_run(self) -> bool:
        """Whether the result is there."""
        return self._result is not None

    @property
    def result(self) -> Result:
        """What came out; only after it has run."""
        if self._result is None:
            raise InternalError(f"the result of {self.description} is used before it has run")
        return self._result

    @property
    def share(self) -> AuthShare | BitShare:
        """The result of an operation whose result is secret."""
        if not isinstance(self.result, AuthShare | BitShare):
            raise InternalError(f"the result of {self.description} is public")
        return self.result

    def destroy(self) -> None:
        """Overwrite the result, material that was taken and not used, and what a proof that still runs needs."""
        for batch in self._material:
            batch.wipe()
        self._forget()
        if isinstance(self._result, np.ndarray):
            wipe_bits(self._result)
        elif self._result is not None:
            self._result.wipe()

    def run_if_local(self) -> bool:
        """Compute at once what needs no message and whose operands are there."""
        if self._local is None or not all(operand.has_run for operand in self.operands):
            return False
        self._finish(self._local(*(operand.result for operand in self.operands)))
        return True

    def reserve(self, source: MaterialSource) -> None:
        """Take the material out of the store, in program order, which is the same at every party."""
        for kind, count in self.need.items():
            self._material = (*self._material, source.store.take(kind, count))

    async def run(self, ctx: Context) -> None:
        """Wait for the operands, then compute."""
        for operand in self.operands:
            # Also when the result is there already: the depth must not depend on what happened to arrive first.
            if operand.task is not None:
                await Join(operand.task)
        results = tuple(operand.result for operand in self.operands)
        if self._local is not None:
            self._finish(self._local(*results))
        elif self._talking is not None:
            outcome = await self._talking(ctx, results, self._material)
            if isinstance(outcome, Begun):
                self._result, self._secrets = outcome.result, outcome.secrets
                self.rest = await Spawn(self._go_on(ctx.child("rest"), outcome))
            else:
                self._finish(outcome)

    async def _go_on(self, ctx: Context, begun: Begun) -> None:
        try:
            await begun.rest(ctx)
        finally:
            self._forget()
        self._finish(begun.result)

    def _forget(self) -> None:
        for secret in self._secrets:
            secret.wipe()
        self._secrets = ()

    def _finish(self, result: Result) -> None:
        self._result = result
        self.operands, self._local, self._talking, self._material = (), None, None, ()


class Graph:
    """The operations of one session that have not run yet."""

    def __init__(self, source: MaterialSource) -> None:
        self._source = source
        self._of_thread = threading.local()
        self._lock = threading.Lock()
        """Held where nodes are added, found or destroyed, so that none comes too late to be destroyed."""
        self._destroyed = False
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
        with self._lock, ExitStack() as steps:
            self._destroyed = True
            for node in list(self._nodes):
                steps.callback(node.destroy)
            for batch in self._lent:
                steps.callback(batch.wipe)
            self._of_thread, self._lent = threading.local(), []

    @contextmanager
    def whole(self) -> Iterator[None]:
        """What this thread asks for inside, it asks for as a whole, or not at all: an error takes all of it back."""
        if getattr(self._of_thread, "undo", None) is not None:
            yield
            return
        steps: list[Callable[[], None]] = []
        self._of_thread.undo = steps
        try:
            yield
        except BaseException:
            for step in reversed(steps):
                step()
            raise
        finally:
            self._of_thread.undo = None

    def undoing(self, step: Callable[[], None]) -> None:
        """How something is taken back that has just been done inside of `whole`."""
        steps: list[Callable[[], None]] | None = getattr(self._of_thread, "undo", None)
        if steps is not None:
            steps.append(step)

    def lend(self, wanted: Mapping[Kind, int]) -> dict[Kind, Batch]:
        """Material for what happens outside of a node; it is overwritten with the rest when the session ends."""
        lent = {kind: self._source.store.take(kind, count) for kind, count in wanted.items()}
        self._lent = list(lent.values())
        return lent

    def add(self, node: Node) -> Node:
        """Remember an operation, or compute it right away if that needs nobody."""
        with self._lock:
            if self._destroyed:
                raise UsageError("this session has ended; start a new one")
            self._nodes.add(node)
            if not node.run_if_local():
                self._own.append(node)
                self.undoing(node.withdraw)
        return node

    @property
    def _own(self) -> list[Node]:
        """What this thread has asked for, in order."""
        pending: list[Node] = getattr(self._of_thread, "pending", [])
        self._of_thread.pending = [node for node in pending if not (node.taken or node.has_run)]
        return self._of_thread.pending  # type: ignore[no-any-return]

    def pending(self, wanted: Sequence[Node] = ()) -> list[Node]:
        """What this thread has asked for, and what `wanted` needs of what others have, in the order of asking."""
        with self._lock:
            found = {node.number: node for node in self._own}
        missing = [*found.values(), *wanted]
        while missing:
            node = missing.pop()
            if not (node.has_run or node.taken):
                found[node.number] = node
                missing += (operand for operand in node.operands if operand.number not in found)
        return [found[number] for number in sorted(found)]

    def plan(self, pending: Sequence[Node], ending: str) -> list[str]:
        """These operations as text, for the comparison with the peers."""
        return [*self._notes, *(node.description for node in pending), ending]

    async def agree(self, ctx: Context, pending: Sequence[Node], ending: str) -> None:
        """Compare with all parties what has been asked for and what comes now."""
        await agree_on_plan(ctx, self.plan(pending, ending))
        self._notes.clear()

    def demand(self, pending: Sequence[Node], extra: Mapping[Kind, int]) -> tuple[Counter[Kind], list[str]]:
        """What these operations and `extra` take, and the sharing domains whose keys must be there for it."""
        demand: Counter[Kind] = Counter(extra)
        for node in pending:
            demand.update(node.need)
        wanted = {domain for kind in extra for domain in kind.declaration.domains}
        # The set-up made the key of the field.
        return demand, sorted(wanted.union(*(node.domains for node in pending)) - {FIELD})

    async def prepare(self, ctx: Context, pending: Sequence[Node], ending: str, extra: Mapping[Kind, int]) -> None:
        """Agree on what comes, and make the material for it and for `extra`."""
        await self.agree(ctx.child("plan"), pending, ending)
        demand, domains = self.demand(pending, extra)
        for domain in domains:
            await self._source.open_domain(ctx.child(domain), domain)
        self._source.store.expect(demand)
        await self._source.produce(ctx.child("material"), dict(demand))

    async def run(self, ctx: Context, pending: Sequence[Node]) -> None:
        """Run these operations. `prepare` has made the material."""
        for node in pending:
            node.taken = True
            node.reserve(self._source)
        for stage, nodes in enumerate(stages(pending)):
            if stage:
                await check_openings(ctx.child("gate"))
            await _run_together(ctx, nodes)


async def _run_together(ctx: Context, nodes: Sequence[Node]) -> None:
    """Run nodes side by side, each as soon as its operands are there."""
    for node in nodes:
        node.task = await Spawn(node.run(ctx.child("operation")))
    for node in nodes:
        await wait_for(node.task)
    for node in nodes:
        await wait_for(node.rest)
    for node in nodes:
        node.task = node.rest = None


def stages(pending: Sequence[Node]) -> list[list[Node]]:
    """The nodes in the stages in which they run: everything of a stage is checked before the next one begins.

    A gated node stands one stage above what it depends on. What is not pending has run in an earlier plan, at the end
    of which it was checked. The same at every party, whatever arrives first.
    """
    stage: dict[int, int] = {}
    found: list[list[Node]] = []
    for node in pending:
        below = [stage[operand.number] for operand in node.operands if operand.number in stage]
        stage[node.number] = max(below) + node.gated if below else 0
        while len(found) <= stage[node.number]:
            found.append([])
        found[stage[node.number]].append(node)
    return found
