"""The loops of `spdz.field.family.ArrayLoops`. Products fit into a word; sums are reduced one by one."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]


def add_arrays(x: Words, x_step: int, y: Words, y_step: int, out: Words, p: np.uint64) -> None:
    out[:] = (x + y) % p


def sub_arrays(x: Words, x_step: int, y: Words, y_step: int, out: Words, p: np.uint64) -> None:
    out[:] = (x + (p - y)) % p


def mul_arrays(x: Words, x_step: int, y: Words, y_step: int, out: Words, p: np.uint64) -> None:
    out[:] = x * y % p


def power_array(x: Words, exponent: Words, out: Words, p: np.uint64) -> None:
    result = np.ones_like(x)
    for bit in exponent:
        result = result * result % p
        if bit:
            result = result * x % p
    out[:] = result


def sum_middle(x: Words, outer: int, middle: int, inner: int, out: Words, p: np.uint64) -> None:
    out[:] = (x.reshape(outer, middle, inner).sum(axis=1) % p).ravel()


def matmul_rows(x: Words, y: Words, rows: int, inner: int, columns: int, tile: int, out: Words, p: np.uint64) -> None:
    products = x.reshape(rows, 1, inner) * y.reshape(1, columns, inner) % p
    out[:] = (products.sum(axis=2) % p).ravel()


def count_unreduced(x: Words, p: np.uint64) -> int:
    return int((x >= p).sum())


def to_symmetric(x: Words, out: Words, p: np.uint64) -> int:
    out[:] = np.where(x > p // np.uint64(2), x - p, x)
    return 0


def mask_and_count(x: Words, p: np.uint64) -> int:
    x &= np.uint64((1 << int(p).bit_length()) - 1)
    rejected = x >= p
    x[rejected] = p
    return int(rejected.sum())


def reduce_blocks(blocks: Words, out: Words, p: np.uint64) -> None:
    half, low_half = np.uint64(32), np.uint64(0xFFFFFFFF)
    residue = np.zeros_like(out)
    for word in (blocks[:, 1], blocks[:, 0]):
        for piece in (word >> half, word & low_half):
            residue = ((residue << half) | piece) % p
    out[:] = residue
