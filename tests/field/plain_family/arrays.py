"""The loops that a family must have."""

from spdz.field.mersenne.arrays import (
    add_arrays,
    count_unreduced,
    mask_and_count,
    matmul_rows,
    mul_arrays,
    power_array,
    reduce_blocks,
    sub_arrays,
    sum_middle,
    to_symmetric,
)

__all__ = [
    "add_arrays",
    "count_unreduced",
    "mask_and_count",
    "matmul_rows",
    "mul_arrays",
    "power_array",
    "reduce_blocks",
    "sub_arrays",
    "sum_middle",
    "to_symmetric",
]
