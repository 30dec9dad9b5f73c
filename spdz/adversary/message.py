"""Messages as a cheater sees them: one frame to one peer, taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from spdz.runtime.transport import Parts
from spdz.wire.frames import HEADER_BYTES, Header, Kind
from spdz.wire.steps import Payload, by_wire_id


@dataclass(frozen=True)
class Message:
    """One frame on its way from `sender` to `receiver`."""

    sender: int
    receiver: int
    header: Header
    payload: bytes

    @property
    def elements(self) -> bool:
        """Whether the payload is an array of field elements, as its step declares."""
        step = by_wire_id(self.header.wire_id)
        return step is not None and self.header.kind == Kind.DATA and step.payload is Payload.ELEMENTS

    @property
    def bits(self) -> bool:
        """Whether the payload is packed bits of a sharing domain."""
        step = by_wire_id(self.header.wire_id)
        return step is not None and self.header.kind == Kind.DATA and step.payload is Payload.BITS

    @property
    def step(self) -> str:
        """Registered name of the step, or "control" for the frames that end a session."""
        step = by_wire_id(self.header.wire_id)
        return step.name if step is not None and self.header.kind == Kind.DATA else "control"

    def with_payload(self, payload: bytes) -> Message:
        """The same message with another payload, of any length."""
        return replace(self, header=replace(self.header, length=len(payload)), payload=payload)

    def with_label(self, label: bytes) -> Message:
        """The same message at another place of the program."""
        return replace(self, header=replace(self.header, label=label))

    def parts(self) -> list[bytes | memoryview]:
        """What a transport sends."""
        return [self.header.encode(), self.payload] if self.payload else [self.header.encode()]


def parse(sender: int, receiver: int, parts: Parts) -> Iterator[Message]:
    """The frames in what a party hands to its transport: a header, and a payload unless it is empty."""
    waiting = iter(parts)
    for part in waiting:
        header = Header.decode(bytes(part)[:HEADER_BYTES])
        body = next(waiting) if header.length else b""
        yield Message(sender, receiver, header, bytes(body))
