"""Leaves of the comparison tree for every value of the bits, and whole comparisons of public and shared numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spdz.bits import comparison, words
from spdz.bits.arrays import Bits, Words
from spdz.errors import UsageError
from spdz.field import M61, M127

from . import references as ref

PARTIES = (2, 3)
Node = tuple[list[Words], list[Words]]


@pytest.mark.parametrize("count", PARTIES)
def test_leaves_of_two_bits(count: int) -> None:
    world = ref.Parties.make(count, 1)
    c1, c0, r1, r0 = ref.all_bits(4)
    shares = [world.share(bits) for bits in (r1, r0, r1 & r0)]
    leaves = [comparison.leaf_pair(c1, c0, *own, key) for *own, key in zip(*shares, world.keys, strict=True)]
    less, equal = (world.value([leaf[place] for leaf in leaves]) for place in range(2))
    np.testing.assert_array_equal(less, 2 * c1 + c0 < 2 * r1 + r0)
    np.testing.assert_array_equal(equal, (c1 == r1) & (c0 == r0))


@pytest.mark.parametrize("count", PARTIES)
def test_leaves_of_one_bit(count: int) -> None:
    world = ref.Parties.make(count, 2)
    c, r = ref.all_bits(2)
    leaves = [comparison.leaf_single(c, own, key) for own, key in zip(world.share(r), world.keys, strict=True)]
    less, equal = (world.value([leaf[place] for leaf in leaves]) for place in range(2))
    np.testing.assert_array_equal(less, c < r)
    np.testing.assert_array_equal(equal, c == r)


def test_leaves_are_written_where_the_caller_says() -> None:
    c, q = ref.random_bits(1, 2, 9), ref.random_words(2, 3, 9)
    delta = np.uint64(7)
    out = ref.random_words(3, 2, 9)
    less, equal = comparison.leaf_pair(*c, *q, delta)
    comparison.leaf_pair(*c, *q, delta, out[0], out[1])
    np.testing.assert_array_equal(out, [less, equal])
    less, equal = comparison.leaf_single(c[0], q[0], delta)
    comparison.leaf_single(c[0], q[0], delta, out[0], out[1])
    np.testing.assert_array_equal(out, [less, equal])


@pytest.mark.parametrize("field", [M61, M127], ids=["M61", "M127"])
def test_bit_planes(field: type[M61]) -> None:
    width = field.modulus.bit_length()
    numbers = [0, 1, field.modulus - 1, field.modulus // 3, 2 ** (width - 1)]
    limbs = field.array(numbers).limbs
    for place in range(width):
        expected = [number >> place & 1 for number in numbers]
        assert comparison.bit_plane(limbs, place).tolist() == expected
        assert comparison.bit_plane(limbs[::2], place).tolist() == expected[::2]
    assert comparison.bit_plane(limbs[:, 0], 0).tolist() == [number & 1 for number in numbers]
    for place in (-1, 64 * limbs.shape[1]):
        with pytest.raises(UsageError, match="no bit"):
            comparison.bit_plane(limbs, place)
    with pytest.raises(UsageError, match="words, got"):
        comparison.bit_plane(limbs.view(np.uint8), 0)


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


def less_than(world: ref.Parties, c: Words, r: list[Bits]) -> Bits:
    """[c < r] by a tree whose leaves are pairs of bits, the odd one on top alone."""
    shared = [world.share(bits) for bits in r]
    planes = [comparison.bit_plane(c, place) for place in range(len(r))]
    nodes: list[Node] = []
    for j in range(0, len(r) - 1, 2):
        q = world.share(r[j] & r[j + 1])
        operands = zip(shared[j + 1], shared[j], q, world.keys, strict=True)
        leaves = [comparison.leaf_pair(planes[j + 1], planes[j], *own) for own in operands]
        nodes.append(([leaf[0] for leaf in leaves], [leaf[1] for leaf in leaves]))
    if len(r) % 2:
        top = [comparison.leaf_single(planes[-1], own, key) for own, key in zip(shared[-1], world.keys, strict=True)]
        nodes.append(([leaf[0] for leaf in top], [leaf[1] for leaf in top]))
    products = Products(world)
    while len(nodes) > 1:
        joined = []
        for lower, upper in zip(nodes[::2], nodes[1::2], strict=False):
            joined.append((products.of(upper[1], lower[0], upper[0]), products.of(upper[1], lower[1])))
        nodes = joined + nodes[2 * len(joined) :]
    return world.value(nodes[0][0])


@pytest.mark.parametrize("count", PARTIES)
@pytest.mark.parametrize("width", [1, 2, 3, 4, 5])
def test_all_comparisons_of_few_bits(count: int, width: int) -> None:
    values = np.arange(1 << width, dtype=np.uint64)
    c, r = (axis.ravel() for axis in np.meshgrid(values, values))
    planes = [comparison.bit_plane(r, place) for place in range(width)]
    np.testing.assert_array_equal(less_than(ref.Parties.make(count, width), c, planes), c < r)


@given(st.integers(1, 126), st.integers(0, 2**64), st.sampled_from(PARTIES))
@settings(deadline=None, max_examples=20)
def test_comparisons_of_many_bits(width: int, seed: int, count: int) -> None:
    c, r = ref.random_words(seed, 2, 30, 2)
    # Neighbours and equal numbers, which random ones never are.
    r[:10] = c[:10]
    r[:5, 0] ^= np.uint64(1)
    planes = [comparison.bit_plane(r, place) for place in range(width)]
    numbers = [[int(low) | int(high) << 64 for low, high in side] for side in (c, r)]
    expected = [a % 2**width < b % 2**width for a, b in zip(*numbers, strict=True)]
    assert less_than(ref.Parties.make(count, seed), c, planes).tolist() == expected


def test_arrays_that_do_not_fit_are_refused() -> None:
    word, bits, delta = np.zeros(4, np.uint64), np.zeros(4, np.uint8), np.uint64(1)
    for wrong in (word[:3], word.astype(np.int64), np.zeros(8, np.uint64)[::2]):
        with pytest.raises(UsageError, match="contiguous"):
            comparison.leaf_pair(bits, bits, word, word, wrong, delta)
        with pytest.raises(UsageError, match="contiguous"):
            comparison.leaf_single(bits, word, delta, wrong)
    with pytest.raises(UsageError, match="contiguous"):
        comparison.leaf_single(bits[:3], word, delta)
