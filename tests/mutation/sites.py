"""Every place of the package that makes a `ProtocolAbort`, found in the syntax trees.

A *site* is a `raise` of a subclass of `ProtocolAbort`, of a call of a function that makes one, or of something that the
syntax tree does not name (a variable, an attribute); and every other call of such a subclass, whose result is kept. A
mutant *covers* a site when it edits the raise itself or the condition that leads to it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.mutant import Span

PACKAGE_FOLDERS = ("spdz", "preprocessing", "online")
ERRORS = "spdz/errors.py"
HARNESS = ("spdz/adversary/", "spdz/runtime/lockstep.py", "spdz/vectors/")
"""The simulated network of tests and attacks, which plays the time-out of a transport, and the reader of test vectors:
they check nothing for a user."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Site:
    """Where an abort is made, and the lines that decide on it."""

    path: str
    scope: str
    line: int
    what: str
    guard: Span

    def __str__(self) -> str:
        return f"{self.path}:{self.line} {self.scope or 'module'} ({self.what})"


def sources(root: Path) -> list[Path]:
    """All modules of the package that belong to a real run, symbolic links not followed."""
    found = [path for folder in PACKAGE_FOLDERS for path in (root / folder).rglob("*.py")]
    real = {path.resolve() for path in found}
    return sorted(path for path in real if not str(path.relative_to(root.resolve())).startswith(HARNESS))


def abort_classes(errors_source: str) -> set[str]:
    """`ProtocolAbort` and everything below it."""
    names = {"ProtocolAbort"}
    for node in ast.parse(errors_source).body:
        if isinstance(node, ast.ClassDef) and any(isinstance(b, ast.Name) and b.id in names for b in node.bases):
            names.add(node.name)
    return names


def all_sites(root: Path) -> list[Site]:
    """Every site of the tree below `root`."""
    classes = abort_classes((root / ERRORS).read_text())
    trees = {path: ast.parse(path.read_text()) for path in sources(root)}
    builders = {name for tree in trees.values() for name in _builders(tree, classes)}
    sites = []
    for path, tree in trees.items():
        sites += _sites_of(str(path.relative_to(root.resolve())), tree, classes, builders)
    return sites


def _builders(tree: ast.Module, classes: set[str]) -> Iterator[str]:
    """Functions that say that they return an abort, or whose return statement makes one."""
    for node in ast.walk(tree):
        if not isinstance(node, Function):
            continue
        said = {name.id for name in ast.walk(node.returns) if isinstance(name, ast.Name)} if node.returns else set()
        made = (_called(part.value) in classes for part in ast.walk(node) if isinstance(part, ast.Return))
        if said & classes or any(made):
            yield node.name


def _called(node: ast.expr | None) -> str | None:
    """The name of what is called: `f` of `f(...)` and of `self.f(...)`."""
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Name):
        return node.func.id
    return node.func.attr if isinstance(node.func, ast.Attribute) else None


def _sites_of(path: str, tree: ast.Module, classes: set[str], builders: set[str]) -> Iterator[Site]:
    raised: set[ast.expr] = set()
    for node, ancestors in _walk(tree, ()):
        if isinstance(node, ast.Raise):
            what = _abort_of(node, classes, builders)
            if node.exc is not None:
                raised.add(node.exc)
        elif isinstance(node, ast.Call) and node not in raised and _called(node) in classes:
            what = f"makes {_called(node)}"
        else:
            continue
        if what is not None:
            yield Site(path, _scope(ancestors), node.lineno, what, _guard(node, ancestors))


def _abort_of(node: ast.Raise, classes: set[str], builders: set[str]) -> str | None:
    """What a raise statement raises, if that is or may be an abort."""
    name = node.exc.id if isinstance(node.exc, ast.Name) else _called(node.exc)
    if name in classes or name in builders:
        return f"raises {name}"
    if node.exc is None or isinstance(node.exc, ast.Name):
        return None  # It passes on a variable; where that was made is a site of its own.
    is_dynamic = not isinstance(node.exc, ast.Call) or not isinstance(node.exc.func, ast.Name)
    return f"raises {ast.unparse(node.exc).split('(')[0]}" if is_dynamic else None


def _walk(node: ast.AST, ancestors: tuple[ast.AST, ...]) -> Iterator[tuple[ast.AST, tuple[ast.AST, ...]]]:
    yield node, ancestors
    for child in ast.iter_child_nodes(node):
        yield from _walk(child, (*ancestors, node))


def _scope(ancestors: tuple[ast.AST, ...]) -> str:
    named = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return ".".join(node.name for node in ancestors if isinstance(node, named))


def _guard(node: ast.stmt | ast.expr, ancestors: tuple[ast.AST, ...]) -> Span:
    """From the condition that leads to the site, if it has one in its function, to the end of the site."""
    last = node.end_lineno or node.lineno
    for ancestor in reversed(ancestors):
        if isinstance(ancestor, Function):
            break
        if isinstance(ancestor, ast.If | ast.ExceptHandler):
            return Span(ancestor.lineno, last)
    return Span(node.lineno, last)
