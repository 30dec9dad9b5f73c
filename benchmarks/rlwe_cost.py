"""Estimates of the cost of attacks on the ring-LWE parameters in force, in bits: `python -m benchmarks.rlwe_cost`.

Primal attack by embedding (uSVP) with the secret scaled to the size of the noise, dual attack, and dual attack that
guesses coordinates; BKZ by the geometric series assumption, root Hermite factor as in [Che13], a call of a sieve in
dimension b at 2^(0.292 b + 16.4) and 8 d calls. These are the models behind the tables of the Homomorphic Encryption
Standard (2018), whose rows for 128 bits, ternary secrets and sigma = 3.19 the tests hold this file to.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import e, log, log2, pi, sqrt

from spdz.lattice.parameters import PARAMETERS, LatticeParameters

STANDARD_128 = {4096: 109, 8192: 218, 16384: 438, 32768: 881}
"""The greatest log2 q of the Homomorphic Encryption Standard for 128 bits of classical security, by the degree."""
STANDARD_SIGMA = 3.19
TERNARY_SIGMA = sqrt(2 / 3)


@dataclass(frozen=True)
class Instance:
    """Degree, log2 of the modulus, standard deviations of a coefficient of the secret and of the noise."""

    degree: int
    log_modulus: float
    secret: float = TERNARY_SIGMA
    noise: float = STANDARD_SIGMA


def instance_of(parameters: LatticeParameters) -> Instance:
    """The keys of encryptions; responses have secrets and noise of the same kinds."""
    return Instance(parameters.degree, log2(parameters.modulus), noise=sqrt(parameters.eta / 2))


def log_delta(block: float) -> float:
    """log2 of the root Hermite factor that BKZ with this block size reaches."""
    return log2(block / (2 * pi * e) * (pi * block) ** (1 / block)) / (2 * (block - 1))


def sieving(block: float, dimension: float) -> float:
    """log2 of the cost of BKZ: 8 d calls."""
    return 0.292 * block + 16.4 + log2(8 * dimension)


def primal(given: Instance) -> tuple[int, int]:
    """The block size and the dimension of the cheapest primal attack."""
    best, n = (10**9, 0), given.degree
    for samples in range(n // 4, 2 * n + 1, n // 32):
        dimension = n + samples + 1
        volume = (samples * given.log_modulus + n * log2(given.noise / given.secret)) / dimension
        low, high = 60, dimension
        while low < high:
            block = (low + high) // 2
            found = log2(given.noise * sqrt(block)) <= (2 * block - dimension - 1) * log_delta(block) + volume
            low, high = (low, block) if found else (block + 1, high)
        best = min(best, (low, dimension))
    return best


def dual(given: Instance, guessed: int = 0) -> float:
    """log2 of the cost of the cheapest dual attack that guesses this many ternary coordinates of the secret."""
    best, n = 1e9, given.degree - guessed
    for samples in range(n // 4, 2 * n + 1, n // 16):
        dimension = n + samples
        volume = (n * given.log_modulus + n * log2(given.secret / given.noise)) / dimension
        for block in range(120, 900, 6):
            shortest = dimension * log_delta(block) + volume - given.log_modulus
            if shortest > 20:
                continue
            advantage = -2 * (pi * given.noise * 2**shortest) ** 2 / log(2)
            vectors = -2 * advantage + log2(max(1.0, guessed * log(3)))
            reduction = sieving(block, dimension) + max(0.0, vectors - 0.2075 * block)
            best = min(best, max(reduction, vectors + guessed * log2(3)))
    return best


def cost(given: Instance) -> float:
    """log2 of the cost of the cheapest attack here."""
    return min(sieving(*primal(given)), *(dual(given, guessed) for guessed in range(0, 121, 20)))


if __name__ == "__main__":
    for degree, bits in STANDARD_128.items():
        print(f"standard, N = {degree}, log2 q = {bits}: {cost(Instance(degree, bits)):.0f} (128)")
    for name, parameters in PARAMETERS.items():
        instance = instance_of(parameters)
        print(f"{name}, N = {instance.degree}, log2 q = {instance.log_modulus:.0f}: {cost(instance):.0f}")
