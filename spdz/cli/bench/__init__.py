"""`spdz bench`: measures this machine. Benchmarks print; they never fail because something was slow."""

from __future__ import annotations

import argparse
import json

from spdz.cli.bench.field import bench_field
from spdz.cli.bench.network import bench_latency, bench_multiply, bench_triples
from spdz.errors import UsageError

_BENCHMARKS = {
    "field": bench_field,
    "triples": bench_triples,
    "multiply": bench_multiply,
    "latency": bench_latency,
}


def run(options: argparse.Namespace) -> int:
    """Run one benchmark and print what it measured."""
    if options.count is not None and options.count < 1:
        raise UsageError(f"--count must be at least 1, got {options.count}")
    figures = _BENCHMARKS[options.what](options.field, options.count, options.parties)
    if options.json:
        print(json.dumps(figures))
        return 0
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):<{width}}  {_readable(value)}")
    return 0


def _readable(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
