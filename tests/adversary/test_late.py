"""Cheats at the last exchange of a step: a check that is honoured for a while only must not pass."""

from __future__ import annotations

from typing import Any

import pytest

from spdz import adversary
from spdz.adversary import AddTo, Cheat, GuessKeyBits, OtherKeyPerPeer
from spdz.errors import AuthenticationFailed, BroadcastMismatch, MacCheckFailed
from spdz.online.session import Mpc
from spdz.params import MascotParams

from .support import assert_caught

REVEALS = 6
COPEE = MascotParams(authentication="copee")


def again_and_again(mpc: Mpc) -> Any:
    """A product in each of several reveals; its last one is the last thing that happens."""
    x = mpc.input([3, 4], owner=0, shape=2)
    for _ in range(REVEALS):
        x = x * 1
        mpc.reveal(x * x[::-1])
    return None


def attack(cheat: Cheat, parties: int, **options: Any) -> adversary.Report:
    return adversary.run(again_and_again, parties, preprocessing="dealer", cheats=[cheat], **options)


def test_in_the_last_opening() -> None:
    report = attack(AddTo("output.open", by=1, skip=REVEALS - 1), 2)
    assert_caught(report, MacCheckFailed, "mac_check.sigma.open")
    assert len(report.honest[0].released) == REVEALS - 1
    assert report.wrong_releases == {}


def test_equivocation_in_the_last_broadcast() -> None:
    report = attack(AddTo("output.open", by=2, to=0, skip=REVEALS - 1), 3)
    assert_caught(report, BroadcastMismatch, "broadcast.echo")


@pytest.mark.parametrize("skip", [0, 1, 3])
def test_an_inconsistent_input_of_any_batch_is_found_by_its_authentication(skip: int) -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([3], owner=1, shape=1)
        for _ in range(2):
            mpc.reveal(x * (x + 1))
            x = x + mpc.input([3], owner=1, shape=1)
        return mpc.reveal(x)

    report = adversary.run(
        program, cheats=[GuessKeyBits(by=1, bits=50, skip=skip)], preprocessing=COPEE, ideal_base_ots=True
    )
    assert_caught(report, AuthenticationFailed, "authenticate.check.sigma.open")


def test_another_key_for_one_peer_is_found_before_anything_is_done_with_it() -> None:
    """Regression: without the check of the key shares it was found too, but by the authentication of material."""
    report = attack_with_keys()
    assert_caught(report, AuthenticationFailed, "authenticate.check.sigma.open")
    assert all("program.plan" not in end.sent for end in report.honest.values())


def attack_with_keys() -> adversary.Report:
    return adversary.run(
        again_and_again, 3, cheats=[OtherKeyPerPeer(by=2, to=1)], honest_first=False, ideal_base_ots=True
    )
