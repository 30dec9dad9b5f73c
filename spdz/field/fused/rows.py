"""Products of entries, digit by digit, with rows, as methods of `Field`.

A digit of `depth` bits has 2^depth leaves, and a leaf stands for w elements, which come from a seed: a pair (inner,
seeds) of raw 128-bit blocks, (m w, 2) and (m, 2), stands for the blocks inner[j w + c] ^ seeds[j], taken modulo p; see
`SeedExpansion.permute`.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field.memory import flat_words

if TYPE_CHECKING:
    from spdz.field.array import FieldArray
    from spdz.field.field import Field

Words = npt.NDArray[np.uint64]
Digits = npt.NDArray[np.uint8]
Expanded = tuple[Words, Words]

MAX_DEPTH = 4
"""A digit is less than every modulus."""


class MatrixGadgetOperations:
    """Mixin of `Field`."""

    if TYPE_CHECKING:

        @property
        def matrix_kernels(self) -> ModuleType: ...

    def matrix_sender(
        self, leaves: Expanded, depth: int, y: FieldArray, d: FieldArray, acc: FieldArray, first: int = 0
    ) -> None:
        """The sender's side of the products of entries with rows y, for columns first .. first + w. With g_x the
        elements of the leaves x of digit j of entry i,

            d[i J + j, c] = y[i, c] - sum of g_x    and    acc[i, c] = sum of 2^(depth j) (2^depth - 1 - x) g_x.

        Shapes: n J 2^depth seeds of w blocks each, J = ceil(k / depth); y and acc (n, columns); d (n J, columns). Those
        columns of `d` and `acc` are overwritten.
        """
        field, digits, shape, blocks = _fitting_digits(self, leaves, depth, acc, first)
        outputs = (field._output(d, digits * acc.shape[1]), field._output(acc, acc.size))
        total = flat_words(field.empty((shape[2],)).limbs)
        rows = field._input(y, acc.size)
        self.matrix_kernels.matrix_sender(*blocks, rows, shape, *outputs, total, field.parameter)

    def matrix_receiver(
        self, leaves: Expanded, depth: int, values: Digits, d: FieldArray, acc: FieldArray, first: int = 0
    ) -> None:
        """acc[i, c] = sum over j of 2^(depth j) (v_j (d[i J + j, c] + sum of g_x) - sum of (2^depth - 1 - x) g_x), for
        v_j the digits of entry i and columns first .. first + w.

        Leaf x = 2^depth - 1 - v_j has no influence, whatever its seed is. Plus the sender's `acc` this is the entry
        times y.

        Shapes: as in `matrix_sender`; values (n, J) uint8, less than 2^depth.
        """
        field, digits, shape, blocks = _fitting_digits(self, leaves, depth, acc, first)
        if values.dtype != np.uint8 or values.shape != (len(acc), shape[0]):
            raise UsageError(
                f"digits as uint8 of shape ({len(acc)}, {shape[0]}) expected, not {values.dtype} {values.shape}"
            )
        flat = np.require(values.reshape(digits), requirements=["C", "W"])
        total = flat_words(field.empty((shape[2],)).limbs)
        arrays = (field._input(d, digits * acc.shape[1]), field._output(acc, acc.size))
        self.matrix_kernels.matrix_receiver(*blocks, flat, shape, *arrays, total, field.parameter)

    def add_rows(self, x: FieldArray, places: npt.NDArray[np.int64], target: FieldArray, first: int) -> None:
        """target[places[i], first + c] += x[i, c] for all i and c; a place may occur several times.

        Shapes: x (n, w), places (n,), target (rows, columns) with first + w <= columns.
        """
        field, count, columns = _fitting(self, x)
        if target.ndim != 2 or places.shape != (count,) or places.dtype != np.int64:
            raise UsageError(f"{count} places as int64 and a target of two axes expected")
        rows, stride = target.shape
        if first < 0 or first + columns > stride or (count and not 0 <= places.min() <= places.max() < rows):
            raise UsageError(f"rows of {columns} from column {first} on do not fit a target of {target.shape}")
        geometry = (np.ascontiguousarray(places), columns, first, stride)
        words = field._output(target, target.size)
        self.matrix_kernels.add_rows(field._input(x, x.size), *geometry, words, field.parameter)


def _fitting(field: object, rows: FieldArray) -> tuple[Field, int, int]:
    if rows.ndim != 2 or rows.shape[1] == 0:
        raise UsageError(f"an array of shape (entries, columns) expected, not {rows.shape}")
    count, columns = rows.shape
    return cast("Field", field), count, columns


def _fitting_digits(
    field: object, leaves: Expanded, depth: int, acc: FieldArray, first: int
) -> tuple[Field, int, tuple[int, int, int, int, int], Expanded]:
    """The field, how many digits there are, what kernels are told of shapes, and the blocks as they take them."""
    own, count, columns = _fitting(field, acc)
    if not 1 <= depth <= MAX_DEPTH:
        raise UsageError(f"a digit has 1 to {MAX_DEPTH} bits, not {depth}")
    per_entry = -(-own.bits // depth)
    digits = count * per_entry
    seeds = digits << depth
    width = len(leaves[0]) // seeds if seeds else 0
    if width < 1 or first < 0 or first + width > columns:
        raise UsageError(f"{width} columns from column {first} on do not fit rows of {columns}")
    for blocks, wanted in zip(leaves, (seeds * width, seeds), strict=True):
        if blocks.dtype != np.uint64 or blocks.shape != (wanted, 2):
            raise UsageError(f"{wanted} blocks of 128 bits expected, as uint64 of shape (n, 2)")
    words = flat_words(leaves[0]), flat_words(leaves[1])
    return own, digits, (per_entry, depth, width, first, columns), words
