"""`spdz demo`: real data, one process per party over TLS, and all that is revealed compared with the plain result.

The program is `spdz.examples.breast_cancer`. This process plays no part in the protocol: it cuts the table, starts the
parties, and afterwards computes the same from the whole table to compare.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from spdz.cli.demo_report import Outcome, as_json, as_text
from spdz.examples.breast_cancer import Aggregates, Held, compute
from spdz.examples.breast_cancer_table import (
    LABEL,
    TABLE,
    columns_of,
    default_group,
    exact_gram,
    read_numbers,
    scaled,
    split,
    standardise,
)
from spdz.measuring.cluster import run_cluster
from spdz.measuring.progress import ProgressLine
from spdz.online.session import Mpc
from spdz.sessions.local import run_local

Say = Callable[..., None]


class Show(Protocol):
    """Says what is being done; `passing` if not every such text has to be seen."""

    def __call__(self, text: str, *, passing: bool = False) -> None: ...


_TICK_SECONDS = 0.5


def run(options: argparse.Namespace) -> int:
    """Run the demonstration; 0 if every revealed integer is exactly the one computed in the clear."""
    started = perf_counter()
    with _showing() as show:
        show("loading kernels (compiled on first use only, for some seconds)")
        _warm_up(options)
        warmed = perf_counter()
        show(f"starting {options.parties} processes")
        results = _compute_together(options, show)
        computed = perf_counter()
        show("computing the same in the clear")
        outcome = _compare(options, results)
    outcome.seconds.update(_phases(results, kernels=warmed - started, processes=computed - warmed))
    outcome.seconds["total"] = perf_counter() - started
    print(as_json(outcome) if options.json else as_text(outcome))
    return 0 if outcome.max_difference == 0 else 1


def take_part(mpc: Mpc, options: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """What the process of one party does; it is told the path of its own file only."""
    if mpc.party == 0:
        say(phase="connected; making material for the multiplications")
    found = compute(mpc, options["file"])
    cost = mpc.cost
    return {
        "rows": found.rows,
        "gram": found.gram.tolist(),
        "sums": found.sums.tolist(),
        "transport": mpc.transport,
        "rounds": cost.rounds,
        "bytes_sent": cost.bytes_sent,
        "material": cost.material,
        "seconds": cost.seconds,
    }


def _warm_up(options: argparse.Namespace) -> None:
    """Run a tiny session here, so that the parties find compiled kernels and do not all compile them at once."""

    def program(mpc: Mpc) -> None:
        ones = np.ones((2, 2), np.int64)
        x, y = (mpc.input(ones if mpc.party == owner else None, owner=owner, shape=(2, 2)) for owner in (0, 1))
        mpc.reveal(x.T @ y, x.sum(0))

    # Compiling with a cold cache on a slow machine takes its time, while the other party waits.
    run_local(program, field=options.field, preprocessing=options.preprocessing, timeout=600.0)


def _compute_together(options: argparse.Namespace, show: Show) -> list[dict[str, Any]]:
    def report(party: int, said: Mapping[str, Any]) -> None:
        if party != 0:
            return
        if "material" in said:
            unfinished = said["made"] < said["wanted"]
            show(f"{said['material']}: {said['made']:,} of {said['wanted']:,} made", passing=unfinished)
        elif "phase" in said:
            show(said["phase"])

    with tempfile.TemporaryDirectory(prefix="spdz-demo-") as folder:
        files = split(TABLE, folder, options.parties)
        return run_cluster(
            f"{__name__}:{take_part.__name__}",
            [{"file": str(file)} for file in files],
            parties=options.parties,
            field=options.field,
            preprocessing=options.preprocessing,
            report=report,
        )


def _compare(options: argparse.Namespace, results: list[dict[str, Any]]) -> Outcome:
    """Set what the parties got against what this process computes from the whole table."""
    group = default_group(options.parties)
    held = tuple(columns_of(group, party, options.parties) for party in range(options.parties))
    names = tuple(name for part in held for name in part)
    table = read_numbers(TABLE, names)
    block = scaled(table, names)
    expected = Aggregates(len(block), held, exact_gram(block), block.astype(object).sum(0))
    revealed = [_revealed(result, held) for result in results]
    design = np.column_stack(
        [np.ones(len(table)), *(standardise(table[:, j], name) for j, name in enumerate(names) if name != LABEL)]
    )
    label = table[:, -1]
    plain_weights = np.linalg.lstsq(design, label, rcond=None)[0]
    return Outcome(
        parties=options.parties,
        field=options.field,
        preprocessing=options.preprocessing,
        transport=results[0]["transport"],
        revealed=revealed[0],
        max_difference=max(one.difference(expected) for one in revealed),
        accuracy=_accuracy(design, label, revealed[0].weights()),
        plain_accuracy=_accuracy(design, label, plain_weights),
        rounds=max(result["rounds"] for result in results),
        bytes_sent=[result["bytes_sent"] for result in results],
        material=results[0]["material"],
        seconds={},
    )


def _revealed(result: Mapping[str, Any], held: Held) -> Aggregates:
    return Aggregates(result["rows"], held, np.array(result["gram"], object), np.array(result["sums"], object))


def _accuracy(design: Any, label: Any, weights: Any) -> float:
    """The share of rows that are put on the right side of one half."""
    return float(np.mean((design @ weights > 0.5) == (label == 1)))


def _phases(results: list[dict[str, Any]], *, kernels: float, processes: float) -> dict[str, float]:
    """Seconds by phase: that of the slowest party, and what is left for starting, connecting and ending processes."""
    inside = {phase: max(float(result["seconds"][phase]) for result in results) for phase in results[0]["seconds"]}
    return {"kernels": kernels, "processes": max(0.0, processes - sum(inside.values())), **inside}


@contextmanager
def _showing() -> Iterator[Show]:
    """Show what is being done on standard error, and for how long already, so that it is seen to be alive."""
    line = ProgressLine()
    lock, over = threading.Lock(), threading.Event()
    current, since = "", perf_counter()

    def show(text: str, *, passing: bool = False) -> None:
        nonlocal current, since
        with lock:
            since = since if passing else perf_counter()
            current = text
            line.update(text, done=not passing)

    def tick() -> None:
        while not over.wait(_TICK_SECONDS):
            with lock:
                line.update(f"{current} ({perf_counter() - since:.0f} s)")

    ticking = threading.Thread(target=tick, daemon=True)
    ticking.start()
    try:
        yield show
    finally:
        over.set()
        ticking.join()
        line.end()
