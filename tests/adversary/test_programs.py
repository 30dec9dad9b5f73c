"""Every altered program happens, and leads to what its description says."""

from __future__ import annotations

from typing import Any

import pytest

from spdz import adversary
from spdz.adversary import (
    Cheat,
    CopyHonest,
    EarlyCoins,
    Flip,
    ForgedMac,
    GuessBitsOfA,
    GuessBitsOfDelta,
    GuessKeyBits,
    IgnoreVoleCheck,
    InconsistentChoiceBits,
    OtherInput,
    OtherKeyPerBatch,
    OtherKeyPerPeer,
    ReusedCoins,
    WrongBitsOfA,
    WrongTriples,
)
from spdz.adversary.observer import is_consequence
from spdz.adversary.settings import SMALL_VOLES
from spdz.errors import (
    AuthenticationFailed,
    MacCheckFailed,
    OtConsistencyFailed,
    SacrificeFailed,
    SpdzError,
    UsageError,
)
from spdz.params import MascotParams

from .support import RESULT, assert_caught, attack, product

COPEE = MascotParams(authentication="copee")
AUTHENTICATE, SACRIFICE = "authenticate.check.sigma.open", "sacrifice.check.sigma.open"

CASES: list[tuple[Cheat, type[SpdzError], str]] = [
    (InconsistentChoiceBits(by=1, columns=40), OtConsistencyFailed, "ot_extension.digests"),
    (GuessBitsOfDelta(by=0, bits=40), OtConsistencyFailed, "setup.ot_trees"),
    (WrongBitsOfA(by=1), SacrificeFailed, SACRIFICE),
    (GuessBitsOfA(by=0, bits=40), SacrificeFailed, SACRIFICE),
    (GuessKeyBits(by=1, bits=40), AuthenticationFailed, AUTHENTICATE),
    (OtherKeyPerBatch(by=0), AuthenticationFailed, AUTHENTICATE),
    (WrongTriples(by=1), SacrificeFailed, SACRIFICE),
    (ForgedMac(by=1), MacCheckFailed, "mac_check.sigma.open"),
]


@pytest.mark.parametrize(("cheat", "error", "step"), CASES, ids=lambda value: type(value).__name__)
def test_it_is_found(cheat: Cheat, error: type[SpdzError], step: str) -> None:
    assert_caught(attack(cheat, preprocessing=COPEE), error, step)


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


@pytest.mark.parametrize(
    ("guess", "mascot"),
    [
        (GuessKeyBits(by=1, bits=1), COPEE),
        (GuessBitsOfA(by=0, bits=1), COPEE),
        (InconsistentChoiceBits(by=1, columns=1), MascotParams(ot_tree_bits=1)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_guess_at_one_bit_ends_as_the_bit_of_the_victim_says(guess: Cheat, mascot: MascotParams) -> None:
    """Regression: `GuessKeyBits` guessed the highest bit and not the lowest, and nothing told."""
    seen = set()
    for _ in range(40):
        report = attack(guess, preprocessing=mascot)
        assert report.happened
        (right,) = set(report.foreseen)
        assert report.detected != right
        seen.add(right)
        if len(seen) == 2:
            break
    assert seen == {True, False}


def test_a_cheat_that_does_not_apply_says_so() -> None:
    report = attack(GuessKeyBits(by=1))
    assert not report.happened
    assert "DID NOT HAPPEN: party 1 never got to step copee.corrections in this session" in str(report)


def test_the_generators_protocols_can_be_chosen() -> None:
    def steps(**options: Any) -> set[str]:
        report = adversary.run_honestly(product, **options)
        return {step for step, _, _ in report.recording}

    with_trees, without = (
        steps(preprocessing=MascotParams(ot_tree_bits=4)),
        steps(preprocessing=MascotParams(ot_tree_bits=1)),
    )
    assert with_trees - without == {"setup.ot_trees"}
    voles = steps(preprocessing=MascotParams(authentication="vole"), vole_plan=SMALL_VOLES)
    assert "vole.corrections" in voles
    assert "vole.corrections" not in steps(preprocessing=COPEE)
    with pytest.raises(UsageError, match="vole_plan= goes with"):
        steps(preprocessing=COPEE, vole_plan=SMALL_VOLES)


@pytest.mark.parametrize("step", ["vole.sums", "vole.totals"])
def test_a_key_holder_that_ignores_what_it_sees_is_found_by_the_others(step: str) -> None:
    """Regression: its own code was the first to see the cheat and left; nobody honest had to find out."""
    report = adversary.run(
        product,
        cheats=[Flip(step, "first", by=1, mask=1), Flip(step, "middle", by=1, mask=1), IgnoreVoleCheck(by=1)],
        preprocessing=MascotParams(authentication="vole"),
        vole_plan=SMALL_VOLES,
        honest_first=False,
        ideal_base_ots=True,
    )
    assert report.happened
    assert report.corrupted[1].noticed is None or is_consequence(report.corrupted[1].noticed)
    if step == "vole.totals":
        assert_caught(report, AuthenticationFailed, "vole.open")
