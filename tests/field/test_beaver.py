"""The fused passes of a multiplication against the operators and the plain-int twin."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spdz.errors import UsageError
from spdz.field import M31, M61, Field
from spdz.field.fused import beaver
from spdz.field.mersenne import reference

from .helpers import PLAIN, TESTED, Stream, checked, vectors

TESTED_FIELDS = pytest.mark.parametrize("field", TESTED + PLAIN, ids=lambda field: field.name)


@TESTED_FIELDS
@checked
@given(data=st.data())
def test_beaver_product(field: Field, data: st.DataObject) -> None:
    a, b, c, epsilon, delta = data.draw(vectors(field, 5))
    scale = data.draw(st.integers(0, field.modulus - 1))
    arrays = [field.array(vector) for vector in (a, b, c, epsilon, delta)]
    expected = reference.beaver_product(field.modulus, a, b, c, epsilon, delta, scale)
    assert beaver.product(field, *arrays, field.array(scale)).to_ints() == expected


@TESTED_FIELDS
@checked
@given(data=st.data())
def test_beaver_product_with_a_bit_in_place(field: Field, data: st.DataObject) -> None:
    a, b, c, epsilon, delta = data.draw(vectors(field, 5))
    bit = data.draw(st.booleans())
    arrays = [field.array(vector) for vector in (a, b, c, epsilon, delta)]
    expected = reference.beaver_product(field.modulus, a, b, c, epsilon, delta, int(bit))
    assert beaver.product(field, *arrays, bit, arrays[2]) is arrays[2]
    assert arrays[2].to_ints() == expected
    assert [array.to_ints() for array in (*arrays[:2], *arrays[3:])] == [a, b, epsilon, delta]


@TESTED_FIELDS
@pytest.mark.parametrize("scale", [False, True, 0, 1, -1], ids=str)
def test_beaver_product_of_the_largest_elements(field: Field, scale: int) -> None:
    """Where the sum of two products is largest, and around it."""
    p = field.modulus
    table = list(itertools.product((0, 1, p - 2, p - 1), repeat=5))
    a, b, c, epsilon, delta = (field.array(list(column)) for column in zip(*table, strict=True))
    factor = scale if isinstance(scale, bool) else field.array(scale % p)
    expected = reference.beaver_product(p, *map(list, zip(*table, strict=True)), scale % p)
    assert beaver.product(field, a, b, c, epsilon, delta, factor).to_ints() == expected


@TESTED_FIELDS
@checked
@given(data=st.data())
def test_combine(field: Field, data: st.DataObject) -> None:
    p = field.modulus
    chi, value, mac, mask = data.draw(vectors(field, 4))
    start = data.draw(st.lists(st.integers(0, p - 1), min_size=2, max_size=2))
    totals, plain = field.array(start), field.array(start)
    arrays = [field.array(vector) for vector in (chi, value, mac)]
    beaver.combine(field, *arrays, field.array(mask), totals)
    beaver.combine(field, *arrays, None, plain)
    assert totals.to_ints() == reference.combine(p, chi, value, reference.sub(p, mac, mask), start)
    assert plain.to_ints() == reference.combine(p, chi, value, mac, start)


@TESTED_FIELDS
def test_combine_of_many_largest_elements(field: Field) -> None:
    """Sums are not reduced before the end."""
    count = 5000
    largest, zero = field.full(count, field.modulus - 1), field.zeros(count)
    totals = field.zeros(2)
    beaver.combine(field, largest, largest, zero, field.ones(count), totals)
    assert totals.to_ints() == [count % field.modulus] * 2


@TESTED_FIELDS
@checked
@given(data=st.data())
def test_add_into(field: Field, data: st.DataObject) -> None:
    x, y = data.draw(vectors(field, 2))
    total, added = field.array(x), field.array(y)
    beaver.add_into(field, total, added)
    assert total.to_ints() == reference.add(field.modulus, x, y)
    assert added.to_ints() == y


@TESTED_FIELDS
def test_beaver_product_on_tables_and_strided_arrays(field: Field, stream: Stream) -> None:
    a, b, c, epsilon, delta = (field.sample(stream.fill, (4, 6))[:, ::2] for _ in range(5))
    scale = field.sample(stream.fill, ())
    got = beaver.product(field, a, b, c, epsilon, delta, scale)
    assert got.shape == (4, 3)
    assert got.equals(c + b * epsilon + a * delta + epsilon * delta * scale)


@TESTED_FIELDS
def test_differences(field: Field, stream: Stream) -> None:
    x, a = field.sample(stream.fill, (2, 3)), field.sample(stream.fill, (2, 3))
    y, b = field.sample(stream.fill, 5), field.sample(stream.fill, 5)
    got = beaver.differences(field, (x, a), (y, b), (x[:0], a[:0]))
    assert got.shape == (11,)
    assert got[:6].equals((x - a).ravel())
    assert got[6:].equals(y - b)
    assert beaver.differences(field, (x[:0], a[:0])).shape == (0,)


def test_arrays_that_do_not_fit_are_refused() -> None:
    three, two, other = M61.zeros(3), M61.zeros(2), M31.zeros(3)
    for misuse in (
        lambda: beaver.differences(M61, (three, two)),
        lambda: beaver.differences(M61, (three, other)),
        lambda: beaver.product(M61, three, three, three, three, two, M61.array(1)),
        lambda: beaver.product(M61, three, three, other, three, three, M61.array(1)),
        lambda: beaver.product(M61, three, three, three, three, three, two),
        lambda: beaver.product(M61, three, three, three, three, three, True, two),
        lambda: beaver.product(M61, three, three, three, three, three, True, M61.zeros((3, 2))[:, 0]),
        lambda: beaver.add_into(M61, three, two),
        lambda: beaver.add_into(M61, three, other),
        lambda: beaver.add_into(M61, M61.zeros(1).broadcast_to(3), three),
        lambda: beaver.combine(M61, three, three, three, two, M61.zeros(2)),
        lambda: beaver.combine(M61, three, three, two, None, M61.zeros(2)),
        lambda: beaver.combine(M61, three, three, three, None, M61.zeros(1)),
        lambda: beaver.combine(M61, three, other, three, None, M61.zeros(2)),
    ):
        with pytest.raises(UsageError):
            misuse()
