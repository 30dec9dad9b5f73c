"""Material leaves its store once, in the same order everywhere, and not at all after the session has died."""

from __future__ import annotations

import pickle

import pytest

from spdz.errors import InternalError, UsageError
from spdz.field import M61, FieldArray
from spdz.sharing.material import (
    RANDOM_SHARES,
    SQUARES,
    TRIPLES,
    Batch,
    Kind,
    MaterialStore,
    input_masks,
    matrix_triples,
)
from spdz.sharing.shares import AuthShare


def numbers(start: int, count: int) -> FieldArray:
    return M61.array(list(range(start, start + count)))


def batch(kind: Kind, start: int, count: int, clear: bool = False) -> Batch:
    """Elements start, start + 1, ... in every array; MACs are 1000 more."""
    share = AuthShare(numbers(start, count), numbers(start + 1000, count))
    return Batch(kind, (share,) * len(kind.shapes), numbers(start, count) if clear else None)


def values(taken: Batch) -> list[int]:
    return taken.shares[0].value.to_ints()


def test_every_element_is_given_out_once_and_in_order_across_batches() -> None:
    store = MaterialStore()
    for start, count in ((0, 3), (3, 1), (4, 6)):
        store.add(batch(RANDOM_SHARES, start, count))
    taken = [store.take(RANDOM_SHARES, count) for count in (2, 0, 3, 1, 4)]
    assert [values(part) for part in taken] == [[0, 1], [], [2, 3, 4], [5], [6, 7, 8, 9]]
    assert [part.shares[0].mac.to_ints() for part in taken][2] == [1002, 1003, 1004]
    assert store.available(RANDOM_SHARES) == 0
    assert store.taken == {RANDOM_SHARES: 10}
    assert store.made == {RANDOM_SHARES: 10}


@pytest.mark.parametrize("expected", [1, 3, 5, 9, 10, 12])
@pytest.mark.parametrize("early", [0, 1, 4])
def test_what_is_expected_is_given_out_once_and_in_order(expected: int, early: int) -> None:
    """However the batches fall: an early rest, more or less than expected, taken in between."""
    store = MaterialStore()
    store.add(batch(input_masks(0), 0, 2, clear=True))
    store.expect({input_masks(0): expected})
    for start, count in ((2, 3), (5, 1), (6, 4), (10, 2)):
        store.add(batch(input_masks(0), start, count, clear=True))
        if start == 5:
            assert values(store.take(input_masks(0), early)) == list(range(early))
    assert store.available(input_masks(0)) == 12 - early
    rest = [store.take(input_masks(0), count) for count in (5 - early, 7)]
    for taken, wanted in zip(rest, (range(early, 5), range(5, 12)), strict=True):
        assert taken.clear is not None
        assert values(taken) == taken.clear.to_ints() == list(wanted)
        assert taken.shares[0].mac.to_ints() == [1000 + number for number in wanted]
    assert store.made == {input_masks(0): 12}


def test_all_that_was_expected_is_taken_without_a_copy() -> None:
    store = MaterialStore()
    store.expect({TRIPLES: 6})
    for start, count in ((0, 1), (1, 3), (4, 2)):
        store.add(batch(TRIPLES, start, count))
    first, second = store.take(TRIPLES, 4), store.take(TRIPLES, 2)
    for one, other in zip(first.shares, second.shares, strict=True):
        assert one.value.limbs.base is other.value.limbs.base is not None
        assert one.value.limbs.ctypes.data + one.value.limbs.nbytes == other.value.limbs.ctypes.data
    assert (values(first), values(second)) == ([0, 1, 2, 3], [4, 5])


def test_what_was_kept_in_one_piece_is_overwritten_too() -> None:
    store = MaterialStore()
    store.expect({RANDOM_SHARES: 6})
    for start, count in ((1, 2), (3, 3)):
        store.add(batch(RANDOM_SHARES, start, count))
    whole = store._rooms[RANDOM_SHARES].kept
    assert values(whole) == [1, 2, 3, 4, 5]
    store.destroy()
    assert values(whole) == [0] * 5
    assert store._rooms == {}


def test_exhaustion_names_both_numbers_and_takes_nothing() -> None:
    store = MaterialStore()
    store.add(batch(TRIPLES, 0, 3))
    with pytest.raises(UsageError, match="5 triples are needed but only 3 are left"):
        store.take(TRIPLES, 5)
    assert store.available(TRIPLES) == 3
    assert store.taken == {}


def test_exhaustion_names_the_owner_and_the_dimensions() -> None:
    with pytest.raises(UsageError, match="1 input masks of party 2 are needed but only 0 are left"):
        MaterialStore().take(input_masks(2), 1)
    with pytest.raises(UsageError, match="1 matrix triples 2x3x4 are needed"):
        MaterialStore().take(matrix_triples(2, 3, 4), 1)


def test_a_negative_count_is_refused() -> None:
    store = MaterialStore()
    store.add(batch(TRIPLES, 0, 3))
    with pytest.raises(UsageError):
        store.take(TRIPLES, -1)
    assert store.taken == {}


def test_nothing_of_a_kind_that_was_never_made_is_a_fault_of_ours() -> None:
    with pytest.raises(InternalError):
        MaterialStore().take(SQUARES, 0)


def test_kinds_and_owners_are_kept_apart() -> None:
    store = MaterialStore()
    store.add(batch(input_masks(0), 0, 2, clear=True))
    store.add(batch(input_masks(1), 10, 2))
    mine, theirs = store.take(input_masks(0), 2), store.take(input_masks(1), 2)
    assert mine.clear is not None
    assert mine.clear.to_ints() == [0, 1]
    assert theirs.clear is None
    assert values(theirs) == [10, 11]


def test_the_owners_view_is_cut_and_joined_with_the_shares() -> None:
    store = MaterialStore()
    store.add(batch(input_masks(0), 0, 2, clear=True))
    store.add(batch(input_masks(0), 2, 3, clear=True))
    for count in (1, 3, 1):
        taken = store.take(input_masks(0), count)
        assert taken.clear is not None
        assert taken.clear.to_ints() == values(taken)


def test_destroying_overwrites_what_is_left_and_refuses_everything_after() -> None:
    store = MaterialStore()
    kept = batch(input_masks(0), 1, 4, clear=True)
    store.add(kept)
    store.take(input_masks(0), 1)
    store.destroy()
    assert values(kept)[1:] == [0, 0, 0]
    assert kept.shares[0].mac.to_ints()[1:] == [0, 0, 0]
    assert kept.clear is not None
    assert kept.clear.to_ints()[1:] == [0, 0, 0]
    assert store.available(input_masks(0)) == 0
    for use in (lambda: store.take(input_masks(0), 1), lambda: store.add(batch(TRIPLES, 0, 1))):
        with pytest.raises(UsageError, match="destroyed"):
            use()


@pytest.mark.parametrize(
    ("kind", "shapes"),
    [
        (TRIPLES, ((), (), ())),
        (SQUARES, ((), ())),
        (RANDOM_SHARES, ((),)),
        (matrix_triples(2, 3, 4), ((2, 3), (3, 4), (2, 4))),
    ],
    ids=str,
)
def test_shapes_of_one_element(kind: Kind, shapes: tuple[tuple[int, ...], ...]) -> None:
    assert kind.shapes == shapes


def test_shares_show_neither_values_nor_pickle() -> None:
    share = batch(TRIPLES, 123456, 2).shares[0]
    assert "123456" not in repr(share)
    assert "123456" not in repr(batch(TRIPLES, 123456, 2))
    with pytest.raises(TypeError):
        pickle.dumps(share)
