"""A user's program: what counts as one, how it is loaded from a file, and what it must not return."""

from __future__ import annotations

import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from spdz.errors import UsageError
from spdz.online.session import Mpc
from spdz.online.values.secret import Secret
from spdz.sessions.digest import program_digest

Program = Callable[[Mpc], Any]

_MARK = "__spdz_program__"


def require_program(program: object, what: str = "a program") -> Program:
    """`program`, if it is a plain function; UsageError otherwise."""
    if not callable(program):
        raise UsageError(f"{what} must be a function of one argument, the session, got {type(program).__name__}")
    if any(inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one) for one in (program, program.__call__)):
        raise UsageError(f"{what} must be a plain function, and this is async: reveal does the waiting")
    return program


def require_programs(program: object, parties: int) -> list[Program]:
    """One program for each party, from one for all or a sequence."""
    if isinstance(program, list | tuple):
        if len(program) != parties:
            raise UsageError(f"{len(program)} programs were given for {parties} parties")
        return [require_program(one) for one in program]
    return [require_program(program)] * parties


def load_program(path: Path) -> tuple[Program, str]:
    """`main` of a file, and a digest of it and its modules, which must be the same at all parties.

    The module has the name of its file, and its folder comes first where modules are looked for: so processes that the
    program starts, by spawn or forkserver, find its functions again. `__name__` is not "__main__".
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the program {path}: {error.strerror}") from None
    name = path.stem
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None or path.suffix != ".py":
        raise UsageError(f"{path} is not a Python file")
    present = sys.modules.get(name)
    if "." in name or name in sys.builtin_module_names or not (present is None or hasattr(present, _MARK)):
        raise UsageError(f"{path}: processes could not import a program of this name, {name!r}; rename the file")
    module = importlib.util.module_from_spec(spec)
    setattr(module, _MARK, True)
    sys.modules[name] = module
    folder = str(path.resolve().parent)
    sys.path[:] = [folder, *(place for place in sys.path if place != folder)]
    spec.loader.exec_module(module)
    main = getattr(module, "main", None)
    if not callable(main):
        raise UsageError(f"{path} defines no function main(mpc)")
    return require_program(main, f"main of {path}"), program_digest(path, text)


def unrevealed(result: Any) -> bool:
    """Whether a secret that nobody has revealed is in what a program returns."""
    if isinstance(result, Mapping):
        return any(map(unrevealed, result.values()))
    if isinstance(result, list | tuple | set):
        return any(map(unrevealed, result))
    return isinstance(result, Secret)
