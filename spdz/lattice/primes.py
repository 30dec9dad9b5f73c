"""Primes q = 1 mod 2 N and primitive roots of unity modulo them: chosen by rules, so that nobody could choose them."""

from __future__ import annotations

import itertools

import gmpy2

from spdz.errors import UsageError

MODULUS_BITS = 62
"""Residues below 2^62 leave room for four of them in a word."""

MIN_DEGREE, MAX_DEGREE = 1 << 4, 1 << 16


def require_degree(degree: int) -> int:
    """`degree` if it is a power of two that there are transforms for, otherwise a UsageError."""
    if not (MIN_DEGREE <= degree <= MAX_DEGREE and degree & (degree - 1) == 0):
        raise UsageError(f"the degree of a ring is a power of two from {MIN_DEGREE} to {MAX_DEGREE}, got {degree!r}")
    return degree


def ntt_primes(count: int, bits: int, degree: int) -> tuple[int, ...]:
    """The `count` largest primes below 2^bits that are 1 modulo 2 * degree, the largest first.

    Raises: UsageError if there are fewer of exactly `bits` bits.
    """
    step = 2 * require_degree(degree)
    if not 1 <= bits <= MODULUS_BITS:
        raise UsageError(f"a modulus has 1 to {MODULUS_BITS} bits, got {bits!r}")
    found: list[int] = []
    candidate = (1 << bits) - step + 1
    while len(found) < count:
        if candidate < 1 << (bits - 1):
            raise UsageError(f"there are not {count} primes of {bits} bits that are 1 modulo {step}")
        if gmpy2.is_prime(candidate, 40):
            found.append(candidate)
        candidate -= step
    return tuple(found)


def root_of_unity(q: int, order: int) -> int:
    """The primitive `order`-th root g^((q - 1) / order) mod q with the smallest g; `order` is a power of two."""
    for g in itertools.count(2):
        root = pow(g, (q - 1) // order, q)
        if pow(root, order // 2, q) == q - 1:
            return root
    raise AssertionError("unreachable: half of all g serve")


def bit_reversed(degree: int) -> list[int]:
    """j with its log2(degree) bits reversed, for all j < degree."""
    order = [0]
    while len(order) < degree:
        order = [2 * j for j in order] + [2 * j + 1 for j in order]
    return order
