"""When nobody can go on, nobody has to wait for the clock.

A cheater that keeps a message to itself leaves honest parties waiting for the time-out. In memory it can be known that
nothing will come: every party waits and nothing is moving. Then the time-outs elapse at once, which changes nothing
but the time that a run takes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from spdz.runtime.transport import Transport

SLICE_SECONDS = 0.04
CALM_SLICES = 4


class Quiescence:
    """Knows of every endpoint whether it waits, and counts everything that moves."""

    def __init__(self, endpoints: int, *, enabled: bool) -> None:
        self._lock = threading.Lock()
        self._active = set(range(endpoints))
        self._running = set(range(endpoints))
        self._moved = 0
        self._enabled = enabled
        self.undelivered: Callable[[int], bool] = lambda endpoint: False
        """Whether something has been sent to an endpoint and not yet been taken by it."""

    def moved(self) -> None:
        """Something was sent or arrived."""
        with self._lock:
            self._moved += 1

    def end(self, endpoint: int) -> None:
        """This endpoint has ended; what is sent to it stays where it is."""
        with self._lock:
            self._active.discard(endpoint)
            self._running.discard(endpoint)

    def _rest(self, endpoint: int) -> None:
        with self._lock:
            self._active.discard(endpoint)

    @contextmanager
    def waiting(self, endpoint: int) -> Iterator[None]:
        """While this lasts the endpoint waits."""
        self._rest(endpoint)
        try:
            yield
        finally:
            with self._lock:
                self._active.add(endpoint)

    @contextmanager
    def computing(self, endpoint: int) -> Iterator[None]:
        """While this lasts an endpoint that waits is working on what has arrived."""
        with self._lock:
            self._active.add(endpoint)
        try:
            yield
        finally:
            self._rest(endpoint)
            self.moved()

    def wait(self, endpoint: int, transport: Transport, timeout: float, *, patient: bool = False) -> bool:
        """As `transport.wait`, but False as soon as nobody can go on; a patient endpoint lets others find out."""
        if not self._enabled:
            return transport.wait(timeout)
        deadline = monotonic() + timeout
        with self.waiting(endpoint):
            calm, seen = 0, -1
            while (remaining := deadline - monotonic()) > 0 and (patient or calm < CALM_SLICES):
                if transport.wait(min(SLICE_SECONDS, remaining)):
                    return True
                calm, seen = self._calm_since(calm, seen)
        return False

    def _calm_since(self, calm: int, seen: int) -> tuple[int, int]:
        with self._lock:
            still = not self._active and self._moved == seen and not any(map(self.undelivered, self._running))
            return (calm + 1 if still else 0), self._moved
