"""How the computing of one party scales with threads: its kernels on all cores, nobody else's at the same time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from statistics import median
from time import perf_counter
from typing import Any

from spdz.crypto.randomness import SystemRandomness
from spdz.field import field_by_name
from spdz.params import SecurityParams
from spdz.preprocessing.mascot import MascotPreprocessing
from spdz.runtime.context import Context, SessionState
from spdz.runtime.lockstep import Lockstep
from spdz.sharing.material import TRIPLES

from .store import Section, number, rows

PARTIES = 2
WARM_UP = 20_000
"""Triples made before the clock starts, so that the set-up of silent VOLE is over."""
MANY_CORES = 16


def thread_counts() -> list[int]:
    """1, 2, 4 and so on, up to the cores of this machine."""
    cores = os.cpu_count() or 1
    return [1 << power for power in range(cores.bit_length())]


def thread_seconds(field: str, count: int, runs: int) -> dict[str, Any]:
    """Seconds of one party's computing for `count` triples with each number of threads, medians of `runs`.

    Both parties run in one thread of this process, taking turns; messages are handed over in memory, without TLS.
    """
    times: dict[int, list[float]] = {threads: [] for threads in thread_counts()}
    for _ in range(runs):
        for threads, found in times.items():
            found.append(_seconds(field, count, threads))
    return {"field": field, "count": count} | {
        "seconds": {str(threads): median(found) for threads, found in times.items()},
        "ranges": {str(threads): [min(found), max(found)] for threads, found in times.items()},
    }


def _seconds(field: str, count: int, threads: int) -> float:
    chosen, moments = field_by_name(field), list[float]()
    sessions = [
        SessionState(party, PARTIES, chosen, SecurityParams(), SystemRandomness(), bytes(32), threads=threads)
        for party in range(PARTIES)
    ]

    async def main(ctx: Context) -> None:
        maker = MascotPreprocessing()
        await maker.set_up(ctx)
        for wanted in (WARM_UP, count):
            moments.append(perf_counter())
            await maker.produce(ctx, {TRIPLES: wanted})
            maker.store.discard()
        moments.append(perf_counter())

    outcomes = Lockstep(sessions).run([main] * PARTIES)
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
    # Every party notes three moments; the parties take turns, so what passes between is both parties' computing.
    began, ended = sorted(moments)[2 * PARTIES - 1], max(moments)
    return (ended - began) / PARTIES


def parallel_share(one: float, several: float, threads: int) -> float:
    """By Amdahl's law: the share of the work that `threads` threads have divided among themselves."""
    return (1 - several / one) / (1 - 1 / threads)


def text_of(taken: Section) -> Iterator[str]:
    """The part of the page, from figures by name."""
    found = [figures for name, figures in taken.items() if name.startswith("threads ")]
    body = []
    for figures in found:
        seconds, ranges = figures["seconds"], figures["ranges"]
        scale = 1e6 / figures["count"]
        for threads, middle in seconds.items():
            low, high = (number(value * scale) for value in ranges[threads])
            faster = number(seconds["1"] / middle)
            body.append(
                (figures["field"], threads, f"{number(middle * scale)} us ({low} to {high})", f"{faster} times")
            )
    if not body:
        return
    yield "Threads of one party: its own computing per triple, without the peer's and without TLS:\n\n" + rows(
        ("field", "threads", "time per triple", "faster"), body
    )
    for figures in found:
        yield from _prediction(figures)


def _prediction(figures: Section) -> Iterator[str]:
    most = max(map(int, figures["seconds"]))
    if most == 1:
        return
    one, several = figures["seconds"]["1"], figures["seconds"][str(most)]
    share = parallel_share(one, several, most)
    many = 1 / (1 - share + share / MANY_CORES)
    yield (
        f"So {100 * share:.0f} % of the computing is divided among threads at {figures['field']}; by Amdahl's law "
        f"{MANY_CORES} cores for each party would make it {number(many)} times faster than one. That is a projection."
    )
