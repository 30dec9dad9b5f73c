"""`spdz run`: run `main(mpc)` of a Python file as one party."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spdz.cli.progress import ProgressLine
from spdz.errors import SpdzError, UsageError
from spdz.network import connect
from spdz.online.session import Mpc
from spdz.params import MascotParams


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


def load_program(path: Path) -> tuple[Callable[[Mpc], Any], str]:
    """`main` of a file, and a digest of its text, which must be the same at all parties."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the program {path}: {error.strerror}") from None
    spec = importlib.util.spec_from_file_location("spdz_program", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["spdz_program"] = module
    sys.path.insert(0, str(path.resolve().parent))
    spec.loader.exec_module(module)
    main = getattr(module, "main", None)
    if not callable(main):
        raise UsageError(f"{path} defines no function main(mpc)")
    return main, hashlib.sha256(text).hexdigest()[:32]


def security_model(mpc: Mpc) -> str:
    """One line that says what the run relies on."""
    trust = "no trusted party" if mpc.preprocessing == "mascot" else "the dealer is trusted with every secret"
    return (
        f"party {mpc.party} of {mpc.parties}: malicious security, all other parties may cheat; abort, not fairness; "
        f"{mpc.preprocessing} preprocessing ({trust}); {mpc.field.name}; {mpc.transport}"
    )
