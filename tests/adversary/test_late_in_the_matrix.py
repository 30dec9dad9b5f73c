"""The matrix itself notices checks that are honoured for a while only, or never."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAD = """
import json
from spdz.adversary import matrix
from spdz.adversary.cases import full_cases
from spdz.preprocessing.mascot import authenticate
from spdz.preprocessing.mascot import generator as mascot
from spdz.protocols import mac_check

def count(ctx):
    session = vars(ctx.session)
    session["count"] = session.get("count", 0) + 1
    return session["count"]
"""
TAIL = """
target = matrix.Target(ideal_base_ots=True)
surveys = matrix.survey(target, [config])
cases = [case for case in full_cases(surveys, programs=True) if chosen(case)]
print(json.dumps([[case.occurrence, matrix.run_case(target, case)[0].outcome] for case in cases]))
"""

AUTHENTICATED_ONCE = """
honest = mac_check.check_openings
async def check(ctx, steps):
    if {broken} and steps is authenticate.AUTHENTICATE_CHECK and count(ctx) > 1:
        ctx.unverified.close_openings(), ctx.unverified.close_broadcasts()
    else:
        await honest(ctx, steps)
mac_check.check_openings = check
config = ("mascot", 2)
chosen = lambda case: case.step == "authenticate.combination" and case.category == "values" and case.by == 1
"""
ZERO_TEST_FOR_A_WHILE = """
honest = mac_check._sum_is_zero
def is_zero(ctx, *more):
    late = count(ctx) > 3
    return honest(ctx, *more) or ({broken} and late)
mac_check._sum_is_zero = is_zero
config = ("dealer", 2)
chosen = lambda case: case.step == "output.open" and case.category == "values" and case.by == 1
"""
ECHO_FOR_A_WHILE = """
honest = mac_check.echo
async def echo(ctx):
    if {broken} and count(ctx) > 2:
        ctx.unverified.close_broadcasts()
    else:
        await honest(ctx)
mac_check.echo = echo
config = ("dealer", 3)
chosen = lambda case: case.step == "output.open" and case.category == "equivocation" and case.by == 1
"""
NO_CHECK_OF_KEY_SHARES = """
honest = mascot.check_key_shares
async def check(ctx, links):
    if not {broken}:
        await honest(ctx, links)
mascot.check_key_shares = check
config = ("mascot", 3)
chosen = lambda case: case.kind == "another key for one peer" and case.by == 2
"""


@pytest.mark.parametrize(
    "change",
    [AUTHENTICATED_ONCE, ZERO_TEST_FOR_A_WHILE, ECHO_FOR_A_WHILE, NO_CHECK_OF_KEY_SHARES],
    ids=["authenticated once", "zero test for a while", "echo for a while", "key shares unchecked"],
)
@pytest.mark.parametrize("broken", [True, False])
def test_it_is_noticed(change: str, broken: bool) -> None:
    """Regression: only the first exchange of a step was attacked, and any error at all was good enough."""
    code = HEAD + change.format(broken=broken) + TAIL
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    outcomes = json.loads(done.stdout)
    assert outcomes
    if not broken:
        assert {outcome for _, outcome in outcomes} == {"detected"}
        return
    last = max(occurrence for occurrence, _ in outcomes)
    assert {outcome for occurrence, outcome in outcomes if occurrence == last} == {"undetected"}
    assert last == 0 or {outcome for occurrence, outcome in outcomes if occurrence == 0} == {"detected"}
