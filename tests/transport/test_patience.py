"""When to look for an answer and when to sleep, with a clock and a selector of the test's own."""

from __future__ import annotations

import selectors
from collections.abc import Mapping
from typing import Any

import pytest

from spdz.transport import patience
from spdz.transport.patience import LOOK_SECONDS, MOST_SKIPPED, SKIP_AFTER_CROWDED, SKIP_AFTER_VAIN, Patience

READY: patience.Events = [(selectors.SelectorKey(None, 0, selectors.EVENT_READ, None), selectors.EVENT_READ)]  # type: ignore[arg-type]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0
        self.step = 1e-6

    def __call__(self) -> float:
        self.now += self.step
        return self.now


class Script(selectors.BaseSelector):
    """Is ready once the clock has reached `ready_at`; records how it was called."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.ready_at = 0.0
        self.timeouts: list[float] = []

    def select(self, timeout: float | None = None) -> Any:
        assert timeout is not None
        self.timeouts.append(timeout)
        if timeout > 0:
            self.clock.now = max(self.clock.now, min(self.ready_at, self.clock.now + timeout))
        return READY if self.clock.now >= self.ready_at else []

    def register(self, *_: Any) -> Any: ...
    def unregister(self, *_: Any) -> Any: ...
    def get_map(self) -> Mapping[Any, Any]:
        return {}

    def sleeps(self) -> int:
        count = sum(timeout > 0 for timeout in self.timeouts)
        self.timeouts.clear()
        return count


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(patience, "monotonic", clock)
    return clock


def test_a_quick_answer_is_found_without_sleeping(clock: Clock) -> None:
    script = Script(clock)
    waiter = Patience(script)
    for _ in range(5):
        script.ready_at = clock.now + LOOK_SECONDS / 2
        assert waiter.events(10.0) == READY
    assert script.sleeps() == 0


def test_a_slow_answer_is_slept_for_and_the_next_waits_do_not_look(clock: Clock) -> None:
    script = Script(clock)
    waiter = Patience(script)
    script.ready_at = clock.now + 1.0
    assert waiter.events(10.0) == READY
    assert script.sleeps() == 1
    for _ in range(SKIP_AFTER_VAIN):
        script.ready_at = clock.now + 1.0
        assert waiter.events(10.0) == READY
        assert script.timeouts == [10.0]
        script.timeouts.clear()
    script.ready_at = clock.now + LOOK_SECONDS / 2
    assert waiter.events(10.0) == READY
    assert script.sleeps() == 0


def test_a_crowded_processor_is_noticed_and_remembered_longer_each_time(clock: Clock) -> None:
    script = Script(clock)
    waiter = Patience(script)
    expected = SKIP_AFTER_CROWDED
    for _ in range(12):
        clock.step = 0.002
        script.ready_at = clock.now + 0.001
        assert waiter.events(10.0) == READY
        clock.step = 1e-6
        script.timeouts.clear()
        for _ in range(expected):
            waiter.events(10.0)
        assert script.sleeps() == expected
        expected = min(2 * expected, MOST_SKIPPED)
    assert expected == MOST_SKIPPED


def test_no_more_time_than_allowed(clock: Clock) -> None:
    script = Script(clock)
    script.ready_at = 1e9
    waiter = Patience(script)
    assert waiter.events(0.0) == []
    assert script.timeouts == [0]
    start = clock.now
    assert waiter.events(0.25) == []
    assert clock.now - start <= 0.25 + 1e-3
