"""`spdz bench`: measures this machine. Benchmarks print; they never fail because something was slow."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace

from spdz.errors import UsageError
from spdz.measuring.field import bench_field
from spdz.measuring.machine import bench_machine
from spdz.measuring.network import bench_latency, bench_matmul, bench_multiply, bench_triples
from spdz.measuring.numerics import bench_compare, bench_fixed, bench_relu, bench_sort
from spdz.measuring.profile import function_table, table
from spdz.measuring.relay import Line
from spdz.measuring.request import Figures, Request, parse_dims
from spdz.params import MascotParams
from spdz.preprocessing.generators import generator_named

Benchmark = Callable[[Request], Figures]

_NETWORK = frozenset({"runs", "round_trip_ms", "mbit_per_second"})
_GENERATOR = frozenset(generator_named(MascotParams.generator).options)

BENCHMARKS: dict[str, tuple[Benchmark, frozenset[str]]] = {
    "field": (bench_field, frozenset()),
    "machine": (bench_machine, frozenset({"runs"})),
    "triples": (bench_triples, _NETWORK | _GENERATOR | {"profile", "threads"}),
    "multiply": (bench_multiply, _NETWORK | {"profile"}),
    "latency": (bench_latency, _NETWORK | {"profile"}),
    "compare": (bench_compare, _NETWORK | _GENERATOR | {"threads", "over_field"}),
    "relu": (bench_relu, _NETWORK | _GENERATOR | {"threads"}),
    "fixed": (bench_fixed, _NETWORK | _GENERATOR | {"threads"}),
    "sort": (bench_sort, _NETWORK | _GENERATOR | {"threads"}),
    "matmul": (bench_matmul, _NETWORK | _GENERATOR | {"dims", "profile", "threads"}),
}
"""Each benchmark, and which of the options that not all have it takes."""

SPECIAL = (
    "runs",
    "round_trip_ms",
    "mbit_per_second",
    *sorted(_GENERATOR, reverse=True),
    "threads",
    "profile",
    "over_field",
    "dims",
)


def run(options: argparse.Namespace) -> int:
    """Run one benchmark and print what it measured."""
    benchmark, takes = BENCHMARKS[options.what]
    for name in SPECIAL:
        if getattr(options, name) not in (None, False) and name not in takes:
            raise UsageError(f"--{name.replace('_', '-')} has no meaning for spdz bench {options.what}")
    figures = benchmark(request_of(options))
    if options.json:
        print(json.dumps(figures))
        return 0
    _print(figures)
    return 0


def request_of(options: argparse.Namespace) -> Request:
    """The command's arguments, checked."""
    request = Request(
        field=options.field,
        count=options.count,
        parties=options.parties,
        runs=1 if options.runs is None else options.runs,
        mascot=_mascot(options),
        threads=1 if options.threads is None else options.threads,
        profile=options.profile,
        over_field=options.over_field,
        line=_line(options),
    )
    return request if options.dims is None else replace(request, dims=parse_dims(options.dims))


def _mascot(options: argparse.Namespace) -> MascotParams:
    chosen = {name: getattr(options, name) for name in _GENERATOR if getattr(options, name) is not None}
    return MascotParams(**chosen)


def _line(options: argparse.Namespace) -> Line | None:
    if options.round_trip_ms is None and options.mbit_per_second is None:
        return None
    return Line((options.round_trip_ms or 0.0) * 1e-3, (options.mbit_per_second or 0.0) * 1e6 / 8)


def _print(figures: Figures) -> None:
    stages, ranges = figures.get("stages"), figures.get("range", {})
    shown = {name: value for name, value in figures.items() if name not in ("stages", "functions", "speeds", "range")}
    width = max(map(len, shown))
    for name, value in shown.items():
        between = f"  ({' to '.join(map(_readable, ranges[name]))})" if name in ranges else ""
        print(f"{name.replace('_', ' '):<{width}}  {_readable(value)}{between}")
    if stages is not None:
        print("", *table(stages), sep="\n")
        print("\nby function, without what they call in other lines:", *function_table(figures["functions"]), sep="\n")
        print("\nbuilding blocks of this machine, GB/s: " + _speeds(figures["speeds"]))


def _speeds(speeds: dict[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {speed / 1e9:.1f}" for name, speed in speeds.items())


def _readable(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
