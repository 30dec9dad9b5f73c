"""Rejection sampling: the same elements at both ends of a stream, exactly the bytes that are needed, no bias."""

from __future__ import annotations

import pytest

from spdz.errors import UsageError
from spdz.field import M5, M61, M127, Field
from spdz.field.mersenne import reference
from spdz.field.sampling import Fill

from .helpers import TESTED, Stream


def test_it_is_the_reference(field: Field) -> None:
    ours, theirs = Stream("same"), Stream("same")
    x = field.sample(ours.fill, (40, 25))
    assert x.ravel().to_ints() == reference.sample(field.modulus, theirs.draw, 1000)
    assert ours.requests == theirs.requests


def test_exactly_the_missing_words_are_drawn_again() -> None:
    stream = Stream("sizes")
    M5.sample(stream.fill, 10_000)
    first, second, *_ = stream.requests
    assert first == 80_000
    # One word in 32 is 31.
    assert 8 * 200 < second < 8 * 450
    assert stream.requests[-1] < stream.requests[0]


def scripted(*words: int) -> tuple[list[int], Fill]:
    """A byte source that hands out these words."""
    requests: list[int] = []
    supply = list(words)

    def fill(memory: memoryview) -> None:
        requests.append(len(memory))
        for at in range(len(memory) // 8):
            memory[8 * at : 8 * at + 8] = supply.pop(0).to_bytes(8, "little")

    return requests, fill


def test_rejected_words_are_replaced_from_the_end() -> None:
    # 31 is p, and so are its shifted copies above the masked bits; 2^63 masks to 0.
    requests, fill = scripted(3, 31, 2**63, 31 + 32, 2**64 - 1, 7, 31, 8, 9, 31, 10)
    assert M5.sample(fill, 6).to_ints() == [3, 0, 7, 8, 9, 10]
    assert requests == [48, 24, 8, 8]


@pytest.mark.parametrize("field", [M61, M127], ids=lambda field: field.name)
def test_the_encoding_of_p_is_rejected_in_large_fields_too(field: Field) -> None:
    width, requests = field.element_bytes, list[int]()

    def fill(memory: memoryview) -> None:
        requests.append(len(memory))
        # All bits set are p after masking; the second request gives ones.
        memory[:] = bytes([255]) * len(memory) if len(requests) == 1 else b"\x01".ljust(width, b"\0") * 3

    assert field.sample(fill, 3).to_ints() == [1, 1, 1]
    assert requests == [3 * width, 3 * width]


@pytest.mark.parametrize("field", [M5], ids=lambda field: field.name)
def test_small_field_is_uniform(field: Field) -> None:
    # Chi-square with 30 degrees of freedom: 59.7 is exceeded with probability 0.001. The stream is fixed.
    count = 62_000
    values = field.sample(Stream("uniform").fill, count).to_ints()
    expected = count / field.modulus
    statistic = sum((values.count(v) - expected) ** 2 / expected for v in range(field.modulus))
    assert statistic < 59.7


@pytest.mark.parametrize("field", TESTED[1:], ids=lambda field: field.name)
def test_every_bit_is_balanced(field: Field) -> None:
    # Pitfall 13: constant top bits. Six standard deviations of a fair coin.
    count = 4000
    bits = field.sample(Stream("bits").fill, count).bits()
    assert (abs(bits.sum(axis=0, dtype=int) - count / 2) < 6 * (count / 4) ** 0.5).all()


def test_into_a_slice_that_is_contiguous(field: Field) -> None:
    x = field.zeros((3, 8))
    field.sample_into(Stream("slice").fill, x[1])
    assert x[1].equals(field.sample(Stream("slice").fill, 8))
    assert x[0].is_zero().all()
    assert x[2].is_zero().all()


def test_refusals_and_nothing_to_draw(field: Field) -> None:
    stream = Stream("none")
    assert field.sample(stream.fill, (0, 3)).shape == (0, 3)
    assert stream.requests == []
    with pytest.raises(UsageError, match="contiguous"):
        field.sample_into(stream.fill, field.zeros((3, 8))[:, 0])
    other = M61 if field is not M61 else M5
    with pytest.raises(UsageError, match="cannot sample into"):
        field.sample_into(stream.fill, other.zeros(2))
    assert field.sample(stream.fill, ()).shape == ()
