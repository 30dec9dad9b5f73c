"""All vectors of a folder against this implementation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spdz.vectors import endpoints, functions
from spdz.vectors.files import Case, read_folder


@dataclass
class Report:
    """What was run, and what differed."""

    files: int = 0
    tests: int = 0
    replays: int = 0
    """Endpoints that were run against recorded others."""
    failures: list[str] = field(default_factory=list)


def check_case(case: Case) -> list[str]:
    """What differs, as sentences; empty if nothing does. Raises UsageError for a field that makes no sense."""
    return functions.check(case) if case.kind in functions.FUNCTIONS else endpoints.replay(case)


def check_folder(folder: Path, progress: Callable[[str], None] | None = None) -> Report:
    """Read everything first, then run everything. Raises UsageError for a file that is not a vector file."""
    files = read_folder(folder)
    report = Report(files=len(files))
    for name, cases in files.items():
        if progress is not None:
            progress(name)
        for case in cases:
            report.tests += 1
            report.replays += len(case.test.get("outcomes", ()))
            report.failures += _named(case, check_case(case))
    return report


def _named(case: Case, found: list[str]) -> Iterator[str]:
    return (f"{case.name}: {text}" for text in found)
