"""How the computing of one party scales with threads: its kernels on all cores, nobody else's at the same time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

from spdz.crypto.prg import SEED_BYTES, Prg
from spdz.crypto.randomness import SystemRandomness
from spdz.field import field_by_name
from spdz.measuring.meter import Meter, Probe
from spdz.params import SecurityParams
from spdz.preprocessing.mascot.generator import MascotPreprocessing
from spdz.runtime.context import Context, SessionState
from spdz.runtime.lockstep import Lockstep
from spdz.runtime.workers import share_out
from spdz.sharing.material import TRIPLES

from .store import Section, number, rows

PARTIES = 2
CEILING_BYTES, CEILING_TIMES = 1 << 16, 8_000
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
    loops = {str(threads): _in_loops(field, count, threads) for threads in times}
    return {"field": field, "count": count, "loops": loops, "ceiling": _ceiling()} | {
        "seconds": {str(threads): median(found) for threads, found in times.items()},
        "ranges": {str(threads): [min(found), max(found)] for threads, found in times.items()},
    }


def _in_loops(field: str, count: int, threads: int) -> dict[str, float]:
    """Seconds of one party in all, and in the loops which several threads divide among themselves."""
    meter = Meter((Probe("shared", "spdz.runtime.workers", "share_out"),))
    with meter.installed():
        seconds = _seconds(field, count, threads, warm_up=False)
    return {"all": seconds, "shared": meter.tallies["shared"].seconds / PARTIES}


def _ceiling() -> float:
    """How many times faster than one thread all cores of this machine fill buffers of their own by AES alone."""
    threads, seconds = max(thread_counts()), dict[int, float]()
    for at_a_time in (1, threads):
        fill_all = partial(share_out, range(threads * CEILING_TIMES), at_a_time, _fill)
        seconds[at_a_time] = min(_timed(fill_all) for _ in range(3))
    return seconds[1] / seconds[threads]


def _fill(times: Iterable[int]) -> None:
    prg, buffer = Prg(bytes(SEED_BYTES)), bytearray(CEILING_BYTES)
    for _ in times:
        prg.fill(buffer)


def _timed(work: Callable[[], None]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def _seconds(field: str, count: int, threads: int, warm_up: bool = True) -> float:
    chosen, moments = field_by_name(field), list[float]()
    sessions = [
        SessionState(party, PARTIES, chosen, SecurityParams(), SystemRandomness(), bytes(32), threads=threads)
        for party in range(PARTIES)
    ]

    async def main(ctx: Context) -> None:
        maker = MascotPreprocessing()
        await maker.set_up(ctx)
        for wanted in (WARM_UP, count) if warm_up else (0, count):
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
        yield _prediction(figures)


def _prediction(figures: Section) -> str:
    """What the machine allows, and what more cores would."""
    most, loops = str(max(map(int, figures["seconds"]))), figures["loops"]
    share = loops["1"]["shared"] / loops["1"]["all"]
    two, many, any_number = (number(1 / (1 - share + part)) for part in (share / 2, share / MANY_CORES, 0))
    return (
        f"At {figures['field']} {100 * share:.0f} % of one thread's time is in loops that are shared out; {most} "
        f"threads do these {number(loops['1']['shared'] / loops[most]['shared'])} times as fast. {most} threads that "
        f"do nothing but AES in memory of their own are {number(figures['ceiling'])} times as fast as one on this "
        "machine at this moment. With cores that share nothing and without the interpreter's lock, Amdahl's law bounds "
        f"the gain by {two} times for 2 threads of each party, {many} times for {MANY_CORES}, and {any_number} times "
        "for any number. That is a projection, and of a party without TLS, which stays in one thread as well."
    )
