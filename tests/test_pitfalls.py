"""docs/pitfalls.md names a test for every fault, and every test that it names exists."""

from __future__ import annotations

import ast
import functools
import re
import tomllib
from pathlib import Path

import pytest

from spdz.cli import run
from spdz.errors import UsageError
from spdz.preprocessing.generators import generators
from spdz.sessions.local import run_local

ROOT = Path(__file__).parent.parent
ROW = re.compile(r"^\| (\d+) \| (.+) \| (.+) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ROWS = {int(number): (fault, tests) for number, fault, tests in ROW.findall((ROOT / "docs/pitfalls.md").read_text())}
APPLY = range(1, 28)
"""28 to 32 are about other generators, pools and fixed point."""
NOT_YET = {12, 21}
"""Rows of which a part is about stores on disk, which do not exist yet."""


@functools.cache
def names_in(path: str) -> frozenset[str]:
    """Names of the test functions of a file."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, functions))


def test_no_row_is_missing() -> None:
    assert list(ROWS) == list(APPLY)


@pytest.mark.parametrize("row", APPLY)
def test_every_row_names_tests_that_exist(row: int) -> None:
    fault, cell = ROWS[row]
    assert len(fault) > 30
    named = TEST.findall(cell)
    assert named, f"row {row} names no test"
    assert len(named) == len(cell.split(",")), f"row {row} names something that is no test"
    assert len(set(named)) == len(named)
    for path, name in named:
        assert (ROOT / path).is_file(), f"row {row} names {path}"
        assert name.startswith("test_")
        assert name in names_in(path), f"row {row} names {path}::{name}"


def test_what_does_not_apply_yet_says_so() -> None:
    assert {row for row, (fault, _) in ROWS.items() if "does not apply yet" in fault} == NOT_YET


def test_the_model_in_force_is_stated_where_people_look() -> None:
    """PITFALLS 20: README, SECURITY.md and the command line say what is secure against whom, and who is trusted."""
    readme, security = ((ROOT / name).read_text() for name in ("README.md", "SECURITY.md"))
    assert re.search(r"`dealer` preprocessing is a \*\*trusted", readme)
    assert '`preprocessing="dealer"`' in security
    assert "**the dealer is trusted.**" in security
    trust = {name: generator.trust for name, generator in generators().items()}
    assert trust["mascot"] == "no trusted party"
    assert "TRUSTED DEALER" in trust["dealer"]
    assert "({trust})" in Path(run.__file__).read_text()
    # There is no third setting, and none that switches checks off.
    with pytest.raises(UsageError):
        run_local(lambda mpc: None, 2, preprocessing="fast")


def test_a_forgotten_await_is_an_error_for_the_type_checker_too() -> None:
    """PITFALLS 22: mypy looks for awaitables that nobody uses, and pytest turns the warning into an error."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert "unused-awaitable" in tool["mypy"]["enable_error_code"]
    assert tool["mypy"]["strict"] is True
    assert tool["pytest"]["ini_options"]["filterwarnings"] == ["error"]
