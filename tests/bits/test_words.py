"""Loops over words of shared bits equal what they say, for every value of the bits and for two and three parties."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from spdz.bits import words as w
from spdz.errors import UsageError

from . import references as ref

COUNTS = (0, 1, 7, 8, 9, 64, 1001)
PARTIES = (2, 3)


@pytest.mark.parametrize("count", COUNTS)
def test_lowest_bits(count: int) -> None:
    x, a = ref.random_words(count, 2, count)
    bits = [word & 1 for word in x.tolist()]
    assert w.lowest_bits(x).tolist() == bits
    packed = [sum(bit << place for place, bit in enumerate(bits[at : at + 8])) for at in range(0, count, 8)]
    assert w.packed_lowest_bits(x).tolist() == packed
    assert w.difference_bits(x, a).tolist() == [(p ^ q) & 1 for p, q in zip(x.tolist(), a.tolist(), strict=True)]


@pytest.mark.parametrize("count", COUNTS)
def test_products_with_public_bits(count: int) -> None:
    words, bits = ref.random_words(count, count), ref.random_bits(count + 1, count)
    expected = [word if bit else 0 for word, bit in zip(words.tolist(), bits.tolist(), strict=True)]
    assert w.select(bits, words).tolist() == expected
    out = words.copy()
    assert w.select(bits, out, out) is out
    assert out.tolist() == expected
    assert w.public_words(bits, np.uint64(2**63 + 5)).tolist() == [bit * (2**63 + 5) for bit in bits.tolist()]


@pytest.mark.parametrize("count", COUNTS)
def test_what_openings_leave(count: int) -> None:
    x, a = ref.random_words(count, 2, count)
    bits, delta = ref.random_bits(count + 1, count), 2**63 + 5
    whole = [word ^ bit * delta for word, bit in zip(x.tolist(), bits.tolist(), strict=True)]
    assert w.opening_errors(x, None, bits, np.uint64(delta)).tolist() == whole
    less = [word ^ mask for word, mask in zip(whole, a.tolist(), strict=True)]
    assert w.opening_errors(x, a, bits, np.uint64(delta)).tolist() == less


@pytest.mark.parametrize("count", PARTIES)
def test_public_bits_are_shared_rightly(count: int) -> None:
    world, bits = ref.Parties.make(count, 1), ref.random_bits(2, 40)
    assert world.value([w.public_words(bits, key) for key in world.keys]).tolist() == bits.tolist()


@pytest.mark.parametrize("count", PARTIES)
def test_own_bits_and_rows_of_all_peers_make_words(count: int) -> None:
    world, n = ref.Parties.make(count, 3), 50
    own = [ref.random_bits(10 + i, n) for i in range(count)]
    keys = ref.random_words(4, count, count, n)
    words = [np.zeros(n, np.uint64) for _ in range(count)]
    for i in range(count):
        delta = world.keys[i]
        for j in (peer for peer in range(count) if peer != i):
            m = keys[j, i] ^ own[i] * world.keys[j]
            w.shared_words(own[i], delta, m, keys[i, j], words[i])
            delta = np.uint64(0)
    np.testing.assert_array_equal(world.value(words), np.bitwise_xor.reduce(own))


@pytest.mark.parametrize("count", PARTIES)
@pytest.mark.parametrize("with_addend", [False, True])
def test_beaver_products(count: int, with_addend: bool) -> None:
    world = ref.Parties.make(count, 5)
    u, v, x, y, more = ref.all_bits(5)
    shares = {name: world.share(bits) for name, bits in (("x", x), ("y", y), ("z", x & y), ("more", more))}
    d, e = u ^ x, v ^ y
    products = [
        w.beaver(*(shares[name][i] for name in "xyz"), d, e, key, addend=shares["more"][i] if with_addend else None)
        for i, key in enumerate(world.keys)
    ]
    np.testing.assert_array_equal(world.value(products), u & v ^ (more if with_addend else 0))


def test_a_product_may_be_written_over_its_operands() -> None:
    x, y, z, more = ref.random_words(6, 4, 100)
    d, e = ref.random_bits(7, 2, 100)
    delta = np.uint64(99)
    plain = w.beaver(x, y, z, d, e, delta, addend=more)
    for place in range(4):
        arrays = [array.copy() for array in (x, y, z, more)]
        w.beaver(*arrays[:3], d, e, delta, arrays[place], arrays[3])
        np.testing.assert_array_equal(arrays[place], plain)


def test_arrays_that_do_not_fit_are_refused() -> None:
    words, bits = np.zeros(6, np.uint64), np.zeros(6, np.uint8)
    wrong: list[tuple[Any, ...]] = [
        (bits, words[:5]),
        (bits.astype(bool), words),
        (bits, words.astype(np.int64)),
        (np.zeros(12, np.uint8)[::2], words),
        (bits, np.zeros(12, np.uint64)[::2]),
        (bits.reshape(2, 3), words.reshape(2, 3)),
    ]
    for arguments in wrong:
        with pytest.raises(UsageError, match="contiguous"):
            w.select(*arguments)
    fixed = words.copy()
    fixed.flags.writeable = False
    for out in (fixed, np.zeros(49, np.uint8)[1:].view(np.uint64)):
        with pytest.raises(UsageError, match="writable and aligned"):
            w.select(bits, words, out)


def test_inputs_may_be_read_only_and_at_any_address() -> None:
    words, bits = ref.random_words(8, 50), ref.random_bits(9, 50)
    sent = np.frombuffer(b"x" + words.tobytes(), np.uint8)[1:].view(np.uint64)
    fixed = np.frombuffer(bits.tobytes(), np.uint8)
    np.testing.assert_array_equal(w.select(fixed, sent), w.select(bits, words))
    # For all of them one kernel is compiled.
    assert len(w._select.signatures) == 1  # type: ignore[attr-defined]
