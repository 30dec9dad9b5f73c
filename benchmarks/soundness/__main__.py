"""`python -m benchmarks.soundness`: measure, judge, and write the pages in docs, with their plots."""

from __future__ import annotations

import argparse
import hashlib
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter

from .homogeneity import Comparison, compare
from .measure import Measured, measure_and_confirm
from .pages import PAGES
from .plots import p_values, rates
from .report import Results, report

QUICK_SHARE = 1 / 60
LEAST_RUNS = 40


@dataclass(frozen=True)
class _Job:
    """What a worker process does: attempts cannot be pickled, so it is told their place in the list."""

    page: str
    kind: str
    place: int
    seed: bytes
    share: float
    quick: bool


def _work(job: _Job) -> Measured | Comparison:
    page = PAGES[job.page]
    if job.kind == "cheat":
        cheat = page.cheats()[job.place]
        runs = max(LEAST_RUNS, int(cheat.runs * job.share))
        return measure_and_confirm(cheat, job.seed, runs)
    return compare(
        (page.honest + page.leaky)[job.place], job.seed, share=8 * job.share if job.quick else 1.0, quick=job.quick
    )


def _run(job: _Job) -> tuple[_Job, dict[str, object]]:
    result = _work(job)
    return job, {name: value for name, value in vars(result).items() if name not in ("cheat", "case")}


def measure_all(name: str, seed: bytes, share: float, quick: bool, workers: int) -> Results:
    """Run all of a page, by `workers` processes; `share` of the runs of a full measurement."""
    page = PAGES[name]
    started, cheats, cases = perf_counter(), page.cheats(), page.honest + page.leaky
    jobs = [_Job(name, "case", place, seed, share, quick) for place in range(len(cases))]  # the longest of all jobs
    jobs += [_Job(name, "cheat", place, seed, share, quick) for place in range(len(cheats))]
    rows: list[Measured] = []
    tested: list[Comparison] = []
    with ProcessPoolExecutor(workers) as pool:
        for job, values in pool.map(_run, jobs):
            if job.kind == "cheat":
                rows.append(Measured(cheats[job.place], **values))  # type: ignore[arg-type]
            else:
                tested.append(Comparison(cases[job.place], **values))  # type: ignore[arg-type]
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return Results(rows, tested[: len(page.honest)], tested[len(page.honest) :], perf_counter() - started)


def main() -> int:
    """The command. Returns 1 if a verdict is bad."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soundness", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less than a minute; prints the report, writes nothing")
    parser.add_argument("--share", type=float, default=1.0, help="share of the attempts at each cheat (1)")
    parser.add_argument("--seed", default="spdz soundness 1", help="any text; the same seed gives the same figures")
    parser.add_argument("--out", type=Path, help="folder for the report and plots (docs; none with --quick)")
    parser.add_argument("--workers", type=int, default=2, help="processes (2)")
    parser.add_argument("--page", choices=PAGES, help="measure one page only (all)")
    options = parser.parse_args()
    names = [options.page] if options.page else list(PAGES)
    return max([_measure_page(name, options) for name in names])


def _measure_page(name: str, options: argparse.Namespace) -> int:
    """Measure a page, and print or write it. Returns 1 if a verdict is bad."""
    page, share = PAGES[name], QUICK_SHARE if options.quick else options.share
    seed = hashlib.sha256(options.seed.encode()).digest()
    results = measure_all(name, seed, share, options.quick, options.workers)
    arguments = " --quick" if options.quick else "" if share == 1 else f" --share {share:g}"
    text = report(results, options.seed, date.today(), arguments, page)
    out = options.out or (None if options.quick else Path("docs"))
    if out is None:
        print(text)
    else:
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{page.file}.md").write_text(text)
        (out / f"{page.file}-rates.svg").write_text(rates(results.rows))
        (out / f"{page.file}-p-values.svg").write_text(p_values(results.honest, results.leaky))
    for line in results.complaints():
        print(line, file=sys.stderr)
    print(f"{results.summary()}; {results.seconds:.0f} s", file=sys.stderr)
    return 1 if results.complaints() else 0


if __name__ == "__main__":
    sys.exit(main())
