"""Parameters of the ring-LWE protocols: what is chosen, what follows from it, and which fields have a choice.

Symbols:   N degree, q product of L primes of `modulus_bits`, eta of the centred binomial noise, U statements of one
           proof, V rows of a challenge, tau bits of an answer, F words of a fraction.
Encryption: f = -a_1 s + n_b, g = -a_2 s + n_a, the messages in the noise; s ternary, n = message + p e.
Response:  u = a_1 A + a_2 B + p e_1, the messages in the secret; A = message + p k with k ternary, B = message.
Rows:      what a proof shows to be short: s, n_b, n_a and A, B, e_1, each with the largest honest coefficient beta and
           the mask box [-2^k, 2^k - 1]. k is fixed for a row whatever U is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from functools import cached_property
from types import MappingProxyType
from typing import Final

from spdz.errors import UsageError
from spdz.field import M61, M127, Field
from spdz.lattice.primes import MODULUS_BITS, ntt_primes, require_degree


@unique
class Statement(Enum):
    """Which of the two linear maps a proof is about."""

    ENCRYPTION = "encryption"
    RESPONSE = "response"


@dataclass(frozen=True)
class Row:
    """One short polynomial of a statement.

    bound     beta: no honest coefficient is greater
    box_bits  k of the mask box
    words     64-bit words of masks, witnesses and answers
    """

    bound: int
    box_bits: int
    words: int

    @property
    def coefficient_bytes(self) -> int:
        """Bytes of a coefficient of an answer, which is inside of the mask box."""
        return self.box_bits // 8 + 1

    def limits(self, statements: int) -> tuple[int, int]:
        """The least and the greatest coefficient of an acceptable answer to a challenge for this many statements.

        Prover and verifier ask here. Every coefficient in between has a mask for each sum of at most `statements`
        witnesses, each within the bound, so that answers show nothing of them: the box has 2^k - 1 as its greatest and
        -2^k as its least mask.
        """
        shift = statements * self.bound
        return shift - (1 << self.box_bits), (1 << self.box_bits) - 1 - shift


@dataclass(frozen=True)
class LatticeParameters:
    """What is chosen for one field.

    Raises: UsageError for what cannot decode, or does not fit the kernels.
    """

    field: Field
    degree: int
    modulus_bits: int
    limbs: int
    slack_bits: int
    """How much wider a mask box is than the sum of witnesses that it hides: refusals get rarer and proofs looser."""
    answer_bits: int
    fraction_words: int
    drowning_shift: int
    """Drowning noise is uniform below 2^-shift / 2^e, e being the bits of p."""
    dither_shift: int
    eta: int = 21
    rows: int = 5
    statements: int = 16

    def __post_init__(self) -> None:
        require_degree(self.degree)
        if (self.field.modulus + 1) % (2 * self.degree):
            raise UsageError(f"{self.field.name} has no slots of degree {self.degree}")
        if self.modulus_bits > MODULUS_BITS or not 1 <= self.statements <= 16:
            raise UsageError(f"moduli have up to {MODULUS_BITS} bits, and a proof is about 1 to 16 statements")
        if self.answer_bits % 64 or self.answer_bits < self.field.bits:
            raise UsageError("an answer has whole words, and as many bits as p at least")
        if min(self.drowning_unit, self.dither_unit) < 0:
            raise UsageError("fractions are too short for 128 bits of noise")

    @cached_property
    def moduli(self) -> tuple[int, ...]:
        """The primes, the largest ones there are."""
        return ntt_primes(self.limbs, self.modulus_bits, self.degree)

    @cached_property
    def modulus(self) -> int:
        """q."""
        product = 1
        for prime in self.moduli:
            product *= prime
        return product

    @property
    def slots(self) -> int:
        """Triples of a ciphertext: N / 2."""
        return self.degree // 2

    @property
    def drowning_unit(self) -> int:
        """log2 of the step of drowning noise, which has 2^128 steps, on the grid of fractions."""
        return 64 * self.fraction_words - self.field.bits - self.drowning_shift - 127

    @property
    def dither_unit(self) -> int:
        """The same of the decoder's dither."""
        return 64 * self.fraction_words - self.field.bits - self.dither_shift - 127

    @cached_property
    def noise_bound(self) -> int:
        """The greatest coefficient of message + p e."""
        return self.eta * self.field.modulus + self.message_bound

    @property
    def message_bound(self) -> int:
        """The greatest coefficient of a message around zero."""
        return (self.field.modulus - 1) // 2

    @cached_property
    def _rows(self) -> dict[Statement, tuple[Row, Row, Row]]:
        p, wide = self.field.modulus, self.field.limbs + 1
        noise, small = self._row(self.noise_bound, wide), self._row
        return {
            Statement.ENCRYPTION: (small(1, 1), noise, noise),
            Statement.RESPONSE: (
                self._row(p + self.message_bound, wide), self._row(self.message_bound, wide), small(self.eta, 1)
            ),
        }  # fmt: skip

    def _row(self, bound: int, words: int) -> Row:
        return Row(bound, (self.statements * bound - 1).bit_length() + self.slack_bits, words)

    def rows_of(self, statement: Statement) -> tuple[Row, Row, Row]:
        """The short polynomials of a statement, in the order of the witness."""
        return self._rows[statement]

    def require_statements(self, count: int) -> int:
        """`count` if a proof can be about so many statements; otherwise a UsageError."""
        if not 1 <= count <= self.statements:
            raise UsageError(f"a proof is about 1 to {self.statements} statements, got {count}")
        return count


_DEGREE: Final = 1 << 14

PARAMETERS: Final = MappingProxyType(
    {
        M61.name: LatticeParameters(
            field=M61, degree=_DEGREE, modulus_bits=62, limbs=5, slack_bits=22,
            answer_bits=64, fraction_words=4, drowning_shift=2, dither_shift=3,
        ),
        M127.name: LatticeParameters(
            field=M127, degree=_DEGREE, modulus_bits=59, limbs=7, slack_bits=24,
            answer_bits=128, fraction_words=5, drowning_shift=3, dither_shift=4,
        ),
    }
)  # fmt: skip
"""The parameters in force, by the name of the field. `noise.py` derives what they promise; a test recomputes it."""


def parameters_for(field: Field) -> LatticeParameters:
    """The parameters of a field. Raises UsageError that lists the fields which have some."""
    if field.name not in PARAMETERS:
        raise UsageError(f"{field.name} has no lattice parameters; there are some for {', '.join(PARAMETERS)}")
    return PARAMETERS[field.name]
