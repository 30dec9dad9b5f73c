"""COPEe: q + t = x alpha for any number of values, block after block, call after call."""

from __future__ import annotations

import numpy as np
import pytest

from spdz.crypto.randomness import deterministic_randomness_for_tests
from spdz.field import M5, M13, M61, M127, Field, FieldArray
from spdz.preprocessing.vole import copee
from spdz.preprocessing.vole.copee import CopeeInputter, CopeeKeyHolder

FIELDS = pytest.mark.parametrize("field", [M5, M13, M61, M127], ids=str)


class Pair:
    """Key holder and inputter after an ideal base OT."""

    def __init__(self, field: Field, seed: bytes, alpha: int | None = None) -> None:
        self.field = field
        self.randomness = deterministic_randomness_for_tests(seed, "copee")
        self.alpha = self.random(()) if alpha is None else field.array(alpha)
        bits = [int(bit) for bit in self.alpha.reshape(1).bits()[0]]
        pairs = [(self.randomness.bytes(16), self.randomness.bytes(16)) for _ in bits]
        self.holder = CopeeKeyHolder(
            field, np.array(bits, np.uint8), [pair[bit] for pair, bit in zip(pairs, bits, strict=True)]
        )
        self.inputter = CopeeInputter(field, pairs)

    def random(self, shape: tuple[int, ...]) -> FieldArray:
        return self.field.sample(self.randomness.fill, shape)

    def extend(self, x: FieldArray) -> FieldArray:
        """q + t."""
        corrections, t = self.inputter.extend(x)
        return self.holder.extend(corrections) + t


@FIELDS
@pytest.mark.parametrize("count", [0, 1, 127, 128, 129])
def test_the_two_shares_add_up_to_the_product(field: Field, count: int, seed: bytes) -> None:
    pair = Pair(field, seed)
    for _ in range(3):
        x = pair.random((count,))
        assert pair.extend(x).equals(x * pair.alpha)


@FIELDS
@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_values_on_both_sides_of_a_block(
    field: Field, extra: int, seed: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copee, "BLOCK_BYTES", 10 * field.element_bytes)
    pair = Pair(field, seed)
    x = pair.random((20 + extra,))
    assert pair.extend(x).equals(x * pair.alpha)


@FIELDS
def test_extreme_keys_and_values(field: Field, seed: bytes) -> None:
    top = field.modulus - 1
    for alpha in (0, 1, top):
        x = field.array([0, 1, top])
        assert Pair(field, seed, alpha).extend(x).equals(x * alpha)


def test_the_same_value_twice_gives_other_corrections_and_other_shares(seed: bytes) -> None:
    pair = Pair(M61, seed)
    x = M61.array([3, 3])
    first, second = pair.inputter.extend(x), pair.inputter.extend(x)
    blocks = [message.reshape(61, 2)[:, place].to_ints() for message, _ in (first, second) for place in (0, 1)]
    assert len({value for block in blocks for value in block}) == 4 * 61
    shares = first[1].to_ints() + second[1].to_ints()
    assert len(set(shares)) == 4
