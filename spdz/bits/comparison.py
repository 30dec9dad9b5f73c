"""Leaves of the tree that compares a public number c with a shared one r, two bits at a time.

Symbols: r1, r0 the words of bits j + 1 and j of r, q those of their product, c1, c0 the public bits; n1, n0 their
negations. `less` is the bit [2 c1 + c0 < 2 r1 + r0], `equal` the bit of equality:

    less  = n1 r1 ^ e1 n0 r0      with e1 = n1 ^ r1          equal = e1 e0      with e0 = n0 ^ r0.

Multiplied out, both are linear in r1, r0 and q: so a leaf needs no opening.

Shapes: all arrays (n,) and contiguous, words uint64 and bits uint8 with entries 0 or 1.
Raises: UsageError for other shapes, types or layouts.
"""

from __future__ import annotations

import numpy as np

from spdz.bits.arrays import Bits, Words, bits_in, bits_out, words_in, words_out
from spdz.bits.words import U1, mask_of
from spdz.errors import UsageError
from spdz.field.jit import kernel


@kernel
def _leaf_pair(c1: Bits, c0: Bits, r1: Words, r0: Words, q: Words, delta: np.uint64, less: Words, equal: Words) -> None:
    for i in range(less.shape[0]):
        first, second = ~mask_of(c1[i]), ~mask_of(c0[i])
        upper, lower, product = r1[i], r0[i], q[i]
        shared = (first & lower) ^ product
        less[i] = (first & upper) ^ (second & shared)
        equal[i] = shared ^ (second & (upper ^ (first & delta)))


@kernel
def _leaf_single(c: Bits, r: Words, delta: np.uint64, less: Words, equal: Words) -> None:
    for i in range(less.shape[0]):
        negated, bit = ~mask_of(c[i]), r[i]
        less[i] = negated & bit
        equal[i] = (negated & delta) ^ bit


@kernel
def _bit_plane(words: Words, shift: np.uint64, out: Bits) -> None:
    for i in range(out.shape[0]):
        out[i] = np.uint8((words[i] >> shift) & U1)


def bit_plane(words: Words, place: int, out: Bits | None = None) -> Bits:
    """Bit `place` of every number of one or several words.

    Shapes: words (n,) or (n, limbs), the lowest first, of any layout; returns (n,).
    """
    limbs = words if words.ndim == 2 else words[:, None]
    if limbs.dtype != np.uint64 or not limbs.flags.aligned:
        raise UsageError(f"numbers are aligned uint64 words, got {limbs.dtype}")
    if not 0 <= place < 64 * limbs.shape[1]:
        raise UsageError(f"numbers of {limbs.shape[1]} words have no bit {place}")
    written = bits_out(out, len(limbs))
    column = limbs[:, place // 64].view()
    column.flags.writeable = False
    _bit_plane(column, np.uint64(place % 64), written)
    return written


def leaf_pair(
    c1: Bits,
    c0: Bits,
    r1: Words,
    r0: Words,
    q: Words,
    delta: np.uint64,
    less: Words | None = None,
    equal: Words | None = None,
) -> tuple[Words, Words]:
    """Words of (less, equal) for two bits; delta is the key share of this party."""
    count = len(r1)
    written = words_out(less, count), words_out(equal, count)
    shared = words_in(r1, count), words_in(r0, count), words_in(q, count)
    _leaf_pair(bits_in(c1, count), bits_in(c0, count), *shared, np.uint64(delta), *written)
    return written


def leaf_single(
    c: Bits, r: Words, delta: np.uint64, less: Words | None = None, equal: Words | None = None
) -> tuple[Words, Words]:
    """Words of (less, equal) for one bit: [c < r] and [c = r]."""
    count = len(r)
    written = words_out(less, count), words_out(equal, count)
    _leaf_single(bits_in(c, count), words_in(r, count), np.uint64(delta), *written)
    return written
