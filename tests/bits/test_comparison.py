"""Leaves of the comparison tree for every value of the bits, and whole comparisons of public and shared numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spdz.bits import comparison, words
from spdz.bits.arrays import Bits, Words
from spdz.errors import UsageError

from . import references as ref

PARTIES = (2, 3)
Node = tuple[list[Words], list[Words]]


def shared_bits(world: ref.Parties, bits: Bits) -> list[Words]:
    """Words of an array (n, bits), by party."""
    return [own.reshape(bits.shape) for own in world.share(bits.ravel())]


def masks(world: ref.Parties, bits: Bits) -> list[tuple[Words, Words]]:
    """Words of r and of the products of neighbours, by party."""
    pairs = bits.shape[1] // 2
    neighbours = bits[:, 1 : 2 * pairs : 2] & bits[:, 0 : 2 * pairs : 2]
    return list(zip(shared_bits(world, bits), shared_bits(world, neighbours), strict=True))


def values(world: ref.Parties, planes: list[Words]) -> Bits:
    """The bits that planes stand for."""
    return world.value([own.ravel() for own in planes]).reshape(planes[0].shape)


@pytest.mark.parametrize("count", PARTIES)
@pytest.mark.parametrize("place", [0, 2, 62, 64, 126])
def test_leaves_of_two_bits(count: int, place: int) -> None:
    """Every value of four bits at a place of long numbers, whose other bits do not matter."""
    world = ref.Parties.make(count, 1)
    c1, c0, r1, r0 = ref.all_bits(4)
    numbers, bits = ref.random_words(3, 16, 2), ref.random_bits(4, 16, 128)
    limb, shift = place // 64, np.uint64(place % 64)
    numbers[:, limb] &= ~(np.uint64(3) << shift)
    numbers[:, limb] |= (2 * c1 + c0).astype(np.uint64) << shift
    bits[:, place + 1], bits[:, place] = r1, r0
    pairs = range(place // 2, place // 2 + 1)
    leaves = [
        comparison.leaf_pairs(numbers, *own, pairs, key)
        for own, key in zip(masks(world, bits), world.keys, strict=True)
    ]
    less, equal = (values(world, [leaf[which] for leaf in leaves])[0] for which in range(2))
    np.testing.assert_array_equal(less, 2 * c1 + c0 < 2 * r1 + r0)
    np.testing.assert_array_equal(equal, (c1 == r1) & (c0 == r0))


@pytest.mark.parametrize("count", PARTIES)
@pytest.mark.parametrize("place", [0, 63, 64, 127])
def test_leaves_of_one_bit(count: int, place: int) -> None:
    world = ref.Parties.make(count, 2)
    c, r = ref.all_bits(2)
    numbers, bits = ref.random_words(3, 4, 2), ref.random_bits(4, 4, 128)
    numbers[:, place // 64] &= ~(np.uint64(1) << np.uint64(place % 64))
    numbers[:, place // 64] |= c.astype(np.uint64) << np.uint64(place % 64)
    bits[:, place] = r
    shares = zip(shared_bits(world, bits), world.keys, strict=True)
    leaves = [comparison.leaf_of_bit(numbers, own, place, key) for own, key in shares]
    less, equal = (world.value([leaf[which] for leaf in leaves]) for which in range(2))
    np.testing.assert_array_equal(less, c < r)
    np.testing.assert_array_equal(equal, c == r)


@pytest.mark.parametrize("count", PARTIES)
@pytest.mark.parametrize("length", [1, 63, 64, 65, 200])
def test_bits_of_a_difference(count: int, length: int) -> None:
    world = ref.Parties.make(count, 5)
    numbers, bits, borrow = (
        ref.random_words(6, length, 2),
        ref.random_bits(7, length, 80),
        ref.random_bits(8, 9, length),
    )
    shares = zip(shared_bits(world, bits), shared_bits(world, borrow), world.keys, strict=True)
    found = values(world, [comparison.differences(numbers, own, 60, down, key) for own, down, key in shares])
    public = np.array([[int(low) | int(high) << 64 for low, high in numbers]]).T >> np.arange(60, 69, dtype=object) & 1
    np.testing.assert_array_equal(found, public.astype(np.uint8) ^ bits[:, 60:69] ^ borrow.T)


class Products:
    """Beaver products of shared bits; triples come from nowhere."""

    def __init__(self, world: ref.Parties) -> None:
        self.world = world

    def of(self, u: list[Words], v: list[Words], addend: list[Words] | None = None) -> list[Words]:
        x, y = (ref.random_bits(self.world.seed + shift, len(u[0])) for shift in (1000, 2000))
        a, b, c = (self.world.share(bits) for bits in (x, y, x & y))
        d = np.bitwise_xor.reduce([words.difference_bits(own, mask) for own, mask in zip(u, a, strict=True)])
        e = np.bitwise_xor.reduce([words.difference_bits(own, mask) for own, mask in zip(v, b, strict=True)])
        more = [None] * len(u) if addend is None else addend
        triple = zip(a, b, c, self.world.keys, more, strict=True)
        return [words.beaver(*own, d, e, key, addend=plus) for *own, key, plus in triple]


def less_than(world: ref.Parties, c: Words, r: Bits) -> Bits:
    """[c < r] by a tree whose leaves are pairs of bits, the odd one on top alone."""
    width = r.shape[1]
    planes = [
        comparison.leaf_pairs(c, *own, range(width // 2), key)
        for own, key in zip(masks(world, r), world.keys, strict=True)
    ]
    nodes: list[Node] = [
        ([less[leaf] for less, _ in planes], [equal[leaf] for _, equal in planes]) for leaf in range(width // 2)
    ]
    if width % 2:
        shares = zip(shared_bits(world, r), world.keys, strict=True)
        top = [comparison.leaf_of_bit(c, own, width - 1, key) for own, key in shares]
        nodes.append(([leaf[0] for leaf in top], [leaf[1] for leaf in top]))
    products = Products(world)
    while len(nodes) > 1:
        joined = []
        for lower, upper in zip(nodes[::2], nodes[1::2], strict=False):
            joined.append((products.of(upper[1], lower[0], upper[0]), products.of(upper[1], lower[1])))
        nodes = joined + nodes[2 * len(joined) :]
    return world.value(nodes[0][0])


def bits_of(numbers: Words, width: int) -> Bits:
    """(n, limbs) to (n, width)."""
    octets = np.ascontiguousarray(numbers).view(np.uint8)
    return np.unpackbits(octets, axis=1, count=width, bitorder="little")


@pytest.mark.parametrize("count", PARTIES)
@pytest.mark.parametrize("width", [1, 2, 3, 4, 5])
def test_all_comparisons_of_few_bits(count: int, width: int) -> None:
    every = np.arange(1 << width, dtype=np.uint64)
    c, r = (axis.reshape(-1, 1) for axis in np.meshgrid(every, every))
    found = less_than(ref.Parties.make(count, width), np.ascontiguousarray(c), bits_of(r, width))
    np.testing.assert_array_equal(found, (c < r)[:, 0])


@given(st.integers(1, 126), st.integers(0, 2**64), st.sampled_from(PARTIES))
@settings(deadline=None, max_examples=20)
def test_comparisons_of_many_bits(width: int, seed: int, count: int) -> None:
    c, r = ref.random_words(seed, 2, 30, 2)
    # Neighbours and equal numbers, which random ones never are.
    r[:10] = c[:10]
    r[:5, 0] ^= np.uint64(1)
    numbers = [[int(low) | int(high) << 64 for low, high in side] for side in (c, r)]
    expected = [a % 2**width < b % 2**width for a, b in zip(*numbers, strict=True)]
    assert less_than(ref.Parties.make(count, seed), c, bits_of(r, width)).tolist() == expected


def test_arrays_that_do_not_fit_are_refused() -> None:
    c, r, q = np.zeros((4, 1), np.uint64), np.zeros((4, 7), np.uint64), np.zeros((4, 3), np.uint64)
    delta, borrow = np.uint64(1), np.zeros((2, 4), np.uint64)
    comparison.leaf_pairs(c, r, q, range(3), delta)
    comparison.leaf_of_bit(c, r, 6, delta)
    comparison.differences(c, r, 5, borrow, delta)
    for wrong in (r[:3], r.astype(np.int64), np.zeros((4, 14), np.uint64)[:, ::2]):
        with pytest.raises(UsageError, match="contiguous"):
            comparison.leaf_pairs(c, wrong, q, range(3), delta)
        with pytest.raises(UsageError, match="contiguous"):
            comparison.leaf_of_bit(c, wrong, 6, delta)
        with pytest.raises(UsageError, match="contiguous"):
            comparison.differences(c, wrong, 5, borrow, delta)
    for pairs, products in ((range(4), np.zeros((4, 4), np.uint64)), (range(3), q[:, :2].copy()), (range(0, 3, 2), q)):
        with pytest.raises(UsageError, match="no pairs of bits"):
            comparison.leaf_pairs(c, r, products, pairs, delta)
    with pytest.raises(UsageError, match="no 65 bits"):
        comparison.leaf_of_bit(c, np.zeros((4, 70), np.uint64), 64, delta)
    with pytest.raises(UsageError, match="no 8 bits"):
        comparison.differences(c, r, 6, borrow, delta)
