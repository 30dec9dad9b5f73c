"""Products of bit-decomposed entries with rows, as methods of `Field`; see `gadget.py` for the case of one column.

An OT carries w elements, which come from a seed: a pair (inner, seeds) of raw 128-bit blocks, (m w, 2) and (m, 2),
stands for the blocks inner[j w + c] ^ seeds[j], taken modulo p; see `SeedExpansion.permute`.
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
Bits = npt.NDArray[np.uint8]
Expanded = tuple[Words, Words]


class MatrixGadgetOperations:
    """Mixin of `Field`."""

    if TYPE_CHECKING:

        @property
        def matrix_kernels(self) -> ModuleType: ...

    def matrix_sender(self, zero: Expanded, one: Expanded, y: FieldArray, d: FieldArray, acc: FieldArray) -> None:
        """The sender's side of the products of entries with rows y: with q0, q1 the elements of `zero` and `one`,

            d[i k + l, c] = q0 - q1 + y[i, c]    and    acc[i, c] = sum over l of 2^l q0[i k + l, c].

        Shapes: n k seeds of w blocks each; y and acc (n, w); d (n k, w). `d` and `acc` are overwritten.
        """
        field, count, columns = _fitting(self, acc)
        ots = count * field.bits
        blocks = (*_blocks(zero, ots, columns), *_blocks(one, ots, columns))
        outputs = (field._output(d, ots * columns), field._output(acc, acc.size))
        rows = field._input(y, acc.size)
        self.matrix_kernels.matrix_sender(*blocks, rows, field.bits, columns, *outputs, field.parameter)

    def matrix_receiver(self, own: Expanded, bits: Bits, d: FieldArray, acc: FieldArray) -> None:
        """acc[i, c] = sum over l of 2^l (s[i k + l, c] + bits[i, l] d[i k + l, c]), with s the elements of `own`.

        Shapes: n k seeds of w blocks each; bits (n, k) of 0 and 1; d (n k, w); acc (n, w), overwritten.
        """
        field, count, columns = _fitting(self, acc)
        ots = count * field.bits
        if bits.dtype != np.uint8 or bits.shape != (count, field.bits):
            raise UsageError(f"bits as uint8 of shape ({count}, {field.bits}) expected, not {bits.dtype} {bits.shape}")
        flat = np.require(bits.reshape(ots), requirements=["C", "W"])
        arrays = (*_blocks(own, ots, columns), flat, field._input(d, ots * columns))
        output = field._output(acc, acc.size)
        self.matrix_kernels.matrix_receiver(*arrays, field.bits, columns, output, field.parameter)

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


def _blocks(expanded: Expanded, ots: int, columns: int) -> Expanded:
    for blocks, count in zip(expanded, (ots * columns, ots), strict=True):
        if blocks.dtype != np.uint64 or blocks.shape != (count, 2):
            raise UsageError(f"{count} blocks of 128 bits expected, as uint64 of shape (n, 2)")
    return flat_words(expanded[0]), flat_words(expanded[1])
