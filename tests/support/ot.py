"""The two ends of an OT extension after an ideal base OT."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spdz.crypto.randomness import Randomness, deterministic_randomness_for_tests
from spdz.preprocessing.ot_extension import OtReceiver, OtSender


class OtPair:
    """Sender and receiver after an ideal base OT."""

    def __init__(self, seed: bytes) -> None:
        self.randomness: Randomness = deterministic_randomness_for_tests(seed, "ot")
        self.delta = [byte & 1 for byte in self.randomness.bytes(128)]
        pairs = [(self.randomness.bytes(16), self.randomness.bytes(16)) for _ in self.delta]
        self.sender = OtSender(self.delta, [pair[bit] for pair, bit in zip(pairs, self.delta, strict=True)])
        self.receiver = OtReceiver(pairs)

    def extend(self, rows: int) -> NDArray[np.uint8]:
        """One extension with random choices, which are returned as bits."""
        choices = np.frombuffer(self.randomness.bytes(rows // 8), np.uint8)
        message = self.receiver.extend(choices, self.randomness)
        self.sender.receive_columns(memoryview(message.tobytes()), rows)
        return np.unpackbits(choices, bitorder="little")

    def hashed(self, start: int, count: int) -> tuple[NDArray[np.uint64], ...]:
        """The receiver's hashes, and the sender's two."""
        rows, mine, zero, one = (np.empty((count, 2), np.uint64) for _ in range(4))
        self.receiver.hashed_rows(start, count, rows, mine)
        self.sender.hashed_rows(start, count, rows, (zero, one))
        return mine, zero, one
