"""Every altered program happens, and leads to what its description says."""

from __future__ import annotations

import pytest

from spdz.adversary import (
    Cheat,
    CopyHonest,
    EarlyCoins,
    ForgedMac,
    GuessBitsOfA,
    GuessKeyBits,
    InconsistentChoiceBits,
    OtherInput,
    OtherKeyPerBatch,
    OtherKeyPerPeer,
    ReusedCoins,
    WrongBitsOfA,
    WrongTriples,
)
from spdz.errors import (
    AuthenticationFailed,
    MacCheckFailed,
    OtConsistencyFailed,
    SacrificeFailed,
    SpdzError,
)

from .support import RESULT, assert_caught, attack

AUTHENTICATE, SACRIFICE = "authenticate.check.sigma.open", "sacrifice.check.sigma.open"

CASES: list[tuple[Cheat, type[SpdzError], str]] = [
    (InconsistentChoiceBits(by=1, columns=40), OtConsistencyFailed, "ot_extension.digests"),
    (WrongBitsOfA(by=1), SacrificeFailed, SACRIFICE),
    (GuessBitsOfA(by=0, bits=40), SacrificeFailed, SACRIFICE),
    (GuessKeyBits(by=1, bits=40), AuthenticationFailed, AUTHENTICATE),
    (OtherKeyPerBatch(by=0), AuthenticationFailed, AUTHENTICATE),
    (WrongTriples(by=1), SacrificeFailed, SACRIFICE),
    (ForgedMac(by=1), MacCheckFailed, "mac_check.sigma.open"),
]


@pytest.mark.parametrize(("cheat", "error", "step"), CASES, ids=lambda value: type(value).__name__)
def test_it_is_found(cheat: Cheat, error: type[SpdzError], step: str) -> None:
    assert_caught(attack(cheat, preprocessing="mascot"), error, step)


def test_another_key_for_one_peer() -> None:
    report = attack(OtherKeyPerPeer(by=2, to=1), parties=3, preprocessing="mascot")
    assert_caught(report, AuthenticationFailed, AUTHENTICATE)


def test_a_forged_mac_among_three() -> None:
    pretend = CopyHonest("broadcast.echo", by=2, pretend=True, every=True)
    report = attack(ForgedMac("multiply.masked", by=2), pretend, parties=3)
    assert_caught(report, MacCheckFailed, "mac_check.sigma.open")


def test_another_input_is_allowed() -> None:
    report = attack(OtherInput(by=1, delta=10))
    assert report.happened
    assert report.honest[0].output == [3 * 15, 4 * 16]


@pytest.mark.parametrize("cheat", [ReusedCoins(by=1), EarlyCoins(by=1)], ids=str)
def test_coins_of_which_one_share_is_known_are_in_vain(cheat: Cheat) -> None:
    report = attack(cheat)
    assert report.happened
    assert report.honest[0].output == RESULT


def test_honest_parties_of_the_same_process_are_not_altered() -> None:
    assert_caught(attack(ForgedMac(by=1)), MacCheckFailed, "mac_check.sigma.open")
    assert attack().honest[0].output == RESULT
