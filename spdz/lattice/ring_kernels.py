"""Loops over ring elements in transformed order: shape (L, N), reduced residues, one row for each prime.

`public` factors come with their companions (`modular.py`). Every loop releases the GIL for a whole element.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.field.jit import inlined, kernel
from spdz.field.memory import Words
from spdz.lattice.modular import multiply_constant, multiply_montgomery, reduce_once
from spdz.lattice.words import mulhi

_U0 = np.uint64(0)


@kernel
def minus_public_product(x: Words, public: Words, companion: Words, y: Words, out: Words, moduli: Words) -> None:
    """out = x - public y."""
    for limb in range(x.shape[0]):
        q = moduli[limb]
        for j in range(x.shape[1]):
            product = multiply_constant(y[limb, j], public[limb, j], companion[limb, j], q)
            out[limb, j] = reduce_once(reduce_once(x[limb, j] + q + q - product, q + q), q)


@kernel
def public_combination(
    first: Words, first_companion: Words, x: Words, second: Words, second_companion: Words, y: Words,
    scales: Words, scale_companions: Words, z: Words, out: Words, moduli: Words,
) -> None:  # fmt: skip
    """out = first x + second y + scale z, for one scale modulo each prime."""
    for limb in range(x.shape[0]):
        q, scale, scale_companion = moduli[limb], scales[limb], scale_companions[limb]
        for j in range(x.shape[1]):
            total = multiply_constant(x[limb, j], first[limb, j], first_companion[limb, j], q)
            total += multiply_constant(y[limb, j], second[limb, j], second_companion[limb, j], q)
            total = reduce_once(total, q + q) + multiply_constant(z[limb, j], scale, scale_companion, q)
            out[limb, j] = reduce_once(reduce_once(total, q + q), q)


@kernel
def product(x: Words, y: Words, out: Words, moduli: Words, inverses: Words) -> None:
    """out = x y / 2^64; `inverses` are 1 / q mod 2^64."""
    for limb in range(x.shape[0]):
        q, inverse = moduli[limb], inverses[limb]
        for j in range(x.shape[1]):
            out[limb, j] = reduce_once(multiply_montgomery(x[limb, j], y[limb, j], q, inverse), q)


@kernel
def product_sum(x: Words, y: Words, z: Words, w: Words, out: Words, moduli: Words, inverses: Words) -> None:
    """out = (x y + z w) / 2^64."""
    for limb in range(x.shape[0]):
        q, inverse = moduli[limb], inverses[limb]
        for j in range(x.shape[1]):
            first = multiply_montgomery(x[limb, j], y[limb, j], q, inverse)
            second = multiply_montgomery(z[limb, j], w[limb, j], q, inverse)
            out[limb, j] = reduce_once(reduce_once(first + second, q + q), q)


@kernel
def scale(x: Words, factors: Words, companions: Words, out: Words, moduli: Words) -> None:
    """out = factor x, for one factor modulo each prime."""
    for limb in range(x.shape[0]):
        q, factor, companion = moduli[limb], factors[limb], companions[limb]
        for j in range(x.shape[1]):
            out[limb, j] = reduce_once(multiply_constant(x[limb, j], factor, companion, q), q)


@inlined
def _add_double(low: Any, high: Any, x: Any, y: Any) -> Any:
    """(low, high) + x y as integers of two words."""
    product_low = x * y
    total = low + product_low
    return total, high + mulhi(x, y) + np.uint64(total < product_low)


@kernel
def subtract_monomials(
    x: Words, elements: Words, exponents: Words, powers: Words, order: Words, low: Words, high: Words,
    shifts: Words, shift_companions: Words, units: Words, moduli: Words,
) -> None:  # fmt: skip
    """x -= sum over k of x^exponents[k] elements[k], an exponent of 2 N standing for the factor 0.

    Shapes: x (L, N); elements (count, L, N), count <= 16; powers (L, 2 N) of the root; order (N,): the odd exponent at
    each place; low, high (N,): scratch.

    Sums of 16 products below (2^62)^2 fit into 128 bits, so they are reduced once. Exponents are public coins: they may
    be indexed with.
    """
    size = x.shape[1]
    mask = np.uint64(2 * size - 1)
    for limb in range(x.shape[0]):
        q, row = moduli[limb], powers[limb]
        low[:], high[:] = _U0, _U0
        for k in range(elements.shape[0]):
            exponent, element = exponents[k], elements[k, limb]
            if exponent <= mask:
                for j in range(size):
                    low[j], high[j] = _add_double(low[j], high[j], element[j], row[(exponent * order[j]) & mask])
        for j in range(size):
            # high 2^64 + low; floor(2^64 / q), in `units`, is the companion of the factor 1.
            total = multiply_constant(high[j], shifts[limb], shift_companions[limb], q)
            total = reduce_once(total + multiply_constant(low[j], np.uint64(1), units[limb], q), q + q)
            x[limb, j] = reduce_once(x[limb, j] + q - reduce_once(total, q), q)


@kernel
def count_unreduced(x: Words, moduli: Words) -> int:
    """How many residues of elements x, shape (count, L, N), are not below their prime."""
    count = _U0
    for at in range(x.shape[0]):
        for limb in range(x.shape[1]):
            for j in range(x.shape[2]):
                count += np.uint64(x[at, limb, j] >= moduli[limb])
    return int(count)
