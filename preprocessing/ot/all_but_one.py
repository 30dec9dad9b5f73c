"""All-but-one trees from OTs: one end knows all leaves of each tree, the other all but one.

Realises:  for many GGM trees of one depth: the *dealer* of a tree has all leaves, the *holder* all but the one at the
           end of its path. The pads are what an OT gives for each level: both to the dealer, one to the holder, for the
           side that its path does *not* take.
Source:    [BCGIKRS19]: the sums of both sides of each level, each masked by a pad of the level's OT.
Checked:   nothing. Whoever holds a tree from wrong sums has wrong leaves in a way that depends on its path: protocols
           must check their trees, or allow for it.
Secrets:   paths. Nothing here branches on them or indexes with them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spdz.crypto import ggm

Bits = NDArray[np.uint8]
Blocks = NDArray[np.uint64]


def deal(roots: Bits, depth: int, keys: ggm.SideKeys, pads: tuple[Blocks, Blocks]) -> tuple[Blocks, Blocks]:
    """The leaves of the trees with these roots, and the masked sums to send.

    Shapes: roots (trees, 16); pads (trees depth, 2) for side 0 and for side 1; returns (trees, 2^depth, 2) and
            (trees depth, 2 sides, 2).
    """
    leaves, sums = ggm.expand(roots, depth, keys)
    masked = sums.reshape(-1, 2, 2)
    masked[:, 0] ^= pads[0]
    masked[:, 1] ^= pads[1]
    return leaves, masked


def hold(sides: Bits, pads: Blocks, masked: Blocks, keys: ggm.SideKeys) -> Blocks:
    """All leaves but one of each tree, from the sums that came; the missing one is zero.

    Shapes: sides (trees, depth), the sides that the paths do not take, for which `pads` (trees depth, 2) are; masked
            (trees depth, 2, 2); returns (trees, 2^depth, 2). The missing leaf has the index sum of (1 - side_d) 2^d.
    """
    mask = np.uint64(0) - sides.reshape(-1, 1).astype(np.uint64)
    sums = masked[:, 0] ^ ((masked[:, 0] ^ masked[:, 1]) & mask) ^ pads
    paths = 1 - sides
    leaves = ggm.reconstruct(paths, sums.reshape(*sides.shape, 2), keys)
    for array in (mask, sums, paths):
        array.fill(0)
    return leaves
