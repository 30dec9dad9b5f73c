"""A sans-io scheduler for protocol coroutines.

There is no global barrier: a task goes on as soon as everything that it waits for has arrived, and whatever is ready
at the same time leaves together. A round is causal depth: one more than the deepest thing the task has seen. It is a
function of the program alone, so both ends of a message know it; a message with another round is refused.

Bounded memory: an expected payload has the size that this party computed; payloads that come early (a peer may be
ahead) are limited per peer.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Coroutine
from typing import Any

import numpy as np

from spdz.errors import Desync, InternalError, MalformedMessage, PeerAborted, UsageError
from spdz.runtime.trace import Event, Trace
from spdz.runtime.traps import Exchange, Gather, Join, Spawn, Trap
from spdz.wire.codec import Codec
from spdz.wire.frames import HEADER_BYTES, LABEL_BYTES, Header, Kind
from spdz.wire.steps import Step, by_wire_id

PAYLOAD_LIMIT_BYTES = 1 << 30
"""The largest single payload; a larger array must be sent in parts."""

EARLY_LIMIT_BYTES = 4 * PAYLOAD_LIMIT_BYTES
"""How much a peer may send ahead of this party. An honest peer is ahead by the messages of one round."""

EARLY_FRAME_BYTES = 1024
"""What keeping an early message costs besides its payload: empty ones are limited too."""

MAX_ROUND = 1 << 31
"""The largest round taken over from a peer: a header has four bytes for a round, and this leaves room to go on."""

Parts = list[bytes | memoryview]


class Task:
    """A running coroutine, its causal depth, and what it waits for."""

    __slots__ = (
        "adopted",
        "answer",
        "coroutine",
        "depth",
        "done",
        "missing",
        "parent",
        "pending_children",
        "result",
        "slot",
        "waiters",
    )

    def __init__(self, coroutine: Coroutine[Trap, Any, Any], depth: int, parent: Task | None, slot: int) -> None:
        self.coroutine = coroutine
        self.depth = depth
        self.parent = parent
        self.slot = slot
        self.answer: Any = None
        self.adopted: int | None = None
        self.missing = 0
        self.pending_children = 0
        self.result: Any = None
        self.done = False
        self.waiters: list[Task] = []


class _Expected:
    """A payload that a task waits for."""

    __slots__ = ("codec", "round", "step", "task")

    def __init__(self, task: Task, step: Step, round_: int, codec: Codec) -> None:
        self.task = task
        self.step = step
        self.round = round_
        self.codec = codec


class Scheduler:
    """Runs the coroutines of one party. It does no input or output: a driver moves frames in and out."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.session_id = b""
        self._ready: deque[tuple[Task, Any]] = deque()
        self._tasks: set[Task] = set()
        self._outgoing: dict[int, Parts] = {}
        self._expected: dict[tuple[int, bytes], _Expected] = {}
        # None: the header was admitted, the payload is still arriving.
        self._early: dict[tuple[int, bytes], tuple[Header, memoryview | None]] = {}
        self._early_bytes: dict[int, int] = {}
        self._departed: set[int] = set()
        self._peer_abort: PeerAborted | None = None

    # -- running ------------------------------------------------------------------------------------------------

    def spawn(self, coroutine: Coroutine[Trap, Any, Any], depth: int = 0) -> Task:
        """Add a top-level task. It starts with the next `run`."""
        return self._start(coroutine, depth, None, 0)

    def run(self) -> None:
        """Advance every task until each waits for a message. An exception of a task leaves here.

        A peer's abort is raised when everything that came before it has been looked at: what a message said may
        explain the abort better than the abort does. Nothing is sent or returned in between.
        """
        while self._ready:
            task, value = self._ready.popleft()
            self._advance(task, value)
        if self._peer_abort is not None:
            raise self._peer_abort

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
        self._expected.clear()
        self._early.clear()
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
            self._expect(peer, label, _Expected(task, trap.step, task.depth, codec))
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

    def _expect(self, peer: int, label: bytes, expected: _Expected) -> None:
        key = (peer, label)
        if key in self._expected:
            raise InternalError(f"the label of step {expected.step.name} is used twice")
        self._expected[key] = expected
        header, payload = self._early.get(key, (None, None))
        if header is not None:
            self._check_header(peer, header, expected)
        if header is not None and payload is not None:
            self._forget_early(peer, header)
            self._deliver(peer, header, payload)
        elif header is None and peer in self._departed and self._peer_abort is None:
            raise Desync(
                f"party {peer} has ended the session, but its message of step {expected.step.name} is missing: "
                "the parties' programs differ, or it left on purpose",
                step=expected.step.name,
                round=expected.round,
                blamed=peer,
            )

    def take_outgoing(self) -> dict[int, Parts]:
        """Everything that waits to be sent, per peer in order; the caller sends it."""
        outgoing, self._outgoing = self._outgoing, {}
        return outgoing

    # -- frames in (FrameOwner) ---------------------------------------------------------------------------------

    def admit(self, peer: int, header: Header) -> memoryview:
        """Refuse a frame by its header, or give it memory: the size this party expects, or bounded if it is early."""
        if peer in self._departed:
            raise self._malformed(peer, header, "came after the party had ended the session")
        if header.kind in (Kind.ABORT, Kind.BYE):
            if header.length or header.round or any(header.label):
                raise self._malformed(peer, header, "is a control frame with a payload or a label")
            return memoryview(b"")
        if header.kind != Kind.DATA or by_wire_id(header.wire_id) is None:
            raise self._malformed(peer, header, "has an unknown kind or step")
        expected = self._expected.get((peer, header.label))
        if expected is not None:
            self._check_header(peer, header, expected)
        elif (peer, header.label) in self._early:
            raise self._malformed(peer, header, "was sent twice")
        else:
            held = self._early_bytes.get(peer, 0) + EARLY_FRAME_BYTES + header.length
            if held > EARLY_LIMIT_BYTES:
                raise self._malformed(peer, header, "exceeds what a party may send ahead")
            self._early_bytes[peer] = held
            self._early[(peer, header.label)] = (header, None)
        return np.empty(header.length, np.uint8).data

    def complete(self, peer: int, header: Header, payload: memoryview) -> None:
        """Take a frame: hand it to the task that waits for it, or keep it until one does."""
        if header.kind == Kind.BYE:
            self._departed.add(peer)
            self._refuse_missing(peer)
            return
        if header.kind == Kind.ABORT:
            self._departed.add(peer)
            self._peer_abort = self._peer_abort or _aborted(peer, by_wire_id(header.wire_id))
            return
        key = (peer, header.label)
        expected = self._expected.get(key)
        if expected is None:
            self._early[key] = (header, payload)
            return
        if key in self._early:
            self._forget_early(peer, header)
        self._deliver(peer, header, payload)

    def _forget_early(self, peer: int, header: Header) -> None:
        del self._early[(peer, header.label)]
        self._early_bytes[peer] -= EARLY_FRAME_BYTES + header.length

    def _deliver(self, peer: int, header: Header, payload: memoryview) -> None:
        expected = self._expected.pop((peer, header.label))
        try:
            value = expected.codec.decode(payload)
        except ValueError as error:
            raise self._malformed(peer, header, str(error)) from None
        task = expected.task
        task.answer[peer] = value
        task.missing -= 1
        if task.missing == 0:
            self._resume(task)

    def _check_header(self, peer: int, header: Header, expected: _Expected) -> None:
        if header.wire_id != expected.step.wire_id:
            raise self._malformed(peer, header, f"came where step {expected.step.name} belongs")
        if expected.step.adopts_round:
            self._adopt_round(header, expected)
        elif header.round != expected.round:
            raise self._malformed(peer, header, f"says round {header.round}, but this is round {expected.round}")
        if header.length != expected.codec.byte_count:
            raise self._malformed(
                peer, header, f"has {header.length} bytes where {expected.codec.byte_count} are expected"
            )

    def _adopt_round(self, header: Header, expected: _Expected) -> None:
        """Take over the senders' round, which must be one and the same: nobody moves this endpoint alone."""
        task = expected.task
        if task.adopted is None:
            task.adopted = header.round
            task.depth = max(task.depth, min(header.round, MAX_ROUND))
        elif task.adopted != header.round:
            raise Desync(
                f"the parties say rounds {task.adopted} and {header.round} at step {expected.step.name}",
                step=expected.step.name,
                round=header.round,
            )

    def _malformed(self, peer: int, header: Header, what: str) -> MalformedMessage:
        step = by_wire_id(header.wire_id)
        name = step.name if step else "unknown"
        return MalformedMessage(
            f"a message of party {peer} (step {name}) {what}", step=name, round=header.round, blamed=peer
        )

    # -- what is missing ----------------------------------------------------------------------------------------

    def awaited(self) -> dict[int, str]:
        """For every peer that something is waited for from: the name of one such step."""
        return {peer: expected.step.name for (peer, _), expected in self._expected.items()}

    def unexpected(self) -> dict[int, str]:
        """For every peer that has sent something nobody waits for: the name of one such step."""
        names = {}
        for (peer, _), (header, _) in self._early.items():
            step = by_wire_id(header.wire_id)
            names[peer] = step.name if step else "unknown"
        return names

    def _refuse_missing(self, peer: int) -> None:
        for (sender, _), expected in self._expected.items():
            if sender == peer:
                raise Desync(
                    f"party {peer} has ended the session while its message of step {expected.step.name} was awaited",
                    step=expected.step.name,
                    round=expected.round,
                    blamed=peer,
                )


def _aborted(peer: int, step: Step | None) -> PeerAborted:
    where = f" at step {step.name}" if step else ""
    return PeerAborted(
        f"party {peer} has aborted{where}; the reason is in its own log. Nothing unchecked was output here, and this session's "
        "key and material are destroyed",
        step=step.name if step else None,
    )
