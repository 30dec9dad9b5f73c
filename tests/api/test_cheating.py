"""A party whose program changes its own shares: every reveal raises before it returns anything (PITFALLS 8 and 18)."""

from __future__ import annotations

from typing import Any

import pytest

from spdz.errors import MacCheckFailed, PeerAborted
from spdz.field import M61, M127
from spdz.online.session import Mpc
from spdz.online.values.array import SecretArray
from spdz.sharing.shares import AuthShare

from .support import Watched, local

SETTINGS = pytest.mark.parametrize(
    ("preprocessing", "parties", "field"), [("dealer", 2, M61), ("dealer", 3, M127), ("mascot", 2, M61)], ids=str
)
PARTS = pytest.mark.parametrize("part", ["value", "mac"])
CHEATER = 1


def change(x: SecretArray, part: str, place: int = 0) -> None:
    """Add one to an element of this party's share, or of its MAC share."""
    share = x._node.share
    assert share is not None
    delta = share.field.array([int(i == place) for i in range(x.size)]).reshape(*x.shape)
    value, mac = share.value, share.mac
    x._node._result = AuthShare(value + delta, mac) if part == "value" else AuthShare(value, mac + delta)


def assert_caught(watched: Watched, parties: int, reached: list[int]) -> None:
    """Nobody got past the reveal, at least one party found it itself, and everything is destroyed."""
    assert not reached
    assert sorted(watched.errors) == list(range(parties))
    kinds = {type(error) for error in watched.errors.values()}
    assert MacCheckFailed in kinds
    assert kinds <= {MacCheckFailed, PeerAborted}
    for error in watched.errors.values():
        assert error.step == "mac_check.sigma.open"  # type: ignore[attr-defined]
        if type(error) is MacCheckFailed:
            assert error.blamed is None, "who it was cannot be known"
    watched.assert_dead(parties)


ENDINGS: dict[str, Any] = {
    "reveal": lambda mpc, x, y: mpc.reveal(y),
    "to the cheater": lambda mpc, x, y: mpc.reveal_to(y, party=CHEATER),
    "to an honest party": lambda mpc, x, y: mpc.reveal_to(y, party=0),
    "something else": lambda mpc, x, y: mpc.reveal(mpc.constant([1])),
}
OPERATIONS: dict[str, Any] = {
    "product": lambda mpc, x: x * x[::-1],
    "square": lambda mpc, x: x * x,
    "matmul": lambda mpc, x: x.reshape(1, 3) @ x.reshape(3, 1),
}


@SETTINGS
@PARTS
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_wrong_opening_of_a_product_is_found_by_the_next_reveal_of_anything(
    ending: str, part: str, preprocessing: str, parties: int, field: Any
) -> None:
    reached: list[int] = []

    def program(mpc: Mpc) -> None:
        x = mpc.input([1, 2, 3], owner=0, shape=3)
        mpc.reveal(x)
        if mpc.party == CHEATER:
            change(x, part)
        ENDINGS[ending](mpc, x, x * x[::-1])
        reached.append(mpc.party)

    watched = Watched(program)
    with pytest.raises(MacCheckFailed):
        local(watched, parties, field, preprocessing=preprocessing)
    assert_caught(watched, parties, reached)


@PARTS
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_element_of_every_operation_is_checked(operation: str, place: int, part: str) -> None:
    reached: list[int] = []

    def program(mpc: Mpc) -> None:
        x = mpc.input([1, 2, 3], owner=0, shape=3)
        mpc.reveal(x)
        if mpc.party == CHEATER:
            change(x, part, place)
        mpc.reveal(OPERATIONS[operation](mpc, x))
        reached.append(mpc.party)

    watched = Watched(program)
    with pytest.raises(MacCheckFailed):
        local(watched, 3)
    assert_caught(watched, 3, reached)


@SETTINGS
@PARTS
@pytest.mark.parametrize("place", [0, 128])
@pytest.mark.parametrize("receiver", [None, 0, CHEATER])
def test_a_wrong_share_of_an_output_is_found_before_it_is_returned(
    receiver: int | None, place: int, part: str, preprocessing: str, parties: int, field: Any
) -> None:
    reached: list[int] = []

    def program(mpc: Mpc) -> None:
        x = mpc.random(129)
        mpc.reveal(x[0])
        if mpc.party == CHEATER:
            change(x, part, place)
        if receiver is None:
            mpc.reveal(x)
        else:
            mpc.reveal_to(x, party=receiver)
        reached.append(mpc.party)

    watched = Watched(program)
    with pytest.raises(MacCheckFailed):
        local(watched, parties, field, preprocessing=preprocessing)
    assert_caught(watched, parties, reached)


@pytest.mark.parametrize("parties", [2, 3])
def test_a_key_share_that_changes_in_the_middle_is_found(parties: int) -> None:
    """PITFALLS 6."""
    reached: list[int] = []

    def program(mpc: Mpc) -> None:
        x = mpc.random(3)
        mpc.reveal(x * x)
        if mpc.party == CHEATER:
            key = mpc._party.session.key
            key._share = key.share + 1
        mpc.reveal(x)
        reached.append(mpc.party)

    watched = Watched(program)
    with pytest.raises(MacCheckFailed):
        local(watched, parties)
    assert_caught(watched, parties, reached)


def test_the_honest_twin_of_these_programs_passes() -> None:
    def program(mpc: Mpc) -> Any:
        x = mpc.input([1, 2, 3], owner=0, shape=3)
        mpc.reveal(x)
        return [mpc.reveal(operation(mpc, x)).sum() for operation in OPERATIONS.values()]

    for parties in (2, 3):
        assert local(program, parties) == [[10, 14, 14]] * parties
