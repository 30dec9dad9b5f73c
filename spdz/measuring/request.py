"""What a benchmark is asked to measure, and how figures of several runs become one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from spdz.errors import UsageError
from spdz.measuring.relay import Line
from spdz.params import MAX_THREADS, MascotParams, require_integer

Figures = dict[str, Any]

MAX_COUNT = 10**9


@dataclass(frozen=True)
class Request:
    """The options of `spdz bench`; `count` None leaves the size to the benchmark."""

    field: str = "M127"
    count: int | None = None
    parties: int = 2
    runs: int = 1
    mascot: MascotParams = dataclasses.field(default_factory=MascotParams)
    threads: int = 1
    dims: tuple[int, int, int] = (64, 64, 64)
    profile: bool = False
    over_field: bool = False
    """Comparisons give field elements, not bits."""
    line: Line | None = None

    def __post_init__(self) -> None:
        if self.count is not None and self.count < 1:
            raise UsageError(f"--count must be at least 1, got {self.count}")
        require_integer(self.count or 1, "--count", 1, MAX_COUNT)
        require_integer(self.runs, "--runs", 1, 1000)
        require_integer(self.threads, "--threads", 1, MAX_THREADS)
        for length in self.dims:
            require_integer(length, "each of --dims", 1, 1 << 16)


def parse_dims(text: str) -> tuple[int, int, int]:
    """Three positive numbers m,l,n with commas between: an m x l matrix times an l x n matrix."""
    parts = text.split(",")
    if len(parts) != 3 or not all(part.strip().isascii() and part.strip().isdigit() for part in parts):
        raise UsageError(f"--dims takes three numbers such as 64,64,64, got {text!r}")
    rows, inner, columns = (int(part) for part in parts)
    return rows, inner, columns


def median_of_runs(measure: Callable[[], Figures], runs: int) -> Figures:
    """The figures of one run; of several the medians, and under "range" the least and the greatest of what varies."""
    measured = [measure() for _ in range(runs)]
    if runs == 1:
        return measured[0]
    medians: Figures = {}
    ranges: dict[str, list[float]] = {}
    for name, first in measured[0].items():
        values = [figures[name] for figures in measured]
        if not isinstance(first, int | float) or all(value == first for value in values):
            medians[name] = first
            continue
        middle = median(values)
        medians[name] = round(middle) if isinstance(first, int) else middle
        ranges[name] = [min(values), max(values)]
    return medians | {"runs": runs, "range": ranges}
