"""Every value that is given to an honest party is judged, also if the party finds the cheat afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from spdz import adversary
from spdz.adversary import AddTo, CopyHonest, OtherInput
from spdz.adversary.observer import Released
from spdz.errors import MacCheckFailed
from spdz.online.session import Mpc


def twice(mpc: Mpc) -> Any:
    x = mpc.input([3], owner=0, shape=1)
    first = int(mpc.reveal(x)[0])
    private = mpc.reveal_to(x * 5, party=0)
    return first, private, int(mpc.reveal(x * x)[0])


def test_what_is_released_is_in_the_report() -> None:
    report = adversary.run(twice, preprocessing="dealer", corrupted=[1])
    assert [(one.to, None if one.value is None else one.value.tolist()) for one in report.honest[0].released] == [
        (None, [3]),
        (0, [15]),
        (None, [9]),
    ]
    assert report.wrong_releases == report.wrong_outputs == {}
    assert report.expected_releases is not None
    assert report.expected_releases[1][1] == Released(0, None)


def test_what_a_program_does_to_a_value_does_not_reach_the_report() -> None:
    def program(mpc: Mpc) -> Any:
        value = mpc.reveal(mpc.input([3], owner=0, shape=1))
        value += 1
        return value

    report = adversary.run(program, preprocessing="dealer", corrupted=[1])
    assert report.honest[0].released[0].value.tolist() == [3]
    assert report.wrong_releases == {}


@pytest.mark.parametrize("by", [0, 1, 2])
def test_a_private_output_that_is_tampered_with(by: int) -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([3, 4], owner=1, shape=2)
        y = mpc.reveal_to(x * x, party=0)
        return None if y is None else y.tolist()

    pretend = CopyHonest("broadcast.echo", by=by, pretend=True, every=True)
    report = adversary.run(program, 3, preprocessing="dealer", cheats=[AddTo("output.open", by=by), pretend])
    assert report.fired[0] == 2
    assert {type(end.error) for end in report.honest.values() if not end.is_echo} == {MacCheckFailed}
    assert report.wrong_releases == report.wrong_outputs == {}
    assert not any(end.released for end in report.honest.values())


def test_another_input_shows_in_every_release() -> None:
    report = adversary.run(twice, preprocessing="dealer", cheats=[OtherInput(by=0)])
    assert report.wrong_releases == {1: [0, 2]}
    assert list(report.wrong_outputs) == [1]


BROKEN = """
import json
from spdz.adversary import matrix
from spdz.protocols import mac_check, opening, output
import spdz.online.session as session

async def first_output_unchecked(ctx, shares):
    await mac_check.check_openings(ctx)
    opened = [await opening.partial_open(ctx, output.OUTPUT, share) for share in shares]
    if getattr(ctx.session, "revealed", False):
        await mac_check.check_openings(ctx)
    ctx.session.revealed = True
    return opened

if {broken}:
    session.output_together = first_output_unchecked
target = matrix.Target()
surveys = matrix.survey(target, [("dealer", 2)])
cases = matrix.plan(target, surveys, full=True)
chosen = [case for case in cases if (case.step, case.category, case.occurrence) == ("output.open", "values", 0)]
verdicts = [matrix.run_case(target, case)[0] for case in chosen]
print(json.dumps([[verdict.outcome, verdict.reason] for verdict in verdicts]))
"""


@pytest.mark.parametrize(("broken", "outcome"), [(True, "undetected"), (False, "detected")])
def test_a_wrong_value_that_is_found_only_after_its_release_is_undetected(broken: bool, outcome: str) -> None:
    """Regression: outputs were compared only when the session had ended, and by then the next reveal had failed."""
    command = [sys.executable, "-c", BROKEN.format(broken=broken)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    verdicts = json.loads(done.stdout)
    assert len(verdicts) == 6
    assert {verdict for verdict, _ in verdicts} == {outcome}
    assert not broken or all("was given a wrong value" in reason for _, reason in verdicts)
