"""Slots: Z_p[x] / (x^N + 1) is (F_{p^2})^{N/2} for a Mersenne prime p, so one polynomial holds N / 2 pairs.

Why:       p = 2^e - 1 is -1 modulo 2 N for N <= 2^(e-1). So p has order 2 modulo 2 N and sends a root zeta^j of x^N + 1
           to its conjugate zeta^-j, never to itself: x^N + 1 is a product of N / 2 irreducible quadratics. The odd j
           that are 1 modulo 4 take one root of each pair, and for all of them zeta^(j N/2) = i.
Slots:     slot k is the value of the polynomial at zeta^(j_k), a number x + y i with i^2 = -1. A product of polynomials
           multiplies slot by slot. With y = 0 in one factor a slot holds two products of F_p.
Order:     the exponents j_k come from N / 2 by taking square roots again and again, as butterflies do (`exponents`).
           zeta is the power ((p + 1) / 2 N) of ((a + b i)^(p-1)) for the first (a, b), in lexicographic order from
           (1, 1), that makes it primitive; the conjugate of that where its power N / 2 is -i.
"""

from __future__ import annotations

from functools import cache, cached_property

from spdz.errors import UsageError
from spdz.field import Field, FieldArray
from spdz.field.memory import Words, flat_words
from spdz.lattice import slots_kernels
from spdz.lattice.primes import require_degree

Complex = tuple[int, int]


def multiply_complex(x: Complex, y: Complex, p: int) -> Complex:
    """The product in F_p[i]."""
    return (x[0] * y[0] - x[1] * y[1]) % p, (x[0] * y[1] + x[1] * y[0]) % p


def power_complex(x: Complex, exponent: int, p: int) -> Complex:
    """The power in F_p[i], by squaring."""
    result = (1, 0)
    for bit in bin(exponent)[2:]:
        result = multiply_complex(result, result, p)
        if bit == "1":
            result = multiply_complex(result, x, p)
    return result


def primitive_root(p: int, degree: int) -> Complex:
    """zeta: a root of unity of order 2 * degree with zeta^(degree / 2) = i."""
    for a, b in ((a, b) for a in range(1, p) for b in range(1, p)):
        # A power of p - 1 has norm 1: its order divides p + 1 = 2^e.
        root = power_complex(power_complex((a, b), p - 1, p), (p + 1) // (2 * degree), p)
        if power_complex(root, degree, p) == (p - 1, 0):
            return root if power_complex(root, degree // 2, p) == (0, 1) else (root[0], -root[1] % p)
    raise UsageError(f"modulo {p} there is no root of unity of order {2 * degree}")


def exponents(degree: int) -> list[list[int]]:
    """For each level of the transform the exponents of the roots of its blocks; after the last, those of the slots.

    A block at x^m = zeta^j splits into x^(m/2) = zeta^(j/2) and x^(m/2) = -zeta^(j/2) = zeta^(j/2 + degree).
    """
    levels = [[degree // 2]]
    while len(levels[-1]) < degree // 2:
        levels.append([half for j in levels[-1] for half in (j // 2, (j // 2 + degree) % (2 * degree))])
    return levels


class Slots:
    """The tables of one field and degree. Made by `slots_of`."""

    def __init__(self, field: Field, degree: int) -> None:
        p = field.modulus
        self.field, self.degree = field, require_degree(degree)
        if (p + 1) % (2 * degree):
            raise UsageError(f"{field.name} has no slots of degree {degree}: 2 * {degree} must divide p + 1 = 2^e")
        zeta = primitive_root(p, degree)
        powers = [(1, 0)]
        for _ in range(2 * degree - 1):
            powers.append(multiply_complex(powers[-1], zeta, p))
        twists = [0] + [j // 2 for level in exponents(degree)[:-1] for j in level]
        self._roots = self._table([powers[j] for j in twists])
        self._inverse_roots = self._table([powers[-j % (2 * degree)] for j in twists])

    @property
    def count(self) -> int:
        """Slots of a polynomial: N / 2."""
        return self.degree // 2

    @cached_property
    def _half_inverse(self) -> int:
        return pow(self.count, -1, self.field.modulus)

    def _table(self, values: list[Complex]) -> tuple[Words, Words]:
        real, imaginary = (self.field.array([value[part] for value in values]) for part in (0, 1))
        return flat_words(real.limbs), flat_words(imaginary.limbs)

    def to_slots(self, polynomial: FieldArray) -> None:
        """N coefficients to N / 2 real parts and N / 2 imaginary parts of slots, in place."""
        real, imaginary = self._halves(polynomial)
        slots_kernels.to_slots(real, imaginary, *self._roots, self.field.parameter)

    def from_slots(self, parts: FieldArray, scale: int = 1) -> None:
        """The inverse of `to_slots`, times `scale`, in place."""
        real, imaginary = self._halves(parts)
        factor = flat_words(self.field.array([scale * self._half_inverse % self.field.modulus]).limbs)
        slots_kernels.from_slots(real, imaginary, *self._inverse_roots, factor, self.field.parameter)

    def _halves(self, polynomial: FieldArray) -> tuple[Words, Words]:
        if polynomial.field != self.field or polynomial.shape != (self.degree,) or not polynomial.limbs.flags.carray:
            raise UsageError(f"slots of {self.field.name} are made of a contiguous array of {self.degree} elements")
        words = flat_words(polynomial.limbs)
        return words[: self.count], words[self.count :]


@cache
def slots_of(field: Field, degree: int) -> Slots:
    """The slots of polynomials of this degree over `field`, with tables, which are made once."""
    return Slots(field, degree)
