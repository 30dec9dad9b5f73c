"""`spdz vectors check`: the test vectors against this implementation."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from time import monotonic

from spdz.measuring.progress import ProgressLine
from spdz.vectors import index
from spdz.vectors.check import Report, check_file, check_folder
from spdz.vectors.files import FOLDER


def run(options: argparse.Namespace) -> int:
    """Check every file of a folder, or one file; the exit code is 1 if anything differs."""
    started = monotonic()
    progress = ProgressLine(enabled=not options.json)
    report = _checked(options.path, progress)
    progress.end()
    if options.json:
        print(json.dumps(asdict(report)))
    else:
        for failure in report.failures:
            print(f"DIFFERS {failure}")
        if not report.indexed and not Path(options.path).is_file():
            print(f"{options.path} has no {index.NAME}: a missing file would go unnoticed")
        print(
            f"{report.files} files, {report.tests} tests, {report.replays} endpoints replayed, "
            f"{len(report.failures)} differences, {monotonic() - started:.1f} s"
        )
    return 1 if report.failures else 0


def _checked(path: str | None, progress: ProgressLine) -> Report:
    """The vectors of the package must all be there; a folder of somebody's own may have no index."""
    if path is None:
        return check_folder(FOLDER, progress.update, needs_index=True)
    return check_file(Path(path)) if Path(path).is_file() else check_folder(Path(path), progress.update)
