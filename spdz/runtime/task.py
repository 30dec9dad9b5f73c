"""A running coroutine and what the scheduler knows of it."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from spdz.runtime.traps import Trap


class Task:
    """A running coroutine, its causal depth, and what it waits for."""

    __slots__ = (
        "adopted",
        "answer",
        "coroutine",
        "depth",
        "done",
        "missing",
        "parent",
        "pending_children",
        "result",
        "slot",
        "waiters",
    )

    def __init__(self, coroutine: Coroutine[Trap, Any, Any], depth: int, parent: Task | None, slot: int) -> None:
        self.coroutine = coroutine
        self.depth = depth
        self.parent = parent
        self.slot = slot
        self.answer: Any = None
        self.adopted: int | None = None
        self.missing = 0
        self.pending_children = 0
        self.result: Any = None
        self.done = False
        self.waiters: list[Task] = []
