"""A checked scope leaves nothing unverified, and nothing else makes a scope."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from spdz.errors import InternalError, MacCheckFailed, SacrificeFailed
from spdz.field import M61
from spdz.preprocessing.mascot.triples import SACRIFICE_CHECK
from spdz.protocols.mac_check import check_openings, checked
from spdz.protocols.opening import claim_zero, partial_open
from spdz.runtime.context import Context
from spdz.runtime.task import Task
from spdz.runtime.traps import Join, Spawn
from spdz.sharing.shares import AuthShare
from spdz.wire.steps import Delivery, Payload, Step
from tests.support.cheaters import with_added
from tests.support.dealer import IdealDealer
from tests.support.parties import assert_caught, make_sessions, rounds_of, run

ROOT = Path(__file__).parents[2]
Declare = Callable[..., Step]
PARTIES = pytest.mark.parametrize("parties", [2, 3])
CHEATER = 1


@pytest.fixture
def step(declare_step: Declare) -> Step:
    return declare_step("test.opening", Delivery.BROADCAST, payload=Payload.ELEMENTS)


@PARTIES
def test_the_body_is_checked_in_a_scope_of_its_own(parties: int, step: Step, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2])

    async def main(ctx: Context) -> list[int]:
        share = shares[ctx.party]
        await partial_open(ctx, step, share)

        async def body(scope: Context) -> list[int]:
            assert scope.unverified.is_empty
            return (await partial_open(scope, step, share)).to_ints()

        result = await checked(ctx, "scope", body)
        # What the caller had opened before is still to be checked, by whoever checks that scope.
        assert not ctx.unverified.is_empty
        await check_openings(ctx)
        return result

    ended = run(sessions, main)
    assert ended.results == [[1, 2]] * parties
    assert ended.trace.steps["mac_check.sigma.open"].exchanges == 2


@PARTIES
@pytest.mark.parametrize(
    ("steps", "error", "name"),
    [(None, MacCheckFailed, "mac_check"), (SACRIFICE_CHECK, SacrificeFailed, "sacrifice.check")],
    ids=["default", "own steps"],
)
def test_a_wrong_opening_of_the_body_ends_it_with_the_error_of_its_purpose(
    parties: int, steps: object, error: type[MacCheckFailed], name: str, step: Step, seed: bytes
) -> None:
    sessions = make_sessions(parties, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2])
    shares[CHEATER] = AuthShare(with_added(shares[CHEATER].value, "last", 1), shares[CHEATER].mac)

    async def main(ctx: Context) -> object:
        async def body(scope: Context) -> object:
            return await partial_open(scope, step, shares[scope.party])

        return await checked(ctx, "scope", body, *([] if steps is None else [steps]))  # type: ignore[list-item]

    assert_caught(run(sessions, main), error, f"{name}.sigma.open", cheater=CHEATER, everyone_sees=True)


@PARTIES
def test_what_is_opened_while_the_check_runs_is_an_error(parties: int, step: Step, seed: bytes) -> None:
    """A task that outlives the body could otherwise leave an opening that nobody checks."""
    sessions = make_sessions(parties, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2])

    async def main(ctx: Context) -> None:
        tasks: list[Task] = []

        async def body(scope: Context) -> None:
            await partial_open(scope, step, shares[scope.party])
            tasks.append(await Spawn(partial_open(scope.child("late"), step, shares[scope.party])))

        await checked(ctx, "scope", body)
        await Join(tasks[0])

    ended = run(sessions, main)
    for session, outcome in zip(sessions, ended.outcomes, strict=True):
        assert type(outcome.error) is InternalError, repr(outcome.error)
        assert "never checked" in str(outcome.error)
        assert not session.domains.alive


@PARTIES
def test_the_check_waits_for_its_turn(parties: int, step: Step, seed: bytes) -> None:
    sessions = make_sessions(parties, M61, seed)
    shares = IdealDealer(sessions, seed).share([1, 2])

    async def main(ctx: Context) -> None:
        async def long(scope: Context) -> None:
            for _ in range(3):
                await partial_open(scope, step, shares[scope.party])

        async def short(scope: Context) -> None:
            claim_zero(scope, shares[scope.party] - shares[scope.party])

        first = await Spawn(checked(ctx, "first", long))
        await checked(ctx, "second", short, SACRIFICE_CHECK, turn=first)

    ended = run(sessions, main)
    assert ended.results == [None] * parties
    first, second = (rounds_of(ended.trace, f"{name}.sigma.open") for name in ("mac_check", "sacrifice.check"))
    tossed = rounds_of(ended.trace, "sacrifice.check.coins.commit")
    assert len(first) == len(second) == len(tossed) == 1
    assert first[0] < tossed[0]


def test_an_empty_body_costs_nothing(seed: bytes) -> None:
    sessions = make_sessions(2, M61, seed)
    IdealDealer(sessions, seed)

    async def main(ctx: Context) -> int:
        async def body(scope: Context) -> int:
            return 5

        return await checked(ctx, "scope", body)

    ended = run(sessions, main)
    assert (ended.results, ended.rounds) == ([5, 5], 0)


ALLOWED = {
    "Unverified": {"spdz/runtime/context.py", "spdz/protocols/mac_check.py"},
    "require_empty": {"spdz/runtime/party.py", "spdz/protocols/mac_check.py"},
    "check_openings": {
        "online/plan/graph.py",
        "spdz/protocols/mac_check.py",
        "spdz/protocols/output.py",
        "spdz/vectors/protocols.py",
    },
    "record_opening": {"spdz/protocols/opening.py", "spdz/adversary/programs.py"},
    "close_openings": {"spdz/protocols/mac_check.py"},
}
"""Where the parts of a scope may be called; everybody else says `checked`, `partial_open` or `claim_zero`."""


@pytest.mark.parametrize("name", ALLOWED)
def test_nobody_makes_or_checks_a_scope_by_hand(name: str) -> None:
    found = set()
    for folder in ("spdz", "preprocessing", "online", "examples"):
        for path in (ROOT / folder).rglob("*.py"):
            calls = (node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
            if any(name == getattr(call, "id", getattr(call, "attr", None)) for call in calls):
                found.add(path.relative_to(ROOT).as_posix())
    assert found <= ALLOWED[name]
    assert found
