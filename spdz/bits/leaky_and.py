"""Leaky AND triples of words, and the buckets that make them good.

Symbols: x, y, z the words of a candidate z = x & y, with a second pair y2, z2 where one x serves two products; h0, h1
the hashes of both keys of an OT at its sender and hm the one that its receiver has, as rows of 128 bits; g what the
sender sends. Upper-case X, Z are the words of the bucket so far.

Of party i's choice bit x_i and party j's word y_j the OT makes the shares of x_i y_j: j keeps h0, i has h0 ^ x_i y_j.
With its own part x_i y_i (`spdz.bits.words.select`) and both parts for every peer, a party's word of z is complete.

Buckets are cyclic shifts: member (i + shift) mod N of the new layer of N candidates joins the bucket i. Loops take
slices of the buckets, with `start` the number of the first, and whole layers.

Shapes: words (n,) uint64, bits (n,) uint8 with entries 0 or 1, hashes (n, 2) uint64; all contiguous.
Raises: UsageError for other shapes, types or layouts.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from spdz.bits.arrays import Bits, Words, bits_in, bits_out, words_in, words_out
from spdz.bits.words import U1, mask_of
from spdz.errors import UsageError
from spdz.field.jit import kernel


@kernel
def _payload(h0: Words, h1: Words, y: Words, g: Words, z: Words) -> None:
    for i in range(g.shape[0]):
        kept = h0[i, 0]
        g[i] = kept ^ h1[i, 0] ^ y[i]
        z[i] ^= kept


@kernel
def _take(hm: Words, x: Bits, g: Words, z: Words) -> None:
    for i in range(z.shape[0]):
        z[i] ^= hm[i, 0] ^ (mask_of(x[i]) & g[i])


@kernel
def _payload_pair(h0: Words, h1: Words, y: Words, y2: Words, g: Words, z: Words, z2: Words) -> None:
    for i in range(g.shape[0]):
        first, second = h0[i, 0], h0[i, 1]
        g[i, 0] = first ^ h1[i, 0] ^ y[i]
        g[i, 1] = second ^ h1[i, 1] ^ y2[i]
        z[i] ^= first
        z2[i] ^= second


@kernel
def _take_pair(hm: Words, x: Bits, g: Words, z: Words, z2: Words) -> None:
    for i in range(z.shape[0]):
        mask = mask_of(x[i])
        z[i] ^= hm[i, 0] ^ (mask & g[i, 0])
        z2[i] ^= hm[i, 1] ^ (mask & g[i, 1])


@kernel
def _difference(y1: Words, yb: Words, out: Bits) -> None:
    for i in range(out.shape[0]):
        out[i] = np.uint8((y1[i] ^ yb[i]) & U1)


@kernel
def _combine(xb: Words, zb: Words, d: Bits, X: Words, Z: Words) -> None:
    for i in range(X.shape[0]):
        joined = xb[i]
        X[i] ^= joined
        Z[i] ^= zb[i] ^ (mask_of(d[i]) & joined)


@kernel
def _combine_pair(xb: Words, zb: Words, zb2: Words, d: Bits, d2: Bits, X: Words, Z: Words, Z2: Words) -> None:
    for i in range(X.shape[0]):
        joined = xb[i]
        X[i] ^= joined
        Z[i] ^= zb[i] ^ (mask_of(d[i]) & joined)
        Z2[i] ^= zb2[i] ^ (mask_of(d2[i]) & joined)


def payload(h0: Words, h1: Words, y: Words, g: Words, z: Words) -> None:
    """The sender's part: g = h0 ^ h1 ^ y to send and z ^= h0, with the low words of the hashes."""
    count = len(y)
    hashes = words_in(h0, count, 2), words_in(h1, count, 2)
    _payload(*hashes, words_in(y, count), words_out(g, count), words_out(z, count))


def take(hm: Words, x: Bits, g: Words, z: Words) -> None:
    """The receiver's part: z ^= hm ^ (x & g), with the low words of the hashes."""
    count = len(x)
    _take(words_in(hm, count, 2), bits_in(x, count), words_in(g, count), words_out(z, count))


def payload_pair(h0: Words, h1: Words, y: Words, y2: Words, g: Words, z: Words, z2: Words) -> None:
    """As `payload` for two words: low words of the hashes for y, high words for y2.  Shapes: g (n, 2)."""
    count = len(y)
    hashes = words_in(h0, count, 2), words_in(h1, count, 2)
    sent = words_out(g, count, 2)
    _payload_pair(*hashes, words_in(y, count), words_in(y2, count), sent, words_out(z, count), words_out(z2, count))


def take_pair(hm: Words, x: Bits, g: Words, z: Words, z2: Words) -> None:
    """As `take` for two words.  Shapes: g (n, 2)."""
    count = len(x)
    received = words_in(g, count, 2)
    _take_pair(words_in(hm, count, 2), bits_in(x, count), received, words_out(z, count), words_out(z2, count))


def bucket_difference(y1: Words, yb: Words, shift: int, out: Bits | None = None, start: int = 0) -> Bits:
    """The lowest bits of y1[i] ^ member of yb: what is opened before the member joins.

    Shapes: y1, out (n,); yb (N,), start + n <= N.
    """
    count, layer = len(y1), words_in(yb, len(yb))
    buckets, written = words_in(y1, count), bits_out(out, count)
    for part, members in _runs(count, len(yb), shift, start):
        _difference(buckets[part], layer[members], written[part])
    return written


def bucket_combine(xb: Words, zb: Words, d: Bits, shift: int, X: Words, Z: Words, start: int = 0) -> None:
    """Members join: X ^= x_b and Z ^= z_b ^ (d & x_b), d the opened difference of y.

    Then X & Y = Z where Y is the first member's y.  Shapes: X, Z, d (n,); xb, zb (N,), start + n <= N.
    """
    count, size = len(X), len(xb)
    layer = words_in(xb, size), words_in(zb, size)
    opened, first, product = bits_in(d, count), words_out(X, count), words_out(Z, count)
    for part, members in _runs(count, size, shift, start):
        _combine(layer[0][members], layer[1][members], opened[part], first[part], product[part])


def bucket_combine_pair(
    xb: Words, zb: Words, zb2: Words, d: Bits, d2: Bits, shift: int, X: Words, Z: Words, Z2: Words, start: int = 0
) -> None:
    """As `bucket_combine` for candidates with two products, whose differences are d and d2."""
    count, size = len(X), len(xb)
    new, new1, new2 = (words_in(array, size) for array in (xb, zb, zb2))
    d1, d2 = bits_in(d, count), bits_in(d2, count)
    first, product1, product2 = (words_out(array, count) for array in (X, Z, Z2))
    for part, members in _runs(count, size, shift, start):
        layer, opened = (new[members], new1[members], new2[members]), (d1[part], d2[part])
        _combine_pair(*layer, *opened, first[part], product1[part], product2[part])


def _runs(count: int, size: int, shift: int, start: int) -> Iterator[tuple[slice, slice]]:
    """Pieces of the buckets and of the new layer whose members lie in one run: one piece, or two around its end."""
    if not (0 <= start <= size - count and 0 <= shift < max(size, 1)):
        raise UsageError(f"{count} buckets from {start} on do not fit a layer of {size} that is shifted by {shift}")
    begin = (start + shift) % size if size else 0
    first = min(count, size - begin)
    yield slice(0, first), slice(begin, begin + first)
    if first < count:
        yield slice(first, count), slice(0, count - first)
