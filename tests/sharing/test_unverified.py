"""The log of unchecked openings: the same list at all parties, whatever came first; nothing leaves it by accident."""

from __future__ import annotations

import itertools

import pytest

from spdz.errors import InternalError
from spdz.field import M61
from spdz.sharing.unverified import Unverified


def test_the_order_is_that_of_the_program_and_not_of_arrival() -> None:
    entries = [(f"/{number:06d}.step", number) for number in (1, 2, 10, 11)]
    for arrival in itertools.permutations(entries):
        log = Unverified()
        for path, number in arrival:
            log.record_opening(path, M61.array([number]), M61.array([number]))
            log.record_broadcast(path, bytes([number]))
        assert [opening.path for opening in log.close_openings()] == [path for path, _ in entries]
        assert log.close_broadcasts() == [(path, bytes([number])) for path, number in entries]


def test_every_shape_is_logged_flat_and_whole() -> None:
    log = Unverified()
    log.record_opening("a", M61.array(7), M61.array(8))
    log.record_opening("b", M61.array([[1, 2], [3, 4]]), M61.array([[5, 6], [7, 8]]))
    scalar, matrix = log.close_openings()
    assert (scalar.value.to_ints(), scalar.mac.to_ints()) == ([7], [8])
    assert (matrix.value.to_ints(), matrix.mac.to_ints()) == ([1, 2, 3, 4], [5, 6, 7, 8])


def test_closing_empties_each_list_once() -> None:
    log = Unverified()
    log.record_opening("a", M61.array(7), M61.array(8))
    log.record_broadcast("a", b"digest")
    log.close_openings()
    assert not log.is_empty
    with pytest.raises(InternalError, match="never checked"):
        log.require_empty()
    log.close_broadcasts()
    assert log.is_empty
    assert log.close_openings() == []
    log.require_empty()


@pytest.mark.parametrize("what", ["opening", "broadcast"])
def test_either_kind_of_entry_alone_must_be_checked(what: str) -> None:
    log = Unverified()
    if what == "opening":
        log.record_opening("a", M61.array(7), M61.array(8))
    else:
        log.record_broadcast("a", b"digest")
    with pytest.raises(InternalError, match="never checked"):
        log.require_empty()
