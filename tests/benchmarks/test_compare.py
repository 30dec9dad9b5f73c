"""The comparison with MPyC: our side of it, the table, and that the package needs no MPyC."""

from __future__ import annotations

import importlib.metadata
import re
import socket
import tomllib
from pathlib import Path
from typing import Any

import pytest

from benchmarks import compare_mpyc
from benchmarks.compare_mpyc import _first_of_free_ports, main, own_row
from benchmarks.performance.comparison import PHASES, SECURITY, TASKS, shapes_of, text_of
from benchmarks.performance.store import Store, with_section

ROOT = Path(__file__).parents[2]


def test_only_its_own_program_imports_mpyc() -> None:
    importing = {
        path.relative_to(ROOT).as_posix()
        for folder in ("spdz", "online", "preprocessing", "examples", "benchmarks", "tests")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(r"^\s*(from|import) mpyc", path.read_text(), re.MULTILINE)
    }
    assert importing == {"benchmarks/performance/mpyc_program.py"}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not any("mpyc" in name for name in project["dependencies"])
    assert any(name.startswith("mpyc") for name in project["optional-dependencies"]["compare"])


def test_without_mpyc_one_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert main(["--quick"]) == 2
    assert capsys.readouterr() == ("", "MPyC is not installed: make compare, or pip install -e '.[compare]'\n")


@pytest.mark.parametrize("arguments", [["--runs", "0"], ["--runs", "-2"], ["--field", "M5"], ["--runs", "many"]])
def test_bad_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2
    assert arguments[0] in capsys.readouterr().err.splitlines()[-1]


def test_factors_fit() -> None:
    assert shapes_of("matmul", [2, 3, 4]) == [[2, 3], [3, 4]]
    assert shapes_of("inner", [5]) == shapes_of("multiply", [5]) == [[5], [5]]


def test_ports_in_a_row_are_free_and_those_in_use_are_passed_over() -> None:
    first = _first_of_free_ports(3)
    with socket.create_server(("127.0.0.1", first + 1)):
        assert _first_of_free_ports(3) > first + 1


@pytest.mark.network
@pytest.mark.parametrize("task", TASKS)
def test_our_side_of_the_table(task: str) -> None:
    sizes = [2, 3, 2] if task == "matmul" else [6]
    row = own_row(task, sizes, "M61", 1, 2, "dealer")
    assert (row["system"], row["parties"], row["material"]) == ("spdz", 2, "dealer")
    assert row["seconds"] > 0
    assert row["online"] > 0
    assert row["preprocessing"] > 0
    assert row["range"] == {phase: [row[phase], row[phase]] for phase in PHASES}


def test_the_table_says_what_differs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def row(task: str, sizes: list[int], system: str, parties: int, material: str) -> dict[str, Any]:
        own = {"task": task, "sizes": sizes, "system": system, "parties": parties, "material": material}
        times = {"seconds": 2.0, "online": 0.5} | ({} if system == "MPyC" else {"preprocessing": 1.5})
        return own | times | {"range": {"seconds": [1.75, 2.25]}}

    monkeypatch.setattr(importlib.metadata, "version", lambda name: "0.11")
    monkeypatch.setattr(compare_mpyc, "mpyc_row", lambda task, sizes, field, runs: row(task, sizes, "MPyC", 3, "mpyc"))
    monkeypatch.setattr(
        compare_mpyc,
        "own_row",
        lambda task, sizes, field, runs, parties, material: row(task, sizes, "spdz", parties, material),
    )
    assert main(["--out", str(tmp_path), "--runs", "3"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("| spdz |") == 3 * 4
    assert printed.count("| MPyC |") == 3
    assert printed.count("| 2 (1.75 to 2.25) | 1.5 | 0.5 |") == 3 * 4
    for words in (*SECURITY.values(), "none needed", "MPyC 0.11", "medians of 3 runs", "100,000 products in one array"):
        assert words in printed, words
    store = Store.at(tmp_path)
    page = store.page.read_text()
    assert with_section(page, "comparison", text_of(store.sections()["comparison"])) == page
