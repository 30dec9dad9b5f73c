"""Threads for the heavy loops of one party: kernels and OpenSSL release the interpreter's lock.

The party itself stays single-threaded: it cuts a loop into jobs that write to disjoint memory, waits for all of them,
and goes on. Messages, streams and indices do not depend on how many threads there are.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

Job = Callable[[], None]


def run_jobs(jobs: Sequence[Job], threads: int) -> None:
    """Run all jobs, at most `threads` at a time; the first error of any, or an interruption, is raised when all
    have ended."""
    if threads <= 1 or len(jobs) <= 1:
        for job in jobs:
            job()
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="spdz-worker")
    running = [pool.submit(job) for job in jobs]
    try:
        _wait_for_all(running)
    finally:
        pool.shutdown(wait=False)
    for future in running:
        future.result()


def _wait_for_all(running: Sequence[Future[None]]) -> None:
    """Also if this thread is interrupted: what jobs write to and read from must not be wiped under them."""
    interruption: BaseException | None = None
    while not all(future.done() for future in running):
        try:
            wait(running)
        except BaseException as error:
            interruption = interruption or error
    if interruption is not None:
        raise interruption


def spans(count: int, pieces: int) -> list[range]:
    """range(count) cut into at most `pieces` consecutive parts of nearly equal length, none empty."""
    pieces = min(count, pieces)
    bounds = [count * i // pieces for i in range(pieces + 1)] if pieces else [0]
    return [range(start, stop) for start, stop in itertools.pairwise(bounds)]
