"""Field kernels on one core, through the public interface: allocation of the result included."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter

from spdz.crypto.randomness import SystemRandomness
from spdz.field import FieldArray, field_by_name
from spdz.measuring.request import Figures, Request

_RUNS = 7


def bench_field(request: Request) -> Figures:
    """Nanoseconds per element of the basic operations."""
    field, size = field_by_name(request.field), request.count or 1_000_000
    fill = SystemRandomness().fill
    x, y = field.sample(fill, (size,)), field.sample(fill, (size,))
    side = 256
    left, right = field.sample(fill, (side, side)), field.sample(fill, (side, side))
    return {
        "benchmark": "field",
        "field": field.name,
        "elements": size,
        "add_ns_per_element": _time(lambda: x + y) / size,
        "multiply_ns_per_element": _time(lambda: x * y) / size,
        "sum_ns_per_element": _time(x.sum) / size,
        "sample_ns_per_element": _time(lambda: field.sample(fill, (size,))) / size,
        "matmul_256_ns_per_product": _time(lambda: left @ right) / side**3,
    }


def _time(work: Callable[[], FieldArray]) -> float:
    """Median nanoseconds over several runs, after one that compiles the kernels."""
    work()
    runs = []
    for _ in range(_RUNS):
        started = perf_counter()
        work()
        runs.append((perf_counter() - started) * 1e9)
    return median(runs)
