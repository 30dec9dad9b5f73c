"""What is handed to `run_local`, and how it ends when it is interrupted."""

from __future__ import annotations

import os
import re
import signal
import threading
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.errors import TransportError, UsageError
from spdz.params import require_seconds
from spdz.transport.memory import memory_network


def add(mpc: spdz.Mpc) -> Any:
    a, b = (mpc.input(mpc.inputs, owner=owner, shape=()) for owner in (0, 1))
    return int(mpc.reveal(a * 2 + b))


def run(program: Any = add, **options: Any) -> list[Any]:
    return spdz.run_local(program, **{"field": "M61", "preprocessing": "dealer", **options})


@pytest.mark.parametrize("inputs", [[2, 3], (2, 3), {0: 2, 1: 3}, {1: 3, 0: 2}, np.array([2, 3])], ids=str)
def test_inputs_by_party(inputs: Any) -> None:
    """Regression: the keys of a dictionary were taken for the inputs."""
    assert run(inputs=inputs) == [7, 7]


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({0: 2}, r"inputs by party need exactly the keys 0 to 1, got \[0\]"),
        ({1: 2, 2: 3}, "exactly the keys 0 to 1"),
        ({"0": 2, "1": 3}, "exactly the keys 0 to 1"),
        ({False: 2, True: 3}, "exactly the keys 0 to 1"),
        ({2, 3}, "inputs must be one object for each party, in a list, got set"),
        ("ab", "in a list, got str"),
        (7, "in a list, got int"),
        ([2], "1 inputs were given for 2 parties"),
    ],
    ids=str,
)
def test_inputs_that_are_not_one_for_each_party(inputs: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run(inputs=inputs)


async def later(mpc: spdz.Mpc) -> Any:
    return mpc.reveal(mpc.random(1))


async def one_by_one(mpc: spdz.Mpc) -> Any:
    yield mpc.reveal(mpc.random(1))


class Later:
    async def __call__(self, mpc: spdz.Mpc) -> Any:
        return mpc.reveal(mpc.random(1))


@pytest.mark.parametrize(
    "program", [later, one_by_one, Later(), [add, later]], ids=["function", "generator", "object", "one of two"]
)
def test_an_async_program_is_refused(program: Any) -> None:
    """Regression: nothing was computed, and coroutines were the results."""
    with pytest.raises(UsageError, match="a program must be a plain function, and this is async"):
        run(program)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"program": 5}, "a program must be a function of one argument, the session, got int"),
        ({"program": None}, "got NoneType"),
        ({"program": [add, "x"]}, "got str"),
        ({"program": [add]}, "1 programs were given for 2 parties"),
        ({"timeout": None}, "timeout must be a positive number of seconds, got None"),
        ({"timeout": 0}, "timeout must be a positive number of seconds, got 0"),
        ({"timeout": True}, "timeout must be"),
        ({"timeout": float("inf")}, "timeout must be"),
        ({"timeout": float("nan")}, "timeout must be"),
        ({"timeout": "1"}, "timeout must be"),
        ({"preprocessing": None}, "preprocessing must be one of mascot, dealer, got None"),
        ({"preprocessing": spdz.MascotParams}, "preprocessing must be one of mascot, dealer, got <class"),
    ],
    ids=lambda value: re.sub(r" at 0x[0-9a-f]+", "", str(value)),
)
def test_an_argument_that_cannot_be_is_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run(**options)


def test_seconds() -> None:
    assert require_seconds(2, "x") == 2.0


def test_copee_is_reached_from_where_the_readme_says() -> None:
    assert run(preprocessing=spdz.MascotParams(authentication="copee"), inputs=[2, 3]) == [7, 7]


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("preprocessing", ["dealer", "mascot"])
def test_an_interrupted_run_leaves_no_thread(preprocessing: str) -> None:
    """Regression: after Ctrl-C the parties computed on for good, and nothing could stop them."""
    before, sessions = threading.active_count(), []

    def endless(mpc: spdz.Mpc) -> None:
        sessions.append(mpc)
        x = mpc.input([1, 2], owner=0, shape=2)
        for count in range(1 << 30):
            mpc.reveal(x + x)
            if count == 3 and mpc.party == 0:
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(endless, preprocessing=preprocessing)
    assert threading.active_count() == before
    for mpc in sessions:
        assert not mpc._party.session.key.alive


def test_an_interrupted_transport_ends_its_session() -> None:
    first, second = memory_network(2)
    first.interrupt()
    with pytest.raises(TransportError, match="the run was interrupted"):
        first.wait(60.0)
    assert second.wait(0.0) is False
