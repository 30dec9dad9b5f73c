"""`spdz demo`: the real thing, in real processes; and what it says and returns when the numbers are wrong."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spdz.cli import demo, demo_report
from spdz.examples.breast_cancer import Aggregates
from spdz.examples.breast_cancer_table import TABLE, columns_of, default_group, exact_gram, read_numbers, scaled

KEYS = [
    "parties",
    "field",
    "preprocessing",
    "transport",
    "max_difference",
    "accuracy",
    "rounds",
    "bytes_sent",
    "material",
    "seconds",
]


def run_demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command as a user gives it, from another folder."""
    return subprocess.run(
        [sys.executable, "-m", "spdz", "demo", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


@pytest.mark.network
@pytest.mark.parametrize(("parties", "field", "preprocessing"), [(2, "M61", "mascot"), (3, "M127", "dealer")])
def test_the_demo_in_processes(tmp_path: Path, parties: int, field: str, preprocessing: str) -> None:
    arguments = ["--parties", str(parties), "--field", field, "--preprocessing", preprocessing, "--json"]
    done = run_demo(tmp_path, *arguments)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert done.stdout.count("\n") == 1
    assert list(said) == KEYS
    assert [said[key] for key in KEYS[:4]] == [parties, field, preprocessing, "TLS 1.3"]
    assert said["max_difference"] == 0
    assert said["accuracy"] > 0.9
    assert said["rounds"] > 0
    assert len(said["bytes_sent"]) == parties
    assert min(said["bytes_sent"]) > 0
    assert said["material"]["input masks of party 0"] > 569
    assert said["seconds"]["total"] >= said["seconds"]["preprocessing"] + said["seconds"]["online"]
    assert "connected" in done.stderr
    if preprocessing == "mascot":
        assert said["material"]["matrix triples 15x569x16"] == 1
        assert "matrix triples 15x569x16: 1 of 1 made" in done.stderr


def options(**more: Any) -> argparse.Namespace:
    return argparse.Namespace(
        **{"parties": 2, "field": "M61", "preprocessing": "mascot", "json": False, "rest": [], **more}
    )


@pytest.fixture
def results() -> list[dict[str, Any]]:
    """What two honest parties would report, without the parties."""
    held = tuple(columns_of(default_group(2), party, 2) for party in range(2))
    names = tuple(name for part in held for name in part)
    block = scaled(read_numbers(TABLE, names), names)
    found = Aggregates(len(block), held, exact_gram(block), block.astype(object).sum(0))
    report = {
        "rows": found.rows,
        "transport": "TLS 1.3",
        "rounds": 9,
        "bytes_sent": 1234,
        "material": {"triples": 7},
        "seconds": {"set-up": 1.0, "preprocessing": 2.0, "online": 0.5},
    }
    return [{**report, "gram": found.gram.tolist(), "sums": found.sums.tolist()} for _ in range(2)]


@pytest.fixture
def without_processes(results: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The demo with `results` instead of parties; a test may change them first."""
    monkeypatch.setattr(demo, "_warm_up", lambda options: None)
    monkeypatch.setattr(demo, "run_cluster", lambda *arguments, **more: results)
    return results


def test_the_text_says_who_held_what_what_was_revealed_and_what_it_cost(
    without_processes: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo.run(options()) == 0
    text = capsys.readouterr().out
    for part in ("WHO HELD WHAT", "party 1: 569 rows of", "no trusted party", "REVEALED", "outside of the protocol"):
        assert part in text
    for part in ("largest difference of a revealed integer to the plain one: 0", "1,234 bytes", "7 triples", "total"):
        assert part in text


def test_a_trusted_dealer_is_called_one(
    without_processes: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert demo.run(options(preprocessing="dealer")) == 0
    assert "TRUSTED DEALER" in capsys.readouterr().out


@pytest.mark.parametrize("party", [0, 1])
@pytest.mark.parametrize("json_wanted", [False, True])
def test_one_wrong_integer_at_one_party_fails_the_demo(
    without_processes: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], party: int, json_wanted: bool
) -> None:
    without_processes[party]["gram"][2][20] += 3
    assert demo.run(options(json=json_wanted)) == 1
    text = capsys.readouterr().out
    if json_wanted:
        assert json.loads(text)["max_difference"] == 3
    else:
        assert "plain one: 3 (WRONG" in text


def test_each_party_is_told_of_its_own_file_only(
    results: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    def cluster(task: str, handed: list[dict[str, str]], **more: Any) -> list[dict[str, Any]]:
        for one in handed:
            assert list(one) == ["file"]
            seen.append(Path(one["file"]).read_text().splitlines()[0].split(","))
        return results

    monkeypatch.setattr(demo, "_warm_up", lambda options: None)
    monkeypatch.setattr(demo, "run_cluster", cluster)
    assert demo.run(options(json=True)) == 0
    assert seen == [list(columns_of("all", party, 2)) for party in range(2)]


def test_accuracy_counts_both_kinds_of_mistakes() -> None:
    design = np.array([[1.0], [1.0], [0.0], [0.0]])
    label = np.array([1.0, 0.0, 1.0, 0.0])
    assert demo._accuracy(design, label, np.array([1.0])) == 0.5


def test_json_has_the_documented_keys(results: list[dict[str, Any]]) -> None:
    outcome = demo._compare(options(), results)
    assert list(json.loads(demo_report.as_json(outcome))) == KEYS
