"""Candidates of two and three parties are products, buckets of them too, and a wrong payload depends on one bit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from spdz.bits import leaky_and, words
from spdz.bits.arrays import Bits, Words
from spdz.errors import UsageError

from . import references as ref

PARTIES = (2, 3)


class Candidates:
    """Leaky triples whose OTs are hashes from nowhere: x, and y and z for one product or two."""

    def __init__(self, world: ref.Parties, size: int, products: int, errors: Words | None = None) -> None:
        self.world, parties = world, range(len(world.keys))
        self.choices = [ref.random_bits(world.seed + 100 + i, size) for i in parties]
        self.x = world.share(np.bitwise_xor.reduce(self.choices))
        self.ys = [world.share(ref.random_bits(world.seed + 200 + place, size)) for place in range(products)]
        self.zs = [[words.select(self.choices[i], y[i]) for i in parties] for y in self.ys]
        for i, j in itertools.permutations(parties, 2):
            world.seed += 1
            self._transfer(i, j, errors if (i, j) == (1, 0) else None)

    def _transfer(self, i: int, j: int, errors: Words | None) -> None:
        """Party j's words of y times party i's bits."""
        size = len(self.choices[i])
        h0, h1 = ref.random_words(self.world.seed, 2, size, 2)
        hm = np.where(self.choices[i][:, None].astype(bool), h1, h0)
        if len(self.ys) == 1:
            g = np.empty(size, np.uint64)
            leaky_and.payload(h0, h1, self.ys[0][j], g, self.zs[0][j])
            g ^= np.uint64(0) if errors is None else errors
            leaky_and.take(hm, self.choices[i], g, self.zs[0][i])
            return
        g = np.empty((size, 2), np.uint64)
        leaky_and.payload_pair(h0, h1, self.ys[0][j], self.ys[1][j], g, self.zs[0][j], self.zs[1][j])
        leaky_and.take_pair(hm, self.choices[i], g, self.zs[0][i], self.zs[1][i])

    def check(self) -> None:
        x = self.world.value(self.x)
        for y, z in zip(self.ys, self.zs, strict=True):
            np.testing.assert_array_equal(self.world.value(z), x & self.world.value(y))


@pytest.mark.parametrize("count", PARTIES)
@pytest.mark.parametrize("products", [1, 2])
def test_candidates_are_products(count: int, products: int) -> None:
    for size in (1, 100):
        Candidates(ref.Parties.make(count, size), size, products).check()


def test_the_payload_is_what_it_says() -> None:
    h0, h1 = ref.random_words(1, 2, 5, 2)
    y, y2, z, z2 = ref.random_words(2, 4, 5)
    before = z.copy(), z2.copy()
    g, pair = np.empty(5, np.uint64), np.empty((5, 2), np.uint64)
    leaky_and.payload(h0, h1, y, g, z)
    np.testing.assert_array_equal(g, h0[:, 0] ^ h1[:, 0] ^ y)
    np.testing.assert_array_equal(z, before[0] ^ h0[:, 0])
    leaky_and.payload_pair(h0, h1, y, y2, pair, z, z2)
    np.testing.assert_array_equal(pair, h0 ^ h1 ^ np.stack([y, y2], 1))
    np.testing.assert_array_equal(z, before[0])
    np.testing.assert_array_equal(z2, before[1] ^ h0[:, 1])


def test_a_wrong_payload_spoils_the_words_where_the_choice_is_one() -> None:
    world = ref.Parties.make(2, 7)
    errors = ref.random_words(8, 200) | np.uint64(1)
    made = Candidates(world, 200, 1, errors)
    right = world.value(made.x) & world.value(made.ys[0])
    off = ref.xor(made.zs[0]) ^ right * world.delta
    np.testing.assert_array_equal(off, words.select(made.choices[1], errors))


def buckets(first: Candidates, layers: list[tuple[Candidates, int]], cut: int) -> tuple[list[Words], list[list[Words]]]:
    """The layers joined to the first, in slices of the buckets."""
    parties = range(len(first.x))
    joined, products = [own.copy() for own in first.x], [[own.copy() for own in z] for z in first.zs]
    size = len(joined[0])
    for layer, shift in layers:
        for start, stop in ((0, cut), (cut, size)):
            opened = [_opened(first.ys[place], layer.ys[place], shift, start, stop) for place in range(len(first.zs))]
            for i in parties:
                own, members = [z[i] for z in products], [z[i] for z in layer.zs]
                target = [array[start:stop] for array in (joined[i], *own)]
                if len(opened) == 1:
                    leaky_and.bucket_combine(layer.x[i], *members, *opened, shift, *target, start)
                else:
                    leaky_and.bucket_combine_pair(layer.x[i], *members, *opened, shift, *target, start)
    return joined, products


def _opened(y1: list[Words], yb: list[Words], shift: int, start: int, stop: int) -> Bits:
    pairs = zip(y1, yb, strict=True)
    shares = [leaky_and.bucket_difference(own[start:stop], new, shift, start=start) for own, new in pairs]
    return np.asarray(np.bitwise_xor.reduce(shares), np.uint8)


@pytest.mark.parametrize("count", PARTIES)
@pytest.mark.parametrize("products", [1, 2])
@pytest.mark.parametrize("cut", [0, 13, 50])
def test_buckets_are_products(count: int, products: int, cut: int) -> None:
    size = 50
    world = ref.Parties.make(count, 11)
    first = Candidates(world, size, products)
    layers = []
    for shift in (0, 1, 37, size - 1):
        world.seed += 1000
        layers.append((Candidates(world, size, products), shift))
    x, zs = buckets(first, layers, cut)
    value = world.value(x)
    members = [np.roll(world.value(layer.x), -shift) for layer, shift in layers]
    np.testing.assert_array_equal(value, np.bitwise_xor.reduce([world.value(first.x), *members]))
    for y, z in zip(first.ys, zs, strict=True):
        np.testing.assert_array_equal(world.value(z), value & world.value(y))


def test_every_shift_of_a_small_layer() -> None:
    size = 5
    y1, yb, x, z, xb, zb = ref.random_words(12, 6, size)
    for shift in range(size):
        members = [(i + shift) % size for i in range(size)]
        d = leaky_and.bucket_difference(y1, yb, shift)
        assert d.tolist() == [int(y1[i] ^ yb[m]) & 1 for i, m in enumerate(members)]
        joined, product = x.copy(), z.copy()
        leaky_and.bucket_combine(xb, zb, d, shift, joined, product)
        assert joined.tolist() == [int(x[i] ^ xb[m]) for i, m in enumerate(members)]
        assert product.tolist() == [int(z[i] ^ zb[m]) ^ int(d[i]) * int(xb[m]) for i, m in enumerate(members)]


def test_shifts_and_slices_that_do_not_fit_are_refused() -> None:
    layer = np.zeros(6, np.uint64)
    for count, shift, start in ((6, 6, 0), (6, -1, 0), (3, 0, 4), (3, 0, -1), (7, 0, 0)):
        with pytest.raises(UsageError, match="do not fit a layer"):
            leaky_and.bucket_difference(np.zeros(count, np.uint64), layer, shift, start=start)
    assert leaky_and.bucket_difference(layer[:0], layer[:0], 0).tolist() == []


def test_arrays_that_do_not_fit_are_refused() -> None:
    rows, word, bits = np.zeros((4, 2), np.uint64), np.zeros(4, np.uint64), np.zeros(4, np.uint8)
    for wrong in (rows[:3], rows[:, 0], np.zeros((2, 4), np.uint64).T):
        with pytest.raises(UsageError, match="contiguous"):
            leaky_and.payload(rows, wrong, word, word, word)
        with pytest.raises(UsageError, match="contiguous"):
            leaky_and.take_pair(rows, bits, wrong, word, word.copy())
    with pytest.raises(UsageError, match="contiguous"):
        leaky_and.bucket_combine_pair(word, word, word[:3], bits, bits, 0, word, word, word)
