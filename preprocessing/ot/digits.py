"""From OTs on the bits of an entry to leaves for its digits: all of 2^D at one end, all but one at the other.

Realises:  for digit v of D bits and a tree of 2^D leaves: the sender has seeds s_x for all x, the receiver all of them
           but the one at x = 2^D - 1 - v, the complement of its digit.
Source:    [Roy22], section 3: VOLE over a small set from all-but-one OT; trees as in `spdz.crypto.ggm`.
Trees:     the D OTs on the bits of the digit mask the sums of the levels of a GGM tree. With D = 1 the two leaves are
           the two outputs of the OT, and nothing is sent.
Layout:    an entry has `count` digits, the lowest first, of D OTs each, the lowest bit first; bits from k on are zero.
Checked:   nothing. A sender of wrong sums makes leaves wrong in a way that depends on the digit; so does one who uses
           another y. Both are one selective failure: docs/security/matrix-triples.md.
Secrets:   digits. Nothing here branches on them or indexes with them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spdz.crypto import ggm
from spdz.crypto.randomness import Randomness
from spdz.field import Field, FieldArray
from spdz.preprocessing.ot import all_but_one
from spdz.preprocessing.ot.rows import Bits, Rows

WIDE_COLUMNS = 7
"""From so many columns on the trees of wide digits cost less than the corrections that they save at M61. One rule for
all fields, although longer elements would be worth it sooner and those of the smallest fields later."""
LONG_ELEMENT_BYTES = 16
"""Elements of this size are worth more work to save: digits of four bits instead of three."""


@dataclass(frozen=True)
class Digits:
    """How entries are cut: the same at all parties."""

    bits: int
    """D."""
    count: int
    """Digits of an entry."""

    @property
    def ots(self) -> int:
        """OTs of an entry."""
        return self.bits * self.count

    @property
    def leaves(self) -> int:
        """Leaves of an entry."""
        return self.count << self.bits

    @property
    def sums_bytes(self) -> int:
        """What is sent for the trees of an entry."""
        return 2 * ggm.SEED_BYTES * self.ots if self.bits > 1 else 0

    @property
    def held_bytes(self) -> int:
        """What is held of an entry while its pieces are made: rows, two hashes of each, and leaves."""
        return ggm.SEED_BYTES * (3 * self.ots + self.leaves)


def digits_of(field: Field, columns: int) -> Digits:
    """Digits of entries whose rows have this many columns."""
    wide = 4 if field.element_bytes >= LONG_ELEMENT_BYTES else 3
    bits = wide if columns >= WIDE_COLUMNS else 1
    return Digits(bits, -(-field.bits // bits))


def bits_of(digits: Digits, entries: FieldArray) -> Bits:
    """What the receiver chooses: (entries, OTs of each)."""
    bits = np.zeros((entries.size, digits.ots), np.uint8)
    bits[:, : entries.field.bits] = entries.bits()
    return bits


def values_of(digits: Digits, bits: Bits) -> Bits:
    """The digits: (entries, digits of each)."""
    weights = np.uint8(1) << np.arange(digits.bits, dtype=np.uint8)
    values: Bits = (bits.reshape(len(bits), digits.count, digits.bits) * weights).sum(2, dtype=np.uint8)
    return values


def grow(
    digits: Digits, hashes: tuple[Rows, Rows], keys: ggm.SideKeys, randomness: Randomness
) -> tuple[Rows, Rows | None]:
    """The sender's seeds, (leaves, 2), and the masked sums to send, (OTs, 2, 2), of trees drawn anew."""
    if digits.bits == 1:
        return np.stack(hashes, axis=1).reshape(-1, 2), None
    count = len(hashes[0]) // digits.bits
    roots = np.empty((count, ggm.SEED_BYTES), np.uint8)
    randomness.fill(roots.data)
    leaves, masked = all_but_one.deal(roots, digits.bits, keys, hashes)
    roots.fill(0)
    return leaves.reshape(-1, 2), masked


def puncture(digits: Digits, bits: Bits, hashes: Rows, keys: ggm.SideKeys, masked: Rows | None) -> Rows:
    """The receiver's seeds, (leaves, 2), from what it chose, (OTs,), its hashes and the sums that came.

    What it does not know is zero.
    """
    if masked is None:
        chosen = (np.uint64(0) - bits.astype(np.uint64))[:, None]
        return np.stack((hashes & ~chosen, hashes & chosen), axis=1).reshape(-1, 2)
    # The missing leaf is the complement of the digit: at every level the path takes the side that was not chosen.
    return all_but_one.hold(bits.reshape(-1, digits.bits), hashes, masked, keys).reshape(-1, 2)
