"""Wait for sockets: look for a moment before going to sleep, when that has proved worth it.

Being woken takes the kernel 30 us or more on a virtual machine, more than a small message takes in all. Looking a few
times first halves the round trip of small messages between idle processors. It is useless when answers take longer,
and harmful when other processes want the processor: giving way to them may cost milliseconds. So both are noticed,
and sleeping at once is the rule for a while.
"""

from __future__ import annotations

import os
import selectors
from time import monotonic

Events = list[tuple[selectors.SelectorKey, int]]

LOOK_SECONDS = 50e-6
CROWDED_SECONDS = 500e-6
"""A look that took this long was interrupted by other processes."""

SKIP_AFTER_VAIN = 8
SKIP_AFTER_CROWDED, MOST_SKIPPED = 64, 8192
"""Waits without a look after one that was in vain, or that met other processes: at first and in the long run."""


class Patience:
    """Waits on one selector."""

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._selector = selector
        self._skip = 0
        self._penalty = SKIP_AFTER_CROWDED

    def events(self, timeout: float) -> Events:
        """What is ready, after at most `timeout` seconds."""
        if timeout <= 0:
            return self._selector.select(0)
        if self._skip:
            self._skip -= 1
            return self._selector.select(timeout)
        ready, elapsed = self._look(min(timeout, LOOK_SECONDS))
        if elapsed > CROWDED_SECONDS:
            self._skip = self._penalty
            self._penalty = min(2 * self._penalty, MOST_SKIPPED)
        elif ready:
            self._penalty = max(SKIP_AFTER_CROWDED, self._penalty - self._penalty // 16)
        else:
            self._skip = SKIP_AFTER_VAIN
        return ready or self._selector.select(max(0.0, timeout - elapsed))

    def _look(self, seconds: float) -> tuple[Events, float]:
        start = monotonic()
        while True:
            ready = self._selector.select(0)
            elapsed = monotonic() - start
            if ready or elapsed >= seconds:
                return ready, elapsed
            if hasattr(os, "sched_yield"):
                os.sched_yield()
