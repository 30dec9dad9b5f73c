"""The sparse public code of learning parity with noise over a field, and its noise."""

from __future__ import annotations

import numpy as np

from spdz.errors import UsageError
from spdz.field.array import FieldArray
from spdz.field.field import Field
from spdz.field.memory import Words, flat_words, is_output

ROW_WORDS = 10
"""64-bit words that make one row of the code; also its locality."""


def add_code_rows(field: Field, secret: FieldArray, words: Words, out: FieldArray) -> None:
    """Add to each out[i] the product of a public sparse row with the secret vector.

    Each word of `words`, of shape (n, ROW_WORDS), is one entry: its low half, scaled to the size of the secret,
    is the place, its high half the coefficient.
    """
    _check(field, out, (secret, out))
    if words.dtype != np.uint64 or words.shape != (out.size, ROW_WORDS) or not words.flags.c_contiguous:
        raise UsageError(f"rows of the code are {ROW_WORDS} words for each of {out.size} outputs")
    if not 0 < secret.size < 1 << 32:
        raise UsageError("the secret vector of a code has between 1 and 2^32 - 1 elements")
    field.code.gather(flat_words(secret.limbs), words, flat_words(out.limbs), field.parameter)


def add_noise(field: Field, values: FieldArray, places: Words, out: FieldArray) -> None:
    """Add values[b] to element places[b] of block b of `out`, for all blocks; hides the places by masks."""
    _check(field, out, (values, out))
    if places.dtype != np.uint64 or places.shape != (values.size,) or not values.size or out.size % values.size:
        raise UsageError("noise takes one place for each block, and equal blocks")
    field.code.add_noise(flat_words(values.limbs), places, flat_words(out.limbs), field.parameter)


def _check(field: Field, out: FieldArray, arrays: tuple[FieldArray, ...]) -> None:
    if any(array.field != field or array.ndim != 1 for array in arrays):
        raise UsageError(f"the code of LPN takes flat arrays of {field.name}")
    if not is_output(out.limbs):
        raise UsageError("the output must be contiguous and writable")
