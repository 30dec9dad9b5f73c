"""`spdz plan`: what `main(mpc)` of a Python file will cost, without peers and without computing anything."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from spdz.cli.run import chosen_preprocessing
from spdz.sessions.planning import plan
from spdz.sessions.programs import load_program


def run(options: argparse.Namespace) -> int:
    """Plan the program and print the bill."""
    program, _ = load_program(Path(options.program))
    found = plan(
        program,
        options.parties,
        options.field,
        chosen_preprocessing(options),
        party=options.party,
        args=options.rest,
    )
    seconds = found.seconds(latency_ms=options.round_trip_ms / 2, megabits=options.mbit_per_second)
    if options.json:
        print(json.dumps(asdict(found) | {"network_seconds": seconds}))
    else:
        print(found)
        print(f"at least {seconds:.3g} s at {options.round_trip_ms:g} ms and {options.mbit_per_second:g} Mbit/s")
    return 0
