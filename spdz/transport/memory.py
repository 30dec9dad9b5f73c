"""Parties as threads of one process. Bytes pass through the same frames and readers as on a network."""

from __future__ import annotations

import queue
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

from spdz.errors import TransportError
from spdz.params import endpoint_name
from spdz.runtime.transport import Parts
from spdz.wire.frames import FrameReader


@dataclass(frozen=True)
class _Delivery:
    sender: int
    parts: Parts | None
    """None: the sender has closed its end."""


def memory_network(endpoints: int, parties: int | None = None) -> list[MemoryTransport]:
    """Transports of `endpoints` endpoints that reach each other; all but a dealer, or all, are `parties`."""
    inboxes: list[queue.SimpleQueue[_Delivery]] = [queue.SimpleQueue() for _ in range(endpoints)]
    count = endpoints if parties is None else parties
    return [MemoryTransport(party, inboxes, count) for party in range(endpoints)]


class MemoryTransport:
    """One party's end of an in-memory network. Each end is used by one thread, and may be interrupted by another."""

    name = "in memory"

    def __init__(self, party: int, inboxes: list[queue.SimpleQueue[_Delivery]], parties: int) -> None:
        self._party = party
        self._parties = parties
        self._inboxes = inboxes
        self._readers: Mapping[int, FrameReader] = {}
        self._interrupted = False

    def attach(self, readers: Mapping[int, FrameReader]) -> None:
        self._readers = readers

    def send(self, peer: int, parts: Parts) -> None:
        self._inboxes[peer].put(_Delivery(self._party, parts))

    def poll(self) -> None:
        while not self._inboxes[self._party].empty():
            self._take(self._inboxes[self._party].get())

    def wait(self, timeout: float) -> bool:
        deadline = monotonic() + timeout
        while True:
            try:
                delivery = self._inboxes[self._party].get(timeout=max(0.0, deadline - monotonic()))
            except queue.Empty:
                return False
            if self._take(delivery):
                self.poll()
                return True

    def _take(self, delivery: _Delivery) -> bool:
        """Feed one delivery to its reader; True when it completed a frame."""
        if self._interrupted:
            raise TransportError("the run was interrupted")
        reader = self._readers[delivery.sender]
        if delivery.parts is None:
            if not reader.finished:
                name = endpoint_name(delivery.sender, self._parties)
                raise TransportError(f"{name} has gone", peer=delivery.sender)
            return False
        before = reader.frames_read
        reader.feed(*delivery.parts)
        return reader.frames_read > before

    def interrupt(self) -> None:
        """End this endpoint's session from another thread, when it next waits or looks for messages."""
        self._interrupted = True
        self._inboxes[self._party].put(_Delivery(self._party, None))

    def close(self, timeout: float) -> None:
        for peer in range(len(self._inboxes)):
            if peer != self._party:
                self._inboxes[peer].put(_Delivery(self._party, None))
