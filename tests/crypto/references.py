"""Slow, plain-integer versions of the tools, written from the standards and sharing no code with the package.

AES-128 from FIPS 197, GHASH from NIST SP 800-38D, edwards25519 from RFC 8032.
"""

from __future__ import annotations

# ---------------------------------------------------------------- AES-128


def _gf256_double(a: int) -> int:
    a <<= 1
    return a ^ 0x11B if a & 0x100 else a


def _gf256_multiply(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a, b = _gf256_double(a), b >> 1
    return product


def _s_box() -> list[int]:
    box = []
    for value in range(256):
        inverse = next((b for b in range(256) if _gf256_multiply(value, b) == 1), 0)
        mapped = 0x63
        for shift in range(5):
            mapped ^= ((inverse << shift) | (inverse >> (8 - shift))) & 0xFF
        box.append(mapped)
    return box


_S_BOX = _s_box()


def _round_keys(key: bytes) -> list[bytes]:
    words = [key[i : i + 4] for i in range(0, 16, 4)]
    constant = 1
    for i in range(4, 44):
        word = words[i - 1]
        if i % 4 == 0:
            word = bytes(_S_BOX[b] for b in word[1:] + word[:1])
            word = bytes([word[0] ^ constant]) + word[1:]
            constant = _gf256_double(constant)
        words.append(xor(words[i - 4], word))
    return [b"".join(words[i : i + 4]) for i in range(0, 44, 4)]


def xor(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


class Aes128:
    def __init__(self, key: bytes) -> None:
        self._keys = _round_keys(key)

    def encrypt_block(self, block: bytes) -> bytes:
        state = xor(block, self._keys[0])
        for number in range(1, 11):
            substituted = [_S_BOX[b] for b in state]
            shifted = [substituted[(4 * (c + r) + r) % 16] for c in range(4) for r in range(4)]
            if number < 10:
                shifted = [
                    _gf256_multiply(2, shifted[4 * c + r])
                    ^ _gf256_multiply(3, shifted[4 * c + (r + 1) % 4])
                    ^ shifted[4 * c + (r + 2) % 4]
                    ^ shifted[4 * c + (r + 3) % 4]
                    for c in range(4)
                    for r in range(4)
                ]
            state = xor(bytes(shifted), self._keys[number])
        return state

    def ctr_stream(self, counter: int, block_count: int) -> bytes:
        return b"".join(self.encrypt_block(((counter + i) % 2**128).to_bytes(16, "big")) for i in range(block_count))


# ---------------------------------------------------------------- GHASH


def gf128_multiply(x: int, y: int) -> int:
    """Algorithm 1 of SP 800-38D, on blocks read as big-endian integers (bit 0 of the standard is the top bit)."""
    z = 0
    for i in range(127, -1, -1):
        if x >> i & 1:
            z ^= y
        y = (y >> 1) ^ (0xE1 << 120) if y & 1 else y >> 1
    return z


def ghash(h: bytes, data: bytes) -> bytes:
    y = 0
    for i in range(0, len(data), 16):
        y = gf128_multiply(y ^ int.from_bytes(data[i : i + 16], "big"), int.from_bytes(h, "big"))
    return y.to_bytes(16, "big")


# ---------------------------------------------------------------- edwards25519

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_ONE = pow(2, (P - 1) // 4, P)

Point = tuple[int, int]
NEUTRAL: Point = (0, 1)


def recover_x(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * SQRT_MINUS_ONE % P
    if x * x % P != square or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def decode(encoding: bytes) -> Point | None:
    """The point of a canonical encoding, else None (RFC 8032, 5.1.3)."""
    number = int.from_bytes(encoding, "little")
    y, sign = number % 2**255, number >> 255
    if y >= P:
        return None
    x = recover_x(y, sign)
    return None if x is None else (x, y)


def encode(point: Point) -> bytes:
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def add(a: Point, b: Point) -> Point:
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P
    y = (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P
    return x, y


def negate(a: Point) -> Point:
    return -a[0] % P, a[1]


def multiply(n: int, a: Point) -> Point:
    result = NEUTRAL
    while n:
        if n & 1:
            result = add(result, a)
        a, n = add(a, a), n >> 1
    return result


def in_prime_order_group(point: Point) -> bool:
    return point != NEUTRAL and multiply(L, point) == NEUTRAL


BASE: Point = (recover_x(4 * pow(5, -1, P) % P, 0) or 0, 4 * pow(5, -1, P) % P)


def small_order_points() -> list[Point]:
    """The eight points whose order divides eight."""
    y = 2
    while True:
        x = recover_x(y, 0)
        if x is not None:
            generator = multiply(L, (x, y))
            if multiply(4, generator) != NEUTRAL:
                return [multiply(i, generator) for i in range(8)]
        y += 1
