"""FieldArray as a container: indexing, shapes, views, and what it refuses to do."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.field import M5, M127, Field, FieldArray

from .helpers import Stream

KEYS = [
    0, -1, (1, 2), (slice(None), 1), (Ellipsis, 0), (0, Ellipsis), Ellipsis, None, (None, 1), (slice(None), None, 2),
    slice(None, None, -1), (slice(1), slice(0, 4, 2)), [0, 2], ([0, 1], [2, 3]), (slice(None), [3, 0]), ([[0], [1]], 1),
    np.array([True, False, True]), (1, np.array([True, False, True, True])), np.array([2, 0]), (),
    ([1, 0], slice(None), [0, 1]), (Ellipsis, [0, 1], 1), (0, None, [1, 2]),
]  # fmt: skip


def numbers(x: FieldArray) -> np.ndarray:
    return np.array(x.to_ints(), dtype=object).reshape(x.shape)


@pytest.fixture
def table(field: Field, stream: Stream) -> FieldArray:
    return field.sample(stream.fill, (3, 4, 5))


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_indexing_follows_numpy(table: FieldArray, key: object) -> None:
    expected, plain, taken = np.asarray(numbers(table)[key], dtype=object), np.empty((3, 4, 5)), table[key]
    assert taken.shape == expected.shape
    assert taken.to_ints() == expected.tolist()
    assert np.shares_memory(taken.limbs, table.limbs) == np.shares_memory(plain[key], plain)


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_assignment_follows_numpy(table: FieldArray, key: object) -> None:
    expected = numbers(table)
    expected[key] = 7
    table[key] = 7
    assert table.to_ints() == expected.tolist()
    table[key] = table.field.full(table[key].shape, 9)
    expected[key] = 9
    assert table.to_ints() == expected.tolist()


def test_a_mask_of_all_axes(table: FieldArray) -> None:
    mask = numbers(table) % 2 == 0
    assert table[mask.astype(bool)].to_ints() == numbers(table)[mask.astype(bool)].tolist()


def test_indices_never_reach_the_limbs(field: Field) -> None:
    x = field.ones(3)
    for key in ((0, 0), (0, slice(None)), (Ellipsis, 0, 0), "field", 3, 1.0):
        with pytest.raises(IndexError):
            x[key]


def test_slices_are_views(field: Field) -> None:
    x = field.zeros((3, 4))
    x[1][2] = 5
    x[:, 0][...] = field.array([1, 2, 3])
    assert x.to_ints() == [[1, 0, 0, 0], [2, 0, 5, 0], [3, 0, 0, 0]]
    x.T[3, 0] = 4
    assert x[0, 3].to_ints() == 4
    x[0] = -1
    assert x[0].to_ints() == [field.modulus - 1] * 4
    assert x.copy()[0].limbs.base is not x.limbs


def test_shape_and_length(field: Field) -> None:
    x = field.zeros((2, 3))
    assert (x.shape, x.ndim, x.size, len(x)) == ((2, 3), 2, 6, 2)
    assert x.limbs.shape == (2, 3, field.limbs)
    assert (field.zeros(()).ndim, field.zeros(()).size) == (0, 1)
    with pytest.raises(TypeError, match="0-d"):
        len(field.zeros(()))


def test_reshaping_and_transposing(table: FieldArray) -> None:
    expected = numbers(table)
    assert table.reshape(12, 5).to_ints() == expected.reshape(12, 5).tolist()
    assert table.reshape((4, -1)).to_ints() == expected.reshape(4, -1).tolist()
    assert table.ravel().to_ints() == expected.ravel().tolist()
    assert table.T.to_ints() == expected.T.tolist()
    assert table.transpose(1, -1, 0).to_ints() == expected.transpose(1, 2, 0).tolist()
    assert table.T.ravel().to_ints() == expected.T.ravel().tolist()
    assert bytes(table.T.memory) == table.T.to_bytes() == table.T.copy().to_bytes()
    assert table.field.zeros(()).T.shape == ()
    assert table.field.zeros((0, 3)).reshape(-1, 3).shape == (0, 3)
    with pytest.raises(UsageError, match="cannot reshape"):
        table.reshape(7, -1)
    with pytest.raises(UsageError, match="do not permute"):
        table.transpose(0, 0, 1)


def test_kernels_read_views_in_any_layout(table: FieldArray) -> None:
    field, expected = table.field, numbers(table)
    for view, values in ((table.T, expected.T), (table[::-1, 1::2], expected[::-1, 1::2])):
        assert (view * view).to_ints() == (values * values % field.modulus).tolist()
        assert view.sum(0).to_ints() == (values.sum(0) % field.modulus).tolist()


def test_broadcasts_are_read_only(field: Field) -> None:
    wide = field.array([1, 2]).broadcast_to((3, 2))
    assert wide.to_ints() == [[1, 2]] * 3
    with pytest.raises(ValueError, match="read-only"):
        wide[0, 0] = 5
    with pytest.raises(UsageError, match="cannot broadcast"):
        wide.broadcast_to((2, 2))


def test_joining(field: Field) -> None:
    x, y = field.array([[1, 2]]), field.array([[3, 4]])
    assert FieldArray.concatenate([x, y]).to_ints() == [[1, 2], [3, 4]]
    assert FieldArray.concatenate([x, y], axis=-1).to_ints() == [[1, 2, 3, 4]]
    assert FieldArray.stack([x, y], axis=-1).to_ints() == [[[1, 3], [2, 4]]]
    assert FieldArray.stack([x[0, 0], y[0, 0]]).to_ints() == [1, 3]
    with pytest.raises(UsageError, match="nothing to join"):
        FieldArray.concatenate([])
    with pytest.raises(UsageError, match="axis 2"):
        FieldArray.concatenate([x, y], axis=2)
    with pytest.raises(UsageError, match="do not join"):
        FieldArray.stack([x, y[0]])


def test_comparisons(field: Field) -> None:
    x = field.array([0, 1, 0])
    assert x.is_zero().tolist() == [True, False, True]
    assert (x != 0).tolist() == [False, True, False]
    assert (x[0] == 0).shape == ()
    assert (x == 0).dtype == x.is_zero().dtype == np.bool_
    assert x.equals(x.copy())
    assert not x.equals(x[None, :])
    assert not x.equals(field.ones(3))


def test_equality_sees_every_limb() -> None:
    x = M127.array([2**64, 1, 2**64 + 1])
    assert (x == M127.array([0, 1, 1])).tolist() == [False, True, False]
    assert x.is_zero().tolist() == [False, False, False]


def test_wiping(field: Field, stream: Stream) -> None:
    x = field.sample(stream.fill, (4, 4))
    x[:, 1].wipe()
    assert x[:, 1].is_zero().all()
    assert not x.is_zero().all()
    x.wipe()
    assert x.is_zero().all()


def test_memory_is_read_only_and_flat(field: Field) -> None:
    memory = field.ones((2, 2)).memory
    assert (memory.readonly, memory.format, memory.ndim, memory.nbytes) == (True, "B", 1, 4 * field.element_bytes)
    assert bytes(field.ones((2, 2)).T.memory) == field.ones((2, 2)).to_bytes()
    assert bytes(field.zeros((0, 2)).memory) == b""


def test_values_do_not_show(field: Field) -> None:
    x = field.full((2, 3), 29)
    assert repr(x) == str(x) == f"<FieldArray {field.name} (2, 3)>"
    assert f"{x}" == repr(x)


def test_numpy_cannot_take_the_values() -> None:
    x = M5.ones(3)
    for take in (np.asarray, np.array, lambda a: np.array([a, a]), lambda a: np.zeros(3) + np.asarray(a)):
        with pytest.raises(TypeError, match="to_signed"):
            take(x)
    with pytest.raises(TypeError):
        np.add(x, x)


def test_it_is_not_pickled_or_deep_copied() -> None:
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            leak(M5.ones(3))


def test_no_iteration_truth_value_or_hash() -> None:
    x = M5.ones(3)
    with pytest.raises(TypeError, match="not iterable"):
        list(x)
    with pytest.raises(TypeError, match="not iterable"):
        _ = 1 in x
    with pytest.raises(TypeError, match="truth value"):
        bool(x)
    with pytest.raises(TypeError, match="unhashable"):
        hash(x)
