"""The group of the base OTs: edwards25519 on Python ints (RFC 8032), and hashing to it (RFC 9380, section 6.7.1).

Points are extended coordinates (X, Y, Z, T) with x = X/Z, y = Y/Z, x y = T/Z.
"""

from __future__ import annotations

from functools import lru_cache

from vectors.generator.hashing import Part, stream

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
MONTGOMERY_A = 486662

Point = tuple[int, int, int, int]
IDENTITY: Point = (0, 1, 1, 0)


def add(left: Point, right: Point) -> Point:
    """The sum of two points; complete, so any two."""
    x1, y1, z1, t1 = left
    x2, y2, z2, t2 = right
    a = (y1 - x1) * (y2 - x2) % P
    b = (y1 + x1) * (y2 + x2) % P
    c = 2 * D * t1 * t2 % P
    d = 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def double(point: Point) -> Point:
    """Twice a point."""
    x, y, z, _ = point
    a, b = x * x % P, y * y % P
    h = a + b
    e = h - (x + y) ** 2 % P
    g = a - b
    f = 2 * z * z + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def negate(point: Point) -> Point:
    """The inverse of a point."""
    x, y, z, t = point
    return -x % P, y, z, -t % P


def multiply(scalar: int, point: Point) -> Point:
    """A multiple of a point, four bits of the scalar at a time."""
    table = [IDENTITY, point]
    for _ in range(14):
        table.append(add(table[-1], point))
    result = IDENTITY
    for position in range(scalar.bit_length() + 3 & ~3, 0, -4):
        result = double(double(double(double(result))))
        result = add(result, table[scalar >> (position - 4) & 15])
    return result


def encode(point: Point) -> bytes:
    """RFC 8032, section 5.1.2."""
    x, y, z, _ = point
    inverse = pow(z, -1, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _x_of(y: int, sign: int) -> int | None:
    """RFC 8032, section 5.1.3: the x of a point with this y and this parity."""
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if (v * x * x + u) % P == 0:
        x = x * ROOT_OF_MINUS_ONE % P
    if (v * x * x - u) % P:
        return None
    if x == 0 and sign:
        return None
    return P - x if x & 1 != sign else x


def decode(data: bytes) -> Point | None:
    """A canonically encoded point of the curve, or None."""
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    if len(data) != 32 or y >= P:
        return None
    x = _x_of(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def is_identity(point: Point) -> bool:
    """Whether a point is the neutral element."""
    x, y, z, _ = point
    return x % P == 0 and (y - z) % P == 0


def valid(data: bytes) -> bool:
    """Whether bytes are a canonical encoding of a point of the prime-order subgroup other than the identity."""
    point = decode(data)
    return point is not None and not is_identity(point) and is_identity(multiply(ORDER, point))


def _generator() -> Point:
    y = 4 * pow(5, -1, P) % P
    x = _x_of(y, 0)
    if x is None:
        raise AssertionError("the generator is on the curve")
    return x, y, 1, x * y % P


GENERATOR = _generator()


@lru_cache(maxsize=1)
def _multiples_of_generator() -> list[list[Point]]:
    rows, base = [], GENERATOR
    for _ in range(64):
        row = [IDENTITY]
        for _ in range(15):
            row.append(add(row[-1], base))
        rows.append(row)
        base = add(row[-1], base)
    return rows


def multiply_generator(scalar: int) -> Point:
    """A multiple of G."""
    result = IDENTITY
    for position, row in enumerate(_multiples_of_generator()):
        result = add(result, row[scalar >> 4 * position & 15])
    return result


def from_uniform(data: bytes) -> Point:
    """libsodium's map of 32 bytes: Elligator 2 to curve25519, on to edwards25519, sign from the top bit, times 8."""
    number = int.from_bytes(data, "little")
    sign, r = number >> 255, (number & (1 << 255) - 1) % P
    # u is the one of two candidates whose v^2 = u^3 + A u^2 + u is a square.
    u = -MONTGOMERY_A * pow(1 + 2 * r * r, -1, P) % P
    square = u * (u * u + MONTGOMERY_A * u + 1) % P
    if pow(square, (P - 1) // 2, P) not in (0, 1):
        u = (-u - MONTGOMERY_A) % P
    y = (u - 1) * pow(u + 1, -1, P) % P
    x = _x_of(y, 0)
    if x is None:
        raise AssertionError("the map leads to the curve")
    if x & 1 != sign:
        x = -x % P
    return double(double(double((x, y, 1, x * y % P))))


def hash_to_group(*parts: Part, session_id: bytes = b"") -> Point:
    """P of docs/wire, section 12."""
    uniform = stream("hash to group", 64, *parts, session_id=session_id)
    return add(from_uniform(uniform[:32]), from_uniform(uniform[32:]))


def scalar_of(data: bytes) -> int:
    """A scalar from 64 uniform bytes; zero is refused by whoever draws it."""
    return int.from_bytes(data, "little") % ORDER
