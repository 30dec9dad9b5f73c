"""AES-128 (FIPS 197), encryption only, on Python ints: as a permutation and in counter mode.

Neither fast nor constant-time. The tables are computed from the definition of the S-box.
"""

from __future__ import annotations

import struct
from functools import lru_cache

BLOCK_BYTES = 16
_WORDS = struct.Struct(">4I")


def _times_two(value: int) -> int:
    return value << 1 ^ (0x11B if value & 0x80 else 0)


def _s_box() -> list[int]:
    # Powers and logarithms of 3, which generates the multiplicative group of GF(2^8).
    powers, logs, value = [0] * 255, [0] * 256, 1
    for exponent in range(255):
        powers[exponent], logs[value] = value, exponent
        value ^= _times_two(value)
    box = []
    for byte in range(256):
        inverse = powers[-logs[byte] % 255] if byte else 0
        out = 0x63
        for shift in range(5):
            out ^= (inverse << shift | inverse >> (8 - shift)) & 0xFF
        box.append(out)
    return box


SBOX = _s_box()
# One table per row of the state: SubBytes, ShiftRows and MixColumns of one byte in one look-up.
_COLUMNS = [(_times_two(s), s, s, _times_two(s) ^ s) for s in SBOX]
_TABLES = [
    [int.from_bytes(bytes(column[(i - row) % 4] for i in range(4)), "big") for column in _COLUMNS] for row in range(4)
]


@lru_cache(maxsize=4096)
def round_keys(key: bytes) -> tuple[int, ...]:
    """The 44 words of the key schedule."""
    if len(key) != BLOCK_BYTES:
        raise ValueError("an AES-128 key has 16 bytes")
    words, constant = list(_WORDS.unpack(key)), 1
    for i in range(4, 44):
        word = words[-1]
        if i % 4 == 0:
            word = (word << 8 | word >> 24) & 0xFFFFFFFF
            word = int.from_bytes(bytes(SBOX[byte] for byte in word.to_bytes(4, "big")), "big") ^ constant << 24
            constant = _times_two(constant)
        words.append(words[-4] ^ word)
    return tuple(words)


def encrypt_block(key: bytes, block: bytes) -> bytes:
    """AES of one block of 16 bytes."""
    keys = round_keys(key)
    t0, t1, t2, t3 = _TABLES
    a, b, c, d = (word ^ k for word, k in zip(_WORDS.unpack(block), keys, strict=False))
    for i in range(4, 40, 4):
        a, b, c, d = (
            t0[a >> 24] ^ t1[b >> 16 & 255] ^ t2[c >> 8 & 255] ^ t3[d & 255] ^ keys[i],
            t0[b >> 24] ^ t1[c >> 16 & 255] ^ t2[d >> 8 & 255] ^ t3[a & 255] ^ keys[i + 1],
            t0[c >> 24] ^ t1[d >> 16 & 255] ^ t2[a >> 8 & 255] ^ t3[b & 255] ^ keys[i + 2],
            t0[d >> 24] ^ t1[a >> 16 & 255] ^ t2[b >> 8 & 255] ^ t3[c & 255] ^ keys[i + 3],
        )
    state = (a, b, c, d)
    last = [
        SBOX[state[i] >> 24] << 24
        | SBOX[state[(i + 1) % 4] >> 16 & 255] << 16
        | SBOX[state[(i + 2) % 4] >> 8 & 255] << 8
        | SBOX[state[(i + 3) % 4] & 255]
        for i in range(4)
    ]
    return _WORDS.pack(*(word ^ k for word, k in zip(last, keys[40:], strict=True)))


class Prg:
    """The stream of one seed: the encryptions of the blocks 0, 1, 2, ... (docs/wire, section 4)."""

    def __init__(self, seed: bytes) -> None:
        self._key = seed
        self._counter = 0
        self._rest = b""

    def read(self, count: int) -> bytes:
        """The next `count` bytes."""
        blocks = [self._rest]
        have = len(self._rest)
        while have < count:
            blocks.append(encrypt_block(self._key, self._counter.to_bytes(BLOCK_BYTES, "big")))
            self._counter += 1
            have += BLOCK_BYTES
        data = b"".join(blocks)
        self._rest = data[count:]
        return data[:count]
