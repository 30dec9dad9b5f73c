"""The proof of bounded plaintexts: that ciphertexts are made of short polynomials. The pure core, without a network.

Realises:  a proof of knowledge, with slack, for X_k = Gamma x_k, k < U, that there are x~_k with Gamma x~_k = 2 X_k and
           ||x~_k|| as in `noise.proven_norm`. Perfect zero knowledge of accepted answers for an honest verifier.
Source:    the amortised proof of [BCS19] (TopGear) with monomials as challenges, and 0; the challenge is tossed.
Steps:     1. `commit`: masks y_l in the rows' boxes, l < V; T_l = Gamma y_l; sends h_T, the hash of all T_l
           2. both toss W, *after* X and h_T: V x U elements of {0} u {x^w}
           3. `respond`: z_l = y_l + sum_k W_lk x_k, sent only if every coefficient is within `Row.limits`; otherwise
              "again": masks, h_T and **toss** are fresh in the next attempt
           4. `check`: the same limits; T_l = Gamma z_l - sum_k W_lk X_k has the hash h_T
Why sound: a prover that is accepted with probability above (2 N + 1)^-V for given T is rewound to W and yields for each
           k two answers of a row that differ in W_lk only: (w - w') X_k = Gamma (z - z'), and 2 / (w - w') is short. T
           is bound by h_T in the random oracle model. This is knowledge soundness: for responses the existence of a
           short x~ alone says nothing, since nearly every u has one.
Why zero knowledge: a coefficient of y + c is uniform in [-2^k + c, 2^k - 1 + c], and all of these intervals for
           |c| <= U beta contain the limits. So acceptance and the law of z do not depend on the witness. A refused
           attempt has shown h_T only, of a T with high entropy.
Binding:   h_T and the expansion of W name session, batch, prover, verifier, statement, index and attempt, so that
           nobody proves with another's proof, nor with one of another place.
Unchecked: that W was tossed after h_T and X arrived, once for each attempt, and how many attempts there were. That is
           the caller's, and that at most 8 proofs of a party are in flight: rewinding is argued for few.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spdz.crypto.domains import Domain
from spdz.crypto.hashing import LabelledHasher, Part, derive
from spdz.crypto.prg import SEED_BYTES, Prg
from spdz.crypto.randomness import Randomness
from spdz.errors import UsageError
from spdz.field.memory import readonly_bytes, writable_bytes
from spdz.lattice import ring_kernels
from spdz.lattice.integers import Integers, from_bytes, sample_box, zeros
from spdz.lattice.parameters import LatticeParameters, Statement
from spdz.lattice.ring import Words
from spdz.lattice.scheme import COMPONENTS, PublicElements, Scheme

Answer = list[tuple[Integers, ...]]
"""z: for each row of the challenge three polynomials."""


@dataclass(frozen=True)
class Place:
    """Which proof this is: everything that tells it from any other."""

    session_id: bytes
    batch: int
    prover: int
    verifier: int
    statement: Statement
    index: int
    attempt: int

    def parts(self) -> tuple[Part, ...]:
        """As it is hashed."""
        return self.batch, self.prover, self.verifier, self.statement.value, self.index, self.attempt


def challenge(parameters: LatticeParameters, place: Place, toss: bytes, statements: int) -> Words:
    """W from a coin toss: exponents from 0 to 2 N - 1 of monomials, and 2 N for the factor 0. Shape (V, statements).

    Uniform, by rejection of 64-bit words cut to as many bits as 2 N has.
    """
    parameters.require_statements(statements)
    seed = derive(Domain.LATTICE_CHALLENGE, toss, SEED_BYTES, *place.parts(), session_id=place.session_id)
    stream, zero = Prg(seed), 2 * parameters.degree
    count, mask = parameters.rows * statements, np.uint64((1 << zero.bit_length()) - 1)
    found = np.empty(0, dtype=np.uint64)
    while len(found) < count:
        words = np.empty(count, dtype=np.uint64)
        stream.fill(writable_bytes(words))
        words &= mask
        found = np.concatenate((found, words[words <= np.uint64(zero)]))
    return found[:count].reshape(parameters.rows, statements)


class Prover:
    """One attempt: its masks, which are secret, and h_T.

    `respond` uses the masks up: a second answer under the same masks would give the witness away.
    """

    def __init__(self, scheme: Scheme, place: Place, masks: Answer, digest: bytes, statements: int) -> None:
        self.scheme, self.place, self.digest, self.statements = scheme, place, digest, statements
        self._masks: Answer | None = masks

    def respond(self, witnesses: list[tuple[Integers, ...]], coins: Words) -> Answer | None:
        """z for the challenge `coins`, or None if some coefficient is outside of the limits: "again".

        Shapes: coins (V, statements). Raises: UsageError if this attempt has been answered or the shapes differ.
        """
        answer, self._masks = self._masks, None
        if answer is None:
            raise UsageError("a proof is answered once: another attempt needs new masks and a new toss")
        parameters = self.scheme.parameters
        if len(witnesses) != self.statements or coins.shape != (parameters.rows, self.statements):
            raise UsageError(f"this proof is about {self.statements} statements")
        for masked, exponents in zip(answer, coins.tolist(), strict=True):
            for witness, exponent in zip(witnesses, exponents, strict=True):
                if exponent < 2 * parameters.degree:
                    for total, part in zip(masked, witness, strict=True):
                        total.add_monomial(part, exponent)
        if _within_limits(parameters, self.place.statement, answer, self.statements):
            return answer
        _wipe(answer)
        return None

    def wipe(self) -> None:
        """Overwrite masks that were not used."""
        if self._masks is not None:
            _wipe(self._masks)
            self._masks = None


def _wipe(answer: Answer) -> None:
    for masked in answer:
        for part in masked:
            part.wipe()


def commit(
    scheme: Scheme, public: PublicElements, place: Place, statements: list[Words], randomness: Randomness
) -> Prover:
    """Step 1 for `statements` X, each of shape (COMPONENTS, L, N) in transformed order."""
    parameters = scheme.parameters
    parameters.require_statements(len(statements))
    rows, masks, hasher = parameters.rows_of(place.statement), [], _hasher(place, statements)
    image, values = scheme.ring.empty(COMPONENTS[place.statement]), scheme.ring.empty(len(rows))
    for _ in range(parameters.rows):
        masked = tuple(zeros(row.words, parameters.degree) for row in rows)
        for part, row in zip(masked, rows, strict=True):
            sample_box(randomness.fill, row.box_bits, part)
        scheme.values(masked, values)
        scheme.image(public, place.statement, values, image)
        hasher.add(readonly_bytes(image))
        masks.append(masked)
    values.fill(0)
    return Prover(scheme, place, masks, hasher.digest(), len(statements))


def check(
    scheme: Scheme, public: PublicElements, place: Place, statements: list[Words], coins: Words,
    answer: Answer, digest: bytes,
) -> bool:  # fmt: skip
    """Step 4: whether `answer` is one to the challenge `coins` for these statements and the first message `digest`."""
    parameters = scheme.parameters
    parameters.require_statements(len(statements))
    if coins.shape != (parameters.rows, len(statements)) or len(answer) != parameters.rows:
        raise UsageError(f"an answer and its challenge have {parameters.rows} rows, one column for each statement")
    if not _within_limits(parameters, place.statement, answer, len(statements)):
        return False
    hasher, sums = _hasher(place, statements), _monomial_sums(scheme, statements, coins)
    image, values = scheme.ring.empty(COMPONENTS[place.statement]), scheme.ring.empty(len(answer[0]))
    for masked, row in zip(answer, sums, strict=True):
        scheme.values(masked, values)
        scheme.image(public, place.statement, values, image)
        for component, total in zip(image, row, strict=True):
            ring_kernels.subtract(component, total, scheme.ring.words)
        hasher.add(readonly_bytes(image))
    return hasher.digest() == digest


def _monomial_sums(scheme: Scheme, statements: list[Words], coins: Words) -> Words:
    """The sum over k of W_lk X_k for each row l, in transformed order. Shape (V, COMPONENTS, L, N).

    Coefficients are turned, not values: that costs a transform of each X, and less than a product for each W_lk.
    """
    ring, components = scheme.ring, len(statements[0])
    out, coins = ring.empty(components, len(coins)), np.ascontiguousarray(coins)
    for component in range(components):
        coefficients = np.array([statement[component] for statement in statements])
        ring.to_coefficients(coefficients)
        ring_kernels.monomial_sums(coefficients, coins, out[component], ring.words)
    ring.to_values(out)
    return out.transpose(1, 0, 2, 3)


def _hasher(place: Place, statements: list[Words]) -> LabelledHasher:
    hasher = LabelledHasher(Domain.LATTICE_PROOF, session_id=place.session_id, party=place.prover)
    for part in (*place.parts(), len(statements)):
        hasher.add(part)
    for statement in statements:
        hasher.add(readonly_bytes(statement))
    return hasher


def _within_limits(parameters: LatticeParameters, statement: Statement, answer: Answer, statements: int) -> bool:
    """Whether all coefficients are acceptable; all are looked at, so that time does not tell which is not."""
    rows = parameters.rows_of(statement)
    limits = [row.limits(statements) for row in rows]
    inside = [part.is_within(*limit) for masked in answer for part, limit in zip(masked, limits, strict=True)]
    return all(inside)


def answer_bytes(parameters: LatticeParameters, statement: Statement) -> int:
    """Size of an encoded answer."""
    per_row = sum(row.coefficient_bytes for row in parameters.rows_of(statement))
    return parameters.rows * parameters.degree * per_row


def encode_answer(parameters: LatticeParameters, statement: Statement, answer: Answer) -> bytes:
    """Row after row, polynomial after polynomial, coefficients of `Row.coefficient_bytes` bytes in two's complement."""
    rows = parameters.rows_of(statement)
    parts = ((part, row) for masked in answer for part, row in zip(masked, rows, strict=True))
    return b"".join([part.to_bytes(row.coefficient_bytes) for part, row in parts])


def decode_answer(parameters: LatticeParameters, statement: Statement, buffer: bytes | memoryview) -> Answer:
    """The inverse of `encode_answer`. Whether coefficients are within their limits is what `check` finds out.

    Raises: ValueError for a wrong size.
    """
    memory = memoryview(buffer).cast("B")
    expected = answer_bytes(parameters, statement)
    if len(memory) != expected:
        raise ValueError(f"an answer has {expected} bytes, not {len(memory)}")
    answer, start = [], 0
    for _ in range(parameters.rows):
        masked = []
        for row in parameters.rows_of(statement):
            stop = start + row.coefficient_bytes * parameters.degree
            masked.append(from_bytes(memory[start:stop], row.coefficient_bytes, row.words, parameters.degree))
            start = stop
        answer.append(tuple(masked))
    return answer
