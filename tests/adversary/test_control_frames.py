"""Frames that end a session, too early; old frames as they were; frames that nobody asked for; wrong rounds."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

import pytest

from spdz import adversary
from spdz.adversary import Cheat, CopyHonest, Drop, Message, ReplayFrame, SayGoodbye, View
from spdz.errors import ConfigurationMismatch, Desync, MalformedMessage, PeerAborted, SpdzError, TransportError
from spdz.online.session import Mpc

from .support import RESULT, attack

STEP = "mac_check.sigma.open"


def assert_ended(report: adversary.Report, *allowed: type[SpdzError], party: int = 0) -> None:
    """The party that was cheated ended with one of these, was given nothing, and keeps no secret."""
    assert report.happened
    assert not report.hung
    assert isinstance(report.honest[party].error, allowed), str(report)
    assert not report.honest[party].released
    assert report.secrets_destroyed


@pytest.mark.parametrize("parties", [2, 3])
def test_bye_in_the_place_of_a_message(parties: int) -> None:
    assert_ended(attack(SayGoodbye(STEP, by=1, to=0), parties=parties), Desync)


@pytest.mark.parametrize("parties", [2, 3])
def test_abort_in_the_place_of_a_message(parties: int) -> None:
    assert_ended(attack(SayGoodbye(STEP, by=1, to=0, abort=True), parties=parties), PeerAborted)


def test_bye_after_a_share_of_an_output_when_more_is_to_come() -> None:
    report = attack(SayGoodbye("output.open", by=1, after=True))
    assert_ended(report, MalformedMessage, Desync)


@dataclass(frozen=True)
class OfKind(Cheat):
    """A frame of an unknown kind in the place of a message."""

    kind: int = 7

    def change(self, message: Message, view: View) -> list[Message]:
        header = replace(message.header, kind=self.kind, length=0, label=bytes(16), round=0)
        return [replace(message, header=header, payload=b"")]


def test_a_frame_of_an_unknown_kind() -> None:
    assert_ended(attack(OfKind(STEP, by=2, to=0), parties=3), MalformedMessage)


@dataclass(frozen=True)
class InRound(Cheat):
    """Another round in the header."""

    ahead: int = 1

    def change(self, message: Message, view: View) -> list[Message]:
        return [replace(message, header=replace(message.header, round=message.header.round + self.ahead))]


def test_another_round() -> None:
    assert_ended(attack(InRound("output.open", by=2, to=0), parties=3), MalformedMessage)


def test_a_huge_round_towards_the_dealer() -> None:
    report = attack(InRound("dealer.request", by=1, to=2, ahead=2**31))
    assert_ended(report, TransportError, PeerAborted, Desync, MalformedMessage)
    assert report.dealer is not None
    assert isinstance(report.dealer.error, Desync | MalformedMessage)


def test_an_old_frame_as_it_was() -> None:
    """The victim has consumed that place already: nothing comes of it but a frame that nobody asks for."""
    report = attack(ReplayFrame("mac_check.coins.commit", by=1, skip=1))
    assert report.happened
    assert isinstance(report.honest[0].error, Desync | MalformedMessage)
    assert [one.value.tolist() for one in report.honest[0].released] == [RESULT]
    assert report.secrets_destroyed


@dataclass(frozen=True)
class Unsolicited(Cheat):
    """Frames under labels that belong nowhere, behind the message."""

    count: int = 1

    def change(self, message: Message, view: View) -> list[Message]:
        extra = [message.with_label(secrets.token_bytes(16)).with_payload(b"") for _ in range(self.count)]
        return [message, *extra]


@pytest.mark.parametrize(("step", "skip"), [("input.masked", 0), (STEP, 1)])
def test_a_frame_that_nobody_asked_for(step: str, skip: int) -> None:
    """It changes nothing, but is found when the session is closed."""
    report = attack(Unsolicited(step, by=1, skip=skip))
    assert report.happened
    assert isinstance(report.honest[0].error, Desync)
    assert [one.value.tolist() for one in report.honest[0].released] == [RESULT]
    assert report.secrets_destroyed


def test_a_flood_of_them() -> None:
    report = attack(Unsolicited("input.masked", by=1, count=20_000))
    assert not report.hung
    assert isinstance(report.honest[0].error, Desync | MalformedMessage)


def test_the_last_message_withheld_from_one_party() -> None:
    """No unanimity: the other party may have its output. The victim has none."""
    report = attack(Drop(STEP, by=2, to=1, skip=1), parties=3)
    assert_ended(report, Desync, TransportError, PeerAborted, party=1)


def honest_program(mpc: Mpc) -> list[int]:
    x, y = mpc.input([3, 4], owner=0, shape=2), mpc.input([5, 6], owner=1, shape=2)
    values: list[int] = mpc.reveal(x + y).tolist()
    return values


def other_program(mpc: Mpc) -> list[int]:
    x = mpc.input([3, 4], owner=0, shape=2)
    mpc.input([5, 6], owner=1, shape=2)
    values: list[int] = mpc.reveal(x).tolist()
    return values


@pytest.mark.parametrize("copied", [False, True])
def test_another_program_that_says_it_is_the_same(copied: bool) -> None:
    """The comparison of plans carries no security; the shares of another value do not fit their MACs."""
    cheats = [CopyHonest("program.plan", by=1, pretend=True, every=True)] if copied else []
    report = adversary.run(
        [honest_program, other_program],
        preprocessing="dealer",
        cheats=cheats,
        corrupted=[1],
        honest_first=False,
    )
    assert isinstance(report.honest[0].error, SpdzError)
    assert isinstance(report.honest[0].error, ConfigurationMismatch) != copied
    assert not report.honest[0].released
    assert report.secrets_destroyed
