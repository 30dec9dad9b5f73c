"""Where in the user's program an operation was asked for, so that an error can name the line."""

from __future__ import annotations

import sys
from pathlib import Path

_OURS = ("spdz", "numpy")
_THEIRS = ("spdz.examples",)


def user_line() -> str:
    """`file:line` of the innermost frame that is neither this package's nor numpy's."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _is_ours(str(frame.f_globals.get("__name__", ""))):
        frame = frame.f_back
    return f"{_short(frame.f_code.co_filename)}:{frame.f_lineno}"


def _is_ours(module: str) -> bool:
    return _within(module, _OURS) and not _within(module, _THEIRS)


def _within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _short(file: str) -> str:
    """A file of the working directory without that, another one by its name."""
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else path.name
