"""Sans-io frames: a header of 33 bytes, then the payload.

    kind (1) | step (4) | label (16) | round (4) | length (8), little-endian

`label` is a hash of the session id and of the place in the program, so a message of another session or another place
fits nowhere. The reader asks its owner for a buffer once it knows the header; the owner refuses what it does not
expect, so no memory is taken on a peer's word alone.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

_HEADER = struct.Struct("<BI16sIQ")
HEADER_BYTES = _HEADER.size
LABEL_BYTES = 16


class Kind(IntEnum):
    """What a frame is for."""

    DATA = 1
    ABORT = 2
    """The sender aborts; `step` says where, the payload is empty."""
    BYE = 3
    """The sender has finished; nothing follows."""


@dataclass(frozen=True)
class Header:
    """The fixed part of a frame. `kind` is unchecked: the receiver decides what an unknown kind means."""

    kind: int
    wire_id: int
    label: bytes
    round: int
    length: int

    def encode(self) -> bytes:
        return _HEADER.pack(self.kind, self.wire_id, self.label, self.round, self.length)

    @classmethod
    def decode(cls, data: bytes | memoryview) -> Header:
        """Read `HEADER_BYTES` bytes; every value of them is a header, what it means is for the owner to judge."""
        return cls(*_HEADER.unpack(data))


def control_frame(kind: Kind, wire_id: int = 0) -> bytes:
    """An ABORT or BYE frame, which has no payload."""
    return Header(kind, wire_id, bytes(LABEL_BYTES), 0, 0).encode()


class FrameOwner(Protocol):
    """Who consumes frames: it hands out the memory, and it may raise to refuse a frame."""

    def admit(self, peer: int, header: Header) -> memoryview:
        """Check the header and give a writable buffer of exactly `header.length` bytes."""

    def complete(self, peer: int, header: Header, payload: memoryview) -> None:
        """Take a frame whose payload has arrived."""


class FrameReader:
    """Turns the byte stream of one peer into frames without copying payloads.

    A transport writes into `buffer()` and says with `advance(n)` how much it wrote, or lets `feed` copy.
    """

    def __init__(self, peer: int, owner: FrameOwner) -> None:
        self._peer = peer
        self._owner = owner
        self._header_bytes = memoryview(bytearray(HEADER_BYTES))
        self._header: Header | None = None
        self._target = self._header_bytes
        self._filled = 0
        self.frames_read = 0
        self.finished = False

    def buffer(self) -> memoryview:
        """Where the next bytes belong; never empty before `finished`."""
        return self._target[self._filled :]

    def feed(self, *parts: bytes | bytearray | memoryview) -> None:
        """Take bytes that lie elsewhere, cut in any way. Raises whatever the owner raises to refuse a frame."""
        for part in parts:
            source = memoryview(part)
            while source.nbytes:
                target = self.buffer()
                count = min(target.nbytes, source.nbytes)
                target[:count] = source[:count]
                source = source[count:]
                self.advance(count)

    def advance(self, count: int) -> None:
        """`count` bytes of `buffer()` are filled. Raises whatever the owner raises to refuse a frame."""
        self._filled += count
        if self._filled < self._target.nbytes:
            return
        if self._header is None:
            self._header = Header.decode(self._header_bytes)
            self._target = self._owner.admit(self._peer, self._header)
            self._filled = 0
            if self._target.nbytes:
                return
        header, payload = self._header, self._target
        self._header, self._target, self._filled = None, self._header_bytes, 0
        self.frames_read += 1
        self.finished = header.kind in (Kind.BYE, Kind.ABORT)
        self._owner.complete(self._peer, header, payload)
