"""What each process of a benchmark of numbers that compare runs as its party; `spdz.measuring.worker` calls these.

The material is made by `prepare`, and its time counts: "all phases" is preprocessing and the online phase together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spdz.measuring.tasks import Result, Say, timed
from spdz.online.session import Mpc
from spdz.online.values.fixed import SecretFixed
from spdz.online.values.integer import SecretInt
from spdz.online.values.types import Fixed, Int

CHUNK = 1 << 15
"""So many at once: programs stream, and memory does not grow with the count."""
WARM = 64

Numbers = npt.NDArray[Any]


class _Work(NamedTuple):
    """What is done with arrays of two parties, and whether its result is right for what they hold."""

    enter: Callable[[Mpc, Numbers, int], Any]
    """Integers of 32 bits as an input of their owner."""
    secret: Callable[[Any, Any], Any]
    right: Callable[[Numbers, Numbers, Numbers], Any]


def compare(mpc: Mpc, options: dict[str, Any], say: Say) -> Result:
    """x < y for arrays of 32-bit integers of two parties, as bits; with `over_field` as integers."""
    over_field = options["over_field"]

    def less(x: Any, y: Any) -> Any:
        return (x < y).as_int() if over_field else x < y

    return _phases(mpc, options["count"], _Work(_integers, less, lambda opened, x, y: opened == (x < y)), say)


def relu(mpc: Mpc, options: dict[str, Any], say: Say) -> Result:
    """max(x, 0) for an array of 32-bit integers."""
    work = _Work(_integers, lambda x, y: x.relu(), lambda opened, x, y: opened == np.maximum(x, 0))
    return _phases(mpc, options["count"], work, say)


def sort(mpc: Mpc, options: dict[str, Any], say: Say) -> Result:
    """The integers of the first party in ascending order."""
    work = _Work(_integers, lambda x, y: x.sort(), lambda opened, x, y: opened == np.sort(x))
    return _phases(mpc, options["count"], work, say)


def fixed(mpc: Mpc, options: dict[str, Any], say: Say) -> Result:
    """x y for arrays of fixed-point numbers of two parties: 48 bits, 16 of them after the point.

    The inputs have 30 bits, so that a run of half a million products hides with 40 bits of statistical security.
    """

    def right(opened: Numbers, x: Numbers, y: Numbers) -> Any:
        return np.abs(opened - _shorter(x) * _shorter(y)) < 2.0**-12

    def product(x: Any, y: Any) -> Any:
        # Its entries are asked for, so that what is made beforehand includes what truncates them.
        return (x * y)[:]

    return _phases(mpc, options["count"], _Work(_reals, product, right), say)


def _integers(mpc: Mpc, numbers: Numbers, owner: int) -> SecretInt:
    return mpc.input(numbers, owner=owner, type=Int(32))


def _reals(mpc: Mpc, numbers: Numbers, owner: int) -> SecretFixed:
    return mpc.input(_shorter(numbers), owner=owner, type=Fixed(16, 30)).astype(Fixed(16, 48))


def _shorter(numbers: Numbers) -> Numbers:
    """Integers of 32 bits as real numbers of 30, 16 of them after the point."""
    shorter: Numbers = np.ldexp((numbers >> 2).astype(float), -16)
    return shorter


def _phases(mpc: Mpc, count: int, work: _Work, say: Say) -> Result:
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


def _once(mpc: Mpc, size: int, work: _Work) -> tuple[Result, Result]:
    """Material, and then the work with the check and the opening of its result, which is compared with numpy's."""
    numbers = np.arange(size, dtype=np.int64) * 2_654_435_761 % (1 << 32) - (1 << 31)
    others = numbers[::-1].copy()
    x, y = work.enter(mpc, numbers, 0), work.enter(mpc, others, mpc.parties - 1)
    mpc.reveal(x[:1])
    result = work.secret(x, y)
    made = timed(mpc, mpc.prepare)
    opened: list[Any] = []
    online = timed(mpc, lambda: opened.append(mpc.reveal(result)))
    assert work.right(opened[0], numbers, others).all(), "the benchmark computed wrong numbers"
    return made, online
