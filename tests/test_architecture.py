"""The structure that docs/design.md promises, read from the syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

LEVELS = {
    "spdz.errors": 0,
    "spdz.params": 0,
    "spdz.version": 0,
    "spdz.bits": 1,
    "spdz.field": 1,
    "spdz.crypto": 2,
    "spdz.lattice": 2,
    "spdz.wire": 3,
    "spdz.sharing": 3,
    "spdz.runtime": 4,
    "spdz.transport": 5,
    "spdz.protocols": 5,
    "spdz.preprocessing": 6,
    "spdz.online": 6,
    "spdz.sessions": 7,
    "spdz.adversary": 8,
    "spdz.interop": 8,
    "spdz.vectors": 8,
    "spdz.measuring": 8,
    "spdz.cli": 9,
    "spdz.examples": 9,
    "spdz.__main__": 9,
    "spdz": 9,
}
"""A module imports from its own level and below; preprocessing and online never from each other."""

GENERATOR_FUNCTIONS = {
    "spdz.preprocessing.vole.copee",
    "spdz.preprocessing.mascot.multiply",
    "spdz.preprocessing.dealer.dealer",
    "spdz.protocols.field_proof",
}
"""Modules with plain generators and context managers, which yield to their callers and not to the scheduler."""

BANNED_MODULES = {"pickle", "random", "marshal", "shelve", "numpy.random"}
BANNED_CALLS = {"eval", "exec", "hash", "compile", "__import__"}
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60


def _sources() -> list[Path]:
    folders = ("spdz", "preprocessing", "online")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted({path.resolve() for path in found})


def _module(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    if parts[0] in ("preprocessing", "online", "examples"):
        parts.insert(0, "spdz")
    return ".".join(part for part in parts if part != "__init__")


def _package(module: str) -> str:
    """The entry of LEVELS that a module belongs to."""
    parts = module.split(".")
    for length in (2, 1):
        if ".".join(parts[:length]) in LEVELS:
            return ".".join(parts[:length])
    raise AssertionError(f"{module} belongs to no level: add it to LEVELS")


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide levels"
            assert node.module is not None
            # `from spdz.field import convert` may name a submodule.
            yield from (f"{node.module}.{name.name}" for name in node.names)


SOURCES = _sources()


@pytest.fixture(params=SOURCES, ids=[str(path.relative_to(ROOT)) for path in SOURCES])
def source(request: pytest.FixtureRequest) -> tuple[str, ast.Module, str]:
    text = request.param.read_text()
    return _module(request.param), ast.parse(text), text


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 50


def test_imports_point_downwards(source: tuple[str, ast.Module, str]) -> None:
    module, tree, _ = source
    mine = _package(module)
    for name in _imports(tree):
        if name.split(".")[0] != "spdz" or module == "spdz":
            continue
        other = _package(name)
        assert LEVELS[other] <= LEVELS[mine] or other == "spdz", f"{module} imports {name} from a higher level"
        assert {mine, other} != {"spdz.preprocessing", "spdz.online"}, f"{module} imports {name}"


def test_nothing_banned(source: tuple[str, ast.Module, str]) -> None:
    module, tree, _ = source
    for name in _imports(tree):
        assert not any(name == banned or name.startswith(f"{banned}.") for banned in BANNED_MODULES), name
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BANNED_CALLS:
            # __hash__ of a field's name decides nothing on the wire.
            assert module == "spdz.field.field", f"{module}:{node.lineno} calls {node.func.id}"
        if isinstance(node, ast.ExceptHandler):
            broad = node.type is None or (isinstance(node.type, ast.Name) and node.type.id == "Exception")
            assert not broad, f"{module}:{node.lineno} catches everything"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("np", "numpy"):
            assert node.attr != "random", f"{module}:{node.lineno} uses numpy.random"


def test_one_file_holds_the_yield_of_the_runtime(source: tuple[str, ast.Module, str]) -> None:
    module, tree, _ = source
    if _package(module) in ("spdz.runtime", "spdz.protocols", "spdz.preprocessing", "spdz.online"):
        yields = [node for node in ast.walk(tree) if isinstance(node, ast.Yield) and node.value is not None]
        blocks = module in GENERATOR_FUNCTIONS
        assert not yields or module == "spdz.runtime.traps" or blocks, f"{module} yields"


def test_a_reader_can_hold_it(source: tuple[str, ast.Module, str]) -> None:
    module, tree, text = source
    assert text.count("\n") <= MAX_FILE_LINES, f"{module} is too long"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length <= MAX_FUNCTION_LINES, f"{module}.{node.name} has {length} lines"


def test_every_module_says_what_it_is(source: tuple[str, ast.Module, str]) -> None:
    module, tree, _ = source
    assert ast.get_docstring(tree), f"{module} has no docstring"


def test_security_does_not_sit_in_assert(source: tuple[str, ast.Module, str]) -> None:
    """`python -O` drops assert statements, so none may mention a key, a check or a peer's data (PITFALLS 4)."""
    module, tree, _ = source
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            text = ast.unparse(node).lower()
            for word in ("key", "mac", "verify", "commit", "received", "peer"):
                assert word not in text, f"{module}:{node.lineno} asserts about {word}"


def _needed_at_import(tree: ast.Module) -> Iterator[str]:
    """What is imported when the module is: not inside functions, not for type checkers alone."""
    waiting: list[ast.stmt] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imports(node)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            waiting += [*node.body, *node.orelse]
        elif isinstance(node, ast.Try):
            waiting += node.body


def _cycle(graph: dict[str, set[str]]) -> list[str]:
    """Modules that need each other in a circle; nothing if there are none."""
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module not in done:
            for other in sorted(graph.get(module, ())):
                if found := walk(other, (*path, module)):
                    return found
            done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := walk(module, ()))), [])


def test_no_modules_import_each_other_in_a_circle() -> None:
    modules = {_module(path): ast.parse(path.read_text()) for path in SOURCES}
    faces = {_module(path) for path in SOURCES if path.name == "__init__.py"}
    graph = {
        module: {name for name in _needed_at_import(tree) if name in modules and name not in faces}
        for module, tree in modules.items()
    }
    # `from spdz.a.b import name` names spdz.a.b as a module of which something is taken.
    for module, tree in modules.items():
        taken = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}
        needed = set(_needed_at_import(tree))
        graph[module] |= {
            name
            for name in taken
            if name in modules and name not in faces and any(n.startswith(f"{name}.") for n in needed)
        }
    assert _cycle(graph) == []
    assert _cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
