"""Loops over ring elements in transformed order: shape (L, N), reduced residues, one row for each prime.

`public` factors come with their companions (`modular.py`). Every loop releases the GIL for a whole element.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from spdz.field.jit import inlined, kernel
from spdz.field.memory import Words
from spdz.lattice.modular import multiply_constant, multiply_montgomery, reduce_once

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
def _add_turned(total: Any, row: Any, sign: Any, q: Any) -> None:
    """total += row, or -row where `sign` is 1."""
    mask = _U0 - sign
    for j in range(row.size):
        # -x = (x ^ -1) + 1, and q more: in (0, q].
        value = (row[j] ^ mask) + ((q + np.uint64(1)) & mask)
        total[j] = reduce_once(total[j] + reduce_once(value, q), q)


@kernel
def monomial_sums(elements: Words, exponents: Words, out: Words, moduli: Words) -> None:
    """out[r] = sum over k of x^exponents[r, k] elements[k], an exponent of 2 N standing for the factor 0.

    Shapes: elements (count, L, N) and out (rows, L, N): coefficients. Each row of an element is read once and used for
    all rows of exponents, while they are in the cache: rotations of coefficients cost less than products of values.
    """
    size = elements.shape[2]
    for limb in range(elements.shape[1]):
        q = moduli[limb]
        for r in range(out.shape[0]):
            out[r, limb, :] = _U0
        for k in range(elements.shape[0]):
            row = elements[k, limb]
            for r in range(out.shape[0]):
                exponent, total = np.int64(exponents[r, k]), out[r, limb]
                if exponent < 2 * size:
                    shift, sign = exponent % size, np.uint64(exponent >= size)
                    _add_turned(total[shift:], row[: size - shift], sign, q)
                    _add_turned(total[:shift], row[size - shift :], np.uint64(1) - sign, q)


@kernel
def subtract(x: Words, y: Words, moduli: Words) -> None:
    """x -= y, in place."""
    for limb in range(x.shape[0]):
        q = moduli[limb]
        for j in range(x.shape[1]):
            x[limb, j] = reduce_once(x[limb, j] + q - y[limb, j], q)


@kernel
def count_unreduced(x: Words, moduli: Words) -> int:
    """How many residues of elements x, shape (count, L, N), are not below their prime."""
    count = _U0
    for at in range(x.shape[0]):
        for limb in range(x.shape[1]):
            for j in range(x.shape[2]):
                count += np.uint64(x[at, limb, j] >= moduli[limb])
    return int(count)
