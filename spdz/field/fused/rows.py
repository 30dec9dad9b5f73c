"""Products of entries with rows by oblivious transfer of the entries' digits.

A digit of `depth` bits has 2^depth leaves, and a leaf stands for w elements, which come from a seed: a pair (inner,
seeds) of raw 128-bit blocks, (m w, 2) and (m, 2), stands for the blocks inner[j w + c] ^ seeds[j], taken modulo p.
Raises UsageError for arrays that do not fit.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field.array import FieldArray
from spdz.field.family import DigitShape
from spdz.field.field import Field
from spdz.field.memory import Words, flat_words
from spdz.field.operands import source, target

Digits = npt.NDArray[np.uint8]
Expanded = tuple[Words, Words]

MAX_DEPTH = 4
"""A digit is less than every modulus."""


def sender_products(
    field: Field, leaves: Expanded, depth: int, y: FieldArray, d: FieldArray, acc: FieldArray, first: int = 0
) -> None:
    """The sender's side of the products of entries with rows y, for columns first .. first + w. With g_x the
    elements of the leaves x of digit j of entry i,

        d[i J + j, c] = y[i, c] - sum of g_x    and    acc[i, c] = sum of 2^(depth j) (2^depth - 1 - x) g_x.

    Shapes: n J 2^depth seeds of w blocks each, J = ceil(k / depth); y and acc (n, columns); d (n J, columns). Those
    columns of `d` and `acc` are overwritten.
    """
    digits, shape, blocks = _fitting_digits(field, leaves, depth, acc, first)
    outputs = (target(field, d, digits * acc.shape[1]), target(field, acc, acc.size))
    total = flat_words(field.empty((shape[2],)).limbs)
    rows = source(field, y, acc.size)
    field.rows.matrix_sender(*blocks, rows, shape, *outputs, total, field.parameter)


def receiver_products(
    field: Field, leaves: Expanded, depth: int, values: Digits, d: FieldArray, acc: FieldArray, first: int = 0
) -> None:
    """acc[i, c] = sum over j of 2^(depth j) (v_j (d[i J + j, c] + sum of g_x) - sum of (2^depth - 1 - x) g_x), for
    v_j the digits of entry i and columns first .. first + w.

    Leaf x = 2^depth - 1 - v_j has no influence, whatever its seed is. Plus the sender's `acc` this is the entry
    times y.

    Shapes: as in `sender_products`; values (n, J) uint8, less than 2^depth.
    """
    digits, shape, blocks = _fitting_digits(field, leaves, depth, acc, first)
    if values.dtype != np.uint8 or values.shape != (len(acc), shape[0]):
        raise UsageError(
            f"digits as uint8 of shape ({len(acc)}, {shape[0]}) expected, not {values.dtype} {values.shape}"
        )
    flat = np.require(values.reshape(digits), requirements=["C", "W"])
    total = flat_words(field.empty((shape[2],)).limbs)
    arrays = (source(field, d, digits * acc.shape[1]), target(field, acc, acc.size))
    field.rows.matrix_receiver(*blocks, flat, shape, *arrays, total, field.parameter)


def add_rows(field: Field, x: FieldArray, places: npt.NDArray[np.int64], total: FieldArray, first: int) -> None:
    """total[places[i], first + c] += x[i, c] for all i and c; a place may occur several times.

    Shapes: x (n, w), places (n,), total (rows, columns) with first + w <= columns.
    """
    count, columns = _fitting(x)
    if total.ndim != 2 or places.shape != (count,) or places.dtype != np.int64:
        raise UsageError(f"{count} places as int64 and a table of two axes expected")
    rows, stride = total.shape
    if first < 0 or first + columns > stride or (count and not 0 <= places.min() <= places.max() < rows):
        raise UsageError(f"rows of {columns} from column {first} on do not fit a table of {total.shape}")
    geometry = (np.ascontiguousarray(places), columns, first, stride)
    words = target(field, total, total.size)
    field.rows.add_rows(source(field, x, x.size), *geometry, words, field.parameter)


def _fitting(rows: FieldArray) -> tuple[int, int]:
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise UsageError(f"an array of shape (entries, columns) expected, not {rows.shape}")
    count, columns = rows.shape
    return count, columns


def _fitting_digits(
    field: Field, leaves: Expanded, depth: int, acc: FieldArray, first: int
) -> tuple[int, DigitShape, Expanded]:
    """How many digits there are, what kernels are told of shapes, and the blocks as they take them."""
    count, columns = _fitting(acc)
    if not 1 <= depth <= MAX_DEPTH:
        raise UsageError(f"a digit has 1 to {MAX_DEPTH} bits, not {depth}")
    per_entry = -(-field.bits // depth)
    digits = count * per_entry
    seeds = digits << depth
    width = len(leaves[0]) // seeds if seeds else 0
    if width < 1 or first < 0 or first + width > columns:
        raise UsageError(f"{width} columns from column {first} on do not fit rows of {columns}")
    for blocks, wanted in zip(leaves, (seeds * width, seeds), strict=True):
        if blocks.dtype != np.uint64 or blocks.shape != (wanted, 2):
            raise UsageError(f"{wanted} blocks of 128 bits expected, as uint64 of shape (n, 2)")
    words = flat_words(leaves[0]), flat_words(leaves[1])
    return digits, (per_entry, depth, width, first, columns), words
