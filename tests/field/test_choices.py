"""The fused loops of products of bits, and of chains, against integers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from spdz.errors import UsageError
from spdz.field import M5, M7, M17, M19, M31, M61, M127, Field
from spdz.field.fused import choices

from .helpers import PLAIN, TESTED, Stream, edges
from .test_gadget import blocks_from, halves, reduced

FIELDS = pytest.mark.parametrize(
    "field", [M5, M7, *TESTED[1:2], M17, M19, M31, M61, M127, *PLAIN], ids=lambda f: f.name
)
INDICES = pytest.mark.parametrize("index", [0, 5, 2**40, 2**64 - 300])
COUNT = 300


def bits_from(stream: Stream) -> tuple[np.ndarray, np.ndarray]:
    """Packed bits, more than are used, and the bits."""
    packed = np.frombuffer(stream.draw(48), np.uint8).copy()
    return packed, np.unpackbits(packed, bitorder="little")


def values(field: Field, stream: Stream, first: list[int]) -> list[int]:
    return (first + field.sample(stream.fill, COUNT).to_ints())[:COUNT]


@FIELDS
@INDICES
@pytest.mark.parametrize("single", [False, True])
def test_the_sender(field: Field, index: int, single: bool, stream: Stream) -> None:
    p, h0, h1 = field.modulus, blocks_from(stream, COUNT), blocks_from(stream, COUNT)[::-1].copy()
    x = [edges(field)[-1]] * COUNT if single else values(field, stream, edges(field))
    d, out = field.empty(COUNT), field.empty(COUNT)
    given = field.array(x[0]) if single else field.array(x)
    choices.payload(field, halves(h0, index, stream), halves(h1, index, stream), index, given, d, out)
    q0, q1 = reduced(field, h0), reduced(field, h1)
    assert d.to_ints() == [(a - b + c) % p for a, b, c in zip(q0, q1, x, strict=True)]
    assert out.to_ints() == [-a % p for a in q0]


@FIELDS
@INDICES
@pytest.mark.parametrize("first", [0, 1, 63, 64, 84])
def test_the_receiver(field: Field, index: int, first: int, stream: Stream) -> None:
    p, h, (packed, bits) = field.modulus, blocks_from(stream, COUNT), bits_from(stream)
    d, before = values(field, stream, edges(field)), values(field, stream, edges(field)[::-1])
    out = field.array(before)
    choices.take(field, halves(h, index, stream), index, packed, first, field.array(d), out)
    chosen = bits[first : first + COUNT].tolist()
    rows = zip(before, reduced(field, h), chosen, d, strict=True)
    assert out.to_ints() == [(a + b + bit * c) % p for a, b, bit, c in rows]


@FIELDS
@pytest.mark.parametrize("single", [False, True])
def test_times(field: Field, single: bool, stream: Stream) -> None:
    packed, bits = bits_from(stream)
    x = [edges(field)[-1]] * COUNT if single else values(field, stream, edges(field))
    out = field.empty(COUNT)
    choices.times(field, packed, 7, field.array(x[0]) if single else field.array(x), out)
    assert out.to_ints() == [a * int(bit) for a, bit in zip(x, bits[7 : 7 + COUNT], strict=True)]


@FIELDS
def test_the_two_ends_add_up_to_the_product(field: Field, stream: Stream) -> None:
    x, (packed, bits) = field.sample(stream.fill, COUNT), bits_from(stream)
    h0, h1 = blocks_from(stream, COUNT), blocks_from(stream, COUNT) ^ np.uint64(5)
    d, sent, received = field.empty(COUNT), field.empty(COUNT), field.zeros(COUNT)
    choices.payload(field, halves(h0, 3, stream), halves(h1, 3, stream), 3, x, d, sent)
    own = np.where(bits[:COUNT, None] == 1, h1, h0)
    choices.take(field, halves(own, 3, stream), 3, packed, 0, d, received)
    assert (sent + received).equals(x * field.array(bits[:COUNT]))


@FIELDS
@pytest.mark.parametrize("single", [False, True])
def test_chains(field: Field, single: bool, stream: Stream) -> None:
    p, extremes = field.modulus, edges(field)
    start = [extremes[-1]] * COUNT if single else values(field, stream, extremes)
    total, w, x = (values(field, stream, part) for part in (extremes[::-1], extremes, extremes[1:]))
    out = field.empty(COUNT)
    begun, sums = field.array(start[0]) if single else field.array(start), field.array(total)
    choices.difference(field, begun, sums, field.array(w), out)
    opened = [(a - 2 * b - c) % p for a, b, c in zip(start, total, w, strict=True)]
    assert out.to_ints() == opened
    choices.add_product(field, field.array(w), out, field.array(x), sums)
    assert sums.to_ints() == [(a + b + c * d) % p for a, b, c, d in zip(total, w, opened, x, strict=True)]


def test_arrays_that_do_not_fit_are_refused(field: Field) -> None:
    h, two, three = np.zeros((3, 2), np.uint64), field.zeros(2), field.zeros(3)
    other, bits = (M31 if field != M31 else M61).zeros(3), np.zeros(8, np.uint8)
    both = (h, h)
    misuses: list[Callable[[], None]] = [
        lambda: choices.payload(field, both, (h, h[:2]), 0, three, three, three),
        lambda: choices.payload(field, both, both, 0, two, three, three),
        lambda: choices.payload(field, both, both, 0, three, two, three),
        lambda: choices.payload(field, both, both, 0, other, three, three),
        lambda: choices.payload(field, both, both, 0, three, field.ones(()).broadcast_to(3), three),
        lambda: choices.take(field, both, 0, bits, 62, three, three),
        lambda: choices.take(field, both, 0, bits, -1, three, three),
        lambda: choices.take(field, both, 0, bits[:7], 0, three, three),
        lambda: choices.take(field, both, 0, bits.astype(np.int64), 0, three, three),
        lambda: choices.take(field, both, 0, np.zeros(16, np.uint8)[::2], 0, three, three),
        lambda: choices.take(field, both, 0, bits, 0, two, three),
        lambda: choices.times(field, bits, 0, two, three),
        lambda: choices.times(field, bits, 0, three, field.ones(()).broadcast_to(3)),
        lambda: choices.difference(field, three, two, three, three),
        lambda: choices.difference(field, three, three, other, three),
        lambda: choices.add_product(field, three, two, three, three),
        lambda: choices.add_product(field, three, three, three, field.ones(()).broadcast_to(3)),
    ]
    for misuse in misuses:
        with pytest.raises(UsageError):
            misuse()
