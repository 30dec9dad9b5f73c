"""Preprocessing material: what the generators make and the online phase consumes, once.

`Kind` names a sort of material, `Batch` holds some of it, and `MaterialStore` gives each element out a single time.
"""

from spdz.sharing.material.batch import Batch, InputMasks, Squares, Triples
from spdz.sharing.material.demand import demand_of
from spdz.sharing.material.kinds import (
    RANDOM_BITS,
    RANDOM_SHARES,
    SQUARES,
    TRIPLES,
    Kind,
    input_masks,
    matrix_triples,
)
from spdz.sharing.material.memory import MaterialStore

__all__ = [
    "RANDOM_BITS",
    "RANDOM_SHARES",
    "SQUARES",
    "TRIPLES",
    "Batch",
    "InputMasks",
    "Kind",
    "MaterialStore",
    "Squares",
    "Triples",
    "demand_of",
    "input_masks",
    "matrix_triples",
]
