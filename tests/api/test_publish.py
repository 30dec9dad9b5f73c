"""A plain value of one party's that all may know: it needs no agreement on its size, and all are told the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz import adversary
from spdz.adversary.cheats import Flip
from spdz.errors import BroadcastMismatch, ConfigurationMismatch, MalformedMessage, PeerAborted, SpdzError
from spdz.online.session import Mpc

from .support import assert_equals, local


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize("value", [None, True, -5, 0.25, "rows", b"\0", (2, 3), [1, ("a", None)]], ids=str)
def test_every_party_gets_the_owner_s_value(parties: int, value: Any) -> None:
    def program(mpc: Mpc) -> Any:
        return [mpc.publish(value if mpc.party == owner else "not used", owner=owner) for owner in range(mpc.parties)]

    for result in local(program, parties):
        assert result == [value] * parties
        assert [type(found) for found in result] == [type(value)] * parties


@pytest.mark.parametrize("parties", [2, 3])
def test_a_party_learns_the_shape_of_another_s_input(parties: int) -> None:
    rows = np.arange(12).reshape(3, 4)

    def program(mpc: Mpc) -> Any:
        mine = rows if mpc.party == 1 else None
        shape = mpc.publish(None if mine is None else mine.shape, owner=np.int64(1))
        return mpc.reveal(mpc.input(mine, owner=1, shape=shape).sum(0))

    for total in local(program, parties):
        assert_equals(total, rows.sum(0))


def test_what_has_been_asked_for_before_stays_pending_and_is_compared() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([2, 3], owner=0, shape=2)
        product = x * x
        assert mpc.publish(mpc.party, owner=1) == 1
        assert "triples" not in mpc.cost.material
        return mpc.reveal(product)

    for product in local(program):
        assert_equals(product, [4, 9])

    def differing(mpc: Mpc) -> Any:
        x = mpc.input([2, 3], owner=0, shape=2)
        return mpc.publish(1, owner=0) if mpc.party else mpc.reveal(x)

    with pytest.raises(ConfigurationMismatch, match=r"operation 2 is .*(publish by party 0|reveal)"):
        local(differing)


def told(mpc: Mpc) -> Any:
    """What the attacks run: the value decides about the shape of an input."""
    shape = mpc.publish((2,), owner=0)
    return shape, mpc.reveal(mpc.input([5, 6], owner=1, shape=shape))


@pytest.mark.parametrize("parties", [2, 3])
@pytest.mark.parametrize(
    ("step", "place", "mask", "error"),
    [
        ("publish.length", 0, 1, MalformedMessage),
        ("publish.length", 3, 255, MalformedMessage),
        ("publish.value", 0, 255, MalformedMessage),
        ("publish.value", 1, 2, MalformedMessage),
    ],
)
def test_what_is_no_plain_value_ends_the_session(
    parties: int, step: str, place: int, mask: int, error: type[SpdzError]
) -> None:
    report = adversary.run(told, parties, preprocessing="dealer", cheats=[Flip(step, by=0, at=place, mask=mask)])
    found = {type(end.found) for end in report.honest.values() if end.found is not None}
    assert error in found
    assert not any(end.released for end in report.honest.values())
    assert report.secrets_destroyed


def test_among_three_parties_two_values_are_caught_before_anybody_goes_on() -> None:
    cheat = Flip("publish.value", by=0, to=1, at="last", mask=3)
    report = adversary.run(told, 3, preprocessing="dealer", cheats=[cheat])
    found = {type(end.found) for end in report.honest.values() if end.found is not None}
    assert BroadcastMismatch in found
    assert found <= {BroadcastMismatch, PeerAborted}
    assert not any("input.masked" in end.sent for end in report.honest.values())


def test_between_two_another_value_is_the_owner_s_choice() -> None:
    def program(mpc: Mpc) -> Any:
        return mpc.publish(5, owner=0), mpc.reveal(mpc.constant(1))

    report = adversary.run(program, preprocessing="dealer", cheats=[Flip("publish.value", by=0, at="last", mask=3)])
    assert not report.errors
    assert report.honest[1].output[0] == 6
