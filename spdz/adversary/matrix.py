"""The attack matrix: run all cases, several at a time, each with a deadline, and count what came of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spdz.adversary import bit_suite, suite
from spdz.adversary.cases import Case, full_cases, quick_cases
from spdz.adversary.ideal_base_ots import BASE_OT_STEPS
from spdz.adversary.kinds import PROGRAMS, exempt
from spdz.adversary.observer import Released
from spdz.adversary.report import UNSTABLE, Report, same
from spdz.adversary.runner import compare_with, run, run_honestly
from spdz.adversary.settings import Config, attacked
from spdz.adversary.verdict import (
    DETECTED,
    FAILED,
    HARMLESS,
    INPUT_SUBSTITUTION,
    NOT_APPLICABLE,
    NOT_JUDGED,
    UNDETECTED,
    Judge,
    Verdict,
    judge,
    repeatable,
)
from spdz.errors import SpdzError, UsageError
from spdz.sessions.programs import load_program
from spdz.wire.steps import all_steps

WAIT_SECONDS = 20.0
"""How long a party of a case waits for a message, if it is not clear before that none will come."""
WAIT_SECONDS_TLS = 5.0
"""The same over TLS, where that is never clear."""
DEADLINE_SECONDS = 60.0
"""After which a party of a case counts as hung."""


@dataclass(frozen=True)
class Target:
    """What is attacked: the suite's own program, or a function main(mpc) of a file."""

    path: str | None = None
    field_name: str = "M61"
    transport: str = "memory"
    args: tuple[str, ...] = ()
    """What the program finds as `mpc.args`."""
    ideal_base_ots: bool = False
    """Whether cases of other steps have ideal base OTs."""

    def load(self, config: Config) -> tuple[Callable[..., Any], Judge]:
        """The program, and the judge of its outputs. Raises UsageError for a file that cannot be loaded."""
        if self.path is None and attacked(config[0]).bits:
            return bit_suite.every_bit_step, bit_suite.consistent
        if self.path is None:
            return suite.every_step, suite.consistent
        try:
            return load_program(Path(self.path))[0], suite.agreeing
        except (SpdzError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise UsageError(f"the program {self.path} cannot be loaded: {type(error).__name__}: {error}") from error


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
    """Steps, categories and kinds that were never attacked, guesses of which only one outcome was seen."""

    def count(self, outcome: str) -> int:
        """How many cases had this outcome."""
        return sum(result.verdict.outcome == outcome for result in self.results)

    @property
    def undetected(self) -> list[Result]:
        """What should not be."""
        return [result for result in self.results if result.verdict.outcome == UNDETECTED]

    @property
    def failed(self) -> list[Result]:
        """Cases that show nothing because the cheat, or the judge, failed by itself."""
        return [result for result in self.results if result.verdict.outcome == FAILED]

    @property
    def good(self) -> bool:
        """Whether nothing went unnoticed and nothing is missing."""
        return not (self.undetected or self.failed or self.missing)

    def summary(self) -> dict[str, int]:
        """Counts by outcome; cheats that could not happen are not cases, and are counted last."""
        counts = Counter(result.verdict.outcome for result in self.results)
        names = (DETECTED, INPUT_SUBSTITUTION, HARMLESS, UNDETECTED, NOT_JUDGED, FAILED)
        cases = sum(counts[name] for name in names)
        return {"cases": cases, **{name: counts[name] for name in names}, NOT_APPLICABLE: counts[NOT_APPLICABLE]}


def survey(target: Target, configs: Sequence[Config]) -> dict[Config, Report]:
    """Run the program honestly in every configuration.

    Raises UsageError if it fails, is not repeatable, or gives nobody anything that could be judged.
    """
    reports = {}
    for config in configs:
        program, _ = target.load(config)
        report = _honest_run(target, program, config)
        again = _honest_run(target, program, config)
        if not repeatable(report, again):
            raise UsageError(
                "the program returns something else in every run, so a wrong output could not be told from a right "
                "one: return nothing random"
            )
        if not any(end.released for end in report.honest.values()):
            raise UsageError("the program reveals nothing, so a wrong value could not be seen: call mpc.reveal")
        reports[config] = report
    return reports


def _honest_run(target: Target, program: Callable[..., Any], config: Config) -> Report:
    name, parties = config
    kind = attacked(name)
    return run_honestly(
        program,
        parties,
        target.field_name,
        kind.choice,
        args=target.args,
        transport=target.transport,
        vole_plan=kind.vole_plan,
        bit_plan=kind.bit_plan,
    )


def plan(target: Target, surveys: Mapping[Config, Report], *, full: bool) -> list[Case]:
    """The cases to run."""
    cases = full_cases(surveys, programs=target.path is None)
    return cases if full else quick_cases(cases)


def finish(
    target: Target,
    results: Iterable[Result],
    surveys: Mapping[Config, Report],
    *,
    every_step: bool = True,
    every_kind: bool = False,
) -> Outcome:
    """Add up results and name what was never attacked.

    With `every_step`, and for the suite's own programs, that includes registered steps that no run exercises; with
    `every_kind` kinds of cheats that never happened at a step, and guesses whose outcomes were all alike.
    """
    outcome = Outcome(sorted(results, key=lambda result: result.case.number))
    done = [result for result in outcome.results if result.verdict.outcome != NOT_APPLICABLE]
    happened = {(result.case.step, result.case.category) for result in done}
    cases = full_cases(surveys, programs=target.path is None)
    wanted = {(case.step, case.category) for case in cases if case.category != "program"}
    outcome.missing = [f"{step}: no {category} case happened" for step, category in sorted(wanted - happened)]
    if target.path is None and every_step:
        touched = {step for report in surveys.values() for step, _, _ in report.recording}
        outcome.missing += [f"{step}: never exercised" for step in sorted(set(all_steps()) - touched)]
        outcome.missing += [f"{name}: declares no outcome" for name, step in all_steps().items() if not step.tampering]
    if every_kind:
        outcome.missing += _missing_kinds(cases, done) + _one_sided_guesses(cases, done)
    return outcome


def _missing_kinds(cases: Sequence[Case], done: Sequence[Result]) -> list[str]:
    happened = {(result.case.step, result.case.kind) for result in done}
    wanted = {(case.step, case.kind) for case in cases} - happened
    return [f"{step}: {kind} never happened" for step, kind in sorted(wanted) if exempt(kind, step) is None]


def _one_sided_guesses(cases: Sequence[Case], done: Sequence[Result]) -> list[str]:
    found = []
    for kind in sorted({case.kind for case in cases if case.category == "program" and PROGRAMS[case.kind].is_guess}):
        seen = {_was_right(result.verdict) for result in done if result.case.kind == kind}
        for right, what in ((True, "right"), (False, "wrong")):
            if right not in seen:
                found.append(f"{kind}: no guess was {what}")
    return found


def _was_right(verdict: Verdict) -> bool:
    """Whether a guess was right: as foreseen, or as it ended."""
    return verdict.outcome == HARMLESS if verdict.foreseen is None else verdict.foreseen


class _Worker:
    """What a process of the pool keeps: programs, and honest runs to compare with."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._loaded: dict[Config, tuple[Callable[..., Any], Judge]] = {}
        self._honest: dict[Config, Report] = {}

    def program(self, config: Config) -> tuple[Callable[..., Any], Judge]:
        """What runs in a configuration, and the judge of its outputs; loaded once."""
        if config not in self._loaded:
            own = self.target.path is None
            known = next(iter(self._loaded.values()), None)
            self._loaded[config] = known if known and not own else self.target.load(config)
        return self._loaded[config]

    def honest(self, config: Config) -> Report:
        """The run without a cheat; what another program reveals differently each time is marked."""
        if config not in self._honest:
            program, _ = self.program(config)
            report = _honest_run(self.target, program, config)
            if self.target.path is not None:
                _mark_unstable(report, _honest_run(self.target, program, config))
            self._honest[config] = report
        return self._honest[config]


def _mark_unstable(report: Report, again: Report) -> None:
    for party, end in report.honest.items():
        other = again.honest[party].released
        for place, (one, two) in enumerate(zip(end.released, other, strict=False)):
            if not same(one.value, two.value):
                end.released[place] = Released(one.to, UNSTABLE)


_workers: dict[Target, _Worker] = {}


def run_case(target: Target, case: Case) -> tuple[Verdict, float]:
    """Run one case in this process. Returns what came of it, and the seconds that it took."""
    if target not in _workers:
        _workers[target] = _Worker(target)
    worker = _workers[target]
    honest = worker.honest(case.config)
    program, right = worker.program(case.config)
    kind = attacked(case.config[0])
    try:
        report = run(
            program,
            case.config[1],
            target.field_name,
            kind.choice,
            cheats=case.cheats(),
            args=target.args,
            transport=target.transport,
            timeout=WAIT_SECONDS if target.transport == "memory" else WAIT_SECONDS_TLS,
            deadline=DEADLINE_SECONDS,
            honest_first=False,
            recording=honest.recording,
            vole_plan=kind.vole_plan,
            bit_plan=kind.bit_plan,
            ideal_base_ots=target.ideal_base_ots and case.step not in BASE_OT_STEPS,
        )
        compare_with(report, honest)
        return judge(case, report, right), report.seconds
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return Verdict(FAILED, f"{type(error).__name__}: {error}"), 0.0


def described(results: Iterable[Result]) -> list[str]:
    """One line for each."""
    return [f"{result.case}: {result.verdict.reason}" for result in results]
