"""The sparse code of LPN and its noise, as methods of `Field`."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from spdz.errors import UsageError
from spdz.field.memory import flat_words, is_output

if TYPE_CHECKING:
    from spdz.field.array import FieldArray
    from spdz.field.field import Field

ROW_WORDS = 10
"""64-bit words that make one row of the code; also its locality."""

Words = npt.NDArray[np.uint64]


class LpnOperations:
    """Mixin of `Field`."""

    def add_code_rows(self, secret: FieldArray, words: Words, out: FieldArray) -> None:
        """Add to each out[i] the product of a public sparse row with the secret vector.

        Each word of `words`, of shape (n, ROW_WORDS), is one entry: its low half, scaled to the size of the secret,
        is the place, its high half the coefficient.
        """
        field = cast("Field", self)
        _check(field, out, (secret, out))
        if words.dtype != np.uint64 or words.shape != (out.size, ROW_WORDS) or not words.flags.c_contiguous:
            raise UsageError(f"rows of the code are {ROW_WORDS} words for each of {out.size} outputs")
        if not 0 < secret.size < 1 << 32:
            raise UsageError("the secret vector of a code has between 1 and 2^32 - 1 elements")
        field.lpn_kernels.gather(flat_words(secret.limbs), words, flat_words(out.limbs), field.parameter)

    def add_noise(self, values: FieldArray, places: Words, out: FieldArray) -> None:
        """Add values[b] to element places[b] of block b of `out`, for all blocks; hides the places by masks."""
        field = cast("Field", self)
        _check(field, out, (values, out))
        if places.dtype != np.uint64 or places.shape != (values.size,) or not values.size or out.size % values.size:
            raise UsageError("noise takes one place for each block, and equal blocks")
        field.lpn_kernels.add_noise(flat_words(values.limbs), places, flat_words(out.limbs), field.parameter)


def _check(field: Field, out: FieldArray, arrays: tuple[FieldArray, ...]) -> None:
    if any(array.field != field or array.ndim != 1 for array in arrays):
        raise UsageError(f"the code of LPN takes flat arrays of {field.name}")
    if not is_output(out.limbs):
        raise UsageError("the output must be contiguous and writable")
