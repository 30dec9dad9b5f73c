"""`run_local`: arguments, programs that differ, programs that fail, and what is left of a session afterwards."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.errors import ConfigurationMismatch, Desync, PeerAborted, UsageError
from spdz.online.session import Mpc

from .support import Watched, assert_refused, local

SETTINGS = pytest.mark.parametrize(("preprocessing", "parties"), [("dealer", 2), ("dealer", 3), ("mascot", 2)])


def product(mpc: Mpc) -> Any:
    x = mpc.input(mpc.inputs, owner=0, shape=3)
    y = mpc.input(mpc.inputs, owner=1, shape=3)
    return mpc.reveal((x * y).sum())


def test_the_example_of_the_package() -> None:
    assert spdz.run_local(product, inputs=[[1, 2, 3], [4, 5, 6]]) == [32, 32]


def test_inside_a_running_event_loop() -> None:
    """As in a notebook."""

    async def main() -> list[Any]:
        await asyncio.sleep(0)
        return local(product, inputs=[[1, 2, 3], [4, 5, 6]])

    assert asyncio.run(main()) == [32, 32]


def test_one_program_for_each_party() -> None:
    def owner(mpc: Mpc) -> str:
        mpc.reveal_to(mpc.input([7], owner=0, shape=1), party=1)
        return "owner"

    def receiver(mpc: Mpc) -> int:
        return int(mpc.reveal_to(mpc.input(owner=0, shape=1), party=1)[0])

    assert local([owner, receiver]) == ["owner", 7]
    assert local((owner, receiver)) == ["owner", 7]


def test_sessions_can_run_inside_a_program() -> None:
    def outer(mpc: Mpc) -> Any:
        inner = local(product, inputs=[[mpc.party] * 3, [1, 1, 1]])[0]
        return mpc.reveal(mpc.input(inner, owner=1, shape=()))

    assert local(outer) == [3, 3]


def test_a_program_that_does_nothing() -> None:
    assert local(lambda mpc: mpc.party, 3) == [0, 1, 2]
    # What was asked for and never revealed is not run.
    assert local(lambda mpc: (mpc.random(3) * mpc.random(3)).shape) == [(3,), (3,)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inputs": [1]}, ["1 inputs", "2 parties"]),
        ({"inputs": [1, 2, 3]}, ["3 inputs", "2 parties"]),
        ({"program": [product]}, ["1 programs", "2 parties"]),
        ({"program": [product] * 3}, ["3 programs", "2 parties"]),
        ({"parties": 1}, ["parties must be an integer from 2 to 16, got 1"]),
        ({"parties": 17}, ["parties must be an integer from 2 to 16, got 17"]),
        ({"field": "m127"}, ["did you mean M127"]),
        ({"field": "M62"}, ["no field 'M62'", "did you mean M61"]),
        ({"field": "GF256"}, ["no field 'GF256'", "Known fields: M5"]),
        ({"preprocessing": "mascott"}, ["mascot, dealer", "did you mean 'mascot'?"]),
        ({"preprocessing": "Dealer"}, ["did you mean 'dealer'?"]),
        ({"preprocessing": "trusted"}, ["preprocessing must be one of mascot, dealer, got 'trusted'"]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value[0],
)
def test_arguments_that_cannot_be(options: dict[str, Any], words: list[str]) -> None:
    def never(mpc: Mpc) -> None:
        raise AssertionError("the program must not be started")

    assert_refused(lambda: local(**{"program": never, **options}), UsageError, *words)


# -- a program fails --------------------------------------------------------------------------------------------------


class Mine(Exception):
    """An exception that spdz does not know."""


@SETTINGS
@pytest.mark.parametrize(
    "error", [Mine("mine"), KeyboardInterrupt(), SystemExit(3)], ids=lambda error: type(error).__name__
)
def test_an_error_of_one_program_is_raised_and_destroys_key_and_material_everywhere(
    preprocessing: str, parties: int, error: BaseException
) -> None:
    """PITFALLS 4: whatever interrupts a session, a KeyboardInterrupt included."""

    def fails(mpc: Mpc) -> None:
        mpc.prepare(triples=5)
        x = mpc.input([1, 2], owner=0, shape=2)
        mpc.reveal(x * x)
        if mpc.party == 1:
            assert mpc._party.session.key.alive
            raise error
        mpc.reveal(x * x * x)

    watched = Watched(fails)
    with pytest.raises(type(error)) as caught:
        local(watched, parties, preprocessing=preprocessing)
    assert caught.value is error
    for party in range(parties):
        assert type(watched.errors[party]) is (type(error) if party == 1 else PeerAborted)
    assert watched.errors[0].blamed is None, "whoever aborts may be honest"  # type: ignore[attr-defined]
    watched.assert_dead(parties)


def test_an_error_that_is_caught_does_not_bring_a_session_back() -> None:
    def program(mpc: Mpc) -> None:
        x = mpc.random(2)
        if mpc.party == 1:
            mpc.abort(Mine())
        with pytest.raises((PeerAborted, UsageError)):
            mpc.reveal(x)
        for attempt in (lambda: mpc.reveal(x), lambda: mpc.random(), lambda: x + 1):
            assert_refused(attempt, UsageError, "this session has ended")

    watched = Watched(program)
    # The abort may reach party 0 together with the last message of the set-up.
    with contextlib.suppress(PeerAborted):
        assert local(watched, preprocessing="mascot") == [None, None]
    assert watched.errors.keys() <= {0}


def test_a_finished_session_leaves_no_key_and_no_material() -> None:
    watched = Watched(lambda mpc: mpc.prepare(triples=100, squares=3))
    local(watched, 3)
    watched.assert_dead(3)


# -- programs that differ ---------------------------------------------------------------------------------------------


def secret(mpc: Mpc, size: int = 3) -> spdz.SecretArray:
    return mpc.input(np.arange(size), owner=0, shape=size)


DIFFERENT: dict[str, tuple[Callable[[Mpc], Any], Callable[[Mpc], Any], str, str]] = {
    "operation": (
        lambda mpc: mpc.reveal(secret(mpc) * secret(mpc)),
        lambda mpc: mpc.reveal(secret(mpc) + secret(mpc)),
        "'multiply (3,)'",
        "'add'",
    ),
    "shape of an input": (
        lambda mpc: mpc.reveal(secret(mpc)),
        lambda mpc: mpc.reveal(secret(mpc, 4)),
        "'input of party 0 (3,)'",
        "'input of party 0 (4,)'",
    ),
    "what is revealed": (
        lambda mpc: mpc.reveal(secret(mpc)[:2]),
        lambda mpc: mpc.reveal(secret(mpc)[:1]),
        "'index to (2,)'",
        "'index to (1,)'",
    ),
    "to whom": (
        lambda mpc: mpc.reveal_to(secret(mpc), party=0),
        lambda mpc: mpc.reveal_to(secret(mpc), party=1),
        "'reveal to party 0 [(3,)]'",
        "'reveal to party 1 [(3,)]'",
    ),
    "all or one": (
        lambda mpc: mpc.reveal(secret(mpc)),
        lambda mpc: mpc.reveal_to(secret(mpc), party=1),
        "'reveal [(3,)]'",
        "'reveal to party 1 [(3,)]'",
    ),
    "one more operation": (
        lambda mpc: mpc.reveal(secret(mpc)),
        lambda mpc: mpc.reveal(secret(mpc), mpc.random(2)),
        "'reveal [(3,)]'",
        "'random (2,)'",
    ),
    "prepare": (
        lambda mpc: mpc.prepare(triples=3),
        lambda mpc: mpc.prepare(triples=4),
        "'prepare 3 triples'",
        "'prepare 4 triples'",
    ),
    "prepare or reveal": (
        lambda mpc: mpc.prepare(triples=3),
        lambda mpc: mpc.reveal(mpc.constant([1])),
        "'prepare 3 triples'",
        "'reveal [(1,)]'",
    ),
}


@SETTINGS
@pytest.mark.parametrize("what", DIFFERENT)
def test_different_programs_are_a_configuration_mismatch_that_names_both(
    what: str, preprocessing: str, parties: int
) -> None:
    """PITFALLS 19."""
    first, second, *names = DIFFERENT[what]
    programs = [first] * (parties - 1) + [second]
    watched = Watched(*programs)
    with pytest.raises(ConfigurationMismatch, match="the parties' programs differ") as caught:
        local(watched, parties, preprocessing=preprocessing)
    assert all(name in str(caught.value) for name in names), str(caught.value)
    assert {type(error) for error in watched.errors.values()} <= {ConfigurationMismatch, PeerAborted}
    assert len(watched.errors) == parties
    watched.assert_dead(parties)


@SETTINGS
@pytest.mark.parametrize("fewer", [0, 1])
def test_a_party_that_reveals_less_often_ends_the_session_at_once(fewer: int, preprocessing: str, parties: int) -> None:
    """No hang, and no time-out: its good-bye, or the other's message that it never reads, tells."""

    def program(mpc: Mpc) -> Any:
        x = secret(mpc)
        mpc.reveal(x)
        return None if mpc.party == fewer else mpc.reveal(x * x)

    watched = Watched(program)
    with pytest.raises(Desync, match=r"program\.plan"):
        local(watched, parties, preprocessing=preprocessing)
    assert set(watched.errors) == set(range(parties)) - {fewer}
    watched.assert_dead(parties)


def test_a_difference_after_the_first_reveal_is_found_as_well() -> None:
    def program(mpc: Mpc) -> Any:
        x = secret(mpc)
        mpc.reveal(x)
        return mpc.reveal(x * x if mpc.party else x * x[::-1])

    with pytest.raises(
        ConfigurationMismatch, match=r"'(square|multiply) \(3,\)' here and '(square|multiply) \(3,\)' at"
    ):
        local(program)
