"""What the tests of the field share: fields, edge values, strategies, a byte source that is not random at all."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from spdz.field import M5, M13, M61, M127, Field

PLAIN = tuple(replace(field, name=f"{field.name} plain", family="tests.field.plain_family") for field in (M13, M127))
"""Fields whose family has no fused loops."""

TESTED = (M5, M13, M61, M127)

# Kernels compile at their first call, which has nothing to do with the example at hand.
checked = settings(
    deadline=None,
    max_examples=60,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def edges(field: Field) -> list[int]:
    """Values at which carries, folds and limbs change over."""
    p = field.modulus
    candidates = {0, 1, 2, p - 1, p - 2, (p - 1) // 2, (p + 1) // 2}
    for position in (31, 32, 60, 61, 62, 63, 64, 65, 125, 126):
        candidates |= {2**position - 1, 2**position, 2**position + 1, p - 2**position}
    candidates |= {(2**63 - 1) << 64, ((2**63 - 1) << 64) | (2**64 - 2), 2**64 - 1, 0xFFFFFFFF00000000}
    return sorted(value for value in candidates if 0 <= value < p)


def elements(field: Field) -> st.SearchStrategy[int]:
    """Integers in [0, p), edges often among them."""
    return st.one_of(st.sampled_from(edges(field)), st.integers(0, field.modulus - 1))


def vectors(field: Field, count: int, longest: int = 40) -> st.SearchStrategy[list[list[int]]]:
    """`count` vectors of one common length."""
    together = st.lists(st.tuples(*[elements(field)] * count), min_size=1, max_size=longest)
    return together.map(lambda table: [list(column) for column in zip(*table, strict=True)])


class Stream:
    """Deterministic bytes from a counter, which remembers how much was asked for at a time."""

    def __init__(self, seed: str) -> None:
        self.seed, self.blocks, self.requests = seed, 0, list[int]()
        self.rest = b""

    def draw(self, count: int) -> bytes:
        self.requests.append(count)
        while len(self.rest) < count:
            self.rest += hashlib.shake_128(f"{self.seed} {self.blocks}".encode()).digest(1 << 16)
            self.blocks += 1
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def fill(self, memory: memoryview) -> None:
        memory[:] = self.draw(len(memory))
