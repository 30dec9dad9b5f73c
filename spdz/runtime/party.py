"""Drives one party: its scheduler, its transport, and what happens when something goes wrong.

The first error ends the session. Before it leaves this module the siblings are closed, the MAC key share and all
material are destroyed, and the peers are told (docs/design.md).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from time import monotonic
from typing import Any

from spdz.errors import Desync, InternalError, ProtocolAbort, SpdzError, TransportError, UsageError
from spdz.params import endpoint_name
from spdz.runtime.context import Context, SessionState
from spdz.runtime.scheduler import Scheduler
from spdz.runtime.trace import Trace
from spdz.runtime.transport import Transport
from spdz.runtime.traps import Trap
from spdz.wire.frames import FrameReader, Header, Kind, control_frame
from spdz.wire.steps import all_steps

CLOSE_SECONDS = 5.0

Protocol = Callable[[Context], Coroutine[Trap, Any, Any]]


class _Inbox:
    """Hands frames to the scheduler and lets it run between two of them.

    A peer's next message often arrives together with the one that was awaited. By then it is awaited itself, and need
    not be held as one that came early.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    def admit(self, peer: int, header: Header) -> memoryview:
        return self._scheduler.mailbox.admit(peer, header)

    def complete(self, peer: int, header: Header, payload: memoryview) -> None:
        self._scheduler.mailbox.complete(peer, header, payload)
        self._scheduler.run()


class Party:
    """One endpoint of a session: runs protocols one after the other until it is closed or aborts."""

    def __init__(
        self,
        session: SessionState,
        transport: Transport,
        endpoints: int,
        *,
        timeout: float = 120.0,
        trace: Trace | None = None,
    ) -> None:
        self.session = session
        self.context = Context(session)
        self.trace = trace if trace is not None else Trace()
        self.transport = transport
        self.depth = 0
        """Causal depth reached so far: the number of rounds."""
        self.on_end: list[Callable[[], None]] = []
        """Called when the session ends, however it ends, to destroy what must not survive it."""
        self._scheduler = Scheduler(self.trace, self._name)
        self._timeout = timeout
        self._others = tuple(endpoint for endpoint in range(endpoints) if endpoint != session.party)
        self._over = False
        self._busy = threading.Lock()
        inbox = _Inbox(self._scheduler)
        transport.attach({peer: FrameReader(peer, inbox) for peer in self._others})

    def run(self, protocol: Protocol, name: str) -> Any:
        """Run one protocol to its end and return its result. Any exception ends the session for good.

        Raises UsageError, without any effect, when the session has ended or a protocol is running, here or in
        another thread.
        """
        if not self._busy.acquire(blocking=False):
            raise UsageError("this session is busy: a party does one thing at a time, in one thread")
        try:
            if self._over:
                raise UsageError("this session has ended; start a new one")
            return self._run(protocol, name)
        finally:
            self._busy.release()

    def _run(self, protocol: Protocol, name: str) -> Any:
        try:
            self._scheduler.session_id = self.session.session_id
            task = self._scheduler.spawn(protocol(self.context.child(name)), self.depth)
            self._drive()
            self.depth = task.depth
        except BaseException as error:
            try:
                self.abort(error)
            finally:
                raise error  # the first error, whatever came of the clean-up
        return task.result

    def abort(self, error: BaseException) -> None:
        """End the session: destroy the keys and all material, close what runs, tell the peers, close the transport.

        The keys go first, before anything that could fail or be interrupted; what is interrupted can be done again.
        """
        self.session.domains.destroy()
        if self._over:
            return
        with ExitStack() as steps:  # last in, first out; each is done even if another one fails
            steps.callback(self.transport.close, CLOSE_SECONDS)
            for peer in self._others:
                steps.callback(self.transport.send, peer, [control_frame(Kind.ABORT, _wire_id(error))])
            steps.callback(self._scheduler.close)
            self._destroy_secrets(steps)
            self._over = True

    def close(self) -> None:
        """End an honest session. Something unchecked or unread is an error."""
        if self._over:
            return
        try:
            self.context.unverified.require_empty()
            unexpected = self._scheduler.mailbox.unexpected()
            if unexpected:
                peer, step = next(iter(unexpected.items()))
                raise Desync(
                    f"{self._name(peer)} sent step {step}, which this party never reached", step=step, blamed=peer
                )
        except SpdzError as error:
            self.abort(error)
            raise
        self._over = True
        with ExitStack() as steps:
            steps.callback(self.transport.close, CLOSE_SECONDS)
            for peer in self._others:
                steps.callback(self.transport.send, peer, [control_frame(Kind.BYE)])
            self._destroy_secrets(steps)

    def _destroy_secrets(self, steps: ExitStack) -> None:
        for destroy in self.on_end:
            steps.callback(destroy)
        steps.callback(self.session.domains.destroy)

    def _name(self, endpoint: int) -> str:
        return endpoint_name(endpoint, self.session.parties)

    @property
    def over(self) -> bool:
        """True after `close` or the first error."""
        return self._over

    def _drive(self) -> None:
        while True:
            self._scheduler.run()
            for peer, parts in self._scheduler.take_outgoing().items():
                self.transport.send(peer, parts)
            if self._scheduler.idle:
                return
            if self._scheduler.is_ready:
                continue
            self._wait()

    def _wait(self) -> None:
        awaited = self._scheduler.mailbox.awaited()
        if not awaited:
            raise InternalError("a protocol waits for nothing that could come")
        started = monotonic()
        try:
            arrived = self.transport.wait(self._timeout)
        except TransportError as error:
            if error.peer is not None and error.step is None:
                step = awaited.get(error.peer) or next(iter(awaited.values()))
                raise TransportError(f"{error} (waiting at step {step})", peer=error.peer, step=step) from None
            raise
        if not arrived and self._scheduler.mailbox.peer_abort is not None:
            raise self._scheduler.mailbox.peer_abort
        if not arrived:
            raise self._too_late(awaited, monotonic() - started)

    def _too_late(self, awaited: dict[int, str], seconds: float) -> ProtocolAbort | TransportError:
        unexpected = self._scheduler.mailbox.unexpected()
        for peer, step in awaited.items():
            if peer in unexpected:
                return Desync(
                    f"{self._name(peer)} is at step {unexpected[peer]} while this party waits for its step {step}: "
                    "the parties run different programs or inputs of different shapes",
                    step=step,
                )
        peer, step = next(iter(awaited.items()))
        return TransportError(
            f"{self._name(peer)} sent nothing for {seconds:.0f} s while this party waited at step {step}; it may be "
            "busy, stopped or cut off. Raise timeout_seconds if it needs longer",
            peer=peer,
            step=step,
        )


def _wire_id(error: BaseException) -> int:
    """The step at which an error of ours came up, for the peers; 0 if there is none."""
    name = getattr(error, "step", None) if isinstance(error, SpdzError) else None
    step = all_steps().get(name) if isinstance(name, str) else None
    return step.wire_id if step else 0
