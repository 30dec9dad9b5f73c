"""The universal hash of the OT check: GHASH (NIST SP 800-38D, section 6.3 and 6.4) on Python ints.

A block is read as a big-endian number, so the coefficient of x^0 is its top bit, as GCM has it.
"""

from __future__ import annotations

from functools import lru_cache

from vectors.generator.aes import encrypt_block

_REDUCTION = 0xE1 << 120


def _double(value: int) -> int:
    """The product with x."""
    return value >> 1 ^ (_REDUCTION if value & 1 else 0)


@lru_cache(maxsize=256)
def _table(point: int) -> list[list[int]]:
    """For each of the 16 bytes of a factor its 256 products with the point."""
    multiples = [point]
    for _ in range(127):
        multiples.append(_double(multiples[-1]))
    table = []
    for byte in range(16):
        row = [0] * 256
        for bit in range(8):
            product = multiples[8 * byte + bit]
            mask = 0x80 >> bit
            for value in range(256):
                if value & mask:
                    row[value] ^= product
        table.append(row)
    return table


def multiply(left: int, right: int) -> int:
    """The product in the field, by its definition."""
    product = 0
    for bit in range(128):
        if left >> (127 - bit) & 1:
            product ^= right
        right = _double(right)
    return product


def hash_point(key: bytes) -> int:
    """H: the encryption of the zero block."""
    return int.from_bytes(encrypt_block(key, bytes(16)), "big")


def universal_hash(key: bytes, data: bytes) -> bytes:
    """A_1 H^(m+1) + ... + A_m H^2 for data of m whole blocks."""
    if not data or len(data) % 16:
        raise ValueError("whole blocks only")
    table = _table(hash_point(key))

    def times_point(value: int) -> int:
        out = 0
        for row, byte in zip(table, value.to_bytes(16, "big"), strict=True):
            out ^= row[byte]
        return out

    value = 0
    for place in range(0, len(data), 16):
        value = times_point(value ^ int.from_bytes(data[place : place + 16], "big"))
    return times_point(value).to_bytes(16, "big")
