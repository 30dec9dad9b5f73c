"""`spdz attack` on programs of users."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spdz import adversary
from spdz.adversary import OtherInput, matrix, pool, suite
from spdz.adversary.cases import Case, full_cases
from spdz.adversary.verdict import DETECTED, INPUT_SUBSTITUTION, NOT_JUDGED, UNDETECTED, judge
from spdz.cli.main import main
from spdz.online.session import Mpc

PRODUCT = """
def main(mpc):
    x = mpc.input([3, 4], owner=0, shape=2)
    return mpc.reveal(x * x)
"""
FAILING = "def main(mpc):\n    raise ValueError('it fails by itself')\n"
NOTHING = "def main(mpc):\n    return 1\n"
RANDOM = "def main(mpc):\n    return mpc.reveal(mpc.random(2))\n"


def program(folder: Path, text: str) -> str:
    path = folder / "program.py"
    path.write_text(text)
    return str(path)


def test_a_program_is_attacked_in_every_step_that_it_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["attack", program(tmp_path, PRODUCT), "--preprocessing", "dealer", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["undetected"] == 0
    assert printed["undetected_cases"] == printed["missing"] == []
    assert printed["cases"] == printed["detected"] + printed["harmless"] + printed["input_substitution"]
    assert printed["cases"] > 40


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FAILING, "ValueError: it fails by itself"),
        (RANDOM, "nothing random"),
        (NOTHING, "the program reveals nothing"),
        ("def main(mpc)\n", "cannot be loaded: SyntaxError"),
        ("import no_such_module\n", "cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'"),
        ("import sys\nsys.exit(0)\n", "cannot be loaded: SystemExit"),
        ("x = 1\n", "defines no function main(mpc)"),
    ],
)
def test_a_program_that_cannot_be_judged_is_refused(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["attack", program(tmp_path, text), "--preprocessing", "dealer"]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert ("the program fails without any cheat" in error) == (text == FAILING)


def test_a_table_that_cannot_be_written_is_refused_before_anything_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Regression: an hour later there was a traceback, and the exit code of an undetected cheat."""
    assert main(["attack", "--full", "--write-table", str(tmp_path / "nowhere" / "attacks.md")]) == 2
    error = capsys.readouterr().err
    assert "cannot write the table to" in error
    assert "running the program honestly" not in error


def private(mpc: Mpc) -> Any:
    x = mpc.input([3, 4], owner=1, shape=2)
    return mpc.reveal_to(x * x, party=0)


def ragged(mpc: Mpc) -> Any:
    x = mpc.input([3, 4], owner=1, shape=2)
    value, total = mpc.reveal(x, (x * x).sum())
    return {"a": value, "b": total}


@pytest.mark.parametrize(
    ("run", "parties", "outcome"),
    [(private, 2, NOT_JUDGED), (private, 3, NOT_JUDGED), (ragged, 2, NOT_JUDGED), (ragged, 3, INPUT_SUBSTITUTION)],
)
def test_what_nobody_can_judge_is_counted_as_such(run: Any, parties: int, outcome: str) -> None:
    """Another input of party 1 changes what party 0 is given: only a second honest party says something about it."""
    report = adversary.run(run, parties, preprocessing="dealer", cheats=[OtherInput(by=1)])
    case = Case(1, "values", "add to first", "input.masked", ("dealer", parties), 1)
    verdict = judge(case, report, suite.agreeing)
    assert verdict.outcome == outcome
    result = matrix.Result(case, verdict, 0.0)
    assert matrix.Outcome([result]).summary()[outcome] == 1
    assert matrix.Outcome([result]).good


NOISY = """
def main(mpc):
    x = mpc.input([3, 4], owner=0, shape=2)
    mpc.reveal(mpc.random(2))
    return mpc.reveal(x * x)
"""


def test_a_release_that_is_random_is_left_out_and_the_others_are_judged(tmp_path: Path) -> None:
    target = matrix.Target(program(tmp_path, NOISY))
    surveys = matrix.survey(target, [("dealer", 2)])
    case = next(case for case in full_cases(surveys, programs=False) if case.step == "square.masked")
    assert matrix.run_case(target, case)[0].outcome == DETECTED


def test_over_tls(tmp_path: Path) -> None:
    target = matrix.Target(program(tmp_path, PRODUCT), transport="tls")
    surveys = matrix.survey(target, [("dealer", 2)])
    cases = [case for case in full_cases(surveys, programs=False) if case.step == "output.open" and case.by == 1]
    for kind in ("add to first", "truncate"):
        case = next(case for case in cases if case.kind == kind)
        assert matrix.run_case(target, case)[0].outcome == DETECTED


STUCK = """
import threading
calls = []
def main(mpc):
    x = mpc.input([3, 4], owner=0, shape=2)
    calls.append(mpc.party)
    if len(calls) > 8:
        threading.Event().wait()
    return mpc.reveal(x * x)
"""


@pytest.mark.network
def test_a_case_that_never_ends_is_given_up(tmp_path: Path) -> None:
    """The worker makes two honest runs, one case, and hangs in the second: the third has a new process."""
    target = matrix.Target(program(tmp_path, STUCK))
    case = Case(1, "bytes", "flip last byte", "mac_check.coins.open", ("dealer", 2), 1, 0)
    cases = [replace(case, number=number) for number in (1, 2, 3, 4)]
    results = {
        result.case.number: result.verdict for result in pool.attack(target, cases, workers=1, case_seconds=25.0)
    }
    assert sorted(results) == [1, 2, 3, 4]
    assert {verdict.outcome for verdict in results.values()} == {DETECTED, UNDETECTED}
    assert any("did not end within 25 s" in verdict.reason for verdict in results.values())
