"""Fused loops of a multiplication with a triple and of a MAC check: one pass over memory each."""

from __future__ import annotations

import numpy as np

from spdz.field.jit import kernel
from spdz.field.mersenne.arrays import Words, empty_sum, load, store
from spdz.field.mersenne.element import add, keep_if, mul, mul_add, mul_mul_add, reduce_sum, sub


@kernel
def beaver_arrays(
    a: Words, b: Words, c: Words, epsilon: Words, delta: Words, scale: Words, out: Words, e: np.uint64
) -> None:
    """out[i] = c[i] + b[i] epsilon[i] + (a[i] + scale epsilon[i]) delta[i]."""
    factor = load(scale, 0)
    for i in range(out.shape[0]):
        first = load(epsilon, i)
        left = add(load(a, i), mul(factor, first, e), e)
        store(out, i, mul_mul_add(left, load(delta, i), load(b, i), first, load(c, i), e))


@kernel
def beaver_values(
    a: Words, b: Words, c: Words, epsilon: Words, delta: Words, bit: Words, out: Words, e: np.uint64
) -> None:
    """As `beaver_arrays` for a scale that is 0 or 1."""
    added = load(bit, 0)
    for i in range(out.shape[0]):
        first = load(epsilon, i)
        left = add(load(a, i), keep_if(first, added, e), e)
        store(out, i, mul_mul_add(left, load(delta, i), load(b, i), first, load(c, i), e))


@kernel
def combine_openings(
    chi: Words, value: Words, mac: Words, mask: Words, mask_step: int, totals: Words, e: np.uint64
) -> None:
    """totals[0] += sum of chi[i] value[i], and totals[1] += sum of chi[i] (mac[i] - mask[i])."""
    opened, macs = empty_sum(chi), empty_sum(chi)
    for i in range(chi.shape[0]):
        coefficient = load(chi, i)
        opened = mul_add(opened, coefficient, load(value, i))
        macs = mul_add(macs, coefficient, sub(load(mac, i), load(mask, i * mask_step), e))
    store(totals, 0, add(load(totals, 0), reduce_sum(opened, e), e))
    store(totals, 1, add(load(totals, 1), reduce_sum(macs, e), e))
