"""What operations on integers, tables and windows cost: as docstrings say, as the plan says, as the run does."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import spdz
from spdz.adversary.settings import SMALL_BITS
from spdz.online.session import Mpc
from spdz.online.values.bits_of_integers import bits_of, from_bits, popcount
from spdz.online.values.contracting import max_pool
from spdz.online.values.looking_up import lookup
from spdz.online.values.rows import rows_equal
from spdz.online.values.whole_operators import WholeOperators
from spdz.preprocessing.mascot import generator

from .test_pricing import wanted_for

PARTIES = pytest.mark.parametrize("parties", [2, 3])
TABLE = np.arange(16) ** 2 % 7


def numbers(mpc: Mpc, owner: int = 0, shape: tuple[int, ...] = (2, 2)) -> spdz.SecretInt:
    return mpc.input(np.arange(np.prod(shape)).reshape(shape), owner=owner, type=spdz.Int(32), check_range=False)


def index(mpc: Mpc) -> spdz.SecretInt:
    return numbers(mpc).assume_range(0, 15)


def table(mpc: Mpc) -> spdz.SecretInt:
    return numbers(mpc, 1, (16, 3))


def flags(mpc: Mpc) -> spdz.SecretBool:
    return mpc.input(np.ones((2, 8), bool), owner=1, type=spdz.Bool())


COSTS: dict[str, tuple[Callable[..., Any], Callable[[Mpc], Any], str]] = {
    "shift": (WholeOperators.__rshift__, lambda mpc: numbers(mpc) >> 8, "of 32 bits by 8"),
    "sign": (WholeOperators.__rshift__, lambda mpc: numbers(mpc) >> 31, "of 32 bits by 31"),
    "by ten": (
        WholeOperators.__floordiv__,
        lambda mpc: numbers(mpc, shape=(3,)).assume_range(0, 2**24) // 10,
        "of 24 bits by ten at M61",
    ),
    "by ten split": (WholeOperators.__floordiv__, lambda mpc: numbers(mpc) // 10, "of 32 bits by ten at M61"),
    "long": (WholeOperators.__floordiv__, lambda mpc: numbers(mpc) // (2**28 - 1), "of 32 bits by 2^28 - 1 at M61"),
    "remainder": (WholeOperators.__mod__, lambda mpc: numbers(mpc) % 8, "of 32 bits modulo 8"),
    "bits": (bits_of, lambda mpc: numbers(mpc).bits(), "of 32 bits"),
    "popcount": (popcount, lambda mpc: numbers(mpc).assume_range(0, 2**31 - 1).popcount(), "of 31 bits"),
    "from bits": (from_bits, lambda mpc: spdz.from_bits(flags(mpc)), "of any number of bits"),
    "public table": (lookup, lambda mpc: spdz.lookup(TABLE, index(mpc)), "in a public table of 16 rows"),
    "secret table": (lookup, lambda mpc: spdz.lookup(table(mpc), index(mpc)), "in a secret table of 16 rows"),
    "rows": (
        rows_equal,
        lambda mpc: spdz.rows_equal(numbers(mpc, 0, (2, 5)), numbers(mpc, 1, (2, 5))),
        "of five numbers of 32 bits",
    ),
    "rows of bits": (rows_equal, lambda mpc: spdz.rows_equal(flags(mpc), flags(mpc)), "of eight truth values"),
    "windows": (max_pool, lambda mpc: spdz.max_pool(numbers(mpc, 0, (4, 4)), 2), "of 2 by 2 numbers of 32 bits"),
}


def opened(work: Callable[[Mpc], Any]) -> Callable[[Mpc], Any]:
    return lambda mpc: mpc.reveal(work(mpc))


def rounds_of(work: Callable[[Mpc], Any]) -> int:
    """Of an operation alone: what it takes more than a product, which takes one."""
    rounds = [spdz.plan(opened(each), 2, "M61", "dealer").rounds for each in (work, lambda mpc: numbers(mpc).raw ** 2)]
    return rounds[0] - rounds[1] + 1


@pytest.mark.parametrize("name", COSTS)
def test_rounds_are_what_the_docstring_says(name: str) -> None:
    function, work, case = COSTS[name]
    text = " ".join((function.__doc__ or "").split())
    stated = re.search(rf"(\d+) rounds? {re.escape(case)}[,;.]", text)
    assert stated, (case, rounds_of(work), text)
    assert int(stated[1]) == rounds_of(work), case


@PARTIES
@pytest.mark.parametrize("name", COSTS)
def test_the_plan_is_what_the_run_costs(name: str, parties: int) -> None:
    assert_planned(opened(COSTS[name][1]), parties, "dealer")


@pytest.mark.parametrize("name", ["by ten", "public table", "secret table"])
def test_the_plan_is_what_it_costs_without_a_dealer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generator, "MascotProtocols", partial(generator.MascotProtocols, bit_plan=SMALL_BITS))
    assert_planned(opened(COSTS[name][1]), 2, "mascot")


def assert_planned(program: Callable[[Mpc], Any], parties: int, preprocessing: str) -> None:
    """Rounds, bytes and material of the online phase: all that is needed has been made before."""
    planned = [spdz.plan(program, parties, "M61", preprocessing, party=party) for party in range(parties)]

    def measured(mpc: Mpc) -> tuple[int, int, dict[str, int]]:
        mpc.prepare(**wanted_for(planned[0].material))
        before = mpc.cost
        program(mpc)
        after = mpc.cost
        return after.rounds - before.rounds, after.bytes_sent - before.bytes_sent, dict(after.material)

    found = spdz.run_local(measured, parties, "M61", preprocessing, timeout=120)
    for plan, (rounds, sent, material) in zip(planned, found, strict=True):
        assert (plan.rounds, plan.bytes_sent) == (rounds, sent)
        assert plan.material == material
