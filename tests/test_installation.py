"""A tree without symbolic links installs whole: a zip of the repository, or a checkout on a system without links."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("spdz", "online", "preprocessing", "examples", "vectors", "docs", "tests", "benchmarks", ".ci")
FILES = ("pyproject.toml", "setup.py", "MANIFEST.in", "Makefile")
TEXTS = ("README.md", "LICENSE", "SECURITY.md", "CHANGELOG.md")

BUILD = """
import json, sys
from setuptools import build_meta
target = sys.argv[1]  # building changes the arguments
print(json.dumps([getattr(build_meta, f"build_{kind}")(target) for kind in ("wheel", "sdist", "editable")]))
"""

USE = """
import sys
# The environment of the tests has its own way of finding this package.
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in getattr(finder, "__module__", "")]
sys.path = [entry for entry in sys.path if entry != ROOT]
if FINDER:
    __import__(FINDER).install()
import spdz
from spdz.vectors import files, schema
program = lambda mpc: int(mpc.reveal(mpc.input([3], owner=0, shape=1) * mpc.input([-5], owner=1, shape=1))[0])
assert spdz.run_local(program, preprocessing="dealer") == [-15, -15]
files.read_file(files.FOLDER / "prg.json", schema.Schemas())
import spdz.examples.breast_cancer_table, spdz.cli.main
used = [module for name, module in sys.modules.items() if name.partition(".")[0] == "spdz"]
print(*sorted({module.__file__ for module in used}), files.FOLDER, sep="\\n")
"""


def copy_without_links(target: Path) -> None:
    """The tree as git checks it out where links are files that hold their target, and as zips may hold them."""
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for folder in FOLDERS:
        shutil.copytree(ROOT / folder, target / folder, symlinks=True, ignore=ignored)
    for name in FILES + TEXTS:
        shutil.copy2(ROOT / name, target / name)
    for path in [path for path in target.rglob("*") if path.is_symlink()]:
        text = os.readlink(path)
        path.unlink()
        path.write_text(text)


def modules(tree: Path) -> set[str]:
    """The files that an installation of this tree needs."""
    places = {"spdz": "spdz", "online": "spdz/online", "preprocessing": "spdz/preprocessing"}
    found = {
        f"{place}/{path.relative_to(tree / folder).as_posix()}"
        for folder, place in places.items()
        for path in (tree / folder).rglob("*.py")
    }
    data = {f"spdz/vectors/data/{path.name}" for path in (tree / "vectors/data").glob("*.json")}
    schemas = {f"spdz/vectors/schemas/{path.name}" for path in (tree / "vectors/schema").glob("*.json")}
    examples = {
        f"spdz/examples/{path.relative_to(tree / 'examples')}" for path in (tree / "examples").glob("data/*.csv")
    }
    return found | data | schemas | examples | {"spdz/py.typed"}


def use(folder: Path, finder: str = "") -> list[str]:
    """Compute with what lies in `folder`, by an editable installation's finder if given: where modules are from."""
    program = f"ROOT, FINDER = {str(ROOT)!r}, {finder!r}\n{USE}"
    command, environment = [sys.executable, "-W", "error", "-c", program], os.environ | {"PYTHONPATH": str(folder)}
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, check=True, text=True)
    return done.stdout.split()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    """The tree without links, and what setuptools builds of it, without a network."""
    tree, target = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("built")
    copy_without_links(tree)
    command = [sys.executable, "-c", BUILD, str(target)]
    done = subprocess.run(command, cwd=tree, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    names = json.loads(done.stdout.splitlines()[-1])
    return tree, {kind: target / name for kind, name in zip(("wheel", "sdist", "editable"), names, strict=True)}


def test_a_wheel_has_all_modules_and_computes(built: tuple[Path, dict[str, Path]], tmp_path: Path) -> None:
    tree, made = built
    with zipfile.ZipFile(made["wheel"]) as wheel:
        assert modules(tree) <= set(wheel.namelist())
        assert {name.split("/")[0] for name in wheel.namelist()} == {
            "spdz",
            made["wheel"].name.split("-py3")[0] + ".dist-info",
        }
        wheel.extractall(tmp_path)
    assert all(place.startswith(str(tmp_path)) for place in use(tmp_path))


def test_an_editable_installation_computes(built: tuple[Path, dict[str, Path]], tmp_path: Path) -> None:
    tree, made = built
    with zipfile.ZipFile(made["editable"]) as wheel:
        wheel.extractall(tmp_path)
    (finder,) = tmp_path.glob("__editable__*.py")
    places = use(tmp_path, finder.stem)
    assert all(place.startswith(str(tree)) for place in places)
    assert str(tree / "online/__init__.py") in places


def test_the_source_distribution_has_all_that_the_tests_need(built: tuple[Path, dict[str, Path]]) -> None:
    tree, made = built
    with tarfile.open(made["sdist"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    python = {path.relative_to(tree).as_posix() for path in tree.rglob("*.py") if "build" not in path.parts}
    pages = {path.relative_to(tree).as_posix() for path in (tree / "docs").iterdir() if path.is_file()}
    assert python | pages | {*FILES, *TEXTS} <= names
    assert not [name for name in names if "__pycache__" in name]
