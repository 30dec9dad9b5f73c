"""A sans-io scheduler for protocol coroutines.

There is no global barrier: a task goes on as soon as everything that it waits for has arrived, and whatever is ready
at the same time leaves together. A round is causal depth: one more than the deepest thing the task has seen. It is a
function of the program alone, so both ends of a message know it; a message with another round is refused.
What arrives is held by a `Mailbox`, which also limits how much that may be.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from spdz.errors import InternalError, UsageError
from spdz.runtime.mailbox import PAYLOAD_LIMIT_BYTES, Expected, Mailbox
from spdz.runtime.task import Task
from spdz.runtime.trace import Event, Trace
from spdz.runtime.traps import Exchange, Gather, Join, Spawn, Trap
from spdz.wire.frames import HEADER_BYTES, LABEL_BYTES, Header, Kind

Parts = list[bytes | memoryview]


class Scheduler:
    """Runs the coroutines of one party. It does no input or output: a driver moves frames in and out.

    `names` says how messages call an endpoint.
    """

    def __init__(self, trace: Trace, names: Callable[[int], str] = "party {}".format) -> None:
        self.trace = trace
        self.session_id = b""
        self._ready: deque[tuple[Task, Any]] = deque()
        self._tasks: set[Task] = set()
        self._outgoing: dict[int, Parts] = {}
        self.mailbox = Mailbox(self._deliver, names)

    # -- running ------------------------------------------------------------------------------------------------

    def spawn(self, coroutine: Coroutine[Trap, Any, Any], depth: int = 0) -> Task:
        """Add a top-level task. It starts with the next `run`."""
        return self._start(coroutine, depth, None, 0)

    def run(self) -> None:
        """Advance every task until each waits for a message. An exception of a task leaves here.

        A peer's abort is raised when everything that came before it has been looked at: what a message said may
        explain the abort better than the abort does. Nothing is sent or returned in between. Before there is a session
        id, the first words of the other peers (their parameters) may explain it too, so these are heard first.
        """
        while self._ready:
            task, value = self._ready.popleft()
            self._advance(task, value)
        heard = bool(self.session_id) or not self.mailbox.awaits_first_words
        if self.mailbox.peer_abort is not None and heard:
            raise self.mailbox.peer_abort

    @property
    def idle(self) -> bool:
        """True when every task has returned."""
        return not self._tasks

    @property
    def is_ready(self) -> bool:
        """True when some task can go on at once."""
        return bool(self._ready)

    def close(self) -> None:
        """Close every coroutine, innermost first, and forget all payloads. Called on the first abort."""
        for task in sorted(self._tasks, key=lambda task: -task.depth):
            task.coroutine.close()
        self._tasks.clear()
        self._ready.clear()
        self.mailbox.close()
        self._outgoing.clear()

    def _start(self, coroutine: Coroutine[Trap, Any, Any], depth: int, parent: Task | None, slot: int) -> Task:
        task = Task(coroutine, depth, parent, slot)
        self._tasks.add(task)
        self._ready.append((task, None))
        return task

    def _advance(self, task: Task, value: Any) -> None:
        try:
            trap = task.coroutine.send(value)
        except StopIteration as stop:
            self._finished(task, stop.value)
            return
        if isinstance(trap, Exchange):
            self._exchange(task, trap)
        elif isinstance(trap, Gather):
            self._gather(task, trap)
        elif isinstance(trap, Spawn):
            task.answer = self._start(trap.coroutine, task.depth, None, 0)
            self._resume(task)
        elif isinstance(trap, Join):
            self._join(task, trap.task)
        else:
            raise InternalError(f"a protocol awaited {type(trap).__name__}, which is not a trap")

    def _finished(self, task: Task, result: Any) -> None:
        self._tasks.discard(task)
        task.result = result
        task.done = True
        for waiter in task.waiters:
            waiter.depth = max(waiter.depth, task.depth)
            waiter.answer = result
            self._resume(waiter)
        task.waiters.clear()
        parent = task.parent
        if parent is None:
            return
        parent.answer[task.slot] = result
        parent.depth = max(parent.depth, task.depth)
        parent.pending_children -= 1
        if parent.pending_children == 0:
            self._resume(parent)

    def _resume(self, task: Task) -> None:
        answer, task.answer = task.answer, None
        self._ready.append((task, answer))

    def _gather(self, task: Task, trap: Gather) -> None:
        task.answer = [None] * len(trap.children)
        task.pending_children = len(trap.children)
        if not trap.children:
            self._resume(task)
        for slot, child in enumerate(trap.children):
            self._start(child, task.depth, task, slot)

    def _join(self, task: Task, other: Task) -> None:
        if not other.done:
            other.waiters.append(task)
            return
        task.depth = max(task.depth, other.depth)
        task.answer = other.result
        self._resume(task)

    # -- exchanging ---------------------------------------------------------------------------------------------

    def label(self, path: str) -> bytes:
        """Where a message belongs: the place in the program, bound to the session."""
        return hashlib.sha256(self.session_id + path.encode()).digest()[:LABEL_BYTES]

    def _exchange(self, task: Task, trap: Exchange) -> None:
        task.depth += 1
        label = self.label(trap.path)
        self._record(task, trap)
        for peer, (codec, value) in trap.sends.items():
            payload = codec.encode(value)
            self._queue(peer, Header(Kind.DATA, trap.step.wire_id, label, task.depth, payload.nbytes), payload)
        task.answer, task.adopted = {}, None
        task.missing = len(trap.receives)
        for peer, codec in trap.receives.items():
            self.mailbox.expect(peer, label, Expected(task, trap.step, task.depth, codec))
        if not trap.receives:
            self._resume(task)

    def _record(self, task: Task, trap: Exchange) -> None:
        sent = {peer: codec.byte_count for peer, (codec, _) in trap.sends.items()}
        expected = {peer: codec.byte_count for peer, codec in trap.receives.items()}
        self.trace.record(Event(trap.step.name, trap.path, task.depth, sent, expected))

    def _queue(self, peer: int, header: Header, payload: memoryview) -> None:
        if payload.nbytes > PAYLOAD_LIMIT_BYTES:
            raise UsageError(
                f"one message would have {payload.nbytes:,} bytes, more than {PAYLOAD_LIMIT_BYTES:,}: compute on parts "
                "of the arrays"
            )
        parts = self._outgoing.setdefault(peer, [])
        parts.append(header.encode())
        if payload.nbytes:
            parts.append(payload)
        self.trace.record_frame(HEADER_BYTES + payload.nbytes)

    def take_outgoing(self) -> dict[int, Parts]:
        """Everything that waits to be sent, per peer in order; the caller sends it."""
        outgoing, self._outgoing = self._outgoing, {}
        return outgoing

    def _deliver(self, task: Task, peer: int, value: Any) -> None:
        task.answer[peer] = value
        task.missing -= 1
        if task.missing == 0:
            self._resume(task)
