"""Arithmetic of arrays against plain integers."""

from __future__ import annotations

import gmpy2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spdz.errors import UsageError
from spdz.field import M5, M7, M17, M19, M31, M61, M127, Field, FieldArray
from spdz.field.mersenne import reference

from .helpers import TESTED, Stream, checked, edges, vectors

TESTED_FIELDS = pytest.mark.parametrize("field", TESTED, ids=lambda field: field.name)


def test_every_modulus_is_a_prime_that_is_3_mod_4() -> None:
    for field in (M5, M7, M17, M19, M31, M61, M127, *TESTED):
        assert gmpy2.is_prime(field.modulus, 50)
        assert field.modulus % 4 == 3
        assert field.bits == field.modulus.bit_length()
        assert field.element_bytes == 8 * field.limbs == (16 if field is M127 else 8)


def test_all_pairs_of_edge_values(field: Field) -> None:
    values = edges(field)
    x, y = [a for a in values for _ in values], values * len(values)
    p, fx, fy = field.modulus, field.array(x), field.array(y)
    assert (fx + fy).to_ints() == reference.add(p, x, y)
    assert (fx - fy).to_ints() == reference.sub(p, x, y)
    assert (fx * fy).to_ints() == reference.mul(p, x, y)
    assert (-fx).to_ints() == reference.neg(p, x)
    assert (fx == fy).tolist() == [a == b for a, b in zip(x, y, strict=True)]


@pytest.mark.parametrize("field", [M5, M7], ids=lambda field: field.name)
def test_small_fields_exhaustively(field: Field) -> None:
    p = field.modulus
    x = field.array(np.arange(p))
    table = (x[:, None] * x[None, :]).to_ints()
    assert table == [[a * b % p for b in range(p)] for a in range(p)]
    assert (x[1:] * x[1:].inverse()).to_ints() == [1] * (p - 1)
    squares = [a for a in range(p) if reference.is_square(p, a)]
    assert field.array(squares).sqrt().to_ints() == reference.sqrt(p, squares)


@pytest.mark.parametrize("field", [M7, M17, M19, M31], ids=lambda field: field.name)
def test_the_other_small_fields_agree(field: Field, stream: Stream) -> None:
    p, x, y = field.modulus, field.sample(stream.fill, 500), field.sample(stream.fill, 500)
    assert (x * y).to_ints() == reference.mul(p, x.to_ints(), y.to_ints())
    assert x.dot(y).to_ints() == reference.dot(p, x.to_ints(), y.to_ints())


@TESTED_FIELDS
@checked
@given(data=st.data())
def test_elementwise_operations(field: Field, data: st.DataObject) -> None:
    x, y = data.draw(vectors(field, 2))
    p, fx, fy = field.modulus, field.array(x), field.array(y)
    assert (fx + fy).to_ints() == reference.add(p, x, y)
    assert (fx - fy).to_ints() == reference.sub(p, x, y)
    assert (fx * fy).to_ints() == reference.mul(p, x, y)
    assert fx.sum().to_ints() == sum(x) % p
    assert fx.dot(fy).to_ints() == reference.dot(p, x, y)
    assert fx.dot(fy).to_ints() == reference.dot(p, x, y)


@TESTED_FIELDS
@checked
@given(data=st.data())
def test_powers_inverses_and_roots(field: Field, data: st.DataObject) -> None:
    (x,) = data.draw(vectors(field, 1, longest=9))
    p, fx = field.modulus, field.array(x)
    exponent = data.draw(st.integers(0, 2**130))
    assert (fx**exponent).to_ints() == reference.power(p, x, exponent)
    nonzero = [a for a in x if a]
    assert field.array(nonzero).inverse().to_ints() == reference.inverse(p, nonzero)
    squares = reference.mul(p, x, x)
    assert field.array(squares).sqrt().to_ints() == reference.sqrt(p, squares)


@TESTED_FIELDS
@checked
@given(scalar=st.integers(-(2**130), 2**130))
def test_python_integers_are_reduced(field: Field, scalar: int) -> None:
    p, values = field.modulus, edges(field)
    x = field.array(values)
    assert (x + scalar).to_ints() == (scalar + x).to_ints() == [(a + scalar) % p for a in values]
    assert (x * scalar).to_ints() == (scalar * x).to_ints() == [a * scalar % p for a in values]
    assert (x - scalar).to_ints() == [(a - scalar) % p for a in values]
    assert (scalar - x).to_ints() == [(scalar - a) % p for a in values]
    assert (x == scalar).tolist() == [a == scalar % p for a in values]


def test_numpy_scalars_count_as_integers(field: Field) -> None:
    x = field.array([1, 2])
    assert (np.int64(3) * x).to_ints() == (x * np.uint8(3)).to_ints() == [3, 6]


@pytest.mark.parametrize("shapes", [((3, 1), (1, 4)), ((2, 3), (3,)), ((), (2, 2)), ((1,), (5,)), ((0, 3), (3,))])
def test_broadcasting_follows_numpy(field: Field, stream: Stream, shapes: tuple[tuple[int, ...], ...]) -> None:
    x, y = (field.sample(stream.fill, shape) for shape in shapes)
    xi, yi = (np.array(a.to_ints(), dtype=object).reshape(a.shape) for a in (x, y))
    assert (x * y).to_ints() == (xi * yi % field.modulus).tolist()
    assert (x - y).to_ints() == ((xi - yi) % field.modulus).tolist()
    assert (x == y).shape == np.broadcast_shapes(*shapes)
    with pytest.raises(UsageError, match="do not broadcast"):
        field.zeros((2, 3)) + field.zeros((4,))


@pytest.mark.parametrize(
    "shapes", [((3, 4), (4, 5)), ((4,), (4, 5)), ((3, 4), (4,)), ((4,), (4,)), ((2, 3, 4), (4, 2)), ((3, 0), (0, 2))]
)
def test_matmul_follows_numpy(field: Field, stream: Stream, shapes: tuple[tuple[int, ...], ...]) -> None:
    x, y = (field.sample(stream.fill, shape) for shape in shapes)
    xi, yi = (np.array(a.to_ints(), dtype=object).reshape(a.shape) for a in (x, y))
    assert (x @ y).to_ints() == np.asarray(xi @ yi % field.modulus, dtype=object).tolist()


def test_matmul_of_largest_values_in_several_tiles(field: Field) -> None:
    # p - 1 is -1, so that every entry is the inner length; accumulators see their largest products.
    x, y = field.full((2, 9000), field.modulus - 1), field.full((9000, 11), field.modulus - 1)
    assert (x @ y).equals(field.full((2, 11), 9000 % field.modulus))
    assert (x.copy() @ x.T).to_ints() == [[9000 % field.modulus] * 2] * 2


@TESTED_FIELDS
@checked
@given(data=st.data())
def test_matrix_products_against_the_reference(field: Field, data: st.DataObject) -> None:
    x, y = data.draw(vectors(field, 2, longest=24).filter(lambda v: len(v[0]) % 2 == 0))
    half = len(x) // 2
    left, right = reference.rows(half, x), [[a, b] for a, b in zip(y[:half], y[half:], strict=True)]
    assert (field.array(left) @ field.array(right)).to_ints() == reference.matmul(field.modulus, left, right)


def test_matmul_refuses_what_does_not_fit(field: Field) -> None:
    with pytest.raises(UsageError, match="do not fit"):
        field.ones((2, 3)) @ field.ones((2, 3))
    with pytest.raises(UsageError, match="at least one dimension"):
        field.ones(()) @ field.ones(2)
    with pytest.raises(UsageError, match="flat"):
        field.ones((2, 3)).dot(field.ones((3, 2)))
    with pytest.raises(TypeError):
        field.ones(2) @ 3  # type: ignore[operator]


@pytest.mark.parametrize("axis", [None, 0, 1, 2, -1, -3])
def test_sums_over_axes(field: Field, stream: Stream, axis: int | None) -> None:
    x = field.sample(stream.fill, (3, 4, 5))
    table = np.array(x.to_ints(), dtype=object)
    assert x.sum(axis).to_ints() == np.asarray(table.sum(axis=axis) % field.modulus, dtype=object).tolist()
    assert x.transpose(1, 2, 0).sum().equals(x.sum())


def test_sums_of_nothing(field: Field) -> None:
    assert field.zeros(0).sum().to_ints() == 0
    assert field.zeros((0, 2)).sum(0).to_ints() == [0, 0]
    assert field.zeros((0, 2)).sum(1).shape == (0,)
    with pytest.raises(UsageError, match="axis 2"):
        field.zeros((0, 2)).sum(2)


def test_inverse_of_zero_names_the_index(field: Field) -> None:
    with pytest.raises(UsageError, match=r"zero has no inverse \(first at index \(1, 0\)\)"):
        field.array([[1, 2], [0, 1]]).inverse()
    with pytest.raises(UsageError, match="the only element"):
        field.zeros(()).inverse()
    assert field.zeros(0).inverse().shape == (0,)


def test_inverses_of_many(field: Field, stream: Stream) -> None:
    x = field.sample(stream.fill, 77)
    x[x.is_zero()] = 1
    assert (x.reshape(7, 11).inverse().ravel() * x).equals(field.ones(77))


def test_root_of_a_non_square_names_the_index(field: Field) -> None:
    # -1 is not a square, as p = 3 mod 4.
    with pytest.raises(UsageError, match=r"not a square \(first at index \(1,\)\)"):
        field.signed([1, -1]).sqrt()


def test_negative_exponents_are_refused(field: Field) -> None:
    with pytest.raises(UsageError, match="non-negative"):
        field.ones(2) ** -1
    assert (field.zeros(2) ** 0).to_ints() == [1, 1]


def test_fields_do_not_mix(field: Field) -> None:
    x, other = field.ones(3), M31.ones(3)
    for operation in (
        lambda: x + other, lambda: x * other, lambda: x @ other, lambda: x == other, lambda: x.equals(other),
        lambda: FieldArray.stack([x, other]), lambda: x.__setitem__(0, other[0]),
    ):  # fmt: skip
        with pytest.raises(UsageError, match="M31 do not mix"):
            operation()


@pytest.mark.parametrize("other", [np.ones(3), np.arange(3), np.array([1, 2, 3], dtype=object)])
def test_numpy_arrays_do_not_mix(field: Field, other: np.ndarray) -> None:
    x = field.ones(3)
    for operation in (lambda: x + other, lambda: other + x, lambda: other * x, lambda: x == other):
        with pytest.raises(UsageError, match="convert with"):
            operation()


@pytest.mark.parametrize("other", [1.5, "1", None, [1, 2, 3]])
def test_other_operands_are_refused(field: Field, other: object) -> None:
    with pytest.raises(TypeError):
        field.ones(3) * other  # type: ignore[operator]
    assert (field.ones(3) == other) is False


def test_inputs_are_not_changed(field: Field, stream: Stream) -> None:
    x, y = field.sample(stream.fill, 9), field.sample(stream.fill, 9)
    before = x.to_bytes() + y.to_bytes()
    _ = x + y, x - y, x * y, -x, x @ y, x.sum(), x**3, x == y
    assert x.to_bytes() + y.to_bytes() == before
