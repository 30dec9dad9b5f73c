"""From a ring element X to frac(h X / q), which is what a decryption reads: fixed point, with its error known.

Realises:  Fact F. With h = 1 / p mod q, kappa = -1 / q mod p and X = D modulo q,

               frac(h X / q) = (kappa D mod p) / p + D / (p q)    modulo 1, for every integer D.

           So the *top* of the fraction tells D mod p and the rest how large D is: that is the noise to be drowned.
Source:    the fraction of a number given by residues: sum over l of (h X (q / q_l)^-1 mod q_l) / q_l, modulo 1.
Exactness: a `Fractions` has F words and every operation is exact on its grid of 2^-(64 F), but for two constants that
           are rounded down, floor(2^(64 F) / q_l) and floor(2^(64 F + 64 w) / p). So an element's fraction is too small
           by less than L max(q_l) 2^-(64 F) and m / p by less than 2^64 2^-(64 F) for each word of m. These errors
           depend on secrets: `noise.truncation` counts them with the noise (PITFALLS 30).
"""

from __future__ import annotations

import numpy as np

from spdz.errors import UsageError
from spdz.field import Field, FieldArray
from spdz.field.memory import flat_words
from spdz.lattice import fraction_kernels
from spdz.lattice.ring import WORD, Ring, Words, word_array


class FractionTables:
    """Constants of the fractions of one ring, one field and one number of words.

    scale: frac(scale h X / q) is taken of elements that are Montgomery products X / 2^64 (`ring_kernels.product`).
    """

    def __init__(self, ring: Ring, field: Field, words: int, scale: int) -> None:
        self.ring, self.field, self.words = ring, field, words
        self.grid = WORD**words
        inverse = pow(field.modulus, -1, ring.modulus)
        self._factors = ring.constants(
            [scale * WORD * inverse * pow(ring.modulus // q, -1, q) % q for q in ring.moduli]
        )
        self._weights = self._rows([self.grid // q for q in ring.moduli])
        self._over_p = self._rows([WORD**w * self.grid // field.modulus % self.grid for w in range(field.limbs)])

    def _rows(self, values: list[int]) -> fraction_kernels.Rows:
        return tuple(word_array([value >> (64 * w) & (WORD - 1) for value in values]) for w in range(self.words))

    def start(self, value: int) -> Fractions:
        """Fractions that are all `value` in units of the grid."""
        return Fractions(self, value)


class Fractions:
    """N fractions in the making; rows: shape (F, N). They depend on secrets until `wipe`."""

    def __init__(self, tables: FractionTables, value: int) -> None:
        self.tables = tables
        self.rows = np.empty((tables.words, tables.ring.degree), dtype=np.uint64)
        self._tuple = tuple(self.rows)
        fraction_kernels.start(self._tuple, tables._rows([value % tables.grid]))

    def add_element(self, coefficients: Words) -> None:
        """Add frac(scale h X / q), from the coefficients of X / 2^64. Shape (L, N)."""
        tables, factors = self.tables, self.tables._factors
        fraction_kernels.add_residues(
            self._tuple, coefficients, factors.factors, factors.companions, tables._weights, tables.ring.words
        )

    def add_over_p(self, message: FieldArray) -> None:
        """Add m / p."""
        numbers = message.limbs.reshape(-1, self.tables.field.limbs)
        fraction_kernels.add_numbers(self._tuple, numbers, self.tables._over_p)

    def add_numbers(self, numbers: Words, unit: int) -> None:
        """Add unsigned numbers times 2^unit in units of the grid, modulo 1. Shape (N, words)."""
        if unit < 0 or unit + 64 * numbers.shape[1] > 64 * (self.tables.words + 1):
            raise UsageError("the numbers lie outside of the grid of these fractions")
        weights = [(1 << (unit + 64 * w)) % self.tables.grid for w in range(numbers.shape[1])]
        fraction_kernels.add_numbers(self._tuple, numbers, self.tables._rows(weights))

    def top_words(self, count: int) -> Words:
        """The upper `count` words of each. Shape (N, count)."""
        out = np.empty((self.tables.ring.degree, count), dtype=np.uint64)
        fraction_kernels.top_words(self._tuple, out)
        return out

    def round_times_p(self) -> FieldArray:
        """The nearest integer to p times each, modulo p. Shape (N,)."""
        out = self.tables.field.empty(self.tables.ring.degree)
        fraction_kernels.round_times_p(self._tuple, flat_words(out.limbs), self.tables.field.parameter)
        return out

    def wipe(self) -> None:
        """Overwrite them."""
        self.rows.fill(0)
