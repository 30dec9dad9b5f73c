"""What a party sent and received: counters always, single events on request.

Cost lines in docstrings are compared with a trace by the tests, and so is the order of the coin tosses.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Event:
    """One exchange at one party, recorded when it started."""

    step: str
    path: str
    round: int
    bytes_sent: dict[int, int]
    bytes_expected: dict[int, int]


@dataclass
class StepCost:
    """Totals of one step at one party: payload bytes without frame headers, over all peers."""

    exchanges: int = 0
    bytes_sent: int = 0
    bytes_expected: int = 0


@dataclass
class Trace:
    """Counters of one party. `events` stays empty unless `keep_events` is set: memory must not grow with the work."""

    keep_events: bool = False
    events: list[Event] = field(default_factory=list)
    steps: dict[str, StepCost] = field(default_factory=lambda: defaultdict(StepCost))
    frames_sent: int = 0
    bytes_sent: int = 0
    """Frame bytes over all peers, headers included, before TLS."""

    def record(self, event: Event) -> None:
        """Count an exchange, and keep it if asked to."""
        cost = self.steps[event.step]
        cost.exchanges += 1
        cost.bytes_sent += sum(event.bytes_sent.values())
        cost.bytes_expected += sum(event.bytes_expected.values())
        if self.keep_events:
            self.events.append(event)

    def record_frame(self, byte_count: int) -> None:
        """Count one frame to one peer."""
        self.frames_sent += 1
        self.bytes_sent += byte_count
