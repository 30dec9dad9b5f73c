"""Lists of which some places are opened and the others are matched at random: permutations out of public coins."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spdz.protocols.coin_toss import Coins

Indices = NDArray[np.int64]


class Places(NamedTuple):
    """The places of a list in a random order."""

    opened: Indices
    matched: Indices


def lists(count: int, statistical_bits: int) -> int:
    """B, of which one holds the targets: the least with N^(B-1) >= 2^s."""
    found = 2
    while count ** (found - 1) < 1 << statistical_bits:
        found += 1
    return found


def order(coins: Coins, label: str, size: int, samples: int) -> Places:
    """A uniform permutation of a list: so many places that are opened, then those that are matched.

    64-bit keys are sorted; two of them agree with probability size^2 / 2^65, and then the first one stays first.
    """
    keys = np.frombuffer(coins.stream(label).bytes(8 * size), np.uint64)
    found = np.argsort(keys, kind="stable")
    return Places(found[:samples], found[samples:])
