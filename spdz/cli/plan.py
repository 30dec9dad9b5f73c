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
    network = {"latency_ms": options.round_trip_ms / 2, "megabits": options.mbit_per_second}
    seconds, before = found.seconds(**network), found.preprocessing_seconds(**network)
    if options.json:
        print(json.dumps(asdict(found) | {"network_seconds": seconds, "preprocessing_network_seconds": before}))
    else:
        print(found)
        making = "" if before is None else f", and before about {before:.3g} s for the material"
        network_text = f"{options.round_trip_ms:g} ms and {options.mbit_per_second:g} Mbit/s"
        print(f"at least {seconds:.3g} s online{making}, at {network_text}")
    return 0
