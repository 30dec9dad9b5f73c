"""Chunks of rows: what `RowBuffers` gives must not depend on how a batch is cut."""

from __future__ import annotations

import numpy as np

from spdz.crypto.bit_matrix import transpose_columns
from spdz.preprocessing.ot.rows import RowBuffers

KEY = bytes(range(16))


def columns(seed: int, length: int) -> np.ndarray:
    return np.random.Generator(np.random.PCG64(seed)).integers(0, 256, (128, length), dtype=np.uint8)


def test_rows_of_any_chunk() -> None:
    matrix = columns(1, 64)
    whole = np.empty((512, 2), np.uint64)
    transpose_columns(matrix, whole)
    buffers = RowBuffers(256, 1, KEY)
    for start, count in ((0, 256), (256, 256), (64, 64), (448, 64), (128, 192)):
        assert (buffers.load(matrix, start, count) == whole[start : start + count]).all()


def test_everything_is_wiped() -> None:
    buffers = RowBuffers(128, 2, KEY)
    rows = buffers.load(columns(2, 16), 0, 128)
    for which in (0, 1):
        buffers.permute(rows, 0, which)
    halves = [half for which in (0, 1) for half in buffers.halves(which, 128)]
    assert all(half.any() for half in halves)
    buffers.wipe()
    assert not rows.any()
    assert not any(half.any() for half in halves)
