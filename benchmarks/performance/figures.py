"""The table of figures: what is measured, and how it is written."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from spdz.measuring.machine import bench_machine
from spdz.measuring.network import bench_latency, bench_matmul, bench_multiply, bench_triples
from spdz.measuring.request import Figures, Request
from spdz.measuring.stages import OTHER
from spdz.params import AUTHENTICATION, OT_TREE_BITS, MascotParams

from . import threads
from .compile_time import compile_seconds
from .store import Section, number, origin, rows, with_range

FIELDS = ("M61", "M127")


@dataclass(frozen=True)
class Scale:
    """How much is measured: `divisor` makes everything smaller, for a look at the tools."""

    runs: int = 5
    divisor: int = 1
    memory_count: int = 5_000_000

    def count(self, full: int) -> int:
        """A count for this scale."""
        return max(20, full // self.divisor)


QUICK = Scale(runs=1, divisor=50, memory_count=100_000)

Measure = Callable[[], Figures]


def variants() -> list[MascotParams]:
    """Every choice of protocols that the generator has."""
    return [
        MascotParams(ot_tree_bits=tree, authentication=how)
        for tree, how in itertools.product(OT_TREE_BITS, AUTHENTICATION)
    ]


def measures(scale: Scale) -> Iterator[tuple[str, Measure]]:
    """Each figure's name, and what takes it."""
    yield "machine", lambda: bench_machine(Request(runs=scale.runs))
    for field in FIELDS:
        yield from _of_field(field, scale)


def _of_field(field: str, scale: Scale) -> Iterator[tuple[str, Measure]]:
    def request(count: int, runs: int | None = None, **options: Any) -> Request:
        return Request(field=field, count=count, runs=runs or scale.runs, **options)

    yield f"triples {field}", lambda: bench_triples(request(scale.count(100_000)))
    yield f"multiply {field}", lambda: bench_multiply(request(scale.count(1_000_000)))
    yield f"latency {field}", lambda: bench_latency(request(scale.count(1_000)))
    yield f"matmul {field}", lambda: bench_matmul(Request(field=field, runs=scale.runs, dims=_dims(scale)))
    yield f"compile {field}", lambda: compile_seconds(field, scale.runs)
    for mascot in variants():
        yield (
            f"variant {field} {mascot}",
            lambda mascot=mascot: bench_triples(request(scale.count(50_000), mascot=mascot)),
        )
    yield f"threads {field}", lambda: threads.thread_seconds(field, scale.count(50_000), scale.runs)
    yield f"profile triples {field}", lambda: bench_triples(request(scale.count(100_000), 1, profile=True))
    yield f"profile multiply {field}", lambda: bench_multiply(request(scale.count(1_000_000), 1, profile=True))
    yield f"profile latency {field}", lambda: bench_latency(request(scale.count(1_000), 1, profile=True))
    yield f"profile matmul {field}", lambda: bench_matmul(Request(field=field, dims=_dims(scale), profile=True))
    yield f"memory {field}", lambda: bench_triples(request(scale.memory_count, 1))


def _dims(scale: Scale) -> tuple[int, int, int]:
    return (64, 64, 64) if scale.divisor == 1 else (8, 8, 8)


# -- the page ---------------------------------------------------------------------------------------------------------

MEBI = 1 / (1 << 20)

ROWS: tuple[tuple[str, str, Callable[[Figures], str], str], ...] = (
    (
        "MASCOT triples per second, s = 60",
        "triples",
        lambda f: with_range(f, "triples_per_second"),
        "45,000; 17,500",
    ),
    ("bytes sent per triple and party", "triples", lambda f: with_range(f, "bytes_per_triple"), "4,700; 17,500"),
    (
        "processor time of a party per triple",
        "triples",
        lambda f: with_range(f, "cpu_seconds", 1e6 / f["count"], " us"),
        "",
    ),
    ("set-up: keys, base OT", "triples", lambda f: with_range(f, "set_up_seconds", 1, " s"), "0.5 s"),
    (
        "memory of a party while making {count} triples",
        "memory",
        lambda f: with_range(f, "peak_rss_bytes", MEBI, " MiB"),
        "700 MB",
    ),
    (
        "multiplications per second, {count} in one array, MAC check included",
        "multiply",
        lambda f: with_range(f, "multiplications_per_second"),
        "8 million; 3 million",
    ),
    (
        "the same, the first one of a process",
        "multiply",
        lambda f: with_range(f, "first_multiplications_per_second"),
        "",
    ),
    (
        "bytes sent per multiplication and party",
        "multiply",
        lambda f: with_range(f, "bytes_per_multiplication"),
        "",
    ),
    (
        "a dependent multiplication, per round",
        "latency",
        lambda f: with_range(f, "microseconds_per_round", 1, " us"),
        "250 us",
    ),
    (
        "first use of every kernel, empty cache; 15,000 triples",
        "compile",
        lambda f: with_range(f, "first_seconds", 1, " s"),
        "20 s",
    ),
    ("the same, kernels compiled before", "compile", lambda f: with_range(f, "second_seconds", 1, " s"), ""),
    (
        "a product, {dims}: material",
        "matmul",
        lambda f: with_range(f, "material_seconds_per_product", 1, " s"),
        "",
    ),
    (
        "the same product: material as plain triples",
        "matmul",
        lambda f: with_range(f, "plain_triples_seconds_per_product", 1, " s"),
        "",
    ),
    (
        "the same product: bytes of the material, and as plain triples",
        "matmul",
        lambda f: f"{number(f['material_bytes_per_product'])}, {number(f['plain_triples_bytes_per_product'])}",
        "a tenth",
    ),
    ("the same product: online", "matmul", lambda f: with_range(f, "online_seconds_per_product", 1, " s"), ""),
)
"""Title, benchmark, figure, and the goal that the project has set itself for this machine (M61; M127)."""


def text_of(section: Section) -> str:
    """The section of the page."""
    taken: dict[str, Figures] = section["figures"]
    parts = [origin(section), _table(taken)]
    if "machine" in taken:
        parts.append(_machine(taken["machine"]))
    parts += _variants(taken)
    parts += threads.text_of(taken)
    parts += [_profile(name, taken[name]) for name in taken if name.startswith("profile ")]
    return "\n\n".join(parts)


def _table(taken: dict[str, Figures]) -> str:
    body = []
    for title, kind, cell, goal in ROWS:
        cells = [cell(taken[f"{kind} {field}"]) if f"{kind} {field}" in taken else "" for field in FIELDS]
        known = next((taken[f"{kind} {field}"] for field in FIELDS if f"{kind} {field}" in taken), None)
        if known is not None:
            count = number(known["count"]) if "count" in known else ""
            body.append((title.format(count=count, dims=known.get("dims", "")), *cells, goal))
    return rows(("two parties, one process each", *FIELDS, "goal"), body)


def _machine(figures: Figures) -> str:
    body = [
        (name.removesuffix("_gigabytes_per_second").replace("_", " "), with_range(figures, name))
        for name in figures
        if name.endswith("_gigabytes_per_second")
    ]
    return "One core of this machine, measured by `spdz bench machine`:\n\n" + rows(("building block", "GB/s"), body)


def _variants(taken: dict[str, Figures]) -> list[str]:
    found = [name for name in taken if name.startswith("variant ")]
    if not found:
        return []
    body = []
    for name in found:
        figures = taken[name]
        speed, sent = with_range(figures, "triples_per_second"), with_range(figures, "bytes_per_triple")
        body.append(
            (figures["field"], figures["generator"], speed, sent, with_range(figures, "set_up_seconds", 1, " s"))
        )
    head = ("field", "generator", "triples per second", "bytes per triple", "set-up")
    return ["The generator's protocols beside each other; each is maliciously secure:\n\n" + rows(head, body)]


LEAST_SHARE = 0.0005
"""Stages that take less of the time are left out of the page."""
UNITS = {
    "triples": "one triple",
    "multiply": "one multiplication",
    "latency": "one multiplication of a dependent chain",
    "matmul": "the material of one product, 64 x 64 times 64 x 64,",
}


def _profile(name: str, figures: Figures) -> str:
    body = []
    for row in figures["stages"]:
        if row["share"] < LEAST_SHARE and row["stage"] != OTHER:
            continue
        least = row["lower_bound_nanoseconds"]
        bound = "" if least is None else f"{number(least)} ({row['bound_by']})"
        body.append(
            (row["stage"], number(row["nanoseconds"]), f"{100 * row['share']:.1f} %", number(row["bytes"]), bound)
        )
    head = ("stage", "ns", "of wall", "bytes", "at least ns")
    return (
        f"Where the time of {UNITS[figures['benchmark']]} goes at one of two parties, {figures['field']} "
        f"(measuring itself takes about {number(figures['nanoseconds_of_measuring'])} ns of it):\n\n" + rows(head, body)
    )
