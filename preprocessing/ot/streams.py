"""The streams of the leaves of all trees with one peer: what the columns of OT extensions are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from spdz.crypto.bit_sums import bit_sums
from spdz.crypto.prg import Prg
from spdz.preprocessing.ot.rows import Bits, Rows
from spdz.runtime.workers import share_out

UseOfTotal = Callable[[int, slice, Rows], None]
"""(tree, place in the streams, sum of all streams of the tree there)."""


class LeafStreams:
    """The streams of the leaves of all trees with one peer; they go on from extension to extension."""

    def __init__(self, seeds: Bits, columns: int) -> None:
        """`seeds` (trees, N, 16) or (trees, N - 1, 16): without row 0, which then counts as zero.

        `columns` is what they make all together, depth for each tree.
        """
        self.depth = columns // len(seeds)
        self.prgs = [[Prg(seed.tobytes()) for seed in tree] for tree in seeds]
        self._pieces: list[Rows] = []
        """Room for a piece of every stream of a tree, for each thread; those that are not in use."""

    def add_up(self, columns: Rows, threads: int, use: UseOfTotal) -> None:
        """Write the sums by bits of the next words of the streams to `columns`; `use` gets the sum of all of a tree.

        As many trees take part as there are columns for, from the first on; streams of the others stay where they are.
        The trees are shared out among threads: `use` may write to what belongs to its tree and its place only.
        """
        count = len(columns) // self.depth
        while len(self._pieces) < min(threads, count):
            self._pieces.append(np.zeros((1 << self.depth, _chunk_words(self.depth)), np.uint64))

        def work(trees: Iterable[int]) -> None:
            piece = self._pieces.pop()
            views = [memoryview(row).cast("B") for row in piece]
            try:
                for tree in trees:
                    self._add_up(piece, views, tree, columns, use)
            finally:
                self._pieces.append(piece)

        share_out(range(count), threads, work)

    def _add_up(self, piece: Rows, views: list[memoryview], tree: int, columns: Rows, use: UseOfTotal) -> None:
        step, words = piece.shape[1], columns.shape[1]
        for start in range(0, words, step):
            count, missing = min(step, words - start), len(piece) - len(self.prgs[tree])
            piece[:missing] = 0
            for prg, view in zip(self.prgs[tree], views[missing:], strict=True):
                prg.fill(view[: count * columns.itemsize])
            bit_sums(piece, count, columns, tree * self.depth, start)
            use(tree, slice(start, start + count), piece[0, :count])

    def clear(self) -> None:
        """Overwrite the pieces of streams that were used last."""
        for piece in self._pieces:
            piece.fill(0)

    def wipe(self) -> None:
        """Forget the streams."""
        self.clear()
        for tree in self.prgs:
            for prg in tree:
                prg.wipe()


def _chunk_words(depth: int) -> int:
    """Short pieces cost calls of the cipher, long ones leave the cache: 64 KiB, 2 MiB for all streams of a tree."""
    return min((1 << 21) >> depth, 1 << 16) // 8
