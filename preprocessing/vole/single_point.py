"""Single-point VOLE: vectors u that are zero but at one secret place of each block, for many blocks at once.

Realises:  for blocks of 2^depth: u, v at the inputter and w = v + u alpha at the key holder; u has one entry in each
           block, at a place that the inputter has drawn.
Source:    Wolverine (ePrint 2020/925), single-point VOLE, with the trees of `spdz.crypto.ggm`.
Symbols:   (b, c) and a = c + b alpha one VOLE of the base for each block: b is the entry of u;
           w the leaves of the key holder's tree; d = a - sum w of the block.
           v is the leaves but at the place; there v = c - d - (sum of the other leaves) = w - b alpha.
Deviation: the entry is b itself, which is random, where the paper sends the difference to a fresh one: one message
           less; an entry is zero with probability 1/p.
Checked:   not here. A key holder that sends wrong sums or d makes the inputter's v wrong, depending on the place:
           `vole_check`. The inputter sends nothing but its choices, and any choices are a place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from spdz.crypto import ggm
from spdz.crypto.randomness import Randomness
from spdz.field import Field, FieldArray
from spdz.field.fused.code import add_noise
from spdz.preprocessing.ot import all_but_one
from spdz.preprocessing.ot.extension import ROW_UNIT, ReceiverRows, SenderRows
from spdz.preprocessing.ot.rows import Bits
from spdz.preprocessing.vole.code import LpnParams

BLOCK_BYTES = 16


def ot_rows(params: LpnParams) -> int:
    """OTs of one extension: one for each level of each tree, filled up to whole units."""
    return -(-params.blocks * params.depth // ROW_UNIT) * ROW_UNIT


def random_paths(params: LpnParams, randomness: Randomness) -> Bits:
    """A uniform place in each block, as bits from the lowest: (blocks, depth)."""
    count = params.blocks * params.depth
    bits = np.unpackbits(np.frombuffer(randomness.bytes(-(-count // 8)), np.uint8), bitorder="little")
    return bits[:count].reshape(params.blocks, params.depth)


def packed_choices(params: LpnParams, paths: Bits, randomness: Randomness) -> Bits:
    """What the inputter chooses in the OTs: the sides that its paths do not take, packed; then random bits."""
    packed = np.frombuffer(bytearray(randomness.bytes(ot_rows(params) // 8)), np.uint8)
    bits = np.unpackbits(packed, bitorder="little")
    bits[: paths.size] = paths.ravel() ^ 1
    return np.packbits(bits, bitorder="little")


def grow(
    field: Field, ots: SenderRows, base: FieldArray, params: LpnParams, keys: ggm.SideKeys, randomness: Randomness
) -> tuple[NDArray[np.uint8], FieldArray, FieldArray]:
    """The key holder's end: the masked sums to send, the d to send, and w. `base` holds a. Forgets the OTs."""
    seeds = np.frombuffer(bytearray(randomness.bytes(params.blocks * ggm.SEED_BYTES)), np.uint8)
    rows, first, second = (np.empty((ot_rows(params), 2), np.uint64) for _ in range(3))
    ots.hashed(0, len(rows), rows, (first, second))
    ots.finish()
    roots, levels = seeds.reshape(params.blocks, ggm.SEED_BYTES), params.blocks * params.depth
    leaves, masked = all_but_one.deal(roots, params.depth, keys, (first[:levels], second[:levels]))
    w = field.reduce_blocks(leaves.reshape(-1, 2))
    for array in (leaves, seeds, rows, first, second):
        array.fill(0)
    return masked.view(np.uint8), base - w.reshape(params.blocks, -1).sum(1), w


def puncture(
    field: Field,
    ots: ReceiverRows,
    base: tuple[FieldArray, ...],
    paths: Bits,
    keys: ggm.SideKeys,
    message: tuple[memoryview, FieldArray],
) -> tuple[FieldArray, FieldArray]:
    """The inputter's end: u and v, from the masked sums and d that came. `base` is (b, c). Forgets the OTs."""
    blocks, depth = paths.shape
    masked, totals = np.frombuffer(message[0], np.uint64).reshape(-1, 2, 2), message[1]
    rows, hashed = (np.empty((-(-paths.size // ROW_UNIT) * ROW_UNIT, 2), np.uint64) for _ in range(2))
    ots.hashed(0, len(rows), rows, hashed)
    ots.finish()
    sides = paths ^ np.uint8(1)
    leaves = all_but_one.hold(sides, hashed[: paths.size], masked, keys)
    v = field.reduce_blocks(leaves.reshape(-1, 2))
    for array in (leaves, rows, hashed, sides):
        array.fill(0)
    places = (paths.astype(np.uint64) << np.arange(depth, dtype=np.uint64)).sum(1, dtype=np.uint64)
    u = field.zeros(v.shape)
    add_noise(field, base[0], places, u)
    # The leaf at the place is zero so far, so that the sum is over the others.
    add_noise(field, base[1] - totals - v.reshape(blocks, -1).sum(1), places, v)
    places.fill(0)
    return u, v
