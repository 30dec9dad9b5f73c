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
        seconds = _worst(results, "seconds")
        return _common(results) | {
            "triples_per_second": wanted / seconds,
            "bytes_per_triple": _worst(results, "bytes_sent") / wanted,
            "set_up_seconds": _worst(results, "set_up_seconds"),
        }

    head = _head("triples", request) | {"generator": str(request.mascot), "count": wanted}
    return _measured(request, head, run, {"count": wanted}, "make_triples", request.mascot, "triple")


def bench_multiply(request: Request) -> Figures:
    """Products of two big arrays one by one, each with the check of its openings. The dealer makes material before."""
    size = request.count or 1_000_000
    repeats = max(1, min(MOST_REPEATS, PRODUCTS_IN_ALL // size))
    options = {"count": size, "repeats": repeats}

    def run() -> Figures:
        results = _cluster(tasks.multiply.__name__, options, request, "dealer")
        return _common(results) | {
            "multiplications_per_second": repeats * size / _worst(results, "seconds"),
            "first_multiplications_per_second": size / _worst(results, "first_seconds"),
            "bytes_per_multiplication": _worst(results, "bytes_sent") / (repeats * size),
        }

    head = _head("multiply", request) | options
    return _measured(request, head, run, options, "multiply", "dealer", "multiplication")


def bench_latency(request: Request) -> Figures:
    """A chain of dependent multiplications of single numbers. Material is made before, by the dealer."""
    length = request.count or 1_000

    def run() -> Figures:
        results = _cluster(tasks.chain.__name__, {"count": length}, request, "dealer")
        rounds = results[0]["rounds"]
        return _common(results) | {
            "rounds": rounds,
            "microseconds_per_round": _worst(results, "seconds") / rounds * 1e6,
        }

    head = _head("latency", request) | {"multiplications": length}
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
        return _common(results) | {
            "material": results[0]["material"],
            "material_seconds_per_product": _worst(results, "material_seconds") * whole,
            "material_bytes_per_product": _worst(results, "material_bytes") * whole,
            "plain_triples_seconds_per_product": _worst(results, "plain_seconds") * scale,
            "plain_triples_bytes_per_product": _worst(results, "plain_bytes") * scale,
            "online_seconds_per_product": _worst(results, "seconds") / count,
            "online_bytes_per_product": _worst(results, "bytes_sent") / count,
        }

    head = _head("matmul", request) | {
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
    figures, units = _common(results[:1]), options["count"] * options.get("repeats", 1)
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


def _head(benchmark: str, request: Request) -> Figures:
    head: Figures = {"benchmark": benchmark, "field": request.field, "parties": request.parties}
    if request.threads != 1:
        head["threads"] = request.threads
    if request.line is not None:
        head["round_trip_milliseconds"] = request.line.round_trip_seconds * 1e3
        head["megabits_per_second"] = request.line.bytes_per_second * 8e-6 or "unlimited"
    return head


def _common(results: list[dict[str, Any]]) -> Figures:
    """Figures of the party that needed most."""
    return {
        "transport": results[0]["transport"],
        "seconds": _worst(results, "seconds"),
        "cpu_seconds": _worst(results, "cpu_seconds"),
        "peak_rss_bytes": _worst(results, "peak_rss_bytes"),
    }


def _worst(results: list[dict[str, Any]], name: str) -> Any:
    return max(result[name] for result in results)


def _cluster(task: str, options: dict[str, Any], request: Request, preprocessing: Choice) -> list[dict[str, Any]]:
    progress = ProgressLine()

    def report(party: int, said: Mapping[str, Any]) -> None:
        if party == 0 and "done" in said:
            progress.update(f"{said['done']:,} of {said['wanted']:,}")

    try:
        return run_cluster(
            f"{tasks.__name__}:{task}",
            options,
            parties=request.parties,
            field=request.field,
            preprocessing=preprocessing,
            threads=request.threads,
            between=None if request.line is None else partial(slow_lines, request.line),
            report=report,
        )
    finally:
        progress.end()
