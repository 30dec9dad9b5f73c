"""All leaves of a comparison tree in one pass over the bits of the masks, which lie entry by entry.

Symbols as in `comparison`: less and equal of the pair of bits (2 j + 1, 2 j) of a public number and a shared one. The
masks are read once, in the order in which they were made; what is written is planes, one for each leaf, in which the
entries lie side by side as the tree wants them. Nothing branches on a word or a bit.
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
def _pairs(
    public: Words, r: Words, q: Words, first: int, delta: np.uint64, block: int, less: Words, equal: Words
) -> None:
    count = less.shape[1]
    for start in range(0, count, block):
        stop = min(count, start + block)
        for leaf in range(less.shape[0]):
            pair = first + leaf
            limb, shift = (2 * pair) // 64, np.uint64((2 * pair) % 64)
            for i in range(start, stop):
                both = public[i, limb] >> shift
                # All ones where the public bit is 0.
                n1, n0 = ((both >> U1) & U1) - U1, (both & U1) - U1
                upper = r[i, 2 * pair + 1]
                shared = (n1 & r[i, 2 * pair]) ^ q[i, pair]
                less[leaf, i] = (n1 & upper) ^ (n0 & shared)
                equal[leaf, i] = shared ^ (n0 & (upper ^ (n1 & delta)))


@kernel
def _single(public: Words, r: Words, place: int, delta: np.uint64, less: Words, equal: Words) -> None:
    limb, shift = place // 64, np.uint64(place % 64)
    for i in range(less.shape[0]):
        negated = ((public[i, limb] >> shift) & U1) - U1
        bit = r[i, place]
        less[i] = negated & bit
        equal[i] = (negated & delta) ^ bit


@kernel
def _difference(public: Words, r: Words, first: int, borrow: Words, delta: np.uint64, block: int, out: Words) -> None:
    count = out.shape[0]
    for start in range(0, count, block):
        stop = min(count, start + block)
        for place in range(out.shape[1]):
            limb, shift = (first + place) // 64, np.uint64((first + place) % 64)
            for i in range(start, stop):
                bit = U0 - ((public[i, limb] >> shift) & U1)
                out[i, place] = (bit & delta) ^ r[i, first + place] ^ borrow[place, i]


def leaf_pairs(public: Words, r: Words, q: Words, pairs: range, delta: np.uint64) -> tuple[Words, Words]:
    """(less, equal) of the pairs of bits (2 j + 1, 2 j) for j in `pairs`, each of shape (len(pairs), n).

    Shapes: public (n, limbs); r (n, bits), q (n, pairs), by entry; all contiguous.
    Raises: UsageError for other shapes, and for pairs that are not there.
    """
    count, planes = len(public), (len(pairs), len(public))
    wanted = pairs.stop if pairs else 0
    if 2 * wanted > min(r.shape[1], 64 * public.shape[1]) or wanted > q.shape[1] or pairs.step != 1:
        raise UsageError(f"there are no pairs of bits {pairs} of {r.shape[1]} bits")
    less, equal = words_out(None, *planes), words_out(None, *planes)
    read = words_in(public, *public.shape), words_in(r, count, r.shape[1]), words_in(q, count, q.shape[1])
    _pairs(*read, pairs.start, np.uint64(delta), _BLOCK, less, equal)
    return less, equal


def leaf_of_bit(public: Words, r: Words, place: int, delta: np.uint64) -> tuple[Words, Words]:
    """(less, equal) of one bit: [c < r] and [c = r], each of shape (n,).

    Shapes: public (n, limbs); r (n, bits).  Raises: UsageError for other shapes, and for a bit that is not there.
    """
    count = len(public)
    _require_bits(public, r, place + 1)
    less, equal = words_out(None, count), words_out(None, count)
    read = words_in(public, *public.shape), words_in(r, count, r.shape[1])
    _single(*read, place, np.uint64(delta), less, equal)
    return less, equal


def differences(public: Words, r: Words, first: int, borrow: Words, delta: np.uint64) -> Words:
    """The bits of c - r from `first` on, by entry: public bit ^ shared bit ^ the borrow into this place.

    Shapes: public (n, limbs); r (n, bits); borrow (planes, n); returns (n, planes).
    Raises: UsageError for other shapes, and for bits that are not there.
    """
    count, planes = len(public), len(borrow)
    _require_bits(public, r, first + planes)
    out = words_out(None, count, planes)
    read = words_in(public, *public.shape), words_in(r, count, r.shape[1])
    _difference(*read, first, words_in(borrow, planes, count), np.uint64(delta), _BLOCK, out)
    return out


def _require_bits(public: Words, r: Words, count: int) -> None:
    if not 0 < count <= min(r.shape[1], 64 * public.shape[1]):
        raise UsageError(f"there are no {count} bits of {r.shape[1]}")
