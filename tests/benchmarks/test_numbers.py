"""The table of numbers that compare: what is asked for, in which turn, and what is made of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.performance import numbers
from benchmarks.performance.__main__ import main
from benchmarks.performance.figures import QUICK, Scale
from spdz.measuring.request import Figures, Request

Called = list[tuple[str, Request]]


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Called:
    """Benchmarks that only say what they were asked; the n-th run of each is n times as fast as the first."""
    calls: Called = []

    def fake(row: numbers.Row) -> Callable[[Request], Figures]:
        def bench(request: Request) -> Figures:
            calls.append((row.title, request))
            turn = sum(name == row.title for name, _ in calls)
            return {
                row.rate: 100.0 * turn,
                f"online_{row.rate}": 5000.0,
                f"bytes_per_{row.unit}": 4000.0,
                "peak_rss_bytes": 1 << 28,
            }

        return bench

    def triples(request: Request) -> Figures:
        calls.append(("triples", request))
        return {"triples_per_second": 1000.0}

    rows = tuple(row.__class__(**{**vars(row), "bench": fake(row)}) for row in numbers.ROWS)
    monkeypatch.setattr(numbers, "ROWS", rows)
    monkeypatch.setattr(numbers, "bench_triples", triples)
    return calls


def test_runs_are_in_turn_with_triples_of_the_same_field(called: Called) -> None:
    _, measure = next(iter(numbers.measures(Scale())))
    taken = measure()
    title = numbers.ROWS[0].title
    # What comes first changes from turn to turn.
    assert [name for name, _ in called] == [title, "triples", "triples", title] * 2 + [title, "triples"]
    assert {request.field for _, request in called} == {"M61"}
    assert taken["rate"] == 300.0
    assert taken["ratio"] == 0.3
    assert taken["range"]["ratio"] == [0.1, 0.5]


def test_every_row_is_measured_as_it_says(called: Called) -> None:
    for row, (name, measure) in zip(numbers.ROWS, numbers.measures(QUICK), strict=True):
        before = len(called)
        measure()
        [request] = [request for title, request in called[before:] if title == row.title]
        assert (request.field, request.over_field) == (row.field, row.over_field)
        assert request.count == QUICK.count(row.count)
        assert name == row.name
    assert len({row.name for row in numbers.ROWS}) == len(numbers.ROWS)


@pytest.mark.usefixtures("called")
def test_the_table_is_kept_and_written(tmp_path: Path) -> None:
    assert main(["numbers", "--out", str(tmp_path)]) == 0
    page = (tmp_path / "performance.md").read_text()
    assert "| comparison of 32-bit numbers, 65,500 in all | M61 | 300 (100 to 500) | 1,000 | 0.3 (0.1 to 0.5) |" in page
    kept: dict[str, Any] = json.loads((tmp_path / "results.json").read_text())["numbers"]
    assert kept["command"] == "make numbers"
    assert set(kept["figures"]) == {row.name for row in numbers.ROWS}


@pytest.mark.usefixtures("called")
def test_a_quick_look_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["numbers", "--quick"]) == 0
    assert "| ReLU, 1,310 in all | M61 |" in capsys.readouterr().out
