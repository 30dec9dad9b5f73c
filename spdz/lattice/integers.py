"""Polynomials with integer coefficients of a known size: secrets and answers of proofs. Sampling, bytes, residues.

An `Integers` holds N coefficients of `words` words, in two's complement, word by word: shape (words, N). Samplers use
no tables and take the same number of bytes whatever comes out: ternary and binomial values and uniform ones of k bits
need no rejection. They write to memory of the caller, which has fresh memory once and not for every ciphertext.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from spdz.errors import UsageError
from spdz.field import Field, FieldArray
from spdz.field.memory import flat_words, writable_bytes
from spdz.field.sampling import Fill
from spdz.lattice import integer_kernels
from spdz.lattice.ring import Ring, Words, word_array

TERNARY_WORDS = 2
"""Random words for a ternary value, which is uniform but for 2^-127."""

MAX_ETA = 32


@dataclass(frozen=True)
class Integers:
    """N integers. `rows`: shape (words, N)."""

    rows: Words

    @property
    def words(self) -> int:
        """64-bit words of a coefficient."""
        return len(self.rows)

    @property
    def degree(self) -> int:
        """N."""
        return int(self.rows.shape[1])

    @property
    def single(self) -> Words:
        """The only row of integers of one word."""
        if self.words != 1:
            raise UsageError(f"these integers have {self.words} words, not one")
        row: Words = self.rows[0]
        return row

    @property
    def tuple(self) -> integer_kernels.Rows:
        """The rows, as kernels take them."""
        return tuple(self.rows)

    def wipe(self) -> None:
        """Overwrite the coefficients."""
        self.rows.fill(0)

    def to_list(self) -> list[int]:
        """The coefficients as Python integers."""
        unsigned = [sum(int(word) << (64 * w) for w, word in enumerate(column)) for column in self.rows.T.tolist()]
        top = 1 << (64 * self.words - 1)
        return [(value ^ top) - top for value in unsigned]

    def add_monomial(self, x: Integers, exponent: int) -> None:
        """self += x^exponent * x, 0 <= exponent < 2 N."""
        integer_kernels.add_monomial(self.tuple, x.tuple, exponent)

    def is_within(self, lowest: int, highest: int) -> bool:
        """Whether every coefficient is in [lowest, highest], both well inside of what the words hold."""
        offset, span = self._constant(-lowest), self._constant(highest - lowest + 1)
        return int(integer_kernels.is_outside(self.tuple, offset, span)) == 0

    def _constant(self, value: int) -> integer_kernels.Rows:
        if not 0 <= value < 1 << (64 * self.words - 1):
            raise UsageError(f"a bound does not fit into {self.words} words")
        return tuple(word_array([value >> (64 * w) & (2**64 - 1)]) for w in range(self.words))

    def residues(self, ring: Ring, out: Words) -> None:
        """The element of `ring` with these coefficients, in transformed order, written to `out`."""
        powers = ring.word_weights[: self.words]
        weights = np.array([power.factors for power in powers])
        companions = np.array([power.companions for power in powers])
        integer_kernels.residues(self.rows, weights, companions, ring.sign_offsets[self.words - 1], ring.words, out)
        ring.to_values(out)

    def to_bytes(self, width: int) -> bytes:
        """The lowest `width` bytes of each coefficient, little-endian, coefficient after coefficient."""
        memory = np.ascontiguousarray(self.rows.T).view(np.uint8).reshape(-1, 8 * self.words)
        return memory[:, :width].tobytes()


def zeros(words: int, degree: int) -> Integers:
    """Room for integers, all of them 0."""
    return Integers(np.zeros((words, degree), dtype=np.uint64))


def from_bytes(buffer: Any, width: int, words: int, degree: int) -> Integers:
    """The inverse of `to_bytes`: any bytes of the right size are the encoding of one array.

    Raises: ValueError for a wrong size.
    """
    memory = memoryview(buffer).cast("B")
    if len(memory) != width * degree:
        raise ValueError(f"{len(memory)} bytes do not hold {degree} integers of {width} bytes")
    given = np.frombuffer(memory, dtype=np.uint8).reshape(degree, width)
    full = np.empty((degree, 8 * words), dtype=np.uint8)
    full[:, :width] = given
    full[:, width:] = (given[:, width - 1 :] >> 7) * np.uint8(255)
    return Integers(np.ascontiguousarray(full.view(np.uint64).T))


def sample_ternary(fill: Fill, out: Integers) -> None:
    """-1, 0 and 1, each with probability 1/3 but for 2^-127. `out` has one word."""
    random = np.empty((TERNARY_WORDS, out.degree), dtype=np.uint64)
    fill(writable_bytes(random))
    integer_kernels.ternary(random[0], random[1], out.single)
    random.fill(0)


def sample_binomial(fill: Fill, eta: int, out: Integers) -> None:
    """Centred binomial values in [-eta, eta], of variance eta / 2. `out` has one word."""
    if not 1 <= eta <= MAX_ETA:
        raise UsageError(f"eta is from 1 to {MAX_ETA}, got {eta!r}")
    fill(writable_bytes(out.single))
    integer_kernels.centred_binomial(out.single, np.uint64(eta), out.single)


def sample_box(fill: Fill, bits: int, out: Integers) -> None:
    """Uniform in [-2^bits, 2^bits - 1]: bits + 1 random bits in two's complement."""
    if not 1 <= bits < 64 * out.words - 1:
        raise UsageError(f"{out.words} words hold boxes of up to {64 * out.words - 2} bits, got {bits!r}")
    drawn, rest = divmod(bits, 64)
    fill(writable_bytes(out.rows[: drawn + 1]))
    integer_kernels.keep_low_bits(out.rows[drawn], np.uint64(rest + 1))
    for word in range(drawn + 1, out.words):
        integer_kernels.spread_sign(out.rows[drawn], out.rows[word])


def lift(field: Field, message: FieldArray, multiple: Integers, out: Integers) -> None:
    """out = m + p k: m is the representative of `message` nearest to zero, k = `multiple` has one word, below 2^62."""
    if message.field != field or message.shape != (out.degree,) or out.words != field.limbs + 1:
        raise UsageError(f"a lift of {out.degree} elements of {field.name} has {field.limbs + 1} words")
    integer_kernels.lift(flat_words(message.limbs), multiple.single, out.tuple, field.parameter)
