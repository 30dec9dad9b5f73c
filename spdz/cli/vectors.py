"""`spdz vectors check`: the test vectors against this implementation."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from time import monotonic

from spdz.cli.progress import ProgressLine
from spdz.vectors.check import check_folder
from spdz.vectors.files import FOLDER


def run(options: argparse.Namespace) -> int:
    """Check every file of a folder; the exit code is 1 if anything differs."""
    started = monotonic()
    progress = ProgressLine(enabled=not options.json)
    report = check_folder(Path(options.folder) if options.folder else FOLDER, progress.update)
    progress.end()
    if options.json:
        print(json.dumps(asdict(report)))
    else:
        for failure in report.failures:
            print(f"DIFFERS {failure}")
        print(
            f"{report.files} files, {report.tests} tests, {report.replays} endpoints replayed, "
            f"{len(report.failures)} differences, {monotonic() - started:.1f} s"
        )
    return 1 if report.failures else 0
