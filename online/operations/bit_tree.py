"""Products of shared bits in levels, and the tree that compares a public number with a shared one.

Realises:  AND of bits with triples, several at a time; [c < r] for a public c by a tree of (less, equal).
Source:    [Bea91], over GF(2); the tree of (less, equal) as in Garay, Schoenmakers, Villegas, PKC 2007, with leaves of
           two bits that are linear in the shared bits and the product of the two.
Symbols:   a job (u, v) asks for u v, a job (u, v, w) for u v and u w; x, y, z = x y, v, w = x v a pair triple. A node
           (less, equal) says of some bits of c and r whether those of c are less, and whether they are equal.
Unchecked: every opening in here is logged; `output` checks all of them before anything is revealed. What is opened is
           masked by material that is used once, so opening it early reveals nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from spdz.bits.comparison import differences, leaf_of_bit, leaf_pairs
from spdz.bits.words import beaver
from spdz.protocols.opening import open_masked
from spdz.runtime.context import Context
from spdz.sharing.bit_share import BitShare, Words
from spdz.sharing.material import BIT_PAIR_TRIPLES, BIT_TRIPLES, Batch, Kind
from spdz.wire.steps import Step

Job = tuple[Words, ...]
"""Two or three flat arrays of words: u, v or u, v, w."""


class Level(NamedTuple):
    """How many products of either sort, for each entry, are opened in one message."""

    singles: int
    pairs: int


def material_of(levels: Sequence[Level], entries: int) -> dict[Kind, int]:
    """The triples that the levels take."""
    wanted = {
        BIT_TRIPLES: entries * sum(level.singles for level in levels),
        BIT_PAIR_TRIPLES: entries * sum(level.pairs for level in levels),
    }
    return {kind: count for kind, count in wanted.items() if count}


def bytes_of(levels: Sequence[Level], entries: int) -> int:
    """Bytes that a party sends to each peer: two bits a product, three a pair, packed message by message."""
    return sum(-(-entries * (2 * level.singles + 3 * level.pairs) // 8) for level in levels)


class BitProducts:
    """Multiplies flat arrays of bits, all of one length, with triples that it takes from the front of batches."""

    def __init__(self, ctx: Context, step: Step, entries: int, batches: Sequence[Batch]) -> None:
        self._ctx, self._step, self._entries = ctx, step, entries
        self._left = {batch.kind: batch.shares for batch in batches}

    async def of(self, jobs: Sequence[Job]) -> list[tuple[Words, ...]]:
        """The products of every job: (u v,) of (u, v), (u v, u w) of (u, v, w).

        Shapes:    all of the length `entries`.
        Rounds:    1; 0 if there are no jobs.
                   Sends: the bits of all jobs packed, two per entry of a pair of factors, three of a job of three.
                   Consumes: a bit triple, or a bit pair triple, per entry.
        Unchecked: what is opened; a MAC check must run before any output.
        """
        if not jobs:
            return []
        triples = [self._take(BIT_TRIPLES if len(job) == 2 else BIT_PAIR_TRIPLES) for job in jobs]
        masked = [
            (BitShare(factor), BitShare(mask))
            for job, triple in zip(jobs, triples, strict=True)
            for factor, mask in zip(job, (*triple[:2], *triple[3:4]), strict=True)
        ]
        opened = iter(await open_masked(self._ctx, self._step, *masked))
        delta = self._ctx.session.bit_domain.key.share.word
        results: list[tuple[Words, ...]] = []
        for job, triple in zip(jobs, triples, strict=True):
            d = next(opened)
            # z = x y, and w = x v for a second factor: both products have the first factor in common.
            results.append(tuple(beaver(triple[0], *pair, d, next(opened), delta) for pair in _factors(triple)))
            assert len(results[-1]) == len(job) - 1
        return results

    def _take(self, kind: Kind) -> list[Words]:
        """The next `entries` triples, one array of words for each array of the kind."""
        shares: tuple[BitShare, ...] = self._left[kind]
        self._left[kind] = tuple(share[self._entries :] for share in shares)
        return [share.words[: self._entries] for share in shares]


def _factors(triple: list[Words]) -> list[tuple[Words, Words]]:
    """(y, z), and for a pair triple (v, w) besides."""
    return [(triple[1], triple[2]), *((triple[3], triple[4]) for _ in triple[3:4])]


# -- the tree ---------------------------------------------------------------------------------------------------------


class Node(NamedTuple):
    """Flat words of [c < r] and [c = r] for some bits of c and r."""

    less: Words
    equal: Words


class Masked(NamedTuple):
    """The public numbers c, and the shared bits of the masks with the products of neighbours, by entry."""

    c: Words
    r: Words
    q: Words


def pairs_within(low: int, high: int, width: int) -> range:
    """The pairs (2 j + 1, 2 j) between bits `low` and `high` whose products masks of `width` bits come with."""
    return range(-(-low // 2), min(high, (width - 1) // 2 * 2) // 2)


def leaf_count(low: int, high: int, width: int) -> int:
    """How many leaves the bits from `low` to below `high` make."""
    return high - low - len(pairs_within(low, high, width))


def leaves(masked: Masked, low: int, high: int, delta: np.uint64) -> list[Node]:
    """The leaves of the bits from `low` to below `high`, the lowest first: pairs of bits, and what is left at the ends.

    Local.
    """
    pairs = pairs_within(low, high, masked.r.shape[1])
    if not pairs:
        return [single_leaf(masked, place, delta) for place in range(low, high)]
    less, equal = leaf_pairs(*masked, pairs, delta)
    below, above = range(low, 2 * pairs.start), range(2 * pairs.stop, high)
    return [
        *(single_leaf(masked, place, delta) for place in below),
        *(Node(*planes) for planes in zip(less, equal, strict=True)),
        *(single_leaf(masked, place, delta) for place in above),
    ]


def single_leaf(masked: Masked, place: int, delta: np.uint64) -> Node:
    """The leaf of one bit."""
    return Node(*leaf_of_bit(masked.c, masked.r, place, delta))


def comparison_levels(count: int) -> list[Level]:
    """What a comparison tree of so many leaves multiplies, level by level."""
    levels = []
    while count > 1:
        levels.append(Level(1, count // 2 - 1))
        count = -(-count // 2)
    return levels


def comparison_jobs(nodes: Sequence[Node]) -> list[Job]:
    """The products of one level: neighbours are joined, and the lowest node is never asked whether it is equal."""
    jobs: list[Job] = []
    for lower, upper in zip(nodes[::2], nodes[1::2], strict=False):
        jobs.append((upper.equal, lower.less, lower.equal) if jobs else (upper.equal, lower.less))
    return jobs


def compared(nodes: Sequence[Node], products: Sequence[tuple[Words, ...]]) -> list[Node]:
    """The nodes of the next level: less if the upper is, or if it is equal and the lower is less."""
    joined = [joined_node(upper, products[i]) for i, upper in enumerate(nodes[1::2])]
    return joined if len(nodes) % 2 == 0 else [*joined, nodes[-1]]


def joined_node(upper: Node, products: tuple[Words, ...]) -> Node:
    """From E1 L0 and, unless nobody asks, E1 E0."""
    less, equal = products[0], products[-1]
    less ^= upper.less
    return Node(less, equal)


async def compare(products: BitProducts, nodes: Sequence[Node]) -> Words:
    """[c < r] from the leaves of all bits.

    Rounds:    ceil(log2(leaves)).  Sends and consumes: see `comparison_levels`.
    Unchecked: as `BitProducts.of`.
    """
    while len(nodes) > 1:
        nodes = compared(nodes, await products.of(comparison_jobs(nodes)))
    return nodes[0].less


def bits_of_difference(masked: Masked, first: int, borrows: Words, delta: np.uint64) -> Words:
    """The bits of c - r from `first` on, given the borrows into these places; by entry.

    Shapes:    borrows: (places, n); returns (n, places).  Local.
    """
    return differences(masked.c, masked.r, first, borrows, delta)


def flat(array: Any) -> Words:
    """The words of an array of shared bits in one axis, contiguous."""
    words: Words = np.ascontiguousarray(array.words.reshape(-1))
    return words
