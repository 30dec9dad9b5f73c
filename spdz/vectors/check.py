"""All vectors of a folder, or of one file, against this implementation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spdz.vectors import endpoints, functions, index
from spdz.vectors.files import Case, cases_of, read_file, read_folder, read_index
from spdz.vectors.schema import Schemas


@dataclass
class Report:
    """What was run, and what differed."""

    files: int = 0
    tests: int = 0
    replays: int = 0
    """Endpoints that were run against recorded others."""
    indexed: bool = False
    """Whether an index has said which files there must be."""
    failures: list[str] = field(default_factory=list)

    def add(self, cases: list[Case]) -> None:
        """Run the cases of one more file."""
        self.files += 1
        for case in cases:
            self.tests += 1
            self.replays += len(case.test.get("outcomes", ()))
            self.failures += _named(case, check_case(case))


def check_case(case: Case) -> list[str]:
    """What differs, as sentences; empty if nothing does. Raises UsageError for a field that makes no sense."""
    return functions.check(case) if case.kind in functions.FUNCTIONS else endpoints.replay(case)


def check_folder(folder: Path, progress: Callable[[str], None] | None = None, *, needs_index: bool = False) -> Report:
    """Read everything first, then run everything. An index that lies there, or is needed, must fit the files.

    Raises: UsageError for what is no vector file or no index.
    """
    schemas, path = Schemas(), folder / index.NAME
    documents = read_folder(folder, schemas)
    report = Report(indexed=needs_index or path.exists())
    if report.indexed:
        report.failures += index.differences(path, read_index(path, schemas), documents)
    for name, document in documents.items():
        if progress is not None:
            progress(name)
        report.add(cases_of(folder / name, document))
    return report


def check_file(path: Path) -> Report:
    """Read and run one file; an index beside it is not looked at. Raises UsageError for what is no vector file."""
    report = Report()
    report.add(read_file(path, Schemas()))
    return report


def _named(case: Case, found: list[str]) -> Iterator[str]:
    return (f"{case.name}: {text}" for text in found)
