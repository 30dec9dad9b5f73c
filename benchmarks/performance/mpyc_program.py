"""One party of MPyC, run by `benchmarks.compare_mpyc`: `mpyc_program.py TASK MODULUS SIZES` after MPyC's own options.

The only file that imports MPyC, which is no dependency of the package. Prints seconds of each run as JSON.
"""

from __future__ import annotations

import json
import sys
from secrets import randbelow
from time import perf_counter
from typing import Any

import numpy as np
from mpyc.runtime import mpc

WORK = {
    "multiply": lambda x, y: mpc.np_sum(x * y),
    "matmul": lambda x, y: mpc.np_sum(x @ y),
    "inner": lambda x, y: x @ y,
}


def secret(field: Any, modulus: int, shape: list[int]) -> Any:
    """A random array, shared by party 0."""
    count = int(np.prod(shape))
    values = np.array([randbelow(modulus) for _ in range(count)], dtype=object).reshape(shape)
    return mpc.input(field.array(values), senders=0)


async def main(task: str, modulus: int, shapes: list[list[int]], runs: int) -> None:
    """The operation and the opening of one number, again and again; the inputs are shared before."""
    field = mpc.SecFld(modulus=modulus)
    await mpc.start()
    left, right = (secret(field, modulus, shape) for shape in shapes)
    await mpc.gather(left, right)
    seconds = []
    for _ in range(runs + 1):
        started = perf_counter()
        await mpc.output(WORK[task](left, right))
        seconds.append(perf_counter() - started)
    await mpc.shutdown()
    if mpc.pid == 0:
        print(json.dumps(seconds[1:]))  # the first run warms up


if __name__ == "__main__":
    mpc.run(main(sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]), int(sys.argv[4])))
