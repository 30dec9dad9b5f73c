"""Authenticated shares of bits: one 64-bit word for each bit and party.

The words of all parties XOR to b delta, where delta, the XOR of all key shares, has lowest bit 1. So the lowest bits of
the words XOR to b: the word is a party's share of the bit and its MAC at once. XOR is local.

Source: the word-wise form of the authenticated bits of Nielsen, Nordholt, Orlandi, Burra, "A New Approach to Practical
Active-Secure Two-Party Computation", CRYPTO 2012, with all keys of a party under one delta_i (as in TinyOT's
many-party successors) and the value share in the pinned lowest bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint8]
"""Public bits, one a byte, each 0 or 1."""
Words = npt.NDArray[np.uint64]

_ONE = np.uint64(1)


@dataclass(frozen=True, eq=False, repr=False)
class BitShare:
    """One party's words of an array of bits: uint64, of the array's shape."""

    words: Words

    def __post_init__(self) -> None:
        # numpy makes a number, which has no memory of its own, of what has no axes.
        object.__setattr__(self, "words", np.asarray(self.words))

    @property
    def value(self) -> Bits:
        """This party's summand of the bits: the lowest bits of the words."""
        return (self.words & _ONE).astype(np.uint8)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.words.shape

    @property
    def size(self) -> int:
        return self.words.size

    def __xor__(self, other: BitShare) -> BitShare:
        return BitShare(self.words ^ other.words)

    __add__ = __sub__ = __xor__

    def __and__(self, public: Bits) -> BitShare:
        """The bits where a public bit is 1, zero elsewhere; with broadcasting."""
        return BitShare(self.words & spread(public))

    __rand__ = __and__

    def __getitem__(self, index: Any) -> BitShare:
        return BitShare(self.words[index])

    def reshape(self, *shape: int) -> BitShare:
        """The same share with another shape."""
        return BitShare(self.words.reshape(shape))

    def transpose(self, *axes: int) -> BitShare:
        """The axes in this order; reversed if none is given."""
        return BitShare(self.words.transpose(*axes))

    def broadcast_to(self, shape: tuple[int, ...]) -> BitShare:
        """Repeat along axes of length one, as numpy does."""
        return BitShare(np.broadcast_to(self.words, shape))

    def sum(self, axis: int | None = None) -> BitShare:
        """XOR over one axis, or over everything."""
        flat = self.words.reshape(-1) if axis is None else self.words
        return BitShare(np.asarray(np.bitwise_xor.reduce(flat, axis=axis or 0)))

    @staticmethod
    def concatenate(shares: Sequence[BitShare], axis: int = 0) -> BitShare:
        """Join shares along an existing axis."""
        return BitShare(np.concatenate([share.words for share in shares], axis))

    def empty_like(self, count: int) -> BitShare:
        """Memory for `count` entries along the first axis, to be overwritten."""
        return BitShare(np.empty((count, *self.shape[1:]), np.uint64))

    def assign(self, other: BitShare) -> None:
        """Overwrite by a share of the same shape."""
        self.words[...] = other.words

    def wipe(self) -> None:
        """Overwrite the words."""
        wipe_bits(self.words)

    def __repr__(self) -> str:
        return f"BitShare(shape={self.shape})"

    def __reduce__(self) -> str:
        raise TypeError("shares are never pickled; stored material goes through spdz.sharing.material")


def wipe_bits(array: Bits | Words) -> None:
    """Overwrite an array. A read-only view is left to the array that it looks at."""
    if array.flags.writeable:
        array.fill(0)


def spread(bits: Bits) -> Words:
    """Words of 64 equal bits."""
    words: Words = np.negative(np.asarray(bits).astype(np.uint64))
    return words
