"""Transposition of bit matrices with 128 columns: from the columns of an OT extension to one 128-bit row per OT.

Source: recursive block transposition, Hacker's Delight, section 7-3: a 64 x 64 block is transposed by exchanging the
off-diagonal quarters of blocks of 64, 32, ... 2 bits. Eight blocks that lie next to each other go through together,
one in each lane of a vector, so a cache line is read whole and the exchanges run on all lanes at once.

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
_WORD_BYTES: Final = 8
_LANES: Final = 8

if sys.byteorder != "little":
    raise InternalError("bit matrices are read as little-endian words, which this machine does not have")


@inlined
def _transpose_lanes(block: NDArray[np.uint64]) -> None:
    """Transpose in place the 64 x 64 matrix in each lane: word `block[r, lane]` is row r of the matrix."""
    distance = 32
    mask = np.uint64(0x00000000FFFFFFFF)
    while distance > 0:
        shift = np.uint64(distance)
        for start in range(0, 64, 2 * distance):
            for row in range(start, start + distance):
                for lane in range(8):
                    swap = ((block[row, lane] >> shift) ^ block[row + distance, lane]) & mask
                    block[row + distance, lane] ^= swap
                    block[row, lane] ^= swap << shift
        distance >>= 1
        mask ^= mask << np.uint64(distance)


@kernel
def _transpose(columns: NDArray[np.uint64], out: NDArray[np.uint64]) -> None:
    word_count = columns.shape[1]
    low = np.zeros((64, 8), dtype=np.uint64)
    high = np.zeros((64, 8), dtype=np.uint64)
    for first in range(0, word_count, 8):
        # At the end some lanes may be unused: they hold old words, which are transposed and dropped.
        lanes = min(8, word_count - first)
        for row in range(64):
            for lane in range(lanes):
                low[row, lane] = columns[row, first + lane]
                high[row, lane] = columns[64 + row, first + lane]
        _transpose_lanes(low)
        _transpose_lanes(high)
        for lane in range(lanes):
            base = (first + lane) * 64
            for row in range(64):
                out[base + row, 0] = low[row, lane]
                out[base + row, 1] = high[row, lane]


def transpose_columns(columns: NDArray[np.uint8], out: NDArray[np.uint64]) -> None:
    """Write row h of the matrix whose columns are given to `out[h]`, for every h.

    Nothing is allocated, except that columns which do not start at multiples of 8 bytes in memory are copied first.

    Shapes: columns (128, nbytes), nbytes a multiple of 8, each column contiguous, at any distance from the next;
            out (8 nbytes, 2), C-contiguous, not overlapping `columns`.
    Raises: UsageError for any other shape, type or layout.
    """
    if columns.dtype != np.uint8 or columns.ndim != 2 or columns.shape[0] != COLUMN_COUNT:
        raise UsageError(f"a bit matrix has {COLUMN_COUNT} columns of bytes, got {_description(columns)}")
    byte_count = columns.shape[1]
    if byte_count % _WORD_BYTES:
        raise UsageError(f"a column must have a multiple of {_WORD_BYTES} bytes, got {byte_count}")
    if out.dtype != np.uint64 or out.shape != (8 * byte_count, 2) or not out.flags.c_contiguous:
        raise UsageError(f"the rows need a contiguous uint64 array of shape {(8 * byte_count, 2)}")
    if not out.flags.writeable:
        raise UsageError("the rows must be writable")
    if byte_count == 0:
        return
    if columns.strides[1] != 1:
        raise UsageError("the bytes of one column must be contiguous")
    words = columns.view(np.uint64)
    if not words.flags.aligned:
        words = np.ascontiguousarray(columns).copy().view(np.uint64)
    # Columns received from a peer may be read-only; one kind of view for all is one kernel to compile.
    words.flags.writeable = False
    _transpose(words, out)


def _description(array: NDArray[Any]) -> str:
    return f"{array.dtype} {array.shape}"
