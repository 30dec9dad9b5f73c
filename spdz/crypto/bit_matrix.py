"""Transposition of bit matrices with 128 or 64 columns: from columns of an OT extension to one row of bits per OT.

Source: recursive block transposition, Hacker's Delight, section 7-3: a 64 x 64 block is transposed by exchanging the
off-diagonal quarters of blocks of 64, 32, ... 2 bits. Eight blocks that lie next to each other go through together,
one in each lane of a vector, so a cache line is read whole and the exchanges run on all lanes at once. Three of the six
stages are done while eight rows are in registers, so a block goes through memory twice, not six times.

Bits and bytes are little-endian throughout: bit h of a column is bit h % 8 of its byte h // 8, and bit i of a row is
bit i % 64 of its word i // 64. Nothing branches on, or indexes with, the contents.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from spdz.errors import InternalError, UsageError
from spdz.field.jit import inlined, kernel

COLUMN_COUNT: Final = 128
WORD_COLUMN_COUNT: Final = 64
_WORD_BYTES: Final = 8
_LANES: Final = 8

if sys.byteorder != "little":
    raise InternalError("bit matrices are read as little-endian words, which this machine does not have")


_HALVES, _QUARTERS, _EIGHTHS = (
    np.uint64(0x00000000FFFFFFFF),
    np.uint64(0x0000FFFF0000FFFF),
    np.uint64(0x00FF00FF00FF00FF),
)
_NIBBLES, _PAIRS, _BITS = np.uint64(0x0F0F0F0F0F0F0F0F), np.uint64(0x3333333333333333), np.uint64(0x5555555555555555)


@inlined
def _exchange(upper: Any, lower: Any, distance: Any, mask: Any) -> Any:
    """Exchange the masked bits of `lower` with the bits `distance` above them in `upper`."""
    difference = ((upper >> np.uint64(distance)) ^ lower) & mask
    return upper ^ (difference << np.uint64(distance)), lower ^ difference


@inlined
def _three_stages(rows: Any, step: Any, masks: Any) -> Any:
    """The exchanges at distances 4, 2 and 1 times `step` of eight rows that are `step` apart, all in registers."""
    a, b, c, d, e, f, g, h = rows
    (a, e), (b, f) = _exchange(a, e, 4 * step, masks[0]), _exchange(b, f, 4 * step, masks[0])
    (c, g), (d, h) = _exchange(c, g, 4 * step, masks[0]), _exchange(d, h, 4 * step, masks[0])
    (a, c), (b, d) = _exchange(a, c, 2 * step, masks[1]), _exchange(b, d, 2 * step, masks[1])
    (e, g), (f, h) = _exchange(e, g, 2 * step, masks[1]), _exchange(f, h, 2 * step, masks[1])
    (a, b), (c, d) = _exchange(a, b, step, masks[2]), _exchange(c, d, step, masks[2])
    (e, f), (g, h) = _exchange(e, f, step, masks[2]), _exchange(g, h, step, masks[2])
    return a, b, c, d, e, f, g, h


@inlined
def _load(x: Any, row: Any, step: Any, lane: Any) -> Any:
    low = x[row, lane], x[row + step, lane], x[row + 2 * step, lane], x[row + 3 * step, lane]
    high = x[row + 4 * step, lane], x[row + 5 * step, lane], x[row + 6 * step, lane], x[row + 7 * step, lane]
    return low + high


@inlined
def _store(x: Any, row: Any, step: Any, lane: Any, rows: Any) -> None:
    x[row, lane], x[row + step, lane], x[row + 2 * step, lane], x[row + 3 * step, lane] = rows[:4]
    x[row + 4 * step, lane], x[row + 5 * step, lane], x[row + 6 * step, lane], x[row + 7 * step, lane] = rows[4:]


@inlined
def _transpose_lanes(source: Any, top: Any, first: Any, block: Any) -> None:
    """Transpose the 64 x 64 matrix in each of eight lanes, from rows top ... and lanes first ... of `source`.

    Afterwards word `block[r, lane]` is row r of the matrix. Eight rows at a time go through three stages.
    """
    for row in range(8):
        for lane in range(8):
            rows = _load(source, top + row, 8, first + lane)
            _store(block, row, 8, lane, _three_stages(rows, 8, (_HALVES, _QUARTERS, _EIGHTHS)))
    for group in range(8):
        for lane in range(8):
            rows = _load(block, 8 * group, 1, lane)
            _store(block, 8 * group, 1, lane, _three_stages(rows, 1, (_NIBBLES, _PAIRS, _BITS)))


@kernel
def _transpose(columns: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:
    word_count = columns.shape[1]
    low = np.empty((64, 8), dtype=np.uint64)
    high = np.empty((64, 8), dtype=np.uint64)
    tail = np.zeros((128, 8), dtype=np.uint64)
    for first in range(0, word_count, 8):
        lanes = min(8, word_count - first)
        if lanes == 8:
            _transpose_lanes(columns, 0, first, low)
            _transpose_lanes(columns, 64, first, high)
        else:
            for row in range(128):
                for lane in range(lanes):
                    tail[row, lane] = columns[row, first + lane]
            _transpose_lanes(tail, 0, 0, low)
            _transpose_lanes(tail, 64, 0, high)
        for lane in range(lanes):
            base = (first + lane) * 64
            for row in range(64):
                out[base + row, 0] = low[row, lane]
                out[base + row, 1] = high[row, lane]


@kernel
def _transpose_words(columns: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:
    word_count = columns.shape[1]
    block = np.empty((64, 8), dtype=np.uint64)
    tail = np.zeros((64, 8), dtype=np.uint64)
    for first in range(0, word_count, 8):
        lanes = min(8, word_count - first)
        if lanes == 8:
            _transpose_lanes(columns, 0, first, block)
        else:
            for row in range(64):
                for lane in range(lanes):
                    tail[row, lane] = columns[row, first + lane]
            _transpose_lanes(tail, 0, 0, block)
        for lane in range(lanes):
            base = (first + lane) * 64
            for row in range(64):
                out[base + row] = block[row, lane]


def transpose_columns(columns: NDArray[np.uint8], out: NDArray[np.uint64]) -> None:
    """Write row h of the matrix whose columns are given to `out[h]`, for every h.

    Nothing is allocated, except that columns which do not start at multiples of 8 bytes in memory are copied first.

    Shapes: columns (128, nbytes), nbytes a multiple of 8, each column contiguous, at any distance from the next;
            out (8 nbytes, 2), C-contiguous, not overlapping `columns`.
    Raises: UsageError for any other shape, type or layout.
    """
    words = _checked(columns, out, COLUMN_COUNT, (2,))
    if words.size:
        _transpose(words, out)


def transpose_words(columns: NDArray[np.uint8], out: NDArray[np.uint64]) -> None:
    """As `transpose_columns` for 64 columns, whose rows are words.

    Shapes: columns (64, nbytes); out (8 nbytes,).
    Raises: UsageError for any other shape, type or layout.
    """
    words = _checked(columns, out, WORD_COLUMN_COUNT, ())
    if words.size:
        _transpose_words(words, out)


def _checked(columns: NDArray[np.uint8], out: NDArray[np.uint64], count: int, row: tuple[int, ...]) -> NDArray[Any]:
    """The columns as words, if they and the rows, of shape `row` each, are what a kernel can take."""
    if columns.dtype != np.uint8 or columns.ndim != 2 or columns.shape[0] != count:
        raise UsageError(f"a bit matrix has {count} columns of bytes, got {_description(columns)}")
    byte_count = columns.shape[1]
    if byte_count % _WORD_BYTES:
        raise UsageError(f"a column must have a multiple of {_WORD_BYTES} bytes, got {byte_count}")
    if out.dtype != np.uint64 or out.shape != (8 * byte_count, *row) or not out.flags.c_contiguous:
        raise UsageError(f"the rows need a contiguous uint64 array of shape {(8 * byte_count, *row)}")
    if not out.flags.writeable:
        raise UsageError("the rows must be writable")
    if byte_count == 0:
        return np.empty((count, 0), np.uint64)
    if columns.strides[1] != 1:
        raise UsageError("the bytes of one column must be contiguous")
    words = columns.view(np.uint64)
    if not words.flags.aligned:
        words = np.ascontiguousarray(columns).copy().view(np.uint64)
    # Columns received from a peer may be read-only; one kind of view for all is one kernel to compile.
    words.flags.writeable = False
    return words


def _description(array: NDArray[Any]) -> str:
    return f"{array.dtype} {array.shape}"
