"""COPEe: correlated oblivious product evaluation with errors.

Realises:  for x of the inputter and alpha of the key holder, q + t = x * alpha with q at the key holder and t at the
           inputter. An inputter who cheats makes q + t = x * alpha + (errors chosen by it, dependent on single bits of
           alpha); the check in `authenticate` finds that.
Source:    [KOS16], figure 2. Set-up once per session: k base OTs on the bits of alpha; then any number of values.
Symbols:   j bit of alpha, t0_j, t1_j streams under the two keys,
           u_j = t0_j - t1_j + x,  t = -sum 2^j t0_j,  q = sum 2^j (t_{alpha_j} + alpha_j u_j).
Streams go on from call to call, so no part of them is reused. On the wire u is a matrix of k rows, one for each bit,
lowest first. Work is cut into blocks of columns that stay in the cache; how does not show.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from spdz.crypto.prg import Prg
from spdz.errors import AuthenticationFailed
from spdz.field import Field, FieldArray
from spdz.field.fused import copee
from spdz.wire.steps import Harmless, Payload, declare

BLOCK_BYTES = 1 << 16
"""Size of one array of a block: five of them are in use at once and fit the second-level cache."""

COPEE_CORRECTIONS = declare(
    "copee.corrections",
    payload=Payload.ELEMENTS,
    source="[KOS16] figure 2, extend",
    tampering=(AuthenticationFailed, Harmless.NO_EFFECT),
)


def _blocks(field: Field, count: int) -> Iterator[slice]:
    step = BLOCK_BYTES // field.element_bytes
    for start in range(0, max(count, 1), step):
        yield slice(start, min(start + step, count))


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
        """Input `x` of shape (count,): returns the corrections u to send, of shape (k, count), and t."""
        streams = [(first.fill, second.fill) for first, second in self._prgs]
        message = self._field.empty((self._field.bits, x.size))
        parts = [
            copee.inputter_sums(self._field, x[block], streams, message[:, block])
            for block in _blocks(self._field, x.size)
        ]
        return message, -FieldArray.concatenate(parts)


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
        """Take the peer's corrections u, of shape (k, count), and return q of shape (count,)."""
        streams = [prg.fill for prg in self._prgs]
        blocks = _blocks(self._field, corrections.shape[1])
        parts = [copee.key_holder_sums(self._field, corrections[:, block], streams, self._bits) for block in blocks]
        return FieldArray.concatenate(parts)
