"""The log of unchecked openings: the same list at all parties, whatever came first; nothing leaves it by accident."""

from __future__ import annotations

import itertools

import pytest

from spdz.errors import InternalError
from spdz.field import M61
from spdz.sharing.field_domain import FIELD, Opening, joined
from spdz.sharing.unverified import Unverified


def test_the_order_is_that_of_the_program_and_not_of_arrival() -> None:
    entries = [(f"/{number:06d}.step", number) for number in (1, 2, 10, 11)]
    for arrival in itertools.permutations(entries):
        log = Unverified()
        for path, number in arrival:
            log.record_opening(FIELD, Opening.of(path, M61.array([number]), M61.array([number])))
            log.record_broadcast(path, bytes([number]))
        assert [opening.path for opening in log.close_openings()[FIELD]] == [path for path, _ in entries]
        assert log.close_broadcasts() == [(path, bytes([number])) for path, number in entries]


def test_every_shape_is_logged_flat_and_whole() -> None:
    log = Unverified()
    log.record_opening(FIELD, Opening.of("a", M61.array(7), M61.array(8)))
    log.record_opening(FIELD, Opening.of("b", M61.array([[1, 2], [3, 4]]), M61.array([[5, 6], [7, 8]])))
    scalar, matrix = log.close_openings()[FIELD]
    assert (scalar.value.to_ints(), scalar.mac.to_ints()) == ([7], [8])
    assert (matrix.value.to_ints(), matrix.mac.to_ints()) == ([1, 2, 3, 4], [5, 6, 7, 8])


def test_the_mac_share_of_a_masked_opening_is_a_difference_of_pieces() -> None:
    log = Unverified()
    value, mac, mask = M61.array([1, 2, 3, 4, 5]), M61.array([[5, 6], [7, 8]]), M61.array([[1, 1], [2, 9]])
    log.record_opening(FIELD, Opening.of("a", value, (mac, mask), M61.array([3])))
    [opening] = log.close_openings()[FIELD]
    assert opening.mac.to_signed().tolist() == [4, 5, 5, -1, 3]
    assert [part.to_ints() for part, _, _ in opening.parts(3)] == [[1, 2, 3], [4], [5]]
    assert [part.to_ints() for _, part, _ in opening.parts(3)] == [[5, 6, 7], [8], [3]]
    assert [mask if mask is None else mask.to_ints() for _, _, mask in opening.parts(3)] == [[1, 1, 2], [9], None]


def test_several_openings_are_joined_in_order() -> None:
    log = Unverified()
    log.record_opening(FIELD, Opening.of("b", M61.array([3]), M61.array([30])))
    log.record_opening(FIELD, Opening.of("a", M61.array([1, 2]), (M61.array([15, 25]), M61.array([5, 5]))))
    whole = joined(log.close_openings()[FIELD])
    assert (whole.value.to_ints(), whole.mac.to_ints()) == ([1, 2, 3], [10, 20, 30])


@pytest.mark.parametrize("macs", [(), (1,), (1, 1, 1)], ids=str)
def test_values_without_mac_shares_are_refused(macs: tuple[int, ...]) -> None:
    with pytest.raises(InternalError):
        Opening.of("a", M61.array([1, 2]), *(M61.array([mac]) for mac in macs))


def test_closing_empties_each_list_once() -> None:
    log = Unverified()
    log.record_opening(FIELD, Opening.of("a", M61.array(7), M61.array(8)))
    log.record_broadcast("a", b"digest")
    log.close_openings()
    assert not log.is_empty
    with pytest.raises(InternalError, match="never checked"):
        log.require_empty()
    log.close_broadcasts()
    assert log.is_empty
    assert log.close_openings() == {}
    log.require_empty()


@pytest.mark.parametrize("what", ["opening", "broadcast"])
def test_either_kind_of_entry_alone_must_be_checked(what: str) -> None:
    log = Unverified()
    if what == "opening":
        log.record_opening(FIELD, Opening.of("a", M61.array(7), M61.array(8)))
    else:
        log.record_broadcast("a", b"digest")
    with pytest.raises(InternalError, match="never checked"):
        log.require_empty()


def test_domains_are_kept_apart_and_come_in_the_order_of_their_names() -> None:
    log = Unverified()
    for domain in ("field", "bits", "field"):
        log.record_opening(domain, Opening.of("a", M61.array(7), M61.array(8)))
    assert [(name, len(openings)) for name, openings in log.close_openings().items()] == [("bits", 1), ("field", 2)]
    log.require_empty()
