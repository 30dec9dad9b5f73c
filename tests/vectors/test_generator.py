"""The generator: independent of the package, and the same bytes on every run."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from vectors.generator.catalogue import FILES
from vectors.generator.envelope import INDEX

ROOT = Path(__file__).parents[2]
GENERATOR = ROOT / "vectors" / "generator"
DATA = ROOT / "vectors" / "data"
LARGEST_BYTES = 3_000_000


@pytest.mark.parametrize("name", FILES)
def test_the_files_in_the_tree_are_what_the_generator_writes(name: str) -> None:
    """After a change of the protocol: `make vectors`, and look at what changed."""
    assert (DATA / name).read_text("ascii") == FILES[name](), f"{name} is stale: make vectors"


def test_nothing_else_lies_beside_them() -> None:
    files = list(DATA.glob("*.json"))
    assert sorted(path.name for path in files) == sorted([*FILES, INDEX])
    assert sum(path.stat().st_size for path in files) < LARGEST_BYTES


@pytest.mark.parametrize("path", sorted(GENERATOR.glob("*.py")), ids=lambda path: path.name)
def test_it_imports_the_standard_library_and_itself_alone(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            names = [node.module or ""]
        for name in names:
            top = name.split(".")[0]
            assert name.startswith("vectors.generator") or top in sys.stdlib_module_names, name
            assert top not in ("random", "secrets", "importlib", "ctypes", "subprocess"), name


def test_it_runs_where_nothing_is_installed(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-S", "-c", "import sys; sys.path.insert(0, sys.argv.pop(1)); import runpy; "]
    command[-1] += "runpy.run_module('vectors.generator', run_name='__main__')"
    run = [*command, str(ROOT), "--only", "prg.json", str(tmp_path)]
    subprocess.run(run, check=True, capture_output=True)
    assert (tmp_path / "prg.json").read_bytes() == (DATA / "prg.json").read_bytes()
    assert json.loads((tmp_path / INDEX).read_text())["files"][0]["name"] == "prg.json"
    assert subprocess.run([*run, "--check"], check=False, capture_output=True).returncode == 0
    (tmp_path / "prg.json").write_text("{}")
    assert subprocess.run([*run, "--check"], check=False, capture_output=True).returncode == 1
    (tmp_path / "prg.json").write_bytes((DATA / "prg.json").read_bytes())
    (tmp_path / INDEX).unlink()
    assert subprocess.run([*run, "--check"], check=False, capture_output=True).returncode == 1
    (tmp_path / "prg.json").unlink()
    (tmp_path / "other.json").write_text("{}")
    assert subprocess.run(run, check=False, capture_output=True).returncode == 1


def test_a_reader_can_hold_it() -> None:
    for path in GENERATOR.glob("*.py"):
        text = path.read_text()
        assert text.count("\n") <= 400, path.name
        tree = ast.parse(text)
        assert ast.get_docstring(tree), path.name
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or node.lineno) - node.lineno < 60, f"{path.name}: {node.name}"
