"""What a mutant is, and how it is applied.

A mutant is a named edit: exact source text inside one function (or class, or file) and what stands there instead. The
text must occur exactly once, and the result must be Python that differs from the original; anything else is a
`StaleMutant`, so a list of mutants cannot outlive the code that it is about.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class StaleMutant(Exception):
    """A mutant does not fit the source any more."""


@dataclass(frozen=True)
class Edit:
    """Replace `old`, which occurs exactly once in `scope` ("" for the file, else "Class.method"), by `new`."""

    scope: str
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """One security check taken out of one file. `tests` are what should notice, the quickest first."""

    name: str
    path: str
    edits: tuple[Edit, ...]
    disables: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Span:
    """Lines of a file, both ends included."""

    first: int
    last: int

    def meets(self, other: Span) -> bool:
        """Whether the two have a line in common."""
        return self.first <= other.last and other.first <= self.last


def mutant(name: str, place: str, old: str, new: str, disables: str, tests: str) -> Mutant:
    """A mutant of one edit; `place` is "path::Class.method" or "path", `tests` are separated by blanks."""
    path, _, scope = place.partition("::")
    return Mutant(name, path, (Edit(scope, old, new),), disables, tuple(tests.split()))


def mutant_of(name: str, path: str, edits: Sequence[tuple[str, str, str]], disables: str, tests: str) -> Mutant:
    """A mutant of several edits (scope, old, new) of one file, which only together make a program that runs."""
    return Mutant(name, path, tuple(Edit(*edit) for edit in edits), disables, tuple(tests.split()))


def apply(mutant: Mutant, root: Path) -> None:
    """Write the mutated file below `root`, a private copy of the tree."""
    path = root / mutant.path
    path.write_text(mutated(mutant, path.read_text()))


def mutated(mutant: Mutant, source: str) -> str:
    """The source with every edit of the mutant applied."""
    changed = source
    for edit in mutant.edits:
        start, _ = _locate(mutant, edit, changed)
        changed = changed[:start] + edit.new + changed[start + len(edit.old) :]
    try:
        tree = ast.parse(changed)
    except SyntaxError as error:
        raise StaleMutant(f"{mutant.name}: the result is not Python: {error}") from None
    if ast.dump(tree) == ast.dump(ast.parse(source)):
        raise StaleMutant(f"{mutant.name}: the edits change nothing")
    return changed


def spans(mutant: Mutant, source: str) -> list[Span]:
    """The lines of the original source that the edits touch."""
    found = []
    for edit in mutant.edits:
        start, end = _locate(mutant, edit, source)
        # A text that ends with a line break does not touch the line after it.
        found.append(Span(source.count("\n", 0, start) + 1, source.count("\n", 0, end - 1) + 1))
    return found


def _locate(mutant: Mutant, edit: Edit, source: str) -> tuple[int, int]:
    lines = source.splitlines(keepends=True)
    scope = scope_of(source, edit.scope)
    if scope is None:
        raise StaleMutant(f"{mutant.name}: {mutant.path} has no {edit.scope}")
    first = sum(len(line) for line in lines[: scope.first - 1])
    text = "".join(lines[scope.first - 1 : scope.last])
    count = text.count(edit.old)
    if count != 1:
        raise StaleMutant(f"{mutant.name}: {edit.old!r} occurs {count} times in {mutant.path} {edit.scope}, not once")
    start = first + text.index(edit.old)
    return start, start + len(edit.old)


def scope_of(source: str, scope: str) -> Span | None:
    """The lines of a class or function by its dotted name; of the whole file for the empty one."""
    if not scope:
        return Span(1, source.count("\n") + 1)
    body: list[ast.stmt] = ast.parse(source).body
    node: ast.stmt | None = None
    for name in scope.split("."):
        named = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        found = [statement for statement in body if isinstance(statement, named) and statement.name == name]
        if len(found) != 1:
            return None
        node, body = found[0], found[0].body
    if node is None:
        return None
    return Span(node.lineno, node.end_lineno or node.lineno)
