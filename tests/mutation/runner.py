"""Runs the tests against each mutant, in a private copy of the tree, and says who survives.

Each mutant has a copy of its own (source, tests, and the compiled kernels beside them), so the working tree is never
touched and nothing of one mutant reaches the next. The test that noticed it last time runs first, then those that
should notice, then all others that are quick enough.

Each run is a fork of this process, which has imported the libraries but nothing of the package: that halves the time.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from time import monotonic, sleep

# Imported here so that the forks find them; nothing of the package is.
import cryptography.x509
import gmpy2
import nacl.bindings
import numba
import numpy
import pytest

from tests.mutation.mutant import Mutant, apply

PRELOADED = (cryptography, gmpy2, nacl, numba, numpy)
ROOT = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.05

COPIED = ("spdz", "preprocessing", "online", "examples", "tests", "docs", "benchmarks", "vectors", ".ci")
COPIED_FILES = ("pyproject.toml", "README.md", "SECURITY.md", "CHANGELOG.md", "Makefile", "LICENSE")
DEADLINE_SECONDS = 240.0
"""For one run of pytest. A mutant that takes longer is not counted as killed: it may be the machine that is slow."""

WIDER = tuple(
    f"tests/{folder}"
    for folder in (
        "protocols",
        "sharing",
        "wire",
        "runtime",
        "crypto",
        "preprocessing",
        "online",
        "attacks",
        "transport",
        "api",
        "field",
        "house",
    )
)
"""What runs when the tests that a mutant names do not notice it."""

_FIRST_FAILURE = re.compile(r"^(?:FAILED|ERROR) (\S+?)(?:\[.*)?(?: - .*)?$", re.MULTILINE)
_A_TEST_FAILED = re.compile(r"^FAILED \S+?::", re.MULTILINE)
CRASHED = 3
"""Exit code of pytest for an internal error, and of a fork that pytest left with an exception."""


class Verdict(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    DEADLINE = "UNDECIDED: the deadline passed"
    SURVIVED = "SURVIVED"
    BROKEN = "BROKEN: the tests could not run"


@dataclass(frozen=True)
class Result:
    """How one mutant ended, which test noticed it, and whether that is one of those it names."""

    mutant: Mutant
    verdict: Verdict
    killer: str
    expected: bool
    seconds: float
    output: str

    @property
    def killed(self) -> bool:
        """Whether the suite turned red."""
        return self.verdict is Verdict.KILLED


def copy_tree(root: Path, target: Path) -> None:
    """Copy what the tests need, with times kept: compiled kernels are valid for the time of their source."""
    target.mkdir()
    for name in COPIED:
        if (root / name).exists():
            shutil.copytree(root / name, target / name, symlinks=True)
    for name in COPIED_FILES:
        if (root / name).exists():
            shutil.copy2(root / name, target / name)


class Run:
    """pytest in a fork of this process, inside a copy of the tree."""

    def __init__(self, copy: Path, tests: Sequence[str], deadline: float = DEADLINE_SECONDS) -> None:
        self._output = copy / "output.txt"
        self._deadline = monotonic() + deadline
        sys.stdout.flush()
        self._pid = os.fork()
        if self._pid == 0:
            _become_pytest(copy, tests, self._output)

    def ended(self) -> tuple[Verdict, str] | None:
        """How it ended and what it printed; None while it runs."""
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if pid == 0 and monotonic() < self._deadline:
            return None
        if pid == 0:
            os.killpg(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            return Verdict.DEADLINE, ""
        code = os.waitstatus_to_exitcode(status)
        output = self._output.read_text(errors="replace")
        verdict = {0: Verdict.SURVIVED, 1: Verdict.KILLED}.get(code, Verdict.BROKEN)
        if code == CRASHED and _A_TEST_FAILED.search(output):
            verdict = Verdict.KILLED  # What a failed test left open upset pytest when it was about to end.
        return verdict, output

    def wait(self) -> tuple[Verdict, str]:
        """Wait for the end."""
        while (end := self.ended()) is None:
            sleep(POLL_SECONDS)
        return end


def _become_pytest(copy: Path, tests: Sequence[str], output: Path) -> None:
    """In the child: forget the working tree, see the copy only, run pytest and leave."""
    code = CRASHED
    try:
        os.setpgid(0, 0)
        descriptor = os.open(output, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
        os.chdir(copy)
        environment = {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "500"}
        os.environ.update(environment)
        os.environ.pop("NUMBA_CACHE_DIR", None)
        sys.dont_write_bytecode = True
        sys.argv = ["pytest"]
        for name in [name for name in sys.modules if name.split(".")[0] in ("tests", "spdz")]:
            del sys.modules[name]
        sys.path[:] = [str(copy), *(path for path in sys.path if path not in ("", str(ROOT)))]
        sys.path_importer_cache.clear()
        options = ["-x", "-q", "-rfE", "--tb=line", "-p", "no:cacheprovider", "-p", "tests.mutation.inside"]
        code = int(pytest.main([*options, *tests]))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


class Trial:
    """One mutant on its way: a copy of the tree, and one run after the other until a test notices."""

    def __init__(self, snapshot: Path, copy: Path, mutant: Mutant, killer: str | None) -> None:
        shutil.copytree(snapshot, copy, symlinks=True)
        apply(mutant, copy)
        self._mutant = mutant
        self._copy = copy
        self._started = monotonic()
        known = killer is not None and (snapshot / killer.split("::")[0]).exists() and "::" in killer
        self._left = [*([(killer,)] if known and killer is not None else []), mutant.tests, WIDER]
        self._next()

    def _next(self) -> None:
        self._tests = self._left.pop(0)
        self._run = Run(self._copy, self._tests)

    def ended(self) -> Result | None:
        """The result, or None while some run is under way."""
        end = self._run.ended()
        if end is None:
            return None
        verdict, output = end
        # A test that noticed it once may be called something else today.
        went_missing = verdict is Verdict.BROKEN and len(self._left) == 2
        if (verdict is Verdict.SURVIVED or went_missing) and self._left:
            self._next()
            return None
        shutil.rmtree(self._copy)
        found = _FIRST_FAILURE.search(output)
        killer = found[1] if found else ""
        expected = self._tests is not WIDER
        return Result(self._mutant, verdict, killer, expected, monotonic() - self._started, output)


def run_all(
    root: Path,
    mutants: Sequence[Mutant],
    jobs: int,
    on_result: Callable[[Result], None],
    killers: Mapping[str, str],
) -> tuple[list[Result], bool]:
    """Run every mutant; also whether the untouched copy passes the tests that killed them.

    `killers` says, by name, which test noticed a mutant last time.
    """
    results: dict[str, Result] = {}
    waiting = list(mutants)
    running: list[Trial] = []
    with tempfile.TemporaryDirectory(prefix="spdz-mutants-") as folder:
        snapshot = Path(folder) / "snapshot"
        copy_tree(root, snapshot)
        while waiting or running:
            while waiting and len(running) < jobs:
                mutant = waiting.pop(0)
                running.append(Trial(snapshot, Path(folder) / mutant.name, mutant, killers.get(mutant.name)))
            sleep(POLL_SECONDS)
            for trial in list(running):
                result = trial.ended()
                if result is not None:
                    running.remove(trial)
                    results[result.mutant.name] = result
                    on_result(result)
        ordered = [results[mutant.name] for mutant in mutants]
        return ordered, _is_healthy(snapshot, ordered)


def _is_healthy(snapshot: Path, results: list[Result]) -> bool:
    """Whether the tests that killed the mutants pass without any: a test that always fails kills nothing."""
    killers = list(dict.fromkeys(result.killer for result in results if result.killer))
    if not killers:
        return True
    verdict, output = Run(snapshot, killers, 4 * DEADLINE_SECONDS).wait()
    if verdict is not Verdict.SURVIVED:
        print(f"the tests fail without any mutant:\n{output[-2000:]}", flush=True)
    return verdict is Verdict.SURVIVED
