"""`spdz run`: run `main(mpc)` of a Python file as one party."""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path
from typing import Any

from spdz.errors import SpdzError
from spdz.measuring.progress import ProgressLine
from spdz.online.session import Mpc
from spdz.preprocessing.generators import Choice, generator_named, generators, preprocessing_with
from spdz.sessions.network import connect
from spdz.sessions.programs import load_program, unrevealed


def run(options: argparse.Namespace) -> int:
    """Connect, run the program, print what it returns, and say what it cost."""
    program, digest = load_program(Path(options.program))
    progress = ProgressLine(enabled=not options.quiet)
    with connect(
        options.config,
        options.party,
        field=options.field,
        preprocessing=chosen_preprocessing(options),
        args=options.rest,
        session=options.session,
        program_digest=digest,
        progress=progress.material,
        on_connect=progress.text,
        threads=options.threads,
    ) as mpc:
        progress.text(security_model(mpc))
        try:
            result = program(mpc)
        except SpdzError as error:
            error.add_note(_place(error, options.program))
            raise
        cost = mpc.cost
    progress.end()
    print_result(result)
    if not options.quiet:
        seconds = ", ".join(f"{phase} {value:.2f} s" for phase, value in cost.seconds.items())
        print(f"{cost.rounds} rounds, {cost.bytes_sent:,} bytes sent; {seconds}", file=sys.stderr)
    return 0


def print_result(result: Any) -> None:
    """What a program returned, if it returned something, on standard output; a word about secrets in it."""
    if result is not None:
        print(result)
    if unrevealed(result):
        print("the program returned a secret that was never revealed: return mpc.reveal(...) of it", file=sys.stderr)


def chosen_preprocessing(options: argparse.Namespace) -> Choice:
    """The generator of --preprocessing, with the options that belong to it."""
    names = {name for generator in generators().values() for name in generator.options}
    return preprocessing_with(options.preprocessing, {name: getattr(options, name, None) for name in sorted(names)})


def _place(error: SpdzError, program: str) -> str:
    """Where in the user's program an error came up."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == Path(program).resolve()]
    return f"at {program}, line {lines[-1]}" if lines else f"in {program}"


def security_model(mpc: Mpc) -> str:
    """One line that says what the run relies on."""
    trust = generator_named(mpc.preprocessing).trust
    return (
        f"party {mpc.party} of {mpc.parties}: malicious security, all other parties may cheat; abort, not fairness; "
        f"{mpc.preprocessing} preprocessing ({trust}); {mpc.field.name}; {mpc.transport}"
    )
