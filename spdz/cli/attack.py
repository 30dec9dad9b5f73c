"""`spdz attack`: the attack matrix on the command line."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from time import monotonic

from spdz.adversary import matrix, pool
from spdz.adversary.settings import configs_of
from spdz.adversary.table import markdown
from spdz.adversary.verdict import FAILED, NOT_JUDGED, UNDETECTED
from spdz.errors import UsageError
from spdz.measuring.progress import ProgressLine
from spdz.params import require_integer


def run(options: argparse.Namespace) -> int:
    """Attack, count, and name every case that was not detected."""
    require_integer(options.workers, "--workers", 1, 64)
    if options.write_table and options.program:
        raise UsageError("--write-table describes the suite's own programs: leave out PROGRAM.py")
    if options.rest and not options.program:
        raise UsageError("arguments after -- are for PROGRAM.py, and none was given")
    if options.write_table:
        _require_writable(Path(options.write_table))
    target = matrix.Target(options.program, options.field, options.transport, tuple(options.rest), options.full)
    started = monotonic()
    progress = ProgressLine()
    progress.text("running the program honestly")
    surveys = matrix.survey(target, configs_of(options.preprocessing, own_programs=target.path is None))
    cases = matrix.plan(target, surveys, full=options.full)
    results = []
    for result in pool.attack(target, cases, workers=options.workers):
        results.append(result)
        if result.verdict.outcome in (UNDETECTED, FAILED):
            progress.text(f"{result.verdict.outcome.upper()} {result.case}: {result.verdict.reason}")
        progress.update(f"{len(results)} of {len(cases)} cases", done=len(results) == len(cases))
    progress.end()
    every_step = options.preprocessing == "both"
    outcome = matrix.finish(target, results, surveys, every_step=every_step, every_kind=options.full)
    if options.write_table:
        Path(options.write_table).write_text(markdown(outcome, "--full" if options.full else "--quick"))
    _print(outcome, monotonic() - started, as_json=options.json)
    return 0 if outcome.good else 1


def _require_writable(path: Path) -> None:
    """The table comes last; that it cannot be written should be known first."""
    try:
        path.open("a").close()
    except OSError as error:
        raise UsageError(f"cannot write the table to {path}: {error.strerror}") from None


def _print(outcome: matrix.Outcome, seconds: float, *, as_json: bool) -> None:
    undetected, failed = matrix.described(outcome.undetected), matrix.described(outcome.failed)
    unjudged = matrix.described(one for one in outcome.results if one.verdict.outcome == NOT_JUDGED)
    if as_json:
        details = {
            "undetected_cases": undetected,
            "failed_cases": failed,
            "not_judged_cases": unjudged,
            "missing": outcome.missing,
            "seconds": round(seconds, 1),
        }
        print(json.dumps({**outcome.summary(), **details}))
        return
    for name, count in outcome.summary().items():
        print(f"{name:<20}{count:>6}")
    for title, lines in (
        ("UNDETECTED", undetected),
        ("FAILED", failed),
        ("NOT JUDGED", unjudged),
        ("NOT ATTACKED", outcome.missing),
    ):
        for line in lines:
            print(f"{title} {line}")
    print(f"{seconds:.0f} s")
