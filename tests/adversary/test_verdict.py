"""The harness can fail: whatever is not what the step declares counts as undetected."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from dataclasses import replace
from time import sleep
from typing import Any

import numpy as np
import pytest

from spdz import adversary
from spdz.adversary import AddTo, PartyEnd, Report, matrix, suite
from spdz.adversary.cases import Case, full_cases, quick_cases
from spdz.adversary.kinds import BYTES, IN_TURN_AMONG_THREE, LATER, PROGRAMS, exempt
from spdz.adversary.observer import Released
from spdz.adversary.table import markdown
from spdz.adversary.verdict import (
    DETECTED,
    FAILED,
    HARMLESS,
    INPUT_SUBSTITUTION,
    NOT_APPLICABLE,
    NOT_JUDGED,
    UNDETECTED,
    Verdict,
    judge,
)
from spdz.errors import (
    AuthenticationFailed,
    BroadcastMismatch,
    Desync,
    InternalError,
    MacCheckFailed,
    PeerAborted,
    SpdzError,
    TransportError,
)
from spdz.wire.steps import all_steps

CASE = Case(1, "values", "add to last", "multiply.masked", ("dealer", 2), 1, 0)


def ended(error: BaseException | None = None, *, output: Any = None, **changes: Any) -> Report:
    """A report of party 0, who is honest, and should be given and return 7."""
    end = replace(PartyEnd(0, output=output, error=error), **changes)
    cheats = (AddTo("multiply.masked", by=1),)
    report = Report(cheats, (1,), {0: end}, {1: PartyEnd(1)}, expected={0: 7, 1: 7}, parties=2)
    report.expected_releases = {party: [Released(None, 7)] for party in range(3)}
    return report


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
        ended(MacCheckFailed(""), links_destroyed=False),
        ended(MacCheckFailed(""), released=[Released(None, 8)]),
        ended(MacCheckFailed(""), released=[Released(0, 7)]),
        ended(MacCheckFailed(""), released=[Released(None, 7), Released(None, 7)]),
        ended(PeerAborted("")),
    ],
    ids=[
        "hangs",
        "wrong",
        "no effect",
        "undeclared",
        "time-out",
        "fault",
        "crash",
        "key",
        "material",
        "links",
        "released before the error",
        "released to another party",
        "released without being asked",
        "only that a peer has aborted",
    ],
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
    errors: tuple[SpdzError, ...] = (Desync(""), TransportError(""))
    assert [verdict(ended(error), case) for error in errors] == [DETECTED] * 2
    assert verdict(ended(PeerAborted("")), case) == UNDETECTED
    assert verdict(ended(PeerAborted("")), replace(case, kind="abort instead")) == DETECTED
    assert verdict(ended(output=7), case) == UNDETECTED
    assert verdict(ended(output=7), replace(case, kind="reorder")) == HARMLESS


def test_equivocation_must_be_found_by_the_echo() -> None:
    """Regression: an echo that compared nothing passed wherever a MAC check noticed as well."""
    case = replace(CASE, category="equivocation", kind="equivocate in last")
    assert verdict(ended(BroadcastMismatch("")), case) == DETECTED
    assert verdict(ended(MacCheckFailed("")), case) == UNDETECTED


def test_harmless_and_substituted_outcomes_must_be_declared() -> None:
    assert verdict(ended(output=7), replace(CASE, step="copee.corrections")) == HARMLESS
    assert verdict(ended(output=8), replace(CASE, step="copee.corrections")) == UNDETECTED
    three = ended(output=8)
    three.honest[2] = PartyEnd(2, output=8)
    three.expected = dict.fromkeys(range(3), 7)
    assert verdict(three, replace(CASE, step="input.masked")) == INPUT_SUBSTITUTION


def test_that_a_party_has_left_by_its_own_cheat_allows_no_more_than_its_silence() -> None:
    """Regression: any error of a corrupted party, a crash included, allowed any honest party to be lost."""
    for error in (TransportError(""), PeerAborted(""), Desync("")):
        report = ended(error)
        report.corrupted[1] = PartyEnd(1, error=MacCheckFailed(""))
        assert verdict(report) == UNDETECTED
        report.honest[2] = PartyEnd(2, error=MacCheckFailed(""))
        assert verdict(report) == DETECTED


def test_a_guess_must_end_as_it_was_foreseen() -> None:
    case = replace(CASE, step="copee.corrections")
    for foreseen, report in (((True,), ended(output=7)), ((False,), ended(AuthenticationFailed("")))):
        assert verdict(replace(report, foreseen=foreseen), case) in (HARMLESS, DETECTED)
        assert verdict(replace(report, foreseen=(not foreseen[0],)), case) == UNDETECTED
        assert judge(case, replace(report, foreseen=foreseen), suite.agreeing).foreseen is foreseen[0]


INPUT = replace(CASE, step="input.masked")


def of_three(*ends: PartyEnd, expected: Any = 7) -> Report:
    report = Report((AddTo("input.masked", by=1),), (1,), {end.party: end for end in ends}, {1: PartyEnd(1)}, parties=3)
    report.expected = dict.fromkeys(range(3), expected)
    report.expected_releases = {party: [Released(None, expected)] for party in range(3)}
    return report


def test_of_another_program_it_is_said_when_nothing_can_be_said() -> None:
    """Regression: any output of a single honest party passed for one with another input."""
    alone = ended(output=[999, -7], released=[Released(None, 999)])
    assert verdict(alone, INPUT) == NOT_JUDGED
    assert verdict(ended(released=[Released(None, 999)], error=MacCheckFailed("")), INPUT) == NOT_JUDGED


@pytest.mark.parametrize(
    ("right", "other", "third"),
    [
        ((np.array([3, 4]), np.array(25)), (np.array([3, 5]), np.array(34)), (np.array([3, 6]), np.array(34))),
        ({"a": np.array([3, 4]), "b": 1}, {"a": np.array([3, 5]), "b": 2}, {"a": np.array([3, 5]), "b": 3}),
    ],
    ids=["tuple", "dict"],
)
def test_outputs_of_any_shape_are_compared(right: Any, other: Any, third: Any) -> None:
    """Regression: tuples of arrays and dictionaries made the comparison raise, or were never equal."""

    def ends(one: Any, two: Any) -> Report:
        return of_three(
            *(PartyEnd(p, output=v, released=[Released(None, v)]) for p, v in ((0, one), (2, two))), expected=right
        )

    assert verdict(ends(other, other), INPUT) == INPUT_SUBSTITUTION
    assert verdict(ends(other, third), INPUT) == UNDETECTED
    assert verdict(ends(other, right), INPUT) == UNDETECTED


def test_outputs_that_differ_from_party_to_party_are_not_compared_with_each_other() -> None:
    report = of_three(PartyEnd(0, output="mine"), PartyEnd(2, output="not mine"))
    report.expected = {0: "mine", 1: "", 2: "other"}
    assert verdict(report, INPUT) == NOT_JUDGED
    private = of_three(PartyEnd(0, released=[Released(0, 8)]), PartyEnd(2, released=[Released(0, None)]))
    private.expected = dict.fromkeys(range(3))
    private.expected_releases = {0: [Released(0, 7)], 2: [Released(0, None)]}
    assert verdict(private, INPUT) == NOT_JUDGED


X, Y, Z = (np.array(values) for values in (suite.X, suite.Y, suite.Z))


def given(x: Any, y: Any, z: Any = Z, *, to: bool = True) -> list[Released]:
    """What `every_step` releases for these inputs; `to` a party that gets the private one."""
    matrix_product = (x.reshape(2, 2) @ y.reshape(2, 2)).ravel()
    wide = np.outer(np.tile(x, 2), np.tile(y, 2)).ravel()
    late = np.concatenate([z, x[:2] * z, x * x, np.zeros(6, np.int64), matrix_product, wide])
    return [np.concatenate([x, y, x * y]), x - y if to else None, late]  # type: ignore[list-item]


def seen(party: int, values: list[Any], parties: int, **changes: Any) -> PartyEnd:
    released = [Released(to, value) for to, value in zip((None, parties - 1, None), values, strict=False)]
    return PartyEnd(party, released=released, **{"output": (*values, suite.PUBLISHED), **changes})


def suited(*ends: PartyEnd, corrupted: tuple[int, ...], parties: int) -> bool:
    report = Report((), (), {end.party: end for end in ends}, {party: PartyEnd(party) for party in corrupted})
    report.parties = parties
    return suite.consistent(report)


def test_the_judge_of_the_suite_knows_right_from_wrong() -> None:
    assert suited(seen(0, given(X, Y + 1, Z + 5, to=False), 2), corrupted=(1,), parties=2)
    assert not suited(seen(1, given(X, Y + 1), 2), corrupted=(0,), parties=2), "the input of an honest party"
    assert not suited(seen(1, given(X, Y, Z + 1), 2), corrupted=(0,), parties=2), "its later input"
    two = seen(0, given(X, Y + 1, to=False), 3), seen(1, given(X, Y, to=False), 3)
    assert not suited(*two, corrupted=(2,), parties=3), "different outputs"
    assert not suited(seen(0, given(X, Y), 2), corrupted=(1,), parties=2), "a private output to another party"
    told = {"output": (*given(X, Y, to=False), "else")}
    assert suited(seen(0, given(X, Y, to=False), 2, **told), corrupted=(1,), parties=2), "what a cheater publishes"
    assert not suited(seen(1, given(X, Y), 2, output=(*given(X, Y), "else")), corrupted=(0,), parties=2)
    two = seen(0, given(X, Y, to=False), 3, **told), seen(1, given(X, Y, to=False), 3)
    assert not suited(*two, corrupted=(2,), parties=3), "different things published to different parties"
    for number in range(3):
        values = given(X + 1, Y)
        for place in range(values[number].value.size if hasattr(values[number], "value") else len(values[number])):  # type: ignore[arg-type]
            wrong = [np.array(value) for value in values]
            wrong[number][place] += 1
            if number == 0 and place < 4:
                continue
            assert not suited(seen(1, wrong, 2), corrupted=(0,), parties=2), (number, place)


def test_a_party_that_ended_with_an_error_is_not_taken_for_a_corrupted_one() -> None:
    """Regression: the judge took whoever returned nothing for corrupted, and allowed it another input."""
    bad = given(X + 5, Y)
    aborted = PartyEnd(0, error=BroadcastMismatch(""))
    assert not suited(aborted, seen(2, bad, 3), corrupted=(1,), parties=3)
    assert suited(seen(1, given(X + 5, Y, to=False), 3), seen(2, bad, 3), corrupted=(0,), parties=3)


def test_what_was_released_before_an_error_is_judged() -> None:
    early = seen(1, given(X + 5, Y)[:1], 2, error=MacCheckFailed(""), output=None)
    assert suited(early, corrupted=(0,), parties=2)
    assert not suited(early, corrupted=(), parties=2)


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
        victims = {(case.by, case.to) for case in cases if case.kind == kind}
        assert victims == pairs or (kind in IN_TURN_AMONG_THREE and victims)
    for place in ("first", "middle", "last"):
        assert {case.by for case in cases if case.kind == f"add to {place}" and not case.occurrence} == {0, 1, 2}
        equivocating = [case for case in cases if case.kind == f"equivocate in {place}" and not case.occurrence]
        assert {(case.by, case.to) for case in equivocating} == pairs
    assert all(step.tampering for step in all_steps().values())


def test_the_first_a_middle_and_the_last_exchange_are_attacked() -> None:
    """Regression: a check that was honoured once a session passed the whole matrix."""
    surveys = matrix.survey(matrix.Target(), [("dealer", 3)])
    cases = full_cases(surveys, programs=False)
    assert len(surveys["dealer", 3].recording["output.open", 0, 1]) == 3
    for by in range(3):
        for category in ("values", "equivocation"):
            mine = [case for case in cases if (case.step, case.category, case.by) == ("output.open", category, by)]
            assert {case.occurrence for case in mine} == {0, 1, 2}
    late = {case.kind for case in cases if case.step == "mac_check.sigma.open" and case.occurrence > 1}
    assert late == set(BYTES)
    assert {case.occurrence for case in cases if case.kind in LATER and case.step == "output.open"} == {1, 2}


def test_the_quick_matrix_has_every_step_in_every_category_and_its_table_too() -> None:
    target = matrix.Target()
    surveys = matrix.survey(target, [("dealer", 2), ("dealer", 3)])
    full, quick = (matrix.plan(target, surveys, full=full) for full in (True, False))
    wanted = {(case.step, case.category) for case in full if case.category != "program"}
    assert wanted == {(case.step, case.category) for case in quick if case.category != "program"}
    assert {case.config[1] for case in quick} == {2, 3}
    assert any(case.occurrence for case in quick)
    assert len(quick) < len(full) / 4
    results = [matrix.Result(case, Verdict(DETECTED), 0.0) for case in quick]
    results.append(matrix.Result(replace(quick[0], kind="reorder"), Verdict(NOT_APPLICABLE), 0.0))
    page = markdown(matrix.finish(target, results, surveys), "")
    for step, _ in wanted:
        assert f"| `{step}` |" in page
    assert "`WrongTriples`" in page
    assert "not applicable 1" in page
    assert f"- reorder, only where several messages leave together: `{quick[0].step}`" in page


def test_a_kind_that_never_happened_at_a_step_is_named_unless_there_is_a_reason() -> None:
    """Regression: cheats that could not be done vanished from the count."""
    target = matrix.Target()
    surveys = matrix.survey(target, [("dealer", 2)])
    cases = full_cases(surveys, programs=True)

    def missing(gone: str) -> list[str]:
        results = [
            matrix.Result(case, Verdict(NOT_APPLICABLE if case.kind == gone else DETECTED), 0.0) for case in cases
        ]
        return matrix.finish(target, results, surveys, every_step=False, every_kind=True).missing

    assert missing("nothing") == []
    assert missing("reorder") == []
    assert "output.open: drop never happened" in missing("drop")
    assert "program.plan: replay another session never happened" not in missing("replay another session")
    assert "output.open: replay another session never happened" in missing("replay another session")
    assert all(exempt(kind, "output.open") is None for kind in BYTES if kind != "reorder")


def test_guesses_that_all_end_alike_are_named() -> None:
    kinds = [kind for kind, program in PROGRAMS.items() if program.is_guess]
    assert len(kinds) >= 3
    cases = [Case(i, "program", kind, "copee.corrections", ("mascot", 2), 0) for i, kind in enumerate(kinds)]
    wrong = [matrix.Result(case, Verdict(DETECTED, foreseen=False), 0.0) for case in cases]
    right = [matrix.Result(case, Verdict(HARMLESS, foreseen=True), 0.0) for case in cases]
    assert matrix._one_sided_guesses(cases, wrong) == [f"{kind}: no guess was right" for kind in sorted(kinds)]
    assert matrix._one_sided_guesses(cases, wrong + right) == []


def test_a_case_whose_cheat_crashes_is_a_failure() -> None:
    verdict, _ = matrix.run_case(matrix.Target(), replace(CASE, step="mac_check.coins.commit"))
    assert verdict.outcome == FAILED
    assert "use Flip" in verdict.reason
    outcome = matrix.Outcome([matrix.Result(CASE, verdict, 0.0)])
    assert not outcome.good
    assert outcome.summary()["failed"] == outcome.summary()["cases"] == 1


def test_quick_attacks_late_exchanges_too() -> None:
    surveys = matrix.survey(matrix.Target(), [("dealer", 2)])
    quick = quick_cases(full_cases(surveys, programs=False))
    assert any(case.occurrence and case.category == "values" for case in quick)


def test_a_run_that_takes_longer_than_the_deadline_hangs_also_if_it_ends() -> None:
    """Regression: a party that returned while the harness was closing lines had not been late."""

    def slow(mpc: Any) -> int:
        value = int(mpc.reveal(mpc.input([3], owner=0, shape=1))[0])
        sleep(1.5)
        return value

    report = adversary.run(slow, preprocessing="dealer", corrupted=[1], deadline=0.7, honest_first=False)
    assert report.hung


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
    assert summary["cases"] == summary[outcome] > 12
