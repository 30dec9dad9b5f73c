"""The fused passes of a multiplication against the operators and the plain-int twin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spdz.errors import UsageError
from spdz.field import M31, M61, Field, reference

from .helpers import TESTED, Stream, checked, vectors

TESTED_FIELDS = pytest.mark.parametrize("field", TESTED, ids=lambda field: field.name)


@TESTED_FIELDS
@checked
@given(data=st.data())
def test_beaver_product(field: Field, data: st.DataObject) -> None:
    a, b, c, epsilon, delta = data.draw(vectors(field, 5))
    scale = data.draw(st.integers(0, field.modulus - 1))
    arrays = [field.array(vector) for vector in (a, b, c, epsilon, delta)]
    expected = reference.beaver_product(field.modulus, a, b, c, epsilon, delta, scale)
    assert field.beaver_product(*arrays, field.array(scale)).to_ints() == expected


@TESTED_FIELDS
def test_beaver_product_on_tables_and_strided_arrays(field: Field, stream: Stream) -> None:
    a, b, c, epsilon, delta = (field.sample(stream.fill, (4, 6))[:, ::2] for _ in range(5))
    scale = field.sample(stream.fill, ())
    got = field.beaver_product(a, b, c, epsilon, delta, scale)
    assert got.shape == (4, 3)
    assert got.equals(c + b * epsilon + a * delta + epsilon * delta * scale)


@TESTED_FIELDS
def test_differences(field: Field, stream: Stream) -> None:
    x, a = field.sample(stream.fill, (2, 3)), field.sample(stream.fill, (2, 3))
    y, b = field.sample(stream.fill, 5), field.sample(stream.fill, 5)
    got = field.differences((x, a), (y, b), (x[:0], a[:0]))
    assert got.shape == (11,)
    assert got[:6].equals((x - a).ravel())
    assert got[6:].equals(y - b)
    assert field.differences((x[:0], a[:0])).shape == (0,)


def test_arrays_that_do_not_fit_are_refused() -> None:
    three, two, other = M61.zeros(3), M61.zeros(2), M31.zeros(3)
    for misuse in (
        lambda: M61.differences((three, two)),
        lambda: M61.differences((three, other)),
        lambda: M61.beaver_product(three, three, three, three, two, M61.array(1)),
        lambda: M61.beaver_product(three, three, other, three, three, M61.array(1)),
        lambda: M61.beaver_product(three, three, three, three, three, two),
    ):
        with pytest.raises(UsageError):
            misuse()
