"""Sums of rows by the bits of their number: what turns the streams of a tree's leaves into columns of an OT extension.

For rows s_0 ... s_(2^k - 1) of words, with XOR as the sum: for each bit b the sum of all s_y whose y has bit b, and the
sum of all rows. Four rows at a time go into the sums of two bits and leave one row, their own sum, and so on with what
is left; so k bits cost about two XORs per row instead of k / 2. Nothing depends on the contents.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spdz.errors import UsageError
from spdz.field.jit import kernel

Words = NDArray[np.uint64]


@kernel
def _add_two(a: Words, b: Words, bit: Words, total: Words) -> None:
    for word in range(total.shape[0]):
        bit[word] ^= b[word]
        total[word] = a[word] ^ b[word]


@kernel
def _add_four(a: Words, b: Words, c: Words, d: Words, low: Words, high: Words, total: Words) -> None:
    for word in range(total.shape[0]):
        upper = c[word] ^ d[word]
        low[word] ^= b[word] ^ d[word]
        high[word] ^= upper
        total[word] = a[word] ^ b[word] ^ upper


@kernel
def _bit_sums(rows: Words, words: int, columns: Words, first: int, start: int) -> None:
    stop = start + words
    width, column = rows.shape[0], first
    # Arrays are cut to one dimension here: only then does the compiler see that they are contiguous.
    while width > 1:
        low = columns[column, start:stop]
        low[:] = 0
        if width == 2:
            _add_two(rows[0, :words], rows[1, :words], low, rows[0, :words])
            return
        high = columns[column + 1, start:stop]
        high[:] = 0
        width //= 4
        column += 2
        for i in range(width):
            at = 4 * i
            a, b, c, d = rows[at, :words], rows[at + 1, :words], rows[at + 2, :words], rows[at + 3, :words]
            _add_four(a, b, c, d, low, high, rows[i, :words])


@kernel
def _add_selected(column: Words, mask: np.uint64, addend: Words) -> None:
    for word in range(addend.shape[0]):
        column[word] ^= addend[word] & mask


@kernel
def _add_selected_to_all(columns: Words, first: int, start: int, masks: Words, addend: Words) -> None:
    stop = start + addend.shape[0]
    for place in range(masks.shape[0]):
        _add_selected(columns[first + place, start:stop], masks[place], addend)


def add_selected(columns: Words, first: int, start: int, masks: Words, addend: Words) -> None:
    """XOR `addend` to each of the columns first, first + 1, ... from word `start` on whose mask is all ones.

    Masks are zero or all ones; they may be secret.
    Raises: UsageError if it does not fit.
    """
    stop = start + len(addend)
    if not (0 <= first <= len(columns) - len(masks) and start >= 0 and stop <= columns.shape[1]):
        raise UsageError("the addend does not fit the columns")
    # What a peer sent may be read-only, and at any address: one kind of array for all is one kernel to compile.
    words = np.require(addend, requirements="A").view()
    words.flags.writeable = False
    _add_selected_to_all(columns, first, start, masks, words)


def bit_sums(rows: Words, words: int, columns: Words, first: int, start: int) -> None:
    """Write the sums by bits of the first `words` words of each row, and leave the sum of all rows in `rows[0]`.

    The sum for bit b goes to `columns[first + b, start : start + words]`. The other rows are used up.

    Shapes: rows (2^k, at least `words`), k >= 1; columns with enough rows and words; both C-contiguous uint64.
    Raises: UsageError for anything else.
    """
    width = rows.shape[0]
    bits = width.bit_length() - 1
    for array in (rows, columns):
        if array.dtype != np.uint64 or array.ndim != 2 or not array.flags.c_contiguous or not array.flags.writeable:
            raise UsageError("rows and columns must be writable contiguous uint64 arrays of two dimensions")
    if width < 2 or width != 1 << bits:
        raise UsageError(f"the number of rows must be a power of two from 2 on, got {width}")
    fits = 0 <= first <= columns.shape[0] - bits and 0 <= start <= columns.shape[1] - words
    if not fits or not 0 <= words <= rows.shape[1]:
        raise UsageError(f"the sums of {bits} bits do not fit the columns, or the words do not fit the rows")
    _bit_sums(rows, words, columns, first, start)
