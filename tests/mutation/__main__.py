"""`python -m tests.mutation`: run the mutants and write docs/mutants.md. `make mutants` runs all of them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import monotonic

from tests.mutation.catalogue import MUTANTS, uncovered
from tests.mutation.document import known_killers, write
from tests.mutation.mutant import Mutant, StaleMutant, mutated
from tests.mutation.runner import Result, run_all

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Returns the exit code: 0 if all mutants are killed, 1 if one survives, 2 if the list does not fit the source."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants whose name contains one of these; all if there are none")
    parser.add_argument("--jobs", type=int, default=2, help="how many run at a time")
    parser.add_argument("--list", action="store_true", help="print the mutants and run nothing")
    arguments = parser.parse_args()
    chosen = [m for m in MUTANTS if not arguments.names or any(name in m.name for name in arguments.names)]
    faults = _faults()
    for fault in faults:
        print(fault)
    if faults or not chosen:
        return 2
    if arguments.list:
        for mutant in chosen:
            print(f"{mutant.name}: {mutant.path}: {mutant.disables}")
        return 0
    return _run(chosen, arguments.jobs)


def _faults() -> list[str]:
    """Mutants that do not fit the source, and places that no mutant covers."""
    found = []
    for mutant in MUTANTS:
        try:
            mutated(mutant, (ROOT / mutant.path).read_text())
        except StaleMutant as error:
            found.append(f"stale: {error}")
    return found or [f"not mutated and not exempt: {site}" for site in uncovered(ROOT)]


def _run(chosen: list[Mutant], jobs: int) -> int:
    started = monotonic()
    done = 0

    def report(result: Result) -> None:
        nonlocal done
        done += 1
        by = f" by {result.killer}" if result.killer else ""
        aside = "" if result.expected or not result.killed else " (not one of those it names)"
        print(f"{done:4}/{len(chosen)} {result.seconds:6.1f} s  {result.mutant.name}: ", end="")
        print(f"{result.verdict.value}{by}{aside}", flush=True)

    results, healthy = run_all(ROOT, chosen, jobs, report, known_killers(ROOT))
    killed = sum(result.killed for result in results)
    print(f"{killed} / {len(results)} killed in {monotonic() - started:.0f} s")
    for result in results:
        if not result.killed:
            print(f"{result.verdict.value}: {result.mutant.name} ({result.mutant.path}): {result.mutant.disables}")
            print("\n".join(result.output.splitlines()[-8:]))
    if healthy:
        write(ROOT, results)
    return 0 if healthy and killed == len(results) else 1


if __name__ == "__main__":
    sys.exit(main())
