"""Several corrupted parties have one mind: what one of them knows, all of them know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from spdz import adversary
from spdz.adversary import (
    AddTo,
    Cheat,
    CopyHonest,
    EarlyCoins,
    ForgedMac,
    Message,
    OtherInput,
    OtherKeyPerPeer,
    ReusedCoins,
    Rush,
    View,
    WrongBitsOfA,
    WrongTriples,
)
from spdz.errors import (
    AuthenticationFailed,
    BroadcastMismatch,
    Desync,
    MacCheckFailed,
    OtConsistencyFailed,
    PeerAborted,
    SacrificeFailed,
    TransportError,
)
from spdz.field import M61
from spdz.online.session import Mpc

from .support import RESULT, assert_caught, attack, product

WIDTH = M61.element_bytes


def elements(payload: bytes) -> list[int]:
    return [int.from_bytes(payload[start : start + WIDTH], "little") for start in range(0, len(payload), WIDTH)]


def encoded(values: list[int]) -> bytes:
    return b"".join((value % M61.modulus).to_bytes(WIDTH, "little") for value in values)


def completed(total: int, own: bytes, honest: Mapping[int, bytes]) -> bytes:
    """The share that makes every opened element `total`."""
    columns = zip(*(elements(payload) for payload in honest.values()), strict=True)
    return encoded([total - sum(column) for column in columns])


@dataclass(frozen=True)
class AddToAll(Cheat):
    """Add one to every element."""

    def change(self, message: Message, view: View) -> list[Message]:
        return [message.with_payload(encoded([value + 1 for value in elements(message.payload)]))]


def pretend(*parties: int) -> list[CopyHonest]:
    return [CopyHonest("broadcast.echo", by=by, pretend=True, every=True) for by in parties]


def test_a_rushing_party_is_told_the_receiver_and_what_its_friends_know() -> None:
    """Regression: the view held what honest parties had sent to the rushing party itself, and nothing else."""
    asked: list[tuple[int, set[tuple[int, int]], set[tuple[int, int]]]] = []

    def choose(own: bytes, honest: Mapping[int, bytes], view: View) -> bytes:
        asked.append((view.receiver, set(view.heard), set(view.coalition)))
        return own

    report = attack(Rush("mac_check.sigma.commit", choose, by=2), parties=4, corrupted=[1])
    assert report.honest.keys() == {0, 3}
    assert {receiver for receiver, _, _ in asked} == {0, 3}
    for _, heard, coalition in asked:
        assert {(0, 1), (3, 1), (0, 2), (3, 2)} <= heard
        assert {(2, 0), (2, 1), (2, 3)} <= coalition
    assert any({(1, 0), (1, 2), (1, 3)} <= coalition for _, _, coalition in asked)


def test_each_receiver_can_be_told_something_else() -> None:
    def choose(own: bytes, honest: Mapping[int, bytes], view: View) -> bytes:
        return encoded([value + view.receiver + 1 for value in elements(own)])

    assert_caught(attack(Rush("output.open", choose, by=2), parties=3), BroadcastMismatch, "broadcast.echo")


@pytest.mark.parametrize("parties", [2, 3])
def test_an_output_forced_to_42(parties: int) -> None:
    rush = Rush("output.open", lambda own, honest, view: completed(42, own, honest), by=1)
    assert_caught(
        attack(rush, *(pretend(1) if parties > 2 else []), parties=parties), MacCheckFailed, "mac_check.sigma.open"
    )


def bits(mpc: Mpc) -> Any:
    b = mpc.random_bits(2)
    return mpc.reveal(b * (1 - b)).tolist()


@pytest.mark.parametrize(
    ("step", "error"), [("bits.square", MacCheckFailed), ("sacrifice.rho", SacrificeFailed)], ids=str
)
def test_an_opening_of_the_generator_forced_to_zero(step: str, error: Any) -> None:
    """An opened square of zero has no root that a share could be divided by: that ends the session as well."""
    rush = Rush(step, lambda own, honest, view: completed(0, own, honest), by=1, every=True)
    report = adversary.run(bits, cheats=[rush], honest_first=False, ideal_base_ots=True)
    assert report.happened
    assert isinstance(report.honest[0].found, error)
    assert report.secrets_destroyed


def test_errors_that_cancel_change_nothing() -> None:
    cheats = [AddTo("output.open", by=1, delta=5), AddTo("output.open", by=2, delta=-5), *pretend(1, 2)]
    report = attack(*cheats, parties=3)
    assert report.honest[0].output == RESULT


def test_three_of_four() -> None:
    cheats = [AddTo("output.open", by=1), AddTo("output.open", by=2), AddTo("output.open", by=3, delta=-3)]
    report = attack(*cheats, *pretend(1, 2, 3), parties=4)
    assert report.fired[:3] == (1, 1, 1)
    assert isinstance(report.honest[0].error, MacCheckFailed)
    assert report.secrets_destroyed


def test_other_keys_of_a_coalition_towards_one_party() -> None:
    report = attack(OtherKeyPerPeer(by=1, to=0), OtherKeyPerPeer(by=2, to=0), parties=3, preprocessing="mascot")
    assert_caught(report, AuthenticationFailed, "authenticate.check.sigma.open")


def test_an_input_that_differs_behind_a_mirrored_echo() -> None:
    """Every honest party is sent its own echo back: it hears the others' as well."""

    def mirror(own: bytes, honest: Mapping[int, bytes], view: View) -> bytes:
        return honest.get(view.receiver, own)

    cheats = [AddTo("input.masked", by=2, to=0), Rush("broadcast.echo", mirror, by=2, every=True)]
    assert_caught(attack(*cheats, parties=3), BroadcastMismatch, "broadcast.echo")


def test_another_a_towards_one_peer() -> None:
    report = attack(WrongBitsOfA(by=2, to=0), parties=3, preprocessing="mascot")
    assert report.happened
    assert {type(end.error) for end in report.honest.values() if not end.is_echo} <= {
        SacrificeFailed,
        OtConsistencyFailed,
    }
    assert any(not end.is_echo for end in report.honest.values())


@pytest.mark.parametrize(
    ("step", "skip", "allowed"),
    [
        ("multiply.corrections", 0, (SacrificeFailed,)),
        ("copee.corrections", 0, (AuthenticationFailed,)),
        ("copee.corrections", 1, (AuthenticationFailed,)),
    ],
)
def test_other_values_towards_one_peer(step: str, skip: int, allowed: tuple[type, ...]) -> None:
    """All elements of the message one higher: consistent in itself, and different from what the others get."""
    changed = AddToAll(step, by=2, to=0, skip=skip)
    report = adversary.run(product, 3, cheats=[changed], honest_first=False, ideal_base_ots=True)
    assert report.happened
    ends = [end for end in report.honest.values() if not end.is_echo]
    assert ends
    for end in report.honest.values():
        assert isinstance(end.error, (*allowed, PeerAborted, TransportError, Desync))
    assert report.secrets_destroyed


@pytest.mark.parametrize("step", ["sacrifice.coins.commit", "combine.coins.commit"])
def test_coins_opened_early_in_the_generator(step: str) -> None:
    report = attack(EarlyCoins(step, by=1), preprocessing="mascot")
    assert report.happened
    assert report.honest[0].output == RESULT


def test_compositions_of_one_party() -> None:
    report = attack(EarlyCoins("sacrifice.coins.commit", by=1), WrongTriples(by=1), preprocessing="mascot")
    assert_caught(report, SacrificeFailed, "sacrifice.check.sigma.open")
    report = attack(ReusedCoins(by=1), ForgedMac(by=1))
    assert_caught(report, MacCheckFailed, "mac_check.sigma.open")


def test_an_input_of_a_coalition() -> None:
    report = attack(OtherInput(by=0, delta=1), OtherInput(by=2, delta=1), parties=3)
    assert report.honest[1].output == [4 * 6, 5 * 7]
