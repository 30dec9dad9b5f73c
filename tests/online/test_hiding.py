"""The account of what a run hides only statistically."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import spdz
from spdz.errors import ConfigurationMismatch, RangeError, UsageError
from spdz.online.operations.truncate import distance
from spdz.online.plan.hiding import LEAST_BITS, MOST_BITS, STATISTICAL_BITS, Hiding, bits_of
from spdz.online.session import Mpc

WIDE = spdz.Fixed(16, 64)
"""Products of its numbers with others of 16 bits have 80 bits: about 2^-39 for each truncation of two parties."""


@pytest.mark.parametrize(("numerator", "power", "bits"), [(1, 40, 40), (3, 42, 40), (5, 42, 39), (1, 0, 0), (3, 0, -2)])
def test_bits_are_rounded_down(numerator: int, power: int, bits: int) -> None:
    given = Fraction(numerator, 1 << power)
    assert bits_of(given) == bits
    assert Fraction(2) ** -(bits + 1) < given <= Fraction(2) ** -bits


def test_distances_add_up_to_a_bound_that_is_not_passed() -> None:
    hiding = Hiding()
    assert hiding.bits is None
    for _ in range(4):
        hiding.spend(Fraction(1, 1 << 42), "truncate")
    assert hiding.bits == STATISTICAL_BITS
    with pytest.raises(RangeError, match=r"truncate again .* with 39 bits .* 40 are asked for; .*accept\(39\)"):
        hiding.spend(Fraction(1, 1 << 60), "truncate again")
    assert hiding.bits == STATISTICAL_BITS, "what was refused is not counted"
    hiding.spend(Fraction(0), "nothing")
    hiding.accept(39)
    hiding.spend(Fraction(1, 1 << 60), "truncate again")
    assert hiding.bits == 39


@pytest.mark.parametrize("bits", [LEAST_BITS - 1, MOST_BITS + 1, 0.5, "40", True])
def test_what_cannot_be_accepted(bits: Any) -> None:
    with pytest.raises(UsageError, match="bits of hiding"):
        Hiding().accept(bits)


def several(mpc: Mpc, times: int) -> Any:
    """So many truncations, each of which alone would hide well enough."""
    x = mpc.input([1.5], owner=0, type=spdz.Fixed(16, 32))
    y = mpc.input([2.25], owner=1, type=spdz.Fixed(16, 45)).astype(WIDE)
    return [(y * x)[:] for _ in range(times)]


ALONE = bits_of(distance(spdz.M127, 2, 77, 1))


def test_each_alone_hides_well_enough() -> None:
    assert STATISTICAL_BITS <= ALONE < STATISTICAL_BITS + 3


def too_many(mpc: Mpc) -> Any:
    first = several(mpc, 2)
    try:
        several(mpc, 20)
    except RangeError as error:
        return str(error), [float(mpc.reveal(each)[0]) for each in first], mpc.cost.rounds
    return "accepted"


def test_a_run_that_would_hide_too_little_is_refused_before_anything_is_sent() -> None:
    for message, opened, _ in spdz.run_local(too_many, 2, "M127", "mascot", timeout=120):
        assert "statistical security in all" in message
        assert opened == pytest.approx([3.375] * 2, abs=2**-12)


def test_the_plan_refuses_the_same_and_says_what_is_left() -> None:
    with pytest.raises(RangeError, match="in all, and 40 are asked for"):
        spdz.plan(lambda mpc: several(mpc, 20), 2, "M127")
    planned = spdz.plan(lambda mpc: mpc.reveal(*several(mpc, 2)), 2, "M127")
    assert planned.hiding_bits == ALONE - 1
    assert f"hidden with {ALONE - 1} bits of statistical security in all" in str(planned)
    assert spdz.plan(lambda mpc: mpc.reveal(mpc.random(3)), 2, "M127").hiding_bits is None


def test_fewer_bits_are_accepted_by_name() -> None:
    def program(mpc: Mpc) -> Any:
        mpc.hiding.accept(35)
        several(mpc, 20)
        return mpc.hiding.bits

    assert spdz.plan(program, 2, "M127").hiding_bits == ALONE - 5
    assert spdz.run_local(program, 2, "M127", "mascot", timeout=120) == [ALONE - 5] * 2


def test_all_parties_must_accept_the_same() -> None:
    def program(mpc: Mpc) -> Any:
        if mpc.party == 0:
            mpc.hiding.accept(30)
        return mpc.reveal(*several(mpc, 1))

    with pytest.raises(ConfigurationMismatch):
        spdz.run_local(program, 2, "M127", "mascot", timeout=120)
