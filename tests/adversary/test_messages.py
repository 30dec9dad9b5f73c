"""Every kind of cheat on a message happens, and leads to what the step declares."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from spdz import adversary
from spdz.adversary import (
    AddTo,
    Cheat,
    CopyHonest,
    Drop,
    Duplicate,
    Equivocate,
    Extend,
    Flip,
    Reorder,
    Replay,
    Rush,
    Silence,
    SwapLabels,
    Truncate,
    View,
)
from spdz.errors import (
    BroadcastMismatch,
    CommitmentMismatch,
    Desync,
    MacCheckFailed,
    MalformedMessage,
    SpdzError,
    TransportError,
)

from .support import RESULT, assert_caught, attack, product

STEP = "multiply.masked"
SIGMA = "mac_check.sigma.open"

CASES: list[tuple[Cheat, type[SpdzError], str]] = [
    (Flip(STEP, "last", by=1), MacCheckFailed, SIGMA),
    (Truncate(STEP, by=1), MalformedMessage, STEP),
    (Extend(STEP, by=1), MalformedMessage, STEP),
    (AddTo(STEP, "first", by=1), MacCheckFailed, SIGMA),
    (AddTo(STEP, "middle", delta=-7, by=1), MacCheckFailed, SIGMA),
    (AddTo(STEP, "last", delta="random", by=1), MacCheckFailed, SIGMA),
    (AddTo(STEP, 1, by=0), MacCheckFailed, SIGMA),
    (CopyHonest("mac_check.coins.commit", by=1), CommitmentMismatch, "mac_check.coins.open"),
    (Flip("mac_check.coins.open", "middle", by=0), CommitmentMismatch, "mac_check.coins.open"),
    (AddTo("output.open", by=1), MacCheckFailed, SIGMA),
]


@pytest.mark.parametrize(("cheat", "error", "step"), CASES, ids=str)
def test_two_parties(cheat: Cheat, error: type[SpdzError], step: str) -> None:
    assert_caught(attack(cheat), error, step)


def test_what_left_before_the_abort_is_reported() -> None:
    (early,) = attack(AddTo(STEP, by=1)).honest.values()
    assert STEP in early.sent
    assert not early.reached_output
    (late,) = attack(AddTo("output.open", by=1)).honest.values()
    assert late.reached_output
    assert late.error_type == "MacCheckFailed"
    assert "after its share of an output had left" in str(late)


@pytest.mark.parametrize("cheat", [Drop(STEP, by=1), Silence(STEP, by=1)], ids=str)
def test_a_message_that_never_comes_ends_the_session_without_waiting_for_the_clock(cheat: Cheat) -> None:
    report = attack(cheat, timeout=3600.0)
    (end,) = report.honest.values()
    assert report.happened
    assert isinstance(end.error, TransportError | Desync)
    assert report.secrets_destroyed
    assert report.seconds < 25


@pytest.mark.parametrize("cheat", [SwapLabels(STEP, by=1), Duplicate(STEP, by=1)], ids=str)
def test_a_message_where_none_belongs(cheat: Cheat) -> None:
    report = attack(cheat)
    (end,) = report.honest.values()
    assert report.happened
    assert isinstance(end.error, MalformedMessage | Desync)


def test_another_order_changes_nothing() -> None:
    report = attack(Reorder("program.plan", by=1), Reorder("mac_check.coins.commit", by=1))
    assert report.honest[0].output == RESULT
    assert not report.detected


@pytest.mark.parametrize("session", ["other", "this"])
def test_an_old_message(session: str) -> None:
    step = "mac_check.coins.commit"
    cheat = Replay(step, session, by=1, skip=int(session == "this"))  # type: ignore[arg-type]
    report = adversary.run(product, preprocessing="dealer", cheats=[cheat])
    assert_caught(report, CommitmentMismatch, "mac_check.coins.open")
    assert report.expected == {0: RESULT, 1: RESULT}
    assert report.wrong_outputs == {}


@pytest.mark.parametrize("cheat", [Equivocate(STEP, by=2), AddTo(STEP, by=0, to=1), Flip(STEP, by=1, to=2)], ids=str)
def test_equivocation_is_found_by_the_echo(cheat: Cheat) -> None:
    assert_caught(attack(cheat, parties=3), BroadcastMismatch, "broadcast.echo")


def test_the_same_lie_to_everybody_is_found_by_the_mac_check() -> None:
    pretend = CopyHonest("broadcast.echo", by=2, pretend=True, every=True)
    assert_caught(attack(AddTo(STEP, by=2), pretend, parties=3), MacCheckFailed, SIGMA)


def test_rushing_sees_the_honest_messages_first() -> None:
    seen: dict[int, bytes] = {}

    def cancel(own: bytes, honest: Mapping[int, bytes], view: View) -> bytes:
        seen.update(honest)
        return bytes(len(own))

    report = attack(Rush("mac_check.sigma.commit", cancel, by=1), parties=3)
    assert set(seen) == {0, 2}
    assert all(len(payload) == 32 for payload in seen.values())
    assert_caught(report, BroadcastMismatch, "mac_check.sigma.open")


def test_rushing_where_nobody_else_speaks_goes_on() -> None:
    report = attack(Rush("input.masked", lambda own, honest, view: own, by=0))
    assert not report.happened
    assert report.honest[1].output == RESULT


def test_a_coalition_of_all_but_one() -> None:
    cheats = [
        AddTo(STEP, "first", delta=5, by=1),
        AddTo(STEP, "first", delta=-4, by=2),
        *(CopyHonest("broadcast.echo", by=by, pretend=True, every=True) for by in (1, 2)),
    ]
    report = attack(*cheats, parties=3)
    assert set(report.honest) == {0}
    assert set(report.corrupted) == {1, 2}
    assert report.detected
    assert report.fired[0] == 1
    assert report.fired[1] == 1
    assert report.secrets_destroyed
    assert isinstance(report.honest[0].error, MacCheckFailed | TransportError)


def test_over_tls() -> None:
    assert_caught(attack(AddTo(STEP, by=1), transport="tls"), MacCheckFailed, SIGMA)
