"""All parties of a session in one thread, wave by wave: deterministic, and open to interference.

Used by the tests and the adversary harness. In each wave every party runs until it waits; then all messages of the
wave are shown to an optional `Interference`, which may change those of corrupted parties after seeing the others (a
rushing adversary), and are delivered. Real runs use `spdz.runtime.party`; protocols cannot tell the difference.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from spdz.errors import Desync, InternalError, SpdzError
from spdz.params import endpoint_name
from spdz.runtime.context import Context, SessionState
from spdz.runtime.scheduler import Scheduler
from spdz.runtime.trace import Trace
from spdz.runtime.traps import Trap
from spdz.wire.frames import HEADER_BYTES, FrameReader, Header, Kind, control_frame
from spdz.wire.steps import all_steps, by_wire_id

Protocol = Callable[[Context], Coroutine[Trap, Any, Any]]


@dataclass
class Message:
    """One frame on its way. An interference may change `header` and `payload`, or drop it from the list."""

    sender: int
    receiver: int
    header: Header
    payload: bytearray

    @property
    def step(self) -> str:
        """Registered name of the step, or "control"."""
        step = by_wire_id(self.header.wire_id)
        return step.name if step and self.header.kind == Kind.DATA else "control"


Interference = Callable[[list[Message]], list[Message]]


@dataclass
class Outcome:
    """How a party ended: with a result, or with an error."""

    result: Any = None
    error: SpdzError | None = None
    trace: Trace = field(default_factory=Trace)
    rounds: int = 0


class Lockstep:
    """Runs one protocol per endpoint to the end."""

    def __init__(self, sessions: Sequence[SessionState], interference: Interference | None = None) -> None:
        self.contexts = [Context(session) for session in sessions]
        self._interference = interference
        self._names = [partial(endpoint_name, parties=session.parties) for session in sessions]
        self._schedulers = [Scheduler(Trace(keep_events=True), names) for names in self._names]
        self._outcomes = [Outcome(trace=scheduler.trace) for scheduler in self._schedulers]
        self._readers = [
            {peer: FrameReader(peer, scheduler.mailbox) for peer in range(len(sessions)) if peer != party}
            for party, scheduler in enumerate(self._schedulers)
        ]

    def run(self, protocols: Sequence[Protocol], name: str = "main") -> list[Outcome]:
        """Run `protocols[i]` as endpoint i until every endpoint has a result or an error."""
        tasks = []
        for context, scheduler, protocol in zip(self.contexts, self._schedulers, protocols, strict=True):
            scheduler.session_id = context.session.session_id
            tasks.append(scheduler.spawn(protocol(context.child(name))))
        while any(self._running(party) for party in range(len(tasks))):
            messages = self._wave()
            if self._interference is not None:
                messages = self._interference(messages)
            if not messages:
                self._deadlock()
            for message in messages:
                self._deliver(message)
        for outcome, task in zip(self._outcomes, tasks, strict=True):
            outcome.rounds = task.depth
            outcome.result = task.result
        return self._outcomes

    def _running(self, party: int) -> bool:
        return self._outcomes[party].error is None and not self._schedulers[party].idle

    def _wave(self) -> list[Message]:
        messages: list[Message] = []
        for party, scheduler in enumerate(self._schedulers):
            if not self._running(party):
                continue
            try:
                scheduler.run()
            except SpdzError as error:
                messages += self._fail(party, error)
            for receiver, parts in scheduler.take_outgoing().items():
                messages += _parse(party, receiver, b"".join(parts))
        return messages

    def _fail(self, party: int, error: SpdzError) -> list[Message]:
        self._outcomes[party].error = error
        self.contexts[party].session.domains.destroy()
        self._schedulers[party].close()
        step = all_steps().get(getattr(error, "step", None) or "")
        frame = control_frame(Kind.ABORT, step.wire_id if step else 0)
        peers = [peer for peer in range(len(self._schedulers)) if peer != party]
        return [message for peer in peers for message in _parse(party, peer, frame)]

    def _deliver(self, message: Message) -> None:
        if not self._running(message.receiver):
            return
        reader = self._readers[message.receiver][message.sender]
        try:
            reader.feed(message.header.encode(), message.payload)
        except SpdzError as error:
            for abort in self._fail(message.receiver, error):
                self._deliver(abort)

    def _deadlock(self) -> None:
        """Nobody sends and somebody waits: end those who wait, each with a Desync."""
        for party, scheduler in enumerate(self._schedulers):
            if not self._running(party):
                continue
            awaited, unexpected = scheduler.mailbox.awaited(), scheduler.mailbox.unexpected()
            if not awaited:
                raise InternalError("a protocol waits for nothing that could come")
            peer, step = next(iter(awaited.items()))
            seen = f" and has step {unexpected[peer]} instead" if peer in unexpected else ""
            me, other = self._names[party](party), self._names[party](peer)
            error = Desync(f"{me} waits for step {step} of {other}{seen}", step=step, blamed=peer)
            self._fail(party, scheduler.mailbox.peer_abort or error)


def _parse(sender: int, receiver: int, stream: bytes) -> list[Message]:
    messages = []
    while stream:
        header = Header.decode(stream[:HEADER_BYTES])
        end = HEADER_BYTES + header.length
        messages.append(Message(sender, receiver, header, bytearray(stream[HEADER_BYTES:end])))
        stream = stream[end:]
    return messages
