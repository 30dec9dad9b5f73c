"""The ring R_q = Z_q[x] / (x^N + 1) for a product q of primes q_l = 1 mod 2 N: transforms, products, exact conversions.

An element is an array of shape (L, N) of reduced residues, row l modulo q_l; arrays of elements have leading axes. It
is kept *in transformed order*, where products go place by place, and travels so: place j of a row is the value at
psi_l^(2 j' + 1), for j' = j with its bits reversed and psi_l the root of `primes.root_of_unity`. On the wire residues
are words of 8 bytes, little-endian, in C order; there is one encoding of an element, and all others are refused.

Residues determine the element (Chinese remainder theorem): `to_integers` and `from_integers` convert exactly, on Python
integers. The fast way from an element to what it hides is `fractions.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field.memory import readonly_bytes, writable_bytes
from spdz.field.sampling import Fill
from spdz.lattice import ntt_kernels, ring_kernels
from spdz.lattice.ntt_kernels import column_roots
from spdz.lattice.primes import MODULUS_BITS, bit_reversed, require_degree, root_of_unity

Words: TypeAlias = npt.NDArray[np.uint64]
WORD = 1 << 64


def word_array(values: Any) -> Words:
    """Integers in [0, 2^64) as an array."""
    return np.array(values, dtype=np.uint64)


@dataclass(frozen=True)
class Constants:
    """One factor modulo each prime, with companions."""

    factors: Words
    companions: Words


@dataclass(frozen=True)
class PublicElement:
    """An element that many others are multiplied by, in transformed order, with companions. Shapes (L, N)."""

    residues: Words
    companions: Words


class Ring:
    """Tables of one ring, about 62 N L bytes. Made by `ring_of`."""

    def __init__(self, degree: int, moduli: tuple[int, ...]) -> None:
        self.degree = require_degree(degree)
        self.moduli = moduli
        if not moduli or len(set(moduli)) < len(moduli):
            raise UsageError("a ring needs different moduli, at least one")
        if any(q >= 1 << MODULUS_BITS or q % (2 * degree) != 1 for q in moduli):
            raise UsageError(
                f"the moduli of a ring of degree {degree} are 1 modulo {2 * degree}, below 2^{MODULUS_BITS}"
            )
        self.modulus = 1
        for q in moduli:
            self.modulus *= q
        self.words = word_array(moduli)
        order = bit_reversed(degree)
        powers = [self._powers(root_of_unity(q, 2 * degree), q) for q in moduli]
        rows = [[row[j] for j in order] for row in powers]
        inverse_rows = [[row[-j % (2 * degree)] for j in order] for row in powers]
        self._roots = self._tables(rows)
        self._inverses = self._tables(inverse_rows)
        self._size = self.constants([pow(degree, -1, q) for q in moduli])

    def _powers(self, root: int, q: int) -> list[int]:
        powers = [1]
        for _ in range(2 * self.degree - 1):
            powers.append(powers[-1] * root % q)
        return powers

    def _tables(self, rows: list[list[int]]) -> tuple[Words, Words, Words, Words]:
        """Roots in bit-reversed order and in that of columns, each with companions, as the transforms take them."""
        roots = word_array(rows)
        companions = word_array([[WORD * w // q for w in row] for row, q in zip(rows, self.moduli, strict=True)])
        columns, column_companions = (np.array([column_roots(row) for row in table]) for table in (roots, companions))
        return roots, companions, columns, column_companions

    @property
    def limbs(self) -> int:
        """L: the number of primes."""
        return len(self.moduli)

    @property
    def element_bytes(self) -> int:
        """Bytes of an element on the wire."""
        return 8 * self.limbs * self.degree

    @cached_property
    def montgomery_inverses(self) -> Words:
        """1 / q_l modulo 2^64."""
        return word_array([pow(q, -1, WORD) for q in self.moduli])

    @cached_property
    def word_weights(self) -> list[Constants]:
        """2^(64 w) modulo each prime, for words w = 0 to 3."""
        return [self.constants([WORD**w % q for q in self.moduli]) for w in range(4)]

    @cached_property
    def sign_offsets(self) -> Words:
        """-2^(64 w - 1) modulo each prime, for w = 1 to 4: what turning over the sign bit of w words has added."""
        return word_array([[-(WORD**w // 2) % q for q in self.moduli] for w in range(1, 5)])

    def constants(self, factors: list[int]) -> Constants:
        """`factors`, one for each prime, as kernels take them."""
        companions = [WORD * factor // q for factor, q in zip(factors, self.moduli, strict=True)]
        return Constants(word_array(factors), word_array(companions))

    # ---- elements

    def empty(self, *count: int) -> Words:
        """Room for elements; shape (*count, L, N)."""
        return np.empty((*count, self.limbs, self.degree), dtype=np.uint64)

    def to_values(self, x: Words) -> None:
        """From coefficients to transformed order, in place."""
        ntt_kernels.forward(self._flat(x), *self._roots, self.words)

    def to_coefficients(self, x: Words) -> None:
        """From transformed order to coefficients, in place."""
        scales = self._size
        ntt_kernels.inverse(self._flat(x), *self._inverses, scales.factors, scales.companions, self.words)

    def _flat(self, x: Words) -> Words:
        if x.dtype != np.uint64 or x.shape[-2:] != (self.limbs, self.degree) or not x.flags.carray:
            raise UsageError(f"an element is a contiguous uint64 array of shape (..., {self.limbs}, {self.degree})")
        return x.reshape(-1, self.limbs, self.degree)

    def public(self, residues: Words) -> PublicElement:
        """`residues` in transformed order, prepared for many products."""
        wide = residues.astype(object) * WORD
        return PublicElement(residues, (wide // self.words.astype(object)[:, None]).astype(np.uint64))

    def uniform(self, fill: Fill) -> Words:
        """A uniform element, *public*: residues are drawn by rejection, prime after prime, from words of `fill`."""
        out = self.empty()
        for row, q in zip(out, self.moduli, strict=True):
            missing = row
            while len(missing):
                fill(writable_bytes(missing))
                missing &= np.uint64((1 << q.bit_length()) - 1)
                accepted = missing[missing < np.uint64(q)]
                missing[: len(accepted)] = accepted
                missing = missing[len(accepted) :]
        return out

    def multiply(self, x: Words, y: Words) -> Words:
        """x y, both in transformed order."""
        out = self.empty()
        ring_kernels.product(x, y, out, self.words, self.montgomery_inverses)
        weight = self.word_weights[1]
        ring_kernels.scale(out, weight.factors, weight.companions, out, self.words)
        return out

    # ---- exact conversions

    def from_integers(self, coefficients: list[int]) -> Words:
        """Integers of any sign and size, the N coefficients of a polynomial, to an element in transformed order."""
        if len(coefficients) != self.degree:
            raise UsageError(f"a polynomial of this ring has {self.degree} coefficients, got {len(coefficients)}")
        out = word_array([[c % q for c in coefficients] for q in self.moduli])
        self.to_values(out)
        return out

    def to_integers(self, x: Words) -> list[int]:
        """The coefficients in [-q/2, q/2) of an element in transformed order."""
        copy = x.copy()
        self.to_coefficients(copy)
        total = [0] * self.degree
        for row, q in zip(copy.tolist(), self.moduli, strict=True):
            weight = (self.modulus // q) * pow(self.modulus // q, -1, q)
            total = [t + weight * r for t, r in zip(total, row, strict=True)]
        half = self.modulus // 2
        return [(t + half) % self.modulus - half for t in total]

    def to_bytes(self, x: Words) -> memoryview:
        """The canonical encoding of elements: a read-only view of their memory."""
        self._flat(x)
        return readonly_bytes(x)

    def from_bytes(self, buffer: Any, *count: int) -> Words:
        """Elements of shape (*count, L, N) from their canonical encoding; a view of a writable, aligned buffer.

        Raises: ValueError for a wrong size, and for a residue that is not below its prime.
        """
        memory = memoryview(buffer).cast("B")
        expected = self.element_bytes * int(np.prod(count, dtype=int))
        if len(memory) != expected:
            raise ValueError(f"{len(memory)} bytes do not hold ring elements of shape {count}: {expected} needed")
        words = np.frombuffer(memory, dtype=np.uint64)
        if not words.flags.carray:
            words = words.copy()
        elements = words.reshape(*count, self.limbs, self.degree)
        if ring_kernels.count_unreduced(self._flat(elements), self.words):
            raise ValueError("a residue is not canonical: encodings of a ring element are below their primes")
        return elements


@cache
def ring_of(degree: int, moduli: tuple[int, ...]) -> Ring:
    """The ring of this degree and these moduli, with its tables, which are made once."""
    return Ring(degree, moduli)
