"""What each process of a benchmark of numbers that compare runs as its party; `spdz.measuring.worker` calls these.

The material is made by `prepare`, and its time counts: "all phases" is preprocessing and the online phase together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from spdz.measuring.tasks import Result, Say, timed
from spdz.online.session import Mpc
from spdz.online.values.types import Int

CHUNK = 1 << 15
"""So many at once: programs stream, and memory does not grow with the count."""
WARM = 64


def compare(mpc: Mpc, options: dict[str, Any], say: Say) -> Result:
    """x < y for arrays of 32-bit integers of two parties, as bits; with `over_field` as integers."""
    over_field = options.get("over_field", False)

    def work(x: Any, y: Any) -> Any:
        less = x < y
        return less.as_int() if over_field else less

    return _phases(mpc, options["count"], work, say)


def relu(mpc: Mpc, options: dict[str, Any], say: Say) -> Result:
    """max(x, 0) for an array of 32-bit integers."""
    return _phases(mpc, options["count"], lambda x, y: x.relu(), say)


def _phases(mpc: Mpc, count: int, work: Callable[[Any, Any], Any], say: Say) -> Result:
    """The work on `count` numbers in chunks: what is made beforehand, and what is done when it is there."""
    _once(mpc, WARM, work)
    made: list[Result] = []
    online: list[Result] = []
    for start in range(0, count, CHUNK):
        size = min(CHUNK, count - start)
        first, second = _once(mpc, size, work)
        made.append(first)
        online.append(second)
        say(done=start + size, wanted=count)
    totals = {name: sum(part[name] for part in (*made, *online)) for name in ("seconds", "cpu_seconds", "bytes_sent")}
    return {
        **online[-1],
        **totals,
        "online_seconds": sum(part["seconds"] for part in online),
        "online_bytes": sum(part["bytes_sent"] for part in online),
    }


def _once(mpc: Mpc, size: int, work: Callable[[Any, Any], Any]) -> tuple[Result, Result]:
    """Material, and then the work with the check and the opening of its result, which is compared with numpy's."""
    numbers = np.arange(size, dtype=np.int64) * 2_654_435_761 % (1 << 32) - (1 << 31)
    x = mpc.input(numbers, owner=0, type=Int(32))
    y = mpc.input(numbers[::-1].copy(), owner=mpc.parties - 1, type=Int(32))
    mpc.reveal(x[:1])
    result = work(x, y)
    made = timed(mpc, mpc.prepare)
    opened: list[Any] = []
    online = timed(mpc, lambda: opened.append(mpc.reveal(result)))
    expected = numbers < numbers[::-1]
    if opened[0].dtype != bool and opened[0].max() > 1:
        expected = np.maximum(numbers, 0)
    assert (opened[0] == expected).all(), "the benchmark computed wrong numbers"
    return made, online
