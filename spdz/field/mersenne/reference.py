"""The kernels' twins on plain Python integers: slow, short, and written from the definitions.

Used by tests and by readers. An element is an int in [0, p), an array a list of them; p is the modulus and k its
number of bits. Nothing here is shared with the kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gmpy2

Vector = Sequence[int]


def add(p: int, x: Vector, y: Vector) -> list[int]:
    return [(a + b) % p for a, b in zip(x, y, strict=True)]


def sub(p: int, x: Vector, y: Vector) -> list[int]:
    return [(a - b) % p for a, b in zip(x, y, strict=True)]


def mul(p: int, x: Vector, y: Vector) -> list[int]:
    return [a * b % p for a, b in zip(x, y, strict=True)]


def neg(p: int, x: Vector) -> list[int]:
    return [-a % p for a in x]


def power(p: int, x: Vector, exponent: int) -> list[int]:
    return [pow(a, exponent, p) for a in x]


def inverse(p: int, x: Vector) -> list[int]:
    return [int(gmpy2.invert(a, p)) for a in x]


def is_square(p: int, a: int) -> bool:
    return a == 0 or bool(gmpy2.legendre(a, p) == 1)


def sqrt(p: int, x: Vector) -> list[int]:
    """The smaller of the two roots of each square, for p = 3 mod 4."""
    roots = [pow(a, (p + 1) // 4, p) for a in x]
    return [min(root, p - root) if root else 0 for root in roots]


def dot(p: int, x: Vector, y: Vector) -> int:
    return sum(a * b for a, b in zip(x, y, strict=True)) % p


def matmul(p: int, x: Sequence[Vector], y: Sequence[Vector]) -> list[list[int]]:
    columns = list(zip(*y, strict=True))
    return [[dot(p, row, column) for column in columns] for row in x]


def signed(p: int, x: Vector) -> list[int]:
    """Integers of the symmetric interval as elements."""
    return [a % p for a in x]


def to_signed(p: int, x: Vector) -> list[int]:
    return [a if a <= (p - 1) // 2 else a - p for a in x]


def encode(p: int, x: Vector) -> bytes:
    """The wire encoding: 8 bytes per element up to 64 bits, 16 up to 128, little-endian."""
    width = 8 * ((p.bit_length() + 63) // 64)
    return b"".join(a.to_bytes(width, "little") for a in x)


def sample(p: int, draw: Callable[[int], bytes], count: int) -> list[int]:
    """Rejection sampling from `draw(number of bytes)`: all words at once, then those that are missing."""
    width = 8 * ((p.bit_length() + 63) // 64)
    mask = (1 << p.bit_length()) - 1
    elements: list[int] = []
    while len(elements) < count:
        buffer = draw(width * (count - len(elements)))
        words = [int.from_bytes(buffer[at : at + width], "little") & mask for at in range(0, len(buffer), width)]
        elements += [word for word in words if word < p]
    return elements


def reduce_blocks(p: int, blocks: Sequence[tuple[int, int]]) -> list[int]:
    return [(low + (high << 64)) % p for low, high in blocks]


def bit_decompose(k: int, x: Vector) -> list[list[int]]:
    return [[(a >> at) & 1 for at in range(k)] for a in x]


def packed_bits(k: int, x: Vector) -> bytes:
    stream = sum(a << (k * at) for at, a in enumerate(x))
    return stream.to_bytes((k * len(x) + 7) // 8, "little")


def gadget_sum(p: int, x: Sequence[Vector]) -> list[int]:
    return [sum(a << at for at, a in enumerate(row)) % p for row in x]


def beaver_product(p: int, a: Vector, b: Vector, c: Vector, epsilon: Vector, delta: Vector, scale: int) -> list[int]:
    """c + b epsilon + a delta + scale epsilon delta."""
    columns = zip(a, b, c, epsilon, delta, strict=True)
    return [(ci + bi * ei + ai * di + scale * ei * di) % p for ai, bi, ci, ei, di in columns]


def combine(p: int, chi: Vector, value: Vector, mac: Vector, totals: Vector) -> list[int]:
    """Two totals and the random combinations of values and MACs."""
    return [(totals[0] + dot(p, chi, value)) % p, (totals[1] + dot(p, chi, mac)) % p]


def copee_sender_step(p: int, acc: Vector, x: Vector, t0: Vector, t1: Vector) -> tuple[list[int], list[int]]:
    """(acc, u) after one base OT."""
    u = [(a - b + c) % p for a, b, c in zip(t0, t1, x, strict=True)]
    return [(2 * a + b) % p for a, b in zip(acc, t0, strict=True)], u


def copee_receiver_step(p: int, acc: Vector, t: Vector, u: Vector, bit: int) -> list[int]:
    return [(2 * a + b + bit * c) % p for a, b, c in zip(acc, t, u, strict=True)]


def ot_sender_products(p: int, q0: Vector, q1: Vector, b: Vector) -> tuple[list[int], list[int]]:
    """(d, acc) from hashes that are already reduced."""
    k = p.bit_length()
    d = [(q0[at] - q1[at] + b[at // k]) % p for at in range(len(q0))]
    return d, gadget_sum(p, rows(k, q0))


def ot_receiver_products(p: int, q: Vector, a: Vector, d: Vector) -> list[int]:
    """From hashes that are already reduced."""
    k = p.bit_length()
    entries = [q[at] + (a[at // k] >> at % k & 1) * d[at] for at in range(len(q))]
    return gadget_sum(p, rows(k, entries))


def rows(k: int, x: Vector) -> list[list[int]]:
    """A flat vector cut into rows of k."""
    return [list(x[at : at + k]) for at in range(0, len(x), k)]
