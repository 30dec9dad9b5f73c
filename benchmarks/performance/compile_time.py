"""How long a first program takes while its kernels are compiled, and afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile

from spdz.measuring.request import Figures, median_of_runs

PROGRAM = """
from time import perf_counter
started = perf_counter()
import json, sys
import spdz

def program(mpc):
    x, y = mpc.random(8), mpc.random(8)
    a, b = mpc.random((8, 8)), mpc.random((8, 8))
    mpc.prepare(triples=15_000, squares=8, random_bits=8, input_masks={0: 8})
    return mpc.reveal((x * y).sum(), (x * x).sum(), (a @ b).sum())

spdz.run_local(program, parties=2, field=sys.argv[1])
print(json.dumps(perf_counter() - started))
"""
"""Two parties in one process, MASCOT: every kind of material, so many triples that silent VOLE is used, products."""


def compile_seconds(field: str, runs: int) -> Figures:
    """Seconds of the program with an empty kernel cache, and with what that run has left there."""

    def run() -> Figures:
        with tempfile.TemporaryDirectory(prefix="spdz-") as cache:
            return {"first_seconds": _seconds(field, cache), "second_seconds": _seconds(field, cache)}

    return {"benchmark": "compile", "field": field} | median_of_runs(run, runs)


def _seconds(field: str, cache: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, field],
        env=os.environ | {"NUMBA_CACHE_DIR": cache},
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    return float(json.loads(done.stdout))
