"""What the runtime asks of a transport.

A transport moves bytes for one party and knows nothing of protocols. It runs in the party's own thread: `send` queues
and returns, `poll` and `wait` send and receive at the same time, so two parties that both write a gigabyte first do
not block each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from spdz.wire.frames import FrameReader

Parts = Sequence[bytes | memoryview]


class Transport(Protocol):
    """Ordered, authenticated, confidential byte streams to every peer."""

    @property
    def name(self) -> str:
        """What a user sees: "TLS 1.3", "in memory"."""

    def attach(self, readers: Mapping[int, FrameReader]) -> None:
        """Give each peer's reader, once, before anything else."""

    def send(self, peer: int, parts: Parts) -> None:
        """Queue bytes for `peer` and return. The caller must not change the buffers afterwards.

        Sending to a peer that has gone is not an error here; waiting for it is.
        """

    def poll(self) -> None:
        """Move what can be moved without waiting. Raises TransportError when a peer is lost."""

    def wait(self, timeout: float) -> bool:
        """Move bytes until some reader has completed at least one frame; False after `timeout` seconds without one.

        Raises TransportError, with `.peer`, when a peer's stream ends before its reader is `finished`.
        """

    def close(self, timeout: float) -> None:
        """Flush what is queued, let peers' last frames arrive, and end; gives up quietly after `timeout` seconds."""
