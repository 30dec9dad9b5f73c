"""One party's scheduler alone, fed byte by byte: for frames that no honest party sends."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from spdz.runtime.context import Context
from spdz.runtime.scheduler import Scheduler
from spdz.runtime.task import Task
from spdz.runtime.trace import Trace
from spdz.wire.codec import Codec
from spdz.wire.frames import LABEL_BYTES, FrameReader, Header, Kind
from spdz.wire.steps import Step

from .parties import SESSION_ID, make_sessions


class Endpoint:
    """Party 0 of a session; `feed` gives it bytes of a peer."""

    def __init__(self, parties: int, field: Any, seed: bytes) -> None:
        (self.session, *_) = make_sessions(parties, field, seed)
        self.context = Context(self.session)
        self.scheduler = Scheduler(Trace(keep_events=True))
        self.scheduler.session_id = SESSION_ID
        self._readers = {peer: FrameReader(peer, self.scheduler.mailbox) for peer in range(1, parties)}

    def start(self, protocol: Callable[[Context], Coroutine[Any, Any, Any]]) -> Task:
        """Spawn a protocol and run until it waits."""
        task = self.scheduler.spawn(protocol(self.context))
        self.scheduler.run()
        return task

    def feed(self, data: bytes, peer: int = 1) -> None:
        """Give bytes to the peer's reader, then let the tasks go on."""
        self._readers[peer].feed(data)
        self.scheduler.run()

    def label(self, path: str) -> bytes:
        """The label of a place in the program of this session."""
        return self.scheduler.label(path)


def data_frame(step: Step, label: bytes, round_: int, payload: bytes, *, length: int | None = None) -> bytes:
    """A DATA frame; `length` lies about the size of the payload."""
    size = len(payload) if length is None else length
    return Header(Kind.DATA, step.wire_id, label, round_, size).encode() + payload


def control(
    kind: int, *, wire_id: int = 0, label: bytes = bytes(LABEL_BYTES), round_: int = 0, length: int = 0
) -> bytes:
    """A control frame, not necessarily a valid one."""
    return Header(kind, wire_id, label, round_, length).encode()


def ask(step: Step, codec: Codec, peers: tuple[int, ...] = (1,)) -> Callable[[Context], Coroutine[Any, Any, Any]]:
    """A protocol that waits for one payload from each of `peers`; its path is `first_path(step)`."""

    async def protocol(ctx: Context) -> Any:
        return await ctx.exchange(step, {}, dict.fromkeys(peers, codec))

    return protocol


def first_path(step: Step) -> str:
    """Where the first exchange of a context without a parent is."""
    return f"/000001.{step.name}"
