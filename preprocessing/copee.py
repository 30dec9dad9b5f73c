"""COPEe: correlated oblivious product evaluation with errors.

Realises:  for x of the inputter and alpha of the key holder, q + t = x * alpha with q at the key holder and t at the
           inputter. An inputter who cheats makes q + t = x * alpha + (errors chosen by it, dependent on single bits of
           alpha); the check in `authenticate` finds that.
Source:    [KOS16], figure 2. Set-up once per session: k base OTs on the bits of alpha; then any number of values.
Symbols:   j bit of alpha, t0_j, t1_j streams under the two keys,
           u_j = t0_j - t1_j + x,  t = -sum 2^j t0_j,  q = sum 2^j (t_{alpha_j} + alpha_j u_j).
Sums over 2^j run by Horner from the highest bit down. Streams go on from call to call, so no part of them is reused.
Work is cut into blocks of values that stay in the cache; u is laid out block by block, each by bits from high to low.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spdz.crypto.prg import Prg
from spdz.errors import AuthenticationFailed
from spdz.field import Field, FieldArray
from spdz.wire.steps import Harmless, declare

BLOCK_BYTES = 1 << 15
"""Size of one array of a block: six of them are in use at once and fit the second-level cache."""

COPEE_CORRECTIONS = declare(
    "copee.corrections",
    source="[KOS16] figure 2, extend",
    tampering=(AuthenticationFailed, Harmless.NO_EFFECT),
)


def _blocks(field: Field, count: int) -> Iterator[tuple[int, int]]:
    step = BLOCK_BYTES // field.element_bytes
    for start in range(0, count, step):
        yield start, min(step, count - start)


class CopeeInputter:
    """The side that inputs x; knows both keys of every base OT and nothing of alpha."""

    def __init__(self, field: Field, pairs: list[tuple[bytes, bytes]]) -> None:
        self._field = field
        self._prgs = [(Prg(first), Prg(second)) for first, second in pairs]

    def wipe(self) -> None:
        """Forget the streams."""
        for first, second in self._prgs:
            first.wipe()
            second.wipe()

    def extend(self, x: FieldArray) -> tuple[FieldArray, FieldArray]:
        """Input `x` of shape (count,): returns the corrections u to send, of shape (count * k,), and t."""
        message = self._field.empty((x.size * self._field.bits,))
        result = self._field.zeros((x.size,))
        position = 0
        for start, size in _blocks(self._field, x.size):
            total, values = result[start : start + size], x[start : start + size]
            t0, t1 = self._field.empty((size,)), self._field.empty((size,))
            for first, second in reversed(self._prgs):
                self._field.sample_into(first.fill, t0)
                self._field.sample_into(second.fill, t1)
                self._field.copee_sender_step(total, values, t0, t1, message[position : position + size])
                position += size
        return message, -result


class CopeeKeyHolder:
    """The side that holds alpha; knows one key of every base OT."""

    def __init__(self, field: Field, alpha_bits: NDArray[np.uint8], chosen: list[bytes]) -> None:
        self._field = field
        self._bits = alpha_bits
        self._prgs = [Prg(seed) for seed in chosen]

    def wipe(self) -> None:
        """Overwrite the bits of alpha and forget the streams."""
        self._bits.fill(0)
        for prg in self._prgs:
            prg.wipe()

    def extend(self, corrections: FieldArray) -> FieldArray:
        """Take the peer's corrections u and return q of shape (count,)."""
        count = corrections.size // self._field.bits
        result = self._field.zeros((count,))
        position = 0
        for start, size in _blocks(self._field, count):
            total, t = result[start : start + size], self._field.empty((size,))
            for bit, prg in zip(self._bits[::-1], reversed(self._prgs), strict=True):
                self._field.sample_into(prg.fill, t)
                self._field.copee_receiver_step(total, t, corrections[position : position + size], int(bit))
                position += size
        return result
