"""Descriptions of cheats that make no sense, and programs that fail by themselves."""

from __future__ import annotations

from typing import Any

import pytest

from spdz import adversary
from spdz.adversary import AddTo, Cheat, Flip
from spdz.errors import UsageError
from spdz.online.session import Mpc

from .support import attack, product


@pytest.mark.parametrize(
    ("cheat", "named"),
    [
        (AddTo("multiply.maskd", by=0), "multiply.masked"),
        (Flip("mac_check.coin.commit", by=0), "mac_check.coins.commit"),
        (AddTo("multiply.masked", by=7), "the nearest is 2"),
        (AddTo("multiply.masked", by=0, to=-1), "the nearest is 0"),
        (AddTo("multiply.masked", by=1, to=1), "cannot cheat itself"),
    ],
)
def test_an_unknown_step_or_party_is_named(cheat: Cheat, named: str) -> None:
    with pytest.raises(UsageError, match=named):
        attack(cheat)


def test_somebody_must_be_honest() -> None:
    with pytest.raises(UsageError, match="at least one must be honest"):
        attack(AddTo("multiply.masked", by=0), AddTo("multiply.masked", by=1))


def test_values_of_a_step_that_carries_bytes() -> None:
    report = attack(AddTo("mac_check.coins.commit", by=1))
    assert isinstance(report.corrupted[1].error, UsageError)
    assert "use Flip" in str(report.corrupted[1].error)
    assert not report.happened


def test_an_unknown_network() -> None:
    with pytest.raises(UsageError, match="memory, tls"):
        attack(transport="pigeons")


def failing(mpc: Mpc) -> Any:
    raise ZeroDivisionError("a fault of the program")


def test_a_program_that_fails_honestly_is_said_to() -> None:
    with pytest.raises(UsageError, match=r"fails without any cheat.*ZeroDivisionError: a fault of the program"):
        adversary.run(failing, preprocessing="dealer", cheats=[AddTo("multiply.masked", by=1)])


def test_a_cheat_that_never_happens_is_said_to() -> None:
    report = attack(Flip("matmul.masked", by=1))
    assert not report.happened
    assert "DID NOT HAPPEN" in str(report)
    assert not report.detected


def test_a_number_of_programs_that_does_not_fit() -> None:
    with pytest.raises(UsageError, match="1 programs were given for 2 parties"):
        adversary.run([product], preprocessing="dealer")
