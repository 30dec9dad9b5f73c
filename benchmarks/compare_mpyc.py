"""`python -m benchmarks.compare_mpyc`: the same products in MPyC and here, one after the other on this machine.

MPyC (https://github.com/lschoe/mpyc, MIT licence) is passively secure with an honest majority of three parties; this
package is maliciously secure when all parties but one cheat. What that difference costs is what the table shows.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.performance.__main__ import write_everything
from benchmarks.performance.comparison import PHASES, TASKS, product, shapes_of, text_of
from benchmarks.performance.store import Store, new_section
from spdz.errors import SpdzError
from spdz.field import field_by_name
from spdz.measuring.cluster import run_cluster

PROGRAM = Path(__file__).parent / "performance" / "mpyc_program.py"
MPYC_PARTIES = 3
PATIENCE_SECONDS = 600.0
SIZES = {"multiply": [100_000], "matmul": [64, 64, 64], "inner": [100_000]}
QUICK_SIZES = {"multiply": [1000], "matmul": [8, 8, 8], "inner": [1000]}

Row = dict[str, Any]


def mpyc_row(task: str, sizes: list[int], field: str, runs: int) -> Row:
    """Three processes of MPyC over TCP on localhost."""
    modulus = field_by_name(field).modulus
    arguments = [task, str(modulus), json.dumps(shapes_of(task, sizes)), str(runs)]
    first_port = str(_first_of_free_ports(MPYC_PARTIES))
    with ExitStack() as stack:
        processes = []
        for party in range(MPYC_PARTIES):
            own = ["-M", str(MPYC_PARTIES), "-I", str(party), "-B", first_port, "--no-log"]
            command = [sys.executable, str(PROGRAM), *own, *arguments]
            processes.append(stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE, text=True)))
            stack.callback(processes[-1].kill)
        try:
            said, _ = processes[0].communicate(timeout=PATIENCE_SECONDS)
            codes = [process.wait(PATIENCE_SECONDS) for process in processes]
        except subprocess.TimeoutExpired:
            raise SystemExit(f"the parties of MPyC were not done after {PATIENCE_SECONDS:.0f} s") from None
        if any(codes):
            raise SystemExit(f"the parties of MPyC ended with exit codes {codes}")
    seconds = json.loads(said.splitlines()[-1])
    return _row(task, sizes, "MPyC", MPYC_PARTIES, "mpyc", {"seconds": seconds, "online": seconds})


def _first_of_free_ports(count: int) -> int:
    """The first of `count` ports in a row that nobody listens at."""
    for first in range(21365, 60000, count):
        with suppress(OSError), ExitStack() as stack:
            for port in range(first, first + count):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
            return first
    raise SystemExit(f"no {count} free ports in a row")


def own_row(task: str, sizes: list[int], field: str, runs: int, parties: int, material: str) -> Row:
    """Processes of this package over TLS on loopback."""
    measured = [
        run_cluster(
            f"{product.__module__}:{product.__name__}",
            {"task": task, "sizes": sizes},
            parties=parties,
            field=field,
            preprocessing=material,
        )
        for _ in range(runs)
    ]

    times = {name: [max(result[name] for result in results) for results in measured] for name in PHASES}
    return _row(task, sizes, "spdz", parties, material, times)


def _row(task: str, sizes: list[int], system: str, parties: int, material: str, times: dict[str, list[float]]) -> Row:
    """`times`: of every run, by phase."""
    head = {"task": task, "sizes": sizes, "system": system, "parties": parties, "material": material}
    ranges = {name: [min(found), max(found)] for name, found in times.items()}
    return head | {name: median(found) for name, found in times.items()} | {"range": ranges}


def measured_rows(sizes: dict[str, list[int]], field: str, runs: int) -> Iterator[Row]:
    """The table, row by row."""
    for task in TASKS:
        yield mpyc_row(task, sizes[task], field, runs)
        for material in ("dealer", "mascot"):
            for parties in (2, 3):
                yield own_row(task, sizes[task], field, runs, parties, material)


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare_mpyc", description=__doc__)
    parser.add_argument("--field", default="M61", choices=("M61", "M127"), help="(M61)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="medians of N runs (5)")
    parser.add_argument("--quick", action="store_true", help="small sizes, one run: prints, writes nothing by itself")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write results and page there instead")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error(f"--runs must be at least 1, got {options.runs}")
    try:
        version = importlib.metadata.version("mpyc")
    except importlib.metadata.PackageNotFoundError:
        print("MPyC is not installed: make compare, or pip install -e '.[compare]'", file=sys.stderr)
        return 2
    runs = 1 if options.quick else options.runs
    command = f"make compare{' ARGS=--quick' if options.quick else ''}"
    section = new_section(command) | {"mpyc": version, "field": options.field, "runs": runs, "rows": []}
    try:
        for row in measured_rows(QUICK_SIZES if options.quick else SIZES, options.field, runs):
            section["rows"].append(row)
            what = f"{row['task']}, {row['system']}, {row['parties']} parties, {row['material']}"
            print(f"{what}: {row['seconds']:.3g} s", file=sys.stderr, flush=True)
    except SpdzError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(text_of(section))
    if options.out is not None or not options.quick:
        store = Store.at(options.out) if options.out is not None else Store()
        store.save("comparison", section)
        write_everything(store)
    return 0


if __name__ == "__main__":
    sys.exit(main())
