"""What known attacks on LPN with exact regular noise over a large field cost; python -m benchmarks.lpn_cost prints it.

Setting:   n samples in t blocks of b = n / t, one uniform entry in each block, secret of k elements of F_p, p > 2^60.
           Over so large a field nothing is gained by enumerating values of the noise (2^60 per entry), so what remains
           are attacks that look for places without noise, for parity checks, or that solve equations.
Figures:   log2. Attacks on places count the inverse of the probability of success and nothing for the work; the
           algebraic attack counts the square of the number of columns and nothing for the weight of rows. Both are
           lower bounds of what an attacker does.

gauss      k places without noise determine the secret (Prange, "pooled Gauss"): with k / t of them from each block,
           which is what suits regular noise best, all are without noise with probability (1 - k / n)^t.
checks     a parity check of weight w misses all noise with probability (1 - w / n)^t, and then it is zero, which
           happens by chance with 1 / p only. (That is statistical decoding; over a large field there is no smaller bias
           to add up.) Any k + 1 columns of a code have one; a sparse code has lighter ones. `lightest_check` is the
           weight from which on the code is expected to have any, by the first moment: w columns are dependent if they
           touch fewer than w rows (coefficients are random, so fewer equations than unknowns are needed). Whether such
           a check can be *found* is not asked. `peeled_check` finds one in seconds, by dropping rows that few samples
           touch: an upper bound of what the attack costs.
algebra    Briaud and Oygarden, EUROCRYPT 2023, ePrint 2023/176: e_i e_j = 0 for two places of a block are quadratic
           equations in the secret. The system is solved in the degree d at which the coefficient of the series
           (1 - z)^(n - k - t) (1 + (b - 1) z)^t is not positive any more, at the price of C(k, d)^2 (Wiedemann).
           Guessing mu places without noise in each of f blocks succeeds with probability (1 - mu / b)^f and leaves
           k - f mu unknowns and blocks of b - mu. Guessing right is also what a key holder tests with wrong trees: see
           docs/security/silent-vole.md.
           The code being sparse, an attacker may also keep only samples that touch nothing but a share r of the rows:
           r k unknowns, n r^10 samples. `restricted` shows that this raises the degree faster than it saves unknowns.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass

import numpy as np

from spdz.crypto.prg import SEED_BYTES, Prg
from spdz.field.fused.code import ROW_WORDS
from spdz.preprocessing.vole.code import PLAN, LpnParams

STEPS = 32
"""Fractions of blocks and of their places that are tried as guesses."""
MAX_DEGREE = 40


def log_binomial(n: int, k: int) -> float:
    """log2 of n over k; 0 where that is 0."""
    if k > n:
        return 0.0
    return (math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)) / math.log(2)


def gauss(params: LpnParams) -> float:
    """The inverse of the probability that k places, evenly from all blocks, hold no noise."""
    return checks(params, params.secret)


def checks(params: LpnParams, weight: float) -> float:
    """The inverse of the probability that a parity check of this weight, evenly spread, misses all noise."""
    return -params.blocks * math.log2(1 - weight / params.samples)


def dependent_columns(params: LpnParams, weight: int) -> float:
    """How many sets of `weight` columns of the code that touch fewer rows than that are expected."""
    rows = weight - 1
    return (
        log_binomial(params.samples, weight)
        + log_binomial(params.secret, rows)
        + ROW_WORDS * weight * math.log2(rows / params.secret)
    )


def lightest_check(params: LpnParams) -> int:
    """The least weight of which the code is expected to have a parity check."""
    weight = 2
    while weight < params.secret and dependent_columns(params, weight) < 0:
        weight += 1 + weight // 200
    return weight


def peeled_check(params: LpnParams, seed: bytes = bytes(SEED_BYTES)) -> int:
    """The weight of a parity check that is found in seconds, in a code with places drawn from `seed`.

    The row that the fewest samples touch is dropped with these samples, again and again, as long as there are more
    samples left than rows: one more than the rows of them are dependent.
    """
    places = np.frombuffer(Prg(seed).bytes(8 * ROW_WORDS * params.samples), np.uint64) % np.uint64(params.secret)
    touched = places.reshape(-1, ROW_WORDS).astype(np.int64).tolist()
    samples: list[list[int]] = [[] for _ in range(params.secret)]
    for sample, rows in enumerate(touched):
        for row in rows:
            samples[row].append(sample)
    degrees = [len(of_row) for of_row in samples]
    waiting = [(degree, row) for row, degree in enumerate(degrees)]
    heapq.heapify(waiting)
    alive, kept = bytearray(b"\x01" * params.samples), [True] * params.secret
    rows_left, samples_left = params.secret, params.samples
    while waiting:
        degree, row = heapq.heappop(waiting)
        if not kept[row] or degree != degrees[row]:
            continue
        gone = {sample for sample in samples[row] if alive[sample]}
        if samples_left - len(gone) < rows_left:
            break
        kept[row], rows_left, samples_left = False, rows_left - 1, samples_left - len(gone)
        for sample in gone:
            alive[sample] = 0
            for other in touched[sample]:
                if kept[other]:
                    degrees[other] -= 1
                    heapq.heappush(waiting, (degrees[other], other))
    return rows_left + 1


def series(power: int, blocks: list[tuple[int, int]], degree: int) -> list[int]:
    """The coefficients up to `degree` of (1 - z)^power times (1 + c z)^count for each (c, count) of the blocks."""
    result = [(-1) ** d * _binomial(power, d) for d in range(degree + 1)]
    for c, count in blocks:
        factor = [_binomial(count, d) * c**d for d in range(degree + 1)]
        result = [sum(result[i] * factor[d - i] for i in range(d + 1)) for d in range(degree + 1)]
    return result


def _binomial(n: int, k: int) -> int:
    return math.comb(n, k) if n >= 0 else (-1) ** k * math.comb(k - n - 1, k)


def degree_of_regularity(params: LpnParams, guessed_blocks: int = 0, guessed_places: int = 0) -> int:
    """The first degree whose coefficient is not positive, after guesses."""
    width, power = 1 << params.depth, params.samples - params.secret - params.blocks
    blocks = [
        (width - 1, params.blocks - guessed_blocks),
        (width - guessed_places - 1, guessed_blocks),
    ]
    for degree, coefficient in enumerate(series(power, blocks, MAX_DEGREE)):
        if coefficient <= 0:
            return degree
    return MAX_DEGREE + 1


@dataclass(frozen=True)
class Algebra:
    """The best variant of the algebraic attack."""

    cost: float
    degree: int
    guessed_blocks: int
    guessed_places: int
    guess: float
    """Part of the cost that is the inverse of the probability of the guess."""


def algebra(params: LpnParams) -> Algebra:
    """The cheapest of all tried guesses; fewer unknowns than 1 are left to `gauss`."""
    width = 1 << params.depth
    best = _algebra(params, 0, 0)
    for blocks in {round(params.blocks * step / STEPS) for step in range(1, STEPS + 1)}:
        for places in {max(1, width * step // STEPS) for step in range(1, STEPS)}:
            guess = -blocks * math.log2(1 - places / width)
            if guess < best.cost and blocks * places < params.secret:
                best = min(best, _algebra(params, blocks, places), key=lambda found: found.cost)
    return best


def _algebra(params: LpnParams, blocks: int, places: int) -> Algebra:
    degree = degree_of_regularity(params, blocks, places)
    guess = -blocks * math.log2(1 - places / (1 << params.depth))
    cost = 2 * log_binomial(params.secret - blocks * places, degree) + guess
    return Algebra(cost, degree, blocks, places, guess)


def restricted(params: LpnParams, share: float) -> float:
    """The algebraic attack on the samples that touch only a share of the rows; infinite beyond MAX_DEGREE."""
    secret = int(params.secret * share)
    width = math.ceil((1 << params.depth) * share**ROW_WORDS)
    power = params.blocks * width - secret - params.blocks
    for degree, coefficient in enumerate(series(power, [(width - 1, params.blocks)], MAX_DEGREE)):
        if coefficient <= 0:
            return 2 * log_binomial(secret, degree)
    return math.inf


def lowest(params: LpnParams) -> float:
    """The lowest of all estimates."""
    return min(gauss(params), checks(params, lightest_check(params)), algebra(params).cost)


def _report(name: str, params: LpnParams) -> str:
    found, weight, peeled = algebra(params), lightest_check(params), peeled_check(params)
    return (
        f"{name}: n = {params.samples}, k = {params.secret}, t = {params.blocks}: gauss {gauss(params):.0f}, checks "
        f"{checks(params, weight):.0f} (weight {weight}), peeled {checks(params, peeled):.0f} (weight {peeled}), "
        f"algebra {found.cost:.0f} (degree {found.degree}, guess "
        f"{found.guess:.0f}; without a guess degree {degree_of_regularity(params)})"
    )


if __name__ == "__main__":
    print(_report("first stage", PLAN.first))
    print(_report("main stage", PLAN.main))
    print(_report("Wolverine, set-up", LpnParams(19870, 2508, 8)))
    print(_report("emp-zk, 2022", LpnParams(5060, 2600, 6)))
    print(_report("Wolverine, main", LpnParams(589760, 1319, 13)))
