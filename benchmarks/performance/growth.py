"""How cost grows with the number of parties, the count, the latency and the bandwidth: points, tables, plots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from spdz.measuring.network import bench_latency, bench_multiply, bench_triples
from spdz.measuring.relay import Line
from spdz.measuring.request import Figures, Request

from .figures import FIELDS, MEBI, Scale
from .plots import chart
from .store import Section, number, origin, rows, with_range

FULL = Scale(runs=3)
DIRECT = -1.0
"""On the axes of latency and bandwidth: without the relay."""
UNLIMITED = 0.0
ROUND_TRIPS_MS = (DIRECT, 0.0, 1.0, 10.0, 50.0)
RATES_MBIT = (DIRECT, 1000.0, 100.0)
PARTIES = (2, 3, 4, 5)
COUNTS = (10_000, 100_000, 1_000_000)
GREATEST_COUNT = 5_000_000
SINGLE_RUN_ABOVE = 500_000
"""So many triples take half a minute, which averages over time by itself."""

BENCHMARKS: Mapping[str, Callable[[Request], Figures]] = {
    "triples": bench_triples,
    "multiply": bench_multiply,
    "latency": bench_latency,
}


@dataclass(frozen=True)
class Point:
    """One measurement: `x` is its place on the axis."""

    axis: str
    x: float
    benchmark: str
    request: Request

    @property
    def name(self) -> str:
        return f"{self.axis} {self.x:g} {self.benchmark} {self.request.field}"

    def measured(self) -> dict[str, Any]:
        """Take it."""
        figures = BENCHMARKS[self.benchmark](self.request)
        return {"axis": self.axis, "x": self.x, "benchmark": self.benchmark, "figures": figures}


def points(scale: Scale, full: bool = False) -> Iterator[Point]:
    """Every measurement."""
    for field in FIELDS:
        for parties in PARTIES:
            yield from _all("parties", parties, scale, field=field, parties=parties)
        for count in (*COUNTS, GREATEST_COUNT) if full else COUNTS:
            size, runs = scale.count(count), 1 if count > SINGLE_RUN_ABOVE else scale.runs
            yield Point("count", size, "triples", Request(field=field, count=size, runs=runs))
            yield Point("count", size, "multiply", Request(field=field, count=size, runs=scale.runs))
        for milliseconds in ROUND_TRIPS_MS:
            line = None if milliseconds == DIRECT else Line(milliseconds * 1e-3)
            yield from _all("latency", milliseconds, scale, field=field, line=line)
        for rate in RATES_MBIT:
            line = None if rate == DIRECT else Line(0.0, rate * 1e6 / 8)
            yield from _all("bandwidth", rate, scale, NARROW_SIZES, field=field, line=line)


SIZES = {"triples": 20_000, "multiply": 1_000_000, "latency": 100}
NARROW_SIZES = {"triples": 20_000, "multiply": 200_000}
"""The dealer's material has to go through the narrow line as well."""


def _all(axis: str, x: float, scale: Scale, sizes: Mapping[str, int] = SIZES, **options: Any) -> Iterator[Point]:
    for benchmark, size in sizes.items():
        yield Point(axis, x, benchmark, Request(count=scale.count(size), runs=scale.runs, **options))


# -- the page ---------------------------------------------------------------------------------------------------------

TITLES = {
    "parties": "Number of parties",
    "count": "Count",
    "latency": "Round-trip time",
    "bandwidth": "Bandwidth",
}
NOTES = {
    "parties": "All parties share the cores of one machine, so this shows total work, not the time on machines of "
    "their own.",
    "count": "Memory is that of one party while making triples, or while holding the material and both factors.",
    "latency": "Each direction of each connection goes through a relay that delays every byte by half the round trip; "
    "at 0 ms the relay forwards at once, which shows what it costs itself.",
    "bandwidth": "Each direction of each connection is limited by the relay; no delay is added.",
}
COLUMNS: tuple[tuple[str, str, Callable[[Figures], str]], ...] = (
    ("triples/s", "triples", lambda f: with_range(f, "triples_per_second")),
    ("bytes per triple", "triples", lambda f: number(f["bytes_per_triple"])),
    ("memory, triples", "triples", lambda f: with_range(f, "peak_rss_bytes", MEBI, " MiB")),
    ("multiplications/s", "multiply", lambda f: with_range(f, "multiplications_per_second")),
    ("memory, multiplications", "multiply", lambda f: with_range(f, "peak_rss_bytes", MEBI, " MiB")),
    ("us per dependent round", "latency", lambda f: with_range(f, "microseconds_per_round")),
)
AMOUNTS = {
    "triples": ("count", "{:,} triples"),
    "multiply": ("count", "products in arrays of {:,}"),
    "latency": ("multiplications", "a chain of {:,} multiplications"),
}
PLOTS = (
    ("triples", "triples_per_second", "MASCOT triples", "triples per second"),
    ("multiply", "multiplications_per_second", "Online multiplications in one array", "multiplications per second"),
)


def label(axis: str, x: float) -> str:
    """A place on an axis in words."""
    if axis in ("latency", "bandwidth") and x == DIRECT:
        return "direct"
    return {"latency": f"{x:g} ms", "bandwidth": f"{x:,.0f} Mbit/s"}.get(axis, f"{x:,.0f}")


def text_of(section: Section) -> str:
    """The section of the page."""
    parts = [origin(section)]
    for axis, title in TITLES.items():
        chosen = [point for point in section["points"] if point["axis"] == axis]
        if not chosen:
            continue
        parts += [f"### {title}", NOTES[axis], _amounts(axis, chosen)]
        parts += [_table(axis, field, chosen) for field in FIELDS]
        parts += [f"![{title}: {benchmark}]({plot_name(axis, benchmark)})" for benchmark, *_ in PLOTS]
    return "\n\n".join(part for part in parts if part)


def _amounts(axis: str, chosen: list[dict[str, Any]]) -> str:
    """How much each point of an axis measures."""
    if axis == "count":
        return ""
    amounts = {point["benchmark"]: point["figures"][AMOUNTS[point["benchmark"]][0]] for point in chosen}
    return f"Each line: {', '.join(AMOUNTS[name][1].format(amount) for name, amount in amounts.items())}."


def _table(axis: str, field: str, chosen: list[dict[str, Any]]) -> str:
    cells: dict[float, dict[str, Figures]] = {}
    for point in chosen:
        if point["figures"]["field"] == field:
            cells.setdefault(point["x"], {})[point["benchmark"]] = point["figures"]
    if not cells:
        return ""
    present = {benchmark for row in cells.values() for benchmark in row}
    columns = [column for column in COLUMNS if column[1] in present]
    body = [
        (label(axis, x), *(cell(row[benchmark]) if benchmark in row else "" for _, benchmark, cell in columns))
        for x, row in cells.items()
    ]
    return rows((field, *(title for title, *_ in columns)), body)


def plot_name(axis: str, benchmark: str) -> str:
    """The file of a plot."""
    return f"performance-{axis}-{benchmark}.svg"


def plots_of(section: Section) -> dict[str, str]:
    """Every plot by its file name."""
    plots = {}
    for axis, title in TITLES.items():
        for benchmark, figure, what, unit in PLOTS:
            series = _series(section, axis, benchmark, figure)
            if series:
                labels = {x: label(axis, x) for points in series.values() for x, _ in points}
                plots[plot_name(axis, benchmark)] = chart(f"{what}: {title.lower()}", title, unit, series, labels)
    return plots


def _series(section: Section, axis: str, benchmark: str, figure: str) -> dict[str, list[tuple[float, float]]]:
    series: dict[str, list[tuple[float, float]]] = {}
    for point in section["points"]:
        if (point["axis"], point["benchmark"]) == (axis, benchmark):
            figures = point["figures"]
            series.setdefault(figures["field"], []).append((point["x"], figures[figure]))
    return series
