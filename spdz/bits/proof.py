"""Sums of a proof that g = a b holds for committed bits, over GF(2^64).

Source: QuickSilver [YSWW21], for multiplications of bits.

Symbols: M_a, M_b, M_g the prover's words, K_a, K_b, K_g the verifier's, delta the verifier's key, K = M ^ v delta for a
bit v; chi_h the coefficient of relation h. The sums, whose products are those of GF(2^64), are

    A0 = sum chi_h M_a M_b,   A1 = sum chi_h (a M_b ^ b M_a ^ M_g),   B = sum chi_h (K_a K_b ^ K_g delta),

and B = A0 ^ A1 delta ^ (sum chi_h (a b ^ g)) delta^2. The coefficients must be independent of each other and tossed
after the words are fixed: powers of one chi would lose as many bits as the number of relations has.

Order: nothing is reduced inside the loops; chi (M_a M_b) keeps its three words until the end.

Shapes: all arrays (n,) and contiguous, words uint64 and bits uint8 with entries 0 or 1. Sums of slices add up by XOR.
Raises: UsageError for other shapes, types or layouts.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from spdz.bits.arrays import Bits, Words, bits_in, words_in
from spdz.bits.clmul_sums import sum_of_pairs, sum_of_triples
from spdz.bits.gf64 import gf64_mul, gf64_reduce
from spdz.bits.words import U0, mask_of
from spdz.field.jit import inlined, kernel

_CHUNK: Final = 512


@inlined
def _reduce(total: Any) -> Any:
    return gf64_reduce(total[0], gf64_reduce(total[1], total[2]))


@kernel
def _linear_terms(ma: Words, a: Bits, mb: Words, b: Bits, mg: Words, out: Words) -> None:
    for h in range(ma.shape[0]):
        out[h] = (mask_of(a[h]) & mb[h]) ^ (mask_of(b[h]) & ma[h]) ^ mg[h]


@kernel
def _prover_sums(ma: Words, a: Bits, mb: Words, b: Bits, mg: Words, chi: Words, out: Words) -> None:
    linear, count = np.empty(_CHUNK, np.uint64), chi.shape[0]
    low, high = U0, U0
    for start in range(0, count, _CHUNK):
        stop = min(start + _CHUNK, count)
        terms = linear[: stop - start]
        _linear_terms(ma[start:stop], a[start:stop], mb[start:stop], b[start:stop], mg[start:stop], terms)
        p, q = sum_of_pairs(chi[start:stop], terms)
        low, high = low ^ p, high ^ q
    linear[:] = U0
    out[0], out[1] = _reduce(sum_of_triples(ma, mb, chi)), gf64_reduce(low, high)


@kernel
def _verifier_sum(ka: Words, kb: Words, kg: Words, delta: np.uint64, chi: Words, out: Words) -> None:
    low, high = sum_of_pairs(chi, kg)
    out[0] = _reduce(sum_of_triples(ka, kb, chi)) ^ gf64_mul(gf64_reduce(low, high), delta)


def prover_sums(ma: Words, a: Bits, mb: Words, b: Bits, mg: Words, chi: Words) -> tuple[np.uint64, np.uint64]:
    """A0 and A1, before they are masked."""
    count, out = len(chi), np.empty(2, np.uint64)
    first = words_in(ma, count), bits_in(a, count)
    second = words_in(mb, count), bits_in(b, count)
    _prover_sums(*first, *second, words_in(mg, count), words_in(chi, count), out)
    return out[0], out[1]


def verifier_sum(ka: Words, kb: Words, kg: Words, delta: np.uint64, chi: Words) -> np.uint64:
    """B, before the mask is added."""
    count, out = len(chi), np.empty(1, np.uint64)
    words = words_in(ka, count), words_in(kb, count), words_in(kg, count)
    _verifier_sum(*words, np.uint64(delta), words_in(chi, count), out)
    return np.uint64(out[0])
