"""The two ends of an OT extension after an ideal base OT and ideal trees."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from spdz.crypto.randomness import Randomness, deterministic_randomness_for_tests
from spdz.params import COMPUTATIONAL_BITS, OT_TREE_BITS
from spdz.preprocessing.ot.base import BaseOts
from spdz.preprocessing.ot.extension import OtReceiver, OtSender, Place
from spdz.preprocessing.ot.instance import FIELD_OTS, OtInstance
from spdz.preprocessing.ot.trees import Seeds, by_distance

PLACE = Place(b"a session", 0, 1)
"""Of the OTs of an `OtPair`."""

DEPTHS = pytest.mark.parametrize("depth", OT_TREE_BITS)


class TreeBase:
    """Ideal base OTs of every ordered pair on the bits of a Delta: `deltas[own][peer]`, `ots[own][peer]`."""

    def __init__(self, parties: int, seed: bytes) -> None:
        randomness = deterministic_randomness_for_tests(seed, "base of trees")
        ends = [(a, b) for a in range(parties) for b in range(parties) if a != b]
        bits = {end: [byte & 1 for byte in randomness.bytes(COMPUTATIONAL_BITS)] for end in ends}
        pairs = {end: [(randomness.bytes(16), randomness.bytes(16)) for _ in bits[end]] for end in ends}
        self.deltas: list[dict[int, list[int]]] = [{} for _ in range(parties)]
        self.ots: list[dict[int, BaseOts]] = [{} for _ in range(parties)]
        for own, peer in ends:
            chosen = [pair[bit] for pair, bit in zip(pairs[own, peer], bits[own, peer], strict=True)]
            self.deltas[own][peer] = bits[own, peer]
            self.ots[own][peer] = BaseOts(chosen, pairs[peer, own])


def ideal_trees(randomness: Randomness, delta: list[int], depth: int) -> tuple[Seeds, Seeds]:
    """The seeds of the dealer of trees of this depth, and those of a holder with this Delta."""
    shape = (len(delta) // depth, 1 << depth, 16)
    dealt = np.frombuffer(randomness.bytes(int(np.prod(shape))), np.uint8).reshape(shape)
    return dealt, by_distance(dealt, np.array(delta, np.uint8).reshape(-1, depth))[:, 1:]


class OtPair:
    """Sender and receiver after ideal trees of `depth` base OTs."""

    def __init__(self, seed: bytes, depth: int = 1, instance: OtInstance = FIELD_OTS) -> None:
        self.randomness: Randomness = deterministic_randomness_for_tests(seed, "ot")
        self.delta = [byte & 1 for byte in self.randomness.bytes(instance.delta_bits)]
        self.depth = depth
        self.dealt, held = ideal_trees(self.randomness, self.delta, depth)
        self.sender = OtSender(PLACE, self.delta, held, instance)
        self.receiver = OtReceiver(PLACE, self.dealt, instance)

    def extend(self, rows: int) -> NDArray[np.uint8]:
        """One extension with random choices, which are returned as bits."""
        choices = np.frombuffer(self.randomness.bytes(rows // 8), np.uint8)
        message, self.received = self.receiver.extend(choices, self.randomness)
        self.sent = self.sender.extend(memoryview(message.tobytes()), rows)
        return np.unpackbits(choices, bitorder="little")

    def finish(self) -> None:
        """End the extension at both ends."""
        self.received.finish()
        self.sent.finish()

    def hashed(self, start: int, count: int) -> tuple[NDArray[np.uint64], ...]:
        """The receiver's hashes, and the sender's two."""
        rows, mine, zero, one = (np.empty((count, 2), np.uint64) for _ in range(4))
        self.received.hashed(start, count, rows, mine)
        self.sent.hashed(start, count, rows, (zero, one))
        return mine, zero, one
