"""Oblivious linear evaluation from ring-LWE, as functions without a network: one ciphertext, N / 2 pairs of products.

Realises:  an encryptor with (b, a, a^) and a responder with (b', a', a'^) get additive shares of a' b + a b' and of
           a'^ b + a^ b' in each of N / 2 slots.
Source:    the plain ring-LWE form of [KPR18]'s LowGear, close to [BEPST20]: fresh keys for every ciphertext, and
           messages in the noise on one side and in the secret on the other.
Steps:     encryptor  `encrypt`: f = -a_1 s + n_b, g = -a_2 s + n_a, for a fresh ternary s
           responder  `embed`:   u = a_1 A + a_2 B + p e_1, A = message + p k with k ternary
           responder  `combine`: 2 (A f + B g);  `drown`: + m / p + nu, rounded to tau bits: sends u_0, keeps -m
           encryptor  `decrypt`: u_0 + 2 s u + delta, rounded to p: gets d
           2 (A f + B g) + 2 s u = 2 (A n_b + B n_a + p s e_1): what is read of it modulo p is the product of messages.
Unchecked: that f, g and u were made of short polynomials. **`combine` and `decrypt` are safe only after the peer's
           proof (`proof.py`) was accepted**, and with drowning and dither as here: a decoding error is seen by the
           peer. The factor 2 is what makes the proof suffice: a proof shows that 2 X is made of short polynomials.
Freshness: s, k, e, m, nu and delta are drawn here, from `randomness`, for one ciphertext and one peer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spdz.crypto.randomness import Randomness
from spdz.errors import UsageError
from spdz.field import FieldArray
from spdz.field.memory import writable_bytes
from spdz.lattice import ring_kernels
from spdz.lattice.fractions import Fractions
from spdz.lattice.integers import Integers, lift, sample_binomial, sample_ternary, zeros
from spdz.lattice.parameters import Statement
from spdz.lattice.ring import Words
from spdz.lattice.scheme import PublicElements, Scheme

NOISE_WORDS = 2
"""Random words of drowning noise and of dither for each coefficient."""


@dataclass(frozen=True)
class Secret:
    """The short polynomials of one ciphertext, and the same in transformed order. They are secret until `wipe`.

    witness  (s, n_b, n_a) or (A, B, e_1), which the proof is about
    values   shape (3, L, N)
    """

    witness: tuple[Integers, Integers, Integers]
    values: Words

    @classmethod
    def empty(cls, scheme: Scheme, statement: Statement) -> Secret:
        """Room for the secret of one ciphertext after another."""
        degree = scheme.parameters.degree
        first, second, third = (zeros(row.words, degree) for row in scheme.parameters.rows_of(statement))
        return cls((first, second, third), scheme.ring.empty(3))

    def wipe(self) -> None:
        """Overwrite all of it."""
        for part in self.witness:
            part.wipe()
        self.values.fill(0)


def _packed(scheme: Scheme, real: FieldArray, imaginary: FieldArray | None, scale: int) -> FieldArray:
    """The polynomial with real + imaginary i in its slots, times `scale`."""
    field, count = scheme.parameters.field, scheme.parameters.slots
    given = (real,) if imaginary is None else (real, imaginary)
    if any(part.field != field or part.shape != (count,) for part in given):
        raise UsageError(f"the messages of a ciphertext are {count} elements of {field.name} each")
    polynomial = field.zeros(2 * count)
    polynomial.limbs[:count] = real.limbs
    if imaginary is not None:
        polynomial.limbs[count:] = imaginary.limbs
    scheme.slots.from_slots(polynomial, scale)
    return polynomial


def encrypt(
    scheme: Scheme, public: PublicElements, b: FieldArray, a: FieldArray, a_hat: FieldArray, randomness: Randomness,
    secret: Secret, ciphertext: Words,
) -> None:  # fmt: skip
    """A fresh key with b, and a + a^ i, under it.

    Shapes: b, a, a_hat (N / 2,); written are `secret` and `ciphertext`: (f, g), (2, L, N) in transformed order.
    Raises: UsageError (caller).
    """
    eta, fill, (key, noise_b, noise_a) = scheme.parameters.eta, randomness.fill, secret.witness
    multiple = zeros(1, scheme.parameters.degree)
    sample_ternary(fill, key)
    sample_binomial(fill, eta, multiple)
    _lift(scheme, _packed(scheme, b, None, scheme.message_scale), multiple, noise_b)
    sample_binomial(fill, eta, multiple)
    _lift(scheme, _packed(scheme, a, a_hat, scheme.message_scale), multiple, noise_a)
    multiple.wipe()
    _finish(scheme, public, Statement.ENCRYPTION, secret, ciphertext)


def embed(
    scheme: Scheme, public: PublicElements, b: FieldArray, a: FieldArray, a_hat: FieldArray, randomness: Randomness,
    secret: Secret, response: Words,
) -> None:  # fmt: skip
    """The responder's side: b, and a + a^ i, in the secret of a sample, which a ternary multiple of p hides.

    Shapes: b, a, a_hat (N / 2,); written are `secret` and `response`: u, (1, L, N) in transformed order.
    Raises: UsageError (caller).
    """
    fill, (first, second, error) = randomness.fill, secret.witness
    multiple = zeros(1, scheme.parameters.degree)
    # b is hidden by A alone; a multiple of p in B would hide nothing more.
    _lift(scheme, _packed(scheme, b, None, 1), multiple, second)
    sample_ternary(fill, multiple)
    _lift(scheme, _packed(scheme, a, a_hat, 1), multiple, first)
    multiple.wipe()
    sample_binomial(fill, scheme.parameters.eta, error)
    _finish(scheme, public, Statement.RESPONSE, secret, response)


def _lift(scheme: Scheme, polynomial: FieldArray, multiple: Integers, out: Integers) -> None:
    """m + p k, after which m is overwritten."""
    lift(scheme.parameters.field, polynomial, multiple, out)
    polynomial.limbs.fill(0)


def _finish(scheme: Scheme, public: PublicElements, statement: Statement, secret: Secret, out: Words) -> None:
    scheme.values(secret.witness, secret.values)
    scheme.image(public, statement, secret.values, out)


def combine(scheme: Scheme, responder: Secret, ciphertext: Words) -> Words:
    """(A f + B g) / 2^64: coefficients, (L, N). The factors 2 and 2^64 are those of `scheme.fractions`."""
    ring, out = scheme.ring, scheme.ring.empty()
    first, second = responder.values[0], responder.values[1]
    ring_kernels.product_sum(
        first, ciphertext[0], second, ciphertext[1], out, ring.words, ring.montgomery_inverses
    )  # fmt: skip
    ring.to_coefficients(out)
    return out


def _add_noise(fractions: Fractions, unit: int, randomness: Randomness) -> None:
    """Add uniform numbers of 128 bits in steps of 2^unit: with the constant that fractions start from, around zero."""
    noise = np.empty((fractions.rows.shape[1], NOISE_WORDS), dtype=np.uint64)
    randomness.fill(writable_bytes(noise))
    fractions.add_numbers(noise, unit)
    noise.fill(0)


def drown(scheme: Scheme, combination: Words, randomness: Randomness) -> tuple[Words, FieldArray]:
    """Hide a combination by a mask modulo p and by noise, and round it. The combination is overwritten.

    Noise is added before rounding, on the grid of the fraction: rounded values with noise added to them would tell what
    was rounded.

    Shapes: combination (L, N) coefficients; returns u_0, (N, tau / 64), and the mask's slots, (N,): N / 2 real parts
    and N / 2 imaginary ones.
    """
    parameters, field = scheme.parameters, scheme.parameters.field
    unit = parameters.drowning_unit
    rounding = 1 << (64 * parameters.fraction_words - parameters.answer_bits - 1)
    fractions = scheme.fractions.start(rounding - (1 << (unit + 127)))
    fractions.add_element(combination)
    combination.fill(0)
    mask = field.sample(randomness.fill, parameters.degree)
    fractions.add_over_p(mask)
    _add_noise(fractions, unit, randomness)
    answer = fractions.top_words(parameters.answer_bits // 64)
    fractions.wipe()
    scheme.slots.to_slots(mask)
    return answer, mask


def decrypt(scheme: Scheme, encryptor: Secret, u: Words, answer: Words, randomness: Randomness) -> FieldArray:
    """What u_0 says under this key, with a dither, so that an error depends on the dither and not on the secret.

    Shapes: u (1, L, N) in transformed order; answer (N, tau / 64); returns (N,): slots' real and imaginary parts.
    """
    parameters, ring = scheme.parameters, scheme.ring
    expected = (parameters.degree, parameters.answer_bits // 64)
    if answer.shape != expected:
        raise UsageError(f"an answer has the shape {expected}, not {answer.shape}")
    product = ring.empty()
    ring_kernels.product(encryptor.values[0], u[0], product, ring.words, ring.montgomery_inverses)
    ring.to_coefficients(product)
    unit = parameters.dither_unit
    fractions = scheme.fractions.start(-(1 << (unit + 127)))
    fractions.add_element(product)
    fractions.add_numbers(answer, 64 * parameters.fraction_words - parameters.answer_bits)
    _add_noise(fractions, unit, randomness)
    decoded = fractions.round_times_p()
    product.fill(0)
    fractions.wipe()
    scheme.slots.to_slots(decoded)
    return decoded
