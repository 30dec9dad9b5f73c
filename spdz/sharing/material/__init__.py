"""Preprocessing material: what the generators make and the online phase consumes, once.

`Kind` names a sort of material, `Batch` holds some of it, and `MaterialStore` gives each element out a single time.
"""

from spdz.sharing.material.batch import Batch, BitMasks, InputMasks, Squares, Triples
from spdz.sharing.material.bit_kinds import (
    BIT_PAIR_TRIPLES,
    BIT_TRIPLES,
    DABITS,
    DEALT,
    MaskSlack,
    bit_masks,
    compare_masks,
    mux_triples,
    truncation_bits,
    truncation_pairs,
)
from spdz.sharing.material.demand import demand_of
from spdz.sharing.material.kinds import (
    RANDOM_BITS,
    RANDOM_SHARES,
    SQUARES,
    TRIPLES,
    Kind,
    input_masks,
    matrix_triples,
    proof_masks,
)
from spdz.sharing.material.memory import MaterialStore

__all__ = [
    "BIT_PAIR_TRIPLES",
    "BIT_TRIPLES",
    "DABITS",
    "DEALT",
    "RANDOM_BITS",
    "RANDOM_SHARES",
    "SQUARES",
    "TRIPLES",
    "Batch",
    "BitMasks",
    "InputMasks",
    "Kind",
    "MaskSlack",
    "MaterialStore",
    "Squares",
    "Triples",
    "bit_masks",
    "compare_masks",
    "demand_of",
    "input_masks",
    "matrix_triples",
    "mux_triples",
    "proof_masks",
    "truncation_bits",
    "truncation_pairs",
]
