"""The harness can fail: whatever is not what the step declares counts as undetected."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spdz import adversary
from spdz.adversary import AddTo, PartyEnd, Report, matrix, suite
from spdz.adversary.cases import BYTES, Case, full_cases
from spdz.adversary.table import markdown
from spdz.adversary.verdict import DETECTED, HARMLESS, INPUT_SUBSTITUTION, NOT_APPLICABLE, UNDETECTED, Verdict, judge
from spdz.errors import BroadcastMismatch, Desync, InternalError, MacCheckFailed, PeerAborted, SpdzError, TransportError
from spdz.wire.steps import all_steps

CASE = Case(1, "values", "add to last", "multiply.masked", ("dealer", 2), 1, 0)


def ended(error: BaseException | None = None, *, output: Any = None, **changes: Any) -> Report:
    """A report of party 0, who is honest and should return 7."""
    end = replace(PartyEnd(0, output=output, error=error), **changes)
    return Report((AddTo("multiply.masked", by=1),), (1,), {0: end}, {1: PartyEnd(1)}, expected={0: 7, 1: 7})


def verdict(report: Report, case: Case = CASE) -> str:
    return judge(case, report, suite.agreeing).outcome


def test_what_is_declared_is_detected() -> None:
    assert verdict(ended(MacCheckFailed("", step="mac_check.sigma.open"))) == DETECTED
    assert verdict(ended(BroadcastMismatch(""))) == DETECTED


@pytest.mark.parametrize(
    "report",
    [
        ended(hung=True),
        ended(output=8),
        ended(output=7),
        ended(Desync("")),
        ended(TransportError("")),
        ended(InternalError("")),
        ended(ZeroDivisionError()),
        ended(MacCheckFailed(""), key_destroyed=False),
        ended(MacCheckFailed(""), material_destroyed=False),
    ],
    ids=["hangs", "wrong", "no effect", "undeclared", "time-out", "fault", "crash", "key", "material"],
)
def test_anything_else_is_undetected(report: Report) -> None:
    assert verdict(report) == UNDETECTED


def test_an_error_does_not_excuse_a_wrong_output_elsewhere() -> None:
    report = ended(MacCheckFailed(""))
    report.honest[2] = PartyEnd(2, output=8)
    report.expected = {0: 7, 1: 7, 2: 7}
    assert verdict(report) == UNDETECTED


def test_a_cheat_that_did_not_happen_shows_nothing() -> None:
    assert verdict(replace(ended(output=7), fired=(0,))) == NOT_APPLICABLE


def test_bytes_may_be_unreadable_and_messages_late() -> None:
    case = replace(CASE, category="bytes", kind="drop")
    errors: tuple[SpdzError, ...] = (Desync(""), TransportError(""), PeerAborted(""))
    assert [verdict(ended(error), case) for error in errors] == [DETECTED] * 3
    assert verdict(ended(output=7), case) == UNDETECTED
    assert verdict(ended(output=7), replace(case, kind="reorder")) == HARMLESS


def test_harmless_and_substituted_outcomes_must_be_declared() -> None:
    assert verdict(ended(output=7), replace(CASE, step="copee.corrections")) == HARMLESS
    assert verdict(ended(output=8), replace(CASE, step="input.masked")) == INPUT_SUBSTITUTION
    assert verdict(ended(output=8), replace(CASE, step="copee.corrections")) == UNDETECTED


def test_the_judge_of_the_suite_knows_right_from_wrong() -> None:
    x, y = np.array(suite.X), np.array(suite.Y)

    def output(x: Any, y: Any) -> Any:
        return np.concatenate([x, y, x * y, x * x, np.zeros(6, np.int64)])

    assert suite.consistent({0: output(x, y + 1)}, 2)
    assert not suite.consistent({1: output(x, y + 1)}, 2), "the input of an honest party"
    assert not suite.consistent({0: output(x, y + 1), 1: output(x, y)}, 3), "different outputs"
    for place in range(8, 22):
        wrong = output(x, y)
        wrong[place] += 1
        assert not suite.consistent({0: wrong}, 2), place


def test_steps_that_were_not_attacked_are_named() -> None:
    target = matrix.Target()
    surveys = matrix.survey(target, [("dealer", 2)])
    cases = full_cases(surveys, programs=False)
    found = [matrix.Result(case, Verdict(DETECTED), 0.0) for case in cases]
    missing = matrix.finish(target, found, surveys).missing
    assert "ot_extension.columns: never exercised" in missing
    assert not any("case happened" in line for line in missing)
    without = [result for result in found if (result.case.step, result.case.category) != ("square.masked", "values")]
    assert "square.masked: no values case happened" in matrix.finish(target, without, surveys).missing


def test_the_cases_cover_every_kind_place_sender_and_victim() -> None:
    surveys = matrix.survey(matrix.Target(), [("dealer", 3)])
    cases = [case for case in full_cases(surveys, programs=False) if case.step == "output.open"]
    pairs = {(by, to) for by in range(3) for to in range(3) if by != to}
    for kind in BYTES:
        if kind != "replay another round":
            assert {(case.by, case.to) for case in cases if case.kind == kind} == pairs
    for place in ("first", "middle", "last"):
        assert {case.by for case in cases if case.kind == f"add to {place}"} == {0, 1, 2}
        assert {(case.by, case.to) for case in cases if case.kind == f"equivocate in {place}"} == pairs
    assert all(step.tampering for step in all_steps().values())


def test_the_quick_matrix_has_every_step_in_every_category_and_its_table_too() -> None:
    target = matrix.Target()
    surveys = matrix.survey(target, [("dealer", 2), ("dealer", 3)])
    full, quick = (matrix.plan(target, surveys, full=full) for full in (True, False))
    wanted = {(case.step, case.category) for case in full if case.category != "program"}
    assert wanted == {(case.step, case.category) for case in quick if case.category != "program"}
    assert {case.config[1] for case in quick} == {2, 3}
    assert len(quick) < len(full) / 4
    page = markdown(matrix.finish(target, [matrix.Result(case, Verdict(DETECTED), 0.0) for case in quick], surveys), "")
    for step, _ in wanted:
        assert f"| `{step}` |" in page
    assert "`WrongTriples`" in page


def test_a_hang_is_noticed() -> None:
    released = threading.Event()
    report = adversary.run(
        lambda mpc: released.wait(30), preprocessing="dealer", corrupted=[1], deadline=0.5, honest_first=False
    )
    released.set()
    assert report.hung
    assert "HANGS" in str(report)


BROKEN = """
import json
from spdz.adversary import matrix
from spdz.protocols import output

async def no_check(ctx, steps=None):
    ctx.unverified.close_openings()
    ctx.unverified.close_broadcasts()

if {broken}:
    output.check_openings = no_check
target = matrix.Target()
surveys = matrix.survey(target, [("dealer", 2)])
cases = matrix.plan(target, surveys, full=True)
chosen = [case for case in cases if case.step in ("multiply.masked", "output.open") and case.category == "values"]
results = [matrix.Result(case, *matrix.run_case(target, case)) for case in chosen]
print(json.dumps(matrix.finish(target, results, surveys, every_step=False).summary()))
"""


@pytest.mark.parametrize(("broken", "outcome"), [(True, "undetected"), (False, "detected")])
def test_a_protocol_without_its_check_is_found_out(broken: bool, outcome: str) -> None:
    command = [sys.executable, "-c", BROKEN.format(broken=broken)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary["cases"] == summary[outcome] == 12
