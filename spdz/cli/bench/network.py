"""Benchmarks between real processes over TLS on loopback: triples, multiplications, latency."""

from __future__ import annotations

import resource
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

from spdz.cli.cluster import run_cluster
from spdz.cli.progress import ProgressLine
from spdz.online.session import Mpc

Say = Callable[..., None]

_HERE = "spdz.cli.bench.network"
_TRIPLE_CHUNK = 1 << 15


def bench_triples(field: str, count: int | None, parties: int) -> dict[str, Any]:
    """MASCOT triples: time from the first message of the first batch to the last check of the last one."""
    wanted = count or 50_000
    results = _cluster("make_triples", {"count": wanted}, field, parties, "mascot")
    seconds = max(result["seconds"] for result in results)
    return {
        "benchmark": "triples",
        "field": field,
        "parties": parties,
        "transport": results[0]["transport"],
        "count": wanted,
        "seconds": seconds,
        "triples_per_second": wanted / seconds,
        "bytes_per_triple": max(result["bytes_sent"] for result in results) / wanted,
        "peak_rss_bytes": max(result["peak_rss_bytes"] for result in results),
        "set_up_seconds": max(result["set_up_seconds"] for result in results),
    }


def bench_multiply(field: str, count: int | None, parties: int) -> dict[str, Any]:
    """One product of two big arrays, and the check of its openings. Material is made before, by the dealer."""
    size = count or 1_000_000
    results = _cluster("multiply", {"count": size}, field, parties, "dealer")
    seconds = max(result["seconds"] for result in results)
    return {
        "benchmark": "multiply",
        "field": field,
        "parties": parties,
        "transport": results[0]["transport"],
        "count": size,
        "seconds": seconds,
        "multiplications_per_second": size / seconds,
        "bytes_per_multiplication": max(result["bytes_sent"] for result in results) / size,
        "peak_rss_bytes": max(result["peak_rss_bytes"] for result in results),
    }


def bench_latency(field: str, count: int | None, parties: int) -> dict[str, Any]:
    """A chain of dependent multiplications of single numbers. Material is made before, by the dealer."""
    length = count or 1_000
    results = _cluster("chain", {"count": length}, field, parties, "dealer")
    seconds = max(result["seconds"] for result in results)
    return {
        "benchmark": "latency",
        "field": field,
        "parties": parties,
        "transport": results[0]["transport"],
        "multiplications": length,
        "rounds": results[0]["rounds"],
        "seconds": seconds,
        "microseconds_per_round": seconds / results[0]["rounds"] * 1e6,
    }


def _cluster(task: str, options: dict[str, Any], field: str, parties: int, preprocessing: str) -> list[dict[str, Any]]:
    progress = ProgressLine()

    def report(party: int, said: Mapping[str, Any]) -> None:
        if party == 0 and "done" in said:
            progress.update(f"{said['done']:,} of {said['wanted']:,}")

    try:
        return run_cluster(
            f"{_HERE}:{task}", options, parties=parties, field=field, preprocessing=preprocessing, report=report
        )
    finally:
        progress.end()


# -- what each process runs; `spdz.cli.worker` calls these -----------------------------------------------------------


def make_triples(mpc: Mpc, options: dict[str, Any], say: Say) -> dict[str, Any]:
    """Make and throw away triples, a chunk at a time, so that memory shows what the generator needs."""
    mpc.prepare(triples=200)  # compiles the kernels
    mpc.discard_material()
    wanted, made = options["count"], 0
    sent, started = mpc.cost.bytes_sent, perf_counter()
    while made < wanted:
        step = min(_TRIPLE_CHUNK, wanted - made)
        mpc.prepare(triples=step)
        mpc.discard_material()
        made += step
        say(done=made, wanted=wanted)
    return _figures(mpc, started, sent) | {"set_up_seconds": mpc.cost.seconds["set-up"]}


def multiply(mpc: Mpc, options: dict[str, Any], say: Say) -> dict[str, Any]:
    """x * y for random secret arrays, and the reveal of the sum of the products."""
    count = options["count"]
    mpc.reveal((mpc.random(8) * mpc.random(8)).sum())  # compiles the kernels
    x, y = mpc.random(count), mpc.random(count)
    mpc.reveal(x[0])
    mpc.prepare(triples=count)
    sent, started = mpc.cost.bytes_sent, perf_counter()
    mpc.reveal((x * y).sum())
    return _figures(mpc, started, sent)


def chain(mpc: Mpc, options: dict[str, Any], say: Say) -> dict[str, Any]:
    """x * y * y * ... * y, one after the other."""
    count = options["count"]
    mpc.reveal((mpc.random() * mpc.random()).reshape(1))  # compiles the kernels
    x, y = mpc.random(), mpc.random()
    mpc.reveal(x)
    mpc.prepare(triples=count)
    rounds, sent, started = mpc.cost.rounds, mpc.cost.bytes_sent, perf_counter()
    for _ in range(count):
        x = x * y
    mpc.reveal(x)
    return _figures(mpc, started, sent) | {"rounds": mpc.cost.rounds - rounds}


def _figures(mpc: Mpc, started: float, sent: int) -> dict[str, Any]:
    return {
        "seconds": perf_counter() - started,
        "bytes_sent": mpc.cost.bytes_sent - sent,
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "transport": mpc.transport,
    }
