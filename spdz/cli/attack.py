"""`spdz attack`: the attack matrix on the command line."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import monotonic

from spdz.adversary import matrix
from spdz.adversary.table import markdown
from spdz.adversary.verdict import UNDETECTED
from spdz.cli.progress import ProgressLine
from spdz.errors import UsageError
from spdz.params import require_integer


def run(options: argparse.Namespace) -> int:
    """Attack, count, and name every case that was not detected."""
    require_integer(options.workers, "--workers", 1, 64)
    if options.write_table and options.program:
        raise UsageError("--write-table describes the suite's own programs: leave out PROGRAM.py")
    target = matrix.Target(options.program, options.field)
    started = monotonic()
    progress = ProgressLine()
    progress.text("running the program honestly")
    configs = [config for config in matrix.CONFIGS if options.preprocessing in (config[0], "both")]
    surveys = matrix.survey(target, configs)
    cases = matrix.plan(target, surveys, full=options.full)
    results = []
    for result in matrix.attack(target, cases, workers=options.workers):
        results.append(result)
        if result.verdict.outcome == UNDETECTED:
            progress.text(f"UNDETECTED {result.case}: {result.verdict.reason}")
        progress.update(f"{len(results)} of {len(cases)} cases", done=len(results) == len(cases))
    progress.end()
    outcome = matrix.finish(target, results, surveys, every_step=options.preprocessing == "both")
    if options.write_table:
        Path(options.write_table).write_text(markdown(outcome, "--full" if options.full else "--quick"))
    _print(outcome, monotonic() - started, as_json=options.json)
    return 1 if outcome.undetected or outcome.missing else 0


def _print(outcome: matrix.Outcome, seconds: float, *, as_json: bool) -> None:
    failures = [f"{result.case}: {result.verdict.reason}" for result in outcome.undetected]
    if as_json:
        details = {"undetected_cases": failures, "missing": outcome.missing, "seconds": round(seconds, 1)}
        print(json.dumps({**outcome.summary(), **details}))
        return
    for name, count in outcome.summary().items():
        print(f"{name:<20}{count:>6}")
    for failure in failures:
        print(f"UNDETECTED {failure}")
    for missing in outcome.missing:
        print(f"NOT ATTACKED {missing}")
    print(f"{seconds:.0f} s")
