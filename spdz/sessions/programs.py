"""A user's program in a file: how it is loaded, and the digest by which the parties compare it."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spdz.errors import UsageError
from spdz.online.session import Mpc


def load_program(path: Path) -> tuple[Callable[[Mpc], Any], str]:
    """`main` of a file, and a digest of its text, which must be the same at all parties."""
    try:
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read the program {path}: {error.strerror}") from None
    spec = importlib.util.spec_from_file_location("spdz_program", path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules["spdz_program"] = module
    sys.path.insert(0, str(path.resolve().parent))
    spec.loader.exec_module(module)
    main = getattr(module, "main", None)
    if not callable(main):
        raise UsageError(f"{path} defines no function main(mpc)")
    return main, hashlib.sha256(text).hexdigest()[:32]
