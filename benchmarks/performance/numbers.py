"""The table of numbers that compare: each figure in turn with triples, so that ratios hold in busy hours too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from spdz.measuring.network import bench_triples
from spdz.measuring.numerics import bench_compare, bench_fixed, bench_relu, bench_sort
from spdz.measuring.request import Figures, Request

from .figures import Measure, Scale
from .store import Section, number, origin, rows, with_range

TRIPLES = 100_000


@dataclass(frozen=True)
class Row:
    """One line of the table: what is measured, in which field, and which of its figures are shown."""

    title: str
    bench: Callable[[Request], Figures]
    field: str
    count: int
    unit: str
    goal: str
    """Of all phases, in a quiet hour."""
    over_field: bool = False

    @property
    def name(self) -> str:
        """By which the figures are kept."""
        return f"{self.title} {self.field}"

    @property
    def rate(self) -> str:
        """The figure of all phases."""
        return f"{self.unit}s_per_second"


ROWS = (
    Row("comparison of 32-bit numbers", bench_compare, "M61", 1 << 16, "comparison", "12,000; 0.21"),
    Row("comparison of 32-bit numbers", bench_compare, "M127", 1 << 16, "comparison", "12,000"),
    Row("the same, result over F_p", bench_compare, "M61", 1 << 16, "comparison", "11,000", over_field=True),
    Row("the same, result over F_p", bench_compare, "M127", 1 << 16, "comparison", "11,000", over_field=True),
    Row("ReLU", bench_relu, "M61", 1 << 16, "relu", "10,500"),
    Row("ReLU", bench_relu, "M127", 1 << 16, "relu", "10,500"),
    Row("fixed-point product, f = 16, k = 48", bench_fixed, "M127", 1 << 16, "product", "18,000"),
    Row("number of 1,024 that are sorted", bench_sort, "M61", 1024, "number", "410 (2.5 s for all)"),
)


def measures(scale: Scale) -> Iterator[tuple[str, Measure]]:
    """Each row's name, and what takes it."""
    for row in ROWS:
        yield row.name, lambda row=row: in_turn(row, scale)


def in_turn(row: Row, scale: Scale) -> Figures:
    """Runs of the row and of triples of the same field, one after the other; what comes first changes."""
    request = Request(field=row.field, count=scale.count(row.count), over_field=row.over_field)
    triples = Request(field=row.field, count=scale.count(TRIPLES))
    pairs: list[tuple[Figures, Figures]] = []
    for turn in range(scale.runs):
        before = bench_triples(triples) if turn % 2 else None
        taken = row.bench(request)
        pairs.append((taken, before or bench_triples(triples)))
    runs = [
        {
            "rate": taken[row.rate],
            "online": taken[f"online_{row.rate}"],
            "bytes": taken[f"bytes_per_{row.unit}"],
            "memory": taken["peak_rss_bytes"],
            "triples": other["triples_per_second"],
            "ratio": taken[row.rate] / other["triples_per_second"],
        }
        for taken, other in pairs
    ]
    return summary(runs) | {"count": request.count}


def summary(runs: list[dict[str, float]]) -> Figures:
    """Medians, and under "range" the least and the greatest."""
    columns = {name: [run[name] for run in runs] for name in runs[0]}
    found: dict[str, Any] = {name: median(values) for name, values in columns.items()}
    return found | {"range": {name: [min(values), max(values)] for name, values in columns.items()}}


HEAD = (
    "two parties, one process each",
    "field",
    "per second, all phases",
    "triples per second, in turn",
    "ratio",
    "goal",
    "online, per second",
    "bytes, all phases",
    "memory",
)


def text_of(section: Section) -> str:
    """The section of the page."""
    taken: dict[str, Figures] = section["figures"]
    body = [
        (
            f"{row.title}, {number(taken[row.name]['count'])} in all",
            row.field,
            with_range(taken[row.name], "rate"),
            with_range(taken[row.name], "triples"),
            with_range(taken[row.name], "ratio"),
            row.goal,
            with_range(taken[row.name], "online"),
            number(taken[row.name]["bytes"]),
            f"{number(taken[row.name]['memory'] / (1 << 20))} MiB",
        )
        for row in ROWS
        if row.name in taken
    ]
    return "\n\n".join([origin(section), rows(HEAD, body)])
