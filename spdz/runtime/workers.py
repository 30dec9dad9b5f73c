"""Shares heavy loops out among threads; the kernels and OpenSSL release the interpreter's lock.

The party itself stays single-threaded: it cuts a loop into items that write to disjoint memory, works on them together
with helper threads, and goes on when all are done. Messages, streams and indices do not depend on how many threads
there are, nor on who takes which item.

Helpers live as long as the process and serve all its parties, and whoever is free takes the next item: a new thread, or
one that has slept, may need longer to get going than a whole loop takes.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Condition, RLock
from typing import Generic, TypeVar

from spdz.params import MAX_THREADS

Item = TypeVar("Item")


class Shared(Generic[Item]):
    """An iterator that several threads may use at the same time: each item goes to one of them."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._left = deque(items)
        # Entered by itself: an interruption at the entrance of a condition would leave it locked.
        self._lock = RLock()
        self._changed = Condition(self._lock)
        self._helping = 0
        self._over = False
        self.error: BaseException | None = None
        """Of a helper."""

    def __iter__(self) -> Shared[Item]:
        return self

    def __next__(self) -> Item:
        try:
            return self._left.popleft()
        except IndexError:
            raise StopIteration from None

    def __len__(self) -> int:
        return len(self._left)

    def help(self, work: Work[Item]) -> None:
        """Work as a helper. One that comes too late, or when everything has been given out, does nothing."""
        with self._lock:
            if self._over or not self._left:
                return
            self._helping += 1
        try:
            work(self)
        except BaseException as error:
            self.error = error
        finally:
            with self._lock:
                self._left.clear()
                self._helping -= 1
                self._changed.notify_all()

    def end(self) -> None:
        """Give out no more items, and wait until no helper works.

        Also if this thread is interrupted while it waits: what is written to and read from must not be wiped under the
        helpers. (Between two instructions of this method, where Python can be interrupted as well, nothing helps.)
        """
        interruption: BaseException | None = None
        while not self._over or self._helping:
            try:
                with self._lock:
                    self._left.clear()
                    self._over = True
                    self._changed.wait_for(lambda: not self._helping)
            except BaseException as error:
                interruption = interruption or error
        if interruption is not None:
            raise interruption


Work = Callable[[Shared[Item]], None]
"""What one thread does: it takes items until none is left."""


@functools.cache
def _helpers() -> ThreadPoolExecutor:
    """The helper threads of this process; it starts one when there is work and none is idle."""
    return ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="spdz-helper")


if hasattr(os, "register_at_fork"):
    # Threads do not survive a fork: the child has helpers of its own.
    os.register_at_fork(after_in_child=_helpers.cache_clear)


def share_out(items: Iterable[Item], threads: int, work: Work[Item]) -> None:
    """Have `work` done on all items by at most `threads` threads, of which this one is the first.

    After an error or an interruption no further item is given out; it is raised when no thread works any more.
    """
    shared = Shared(items)
    try:
        # Where the system has no more threads to give, this one does what they would have done.
        with contextlib.suppress(RuntimeError):
            for _ in range(min(threads, len(shared)) - 1):
                _helpers().submit(shared.help, work)
        work(shared)
    finally:
        shared.end()
    if shared.error is not None:
        raise shared.error
