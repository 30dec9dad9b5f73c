"""The attack matrix: run all cases, several at a time, each with a deadline, and count what came of them."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spdz.adversary import suite
from spdz.adversary.cases import Case, Config, full_cases, quick_cases
from spdz.adversary.report import Report
from spdz.adversary.runner import run, run_honestly
from spdz.adversary.verdict import NOT_APPLICABLE, UNDETECTED, Judge, Verdict, judge, repeatable
from spdz.cli.run import load_program
from spdz.errors import UsageError
from spdz.wire.steps import all_steps

WAIT_SECONDS = 20.0
"""How long a party of a case waits for a message, if it is not clear before that none will come."""
DEADLINE_SECONDS = 60.0
"""After which a party of a case counts as hung."""
CONFIGS: tuple[Config, ...] = (("dealer", 2), ("dealer", 3), ("mascot", 2), ("mascot", 3))


@dataclass(frozen=True)
class Target:
    """What is attacked: the suite's own program, or a function main(mpc) of a file."""

    path: str | None = None
    field_name: str = "M61"

    def load(self) -> tuple[Callable[..., Any], Judge]:
        """The program, and the judge of its outputs."""
        if self.path is None:
            return suite.every_step, suite.consistent
        return load_program(Path(self.path))[0], suite.agreeing


@dataclass(frozen=True)
class Result:
    """One case and what came of it."""

    case: Case
    verdict: Verdict
    seconds: float


@dataclass
class Outcome:
    """The whole matrix."""

    results: list[Result] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Steps and categories that were never attacked."""

    def count(self, outcome: str) -> int:
        """How many cases had this outcome."""
        return sum(result.verdict.outcome == outcome for result in self.results)

    @property
    def undetected(self) -> list[Result]:
        """What should not be."""
        return [result for result in self.results if result.verdict.outcome == UNDETECTED]

    def summary(self) -> dict[str, int]:
        """Counts by outcome; cheats that could not happen are not cases."""
        counts = Counter(result.verdict.outcome for result in self.results)
        names = ("detected", "input_substitution", "harmless", "undetected")
        return {"cases": sum(counts[name] for name in names), **{name: counts[name] for name in names}}


def survey(target: Target, configs: Sequence[Config]) -> dict[Config, Report]:
    """Run the program honestly in every configuration. Raises UsageError if it fails or is not repeatable."""
    program, _ = target.load()
    reports = {}
    for preprocessing, parties in configs:
        report = run_honestly(program, parties, target.field_name, preprocessing)
        again = run_honestly(program, parties, target.field_name, preprocessing)
        if not repeatable(report, again):
            raise UsageError(
                "the program returns something else in every run, so a wrong output could not be told from a right "
                "one: return nothing random"
            )
        reports[(preprocessing, parties)] = report
    return reports


def plan(target: Target, surveys: Mapping[Config, Report], *, full: bool) -> list[Case]:
    """The cases to run."""
    cases = full_cases(surveys, programs=target.path is None)
    return cases if full else quick_cases(cases)


def attack(target: Target, cases: Sequence[Case], *, workers: int = 2) -> Iterator[Result]:
    """Run cases in `workers` processes and give their results as they come."""
    context = multiprocessing.get_context("spawn")
    with ExitStack() as stack:
        pool = stack.enter_context(ProcessPoolExecutor(workers, mp_context=context, initializer=_end_with_parent))
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        submitted = [(pool.submit(run_case, target, case), case) for case in cases]
        futures: dict[Future[tuple[Verdict, float]], Case] = dict(submitted)
        for future in as_completed(futures):
            try:
                verdict, seconds = future.result()
            except BrokenProcessPool:
                verdict, seconds = Verdict(UNDETECTED, "the process that ran it died"), 0.0
            yield Result(futures[future], verdict, seconds)


def finish(
    target: Target, results: Iterable[Result], surveys: Mapping[Config, Report], *, every_step: bool = True
) -> Outcome:
    """Add up results and name what was never attacked.

    With `every_step`, and for the suite's own programs, that includes registered steps that no run exercises.
    """
    outcome = Outcome(sorted(results, key=lambda result: result.case.number))
    happened = {
        (result.case.step, result.case.category)
        for result in outcome.results
        if result.verdict.outcome != NOT_APPLICABLE
    }
    wanted = {(case.step, case.category) for case in full_cases(surveys, programs=False)}
    outcome.missing = [f"{step}: no {category} case happened" for step, category in sorted(wanted - happened)]
    if target.path is None and every_step:
        touched = {step for report in surveys.values() for step, _, _ in report.recording}
        outcome.missing += [f"{step}: never exercised" for step in sorted(set(all_steps()) - touched)]
        outcome.missing += [f"{name}: declares no outcome" for name, step in all_steps().items() if not step.tampering]
    return outcome


class _Worker:
    """What a process of the pool keeps: the program, and honest runs to compare with."""

    def __init__(self, target: Target) -> None:
        self.field_name = target.field_name
        self.program, self.right = target.load()
        self._honest: dict[Config, Report] = {}

    def honest(self, config: Config) -> Report:
        """The run without a cheat."""
        if config not in self._honest:
            self._honest[config] = run_honestly(self.program, config[1], self.field_name, config[0])
        return self._honest[config]


def _end_with_parent() -> None:
    """A process of the pool does not outlive the one that started it, however that ends."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


_workers: dict[Target, _Worker] = {}


def run_case(target: Target, case: Case) -> tuple[Verdict, float]:
    """Run one case in this process. Returns what came of it, and the seconds that it took."""
    if target not in _workers:
        _workers[target] = _Worker(target)
    worker = _workers[target]
    honest = worker.honest(case.config)
    report = run(
        worker.program,
        case.config[1],
        worker.field_name,
        case.config[0],
        cheats=case.cheats(),
        timeout=WAIT_SECONDS,
        deadline=DEADLINE_SECONDS,
        honest_first=False,
        recording=honest.recording,
    )
    report.expected = {party: end.output for party, end in honest.honest.items()}
    return judge(case, report, worker.right), report.seconds
