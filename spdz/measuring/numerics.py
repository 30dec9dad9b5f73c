"""Benchmarks of numbers that compare, between real processes over TLS on loopback."""

from __future__ import annotations

from dataclasses import replace

from spdz.errors import UsageError
from spdz.measuring import numeric_tasks
from spdz.measuring.network import Cluster, common, head_of, worst
from spdz.measuring.request import Figures, Request, median_of_runs
from spdz.params import require_integer
from spdz.sessions.local import run_local

COMPILING_SECONDS = 600.0


def bench_compare(request: Request) -> Figures:
    """Comparisons of signed 32-bit integers, all phases, and the online phase alone."""
    return _bench(request, "compare", "comparison", numeric_tasks.compare.__name__)


def bench_relu(request: Request) -> Figures:
    """max(x, 0) of signed 32-bit integers, all phases, and the online phase alone."""
    return _bench(request, "relu", "relu", numeric_tasks.relu.__name__)


def bench_fixed(request: Request) -> Figures:
    """Products of fixed-point numbers (16 of 48 bits after the point), all phases, and the online phase alone."""
    if request.field != "M127":
        raise UsageError("fixed point needs the field M127")
    return _bench(request, "fixed", "product", numeric_tasks.fixed.__name__)


def bench_sort(request: Request) -> Figures:
    """Sorting signed 32-bit integers in one array, all phases, and the online phase alone."""
    count = require_integer(request.count or 1024, "--count of spdz bench sort", 2, numeric_tasks.CHUNK)
    return _bench(replace(request, count=count), "sort", "number", numeric_tasks.sort.__name__)


def _bench(request: Request, name: str, unit: str, task: str) -> Figures:
    count = request.count or 20_000
    run_local(
        lambda mpc: getattr(numeric_tasks, task)(
            mpc, {"count": numeric_tasks.WARM, "over_field": request.over_field}, lambda **_: None
        ),
        field=request.field,
        preprocessing=request.mascot,
        timeout=COMPILING_SECONDS,
    )
    cluster = Cluster(numeric_tasks.__name__, request, request.mascot)

    def run() -> Figures:
        results = cluster.run(task, {"count": count, "over_field": request.over_field})
        return common(results) | {
            f"{unit}s_per_second": count / worst(results, "seconds"),
            f"online_{unit}s_per_second": count / worst(results, "online_seconds"),
            f"bytes_per_{unit}": worst(results, "bytes_sent") / count,
            f"online_bytes_per_{unit}": worst(results, "online_bytes") / count,
        }

    head = head_of(name, request) | {"generator": str(request.mascot), "count": count}
    if request.over_field:
        head["result"] = "field elements"
    return head | median_of_runs(run, request.runs)
