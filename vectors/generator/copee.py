"""COPEe of one ordered pair: docs/wire, section 13. Source: [KOS16], figure 2."""

from __future__ import annotations

from vectors.generator.aes import Prg
from vectors.generator.field import Field


class Inputter:
    """Knows both keys of every base OT."""

    def __init__(self, field: Field, pairs: list[tuple[bytes, bytes]]) -> None:
        self._field = field
        self._prgs = [(Prg(first), Prg(second)) for first, second in pairs]

    def extend(self, x: list[int]) -> tuple[list[int], list[int]]:
        """(u, row by row; t)."""
        field, message = self._field, []
        t = [0] * len(x)
        for bit, (first, second) in enumerate(self._prgs):
            t0, t1 = field.sample(first, len(x)), field.sample(second, len(x))
            message += field.add(field.subtract(t0, t1), x)
            t = field.subtract(t, field.scale(1 << bit, t0))
        return message, t


class KeyHolder:
    """Knows the bits of alpha, and one key of every base OT."""

    def __init__(self, field: Field, bits: list[int], chosen: list[bytes]) -> None:
        self._field = field
        self._bits = bits
        self._prgs = [Prg(key) for key in chosen]

    def extend(self, message: list[int]) -> list[int]:
        """q."""
        field, count = self._field, len(message) // len(self._bits)
        q = [0] * count
        for position, (bit, prg) in enumerate(zip(self._bits, self._prgs, strict=True)):
            part = field.sample(prg, count)
            if bit:
                part = field.add(part, message[position * count : (position + 1) * count])
            q = field.add(q, field.scale(1 << position, part))
        return q
