"""Slots: values at roots, slot by slot products, a bijection; at toy degrees and the real one."""

from __future__ import annotations

import pytest

from spdz.errors import UsageError
from spdz.field import M5, M7, M13, M17, M31, M61, M127, Field, FieldArray
from spdz.lattice.slots import exponents, slots_of

from . import reference
from .support import source

CASES = [(M5, 16), (M7, 16), (M7, 64), (M13, 128), (M17, 64), (M31, 32), (M61, 64), (M127, 64)]


def _ints(array: FieldArray) -> list[int]:
    return [int(value) for value in array.to_ints()]


@pytest.mark.parametrize(("field", "degree"), CASES, ids=str)
def test_slots_multiply_and_are_values_at_roots(field: Field, degree: int) -> None:
    slots, fill, p, half = slots_of(field, degree), source("slots").fill, field.modulus, degree // 2
    polynomials = [field.sample(fill, degree) for _ in range(2)]
    polynomials[1].limbs[: degree // 4] = field.full(degree // 4, p - 1).limbs
    x, y = (_ints(polynomial) for polynomial in polynomials)
    product = field.array([value % p for value in reference.multiply(x, y)])
    for polynomial in (*polynomials, product):
        slots.to_slots(polynomial)
    zeta, places = reference.zeta(p, degree), exponents(degree)[-1]
    assert sorted(places) == list(range(1, 2 * degree, 4))
    for k, j in enumerate(places):
        value = reference.evaluate_complex(x, reference.complex_power(zeta, j, p), p)
        assert value == (_ints(polynomials[0])[k], _ints(polynomials[0])[k + half])
    (a, b), (c, d) = ((part[:half], part[half:]) for part in polynomials)
    assert (product[:half] == a * c - b * d).all()
    assert (product[half:] == a * d + b * c).all()


@pytest.mark.parametrize("field", [M61, M127], ids=str)
def test_the_real_size(field: Field) -> None:
    degree, p = 1 << 14, field.modulus
    slots, polynomial = slots_of(field, degree), field.sample(source("real size").fill, 1 << 14)
    polynomial.limbs[:100] = field.full(100, p - 1).limbs
    coefficients, values = _ints(polynomial), polynomial.copy()
    slots.to_slots(values)
    zeta, places, given = reference.zeta(p, degree), exponents(degree)[-1], _ints(values)
    for k in (0, 1, 4097, 8191):
        point = reference.complex_power(zeta, places[k], p)
        assert (given[k], given[k + degree // 2]) == reference.evaluate_complex(coefficients, point, p)
    slots.from_slots(values)
    assert (values == polynomial).all()


@pytest.mark.parametrize(("field", "degree"), CASES, ids=str)
def test_there_and_back_with_a_factor(field: Field, degree: int) -> None:
    slots, x = slots_of(field, degree), field.sample(source("factor").fill, degree)
    y = x.copy()
    slots.from_slots(y, 3)
    slots.to_slots(y)
    assert (y == x * 3).all()


def test_what_has_no_slots_is_refused() -> None:
    with pytest.raises(UsageError, match="slots"):
        slots_of(M5, 32)
    slots = slots_of(M61, 16)
    for wrong in (M61.zeros(8), M127.zeros(16), M61.zeros((16, 2))[:, 0]):
        with pytest.raises(UsageError, match="slots"):
            slots.to_slots(wrong)
