"""The command line as real processes, none of which outlives its test."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 60.0
"""How long a test waits before it calls a process hung; nothing is measured by it."""


@dataclass(frozen=True)
class Ended:
    """How a process ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def error_line(self) -> str:
        """The one line on standard error that says what went wrong."""
        assert "Traceback" not in self.err, self.err
        lines = [line for line in self.err.splitlines() if line.startswith(("spdz: ", "spdz run: "))]
        assert len(lines) == 1, self.err
        assert self.err.rstrip().endswith(lines[0]), self.err
        return lines[0]


def command(*arguments: str) -> list[str]:
    """`spdz` with arguments."""
    return [sys.executable, "-m", "spdz", *arguments]


def spdz(*arguments: str) -> Ended:
    """Run one command to its end."""
    done = subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=2 * PATIENCE_SECONDS, stdin=subprocess.DEVNULL
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@contextmanager
def started(*commands: Sequence[str]) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are killed when the block is left."""
    with ExitStack() as stack:
        processes = []
        for arguments in commands:
            process = subprocess.Popen(
                arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            processes.append(process)
        yield processes


def ends(processes: Sequence[subprocess.Popen[str]]) -> list[Ended]:
    """Wait for all."""
    results = []
    for process in processes:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
        results.append(Ended(process.returncode, out, err))
    return results


def addresses(count: int) -> list[str]:
    """Free ports of the loopback interface."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [f"127.0.0.1:{one.getsockname()[1]}" for one in sockets]


class Group:
    """The folders of a new group of parties, and their commands."""

    def __init__(self, folder: Path, parties: int = 2, *, dealer: bool = False) -> None:
        self.folder = folder
        self.addresses = addresses(parties + dealer)
        extra = ["--dealer", self.addresses[parties]] if dealer else []
        self.init = spdz("init", str(folder / "group"), "--parties", *self.addresses[:parties], *extra)
        assert self.init.code == 0, self.init.err
        self.parties = parties

    def config(self, party: int) -> Path:
        """The parties file in the folder of a party."""
        return self.folder / "group" / f"party-{party}" / "parties.toml"

    def set_seconds(self, name: str, seconds: float) -> None:
        """Change a time limit in every parties file."""
        for party in range(self.parties):
            path = self.config(party)
            text, count = re.subn(rf"{name} = .*", f"{name} = {seconds}", path.read_text())
            assert count == 1
            path.write_text(text)

    def program(self, text: str, name: str = "program.py") -> Path:
        """A program file."""
        path = self.folder / name
        path.write_text(text)
        return path

    def command(self, party: int, program: Path, *options: str, arguments: Sequence[str] = ()) -> list[str]:
        """`spdz run` as one party, M61 unless said otherwise."""
        field = () if "--field" in options else ("--field", "M61")
        rest = ("--", *arguments) if arguments else ()
        return command(
            "run", str(program), "--config", str(self.config(party)), "--party", str(party), *field, *options, *rest
        )

    def run(self, *programs: Path, options: Sequence[Sequence[str]] = ()) -> list[Ended]:
        """Run a program, or one for each party, with options for each, to the end."""
        chosen = programs if len(programs) > 1 else programs * self.parties
        extra = options or [()] * self.parties
        commands = [self.command(party, chosen[party], *extra[party]) for party in range(self.parties)]
        with started(*commands) as processes:
            return ends(processes)
