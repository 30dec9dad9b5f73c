"""Shares heavy loops out among threads; the kernels and OpenSSL release the interpreter's lock.

The party itself stays single-threaded: it cuts a loop into items that write to disjoint memory, works on them together
with helper threads, and goes on when all are done. Messages, streams and indices do not depend on how many threads
there are, nor on who takes which item.

Helpers live as long as the process and serve all its parties, and whoever is free takes the next item: a new thread, or
one that has slept, may need longer to get going than a whole loop takes.
"""

from __future__ import annotations

import functools
import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

from spdz.params import MAX_THREADS

Item = TypeVar("Item")


class Shared(Generic[Item]):
    """An iterator that several threads may use at the same time: each item goes to one of them."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._left = deque(items)

    def __iter__(self) -> Shared[Item]:
        return self

    def __next__(self) -> Item:
        try:
            return self._left.popleft()
        except IndexError:
            raise StopIteration from None

    def __len__(self) -> int:
        return len(self._left)

    def drop(self) -> None:
        """Give out no more items."""
        self._left.clear()


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

    After an error or an interruption no further item is given out; it is raised when all threads have ended.
    """
    shared = Shared(items)
    helping: list[Future[None]] = []
    try:
        for _ in range(min(threads, len(shared)) - 1):
            helping.append(_helpers().submit(_work_on, shared, work))
        _work_on(shared, work)
    finally:
        _wait_for_all(helping)
    for future in helping:
        if not future.cancelled():
            future.result()


def _work_on(shared: Shared[Item], work: Work[Item]) -> None:
    try:
        work(shared)
    finally:
        shared.drop()


def _wait_for_all(helping: Sequence[Future[None]]) -> None:
    """Also if this thread is interrupted: what is written to and read from must not be wiped under the helpers."""
    interruption: BaseException | None = None
    # Those that have not begun would find nothing: they may be busy for another party.
    begun = [future for future in helping if not future.cancel()]
    while not all(future.done() for future in begun):
        try:
            wait(begun)
        except BaseException as error:
            interruption = interruption or error
    if interruption is not None:
        raise interruption
