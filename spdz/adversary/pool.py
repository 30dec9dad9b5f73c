"""Runs cases in processes of their own, several at a time, each with a deadline that it cannot overrun."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from time import monotonic

from spdz.adversary.cases import Case
from spdz.adversary.matrix import Result, Target, run_case
from spdz.adversary.verdict import FAILED, UNDETECTED, Verdict

CASE_SECONDS = 300.0
"""After which a case is given up. Its parties have deadlines that are much shorter, so this ends what escapes them."""

Done = tuple[Verdict, float]


@dataclass
class _Running:
    case: Case
    since: float


class _Pool:
    """A pool of processes that can be replaced when one of them is stuck."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._executor = self._new()

    def submit(self, target: Target, case: Case) -> Future[Done]:
        return self._executor.submit(run_case, target, case)

    def replace(self) -> None:
        """End all processes, whatever they do, and start others."""
        self.end()
        self._executor = self._new()

    def end(self) -> None:
        processes = list((self._executor._processes or {}).values())
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.kill()

    def _new(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._workers, mp_context=context, initializer=_end_with_parent)


def attack(
    target: Target, cases: Sequence[Case], *, workers: int = 2, case_seconds: float = CASE_SECONDS
) -> Iterator[Result]:
    """Run cases in `workers` processes and give their results as they come."""
    waiting, running = deque(cases), dict[Future[Done], _Running]()
    pool = _Pool(workers)
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                case = waiting.popleft()
                running[pool.submit(target, case)] = _Running(case, monotonic())
            done, _ = wait(running, timeout=case_seconds / 10, return_when=FIRST_COMPLETED)
            broken = False
            for future in done:
                ended = running.pop(future)
                result, died = _result(future, ended)
                broken |= died
                yield result
            late = [future for future, one in running.items() if monotonic() - one.since > case_seconds]
            for future in late:
                verdict = Verdict(UNDETECTED, f"it did not end within {case_seconds:.0f} s")
                yield Result(running.pop(future).case, verdict, case_seconds)
            if late or broken:
                pool.replace()
                waiting.extendleft(one.case for one in running.values())
                running.clear()
    finally:
        pool.end()


def _result(future: Future[Done], ended: _Running) -> tuple[Result, bool]:
    try:
        verdict, seconds = future.result()
    except BrokenProcessPool:
        return Result(ended.case, Verdict(FAILED, "the process that ran it died"), 0.0), True
    return Result(ended.case, verdict, seconds), False


def _end_with_parent() -> None:
    """A process of the pool does not outlive the one that started it, however that ends."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
