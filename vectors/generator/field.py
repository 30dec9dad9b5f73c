"""Mersenne prime fields on Python ints: docs/wire, section 5."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from vectors.generator.aes import Prg


class NotCanonicalError(ValueError):
    """Bytes that stand for no array of field elements."""


@dataclass(frozen=True)
class Field:
    """The field of p = 2^bits - 1 elements."""

    bits: int

    @property
    def name(self) -> str:
        return f"M{self.bits}"

    @property
    def p(self) -> int:
        return (1 << self.bits) - 1

    @property
    def width(self) -> int:
        """Bytes of one element."""
        return 8 if self.bits <= 64 else 16

    def combined_copies(self, parties: int) -> int:
        """tau, for 60 bits of statistical security."""
        copies = 2
        while 1 << self.bits * (copies - 2) < (parties - 1) ** 2 * 4**60:
            copies += 1
        return copies

    def encode(self, values: Iterable[int]) -> bytes:
        """An array of elements."""
        return b"".join(value.to_bytes(self.width, "little") for value in values)

    def decode(self, data: bytes, count: int | None = None) -> list[int]:
        """The elements of a payload, `count` of them if given."""
        if len(data) % self.width or count not in (None, len(data) // self.width):
            raise NotCanonicalError("wrong length")
        places = range(0, len(data), self.width)
        values = [int.from_bytes(data[place : place + self.width], "little") for place in places]
        if any(value >= self.p for value in values):
            raise NotCanonicalError("not below p")
        return values

    def sample(self, stream: Prg, count: int) -> list[int]:
        """Uniform elements: one word each, upper bits dropped, all ones rejected."""
        values: list[int] = []
        while len(values) < count:
            value = int.from_bytes(stream.read(self.width), "little") & self.p
            if value != self.p:
                values.append(value)
        return values

    def inverse(self, value: int) -> int:
        return pow(value, -1, self.p)

    def root(self, square: int) -> int | None:
        """The smaller square root, or None."""
        root = pow(square, (self.p + 1) // 4, self.p)
        return min(root, self.p - root) if root * root % self.p == square else None

    def dot(self, left: Sequence[int], right: Sequence[int]) -> int:
        """The inner product."""
        return sum(x * y for x, y in zip(left, right, strict=True)) % self.p

    def add(self, left: Sequence[int], right: Sequence[int]) -> list[int]:
        """Elementwise sum."""
        return [(x + y) % self.p for x, y in zip(left, right, strict=True)]

    def subtract(self, left: Sequence[int], right: Sequence[int]) -> list[int]:
        """Elementwise difference."""
        return [(x - y) % self.p for x, y in zip(left, right, strict=True)]

    def scale(self, factor: int, values: Sequence[int]) -> list[int]:
        """A multiple of every element."""
        return [factor * value % self.p for value in values]

    def total(self, arrays: Iterable[Sequence[int]]) -> list[int]:
        """The elementwise sum of several arrays."""
        return [sum(column) % self.p for column in zip(*arrays, strict=True)]


FIELDS = {f"M{bits}": Field(bits) for bits in (5, 7, 13, 17, 19, 31, 61, 127)}
