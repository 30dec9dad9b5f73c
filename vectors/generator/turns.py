"""Tasks beside each other: docs/wire, section 3, in the order of vectors/README.md, "Randomness".

A task is a thread, of which one at a time has its turn: until it waits for messages or for another task, or starts one.
"""

from __future__ import annotations

import heapq
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from vectors.generator.world import Clock, Session

Body = Callable[[Clock], Any]


class Task:
    """One of them: its depth, and what has come of it."""

    def __init__(self, depth: int) -> None:
        self.clock = Clock(depth)
        self.turn = threading.Semaphore(0)
        self.waiters: list[Task] = []
        self.done = False
        self.result: Any = None
        self.error: BaseException | None = None


class Turns:
    """Runs a task and all that it starts. For honest sessions."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ready: deque[Task] = deque()
        self._waiting: list[tuple[int, str, Task]] = []
        """Tasks that wait for the messages of an exchange, by its round and path, as these are delivered."""
        self._back = threading.Semaphore(0)
        self._now = Task(0)

    def run(self, clock: Clock, body: Body) -> Any:
        """The result of a task, when all that it has started are done as well."""
        first = self._start(clock.depth, body)
        self._session.waits = self._wait
        while self._ready or self._waiting:
            self._now = self._ready.popleft() if self._ready else heapq.heappop(self._waiting)[-1]
            self._now.turn.release()
            self._back.acquire()
            if self._now.error is not None:
                raise self._now.error
        self._session.waits = None
        clock.depth = first.clock.depth
        return first.result

    def spawn(self, clock: Clock, body: Body) -> Task:
        """Start a task: it takes its place in the line, and whoever starts it goes behind it."""
        task = self._start(clock.depth, body)
        self._ready.append(self._now)
        self._give_way()
        return task

    def join(self, clock: Clock, task: Task) -> Any:
        """The result of a task; whoever joins one that is done already goes to the end of the line."""
        (self._ready if task.done else task.waiters).append(self._now)
        self._give_way()
        clock.depth = max(clock.depth, task.clock.depth)
        return task.result

    def _start(self, depth: int, body: Body) -> Task:
        task = Task(depth)

        def live() -> None:
            task.turn.acquire()
            try:
                task.result = body(task.clock)
            except BaseException as error:
                task.error = error
            task.done = True
            self._ready.extend(task.waiters)
            self._back.release()

        threading.Thread(target=live, daemon=True).start()
        self._ready.append(task)
        return task

    def _wait(self, round_: int, path: str) -> None:
        heapq.heappush(self._waiting, (round_, path, self._now))
        self._give_way()

    def _give_way(self) -> None:
        mine = self._now
        self._back.release()
        mine.turn.acquire()
