"""Leaves of the tree that compares a public number c with a shared one r, and the bits of c - r.

Symbols: r1, r0 the words of bits 2 j + 1 and 2 j of r, q_j those of their product, c1, c0 the public bits; n1, n0 their
negations. `less` is the bit [2 c1 + c0 < 2 r1 + r0], `equal` the bit of equality:

    less  = n1 r1 ^ e1 n0 r0      with e1 = n1 ^ r1          equal = e1 e0      with e0 = n0 ^ r0.

Multiplied out, both are linear in r1, r0 and q: so a leaf needs no opening.

Masks lie entry by entry, as they were made, and are read once, in that order; what is written is planes, one for each
leaf, in which the entries lie side by side as the tree wants them. Nothing branches on a word or a bit.

Shapes: c (n, limbs), the lowest limb first; r (n, bits), q (n, pairs); all contiguous and uint64.
        delta is the key share of this party.
Raises: UsageError for other shapes, types or layouts, and for bits that are not there.
"""

from __future__ import annotations

import numpy as np

from spdz.bits.arrays import Words, words_in, words_out
from spdz.bits.words import U0, U1
from spdz.errors import UsageError
from spdz.field.jit import kernel

_BLOCK = 64
"""Entries of which all leaves are made before the next ones: their masks stay in the nearest cache."""


@kernel
def _pairs(c: Words, r: Words, q: Words, first: int, delta: np.uint64, block: int, less: Words, equal: Words) -> None:
    count = less.shape[1]
    for start in range(0, count, block):
        stop = min(count, start + block)
        for leaf in range(less.shape[0]):
            pair = first + leaf
            limb, shift = (2 * pair) // 64, np.uint64((2 * pair) % 64)
            for i in range(start, stop):
                both = c[i, limb] >> shift
                # All ones where the bit of c is 0.
                n1, n0 = ((both >> U1) & U1) - U1, (both & U1) - U1
                upper = r[i, 2 * pair + 1]
                shared = (n1 & r[i, 2 * pair]) ^ q[i, pair]
                less[leaf, i] = (n1 & upper) ^ (n0 & shared)
                equal[leaf, i] = shared ^ (n0 & (upper ^ (n1 & delta)))


@kernel
def _single(c: Words, r: Words, place: int, delta: np.uint64, less: Words, equal: Words) -> None:
    limb, shift = place // 64, np.uint64(place % 64)
    for i in range(less.shape[0]):
        negated = ((c[i, limb] >> shift) & U1) - U1
        bit = r[i, place]
        less[i] = negated & bit
        equal[i] = (negated & delta) ^ bit


@kernel
def _difference(c: Words, r: Words, first: int, borrow: Words, delta: np.uint64, block: int, out: Words) -> None:
    count = out.shape[0]
    for start in range(0, count, block):
        stop = min(count, start + block)
        for place in range(out.shape[1]):
            limb, shift = (first + place) // 64, np.uint64((first + place) % 64)
            for i in range(start, stop):
                bit = U0 - ((c[i, limb] >> shift) & U1)
                out[i, place] = (bit & delta) ^ r[i, first + place] ^ borrow[place, i]


def leaf_pairs(c: Words, r: Words, q: Words, pairs: range, delta: np.uint64) -> tuple[Words, Words]:
    """Words of (less, equal) of the pairs of bits (2 j + 1, 2 j) for j in `pairs`, each of shape (len(pairs), n)."""
    count, planes = len(c), (len(pairs), len(c))
    wanted = pairs.stop if pairs else 0
    if 2 * wanted > min(r.shape[1], 64 * c.shape[1]) or wanted > q.shape[1] or pairs.step != 1:
        raise UsageError(f"there are no pairs of bits {pairs} of {r.shape[1]} bits")
    less, equal = words_out(None, *planes), words_out(None, *planes)
    read = words_in(c, *c.shape), words_in(r, count, r.shape[1]), words_in(q, count, q.shape[1])
    _pairs(*read, pairs.start, np.uint64(delta), _BLOCK, less, equal)
    return less, equal


def leaf_of_bit(c: Words, r: Words, place: int, delta: np.uint64) -> tuple[Words, Words]:
    """Words of (less, equal) of one bit: [c < r] and [c = r], each of shape (n,)."""
    count = len(c)
    _require_bits(c, r, place + 1)
    less, equal = words_out(None, count), words_out(None, count)
    read = words_in(c, *c.shape), words_in(r, count, r.shape[1])
    _single(*read, place, np.uint64(delta), less, equal)
    return less, equal


def differences(c: Words, r: Words, first: int, borrow: Words, delta: np.uint64) -> Words:
    """Words of the bits of c - r from `first` on: bit of c ^ bit of r ^ the borrow into this place.

    Shapes: borrow (planes, n); returns (n, planes).
    """
    count, planes = len(c), len(borrow)
    _require_bits(c, r, first + planes)
    out = words_out(None, count, planes)
    read = words_in(c, *c.shape), words_in(r, count, r.shape[1])
    _difference(*read, first, words_in(borrow, planes, count), np.uint64(delta), _BLOCK, out)
    return out


def _require_bits(c: Words, r: Words, count: int) -> None:
    if not 0 <= count <= min(r.shape[1], 64 * c.shape[1]):
        raise UsageError(f"there are no {count} bits of {r.shape[1]}")
