"""What parameters promise: decoding, soundness, and how much a cheater may learn that no check can see.

Everything is derived from the constants in `parameters.py`. Bounds are maxima, of deterministic sums: nothing is taken
to be independent, for a cheater may choose its values after it has seen the peer's. Distances are statistical, given as
log2, for each coefficient of a ciphertext unless a name says otherwise.

Proven norm: an accepted proof yields x~ with Gamma x~ = 2 X from two answers z, z' in a row whose challenges w, w' at X
differ: x~ = 2 / (w - w') (z - z'). All coefficients of z - z' are at most 2^(k+1) and 2 / (w - w') has operator norm at
most 1 / sin(pi / 2 N). So ||x~||_2 <= 2^(k+1) sqrt(N) / sin(pi / 2 N).
Session: with d = 2^v odd, ||2 / (x^d - 1)|| <= 1 / sin(pi 2^v / 2 N), and of more than 2^v monomials two agree modulo
2^v. So a statement needs long proven norms only if it is accepted rarely, and a refusal ends the session: what adds up
over a session has the supremum of acceptance times norm in place of the norm (`session_factor`).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log1p, log2, pi, sin, sqrt

from spdz.lattice.parameters import LatticeParameters, Row, Statement

ATTEMPTS = 16
"""Answers of a prover to one statement, refusals included, before the session ends."""


@dataclass(frozen=True)
class Distances:
    """How far what a peer sees is from something that does not depend on secrets. log2, each for one coefficient.

    noise       of D / (p q), against the width of the drowning noise or dither
    truncation  of rounding constants of fractions, against the same
    grid        of noise that has 2^128 steps, where answers are rounded
    """

    noise: float
    truncation: float
    grid: float

    @property
    def total(self) -> float:
        """log2 of their sum."""
        return log2(2.0**self.noise + 2.0**self.truncation + 2.0**self.grid)


def inverse_norm(degree: int, power: int = 1) -> float:
    """The operator norm of 2 / (w - w') for monomials whose exponents differ by an odd multiple of `power`."""
    return 1 / sin(pi * power / (2 * degree))


def session_factor(parameters: LatticeParameters) -> float:
    """The supremum over statements of acceptance, in ATTEMPTS attempts, times the norm that is then proven."""
    monomials = 2 * parameters.degree + 1
    best, power = 0.0, 1
    while power <= parameters.degree:
        # Accepted with more than this: a row has answers to more than 2 * power monomials.
        accepted = ATTEMPTS * ((2 * power + 1) / monomials) ** parameters.rows
        best = max(best, min(1.0, accepted) * inverse_norm(parameters.degree, power))
        power *= 2
    return best


def acceptance(parameters: LatticeParameters, statement: Statement, count: int) -> float:
    """The probability that an honest answer is inside of its limits, whatever the witnesses are."""
    exponent = 0.0
    for row in parameters.rows_of(statement):
        refused = count * row.bound / 2**row.box_bits
        exponent += parameters.rows * parameters.degree * log1p(-refused)
    return exp(exponent)


def soundness(parameters: LatticeParameters) -> float:
    """log2 of the probability that a bad statement is accepted in one of ATTEMPTS attempts."""
    return log2(ATTEMPTS) - parameters.rows * log2(2 * parameters.degree + 1)


def proven_norm(parameters: LatticeParameters, row: Row, factor: float) -> float:
    """log2 of the proven ||x~||_2, for an operator norm `factor` of 2 / (w - w')."""
    return row.box_bits + 1 + log2(sqrt(parameters.degree)) + log2(factor)


def _norm(parameters: LatticeParameters, bound: int) -> float:
    return log2(bound) + log2(sqrt(parameters.degree))


def _sum(*logarithms: float) -> float:
    top = max(logarithms)
    return top + log2(sum(2.0 ** (value - top) for value in logarithms))


def drowned(parameters: LatticeParameters, factor: float) -> float:
    """log2 of the greatest |A n~_b + B n~_a + s~ p e_1| of a cheating encryptor, by Cauchy and Schwarz."""
    secret, noise, _ = parameters.rows_of(Statement.ENCRYPTION)
    wide, narrow, small = (_norm(parameters, row.bound) for row in parameters.rows_of(Statement.RESPONSE))
    proven = proven_norm(parameters, noise, factor)
    error = log2(parameters.field.modulus) + small + proven_norm(parameters, secret, factor)
    return _sum(wide + proven, narrow + proven, error)


def decoded(parameters: LatticeParameters, factor: float) -> float:
    """log2 of the greatest |A~ n_b + B~ n_a + s p e~| of a cheating responder."""
    secret, noise, _ = (_norm(parameters, row.bound) for row in parameters.rows_of(Statement.ENCRYPTION))
    wide, narrow, small = (proven_norm(parameters, row, factor) for row in parameters.rows_of(Statement.RESPONSE))
    return _sum(wide + noise, narrow + noise, log2(parameters.field.modulus) + small + secret)


def truncation(parameters: LatticeParameters) -> float:
    """log2 of what an answer and a decoder together may be too small by, in units of 1: see `fractions.py`."""
    residues = 2 * parameters.limbs * max(parameters.moduli)
    masks = parameters.field.limbs * 2**64
    return log2(residues + masks) - 64 * parameters.fraction_words


def _distances(parameters: LatticeParameters, integer: float, shift: int) -> Distances:
    # A uniform number of this width, moved by x, is at distance |x| / width from what it was; two secrets move it by
    # twice the greatest integer at most.
    width = 1 - shift - parameters.field.bits
    borders = 2.0 ** max(0, width + parameters.answer_bits) + 1
    return Distances(
        noise=1 + integer - log2(parameters.field.modulus) - log2(parameters.modulus) - width,
        truncation=truncation(parameters) - width,
        grid=log2(borders) - 128,
    )


def responder_distances(parameters: LatticeParameters, factor: float) -> Distances:
    """Of an answer, for a cheating encryptor: what it tells of A, B and e_1."""
    return _distances(parameters, drowned(parameters, factor), parameters.drowning_shift)


def encryptor_distances(parameters: LatticeParameters, factor: float) -> Distances:
    """Of decoding errors, for a cheating responder: what they tell of s, n_b and n_a.

    A difference of D appears multiplied by p before it is rounded, and so does the dither: the same fraction of it.
    """
    return _distances(parameters, decoded(parameters, factor), parameters.dither_shift)


def session_distance(parameters: LatticeParameters, triples: int, peers: int = 1) -> float:
    """log2 of all that cheaters learn unseen in a session of so many triples from one party with `peers` peers."""
    factor = session_factor(parameters)
    worst = max(responder_distances(parameters, factor).total, encryptor_distances(parameters, factor).total)
    ciphertexts = -(-triples // parameters.slots)
    return worst + log2(ciphertexts * parameters.degree * peers)


def decoding_budget(parameters: LatticeParameters) -> float:
    """What drowning, dither, rounding and noise use of the distance to the next integer, honest or not: below 1/2."""
    worst = inverse_norm(parameters.degree)
    p = parameters.field.modulus
    noise = _sum(drowned(parameters, worst), decoded(parameters, worst)) - log2(parameters.modulus)
    rounding = p / 2 ** (parameters.answer_bits + 1)
    return float(2.0**-parameters.drowning_shift + 2.0**-parameters.dither_shift + rounding + 2.0**noise)
