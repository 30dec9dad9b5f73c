"""A pytest plug-in for the runs inside a copy: refuses to test any package but the one of the copy."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

MODULES = ("spdz", "spdz.protocols", "spdz.preprocessing", "spdz.online", "tests")


def pytest_configure(config: pytest.Config) -> None:
    """Compare where the package comes from with where the tests run."""
    root = config.rootpath.resolve()
    for name in MODULES:
        file = importlib.import_module(name).__file__
        if file is None or not Path(file).resolve().is_relative_to(root):
            raise pytest.UsageError(f"{name} is imported from {file}, not from the copy in {root}")
