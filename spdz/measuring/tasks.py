"""What each process of a benchmark runs as its party; `spdz.measuring.worker` calls these."""

from __future__ import annotations

import resource
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from spdz.errors import UsageError
from spdz.measuring.meter import Meter
from spdz.measuring.stages import PROBES
from spdz.online.session import Mpc

Say = Callable[..., None]
Result = dict[str, Any]

TRIPLE_CHUNK = 1 << 15
PLAIN_SAMPLE = 1 << 18
"""What more plain triples than this would cost is calculated from so many."""


def make_triples(mpc: Mpc, options: dict[str, Any], say: Say) -> Result:
    """Make and throw away triples, a chunk at a time, so that memory shows what the generator needs."""
    mpc.prepare(triples=200)  # compiles the kernels
    mpc.discard_material()
    wanted = options["count"]

    def work() -> None:
        made = 0
        while made < wanted:
            step = min(TRIPLE_CHUNK, wanted - made)
            mpc.prepare(triples=step)
            mpc.discard_material()
            made += step
            say(done=made, wanted=wanted)

    return _measured(mpc, options, work) | {"set_up_seconds": mpc.cost.seconds["set-up"]}


def multiply(mpc: Mpc, options: dict[str, Any], say: Say) -> Result:
    """x * y for random secret arrays, and the reveal of the sum of the products: once, then several times.

    The first product of a process runs in memory that nobody has touched yet, and is measured by itself.
    """
    count, repeats = options["count"], options["repeats"]
    mpc.reveal((mpc.random(8) * mpc.random(8)).sum())  # compiles the kernels
    x, y = mpc.random(count), mpc.random(count)
    mpc.prepare(triples=count * (1 + repeats))
    mpc.reveal(x[0])  # Everybody has the material before anybody's clock starts.

    def work(products: int) -> None:
        for _ in range(products):
            mpc.reveal((x * y).sum())

    first = timed(mpc, lambda: work(1))
    return _measured(mpc, options, lambda: work(repeats)) | {"first_seconds": first["seconds"]}


def chain(mpc: Mpc, options: dict[str, Any], say: Say) -> Result:
    """x * y * y * ... * y, one after the other."""
    count = options["count"]
    mpc.reveal((mpc.random() * mpc.random()).reshape(1))  # compiles the kernels
    x, y = mpc.random(), mpc.random()
    mpc.prepare(triples=count)
    mpc.reveal(x)  # Everybody has the material before anybody's clock starts.
    rounds = mpc.cost.rounds

    def work() -> None:
        product = x
        for _ in range(count):
            product = product * y
        mpc.reveal(product)

    return _measured(mpc, options, work) | {"rounds": mpc.cost.rounds - rounds}


def matmul(mpc: Mpc, options: dict[str, Any], say: Say) -> Result:
    """The product of two random secret matrices, and what its material costs in either form."""
    (m, inner, n), count = options["dims"], options["count"]
    mpc.reveal((mpc.random((8, 8)) @ mpc.random((8, 8))).sum())  # compiles the kernels
    x, y = mpc.random((m, inner)), mpc.random((inner, n))
    mpc.reveal(x[0, 0])
    mpc.prepare(triples=200)
    mpc.discard_material()
    sample = min(PLAIN_SAMPLE, m * inner * n)
    plain = _measured(mpc, {}, lambda: mpc.prepare(triples=sample))
    mpc.discard_material()

    def whole() -> None:
        mpc.prepare(matrix_triples={(m, inner, n): count})

    if options.get("profile"):
        return _measured(mpc, options, whole)
    # `prepare` refuses before anything has happened when there is no maker of matrix triples.
    try:
        material, form = _measured(mpc, {}, whole), "matrix triples"
    except UsageError:
        material, form = plain, "triples"
        mpc.prepare(triples=count * m * inner * n)
    online = _measured(mpc, options, lambda: mpc.reveal(*((x @ y).sum() for _ in range(count))))
    return online | {
        "material": form,
        "material_seconds": material["seconds"],
        "material_bytes": material["bytes_sent"],
        "plain_sample": sample,
        "plain_seconds": plain["seconds"],
        "plain_bytes": plain["bytes_sent"],
    }


def _measured(mpc: Mpc, options: dict[str, Any], work: Callable[[], Any]) -> Result:
    """Do `work`: seconds, bytes, processor time, memory; with the option "profile" also where the time goes."""
    if not options.get("profile"):
        return timed(mpc, work)
    meter = Meter(PROBES)
    with meter.installed():
        figures = timed(mpc, work)
    tallies = meter.tallies
    stages = {stage: asdict(tally) for stage, tally in tallies.items()}
    functions = [{"function": name, "stage": stage} | asdict(tally) for (stage, name), tally in meter.functions.items()]
    calls = sum(tally.calls for tally in tallies.values())
    return figures | {"stages": stages, "functions": functions, "measuring_seconds": calls * meter.seconds_per_call()}


def timed(mpc: Mpc, work: Callable[[], Any]) -> Result:
    """Do `work`: seconds, bytes, processor time, memory of this party."""
    sent, used, started = mpc.cost.bytes_sent, _cpu_seconds(), perf_counter()
    work()
    return {
        "seconds": perf_counter() - started,
        "cpu_seconds": _cpu_seconds() - used,
        "bytes_sent": mpc.cost.bytes_sent - sent,
        "peak_rss_bytes": peak_rss_bytes(),
        "transport": mpc.transport,
    }


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peak_rss_bytes() -> int:
    """The most memory that this process has had. On Linux not `ru_maxrss`, which may be that of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
