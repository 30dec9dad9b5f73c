"""Descriptions of cheats that make no sense, and programs that fail by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from spdz import adversary
from spdz.adversary import (
    AddTo,
    Cheat,
    EarlyCoins,
    Extend,
    Flip,
    ForgedMac,
    GuessBitsOfA,
    InconsistentChoiceBits,
    OtherInput,
    Replay,
    Rush,
    Truncate,
    View,
)
from spdz.adversary.settings import SMALL_VOLES
from spdz.errors import UsageError
from spdz.field import M61
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
    with pytest.raises(UsageError, match="use Flip") as caught:
        attack(AddTo("mac_check.coins.commit", by=1))
    assert "a fault of the cheat of party 1" in caught.value.__notes__[0]


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
    assert "DID NOT HAPPEN: party 1 never got to step matmul.masked" in str(report)
    assert not report.detected
    late = attack(Flip("multiply.masked", by=1, skip=5))
    assert "DID NOT HAPPEN: party 1 sent 1 messages of step multiply.masked, none of which it fits" in str(late)


def test_a_number_of_programs_that_does_not_fit() -> None:
    with pytest.raises(UsageError, match="1 programs were given for 2 parties"):
        adversary.run([product], preprocessing="dealer")


STEP = "multiply.masked"


@pytest.mark.parametrize(
    ("cheat", "said"),
    [
        (Truncate(STEP, count=0, by=1), "Truncate: count must be an integer of at least 1, got 0"),
        (Extend(STEP, count=-3, by=1), "Extend: count must be an integer of at least 1, got -3"),
        (GuessBitsOfA(bits=0, by=1), "bits must be"),
        (InconsistentChoiceBits(columns=-1, by=1), "columns must be"),
        (AddTo(STEP, by="1"), "by must be the index of a party, 0 to 2, got '1'"),  # type: ignore[arg-type]
        (AddTo(STEP, by=True), "by must be the index of a party"),
        (AddTo(STEP, by=1, to="0"), "to must be the index of a party"),  # type: ignore[arg-type]
        (AddTo(5, by=1), "there is no step 5; docs/attacks.md lists all of them"),  # type: ignore[arg-type]
        (AddTo("zzz", by=1), "there is no step 'zzz'; docs/attacks.md lists all of them"),
        (AddTo(STEP, skip=-1, by=1), "skip must be an integer of at least 0, got -1"),
        (AddTo(STEP, delta=0, by=1), "delta must be an integer that is not zero in the field, got 0"),
        (AddTo(STEP, delta=M61.modulus, by=1), "not zero in the field"),
        (AddTo(STEP, delta="rnd", by=1), "delta must be"),  # type: ignore[arg-type]
        (AddTo(STEP, "frist", by=1), "element must be one of first, middle, last"),  # type: ignore[arg-type]
        (Flip(STEP, mask=256, by=1), "mask must be an integer from 1 to 255, got 256"),
        (Flip(STEP, mask=0, by=1), "mask must be"),
        (Replay(STEP, "another", by=1), "session must be"),  # type: ignore[arg-type]
        (Rush(STEP, 7, by=1), "choose must be a function"),  # type: ignore[arg-type]
    ],
    ids=str,
)
def test_what_a_cheat_cannot_be_is_said_in_one_line(cheat: Cheat, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        attack(cheat)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"cheats": AddTo(STEP, by=1)}, "cheats must be a list, got AddTo"),
        ({"cheats": "flip"}, "cheats must be a list, got str"),
        ({"cheats": ["flip"]}, "a cheat is an object such as"),
        ({"corrupted": 1}, "corrupted must be a list of party indices, got 1"),
        ({"corrupted": ["x"]}, "corrupted must be a list"),
        ({"timeout": -1}, "timeout must be a positive number of seconds, got -1"),
        ({"deadline": "x"}, "deadline must be a positive number of seconds, got 'x'"),
        ({"deadline": float("nan")}, "deadline must be"),
        ({"preprocessing": "mascott"}, "did you mean 'mascot'"),
        ({"vole_plan": SMALL_VOLES}, "vole_plan= goes with preprocessing=MascotParams"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        adversary.run(product, **{"preprocessing": "dealer", **options})
    assert said in str(caught.value)


def test_what_is_no_program() -> None:
    with pytest.raises(UsageError, match="a program must be a function"):
        adversary.run(5, preprocessing="dealer")  # type: ignore[arg-type]


@pytest.mark.parametrize("second", [ForgedMac(STEP, by=1), EarlyCoins("sacrifice.coins.commit", by=1)], ids=str)
def test_cheats_that_would_overwrite_each_other_are_refused(second: Cheat) -> None:
    with pytest.raises(UsageError, match="cannot both be done by party 1"):
        attack(EarlyCoins(by=1), second)


@pytest.mark.parametrize("error", [TypeError("a bug"), ZeroDivisionError()], ids=repr)
def test_a_cheat_that_crashes_is_no_detection(error: Exception) -> None:
    """Regression: a run in which `choose` raised looked like one in which the cheat was found."""

    def choose(own: bytes, honest: Mapping[int, bytes], view: View) -> bytes:
        raise error

    with pytest.raises(type(error)) as caught:
        attack(Rush(STEP, choose, by=1))
    assert caught.value is error


def test_a_cheat_that_crashes_after_it_has_happened_is_no_detection() -> None:
    with pytest.raises(UsageError, match="there is no element 7"):
        adversary.run(uneven, preprocessing="dealer", cheats=[AddTo(STEP, 7, by=1, every=True)])


def uneven(mpc: Mpc) -> Any:
    x = mpc.input([1, 2, 3, 4], owner=0, shape=4)
    return mpc.reveal(x * x[::-1], x[:2] * x[2:])


def test_choose_must_return_bytes() -> None:
    with pytest.raises(UsageError, match="choose must return the bytes to send, got str"):
        attack(Rush(STEP, lambda own, honest, view: "abc", by=1))  # type: ignore[arg-type,return-value]


def test_a_report_without_an_honest_run_does_not_say_that_nothing_is_wrong() -> None:
    report = attack(OtherInput(by=1))
    for ask in (lambda: report.wrong_outputs, lambda: report.wrong_releases):
        with pytest.raises(UsageError, match="no run without a cheat to compare"):
            ask()
