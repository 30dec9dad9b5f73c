"""The fused loops of the OT protocols against their twins."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spdz.errors import UsageError
from spdz.field import M5, M7, M17, M19, M31, M61, M127, Field, FieldArray
from spdz.field.fused import copee, gadget
from spdz.field.mersenne import reference

from .helpers import PLAIN, TESTED, Stream, checked, edges, vectors

TESTED_FIELDS = pytest.mark.parametrize("field", TESTED + PLAIN, ids=lambda field: field.name)
ALL = (M5, M7, *TESTED[1:2], M17, M19, M31, M61, M127)
EDGE_WORDS = [0, 1, 2**31, 2**32 - 1, 2**61 - 2, 2**61 - 1, 2**61, 2**62, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1]


def blocks_from(stream: Stream, count: int) -> np.ndarray:
    """Raw 128-bit blocks: edge patterns first, then bytes of the stream."""
    edge = np.array([(low, high) for low in EDGE_WORDS for high in EDGE_WORDS], dtype=np.uint64)
    drawn = np.frombuffer(stream.draw(16 * count), dtype=np.uint64).reshape(count, 2)
    return np.concatenate([edge, drawn])[:count]


def halves(hashes: np.ndarray, first_index: int, stream: Stream) -> tuple[np.ndarray, np.ndarray]:
    """Two arrays as `TweakableHash.permute` leaves them: their XOR with the index is the hash."""
    inner = np.frombuffer(stream.draw(16 * len(hashes)), dtype=np.uint64).reshape(len(hashes), 2)
    outer = inner ^ hashes
    outer[:, 0] ^= np.arange(len(hashes), dtype=np.uint64) + np.uint64(first_index)
    return inner, outer


def reduced(field: Field, blocks: np.ndarray) -> list[int]:
    return reference.reduce_blocks(field.modulus, [(int(low), int(high)) for low, high in blocks])


@pytest.mark.parametrize("field", ALL, ids=lambda field: field.name)
def test_blocks_are_reduced(field: Field, stream: Stream) -> None:
    p, blocks = field.modulus, blocks_from(stream, 1000)
    assert field.reduce_blocks(blocks).to_ints() == reduced(field, blocks)
    # Multiples of p and their neighbours.
    near = [(p * factor + offset) % 2**128 for factor in (1, 2, 3, 2**64, 2**128 // p) for offset in (-1, 0, 1)]
    words = np.array([(value % 2**64, value >> 64) for value in near], dtype=np.uint64)
    out = field.zeros(len(near))
    assert field.reduce_blocks(words, out=out) is out
    assert out.to_ints() == [value % p for value in near]


def test_folding_bounds() -> None:
    """`canonical` needs less than 2 p: check what the chains of folds in element.py leave, for every exponent."""

    def after_fold(bound: int, e: int) -> int:
        # The largest (s mod 2^e) + (s >> e) over s <= bound.
        q, r = divmod(bound, 2**e)
        return max(q + r, q - 1 + 2**e - 1 if q else 0)

    for field in ALL[:-1]:
        e = field.bits
        w = e * (62 // e)
        assert 43 <= w <= 62
        whole = 2**w - 1
        three_pieces = whole + whole + (2**64 - 1 >> (2 * w - 64))
        assert three_pieces < 2**64
        bound = after_fold(three_pieces, w)
        for _ in range(w // e if w > e else 0):
            bound = after_fold(bound, e)
        assert bound < 2 * field.modulus
        bound = 2**64 - 1
        for _ in range(64 // e + 1):
            bound = after_fold(bound, e)
        assert bound < 2 * field.modulus


@TESTED_FIELDS
@checked
@given(data=st.data(), count=st.integers(1, 5))
def test_copee_against_its_reference(field: Field, data: st.DataObject, count: int) -> None:
    """Every base OT in turn, from the highest down, on streams of chosen elements."""
    p, k = field.modulus, field.bits
    (x, *drawn) = data.draw(vectors(field, 4))
    x, t0, t1 = x[:1], drawn[0][:1], drawn[1][:1]
    bits = data.draw(st.lists(st.integers(0, 1), min_size=k, max_size=k))

    def always(element: list[int]) -> Callable[[memoryview], None]:
        def fill(buffer: memoryview) -> None:
            buffer[:] = field.array(element * (len(buffer) // field.element_bytes)).to_bytes()

        return fill

    u = field.empty((k, count))
    total = copee.inputter_sums(field, field.array(x * count), [(always(t0), always(t1))] * k, u)
    expected, expected_u = [0], [0]
    for _ in range(k):
        expected, expected_u = reference.copee_sender_step(p, expected, x, t0, t1)
    assert total.to_ints() == expected * count
    assert u.to_ints() == [expected_u * count] * k

    received = copee.key_holder_sums(field, u, [always(t0)] * k, np.array(bits, np.uint8))
    expected = [0]
    for bit in reversed(bits):
        expected = reference.copee_receiver_step(p, expected, t0, expected_u, bit)
    assert received.to_ints() == expected * count


def test_copee_as_a_whole(field: Field, stream: Stream) -> None:
    """q + t = x * alpha, which is what COPEe is for; also where the corrections are columns of a wider matrix."""
    x, key = field.sample(stream.fill, 20), field.sample(stream.fill, 1)
    bits = key.bits()[0]
    seeds = [[field.sample(stream.fill, 20).to_bytes() for _ in range(2)] for _ in range(field.bits)]

    def replay(data: bytes) -> Callable[[memoryview], None]:
        def fill(buffer: memoryview) -> None:
            buffer[:] = data

        return fill

    wide = field.zeros((field.bits, 30))
    u = wide[:, 5:25]
    sender = copee.inputter_sums(field, x, [(replay(first), replay(second)) for first, second in seeds], u)
    receiver = copee.key_holder_sums(field, u, [replay(pair[bit]) for pair, bit in zip(seeds, bits, strict=True)], bits)
    assert (receiver - sender).equals(x * key)
    assert wide[:, :5].is_zero().all()
    assert wide[:, 25:].is_zero().all()


@TESTED_FIELDS
@checked
@given(data=st.data())
def test_bits(field: Field, data: st.DataObject) -> None:
    (x,) = data.draw(vectors(field, 1))
    array = field.array(x)
    bits = array.bits()
    assert (bits.dtype, bits.tolist()) == (np.uint8, reference.bit_decompose(field.bits, x))
    assert gadget.packed_bits(field, array).tobytes() == reference.packed_bits(field.bits, x)
    assert gadget.packed_bits(field, array).tobytes() == np.packbits(bits, bitorder="little").tobytes()


def test_bits_of_nothing_and_of_a_table(field: Field, stream: Stream) -> None:
    assert field.zeros(0).bits().shape == (0, field.bits)
    assert gadget.packed_bits(field, field.zeros(0)).shape == (0,)
    x = field.sample(stream.fill, (3, 5))
    assert x.T.bits().tolist() == x.T.ravel().bits().tolist()
    assert gadget.packed_bits(field, x).tobytes() == gadget.packed_bits(field, x.ravel()).tobytes()


@pytest.mark.parametrize("count", [1, 7, 8, 63, 64, 65, 128])
def test_packed_bits_at_awkward_counts(field: Field, count: int) -> None:
    x = field.full(count, field.modulus - 1)
    assert gadget.packed_bits(field, x).tobytes() == reference.packed_bits(field.bits, x.to_ints())


@pytest.mark.parametrize("field", ALL, ids=lambda field: field.name)
@pytest.mark.parametrize("index", [0, 5, 2**40, 2**64 - 23 * 127])
def test_ot_products(field: Field, index: int, stream: Stream) -> None:
    p, k, count = field.modulus, field.bits, 23
    h0, h1 = blocks_from(stream, count * k), blocks_from(stream, count * k)[::-1].copy()
    a, b = field.array((edges(field)[::-1] * count)[:count]), field.array((edges(field) * count)[:count])
    d, sent, received = field.empty(count * k), field.empty(count), field.empty(count)
    q0, q1 = reduced(field, h0), reduced(field, h1)
    zero, one = halves(h0, index, stream), halves(h1, index, stream)
    gadget.sender_products(field, zero, one, index, b, d, sent)
    assert (d.to_ints(), sent.to_ints()) == reference.ot_sender_products(p, q0, q1, b.to_ints())
    gadget.receiver_products(field, one, index, a, d, received)
    assert received.to_ints() == reference.ot_receiver_products(p, q1, a.to_ints(), d.to_ints())


@pytest.mark.parametrize("field", ALL, ids=lambda field: field.name)
def test_hashes_at_the_edges(field: Field, stream: Stream) -> None:
    """Every hash and every entry of d is the same extreme block, so that all sums are as large as they can be."""
    p, k = field.modulus, field.bits
    for word in EDGE_WORDS:
        h, zeros = np.full((2 * k, 2), word, np.uint64), np.zeros((2 * k, 2), np.uint64)
        for value in edges(field):
            a, d, received = field.full(2, value), field.full(2 * k, p - 1), field.empty(2)
            gadget.receiver_products(field, halves(h, 0, stream), 0, a, d, received)
            q = reduced(field, h)
            assert received.to_ints() == reference.ot_receiver_products(p, q, a.to_ints(), d.to_ints())
            sent = field.empty(2)
            gadget.sender_products(field, halves(h, 0, stream), halves(zeros, 0, stream), 0, a, d, sent)
            expected = reference.ot_sender_products(p, q, [0] * (2 * k), a.to_ints())
            assert (d.to_ints(), sent.to_ints()) == expected


def test_ot_multiplication_as_a_whole(field: Field, stream: Stream) -> None:
    """The receiver ends with a * b + the sender's sum, which is what the gadget is for."""
    count, k = 12, field.bits
    a, b = field.sample(stream.fill, count), field.sample(stream.fill, count)
    h0, h1 = blocks_from(stream, count * k), blocks_from(stream, count * k) ^ np.uint64(5)
    d, sent, received = field.empty(count * k), field.empty(count), field.empty(count)
    gadget.sender_products(field, halves(h0, 7, stream), halves(h1, 7, stream), 7, b, d, sent)
    chosen = np.where(a.bits().reshape(-1, 1) == 1, h1, h0)
    gadget.receiver_products(field, halves(chosen, 7, stream), 7, a, d, received)
    assert (received - sent).equals(a * b)


def test_arrays_that_do_not_fit_are_refused(field: Field, stream: Stream) -> None:
    k, three, two = field.bits, field.zeros(3), field.zeros(2)
    h = np.zeros((3 * k, 2), dtype=np.uint64)
    other = M31.zeros(3)
    streams = [(stream.fill, stream.fill)] * k
    bits = np.zeros(k, np.uint8)
    misuses = [
        lambda: copee.inputter_sums(field, three, streams, field.zeros((k, 2))),
        lambda: copee.inputter_sums(field, three, streams, M31.zeros((k, 3))),
        lambda: copee.inputter_sums(field, three, streams[1:], field.zeros((k, 3))),
        lambda: copee.inputter_sums(field, other, streams, field.zeros((k, 3))),
        lambda: copee.inputter_sums(field, field.zeros((3, 1)), streams, field.zeros((k, 3))),
        lambda: copee.inputter_sums(field, three, streams, field.zeros((3, k)).T),
        lambda: copee.inputter_sums(field, three, streams, field.zeros(()).broadcast_to((k, 3))),
        lambda: copee.key_holder_sums(field, field.zeros((k + 1, 3)), streams, bits),  # type: ignore[arg-type]
        lambda: copee.key_holder_sums(field, field.zeros((k, 3)), streams, bits[1:]),  # type: ignore[arg-type]
        lambda: copee.key_holder_sums(field, other.reshape(1, 3), streams, bits),  # type: ignore[arg-type]
        lambda: gadget.sender_products(field, (h, h), (h, h[:-1]), 0, three, field.zeros(3 * k), three),
        lambda: gadget.sender_products(field, (h, h), (h, h), 0, three, three, three),
        lambda: gadget.sender_products(field, (h, h.astype(np.int64)), (h, h), 0, three, field.zeros(3 * k), three),
        lambda: gadget.receiver_products(field, (h.reshape(-1), h), 0, three, field.zeros(3 * k), three),
        lambda: gadget.receiver_products(field, (h, h), 0, three, field.zeros(3 * k), two),
        lambda: gadget.receiver_products(field, (h, h), 0, other, field.zeros(3 * k), three),
        lambda: field.reduce_blocks(np.zeros((3, 3), np.uint64)),
        lambda: field.reduce_blocks(h, out=three),
        lambda: field.reduce_blocks([[1, 2]]),  # type: ignore[arg-type]
        lambda: three.dot(two),
        lambda: gadget.packed_bits(field, other),
    ]
    for misuse in misuses:
        with pytest.raises(UsageError):
            misuse()


def test_read_only_inputs_are_read(field: Field, stream: Stream) -> None:
    count, k = 4, field.bits
    h = blocks_from(stream, count * k)
    h.setflags(write=False)
    received, d = field.empty(count), field.from_bytes(field.ones(count * k).to_bytes(), count * k)
    nothing, everything = field.zeros(count), field.full(count, field.modulus - 1)
    gadget.receiver_products(field, (h, h), 0, nothing, d, received)
    before: FieldArray = received.copy()
    gadget.receiver_products(field, (h, h), 0, everything, d, received)
    # p - 1 has all bits but the lowest.
    assert (received - before).equals(field.full(count, (2**k - 2) % field.modulus))
