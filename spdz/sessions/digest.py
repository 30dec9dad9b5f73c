"""The digest of a program: its file, and every module of its folder that it uses.

The parties compare it before anything else, so that an old version of a helper is a `ConfigurationMismatch` and never
looks like cheating. What belongs to it is found without running anything, so that it is the same at all parties: the
import statements of the program, also those inside functions, and of the modules that these name, as far as they lie
in the folder of the program; and what the program has imported in another way by the time that it is loaded.

Not in it: modules elsewhere (installed packages, a virtual environment inside the folder, spdz itself, whose version
is compared on its own), data, and what `importlib` imports while the program runs. Modules that are meant to differ
between the parties are better read as data, by `mpc.args`.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

_OWN = "spdz"
_ENVIRONMENT_MARK = "pyvenv.cfg"
_INSTALLED = ("site-packages", "dist-packages")


def program_digest(program: Path, text: bytes) -> str:
    """A hash of the program's text and, in the order of their paths below its folder, of its modules.

    Without modules it is the hash of the text alone.
    """
    digest = hashlib.sha256(text)
    for name, path in sorted(_modules(program).items()):
        content = path.read_bytes()
        digest.update(f"\n{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:32]


def _modules(program: Path) -> dict[str, Path]:
    """The modules of the program's folder that it uses, by their paths below it; the program is not among them."""
    main = program.resolve()
    folder = main.parent
    found: set[Path] = set()
    waiting = [main, *_loaded(folder)]
    while waiting:
        path = waiting.pop()
        found.add(path)
        waiting += [other for other in _imported(path, folder) if other not in found and other.is_relative_to(folder)]
    return {path.relative_to(folder).as_posix(): path for path in found - {main}}


def _loaded(folder: Path) -> Iterator[Path]:
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and name.partition(".")[0] != _OWN and file.endswith(".py"):
            path = Path(file).absolute()
            if path.is_relative_to(folder) and path.is_file() and not _is_installed(path, folder):
                yield path


def _is_installed(path: Path, folder: Path) -> bool:
    """Whether a file belongs to a virtual environment, or to an installed package, inside the folder."""
    between = [parent for parent in path.parents if parent.is_relative_to(folder)]
    return any(parent.name in _INSTALLED or (parent / _ENVIRONMENT_MARK).exists() for parent in between)


def _imported(path: Path, folder: Path) -> Iterator[Path]:
    """The files of the folder that the import statements of a file name: modules, and the packages around them."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return  # Python itself will say so, if it ever runs this file.
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _files(folder, alias.name.split("."))
        elif isinstance(node, ast.ImportFrom):
            start = folder if node.level == 0 else path.parents[min(node.level, len(path.parents)) - 1]
            stem = node.module.split(".") if node.module else []
            for alias in node.names:
                yield from _files(start, [*stem, alias.name])


def _files(start: Path, parts: list[str]) -> Iterator[Path]:
    """For a.b.c: the files of a, of a.b and of a.b.c, as far as they exist."""
    if parts[0] == _OWN:
        return
    place = start
    for part in parts:
        for path in (place / f"{part}.py", place / part / "__init__.py"):
            if path.is_file():
                yield path
        place = place / part
