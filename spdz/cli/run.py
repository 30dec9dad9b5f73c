"""`spdz run`: run `main(mpc)` of a Python file as one party."""

from __future__ import annotations

import argparse
import sys
import traceback
from pathlib import Path

from spdz.errors import SpdzError
from spdz.measuring.progress import ProgressLine
from spdz.online.session import Mpc
from spdz.params import MascotParams
from spdz.sessions.network import connect
from spdz.sessions.programs import load_program


def run(options: argparse.Namespace) -> int:
    """Connect, run the program, print what it returns, and say what it cost."""
    program, digest = load_program(Path(options.program))
    progress = ProgressLine(enabled=not options.quiet)
    with connect(
        options.config,
        options.party,
        field=options.field,
        preprocessing=options.preprocessing,
        args=options.rest,
        program_digest=digest,
        progress=progress.material,
        on_connect=progress.text,
        mascot=mascot_params(options),
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
    if result is not None:
        print(result)
    if not options.quiet:
        seconds = ", ".join(f"{phase} {value:.2f} s" for phase, value in cost.seconds.items())
        print(f"{cost.rounds} rounds, {cost.bytes_sent:,} bytes sent; {seconds}", file=sys.stderr)
    return 0


def mascot_params(options: argparse.Namespace) -> MascotParams:
    """The choices of --ot-tree-bits and --authentication."""
    chosen = {"ot_tree_bits": options.ot_tree_bits, "authentication": options.authentication}
    return MascotParams(**{name: value for name, value in chosen.items() if value is not None})


def _place(error: SpdzError, program: str) -> str:
    """Where in the user's program an error came up."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == Path(program).resolve()]
    return f"at {program}, line {lines[-1]}" if lines else f"in {program}"


def security_model(mpc: Mpc) -> str:
    """One line that says what the run relies on."""
    trust = "no trusted party" if mpc.preprocessing == "mascot" else "the dealer is trusted with every secret"
    return (
        f"party {mpc.party} of {mpc.parties}: malicious security, all other parties may cheat; abort, not fairness; "
        f"{mpc.preprocessing} preprocessing ({trust}); {mpc.field.name}; {mpc.transport}"
    )
