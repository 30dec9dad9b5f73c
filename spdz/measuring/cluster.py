"""Parties as separate processes on this machine, over TLS on loopback: for the demo and the benchmarks.

Keys and certificates are made for the occasion, in a folder that goes away with it. Each process runs
`spdz.measuring.worker`, which reports in lines of JSON on its standard output.
"""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from spdz.errors import SpdzError, TransportError
from spdz.params import endpoint_name
from spdz.preprocessing.generators import Choice, preprocessing_of
from spdz.transport.initialise import initialise

Report = Callable[[int, dict[str, Any]], None]
"""(party, what it says)"""

Between = Callable[[Sequence[Path]], AbstractContextManager[Any]]
"""Given everyone's folder before anybody starts: it may change the parties files and stand between the processes."""


class WorkerFailed(SpdzError):
    """A process of the cluster failed; the message is its own, `code` its exit code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def run_cluster(
    task: str,
    options: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    *,
    parties: int,
    field: str,
    preprocessing: Choice = "mascot",
    threads: int = 1,
    between: Between | None = None,
    report: Report | None = None,
    timeout: float = 600.0,
) -> list[dict[str, Any]]:
    """Run the function named by `task` ("module:function") as every party; returns their results.

    The function is called with (mpc, options, say); `options` are the same for all, or one for each party, which then
    sees only its own. `say(**values)` reaches `report`. Raises WorkerFailed with the first failure that is not an echo
    of another.
    """
    with tempfile.TemporaryDirectory(prefix="spdz-") as folder, ExitStack() as stack:
        maker = preprocessing_of(preprocessing)
        dealer = maker.generator.has_dealer
        handed = [options] * parties if isinstance(options, Mapping) else list(options)
        addresses = [f"127.0.0.1:{port}" for port in _free_ports(parties + dealer)]
        places = initialise(Path(folder) / "parties", addresses[:parties], addresses[parties] if dealer else None)
        if between is not None:
            stack.enter_context(between(places))
        lines: queue.SimpleQueue[tuple[int, str | None]] = queue.SimpleQueue()
        processes = []
        for index, place in enumerate(places):
            settings = {
                "task": task,
                "config": str(place / "parties.toml"),
                "party": index,
                "dealer": index == parties,
                "field": field,
                "preprocessing": maker.generator.name,
                "choices": maker.choices,
                "threads": threads,
                "options": dict(handed[index]) if index < parties else {},
            }
            process = stack.enter_context(_Worker(index, settings, lines))
            processes.append(process)
        return _collect(processes, lines, parties, report, timeout)


class _Worker:
    """One process and the thread that reads its output."""

    def __init__(self, index: int, settings: dict[str, Any], lines: queue.SimpleQueue[tuple[int, str | None]]) -> None:
        self.index = index
        self._settings = settings
        self._lines = lines

    def __enter__(self) -> _Worker:
        command = [sys.executable, "-m", "spdz.measuring.worker"]
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, text=True
        )
        if self.process.stdin is not None:
            # Not on the command line, which every user of the machine can read.
            with contextlib.suppress(BrokenPipeError), self.process.stdin as stdin:
                stdin.write(json.dumps(self._settings))
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait()
        self._thread.join()
        if self.process.stdout is not None:
            self.process.stdout.close()

    def _read(self) -> None:
        if self.process.stdout is not None:
            for line in self.process.stdout:
                self._lines.put((self.index, line))
        self._lines.put((self.index, None))


def _collect(
    workers: list[_Worker],
    lines: queue.SimpleQueue[tuple[int, str | None]],
    parties: int,
    report: Report | None,
    timeout: float,
) -> list[dict[str, Any]]:
    results: dict[int, dict[str, Any]] = {}
    failures: dict[int, dict[str, Any]] = {}
    running = len(workers)
    while running:
        try:
            index, line = lines.get(timeout=timeout)
        except queue.Empty:
            raise TransportError(f"the processes said nothing for {timeout:.0f} s") from None
        if line is None:
            running -= 1
            continue
        said = json.loads(line)
        if "result" in said:
            results[index] = said["result"]
        elif "error" in said:
            failures[index] = said
        elif report is not None:
            report(index, said)
    for index, worker in enumerate(workers):
        if worker.process.wait() and index not in failures:
            failures[index] = {"error": "ended without a word", "echo": True, "code": worker.process.returncode}
    _raise_failure(failures, parties)
    return [results[index] for index in range(parties)]


def _raise_failure(failures: dict[int, dict[str, Any]], parties: int) -> None:
    for index, failure in sorted(failures.items(), key=lambda item: bool(item[1]["echo"])):
        raise WorkerFailed(f"{endpoint_name(index, parties)}: {failure['error']}", int(failure["code"]))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
