"""Arrays as kernels take them, after one look at their field, size and memory, so that kernels need not look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spdz.errors import UsageError
from spdz.field.memory import Words, flat_words, is_output

if TYPE_CHECKING:
    from spdz.field.array import FieldArray
    from spdz.field.field import Field


def source(field: Field, x: FieldArray, count: int) -> Words:
    """The flat words of `count` elements to be read."""
    if x.field != field:
        raise UsageError(f"{field.name} cannot compute with elements of {x.field.name}")
    if x.size != count:
        raise UsageError(f"{count} elements expected, not {x.size}")
    return flat_words(x.limbs)


def target(field: Field, x: FieldArray, count: int) -> Words:
    """The flat words of `count` elements to be written in place."""
    if not is_output(x.limbs):
        raise UsageError("the output must be a contiguous, writable array")
    return source(field, x, count)


def blocks(array: Any) -> Words:
    """Blocks of 128 bits to be read, as words of shape (n, 2)."""
    if not isinstance(array, np.ndarray) or array.dtype != np.uint64 or array.shape[1:] != (2,):
        raise UsageError("128-bit blocks are a uint64 array of shape (n, 2)")
    return flat_words(array)
