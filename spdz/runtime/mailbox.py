"""What a party receives: messages that are awaited, messages that came early, and what is refused.

Bounded memory: an awaited payload has the size that this party computed; payloads that come early (a peer may be
ahead) are limited per peer. A header that does not fit is refused before any payload is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from spdz.errors import Desync, InternalError, MalformedMessage, PeerAborted
from spdz.runtime.task import Task
from spdz.wire.codec import Codec
from spdz.wire.frames import Header, Kind
from spdz.wire.steps import Step, by_wire_id

PAYLOAD_LIMIT_BYTES = 1 << 30
"""The largest single payload; a larger array must be sent in parts."""

EARLY_LIMIT_BYTES = 4 * PAYLOAD_LIMIT_BYTES
"""How much a peer may send ahead of this party. An honest peer is ahead by the messages of one round."""

EARLY_FRAME_BYTES = 1024
"""What keeping an early message costs besides its payload: empty ones are limited too."""

MAX_ROUND = 1 << 31
"""The largest round taken over from a peer: a header has four bytes for a round, and this leaves room to go on."""


class Expected:
    """A payload that a task waits for."""

    __slots__ = ("codec", "round", "step", "task")

    def __init__(self, task: Task, step: Step, round_: int, codec: Codec) -> None:
        self.task = task
        self.step = step
        self.round = round_
        self.codec = codec


class Mailbox:
    """The frames of all peers. It takes them as their `FrameOwner`, and gives decoded values to `deliver`."""

    def __init__(self, deliver: Callable[[Task, int, Any], None], names: Callable[[int], str]) -> None:
        self.peer_abort: PeerAborted | None = None
        """Set when a peer says that it has aborted; whoever runs the tasks raises it."""
        self._give = deliver
        self._names = names
        self._expected: dict[tuple[int, bytes], Expected] = {}
        # None: the header was admitted, the payload is still arriving.
        self._early: dict[tuple[int, bytes], tuple[Header, memoryview | None]] = {}
        self._early_bytes: dict[int, int] = {}
        self._departed: set[int] = set()

    def close(self) -> None:
        """Forget all payloads and whoever waits for one."""
        self._expected.clear()
        self._early.clear()

    def expect(self, peer: int, label: bytes, expected: Expected) -> None:
        """Await a message; deliver it at once if it came early."""
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
        elif header is None and peer in self._departed and self.peer_abort is None:
            raise Desync(
                f"{self._names(peer)} has ended the session, but its message of step {expected.step.name} is missing: "
                "the parties' programs differ, or it left on purpose",
                step=expected.step.name,
                round=expected.round,
                blamed=peer,
            )

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
            if header.length > PAYLOAD_LIMIT_BYTES:
                raise self._malformed(peer, header, "exceeds what a message may have")
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
            self.peer_abort = self.peer_abort or _aborted(self._names(peer), by_wire_id(header.wire_id))
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
        self._give(expected.task, peer, value)

    def _check_header(self, peer: int, header: Header, expected: Expected) -> None:
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

    def _adopt_round(self, header: Header, expected: Expected) -> None:
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

    def awaited(self) -> dict[int, str]:
        """For every peer that something is waited for from: the name of one such step."""
        return {peer: expected.step.name for (peer, _), expected in self._expected.items()}

    @property
    def awaits_first_words(self) -> bool:
        """Whether the first message of a session is awaited from a peer that has not left."""
        return any(peer not in self._departed and one.round == 1 for (peer, _), one in self._expected.items())

    def unexpected(self) -> dict[int, str]:
        """For every peer that has sent something nobody waits for: the name of one such step."""
        names = {}
        for (peer, _), (header, _) in self._early.items():
            step = by_wire_id(header.wire_id)
            names[peer] = step.name if step else "unknown"
        return names

    def _malformed(self, peer: int, header: Header, what: str) -> MalformedMessage:
        step = by_wire_id(header.wire_id)
        name = step.name if step else "unknown"
        text = f"a message of {self._names(peer)} (step {name}) {what}"
        return MalformedMessage(text, step=name, round=header.round, blamed=peer)

    def _refuse_missing(self, peer: int) -> None:
        for (sender, _), expected in self._expected.items():
            if sender == peer:
                raise Desync(
                    f"{self._names(peer)} has ended the session while its message of step {expected.step.name} was "
                    "awaited",
                    step=expected.step.name,
                    round=expected.round,
                    blamed=peer,
                )


def _aborted(peer: str, step: Step | None) -> PeerAborted:
    where = f" at step {step.name}" if step else ""
    return PeerAborted(
        f"{peer} has aborted{where}; the reason is in its own log. Nothing unchecked was output here, and this "
        "session's key and material are destroyed",
        step=step.name if step else None,
    )
