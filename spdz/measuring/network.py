"""Benchmarks between real processes over TLS on loopback: triples, multiplications, matrix products, latency."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from spdz.errors import UsageError
from spdz.measuring import tasks
from spdz.measuring.cluster import run_cluster
from spdz.measuring.machine import description, speeds
from spdz.measuring.profile import functions_of, rows_of
from spdz.measuring.progress import ProgressLine
from spdz.measuring.relay import slow_lines
from spdz.measuring.request import Figures, Request, median_of_runs
from spdz.preprocessing.generators import Choice
from spdz.sessions.local import run_local

MOST_REPEATS = 10
PRODUCTS_IN_ALL = 3_000_000
"""Of big arrays fewer products are made, so that the material of all of them fits into memory."""
COMPILING_TRIPLES = 15_000
"""So many triples that a session has gone over to silent VOLE, and all kernels of the generator have been called."""
COMPILING_SECONDS = 600.0


def bench_triples(request: Request) -> Figures:
    """MASCOT triples: time from the first message of the first batch to the last check of the last one."""
    wanted = request.count or 50_000
    _compile_generator(request)

    def run() -> Figures:
        results = _cluster(tasks.make_triples.__name__, {"count": wanted}, request, request.mascot)
        seconds = worst(results, "seconds")
        return common(results) | {
            "triples_per_second": wanted / seconds,
            "bytes_per_triple": worst(results, "bytes_sent") / wanted,
            "set_up_seconds": worst(results, "set_up_seconds"),
        }

    head = head_of("triples", request) | {"generator": str(request.mascot), "count": wanted}
    return _measured(request, head, run, {"count": wanted}, "make_triples", request.mascot, "triple")


def bench_multiply(request: Request) -> Figures:
    """Products of two big arrays one by one, each with the check of its openings. The dealer makes material before."""
    size = request.count or 1_000_000
    repeats = max(1, min(MOST_REPEATS, PRODUCTS_IN_ALL // size))
    options = {"count": size, "repeats": repeats}

    def run() -> Figures:
        results = _cluster(tasks.multiply.__name__, options, request, "dealer")
        return common(results) | {
            "multiplications_per_second": repeats * size / worst(results, "seconds"),
            "first_multiplications_per_second": size / worst(results, "first_seconds"),
            "bytes_per_multiplication": worst(results, "bytes_sent") / (repeats * size),
        }

    head = head_of("multiply", request) | options
    return _measured(request, head, run, options, "multiply", "dealer", "multiplication")


def bench_latency(request: Request) -> Figures:
    """A chain of dependent multiplications of single numbers. Material is made before, by the dealer."""
    length = request.count or 1_000

    def run() -> Figures:
        results = _cluster(tasks.chain.__name__, {"count": length}, request, "dealer")
        rounds = results[0]["rounds"]
        return common(results) | {
            "rounds": rounds,
            "microseconds_per_round": worst(results, "seconds") / rounds * 1e6,
        }

    head = head_of("latency", request) | {"multiplications": length}
    return _measured(request, head, run, {"count": length}, "chain", "dealer", "multiplication")


def bench_matmul(request: Request) -> Figures:
    """A matrix product of --dims: its MASCOT material as matrix triples and as plain triples, and the online phase."""
    m, inner, n = request.dims
    count, products = request.count or 1, m * inner * n
    if count * products > 1 << 28:
        raise UsageError(f"--dims and --count ask for {count * products:,} products; at most {1 << 28:,} are measured")
    _compile_generator(request)

    def run() -> Figures:
        results = _cluster(tasks.matmul.__name__, {"dims": request.dims, "count": count}, request, request.mascot)
        scale = products / results[0]["plain_sample"]
        made = results[0]["material"] == "matrix triples"
        whole = 1 / count if made else scale
        return common(results) | {
            "material": results[0]["material"],
            "material_seconds_per_product": worst(results, "material_seconds") * whole,
            "material_bytes_per_product": worst(results, "material_bytes") * whole,
            "plain_triples_seconds_per_product": worst(results, "plain_seconds") * scale,
            "plain_triples_bytes_per_product": worst(results, "plain_bytes") * scale,
            "online_seconds_per_product": worst(results, "seconds") / count,
            "online_bytes_per_product": worst(results, "bytes_sent") / count,
        }

    head = head_of("matmul", request) | {
        "generator": str(request.mascot),
        "dims": f"{m} x {inner} times {inner} x {n}",
        "count": count,
    }
    return _measured(request, head, run, {"dims": request.dims, "count": count}, "matmul", request.mascot, "product")


# -- profiles ---------------------------------------------------------------------------------------------------------


def _measured(
    request: Request, head: Figures, run: Any, options: dict[str, Any], task: str, preprocessing: Choice, unit: str
) -> Figures:
    """The medians of the runs, or a profile of one."""
    if not request.profile:
        return head | median_of_runs(run, request.runs)
    if request.runs != 1:
        raise UsageError("--profile looks at one run; leave out --runs")
    machine = speeds()
    results = _cluster(task, options | {"profile": True}, request, preprocessing)
    figures, units = common(results[:1]), options["count"] * options.get("repeats", 1)
    return head | {
        "machine": description(),
        **figures,
        "nanoseconds_per_" + unit: figures["seconds"] / units * 1e9,
        "nanoseconds_of_measuring": results[0]["measuring_seconds"] / units * 1e9,
        "stages": rows_of(results[0]["stages"], figures["seconds"], units, machine),
        "functions": functions_of(results[0]["functions"], units),
        "speeds": machine,
    }


# -- what they have in common -----------------------------------------------------------------------------------------


def _compile_generator(request: Request) -> None:
    """Have all its kernels in the cache: those of a process that is measured must not be compiled while it is."""
    run_local(
        lambda mpc: mpc.prepare(triples=COMPILING_TRIPLES),
        field=request.field,
        preprocessing=request.mascot,
        timeout=COMPILING_SECONDS,
    )


def head_of(benchmark: str, request: Request) -> Figures:
    head: Figures = {"benchmark": benchmark, "field": request.field, "parties": request.parties}
    if request.threads != 1:
        head["threads"] = request.threads
    if request.line is not None:
        head["round_trip_milliseconds"] = request.line.round_trip_seconds * 1e3
        head["megabits_per_second"] = request.line.bytes_per_second * 8e-6 or "unlimited"
    return head


def common(results: list[dict[str, Any]]) -> Figures:
    """Figures of the party that needed most."""
    return {
        "transport": results[0]["transport"],
        "seconds": worst(results, "seconds"),
        "cpu_seconds": worst(results, "cpu_seconds"),
        "peak_rss_bytes": worst(results, "peak_rss_bytes"),
    }


def worst(results: list[dict[str, Any]], name: str) -> Any:
    return max(result[name] for result in results)


class Cluster:
    """Processes that run a task of one module."""

    def __init__(self, module: str, request: Request, preprocessing: Choice) -> None:
        self._module, self._request, self._preprocessing = module, request, preprocessing

    def run(self, task: str, options: dict[str, Any]) -> list[dict[str, Any]]:
        """The results of all parties."""
        request, progress = self._request, ProgressLine()

        def report(party: int, said: Mapping[str, Any]) -> None:
            if party == 0 and "done" in said:
                progress.update(f"{said['done']:,} of {said['wanted']:,}")

        try:
            return run_cluster(
                f"{self._module}:{task}",
                options,
                parties=request.parties,
                field=request.field,
                preprocessing=self._preprocessing,
                threads=request.threads,
                between=None if request.line is None else partial(slow_lines, request.line),
                report=report,
            )
        finally:
            progress.end()


def _cluster(task: str, options: dict[str, Any], request: Request, preprocessing: Choice) -> list[dict[str, Any]]:
    return Cluster(tasks.__name__, request, preprocessing).run(task, options)
