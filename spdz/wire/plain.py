"""Plain values as bytes: what a party may tell the others that is no secret, of a type that both ends know.

None, booleans, integers, finite floats, text, bytes, and tuples and lists of them. A value has one encoding, and
nothing else is taken for it: a letter for the type, then what the type needs; lengths and counts have four bytes,
little-endian.

    N             None             D 8 bytes     a float, IEEE 754
    T, F          True, False      S length      text in UTF-8
    I length      an integer, two's complement, little-endian, as short as it gets
    B length      bytes            ( count, [ count   the values of a tuple, of a list
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from spdz.errors import InternalError, UsageError
from spdz.params import integer_of
from spdz.wire.codec import Buffer
from spdz.wire.steps import Payload

MAX_BYTES = 1 << 20
"""The longest encoding."""
MAX_DEPTH = 16
"""How deep tuples and lists may stand in each other."""
COUNT_BYTES = 4


def encode_plain(value: Any) -> bytes:
    """The encoding of a plain value; numpy's numbers count as Python's.

    Raises UsageError for what is not plain, and for what is too long or too deep.
    """
    encoded = b"".join(_parts(value, 0))
    if len(encoded) > MAX_BYTES:
        raise UsageError(f"a plain value has at most {MAX_BYTES} bytes, this one has {len(encoded)}")
    return encoded


def decode_plain(data: bytes) -> Any:
    """The value that `encode_plain` makes exactly these bytes of. Raises ValueError if there is none."""
    reader = _Reader(data)
    value = reader.value(0)
    if encode_plain(value) != data:
        raise ValueError("not the encoding of a plain value")
    return value


def _parts(value: Any, depth: int) -> list[bytes]:
    if depth > MAX_DEPTH:
        raise UsageError(f"tuples and lists stand in each other more than {MAX_DEPTH} deep")
    if value is None:
        return [b"N"]
    if isinstance(value, bool | np.bool_):
        return [b"T" if value else b"F"]
    if isinstance(value, float | np.floating):
        if not math.isfinite(value):
            raise UsageError("a plain number is finite")
        return [b"D", struct.pack("<d", value)]
    if isinstance(value, str):
        return [b"S", *_counted(_utf8(value))]
    if isinstance(value, bytes):
        return [b"B", *_counted(value)]
    if isinstance(value, tuple | list):
        kind = b"(" if isinstance(value, tuple) else b"["
        return [kind, _count(len(value)), *(part for item in value for part in _parts(item, depth + 1))]
    number = integer_of(value)
    if number is None:
        raise UsageError(
            f"a {type(value).__name__} is not a plain value: numbers, text, bytes and None are, and tuples and lists "
            "of them"
        )
    size = (number if number >= 0 else ~number).bit_length() // 8 + 1
    return [b"I", *_counted(number.to_bytes(size, "little", signed=True))]


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise UsageError("text with half of a surrogate pair cannot be written down") from None


def _counted(data: bytes) -> tuple[bytes, bytes]:
    return _count(len(data)), data


def _count(number: int) -> bytes:
    if number > MAX_BYTES:
        raise UsageError(f"a plain value has at most {MAX_BYTES} bytes, this one has more")
    return number.to_bytes(COUNT_BYTES, "little")


class _Reader:
    """Reads values one after the other; what is too short or unknown is a ValueError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise ValueError("a plain value ends too early")
        self._at += count
        return taken

    def _count(self) -> int:
        return int.from_bytes(self._take(COUNT_BYTES), "little")

    def value(self, depth: int) -> Any:
        """The next value."""
        kind = self._take(1)
        if depth > MAX_DEPTH:
            raise ValueError("a plain value is too deep")
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        if kind == b"D":
            return struct.unpack("<d", self._take(8))[0]
        count = self._count()
        if kind in (b"(", b"["):
            # A value has a byte at least, so a count that promises more than there is ends here and takes no memory.
            items = [self.value(depth + 1) for _ in range(count)]
            return tuple(items) if kind == b"(" else items
        data = self._take(count)
        if kind == b"S":
            return data.decode()
        if kind == b"I":
            return int.from_bytes(data, "little", signed=True)
        if kind == b"B":
            return data
        raise ValueError("a plain value of an unknown type")


_CONSTANTS = {b"N": None, b"T": True, b"F": False}


@dataclass(frozen=True)
class Plain:
    """Payload codec of a plain value whose encoding has `byte_count` bytes."""

    payload: ClassVar[Payload] = Payload.BYTES

    byte_count: int

    def encode(self, value: Any) -> Buffer:
        encoded = encode_plain(value)
        if len(encoded) != self.byte_count:
            raise InternalError(f"a payload of {self.byte_count} bytes was given {len(encoded)}")
        return memoryview(encoded)

    def decode(self, buffer: Buffer) -> Any:
        return decode_plain(bytes(buffer))


@dataclass(frozen=True)
class Length:
    """Payload codec of a length from 1 to `MAX_BYTES`."""

    payload: ClassVar[Payload] = Payload.BYTES

    byte_count: int = COUNT_BYTES

    def encode(self, value: int) -> Buffer:
        return memoryview(_count(value))

    def decode(self, buffer: Buffer) -> int:
        length = int.from_bytes(buffer, "little")
        if not 1 <= length <= MAX_BYTES:
            raise ValueError(f"a plain value has 1 to {MAX_BYTES} bytes, not {length}")
        return length
