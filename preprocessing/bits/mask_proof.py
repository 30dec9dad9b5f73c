"""The proof that two private masks add up: carries that are linear in what is committed, and one relation for each.

Realises:  for every pair of masks with bits r, s and public U: k_(j+1) ^ k_j = (r_j ^ k_j)(s_j ^ k_j) for all j below
           the highest bit, where k_j = U_j ^ r_j ^ s_j. So k are the carries of r + s + k_0, whose bits are those of U.
Source:    QuickSilver [YSWW21] over GF(2^64); docs/security/masks.md.
Symbols:   a = U_j ^ s_j, b = U_j ^ r_j, g = k_(j+1) ^ k_j. A0, A1, B as in `spdz.bits.proof`; v, M and K a mask of 64
           private bits that serves one verifier only, as an element of GF(2^64).
Bound:     2/2^63 for the key and 2^-64 for the coefficients, which are independent of each other.
Order:     the bits and U are fixed before the coefficients are tossed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spdz.bits import gf64, proof, words
from spdz.preprocessing.ot.rows import Bits, Rows
from spdz.protocols.coin_toss import Coins

MASK_BITS = 64
"""Private bits that mask a proof towards one verifier."""
PROOF_BYTES = 16


@dataclass(frozen=True, repr=False)
class Matched:
    """Planes of bits (bits, N) of two lists of masks that have been matched, and the bits of U.

    `r` and `s` are words: M of the prover towards one verifier, or K of a verifier.
    """

    u: Bits
    r: Rows
    s: Rows


class Prover:
    """Adds up the two sums of a proof towards one verifier."""

    def __init__(self) -> None:
        self._sums = np.zeros(2, np.uint64)

    def add(self, matched: Matched, r_bits: Bits, s_bits: Bits, chi: Rows) -> None:
        """One list matched with the targets; chi (bits - 1, N)."""
        u, r, s = matched.u, matched.r, matched.s
        for j in range(len(chi)):
            g = r[j + 1] ^ r[j] ^ s[j + 1] ^ s[j]
            self._sums ^= proof.prover_sums(s[j], u[j] ^ s_bits[j], r[j], u[j] ^ r_bits[j], g, chi[j])

    def message(self, bits: Bits, macs: Rows) -> bytes:
        """The sums under the mask, which is spent."""
        masks = gf64.compose(macs), np.packbits(bits, bitorder="little").view(np.uint64)[0]
        return (self._sums ^ np.array(masks, np.uint64)).tobytes()


class Verifier:
    """Adds up what a verifier makes of a prover's proof."""

    def __init__(self, delta: np.uint64) -> None:
        self._delta, self._sum = delta, np.uint64(0)

    def add(self, matched: Matched, chi: Rows) -> None:
        """One list matched with the targets; chi (bits - 1, N)."""
        u, r, s = matched.u, matched.r, matched.s
        delta = self._delta
        for j in range(len(chi)):
            a, b = (key[j] ^ words.public_words(u[j], delta) for key in (s, r))
            g = r[j + 1] ^ r[j] ^ s[j + 1] ^ s[j] ^ words.public_words(u[j + 1] ^ u[j], delta)
            self._sum ^= proof.verifier_sum(a, b, g, delta, chi[j])

    def accepts(self, message: memoryview, keys: Rows) -> bool:
        """Whether the prover's sums fit. The verdict depends on what this party holds, and opens nothing."""
        first, second = np.frombuffer(message, np.uint64)
        own = self._sum ^ gf64.compose(keys)
        return bool(own == first ^ gf64.multiply(np.array([second]), np.array([self._delta]))[0])


def coefficients(coins: Coins, label: str, shape: tuple[int, int]) -> NDArray[np.uint64]:
    """One for each relation."""
    chi = np.empty(shape, np.uint64)
    coins.stream(label).fill(chi.reshape(-1).data.cast("B"))
    return chi
