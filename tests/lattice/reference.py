"""The lattice on Python integers: schoolbook products, evaluation at roots, exact rationals. No code is shared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from math import prod

Polynomial = list[int]


def is_prime(n: int) -> bool:
    """Miller and Rabin, for n below 2^64 with these bases."""
    bases = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
    if n < 2 or any(n % b == 0 for b in bases):
        return n in bases
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for b in bases:
        x = pow(b, odd, n)
        if x in (1, n - 1):
            continue
        if all((x := x * x % n) != n - 1 for _ in range(twos - 1)):
            return False
    return True


def add(*polynomials: Polynomial) -> Polynomial:
    return [sum(column) for column in zip(*polynomials, strict=True)]


def multiply(x: Polynomial, y: Polynomial) -> Polynomial:
    """Modulo x^N + 1."""
    n, out = len(x), [0] * len(x)
    for i, u in enumerate(x):
        for j, v in enumerate(y):
            out[(i + j) % n] += u * v if i + j < n else -u * v
    return out


def monomial(exponent: int, n: int) -> Polynomial:
    """x^exponent for 0 <= exponent < 2 N, and 0 for 2 N."""
    if exponent == 2 * n:
        return [0] * n
    return [(1 if exponent < n else -1) if j == exponent % n else 0 for j in range(n)]


def centred(values: Iterable[int], modulus: int) -> Polynomial:
    """Representatives in [-modulus/2, modulus/2)."""
    return [(value + modulus // 2) % modulus - modulus // 2 for value in values]


def evaluate(polynomial: Polynomial, point: int, modulus: int) -> int:
    return reduce(lambda total, c: (total * point + c) % modulus, reversed(polynomial), 0)


def reverse_bits(j: int, bits: int) -> int:
    return int(f"{j:0{bits}b}"[::-1], 2) if bits else 0


def root(q: int, order: int) -> int:
    """The primitive root of unity with the smallest base."""
    return next(r for g in range(2, q) if pow(r := pow(g, (q - 1) // order, q), order // 2, q) == q - 1)


def complex_power(x: tuple[int, int], exponent: int, p: int) -> tuple[int, int]:
    result, square = (1, 0), x
    while exponent:
        if exponent & 1:
            result = (
                (result[0] * square[0] - result[1] * square[1]) % p,
                (result[0] * square[1] + result[1] * square[0]) % p,
            )
        square = ((square[0] ** 2 - square[1] ** 2) % p, 2 * square[0] * square[1] % p)
        exponent >>= 1
    return result


def zeta(p: int, n: int) -> tuple[int, int]:
    """A root of unity of order 2 n in F_p[i] whose power n / 2 is i; the first one found."""
    for a in range(1, p):
        for b in range(1, p):
            found = complex_power(complex_power((a, b), p - 1, p), (p + 1) // (2 * n), p)
            if complex_power(found, n, p) == (p - 1, 0):
                return found if complex_power(found, n // 2, p) == (0, 1) else (found[0], -found[1] % p)
    raise AssertionError("no root")


def evaluate_complex(polynomial: Sequence[int], point: tuple[int, int], p: int) -> tuple[int, int]:
    x = y = 0
    for c in reversed(polynomial):
        x, y = (x * point[0] - y * point[1] + c) % p, (x * point[1] + y * point[0]) % p
    return x, y


def from_residues(rows: Sequence[Sequence[int]], moduli: Sequence[int]) -> Polynomial:
    """Chinese remainders, in [0, q)."""
    q = prod(moduli)
    weights = [q // m * pow(q // m, -1, m) for m in moduli]
    return [sum(w * r for w, r in zip(weights, column, strict=True)) % q for column in zip(*rows, strict=True)]


def answer(x: int, m: int, nu: tuple[int, int], p: int, q: int, tau: int) -> int:
    """round(2^tau (frac(h x / q) + m / p + nu)) modulo 2^tau for a rational nu, exactly."""
    numerator, denominator = nu
    whole = p * q * denominator
    value = (pow(p, -1, q) * x % q) * p * denominator + m * q * denominator + numerator * p * q
    return (2 * (value << tau) + whole) // (2 * whole) % (1 << tau)


def decode(x: int, u0: int, delta: tuple[int, int], p: int, q: int, tau: int) -> int:
    """round(p (u0 / 2^tau + frac(h x / q) + delta)) modulo p, exactly."""
    numerator, denominator = delta
    whole = q * denominator << tau
    value = (u0 * q * denominator) + ((pow(p, -1, q) * x % q) * denominator << tau) + (numerator * q << tau)
    return (2 * p * value + whole) // (2 * whole) % p
